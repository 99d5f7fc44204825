//! Where the bytes of a file come from: the seam at which object stores will come in.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// Bytes of one file that does not change, in any order, for many threads at once.
pub(crate) trait Ranges: Send + Sync {
    /// How many there are.
    fn len(&self) -> u64;

    /// One run of them.
    fn read(&self, range: Range<u64>) -> io::Result<Bytes>;

    /// Up to how many bytes that nobody wants it is cheaper to read than to ask once more.
    fn gap(&self) -> u64;
}

impl Ranges for (File, u64) {
    fn len(&self) -> u64 {
        self.1
    }

    fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let length = range.end.min(self.1).saturating_sub(range.start);
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.0.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    }

    fn gap(&self) -> u64 {
        16 << 10
    }
}

/// A file that counts what is read of it.
pub(crate) struct Counted {
    inner: Box<dyn Ranges>,
    bytes: AtomicU64,
    requests: AtomicU64,
}

impl Counted {
    pub(crate) fn new(inner: Box<dyn Ranges>) -> Self {
        Self { inner, bytes: AtomicU64::new(0), requests: AtomicU64::new(0) }
    }

    /// Bytes and requests so far.
    pub(crate) fn so_far(&self) -> (u64, u64) {
        (self.bytes.load(Ordering::Relaxed), self.requests.load(Ordering::Relaxed))
    }

    fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let bytes =
            self.inner.read(range.clone()).map_err(|cause| ParquetError::External(Box::new(cause)))?;
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        if bytes.len() as u64 == range.end.saturating_sub(range.start) {
            Ok(bytes)
        } else {
            Err(ParquetError::EOF(format!("bytes {range:?} lie behind the end of the file")))
        }
    }

    /// Reads many ranges with few requests.
    pub(crate) fn fetch(self: &Arc<Self>, mut ranges: Vec<Range<u64>>) -> Result<Blocks> {
        ranges.sort_unstable_by_key(|range| range.start);
        let mut joined: Vec<Range<u64>> = Vec::new();
        for range in ranges {
            match joined.last_mut() {
                Some(last) if range.start <= last.end.saturating_add(self.inner.gap()) => {
                    last.end = last.end.max(range.end);
                }
                _ => joined.push(range),
            }
        }
        let blocks = joined.into_iter().map(|range| Ok((range.start, self.read(range)?)));
        Ok(Blocks { blocks: blocks.collect::<Result<_>>()?, file: Arc::clone(self) })
    }
}

impl Length for Counted {
    fn len(&self) -> u64 {
        self.inner.len()
    }
}

impl ChunkReader for Counted {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let end = self.inner.len().min(start.saturating_add(64 << 10));
        Ok(self.read(start..end)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.read(start..start.saturating_add(length as u64))
    }
}

/// Runs of bytes that have been fetched, by where they start. What is asked for beyond them is read then.
pub(crate) struct Blocks {
    blocks: Vec<(u64, Bytes)>,
    file: Arc<Counted>,
}

impl Blocks {
    /// What has been fetched from `start` on in one run.
    fn from(&self, start: u64) -> Option<Bytes> {
        let behind = self.blocks.partition_point(|(first, _)| *first <= start);
        let (first, bytes) = &self.blocks[behind.checked_sub(1)?];
        let skip = usize::try_from(start - first).ok().filter(|&skip| skip < bytes.len())?;
        Some(bytes.slice(skip..))
    }
}

impl Length for Blocks {
    fn len(&self) -> u64 {
        Length::len(&*self.file)
    }
}

impl ChunkReader for Blocks {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        self.from(start).map_or_else(|| self.file.get_read(start), |bytes| Ok(bytes.reader()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        match self.from(start) {
            Some(bytes) if length <= bytes.len() => Ok(bytes.slice(..length)),
            _ => self.file.get_bytes(start, length),
        }
    }
}
