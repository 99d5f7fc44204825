//! A GeoParquet file that is open: all of its readers share it, so that they read one and the same file whatever is put
//! in its place meanwhile.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::Length;
use stacyard_search::MatchError;
use stacyard_store::{Error, ErrorKind};

use crate::read::bytes::{Counted, Ranges};
use crate::read::footer::{self, Footer};
use crate::read::table::Table;

/// A file, with what its footer says.
pub(crate) struct Opened {
    /// What it is called in messages: its path as it was given.
    pub(crate) name: Arc<str>,
    pub(crate) table: Table,
    pub(crate) footer: Footer,
    path: PathBuf,
    memory: usize,
    /// What stood there when it was opened.
    state: Option<State>,
}

/// What tells a file from one that has been put in its place, or written over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    file: (u64, u64),
    pub(crate) size: u64,
    changed: (i64, i64),
}

impl State {
    fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().map(Self::from)
    }
}

impl From<&fs::Metadata> for State {
    fn from(there: &fs::Metadata) -> Self {
        Self {
            file: (there.dev(), there.ino()),
            size: there.size(),
            changed: (there.mtime(), there.mtime_nsec()),
        }
    }
}

impl Opened {
    /// Opens a file and reads its footer; keeps so many bytes of what is read of it.
    pub(crate) fn open(path: &Path, memory: usize) -> Result<Self, Error> {
        // Before it is opened: should it be replaced in between, it is opened once more.
        let state = State::of(path);
        Self::of(path, Box::new(footer::open(path)?), state, memory)
    }

    /// The file at a path, of which the bytes are read in another way.
    pub(crate) fn of(
        path: &Path,
        file: Box<dyn Ranges>,
        state: Option<State>,
        memory: usize,
    ) -> Result<Self, Error> {
        let table = Table::open(Counted::new(file), memory);
        let table = table.map_err(|cause| footer::not_parquet(path, &cause))?;
        let footer = Footer::of(&table.metadata, path)?;
        Ok(Self {
            name: path.display().to_string().into(),
            table,
            footer,
            path: path.to_owned(),
            memory,
            state,
        })
    }

    /// The file that is there now, where it is another one; where there is none, this is the last one.
    pub(crate) fn renewed(&self) -> Result<Option<Self>, Error> {
        let is_another = State::of(&self.path).is_some_and(|now| Some(now) != self.state);
        is_another.then(|| Self::open(&self.path, self.memory)).transpose()
    }

    /// How many rows it has.
    pub(crate) fn rows(&self) -> u64 {
        self.table.metadata.file_metadata().num_rows().unsigned_abs()
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> u64 {
        self.table.file.len()
    }

    /// The error of a file whose pages cannot be read.
    pub(crate) fn damaged(&self, cause: &ParquetError) -> Error {
        footer::damaged(&self.name, cause)
    }

    /// The error of an Item of which it cannot be said whether it answers, or not in time.
    pub(crate) fn unmatched(&self, cause: MatchError) -> Error {
        match cause {
            MatchError::Stopped(stopped) => stopped.into(),
            other => self.unreadable(other),
        }
    }

    /// The error of rows that are no Items.
    pub(crate) fn unreadable(&self, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::new(ErrorKind::Damaged, &format!("{} cannot be read", self.name)).caused_by(cause)
    }
}
