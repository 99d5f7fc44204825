//! A GeoParquet file that is open: all of its readers share it, so that they read one and the same file whatever is put
//! in its place meanwhile.

use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::Length;
use stacyard_search::MatchError;
use stacyard_store::{Error, ErrorKind, Ranges};

use crate::read::bytes::Counted;
use crate::read::footer::{self, Footer};
use crate::read::table::Table;

/// A file, with what its footer says.
pub(crate) struct Opened {
    /// What it is called in messages: its path as it was given.
    pub(crate) name: Arc<str>,
    pub(crate) table: Table,
    pub(crate) footer: Footer,
    memory: usize,
}

impl Opened {
    /// Reads the footer of a file that is open; keeps so many bytes of what is read of it.
    pub(crate) fn over(name: Arc<str>, file: Box<dyn Ranges>, memory: usize) -> Result<Self, Error> {
        let file = Arc::new(Counted::new(file));
        let table = Table::open(&file, memory);
        let table = table.map_err(|cause| footer::not_parquet(&name, &file, &cause))?;
        let footer = Footer::of(&table.metadata, &name)?;
        Ok(Self { name, table, footer, memory })
    }

    /// The file that is there now, where it is another one; where there is none, this is the last one.
    pub(crate) fn renewed(&self) -> Result<Option<Self>, Error> {
        let file = self.table.file.renewed()?;
        file.map(|file| Self::over(Arc::clone(&self.name), file, self.memory)).transpose()
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
