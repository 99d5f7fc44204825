//! The parts of Items that are written where some fields are asked for, and which names in it none of them has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stacyard_model::json::Value;
use stacyard_search::Fields;
use stacyard_store::WriteItem;

/// Writes parts of Items, and notes which of the names lead to something.
pub struct Parts {
    fields: Fields,
    /// One for each of the names.
    found: Vec<AtomicBool>,
}

impl Parts {
    /// Of what is wanted, if it is not all.
    pub fn of(fields: Fields) -> Option<Arc<Self>> {
        let found = fields.asked().iter().map(|_| AtomicBool::new(false)).collect();
        (!fields.is_all()).then(|| Arc::new(Self { fields, found }))
    }

    /// What writes an Item.
    pub fn writer(self: &Arc<Self>) -> WriteItem {
        let parts = Arc::clone(self);
        Box::new(move |item, out| parts.write(item, out))
    }

    /// Writes the parts of an Item.
    pub fn write(&self, item: Value<'_>, out: &mut Vec<u8>) {
        for (name, found) in self.fields.asked().iter().zip(&self.found) {
            if !found.load(Ordering::Relaxed) && Fields::is_in(name, item) {
                found.store(true, Ordering::Relaxed);
            }
        }
        self.fields.write(item, out);
    }

    /// The names that no Item has had that was written.
    pub fn missing(&self) -> Vec<&str> {
        let names = self.fields.asked().iter().zip(&self.found);
        names.filter(|(_, found)| !found.load(Ordering::Relaxed)).map(|(name, _)| name.as_str()).collect()
    }
}
