//! The stores behind the server, as one. Each has Items and Collections of its own. All here blocks.

mod collection_search;
mod counts;
mod inventory;
mod sample;

use std::env::temp_dir;
use std::fs::File;
use std::io::Seek;
use std::sync::Arc;

use serde_json::Value;
use stacyard_model::Profile;
use stacyard_search::{Aggregate, Aggregation, PageSize, Query, Stop};
use stacyard_store::{Answer, Collections, Cursor, Error, ErrorKind, ItemKey, Named, Page, Store, Stored};

pub(crate) use self::collection_search::{collection_queryables, find_collections};
pub(crate) use self::counts::Counts;
pub(crate) use self::inventory::{Inventory, Shelf};
use crate::options::WriteExport;
use crate::work::{in_place, on_all_cores};

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
    store: Store,
    /// Those that the stores keep.
    profiles: Vec<Arc<Profile>>,
}

impl Catalog {
    /// # Errors
    /// A Collection that two of the stores have.
    pub(crate) fn new(mut stores: Vec<Store>) -> Result<Self, Error> {
        let profiles = stores.iter().filter_map(Store::profile).cloned().collect();
        let store = match (stores.pop(), stores.is_empty()) {
            (None, _) => return Err(Error::usage("there is no store to serve", "name one or more")),
            (Some(store), true) => store,
            (Some(last), false) => {
                stores.push(last);
                Store::union(stores)?
            }
        };
        Ok(Self { store, profiles })
    }

    /// Asks. A collection without Items is no unknown name where there is a Collection for it.
    fn ask<T>(&self, query: &Query, ask: impl Fn(&Store, &Query) -> Result<T, Error>) -> Result<T, Error> {
        match ask(&self.store, query) {
            Err(error) if self.keeps_named(&error, query)? => ask(&self.store, &query.clone().lenient(true)),
            answer => answer,
        }
    }

    /// Whether the error is that no Item is of the collections, and there is a Collection of that name all the same.
    fn keeps_named(&self, error: &Error, query: &Query) -> Result<bool, Error> {
        if error.unknown().is_none_or(|unknown| unknown.what != Named::Collection) {
            return Ok(false);
        }
        for id in &query.search().collections {
            if self.store.get_collection(id)?.is_some() {
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

    /// The whole answer, however long.
    pub(crate) fn answer(&self, query: &Query, stop: &Stop) -> Result<Answer, Error> {
        self.ask(query, |store, query| store.answer(query, on_all_cores(stop)))
    }

    /// The whole answer as a file without a name.
    pub(crate) fn export(&self, query: &Query, write: &WriteExport, stop: &Stop) -> Result<File, Error> {
        self.ask(query, |store, query| {
            let failed = |cause| Error::io("write an answer to a temporary file in", &temp_dir(), cause);
            let mut file = tempfile::tempfile().map_err(failed)?;
            write(store, query, &file, on_all_cores(stop))?;
            file.rewind().map_err(failed)?;
            Ok(file)
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
        self.store.get(key, stop)
    }

    /// The Collection of this id, where a store keeps it.
    pub(crate) fn collection(&self, id: &str) -> Result<Option<Value>, Error> {
        let damaged = |_| Error::new(ErrorKind::Damaged, "a Collection that is not JSON");
        let kept = self.store.get_collection(id)?;
        kept.map(|kept| serde_json::from_slice(&kept.text).map_err(damaged)).transpose()
    }

    /// The Collections that the stores keep.
    pub(crate) fn collections(&self) -> Result<Collections, Error> {
        self.store.collections()
    }
}
