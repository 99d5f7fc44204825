//! What a store has to be able to do, and what it may do better than by reading everything.

use std::sync::Arc;

use stacyard_model::Profile;
use stacyard_search::cql2::Expr;
use stacyard_search::{Aggregation, Aggregator, Compiled, Property, Query, Search, Stop};

use crate::check::{Check, Known};
use crate::run::Run;
use crate::stored::{Count, ItemKey};
use crate::{Collections, Editor, Error, Find, Note, Pool, Report, Since, Sorted, Source};

/// A kind of store, open for reading, as those who build stores see it; those who use them have [`Store`](crate::Store). All but the first two have
/// a default that reads everything. What they leave out to be faster must not change any answer: the conformance suite says so.
pub trait Backend: Send + Sync {
    /// All Items, in the order of the store.
    fn items(&self) -> Result<Box<dyn Source>, Error>;

    /// Items among which are all that answer a search, for whoever looks at each of them, in the order of the store.
    fn candidates(&self, _search: &Arc<Compiled>) -> Result<Candidates, Error> {
        Ok(Candidates { source: self.items()?, known: Known::default(), notes: Vec::new() })
    }

    /// The Collections that the store keeps beside its Items.
    fn collections(&self) -> Result<Collections, Error>;

    /// The Collection of this id.
    fn collection(&self, id: &str) -> Result<Option<serde_json::Value>, Error> {
        Ok(self.collections()?.remove(id))
    }

    /// All Items with their `collection` and `id` at least: what tells them apart, where that can be read for less.
    fn keys(&self) -> Result<Box<dyn Source>, Error> {
        self.items()
    }

    /// A mark of the state that it is in now, by which it is told [later](Self::since) what has changed; `None`: it cannot tell.
    fn mark(&self) -> Result<Option<String>, Error> {
        Ok(None)
    }

    /// What has come or changed since a mark; `None`: the mark says nothing of the store as it is now.
    fn since(&self, _mark: &str) -> Result<Option<Since>, Error> {
        Ok(None)
    }

    /// The mark of another store that it was made the same as, and has not been changed since.
    fn same_as(&self) -> Result<Option<String>, Error> {
        Ok(None)
    }

    /// All Items, to be validated: where the store has parts of them twice, it tells those where the two differ.
    fn audit(&self) -> Result<Box<dyn Source>, Error> {
        self.items()
    }

    /// The profile that its Items meet, where it keeps one.
    fn profile(&self) -> Option<&Arc<Profile>> {
        None
    }

    /// Whether a profile of it declares that the property of this name holds instants.
    fn declares_instant(&self, name: &str) -> bool {
        self.profile().is_some_and(|profile| profile.declares_instant(name))
    }

    /// What a user should know before trusting its Items, if anything.
    fn caution(&self) -> Option<String> {
        None
    }

    /// The Items that answer, in order.
    fn find(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        find.over(self.items()?.as_mut(), Known::default())
    }

    /// How many Items answer: `answered` of the report. `after` and `first` are ignored.
    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        find.count_over(self.items()?.as_mut(), Known::default())
    }

    /// About how many Items answer, where the store can say so without looking at them.
    fn estimate(&self, _find: Find<'_>) -> Result<Count, Error> {
        Ok(Count::Unknown)
    }

    /// What the Items that answer say together, to be finished by whoever asks. `after` and `first` are ignored.
    fn aggregate(&self, find: Find<'_>, wanted: &[Aggregation]) -> Result<(Aggregator, Report), Error> {
        find.aggregate_over(self.items()?.as_mut(), Known::default(), wanted)
    }

    /// The text of one Item.
    fn item(&self, key: &ItemKey, stop: &Stop) -> Result<Option<Vec<u8>>, Error> {
        item_by_search(self, key, stop)
    }

    /// Whether it can be asked now.
    fn ready(&self) -> Result<(), Error> {
        self.items().map(drop)
    }

    /// Its connections to servers, where it has such.
    fn pools(&self) -> Vec<Pool> {
        Vec::new()
    }

    /// The store as it is now, where what it reads has been replaced since it was opened; `None`: it is still the same.
    fn renewed(&self) -> Result<Option<crate::Store>, Error> {
        Ok(None)
    }

    /// Single changes, where it takes them.
    fn editor(&self) -> Option<&dyn Editor> {
        None
    }
}

/// Items among which are all that answer a search.
pub struct Candidates {
    /// The Items.
    pub source: Box<dyn Source>,
    /// What the store knows of them.
    pub known: Known,
    /// What is to be said of how they were found.
    pub notes: Vec<Note>,
}

/// The text of one Item, by a search for it.
///
/// # Errors
/// Those of the search.
pub fn item_by_search<B: Backend + ?Sized>(
    store: &B,
    key: &ItemKey,
    stop: &Stop,
) -> Result<Option<Vec<u8>>, Error> {
    let search = Search {
        ids: vec![key.id.clone()],
        collections: key.collection.iter().cloned().collect(),
        filter: match key.collection {
            Some(_) => None,
            None => Some(Expr::IsNull(Expr::Property(Property::collection()).into())),
        },
        ..Search::default()
    };
    let search = Compiled::until(&Query::from(search).lenient(true), stop)?;
    let run = Run { stop: stop.clone(), ..Run::in_place() };
    let find = Find { first: Some(1), check: Check::default(), ..Find::new(Arc::new(search), run) };
    let (mut answer, _) = store.find(find)?;
    Ok(answer.entry()?.map(|entry| entry.text))
}
