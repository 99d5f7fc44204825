//! The store that a folder is.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use stacyard_model::Profile;
use stacyard_search::{Aggregation, Aggregator};
use stacyard_store::{
    Backend, Chain, Collections, Count, Directory, Error, FileEntry, Find, Report, Sorted, Source, Store,
};

use crate::folder::listing::list;
use crate::folder::local::LocalFolder;
use crate::folder::opened::Shelf;
use crate::format::scope::Scope;
use crate::read::opened::Opened;
use crate::read::source::GeoParquetSource;
use crate::search::files::Files;

/// A folder of Parquet files, which answers as one file would that had all their rows. Clones share all that is known of it.
#[derive(Clone)]
pub struct Folder {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    shelf: Arc<Shelf>,
    /// What was there, and what it is, in the order of the paths.
    listed: Vec<FileEntry>,
    files: Vec<Arc<Opened>>,
    /// The Collections of all files. Of one that is in several the last one counts.
    collections: Collections,
    /// Those of which files say different things.
    disputed: Vec<String>,
    /// When it was looked last whether files have come or gone.
    looked_at: Mutex<Instant>,
}

impl Folder {
    /// Opens a folder on disk, and reads the footers of its files; keeps so many bytes of what is read of them.
    ///
    /// # Errors
    /// A folder without Parquet files; a file of it that is none of Items.
    pub fn open(path: &Path, memory: usize) -> Result<Self, Error> {
        Self::over(Box::new(LocalFolder::new(path)), memory)
    }

    /// The same for a folder that is anywhere.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn over(folder: Box<dyn Directory>, memory: usize) -> Result<Self, Error> {
        let listed = list(&*folder)?;
        Self::of(Arc::new(Shelf::new(folder, memory)), listed, &HashMap::new())
    }

    fn of(
        shelf: Arc<Shelf>,
        listed: Vec<FileEntry>,
        known: &HashMap<&FileEntry, &Arc<Opened>>,
    ) -> Result<Self, Error> {
        let files = shelf.open(&listed, known)?;
        let mut collections = Collections::new();
        let mut disputed = Vec::new();
        for (id, collection) in files.iter().flat_map(|file| &file.footer.collections) {
            if collections.get(id).is_some_and(|known| known != collection) && !disputed.contains(id) {
                disputed.push(id.clone());
            }
            collections.insert(id.clone(), collection.clone());
        }
        let name = shelf.folder.name().to_owned();
        let looked_at = Instant::now().into();
        Ok(Self { inner: Arc::new(Inner { name, shelf, listed, files, collections, disputed, looked_at }) })
    }

    pub(crate) fn files(&self) -> Files<'_> {
        Files { name: &self.inner.name, files: &self.inner.files, of_more: None }
    }

    /// All rows, file by file.
    fn source(&self, scope: Scope) -> Box<dyn Source> {
        let inner = Arc::clone(&self.inner);
        let size = inner.files.iter().map(|file| file.size()).sum();
        let source = move |file: usize| {
            let source = GeoParquetSource::of(&inner.files[file], scope)?;
            Ok::<Box<dyn Source>, Error>(Box::new(source))
        };
        let sources = (0..self.inner.files.len()).map(source);
        Box::new(Chain::new(self.inner.name.as_str().into(), Some(size), sources))
    }
}

impl Backend for Folder {
    fn collections(&self) -> Result<Collections, Error> {
        Ok(self.inner.collections.clone())
    }

    /// That of the files, where all have the same.
    fn profile(&self) -> Option<&Arc<Profile>> {
        let (first, rest) = self.inner.files.split_first()?;
        let profile = first.footer.profile.as_ref()?;
        rest.iter().all(|file| file.footer.profile.as_ref() == Some(profile)).then_some(profile)
    }

    fn declares_instant(&self, name: &str) -> bool {
        let mut profiles = self.inner.files.iter().filter_map(|file| file.footer.profile.as_ref());
        profiles.any(|profile| profile.declares_instant(name))
    }

    fn caution(&self) -> Option<String> {
        let mut by_text: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for file in &self.inner.files {
            if let Some(caution) = file.footer.caution() {
                by_text.entry(caution).or_default().push(&file.name);
            }
        }
        let mut all: Vec<String> = by_text
            .into_iter()
            .map(|(caution, files)| match files[..] {
                [one] => format!("{one}: {caution}"),
                _ => format!("{} and {} more files: {caution}", files[0], files.len() - 1),
            })
            .collect();
        if let Some(id) = self.inner.disputed.first() {
            let more = match self.inner.disputed.len() - 1 {
                0 => String::new(),
                more => format!(", and {more} others"),
            };
            all.push(format!(
                "{}: the Collection {id:?}{more} is not the same in all files: that of the last one counts",
                self.inner.name
            ));
        }
        (!all.is_empty()).then(|| all.join("; "))
    }

    fn ready(&self) -> Result<(), Error> {
        self.inner.shelf.folder.ready()
    }

    /// Files come, go and are replaced: those that stay are not read again.
    fn renewed(&self) -> Result<Option<Store>, Error> {
        let inner = &self.inner;
        let mut looked_at = inner.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        if looked_at.elapsed() < inner.shelf.folder.look() {
            return Ok(None);
        }
        *looked_at = Instant::now();
        drop(looked_at);
        let listed = list(&*inner.shelf.folder)?;
        if listed == inner.listed {
            return Ok(None);
        }
        let known = inner.listed.iter().zip(&inner.files).collect();
        Ok(Some(Self::of(Arc::clone(&inner.shelf), listed, &known)?.into()))
    }

    fn items(&self) -> Result<Box<dyn Source>, Error> {
        Ok(self.source(Scope::All))
    }

    fn keys(&self) -> Result<Box<dyn Source>, Error> {
        Ok(self.source(Scope::Some))
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
