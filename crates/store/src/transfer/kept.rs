//! The Collections that go with the Items.

use crate::collections::{CollectionChanges, merged};
use crate::transfer::asked::{Mode, Transfer};
use crate::transfer::settle::Totals;
use crate::{Error, Sink};

impl Transfer<'_> {
    /// Hands the Collections to the sink, and says what becomes of them in a file.
    pub(super) fn keep_collections<S: Sink>(
        &mut self,
        sink: &mut S,
        totals: &mut Totals,
    ) -> Result<CollectionChanges, Error> {
        let Totals { report, tally } = totals;
        let mut new = std::mem::take(&mut report.found_collections);
        if !sink.shows() {
            return Ok(CollectionChanges::default());
        }
        let is_file = !sink.is_gradual() && self.mode != Mode::Replace;
        if is_file && !new.is_empty() && report.read == new.len() as u64 && tally.stayed.total() == 0 {
            return Err(Self::only_collections(new.len()));
        }
        new.append(&mut std::mem::take(&mut self.collections));
        let old = std::mem::take(&mut self.old_collections);
        let mut changes = CollectionChanges::of(&old, &new, self.mode);
        let ids: Vec<String> = new.keys().cloned().collect();
        let kept = if sink.is_gradual() { new } else { merged(old, new, self.mode) };
        if !sink.keep(kept) {
            changes = CollectionChanges { left_out: ids, ..CollectionChanges::default() };
        }
        Ok(changes)
    }
}
