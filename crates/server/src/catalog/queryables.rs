//! Queryables, kept for a while: a thousand Items are read for them, and clients ask for them before each filter.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use stacyard_search::Stop;
use stacyard_store::Error;

use super::Catalog;
use crate::guard::Reach;

/// They are good for so long, as the inventory is.
const GOOD: Duration = Duration::from_mins(1);

/// So many are kept.
const KEPT: usize = 256;

/// Of which Items they are: of a collection or all, as somebody sees them, in which generation of the stores.
type Of = (Option<String>, Reach, u64);

/// Queryables, each with the time when they were made.
#[derive(Default)]
pub(crate) struct Queryables(Mutex<Known>);

#[derive(Default)]
struct Known {
    all: HashMap<Of, (Instant, Value)>,
    /// When something was changed last: what was made before is not told any more.
    changed: Option<Instant>,
}

impl Queryables {
    /// Those of all Items, or of those of one collection, as JSON Schema.
    ///
    /// # Errors
    /// Those of the stores.
    pub(crate) fn of(
        &self,
        catalog: &Catalog,
        collection: Option<&str>,
        stop: &Stop,
    ) -> Result<Value, Error> {
        let of = (collection.map(str::to_owned), catalog.seen.clone(), catalog.generation());
        {
            let known = self.lock();
            if let Some((at, found)) = known.all.get(&of)
                && at.elapsed() < GOOD
                && known.changed.is_none_or(|changed| changed < *at)
            {
                return Ok(found.clone());
            }
        }
        let at = Instant::now();
        let found = catalog.queryables(collection, stop)?;
        let all = &mut self.lock().all;
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert(of, (at, found.clone()));
        Ok(found)
    }

    /// Says that Items or Collections were changed.
    pub(crate) fn forget(&self) {
        self.lock().changed = Some(Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
