//! Where the bytes of a file come from, on this machine or elsewhere. Searches and copies both read through it.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use stacyard_store::{Error, Ranges};

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

    /// The file that is in its place now, where it is another one.
    pub(crate) fn renewed(&self) -> Result<Option<Box<dyn Ranges>>, Error> {
        self.inner.renewed()
    }

    /// Its first bytes, as far as they can be read: what they look like is said where it is not Parquet.
    pub(crate) fn head(&self, length: u64) -> Bytes {
        let wanted = 0..length.min(self.inner.len());
        let head = self.inner.read(std::slice::from_ref(&wanted));
        head.ok().and_then(|mut head| head.pop()).unwrap_or_default()
    }

    /// How many readers may wait at the same time.
    pub(crate) fn at_once(&self) -> usize {
        self.inner.at_once()
    }

    /// Bytes and requests so far.
    pub(crate) fn so_far(&self) -> (u64, u64) {
        (self.bytes.load(Ordering::Relaxed), self.requests.load(Ordering::Relaxed))
    }

    /// Reads ranges, all of each.
    fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let read = self.inner.read(ranges).map_err(|cause| ParquetError::External(Box::new(cause)))?;
        self.bytes.fetch_add(read.iter().map(|bytes| bytes.len() as u64).sum(), Ordering::Relaxed);
        self.requests.fetch_add(ranges.len() as u64, Ordering::Relaxed);
        for (bytes, range) in read.iter().zip(ranges) {
            if bytes.len() as u64 != range.end.saturating_sub(range.start) {
                return Err(ParquetError::EOF(format!("bytes {range:?} lie beyond the end of the file")));
            }
        }
        Ok(read)
    }

    fn read_one(&self, range: Range<u64>) -> Result<Bytes> {
        Ok(self.read(&[range])?.swap_remove(0))
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
        let starts = joined.iter().map(|range| range.start);
        let blocks = starts.zip(self.read(&joined)?).map(|(start, bytes)| Block { start, bytes });
        Ok(Blocks { blocks: blocks.collect(), file: Arc::clone(self) })
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
        Ok(self.read_one(start..end)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.read_one(start..start.saturating_add(length as u64))
    }
}

/// Bytes that have been fetched, and where they start.
#[derive(Clone, Default)]
struct Block {
    start: u64,
    bytes: Bytes,
}

impl Block {
    /// What it has from `start` on, if anything.
    fn from(&self, start: u64) -> Option<Bytes> {
        let skip = usize::try_from(start.checked_sub(self.start)?).ok()?;
        (skip < self.bytes.len()).then(|| self.bytes.slice(skip..))
    }
}

/// Runs of bytes that have been fetched, in the order of the file. What is asked for beyond them is read then.
pub(crate) struct Blocks {
    blocks: Vec<Block>,
    file: Arc<Counted>,
}

impl Blocks {
    /// What has been fetched from `start` on in one run.
    fn from(&self, start: u64) -> Option<Bytes> {
        let next = self.blocks.partition_point(|block| block.start <= start);
        self.blocks[next.checked_sub(1)?].from(start)
    }
}

impl Blocks {
    /// Copies what has been fetched into bytes that are those from `start` on.
    pub(crate) fn copy(&self, start: u64, into: &mut [u8]) {
        for block in &self.blocks {
            let skipped = usize::try_from(start.saturating_sub(block.start)).unwrap_or(usize::MAX);
            let place = usize::try_from(block.start.saturating_sub(start)).unwrap_or(usize::MAX);
            let (Some(from), Some(to)) = (block.bytes.get(skipped..), into.get_mut(place..)) else {
                continue;
            };
            let length = from.len().min(to.len());
            to[..length].copy_from_slice(&from[..length]);
        }
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

/// A part of a file that is read from its beginning to its end, some bytes ahead of what is asked for.
#[derive(Clone)]
pub(crate) struct Ahead {
    file: Arc<Counted>,
    /// Where the part ends.
    end: u64,
    /// How many bytes are read at a time, unless more are asked for at once.
    step: u64,
    block: Arc<Mutex<Block>>,
}

impl Ahead {
    /// A part that ends at `end`, of which some has been fetched.
    pub(crate) fn new(file: &Arc<Counted>, part: Range<u64>, step: u64, fetched: Option<&Blocks>) -> Self {
        let end = part.end.min(Length::len(&**file));
        let mut bytes = fetched.and_then(|fetched| fetched.from(part.start)).unwrap_or_default();
        bytes.truncate(usize::try_from(end.saturating_sub(part.start)).unwrap_or(usize::MAX));
        let block = Arc::new(Mutex::new(Block { start: part.start, bytes }));
        Self { file: Arc::clone(file), end, step, block }
    }

    /// The bytes from `start` on that are at hand; none only at the end.
    fn from(&self, start: u64) -> Result<Bytes> {
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = block.from(start) {
            return Ok(bytes);
        }
        let end = self.end.min(start.saturating_add(self.step));
        if start < end {
            *block = Block { start, bytes: self.file.read_one(start..end)? };
        }
        Ok(block.from(start).unwrap_or_default())
    }
}

impl Length for Ahead {
    fn len(&self) -> u64 {
        Length::len(&*self.file)
    }
}

impl ChunkReader for Ahead {
    type T = Reading;

    fn get_read(&self, start: u64) -> Result<Reading> {
        Ok(Reading { part: self.clone(), place: start, bytes: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let known = self.from(start)?;
        if length <= known.len() {
            return Ok(known.slice(..length));
        }
        // Only the rest is read; what comes after it in the same step is kept for the next.
        let next = start.saturating_add(known.len() as u64);
        let rest = length - known.len();
        let end = self.end.min(next.saturating_add(self.step)).max(next.saturating_add(rest as u64));
        let more = self.file.read_one(next..end)?;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&known);
        bytes.extend_from_slice(&more[..rest]);
        *self.block.lock().unwrap_or_else(PoisonError::into_inner) = Block { start: next, bytes: more };
        Ok(bytes.into())
    }
}

/// Bytes from a place on, one after the other.
pub(crate) struct Reading {
    part: Ahead,
    place: u64,
    bytes: Bytes,
}

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() {
            self.bytes = self.part.from(self.place).map_err(io::Error::other)?;
            self.place += self.bytes.len() as u64;
        }
        let length = into.len().min(self.bytes.len());
        self.bytes.copy_to_slice(&mut into[..length]);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes 0 to 99, each at its place; notes what is asked for, a line for each call.
    struct Noted(Arc<Mutex<Vec<String>>>);

    impl Ranges for Noted {
        fn len(&self) -> u64 {
            100
        }

        fn read(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
            let said: Vec<String> = ranges.iter().map(|range| format!("{range:?}")).collect();
            self.0.lock().unwrap().push(said.join(" "));
            Ok(ranges.iter().map(|range| content(range.start..range.end.min(100)).into()).collect())
        }

        fn gap(&self) -> u64 {
            5
        }

        fn renewed(&self) -> std::result::Result<Option<Box<dyn Ranges>>, Error> {
            Ok(None)
        }
    }

    fn noted() -> (Arc<Counted>, Arc<Mutex<Vec<String>>>) {
        let notes = Arc::default();
        (Arc::new(Counted::new(Box::new(Noted(Arc::clone(&notes))))), notes)
    }

    /// The bytes at these places.
    fn content(range: Range<u64>) -> Vec<u8> {
        range.map(|place| u8::try_from(place).unwrap()).collect()
    }

    #[test]
    fn many_ranges_are_one_call() {
        let (file, notes) = noted();
        let blocks = file.fetch(vec![40..50, 0..10, 15..20, 26..30]).unwrap();
        assert_eq!(*notes.lock().unwrap(), ["0..20 26..30 40..50"]);
        assert_eq!(file.so_far(), (34, 3));
        assert_eq!(blocks.get_bytes(12, 6).unwrap(), content(12..18));
        assert_eq!(blocks.get_bytes(26, 4).unwrap(), content(26..30));
        assert_eq!(notes.lock().unwrap().len(), 1);
        // What is not there is read.
        assert_eq!(blocks.get_bytes(18, 6).unwrap(), content(18..24));
        assert_eq!(blocks.get_bytes(60, 1).unwrap(), content(60..61));
        assert_eq!(notes.lock().unwrap()[1..], ["18..24", "60..61"]);
    }

    #[test]
    fn what_was_fetched_is_copied_to_its_place() {
        let (file, _) = noted();
        let blocks = file.fetch(vec![10..12, 20..23, 40..50]).unwrap();
        let copied = |range: Range<u64>| {
            let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap()];
            blocks.copy(range.start, &mut bytes);
            bytes
        };
        assert_eq!(copied(9..24), [0, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0, 20, 21, 22, 0]);
        assert_eq!(copied(11..21), [11, 0, 0, 0, 0, 0, 0, 0, 0, 20]);
        assert_eq!(copied(42..60)[..9], [42, 43, 44, 45, 46, 47, 48, 49, 0]);
    }

    #[test]
    fn what_is_read_ahead_is_read_once() {
        let (file, notes) = noted();
        let fetched = file.fetch(std::iter::once(10..30).collect()).unwrap();
        let part = Ahead::new(&file, 10..90, 20, Some(&fetched));
        // A header of two bytes and the values after it, again and again.
        let mut place = 10;
        for length in [5, 10, 15, 6, 20, 10] {
            let mut header = [0; 2];
            part.get_read(place).unwrap().read_exact(&mut header).unwrap();
            assert_eq!(header, *content(place..place + 2));
            let values = part.get_bytes(place + 2, usize::try_from(length).unwrap()).unwrap();
            assert_eq!(values, content(place + 2..place + 2 + length));
            place += 2 + length;
        }
        assert_eq!(place, 88);
        assert_eq!(*notes.lock().unwrap(), ["10..30", "30..50", "50..70", "70..90"]);
        // It does not read on into the next part by itself.
        let mut rest = Vec::new();
        part.get_read(88).unwrap().read_to_end(&mut rest).unwrap();
        assert_eq!(rest, content(88..90));
        assert_eq!(part.get_bytes(85, 10).unwrap(), content(85..95));
    }

    #[test]
    fn what_is_longer_than_a_step_is_read_at_once() {
        let (file, notes) = noted();
        let part = Ahead::new(&file, 0..90, 20, None);
        assert_eq!(part.get_bytes(5, 50).unwrap(), content(5..55));
        assert_eq!(*notes.lock().unwrap(), ["5..25", "25..55"]);
        assert_eq!(part.get_bytes(55, 5).unwrap(), content(55..60));
    }

    #[test]
    fn what_is_beyond_the_end_is_an_error() {
        let (file, _) = noted();
        assert!(file.get_bytes(95, 10).is_err());
        assert!(Ahead::new(&file, 90..200, 20, None).get_bytes(95, 10).is_err());
        assert_eq!(Ahead::new(&file, 90..200, 20, None).get_bytes(95, 5).unwrap(), content(95..100));
        let mut rest = Vec::new();
        Ahead::new(&file, 90..200, 4, None).get_read(90).unwrap().read_to_end(&mut rest).unwrap();
        assert_eq!(rest, content(90..100));
    }
}
