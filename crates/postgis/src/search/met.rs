//! Names that Items of a store were seen to have. While it is open they stay known, so that not each page of an answer asks for them
//! again; a name that was not seen is asked for each time, as an Item with it may have come.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use stacyard_search::Types;

/// How many of each are kept.
const MOST: usize = 4096;

/// What was seen so far.
#[derive(Default)]
pub(crate) struct Met {
    /// Properties, with the types of their values.
    properties: Mutex<HashMap<String, Types>>,
    collections: Mutex<HashSet<String>>,
}

impl Met {
    /// The types of values of a property that were seen, if they are all that a search wants to know.
    pub(crate) fn property(&self, name: &str, wanted: Types) -> Option<Types> {
        let properties = self.properties.lock().unwrap_or_else(PoisonError::into_inner);
        let types = *properties.get(name)?;
        (wanted.is_empty() || types.meets(wanted)).then_some(types)
    }

    /// Notes that a property has values of these types.
    pub(crate) fn note_property(&self, name: &str, types: Types) {
        let mut properties = self.properties.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = properties.get_mut(name) {
            *seen = seen.and(types);
        } else if properties.len() < MOST && !types.is_empty() {
            properties.insert(name.to_owned(), types);
        }
    }

    /// Whether a collection has been seen.
    pub(crate) fn has_collection(&self, name: &str) -> bool {
        self.collections.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Notes that Items belong to a collection.
    pub(crate) fn note_collection(&self, name: &str) {
        let mut collections = self.collections.lock().unwrap_or_else(PoisonError::into_inner);
        if collections.len() < MOST {
            collections.insert(name.to_owned());
        }
    }
}
