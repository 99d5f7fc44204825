//! The stores behind the server, as one. Each has Items and Collections of its own; an answer is merged from those of all, in the
//! one order that a search has. All here blocks.
//!
//! The same name of collection and id in two stores is one Item twice: of equal places in the order the first store's is taken.

mod answer;
mod collection_search;
mod counts;
mod inventory;
mod sample;

use serde_json::Value;
use stacyard_search::{Aggregate, Aggregation, PageSize, Query, Stop};
use stacyard_store::{Collections, Cursor, Error, ErrorKind, ItemKey, Named, Store, Stored};

pub(crate) use self::answer::Answer;
pub(crate) use self::collection_search::{collection_queryables, find_collections};
pub(crate) use self::counts::Counts;
pub(crate) use self::inventory::Shelf;
use crate::work::in_place;

/// The stores behind the server.
#[derive(Clone)]
pub(crate) struct Catalog {
    stores: Vec<Store>,
}

impl Catalog {
    pub(crate) fn new(stores: Vec<Store>) -> Self {
        Self { stores }
    }

    /// The query, with the instants that any profile declares: what is merged has to have one order.
    fn declared(&self, query: &Query) -> Query {
        let profiles = || self.stores.iter().filter_map(Store::profile);
        query.clone().with_instants(|name| profiles().any(|profile| profile.declares_instant(name)))
    }

    /// Asks each store. A name that one of them does not know another may: it is an error where none knows it.
    fn each<T>(
        &self,
        query: &Query,
        ask: impl Fn(&Store, &Query) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let answers: Vec<Result<T, Error>> = self.stores.iter().map(|store| ask(store, query)).collect();
        let is_name = |error: &Error| matches!(error.kind(), ErrorKind::UnknownName | ErrorKind::Usage);
        let is_known = answers.iter().any(Result::is_ok);
        let mut all = Vec::with_capacity(answers.len());
        for (store, answer) in self.stores.iter().zip(answers) {
            let answer = match answer {
                Err(error) if is_name(&error) && (is_known || self.keeps_named(&error, query)?) => {
                    ask(store, &query.clone().lenient(true))
                }
                answer => answer,
            };
            all.push(answer?);
        }
        Ok(all)
    }

    /// Whether the error is that no Item is of the collections, and there is a Collection of that name all the same.
    fn keeps_named(&self, error: &Error, query: &Query) -> Result<bool, Error> {
        if error.unknown().is_none_or(|unknown| unknown.what != Named::Collection) {
            return Ok(false);
        }
        let kept = self.collections()?;
        Ok(query.search().collections.iter().any(|id| kept.contains_key(id)))
    }

    /// A page of the answer, after a place in its order.
    pub(crate) fn page(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        size: PageSize,
        stop: &Stop,
    ) -> Result<Answer, Error> {
        let query = self.declared(query);
        let pages = self.each(&query, |store, query| store.page(query, after, size, in_place(stop)))?;
        let keys = self.stores[0].compile(&query, stop)?;
        Answer::new(pages, keys, size)
    }

    /// How many Items answer.
    pub(crate) fn count(&self, query: &Query, stop: &Stop) -> Result<u64, Error> {
        let counts = self.each(query, |store, query| Ok(store.count(query, in_place(stop))?.answered))?;
        Ok(counts.into_iter().sum())
    }

    /// What the Items that answer say together.
    pub(crate) fn aggregate(
        &self,
        query: &Query,
        wanted: &[Aggregation],
        stop: &Stop,
    ) -> Result<Vec<Aggregate>, Error> {
        let query = self.declared(query);
        let ask = |store: &Store, query: &Query| Ok(store.aggregate(query, wanted, in_place(stop))?.0);
        let parts = self.each(&query, ask)?;
        let join = |all: Vec<Aggregate>, part: Vec<Aggregate>| {
            let pairs = all.into_iter().zip(part).zip(wanted);
            pairs.map(|((one, other), wanted)| one.and(other, wanted)).collect()
        };
        Ok(parts.into_iter().reduce(join).unwrap_or_default())
    }

    /// One Item.
    pub(crate) fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Stored>, Error> {
        for store in &self.stores {
            if let Some(item) = store.get(key, stop)? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// The Collection of this id, where a store keeps it.
    pub(crate) fn collection(&self, id: &str) -> Result<Option<Value>, Error> {
        for store in &self.stores {
            if let Some(kept) = store.get_collection(id)? {
                let damaged = |_| Error::new(ErrorKind::Damaged, "a Collection that is not JSON");
                return serde_json::from_slice(&kept.text).map(Some).map_err(damaged);
            }
        }
        Ok(None)
    }

    /// The Collections that the stores keep.
    pub(crate) fn collections(&self) -> Result<Collections, Error> {
        let mut all = Collections::new();
        for store in &self.stores {
            for (id, collection) in store.collections()? {
                all.entry(id).or_insert(collection);
            }
        }
        Ok(all)
    }
}
