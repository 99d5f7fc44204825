//! The stores behind the server, as one. Each has Items and Collections of its own. All here blocks.
//!
//! Whoever asks may see all collections, or some: a `Catalog` is what one may see, and asks the stores for nothing else.

mod collection_search;
mod counts;
mod inventory;
mod queryables;
mod sample;
mod stores;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::env::temp_dir;
use std::fs::File;
use std::io::Seek;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use stacyard_search::{Aggregate, Aggregation, PageSize, Query, Search, Stop};
use stacyard_store::{
    Answer, Collections, Cursor, Error, ErrorKind, ItemKey, Named, Page, Pool, Store, Stored, UnknownName,
};

pub(crate) use self::collection_search::{collection_queryables, find_collections};
pub(crate) use self::counts::{Counts, Mark};
pub(crate) use self::inventory::{Inventory, Shelf, Shown};
pub(crate) use self::queryables::Queryables;
use self::stores::Stores;
use crate::guard::{Principal, Reach};
use crate::options::WriteExport;
use crate::problem::Problem;
use crate::state::App;
use crate::work::{Works, in_place, on_all_cores};

/// Begins the text of a place that a page ends before. No place begins so by itself.
pub(crate) const BACK: char = '~';

/// Where a page lies in the order of its query.
#[derive(Debug, Clone)]
pub(crate) enum PlaceOfPage {
    First,
    After(Cursor),
    Before(Cursor),
}

/// So many Collections are asked for one by one; of more names all Collections are looked at, once.
const FEW: usize = 8;

/// The stores behind the server, as somebody sees them.
#[derive(Clone)]
pub(crate) struct Catalog {
    stores: Stores,
    seen: Reach,
}

/// As whoever asks may see them.
impl FromRequestParts<App> for Catalog {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(app.everything.seen_by(&Principal::of(parts)?.reads))
    }
}

impl Catalog {
    /// # Errors
    /// A Collection that two of the stores have.
    pub(crate) fn new(stores: Vec<Store>) -> Result<Self, Error> {
        Ok(Self { stores: Stores::new(stores)?, seen: Reach::All })
    }

    /// It is another one where what was found before may not be true any more.
    pub(crate) fn generation(&self) -> u64 {
        self.stores.generation()
    }

    /// Sees to it that files that have been replaced are opened anew, where nobody has looked for a while.
    pub(crate) async fn refresh(&self, works: &Works) {
        if self.stores.is_due() {
            let stores = self.stores.clone();
            // Where it cannot be looked the stores say why.
            let look = move |_: &Stop| {
                stores.look();
                Ok(())
            };
            let _ = works.job().go_on(look).await;
        }
    }

    /// Whether any Item is of a collection.
    fn has_items_of(&self, id: &str, stop: &Stop) -> Result<bool, Error> {
        let search = Search { collections: vec![id.to_owned()], ..Search::default() };
        let query = Query::from(search).lenient(true);
        Ok(self.page(&query, &PlaceOfPage::First, PageSize::new(1)?, stop)?.next().transpose()?.is_some())
    }

    /// The connections of each store.
    pub(crate) fn pools(&self) -> Vec<Vec<Pool>> {
        self.stores.pools()
    }

    /// Whether all stores can be asked now.
    pub(crate) fn ready(&self) -> Result<(), Error> {
        self.store().ready()
    }

    /// The stores as one, as they are now. It knows of all collections: whoever changes something in it has looked whether this one may.
    pub(crate) fn store(&self) -> Store {
        self.stores.one()
    }

    /// The same for one who may see these collections.
    pub(crate) fn seen_by(&self, seen: &Reach) -> Self {
        Self { seen: seen.clone(), ..self.clone() }
    }

    /// Whether there is anything to be said of a collection.
    pub(crate) fn sees(&self, collection: &str) -> bool {
        self.seen.covers(collection)
    }

    /// Whether it sees all collections, and what is in none.
    pub(crate) const fn sees_all(&self) -> bool {
        matches!(self.seen, Reach::All)
    }

    /// The collections that it sees; `None`: all.
    fn some(&self) -> Result<Option<&BTreeSet<String>>, Error> {
        match &self.seen {
            Reach::All => Ok(None),
            Reach::Some(some) => Ok(Some(some)),
            // Without the name of a collection a query would be one of all.
            Reach::Nothing => Err(Error::new(ErrorKind::Denied, "nothing may be seen")),
        }
    }

    /// The query, of what may be seen only. There names are taken leniently: that no Item has one could not be said without
    /// looking at those that may not be seen.
    fn narrowed<'a>(&self, query: &'a Query) -> Result<Cow<'a, Query>, Error> {
        let Some(some) = self.some()? else { return Ok(Cow::Borrowed(query)) };
        let mut search = query.search().clone();
        if let Some(name) = search.collections.iter().find(|name| !some.contains(*name)) {
            let unknown = UnknownName { what: Named::Collection, name: name.clone(), nearest: None };
            let message = format!("no Item is of the collection {name:?}");
            return Err(Error::unknown_name(message, unknown));
        }
        if search.collections.is_empty() {
            search.collections = some.iter().cloned().collect();
        }
        Ok(Cow::Owned(Query::from(search).lenient(true)))
    }

    /// Whether single changes can be made.
    pub(crate) fn is_editable(&self) -> bool {
        self.stores.is_editable()
    }

    /// Asks. A collection without Items is no unknown name where there is a Collection for it.
    fn ask<T>(&self, query: &Query, ask: impl Fn(&Store, &Query) -> Result<T, Error>) -> Result<T, Error> {
        let (store, query) = (self.store(), self.narrowed(query)?);
        match ask(&store, &query) {
            Err(error) if self.keeps_named(&error, &query)? => ask(&store, &query.into_owned().lenient(true)),
            answer => answer,
        }
    }

    /// Whether the error is that no Item is of the collections, and there is a Collection of that name all the same.
    fn keeps_named(&self, error: &Error, query: &Query) -> Result<bool, Error> {
        if error.unknown().is_none_or(|unknown| unknown.what != Named::Collection) {
            return Ok(false);
        }
        let named = &query.search().collections;
        if named.len() > FEW {
            let kept = self.store().collections()?;
            return Ok(named.iter().any(|id| kept.contains_key(id)));
        }
        for id in named {
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

    /// The whole answer, however long.
    pub(crate) fn answer(&self, query: &Query, stop: &Stop) -> Result<Answer, Error> {
        self.ask(query, |store, query| store.answer(query, on_all_cores(stop)))
    }

    /// The whole answer as a file without a name.
    pub(crate) fn export(&self, query: &Query, write: &WriteExport, stop: &Stop) -> Result<File, Error> {
        self.ask(query, |store, query| {
            let failed = |cause| Error::io("write an answer to a temporary file in", &temp_dir(), cause);
            let mut file = tempfile::tempfile().map_err(failed)?;
            // It tells of all collections.
            let profile = if self.sees_all() { store.profile() } else { None };
            write((store, profile), query, &file, on_all_cores(stop))?;
            file.rewind().map_err(failed)?;
            Ok(file)
        })
    }

    /// How many Items answer.
    pub(crate) fn count(&self, query: &Query, stop: &Stop) -> Result<u64, Error> {
        self.ask(query, |store, query| Ok(store.count(query, in_place(stop))?.answered))
    }

    /// What the Items that answer say together: it is of all of them, so that whoever waits is helped by all cores.
    pub(crate) fn aggregate(
        &self,
        query: &Query,
        wanted: &[Aggregation],
        stop: &Stop,
    ) -> Result<Vec<Aggregate>, Error> {
        self.ask(query, |store, query| Ok(store.aggregate(query, wanted, on_all_cores(stop))?.0))
    }

    /// One Item of a collection.
    pub(crate) fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Stored>, Error> {
        if key.collection.as_deref().is_some_and(|id| self.sees(id)) {
            self.store().get(key, stop)
        } else {
            Ok(None)
        }
    }

    /// The Collection of this id, where a store keeps it.
    pub(crate) fn collection(&self, id: &str) -> Result<Option<Stored>, Error> {
        if self.sees(id) { self.store().get_collection(id) } else { Ok(None) }
    }

    /// The Collections that the stores keep.
    pub(crate) fn collections(&self) -> Result<Collections, Error> {
        let mut all = self.store().collections()?;
        all.retain(|id, _| self.sees(id));
        Ok(all)
    }
}
