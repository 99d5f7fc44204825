//! How many Items answer a query, kept for a while: the pages of one answer, and clients that ask the same, count once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use stacyard_search::{Query, Search, Stop};
use stacyard_store::{Error, ErrorKind};

use super::Catalog;

/// A count is good for so long.
const GOOD: Duration = Duration::from_secs(5);

/// That counting takes too long is true for so long.
const LONG: Duration = Duration::from_mins(1);

/// So many counts are kept.
const KEPT: usize = 4_096;

type Mark = [u8; 32];

/// Counts, each with the time of its counting; `None`: it took too long.
#[derive(Default)]
pub(crate) struct Counts(Mutex<HashMap<Mark, (Instant, Option<u64>)>>);

impl Counts {
    /// How many Items answer, where that can be said soon enough.
    ///
    /// # Errors
    /// Those of the stores.
    pub(crate) fn count(
        &self,
        catalog: &Catalog,
        query: &Query,
        allowed: Duration,
    ) -> Result<Option<u64>, Error> {
        let mark = mark(query, catalog.generation());
        if let Some((at, count)) = self.lock().get(&mark).copied()
            && at.elapsed() < if count.is_some() { GOOD } else { LONG }
        {
            return Ok(count);
        }
        let at = Instant::now();
        let count = match catalog.count(query, &Stop::after(allowed)) {
            Err(error) if error.kind() == ErrorKind::Limit => None,
            count => Some(count?),
        };
        let mut counts = self.lock();
        if counts.len() >= KEPT {
            counts.clear();
        }
        counts.insert(mark, (at, count));
        Ok(count)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Mark, (Instant, Option<u64>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tells queries apart that have other Items.
fn mark(query: &Query, generation: u64) -> Mark {
    let Search { collections, ids, area, datetime, text, filter, .. } = query.search();
    Sha256::digest(format!("{generation} {collections:?} {ids:?} {area:?} {datetime:?} {text:?} {filter:?}"))
        .into()
}
