//! What there is: how many Items each collection has, and a Collection for those that have none.
//!
//! Counting may take a while, so that what was found is kept: a request that lists Collections has what was found a while ago,
//! and a new count is begun beside it. A name that is not found is looked for again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stacyard_search::{Aggregate, Aggregation, Datum, Extent, Property, Query, Search, Stop};
use stacyard_store::{Collections, Error};
use tokio::sync::Mutex;

use super::Catalog;
use crate::problem::Problem;
use crate::work::Works;

/// After so long what was found is counted again.
const OLD: Duration = Duration::from_mins(1);

/// What is younger is not counted again for a name that it does not have.
const YOUNG: Duration = Duration::from_secs(1);

/// What there is.
#[derive(Debug)]
pub(crate) struct Inventory {
    /// The Collections that the stores keep.
    kept: Collections,
    /// Of each collection, how many Items it has; those that have none, zero.
    items: BTreeMap<String, u64>,
    /// All Collections, once somebody has asked for them.
    all: OnceLock<Collections>,
}

impl Inventory {
    /// Counts.
    fn of(catalog: &Catalog, stop: &Stop) -> Result<Self, Error> {
        let by_collection = Aggregation::Frequencies(Property::collection());
        let everything = Query::default().lenient(true);
        let aggregates = catalog.aggregate(&everything, &[by_collection], stop)?;
        let kept = catalog.collections()?;
        let mut items: BTreeMap<String, u64> = kept.keys().map(|id| (id.clone(), 0)).collect();
        for aggregate in aggregates {
            let Aggregate::Frequencies(found) = aggregate else { continue };
            for bucket in found.buckets {
                if let Datum::Text(id) = bucket.value {
                    items.insert(id, bucket.items);
                }
            }
        }
        Ok(Self { kept, items, all: OnceLock::new() })
    }

    /// The ids and titles of all Collections, in the order of the ids.
    pub(crate) fn titles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.items.keys().map(|id| {
            let title = self.kept.get(id).and_then(|kept| kept["title"].as_str());
            (id.as_str(), title.unwrap_or(id))
        })
    }

    /// All Collections: those that are kept, and of the other collections what can be told from their Items.
    ///
    /// # Errors
    /// Those of the stores.
    pub(crate) fn collections(&self, catalog: &Catalog, stop: &Stop) -> Result<&Collections, Error> {
        if let Some(all) = self.all.get() {
            return Ok(all);
        }
        let mut all = self.kept.clone();
        for id in self.items.keys().filter(|id| !self.kept.contains_key(*id)) {
            all.insert(id.clone(), Self::made_up(id, catalog, stop)?);
        }
        Ok(self.all.get_or_init(|| all))
    }

    /// The Collection of this id, if any Item is of it.
    fn collection(&self, id: &str, catalog: &Catalog, stop: &Stop) -> Result<Option<Value>, Error> {
        if let Some(known) = self.all.get().and_then(|all| all.get(id)) {
            return Ok(Some(known.clone()));
        }
        self.items.get(id).map(|_| Self::made_up(id, catalog, stop)).transpose()
    }

    /// A Collection for Items that have none.
    fn made_up(id: &str, catalog: &Catalog, stop: &Stop) -> Result<Value, Error> {
        let search = Search { collections: vec![id.to_owned()], ..Search::default() };
        let query = Query::from(search).lenient(true);
        let extent = match catalog.aggregate(&query, &[Aggregation::Extent], stop)?[..] {
            [Aggregate::Extent(extent)] => extent,
            _ => None,
        };
        Ok(made_up(id, extent))
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

/// What was found, and when.
type Found = (Instant, Arc<Inventory>);

/// Where what was found is kept.
#[derive(Clone, Default)]
pub(crate) struct Shelf {
    found: Arc<Mutex<Option<Found>>>,
    is_counting: Arc<AtomicBool>,
}

impl Shelf {
    /// All Collections, as they were a while ago at most.
    pub(crate) async fn collections(&self, catalog: &Catalog, works: &Works) -> Result<Collections, Problem> {
        let (inventory, catalog) = (self.inventory(catalog, works).await?, catalog.clone());
        works.job().run(move |stop| inventory.collections(&catalog, stop).cloned()).await
    }

    /// What there is, as it was a while ago at most.
    pub(crate) async fn inventory(
        &self,
        catalog: &Catalog,
        works: &Works,
    ) -> Result<Arc<Inventory>, Problem> {
        let (at, found) = self.younger_than(Duration::MAX, catalog, works).await?;
        if at.elapsed() > OLD && !self.is_counting.swap(true, Ordering::Relaxed) {
            let (shelf, catalog, works) = (self.clone(), catalog.clone(), works.clone());
            tokio::spawn(async move {
                // Where it fails, what is known stays, and the next request tries again.
                let _ = shelf.younger_than(OLD, &catalog, &works).await;
                shelf.is_counting.store(false, Ordering::Relaxed);
            });
        }
        Ok(found)
    }

    /// The Collection of this id.
    pub(crate) async fn collection(
        &self,
        id: &str,
        catalog: &Catalog,
        works: &Works,
    ) -> Result<Option<Value>, Problem> {
        let kept = {
            let (catalog, id) = (catalog.clone(), id.to_owned());
            works.job().run(move |_| catalog.collection(&id)).await?
        };
        if kept.is_some() {
            return Ok(kept);
        }
        let of = |inventory: Arc<Inventory>| {
            let (catalog, id) = (catalog.clone(), id.to_owned());
            move |stop: &Stop| inventory.collection(&id, &catalog, stop)
        };
        let known = self.inventory(catalog, works).await?;
        if let Some(collection) = works.job().run(of(known)).await? {
            return Ok(Some(collection));
        }
        let (_, found) = self.younger_than(YOUNG, catalog, works).await?;
        works.job().run(of(found)).await
    }

    /// What was found no longer ago than `age`, or is now. Who comes while others count waits for what they find.
    async fn younger_than(&self, age: Duration, catalog: &Catalog, works: &Works) -> Result<Found, Problem> {
        let mut found = self.found.lock().await;
        if let Some((at, inventory)) = found.as_ref()
            && at.elapsed() <= age
        {
            return Ok((*at, Arc::clone(inventory)));
        }
        let (at, catalog) = (Instant::now(), catalog.clone());
        let inventory = Arc::new(works.job().run(move |stop| Inventory::of(&catalog, stop)).await?);
        *found = Some((at, Arc::clone(&inventory)));
        Ok((at, inventory))
    }
}
