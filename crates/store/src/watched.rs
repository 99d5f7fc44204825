//! A store that is watched: how long it takes until it answers is told to whoever wants to know.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stacyard_model::Profile;
use stacyard_model::json::Document;
use stacyard_search::{Aggregation, Aggregator, Stop};

use crate::stored::Count;
use crate::{
    Backend, Collections, Editor, Error, Find, Home, ItemKey, Pool, Put, Report, Sorted, Source, Store, When,
};

/// Is told how long a store took for a question or a change, well or not; of an answer that comes in parts, until it has begun. It is
/// called on the thread that has asked.
pub type Watch = Arc<dyn Fn(Duration) + Send + Sync>;

struct Watched {
    store: Store,
    watch: Watch,
}

impl Store {
    /// The same store, watched.
    #[must_use]
    pub fn watched(self, watch: Watch) -> Self {
        Watched { store: self, watch }.into()
    }
}

impl Watched {
    fn timed<T>(&self, ask: impl FnOnce(&Store) -> T) -> T {
        let started = Instant::now();
        let answer = ask(&self.store);
        (self.watch)(started.elapsed());
        answer
    }

    fn edited<T>(&self, edit: impl FnOnce(&dyn Editor) -> Result<T, Error>) -> Result<T, Error> {
        self.timed(|store| match store.backend().editor() {
            Some(editor) => edit(editor),
            // It was asked for where there is one.
            None => Err(Error::failed("the store takes no changes any more")),
        })
    }
}

impl Backend for Watched {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        self.timed(Store::items)
    }

    fn collections(&self) -> Result<Collections, Error> {
        self.timed(Store::collections)
    }

    fn collection(&self, id: &str) -> Result<Option<serde_json::Value>, Error> {
        self.timed(|store| store.backend().collection(id))
    }

    fn keys(&self) -> Result<Box<dyn Source>, Error> {
        self.timed(Store::keys)
    }

    fn audit(&self) -> Result<Box<dyn Source>, Error> {
        self.timed(Store::audit)
    }

    fn profile(&self) -> Option<&Arc<Profile>> {
        self.store.profile()
    }

    fn declares_instant(&self, name: &str) -> bool {
        self.store.backend().declares_instant(name)
    }

    fn caution(&self) -> Option<String> {
        self.store.caution()
    }

    fn find(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        self.timed(|store| store.backend().find(find))
    }

    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        self.timed(|store| store.backend().count(find))
    }

    fn estimate(&self, find: Find<'_>) -> Result<Count, Error> {
        self.timed(|store| store.backend().estimate(find))
    }

    fn aggregate(&self, find: Find<'_>, wanted: &[Aggregation]) -> Result<(Aggregator, Report), Error> {
        self.timed(|store| store.backend().aggregate(find, wanted))
    }

    fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        self.timed(|store| store.backend().item(key, stop))
    }

    fn ready(&self) -> Result<(), Error> {
        self.timed(Store::ready)
    }

    fn renewed(&self) -> Result<Option<Store>, Error> {
        let renewed = self.store.renewed()?;
        Ok(renewed.map(|store| store.watched(Watch::clone(&self.watch))))
    }

    fn pools(&self) -> Vec<Pool> {
        self.store.pools()
    }

    fn editor(&self) -> Option<&dyn Editor> {
        self.store.is_editable().then_some(self)
    }
}

impl Editor for Watched {
    fn put_item(&self, key: &ItemKey, item: &Document, when: When, home: Home) -> Result<Put, Error> {
        self.edited(|editor| editor.put_item(key, item, when, home))
    }

    fn delete_item(&self, key: &ItemKey, when: When) -> Result<(), Error> {
        self.edited(|editor| editor.delete_item(key, when))
    }

    fn delete_items(&self, items: &[(ItemKey, When)]) -> Result<u64, Error> {
        self.edited(|editor| editor.delete_items(items))
    }

    fn put_collection(&self, id: &str, collection: &Document, when: When) -> Result<Put, Error> {
        self.edited(|editor| editor.put_collection(id, collection, when))
    }

    fn delete_collection(&self, id: &str, when: When) -> Result<(), Error> {
        self.edited(|editor| editor.delete_collection(id, when))
    }
}
