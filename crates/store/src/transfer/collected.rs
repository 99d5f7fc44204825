//! The collections of the records of a batch.

use stacyard_model::json::Value;

use crate::check::collection_of;
use crate::{Counts, MAX_COLLECTIONS};

/// Of which collections the records of a batch are: few names and many numbers.
#[derive(Default)]
pub(super) struct Collected {
    names: Vec<String>,
    /// For each record the place of its name.
    places: Vec<u32>,
}

/// Of records that are no Items, and of Items of more collections than are counted.
const UNNAMED: u32 = u32::MAX;

impl Collected {
    /// Notes the next record; `None`: it is no Item.
    pub(super) fn push(&mut self, item: Option<Value<'_>>) {
        let place = item.map_or(UNNAMED, |item| {
            let name = collection_of(item).unwrap_or_default();
            // Most Items have the collection of the one before.
            let last = self.places.last().copied().unwrap_or_default();
            if self.names.get(last as usize).is_some_and(|known| *known == name) {
                return last;
            }
            let place = self.names.iter().position(|known| *known == name).unwrap_or(self.names.len());
            if place == self.names.len() {
                if place > MAX_COLLECTIONS {
                    return UNNAMED;
                }
                self.names.push(name.into_owned());
            }
            u32::try_from(place).unwrap_or(UNNAMED)
        });
        self.places.push(place);
    }

    /// Counts one of the records with those of its collection.
    pub(super) fn count(&self, record: usize, counts: &mut Counts) {
        match self.places.get(record).and_then(|&place| self.names.get(place as usize)) {
            Some(name) => counts.add(name, 1),
            None => counts.add_unnamed(1),
        }
    }
}
