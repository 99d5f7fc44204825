//! A version that can be asked: its files, and what a search is made ready by.

use std::sync::{Arc, OnceLock};

use stacyard_store::{Chain, Error, Source};

use crate::dataset::file::{DataFile, Shelf};
use crate::dataset::version::Version;
use crate::format::scope::Scope;
use crate::read::opened::Opened;
use crate::read::source::GeoParquetSource;

/// A version that can be asked. It stays as it is, whatever is written.
pub(crate) struct View {
    version: Version,
    files: Vec<DataFile>,
    pattern: Opened,
    shelf: Arc<Shelf>,
    /// How many Items, where the log says it of each file.
    rows: OnceLock<Option<u64>>,
}

impl View {
    /// # Errors
    /// Files that are none of Items.
    pub(crate) fn of(version: Version, shelf: Arc<Shelf>) -> Result<Self, Error> {
        let files = DataFile::all(&version.snapshot, version.log.name())?;
        let pattern = version.pattern()?;
        Ok(Self { version, files, pattern, shelf, rows: OnceLock::new() })
    }

    pub(crate) fn number(&self) -> u64 {
        self.version.snapshot.version
    }

    pub(crate) fn version(&self) -> &Version {
        &self.version
    }

    pub(crate) fn name(&self) -> &str {
        self.version.log.name()
    }

    pub(crate) fn data_files(&self) -> &[DataFile] {
        &self.files
    }

    pub(crate) fn pattern(&self) -> &Opened {
        &self.pattern
    }

    pub(crate) fn shelf(&self) -> &Arc<Shelf> {
        &self.shelf
    }

    /// How many Items it has, where the log says it.
    pub(crate) fn rows(&self) -> Option<u64> {
        *self.rows.get_or_init(|| self.files.iter().map(|file| file.stats().rows).sum())
    }

    /// All rows of some of its files, one file after the other.
    pub(crate) fn source(self: &Arc<Self>, scope: Scope, files: Vec<usize>) -> Box<dyn Source> {
        let view = Arc::clone(self);
        let size = files.iter().map(|&file| self.files[file].add.size).sum();
        let source = move |file: usize| {
            let opened = view.shelf.open(&view.files[file])?;
            Ok::<Box<dyn Source>, Error>(Box::new(GeoParquetSource::of(&opened, scope)?))
        };
        Box::new(Chain::new(self.name().into(), Some(size), files.into_iter().map(source)))
    }

    /// The newest version, where it is newer than this one.
    pub(crate) fn newer(&self) -> Result<Option<Self>, Error> {
        let log = &self.version.log;
        let Some(snapshot) = log.next(&self.version.snapshot)? else { return Ok(None) };
        Self::of(Version::of(log.clone(), snapshot)?, Arc::clone(&self.shelf)).map(Some)
    }
}
