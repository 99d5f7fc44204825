//! The parts of Items that are written where `--fields` asks for some, and which names in it none of them has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stacyard_model::json::Value;
use stacyard_search::Fields;
use stacyard_store::WriteItem;

use crate::console::report;
use crate::flags::Global;

/// Writes parts of Items, and notes which of the names lead to something.
pub(crate) struct Parts {
    fields: Fields,
    /// One for each of the names.
    found: Vec<AtomicBool>,
}

impl Parts {
    /// Of what is wanted, if it is not all.
    pub(crate) fn of(fields: Fields) -> Option<Arc<Self>> {
        let found = fields.asked().iter().map(|_| AtomicBool::new(false)).collect();
        (!fields.is_all()).then(|| Arc::new(Self { fields, found }))
    }

    /// What writes an Item.
    pub(crate) fn writer(self: &Arc<Self>) -> WriteItem {
        let parts = Arc::clone(self);
        Box::new(move |item, out| {
            parts.look(item);
            parts.fields.write(item, out);
        })
    }

    fn look(&self, item: Value<'_>) {
        for (name, found) in self.fields.asked().iter().zip(&self.found) {
            if !found.load(Ordering::Relaxed) && Fields::is_in(name, item) {
                found.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Says which names no Item has had, once so many have been written.
    pub(crate) fn warn(&self, global: &Global, written: u64) {
        let names = self.fields.asked().iter().zip(&self.found);
        let unknown: Vec<String> = names
            .filter(|(_, found)| !found.load(Ordering::Relaxed))
            .map(|(name, _)| format!("{name:?}"))
            .collect();
        if written > 0 && !unknown.is_empty() {
            let names = unknown.join(", ");
            report::warn(
                global,
                &format!("--fields: no Item that was written has {names}; check the spelling"),
            );
        }
    }
}
