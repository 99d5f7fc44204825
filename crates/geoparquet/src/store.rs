//! A GeoParquet file as a store: opened once, asked many times.

use std::path::Path;
use std::sync::Arc;

use stacyard_model::Profile;
use stacyard_search::{Aggregation, Aggregator};
use stacyard_store::{Backend, Collections, Count, Error, Find, Ranges, Report, Sorted, Source, Store};

use crate::format::scope::Scope;
use crate::read::local::LocalFile;
use crate::read::opened::Opened;
use crate::read::source::GeoParquetSource;
use crate::search::files::Files;

/// What a store keeps of what it has read, from one question to the next (32 MiB).
pub const CACHE_MEMORY: usize = 32 << 20;

/// A GeoParquet file. Clones share all that is known of it.
#[derive(Clone)]
pub struct GeoParquet {
    pub(crate) inner: Arc<Opened>,
}

impl GeoParquet {
    /// Opens a file and reads its footer; keeps so many bytes of what is read of it.
    ///
    /// # Errors
    /// A file that cannot be read, or is not GeoParquet of Items.
    pub fn open(path: &Path, memory: usize) -> Result<Self, Error> {
        Self::over(&path.display().to_string(), Box::new(LocalFile::open(path)?), memory)
    }

    /// Reads the footer of a file that is open, wherever it is.
    ///
    /// # Errors
    /// As [`GeoParquet::open`].
    pub fn over(name: &str, file: Box<dyn Ranges>, memory: usize) -> Result<Self, Error> {
        Ok(Self { inner: Arc::new(Opened::over(name.into(), file, memory)?) })
    }

    /// The one file.
    pub(crate) fn files(&self) -> Files<'_> {
        Files { name: &self.inner.name, files: std::slice::from_ref(&self.inner), of_more: None }
    }
}

impl Backend for GeoParquet {
    fn collections(&self) -> Result<Collections, Error> {
        Ok(self.inner.footer.collections.clone())
    }

    fn profile(&self) -> Option<&Arc<Profile>> {
        self.inner.footer.profile.as_ref()
    }

    fn caution(&self) -> Option<String> {
        self.inner.footer.caution().map(|caution| format!("{}: {caution}", self.inner.name))
    }

    fn renewed(&self) -> Result<Option<Store>, Error> {
        Ok(self.inner.renewed()?.map(|inner| Self { inner: Arc::new(inner) }.into()))
    }

    fn items(&self) -> Result<Box<dyn Source>, Error> {
        Ok(Box::new(GeoParquetSource::of(&self.inner, Scope::All)?))
    }

    fn keys(&self) -> Result<Box<dyn Source>, Error> {
        Ok(Box::new(GeoParquetSource::of(&self.inner, Scope::Some)?))
    }

    fn find(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        self.files().find(find)
    }

    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        Ok(self.aggregate(find, &[])?.1)
    }

    fn estimate(&self, find: Find<'_>) -> Result<Count, Error> {
        self.files().estimate(find)
    }

    fn aggregate(&self, find: Find<'_>, wanted: &[Aggregation]) -> Result<(Aggregator, Report), Error> {
        self.files().aggregate(find, wanted)
    }
}
