//! The stores behind the server, as one. Each has Items and Collections of its own. All here blocks.

mod collection_search;
mod counts;
mod inventory;
mod sample;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use stacyard_model::Profile;
use stacyard_search::{Aggregate, Aggregation, PageSize, Query, Stop};
use stacyard_store::{Collections, Cursor, Error, ErrorKind, ItemKey, Named, Page, Store, Stored};

pub(crate) use self::collection_search::{collection_queryables, find_collections};
pub(crate) use self::counts::Counts;
pub(crate) use self::inventory::Shelf;
use crate::work::in_place;

/// Where a page lies in the order of its query.
#[derive(Debug, Clone)]
pub(crate) enum PlaceOfPage {
    First,
    After(Cursor),
    Before(Cursor),
}

/// The stores behind the server.
#[derive(Clone)]
pub(crate) struct Catalog {
    stores: Arc<Mutex<Stores>>,
}

/// The stores, as they were opened.
struct Stores {
    all: Vec<Store>,
    /// All of them, as one.
    one: Store,
    /// How often one of them has been replaced.
    generation: u64,
    looked_at: Instant,
}

/// So often it is looked at whether a file has been replaced.
const LOOK: Duration = Duration::from_secs(1);

impl Catalog {
    /// # Errors
    /// A Collection that two of the stores have.
    pub(crate) fn new(all: Vec<Store>) -> Result<Self, Error> {
        let stores = Stores { one: as_one(&all)?, all, generation: 0, looked_at: Instant::now() };
        Ok(Self { stores: Arc::new(Mutex::new(stores)) })
    }

    /// The store that is asked. Files that have been replaced are opened anew; where one that is there now cannot be opened, the one before
    /// answers on.
    fn store(&self) -> Store {
        let mut stores = self.lock();
        if stores.looked_at.elapsed() > LOOK {
            stores.looked_at = Instant::now();
            stores.renew();
        }
        stores.one.clone()
    }

    /// It is another one where what was found before may not be true any more.
    pub(crate) fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// The profiles that the stores keep.
    fn profiles(&self) -> Vec<Arc<Profile>> {
        self.lock().all.iter().filter_map(Store::profile).cloned().collect()
    }

    /// Whether all can be asked now.
    pub(crate) fn ready(&self) -> Result<(), Error> {
        self.store().ready()
    }

    fn lock(&self) -> MutexGuard<'_, Stores> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks. A collection without Items is no unknown name where there is a Collection for it.
    fn ask<T>(&self, query: &Query, ask: impl Fn(&Store, &Query) -> Result<T, Error>) -> Result<T, Error> {
        let store = self.store();
        match ask(&store, query) {
            Err(error) if self.keeps_named(&error, query)? => ask(&store, &query.clone().lenient(true)),
            answer => answer,
        }
    }

    /// Whether the error is that no Item is of the collections, and there is a Collection of that name all the same.
    fn keeps_named(&self, error: &Error, query: &Query) -> Result<bool, Error> {
        if error.unknown().is_none_or(|unknown| unknown.what != Named::Collection) {
            return Ok(false);
        }
        for id in &query.search().collections {
            if self.store().get_collection(id)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A page of the answer.
    pub(crate) fn page(
        &self,
        query: &Query,
        place: &PlaceOfPage,
        size: PageSize,
        stop: &Stop,
    ) -> Result<Page, Error> {
        self.ask(query, |store, query| match place {
            PlaceOfPage::First => store.page(query, None, size, in_place(stop)),
            PlaceOfPage::After(cursor) => store.page(query, Some(cursor), size, in_place(stop)),
            PlaceOfPage::Before(cursor) => store.page_before(query, cursor, size, in_place(stop)),
        })
    }

    /// How many Items answer.
    pub(crate) fn count(&self, query: &Query, stop: &Stop) -> Result<u64, Error> {
        self.ask(query, |store, query| Ok(store.count(query, in_place(stop))?.answered))
    }

    /// What the Items that answer say together.
    pub(crate) fn aggregate(
        &self,
        query: &Query,
        wanted: &[Aggregation],
        stop: &Stop,
    ) -> Result<Vec<Aggregate>, Error> {
        self.ask(query, |store, query| Ok(store.aggregate(query, wanted, in_place(stop))?.0))
    }

    /// One Item.
    pub(crate) fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Stored>, Error> {
        self.store().get(key, stop)
    }

    /// The Collection of this id, where a store keeps it.
    pub(crate) fn collection(&self, id: &str) -> Result<Option<Value>, Error> {
        let damaged = |_| Error::new(ErrorKind::Damaged, "a Collection that is not JSON");
        let kept = self.store().get_collection(id)?;
        kept.map(|kept| serde_json::from_slice(&kept.text).map_err(damaged)).transpose()
    }

    /// The Collections that the stores keep.
    pub(crate) fn collections(&self) -> Result<Collections, Error> {
        self.store().collections()
    }
}

/// # Errors
/// A Collection that two of them have, or no store at all.
fn as_one(stores: &[Store]) -> Result<Store, Error> {
    match stores {
        [] => Err(Error::usage("there is no store to serve", "name one or more")),
        [store] => Ok(store.clone()),
        stores => Store::union(stores.to_vec()),
    }
}

impl Stores {
    fn renew(&mut self) {
        let mut all = self.all.clone();
        let mut is_new = false;
        for store in &mut all {
            if let Ok(Some(renewed)) = store.renewed() {
                *store = renewed;
                is_new = true;
            }
        }
        if is_new && let Ok(one) = as_one(&all) {
            (self.one, self.all) = (one, all);
            self.generation += 1;
        }
    }
}
