//! What several stores tell of the names of one search: none of them alone can say that a name is unknown.

use std::sync::{Arc, Mutex, PoisonError};

use crate::names::{KnownNames, Names};

/// Where a store tells which names of a search it has seen, instead of refusing those that it has not. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Told(Arc<Mutex<Both>>);

/// The names that were looked for, and those that there are.
type Seen = (Names, KnownNames);

#[derive(Debug, Default)]
struct Both {
    properties: Option<Seen>,
    lists: Option<Seen>,
}

impl Told {
    /// Tells of properties.
    pub fn properties(&self, seen: Seen) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).properties = Some(seen);
    }

    /// Tells of collections and ids.
    pub fn lists(&self, seen: Seen) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lists = Some(seen);
    }

    /// What was told of properties, and of collections and ids; `None`: nothing is missing, or there are no Items.
    pub fn take(&self) -> [Option<Seen>; 2] {
        let both = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        [both.properties, both.lists]
    }
}
