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

/// What tells queries apart that have other Items, and stores that have been replaced.
pub(crate) type Mark = [u8; 32];

/// Counts, each with the time of its counting; `None`: it took too long.
#[derive(Default)]
pub(crate) struct Counts(Mutex<Known>);

#[derive(Default)]
struct Known {
    counts: HashMap<Mark, (Instant, Option<u64>)>,
    /// When something was changed last: what was counted before is not told any more.
    changed: Option<Instant>,
}

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
        let mark = catalog.mark(query)?;
        let known = self.lock();
        if let Some(&(at, count)) = known.counts.get(&mark)
            && known.is_good(at, count)
        {
            return Ok(count);
        }
        drop(known);
        let at = Instant::now();
        let count = match catalog.count(query, &Stop::after(allowed)) {
            Err(error) if error.kind() == ErrorKind::Limit => None,
            count => Some(count?),
        };
        let counts = &mut self.lock().counts;
        if counts.len() >= KEPT {
            counts.clear();
        }
        counts.insert(mark, (at, count));
        Ok(count)
    }

    /// Says that Items were changed.
    pub(crate) fn forget(&self) {
        self.lock().changed = Some(Instant::now());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Whether what was counted then is still good. That it takes too long is so after a change, too.
    fn is_good(&self, at: Instant, count: Option<u64>) -> bool {
        match count {
            Some(_) => at.elapsed() < GOOD && self.changed.is_none_or(|changed| changed < at),
            None => at.elapsed() < LONG,
        }
    }
}

impl Catalog {
    /// The mark of a query. What one may see is a part of it.
    ///
    /// # Errors
    /// A query of what may not be seen.
    pub(crate) fn mark(&self, query: &Query) -> Result<Mark, Error> {
        let (query, generation) = (self.narrowed(query)?, self.generation());
        let Search { collections, ids, area, datetime, text, filter, .. } = query.search();
        let text = format!("{generation} {collections:?} {ids:?} {area:?} {datetime:?} {text:?} {filter:?}");
        Ok(Sha256::digest(text).into())
    }
}
