//! A store that can be asked, whatever it is made of.

use std::sync::Arc;

use stacyard_model::Profile;
use stacyard_search::{Compiled, Deadline, Search};

use crate::input::Input;
use crate::{Collections, Error, Features, Find, Lines, Report, Sorted, Source, StoreKind, StoreUrl};

/// A store of Items, open for reading. Every store gives the same answers (docs/search-semantics.md); the better ones
/// read less for them.
pub trait Store: Send + Sync {
    /// All Items, in the order of the store.
    fn items(&self) -> Result<Box<dyn Source>, Error>;

    /// All Items with their `collection` and `id` at least: what tells them apart, where that can be read for less.
    fn keys(&self) -> Result<Box<dyn Source>, Error> {
        self.items()
    }

    /// All Items, to be validated: where the store has parts of them twice, it tells those where the two differ.
    fn audit(&self) -> Result<Box<dyn Source>, Error> {
        self.items()
    }

    /// The Collections that the store keeps beside its Items.
    fn collections(&self) -> Result<Collections, Error>;

    /// The profile that its Items meet, where it keeps one.
    fn profile(&self) -> Option<&Arc<Profile>> {
        None
    }

    /// What a user should know before trusting its Items, if anything.
    fn caution(&self) -> Option<String> {
        None
    }

    /// A search of this store: a property that its profile declares to hold instants compares and orders as such. It has to be over by
    /// the deadline.
    fn compile(&self, search: &Search, deadline: Option<Deadline>) -> Result<Compiled, Error> {
        let profile = self.profile();
        let is_instant = |name: &str| profile.is_some_and(|profile| profile.declares_instant(name));
        Ok(Compiled::until(&search.clone().with_instants(is_instant), deadline)?)
    }

    /// The Items that answer a search of [`compile`](Store::compile), in its order.
    fn find(&self, find: Find<'_>) -> Result<(Sorted, Report), Error> {
        find.run(self.items()?.as_mut())
    }

    /// How many Items answer a search: `written` of the report.
    fn count(&self, find: Find<'_>) -> Result<Report, Error> {
        find.count(self.items()?)
    }

    /// About how many Items answer a search, where the store can say so without looking at them.
    fn estimate(&self, _find: &mut Find<'_>) -> Result<Option<u64>, Error> {
        Ok(None)
    }
}

/// A file or stream of JSON.
#[derive(Debug, Clone)]
pub struct JsonStore {
    url: StoreUrl,
    max_record_bytes: usize,
}

impl JsonStore {
    /// The store at `url`; records longer than the limit are set aside.
    pub fn new(url: &StoreUrl, max_record_bytes: usize) -> Self {
        Self { url: url.clone(), max_record_bytes }
    }
}

/// The records of a file or stream of JSON, in whatever form they stand there.
pub fn any_json(url: &StoreUrl, max_record_bytes: usize) -> Result<Box<dyn Source>, Error> {
    let (input, kind) = Input::open_any(url)?;
    Ok(match kind {
        StoreKind::Json => Box::new(Features::new(input, max_record_bytes)),
        _ => Box::new(Lines::new(input, max_record_bytes)),
    })
}

impl Store for JsonStore {
    /// There is no place for them.
    fn collections(&self) -> Result<Collections, Error> {
        Ok(Collections::new())
    }

    fn items(&self) -> Result<Box<dyn Source>, Error> {
        Ok(match self.url.kind() {
            StoreKind::Json => Box::new(Features::open(&self.url, self.max_record_bytes)?),
            _ => Box::new(Lines::open(&self.url, self.max_record_bytes)?),
        })
    }
}
