//! A dataset as a store: a version of it, which stays as it is whatever others write. Changes that are made through the store itself are seen by it.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use stacyard_model::Profile;
use stacyard_search::{Aggregation, Aggregator, Search, Stop};
use stacyard_store::{
    At, Backend, Collections, Count, Editor, Error, Find, ItemKey, Report, Sorted, Source, Storage, Store,
};

use crate::dataset::at;
use crate::dataset::edit::Edits;
use crate::dataset::file::Shelf;
use crate::dataset::log::Log;
use crate::dataset::view::View;
use crate::format::scope::Scope;

/// A dataset, open at a version. Clones share all that is known of it.
#[derive(Clone)]
pub struct Dataset {
    inner: Arc<Inner>,
}

struct Inner {
    /// Of one question all is answered by one.
    now: RwLock<Arc<View>>,
    /// That of the version that was opened.
    profile: Option<Arc<Profile>>,
    /// Which version was asked for: the newest goes on, others stay.
    at: At,
    edits: Arc<Edits>,
    /// When it was looked last whether there is a newer one.
    looked_at: Mutex<Instant>,
}

impl Dataset {
    /// Opens a version of a dataset, and keeps so many bytes of what is read of it; `None`: there is no dataset.
    ///
    /// # Errors
    /// A log that is damaged, or of a protocol that is not known; a version that is not there.
    pub fn open(storage: Arc<dyn Storage>, at: At, memory: usize) -> Result<Option<Self>, Error> {
        let log = Log::new(Arc::clone(&storage));
        let Some(version) = at::find(&log, &at)? else { return Ok(None) };
        let shelf = Arc::new(Shelf::new(storage, memory));
        Ok(Some(Self::of(Arc::new(View::of(version, shelf)?), at, Arc::default())))
    }

    /// The same, in the history of which single changes are made by somebody.
    #[must_use]
    pub fn edited_by(self, who: Option<String>) -> Self {
        Self::of(self.view(), self.inner.at.clone(), Arc::new(Edits::by(who)))
    }

    fn of(view: Arc<View>, at: At, edits: Arc<Edits>) -> Self {
        let profile = view.version().profile.clone();
        let looked_at = Instant::now().into();
        Self { inner: Arc::new(Inner { now: RwLock::new(view), profile, at, edits, looked_at }) }
    }

    /// The number of the version.
    pub fn version(&self) -> u64 {
        self.view().number()
    }

    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.inner.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on to a version, which was made through this store or seen by it, unless it has one after that already.
    pub(crate) fn go_on(&self, view: Arc<View>) {
        let mut now = self.inner.now.write().unwrap_or_else(PoisonError::into_inner);
        if view.number() > now.number() {
            *now = view;
        }
    }

    pub(crate) fn edits(&self) -> &Edits {
        &self.inner.edits
    }

    fn source(&self, scope: Scope) -> Box<dyn Source> {
        let view = self.view();
        let files = (0..view.data_files().len()).collect();
        view.source(scope, files)
    }
}

impl Backend for Dataset {
    fn collections(&self) -> Result<Collections, Error> {
        self.view().version().collections().cloned()
    }

    fn profile(&self) -> Option<&Arc<Profile>> {
        self.inner.profile.as_ref()
    }

    fn ready(&self) -> Result<(), Error> {
        self.view().version().log.listing().map(drop)
    }

    /// Files that stay are not opened again.
    fn renewed(&self) -> Result<Option<Store>, Error> {
        let view = self.view();
        if self.inner.at != At::Latest {
            return Ok(None);
        }
        let mut looked_at = self.inner.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        if looked_at.elapsed() < view.shelf().storage.look() {
            return Ok(None);
        }
        *looked_at = Instant::now();
        drop(looked_at);
        let newer = view.newer()?;
        Ok(newer.map(|view| Self::of(Arc::new(view), At::Latest, Arc::clone(&self.inner.edits)).into()))
    }

    fn items(&self) -> Result<Box<dyn Source>, Error> {
        Ok(self.source(Scope::All))
    }

    fn keys(&self) -> Result<Box<dyn Source>, Error> {
        Ok(self.source(Scope::Some))
    }

    fn same_as(&self) -> Result<Option<String>, Error> {
        let view = self.view();
        let info = view.version().log.info(view.number())?;
        Ok(info.and_then(|info| info.stacyard?.same_as))
    }

    fn find(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        self.view().found(find)
    }

    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        Ok(self.aggregate(find, &[])?.1)
    }

    /// Statistics say how many Items a collection has, and mostly nothing exact of other conditions.
    fn estimate(&self, find: Find<'_>) -> Result<Count, Error> {
        let asked = find.search.request();
        let any = Search { collections: Vec::new(), ..asked.clone() };
        let is_all = any == Search { fields: any.fields.clone(), limit: any.limit, ..Search::default() };
        if !is_all || self.view().data_files().iter().any(|file| file.keys.is_none()) {
            return Ok(Count::Unknown);
        }
        Ok(Count::Exact(self.aggregate(find, &[])?.1.answered))
    }

    fn aggregate(&self, find: Find<'_>, wanted: &[Aggregation]) -> Result<(Aggregator, Report), Error> {
        self.view().together(find, wanted)
    }

    fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        self.view().item(key, stop)
    }

    fn editor(&self) -> Option<&dyn Editor> {
        (self.inner.at == At::Latest).then_some(self as &dyn Editor)
    }
}
