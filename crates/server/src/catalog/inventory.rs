//! What there is: how many Items each collection has, and a Collection for those that have none.
//!
//! Counting may take a while, so that what was found is kept: a request that lists Collections has what was found a while ago,
//! and a new count is begun beside it. A name that is not found is looked for again. What was found before a change that it tells of is
//! told no more. It is of all there is: what somebody may not see is left out of what is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stacyard_search::{Aggregate, Aggregation, Datum, Extent, Property, Query, Search, Stop};
use stacyard_store::{Collections, ETag, Error, ErrorKind, Stored};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Catalog;
use crate::guard::Reach;
use crate::problem::Problem;
use crate::work::Works;

/// After so long what was found is counted again.
const OLD: Duration = Duration::from_mins(1);

/// What is younger is not counted again for a name that it does not have.
const YOUNG: Duration = Duration::from_secs(5);

/// What there is.
#[derive(Debug)]
pub(crate) struct Inventory {
    /// The Collections that the stores keep.
    kept: Collections,
    /// Of each collection, how many Items it has; those that have none, zero.
    items: BTreeMap<String, u64>,
    /// How many Items have no collection.
    loose: u64,
    /// Those that were made up, each once somebody has asked for it.
    made: Mutex<Collections>,
    /// The generation of the stores.
    generation: u64,
}

impl Inventory {
    /// Counts. What was made up before of as many Items stays.
    fn of(catalog: &Catalog, before: Option<&Self>, stop: &Stop) -> Result<Self, Error> {
        let generation = catalog.generation();
        let before = before.filter(|before| before.generation == generation);
        let by_collection = Aggregation::Frequencies(Property::collection());
        let everything = Query::default().lenient(true);
        let aggregates = catalog.aggregate(&everything, &[by_collection], stop)?;
        let kept = catalog.collections()?;
        let mut items: BTreeMap<String, u64> = kept.keys().map(|id| (id.clone(), 0)).collect();
        let mut loose = 0;
        for aggregate in aggregates {
            let Aggregate::Frequencies(found) = aggregate else { continue };
            loose += found.missing;
            for bucket in found.buckets {
                if let Datum::Text(id) = bucket.value {
                    items.insert(id, bucket.items);
                }
            }
        }
        let mut made = before.map(|before| before.made().clone()).unwrap_or_default();
        made.retain(|id, _| before.is_some_and(|before| before.items.get(id) == items.get(id)));
        Ok(Self { kept, items, loose, made: made.into(), generation })
    }

    /// The ids and titles of all Collections, in the order of the ids.
    pub(crate) fn titles<'a>(&'a self, catalog: &'a Catalog) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.items.keys().filter(|id| catalog.sees(id)).map(|id| {
            let title = self.kept.get(id).and_then(|kept| kept["title"].as_str());
            (id.as_str(), title.unwrap_or(id))
        })
    }

    /// The ids of all Collections with the number of their Items, and the Collection where it is kept or was made up before.
    pub(crate) fn known(&self, catalog: &Catalog) -> Vec<(String, u64, Option<Value>)> {
        let made = self.made();
        let seen = self.items.iter().filter(|(id, _)| catalog.sees(id));
        seen.map(|(id, items)| (id.clone(), *items, self.kept.get(id).or_else(|| made.get(id)).cloned()))
            .collect()
    }

    /// Whether each Item that may be seen is of a collection, and so has a URL.
    pub(crate) fn has_all_in_collections(&self, catalog: &Catalog) -> bool {
        self.loose == 0 || !catalog.sees_all()
    }

    /// All Collections: those that are kept, and of the other collections what can be told from their Items.
    ///
    /// # Errors
    /// Those of the stores.
    pub(crate) fn collections(&self, catalog: &Catalog, stop: &Stop) -> Result<Collections, Error> {
        let mut all = self.kept.clone();
        all.retain(|id, _| catalog.sees(id));
        for id in self.items.keys().filter(|id| catalog.sees(id) && !self.kept.contains_key(*id)) {
            all.insert(id.clone(), self.made_up(id, catalog, stop)?);
        }
        Ok(all)
    }

    /// The Collection of this id, if any Item is of it.
    fn collection(&self, id: &str, catalog: &Catalog, stop: &Stop) -> Result<Option<Value>, Error> {
        self.items.get(id).filter(|_| catalog.sees(id)).map(|_| self.made_up(id, catalog, stop)).transpose()
    }

    fn made(&self) -> MutexGuard<'_, Collections> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A Collection for Items that have none.
    fn made_up(&self, id: &str, catalog: &Catalog, stop: &Stop) -> Result<Value, Error> {
        if let Some(made) = self.made().get(id) {
            return Ok(made.clone());
        }
        let search = Search { collections: vec![id.to_owned()], ..Search::default() };
        let query = Query::from(search).lenient(true);
        let extent = match catalog.aggregate(&query, &[Aggregation::Extent], stop)?[..] {
            [Aggregate::Extent(extent)] => extent,
            _ => None,
        };
        let collection = made_up(id, extent);
        self.made().insert(id.to_owned(), collection.clone());
        Ok(collection)
    }
}

fn made_up(id: &str, extent: Option<Extent>) -> Value {
    let bbox = extent.and_then(|extent| extent.bbox).unwrap_or([-180.0, -90.0, 180.0, 90.0]);
    let interval = extent.and_then(|extent| extent.interval);
    let interval = interval.map_or([None, None], |ends| ends.map(|at| Some(at.to_string())));
    json!({
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": id,
        "description": format!("The Items of `{id}`. There is no Collection for them: this one is made of what they say."),
        "license": "other",
        "extent": {"spatial": {"bbox": [bbox]}, "temporal": {"interval": [interval]}},
        "links": [],
    })
}

/// A Collection that is shown.
pub(crate) struct Shown {
    pub(crate) collection: Value,
    /// The tag of its state, where a store keeps it.
    pub(crate) etag: Option<ETag>,
}

impl Shown {
    fn kept(kept: &Stored) -> Result<Self, Error> {
        let damaged = |_| Error::new(ErrorKind::Damaged, "a Collection that is not JSON");
        let collection = serde_json::from_slice(&kept.text).map_err(damaged)?;
        Ok(Self { collection, etag: Some(kept.etag) })
    }

    const fn made_up(collection: Value) -> Self {
        Self { collection, etag: None }
    }
}

/// What was found, and when.
type Found = (Instant, Arc<Inventory>);

/// Where what was found is kept.
#[derive(Clone, Default)]
pub(crate) struct Shelf {
    found: Arc<Mutex<Option<Found>>>,
    /// When something was changed last.
    changed: Arc<Mutex<Option<Instant>>>,
    /// Held by whoever counts.
    counting: Arc<tokio::sync::Mutex<()>>,
}

impl Shelf {
    /// All Collections, as they were a while ago at most.
    pub(crate) async fn collections(&self, catalog: &Catalog, works: &Works) -> Result<Collections, Problem> {
        let (inventory, catalog) = (self.inventory(catalog, works).await?, catalog.clone());
        works.job().run(move |stop| inventory.collections(&catalog, stop)).await
    }

    /// What there is, as it was a while ago at most.
    pub(crate) async fn inventory(
        &self,
        catalog: &Catalog,
        works: &Works,
    ) -> Result<Arc<Inventory>, Problem> {
        catalog.refresh(works).await;
        let found = self.found().filter(|(_, found)| found.generation == catalog.generation());
        let Some((at, found)) = found else {
            return self.younger_than(Duration::MAX, catalog, works).await;
        };
        if at.elapsed() > OLD && self.counting.try_lock().is_ok() {
            // Where it fails, what is known stays, and the next request tries again.
            drop(self.counted(OLD, catalog, works));
        }
        Ok(found)
    }

    /// The Collection of this id.
    pub(crate) async fn collection(
        &self,
        id: &str,
        catalog: &Catalog,
        works: &Works,
    ) -> Result<Option<Shown>, Problem> {
        let kept = {
            let (catalog, id) = (catalog.clone(), id.to_owned());
            works.job().run(move |_| catalog.collection(&id)?.as_ref().map(Shown::kept).transpose()).await?
        };
        if kept.is_some() || !catalog.sees(id) {
            return Ok(kept);
        }
        let of = |inventory: Arc<Inventory>| {
            let (catalog, id) = (catalog.clone(), id.to_owned());
            move |stop: &Stop| inventory.collection(&id, &catalog, stop)
        };
        let known = self.inventory(catalog, works).await?;
        if let Some(collection) = works.job().run(of(known)).await? {
            return Ok(Some(Shown::made_up(collection)));
        }
        // To look for any Item is much less than to count all.
        let has_items = {
            let (catalog, id) = (catalog.clone(), id.to_owned());
            works.job().run(move |stop| catalog.has_items_of(&id, stop)).await?
        };
        if !has_items {
            return Ok(None);
        }
        let found = self.younger_than(YOUNG, catalog, works).await?;
        Ok(works.job().run(of(found)).await?.map(Shown::made_up))
    }

    /// What was found no longer ago than `age`, or is now. Who comes while others count waits for what they find, as long as for a turn; the
    /// count goes on without those who go away.
    async fn younger_than(
        &self,
        age: Duration,
        catalog: &Catalog,
        works: &Works,
    ) -> Result<Arc<Inventory>, Problem> {
        match timeout(works.patience(), self.counted(age, catalog, works)).await {
            Ok(Ok(counted)) => counted,
            // The task was ended, as the server is.
            Ok(Err(_)) => Err(Problem::busy()),
            Err(_) => Err(Problem::counting()),
        }
    }

    fn counted(
        &self,
        age: Duration,
        catalog: &Catalog,
        works: &Works,
    ) -> JoinHandle<Result<Arc<Inventory>, Problem>> {
        let (shelf, catalog, works) = (self.clone(), catalog.seen_by(&Reach::All), works.clone());
        tokio::spawn(async move {
            let _counts = shelf.counting.lock().await;
            let before = shelf.found();
            if let Some((at, inventory)) = &before
                && at.elapsed() <= age
                && inventory.generation == catalog.generation()
            {
                return Ok(Arc::clone(inventory));
            }
            let at = Instant::now();
            let count = move |stop: &Stop| {
                let before = before.as_ref().map(|(_, before)| before.as_ref());
                Inventory::of(&catalog, before, stop)
            };
            let inventory = Arc::new(works.background().go_on(count).await?);
            *shelf.found.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, Arc::clone(&inventory)));
            Ok(inventory)
        })
    }

    fn found(&self) -> Option<Found> {
        let changed = *self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        found.filter(|(at, _)| changed.is_none_or(|changed| changed < *at))
    }

    /// Says that a Collection was changed.
    pub(crate) fn forget(&self) {
        *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Says that Items of a collection were changed, which is told of a Collection that is made of them only.
    pub(crate) fn forget_items_of(&self, collection: &str) {
        if self.found().is_none_or(|(_, found)| !found.kept.contains_key(collection)) {
            self.forget();
        }
    }
}
