//! A file of this machine, read in any order.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use stacyard_store::{Error, Ranges};

/// A file that is open: it is read to its end whatever is put in its place.
pub(crate) struct LocalFile {
    file: File,
    length: u64,
    path: PathBuf,
    /// What stood there when it was opened.
    state: Option<State>,
}

/// What tells a file from one that has been put in its place, or written over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    file: (u64, u64),
    size: u64,
    changed: (i64, i64),
}

impl State {
    fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().map(Self::from)
    }
}

/// All that it is, where texts are compared.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file: (device, file), size, changed: (seconds, nanoseconds) } = self;
        write!(f, "{device} {file} {size} {seconds} {nanoseconds}")
    }
}

impl From<&Metadata> for State {
    fn from(there: &Metadata) -> Self {
        Self {
            file: (there.dev(), there.ino()),
            size: there.size(),
            changed: (there.mtime(), there.mtime_nsec()),
        }
    }
}

/// Runs of bytes of a file of this length.
///
/// # Errors
/// A file that cannot be read, or ends before.
pub(crate) fn read(file: &File, length: u64, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
    let read = |range: &Range<u64>| {
        let length = range.end.min(length).saturating_sub(range.start);
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    };
    ranges.iter().map(read).collect()
}

/// As many bytes that nobody wants take less time than another call of the system.
pub(crate) const GAP: u64 = 16 << 10;

impl LocalFile {
    /// Opens a file.
    ///
    /// # Errors
    /// A file that is not there, or cannot be read; a folder.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        // Before it is opened: should it be replaced in between, it is opened once more.
        let state = State::of(path);
        let failed = |cause| Error::io("read", path, cause);
        let file = File::open(path).map_err(failed)?;
        let status = file.metadata().map_err(failed)?;
        if status.is_dir() {
            let message = format!("{} is a folder, not a file", path.display());
            return Err(Error::usage(message, "name a file inside it"));
        }
        Ok(Self { file, length: status.len(), path: path.to_owned(), state })
    }

    /// The file, and its length.
    pub(crate) fn into_parts(self) -> (File, u64) {
        (self.file, self.length)
    }
}

impl Ranges for LocalFile {
    fn len(&self) -> u64 {
        self.length
    }

    fn read(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
        read(&self.file, self.length, ranges)
    }

    fn gap(&self) -> u64 {
        GAP
    }

    fn renewed(&self) -> Result<Option<Box<dyn Ranges>>, Error> {
        let is_another = State::of(&self.path).is_some_and(|now| Some(now) != self.state);
        Ok(if is_another { Some(Box::new(Self::open(&self.path)?)) } else { None })
    }
}
