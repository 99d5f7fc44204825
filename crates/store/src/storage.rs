//! Folders that files are put into, one by one, where a file is there as a whole or not at all: what tables of many files stand on.

use std::path::Path;
use std::time::Duration;

use crate::{Error, Output, Ranges};

/// A file of a [`Storage`], as it was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its path from the folder on, with slashes between.
    pub path: String,
    /// How many bytes it has.
    pub size: u64,
    /// When it was written last, in milliseconds since 1970, by the clock of whoever keeps it.
    pub modified: i64,
}

/// A folder that is read and written, on this machine or elsewhere. Paths are those below it, with slashes between.
pub trait Storage: Send + Sync {
    /// What it is called in messages.
    fn name(&self) -> &str;

    /// All files below a folder of it, in the order of their paths; none where there is no such folder. The empty path is the whole.
    ///
    /// # Errors
    /// A folder that cannot be listed.
    fn list(&self, folder: &str) -> Result<Vec<StoredFile>, Error>;

    /// All of a file; `None`: there is none.
    ///
    /// # Errors
    /// A file that cannot be read.
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error>;

    /// Opens a file of this size, to be read in any order.
    ///
    /// # Errors
    /// A file that is not there, or cannot be read.
    fn open(&self, path: &str, size: u64) -> Result<Box<dyn Ranges>, Error>;

    /// Whether there is such a file.
    ///
    /// # Errors
    /// It cannot be asked.
    fn has(&self, path: &str) -> Result<bool, Error>;

    /// Makes a small file where there is none yet, durably; `false`: there is one, which stays. Of two who do so at once one alone succeeds.
    ///
    /// # Errors
    /// A file that cannot be written, or [not surely](Error::is_unsure).
    fn create(&self, path: &str, bytes: &[u8]) -> Result<bool, Error>;

    /// Puts a small file in its place, whatever stands there.
    ///
    /// # Errors
    /// A file that cannot be written.
    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), Error>;

    /// Begins a new file, which has its place once it is committed.
    ///
    /// # Errors
    /// A file that cannot be made.
    fn begin(&self, path: &str) -> Result<Output, Error>;

    /// Takes a file away; one that is not there is none.
    ///
    /// # Errors
    /// A file that cannot be taken away.
    fn delete(&self, path: &str) -> Result<(), Error>;

    /// Where files can lie for a while that nobody sees.
    fn scratch(&self) -> &Path;

    /// How many files may be waited for at the same time.
    fn at_once(&self) -> usize;

    /// How often it is worth looking whether something has changed.
    fn look(&self) -> Duration;
}
