//! Folders of files that are read in any order, wherever they are.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Error, Ranges};

/// A file of a folder, as it was listed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileEntry {
    /// Its path from the folder on.
    pub path: PathBuf,
    /// How many bytes it has.
    pub size: u64,
    /// What tells it from another file that has taken its place. What it says is a matter of the folder.
    pub state: String,
}

/// Says of the path of a file in a folder whether it is wanted.
pub type Wanted<'w> = dyn Fn(&Path) -> Result<bool, Error> + Sync + 'w;

/// A folder whose files come and go.
pub trait Directory: Send + Sync {
    /// What it is called in messages.
    fn name(&self) -> &str;

    /// Its files whose paths are `wanted`, in the order of their paths; no two have one.
    ///
    /// # Errors
    /// A folder that is not there, or cannot be listed; what `wanted` says.
    fn list(&self, wanted: &Wanted<'_>) -> Result<Vec<FileEntry>, Error>;

    /// Whether it can be listed.
    ///
    /// # Errors
    /// It cannot.
    fn ready(&self) -> Result<(), Error>;

    /// Opens a file, which is one of so `many` that are to be open.
    ///
    /// # Errors
    /// A file that is gone, or cannot be read.
    fn open(&self, file: &FileEntry, many: usize) -> Result<Box<dyn Ranges>, Error>;

    /// What a file of it is called in messages.
    fn name_of(&self, file: &FileEntry) -> String;

    /// How many files may be opened at the same time.
    fn at_once(&self) -> usize;

    /// How often it is worth looking whether files have come or gone.
    fn look(&self) -> Duration;
}
