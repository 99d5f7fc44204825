//! Bytes coming in: a file or standard input, unpacked, with a count of what has been read.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use crate::lines::RECORD_BYTES;
use crate::sniff::{self, HEAD};
use crate::url::{Compression, Location, StoreKind, StoreUrl};
use crate::{Error, ErrorKind, Opener};

/// A record of more bytes than this (8 MiB) is a long one.
const LONG: usize = 8 << 20;

const GZIP: &[u8] = &[0x1F, 0x8B];
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];

/// The bytes of a store of JSON, plain.
pub(crate) struct Input {
    name: String,
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    size: Option<u64>,
    position: Arc<AtomicU64>,
    /// The file, where a place in these bytes is a place in it.
    plain: Option<File>,
}

impl Input {
    /// Opens what `url` names; an error where it holds something else than its name promises.
    /// `opener` opens what is not on this machine.
    pub(crate) fn open(url: &StoreUrl, opener: Option<&Opener>) -> Result<Self, Error> {
        let (input, head, whole) = Self::begin(url, opener)?;
        sniff::refuse_rejects(url, &head)?;
        sniff::refuse_forms(url, &head, whole)?;
        Ok(input.put_back(head))
    }

    /// Opens what `url` names; says what kind it is of, whatever its name promises.
    pub(crate) fn open_any(url: &StoreUrl) -> Result<(Self, StoreKind), Error> {
        let (input, head, whole) = Self::begin(url, None)?;
        let kind = sniff::kind_of(url, &head, whole)?;
        Ok((input.put_back(head), kind))
    }

    fn put_back(mut self, head: Vec<u8>) -> Self {
        self.reader = Box::new(Cursor::new(head).chain(self.reader));
        self
    }

    /// Opens what `url` names, with its first bytes; whether these are all.
    fn begin(url: &StoreUrl, opener: Option<&Opener>) -> Result<(Self, Vec<u8>, bool), Error> {
        let position = Arc::new(AtomicU64::new(0));
        let (path, size, file, raw): (_, _, _, Box<dyn Read + Send>) = match (url.location(), opener) {
            (_, Some(open)) => {
                let (reader, size) = open()?;
                (PathBuf::from(url.spelling()), size, None, reader)
            }
            (Location::Database(_) | Location::Api(_) | Location::Object(_), None) => {
                return Err(url.is_no_file());
            }
            (Location::Stdio, None) => (PathBuf::from("standard input"), None, None, Box::new(io::stdin())),
            (Location::Path(path), None) => {
                let file = File::open(path).map_err(|e| Error::io("open", path, e))?;
                let metadata = file.metadata().map_err(|e| Error::io("open", path, e))?;
                if metadata.is_dir() {
                    let message = format!("{} is a folder, not a file", path.display());
                    return Err(Error::usage(message, "name a file inside it"));
                }
                let again = file.try_clone().map_err(|e| Error::io("open", path, e))?;
                (path.clone(), metadata.is_file().then_some(metadata.len()), Some(again), Box::new(file))
            }
        };
        let plain = file.filter(|_| size.is_some() && url.compression() == Compression::None);
        let raw = Counted { inner: raw, position: Arc::clone(&position) };
        let reader = unpack(raw, &path, url)?;
        let mut input = Self { name: url.spelling().to_owned(), path, reader, size, position, plain };
        let mut head = Vec::new();
        let whole = input.append(&mut head, HEAD)? < HEAD;
        sniff::refuse_formats(url, &head)?;
        Ok((input, head, whole))
    }

    /// Bytes from memory, for tests.
    #[cfg(test)]
    pub(crate) fn from_reader(reader: impl Read + Send + 'static) -> Self {
        Self {
            name: "test".to_owned(),
            path: PathBuf::from("test"),
            reader: Box::new(reader),
            size: None,
            position: Arc::default(),
            plain: tempfile::tempfile().ok(),
        }
    }

    /// Appends the next `wanted` bytes; fewer only at the end.
    pub(crate) fn append(&mut self, buffer: &mut Vec<u8>, wanted: usize) -> Result<usize, Error> {
        self.make_room(buffer, wanted)?;
        let mut part = self.reader.by_ref().take(wanted as u64);
        part.read_to_end(buffer).map_err(|e| self.failure(e))
    }

    /// Room for more. A record that is long already gets all that a record may have at once: to grow by doubling would hold
    /// it twice for a while, and pages that are not written to cost nothing.
    fn make_room(&self, buffer: &mut Vec<u8>, wanted: usize) -> Result<(), Error> {
        let made = if buffer.len() < LONG {
            buffer.try_reserve(wanted)
        } else if buffer.capacity() - buffer.len() < wanted {
            let all = RECORD_BYTES.max(buffer.len() / 2 * 3) + wanted;
            buffer.try_reserve_exact(all - buffer.len())
        } else {
            Ok(())
        };
        made.map_err(|_| Error::io("read", &self.path, io::ErrorKind::OutOfMemory.into()))
    }

    fn failure(&self, cause: io::Error) -> Error {
        let cut = cause.kind() == io::ErrorKind::UnexpectedEof;
        let error = Error::io("read", &self.path, cause);
        if cut {
            error.remedy("the file is cut off, or something follows its packed data: fetch or write it again")
        } else {
            error
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn size(&self) -> Option<u64> {
        self.size
    }

    pub(crate) fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// The file, where a place in these bytes is a place in it.
    pub(crate) const fn plain_file(&self) -> Option<&File> {
        self.plain.as_ref()
    }
}

/// Unpacks what the name promises; of standard input the bytes decide.
fn unpack(mut raw: Counted, path: &Path, url: &StoreUrl) -> Result<Box<dyn Read + Send>, Error> {
    let mut head = Vec::with_capacity(16);
    raw.by_ref().take(16).read_to_end(&mut head).map_err(|e| Error::io("read", path, e))?;
    sniff::refuse_formats(url, &head)?;
    let found = if head.starts_with(GZIP) {
        Compression::Gzip
    } else if head.starts_with(ZSTD) {
        Compression::Zstd
    } else {
        Compression::None
    };
    let expected = if *url.location() == Location::Stdio { found } else { url.compression() };
    if expected != found {
        return Err(mismatch(path, expected, found, head.is_empty()));
    }
    let raw = Cursor::new(head).chain(raw);
    Ok(match expected {
        Compression::None => Box::new(raw),
        Compression::Gzip => Box::new(MultiGzDecoder::new(raw)),
        Compression::Zstd => {
            Box::new(zstd::stream::read::Decoder::new(raw).map_err(|e| Error::io("read", path, e))?)
        }
    })
}

fn mismatch(path: &Path, expected: Compression, found: Compression, empty: bool) -> Error {
    let name = |compression| match compression {
        Compression::None => "plain",
        Compression::Gzip => "gzip",
        Compression::Zstd => "zstd",
    };
    let path = path.display();
    if empty {
        let message = format!("{path} is empty, so it is not a {} file", name(expected));
        return Error::new(ErrorKind::Damaged, &message).remedy("fetch or write it again");
    }
    Error::usage(
        format!("{path}: its name says {}, its bytes say {}", name(expected), name(found)),
        "rename it: .gz for gzip, .zst for zstd, neither for plain text",
    )
}

/// A reader that counts, so that progress can be shown for packed files too.
struct Counted {
    inner: Box<dyn Read + Send>,
    position: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.position.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
