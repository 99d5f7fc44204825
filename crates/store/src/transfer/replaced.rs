//! What goes with a file that is replaced.

use std::ops::ControlFlow;
use std::sync::Arc;

use stacyard_model::ObjectKind;

use crate::changes::Tally;
use crate::check::{Checker, Keyed, Notes, Outcome, Rules};
use crate::pipeline::ordered;
use crate::report::Progress;
use crate::seen::{SEEN_MEMORY, Seen};
use crate::transfer::asked::Transfer;
use crate::transfer::collected::Collected;
use crate::{Batch, Error, Source};

impl Transfer<'_> {
    /// Counts what goes with a file that is replaced: without the gate, as nothing of it is written. It may be replaced
    /// because it is broken.
    pub(super) fn count_replaced(
        &mut self,
        keys: &mut dyn Source,
        keyed: &Keyed,
        new: &Seen,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let name: Arc<str> = keys.name().into();
        self.run.observer.begin(&name, keys.size());
        let rules = Rules::default();
        let checker = || Checker::new(&rules, keyed, Arc::clone(&name));
        let mut seen = Seen::new(SEEN_MEMORY);
        let work = |checker: &mut Checker<'_>, batch: Batch| {
            let mut found = Vec::with_capacity(batch.records.len());
            let mut collections = Collected::default();
            let (mut notes, mut unreadable) = (Notes::new(&rules), 0_u64);
            for &record in &batch.records {
                let mut is_item = true;
                let outcome = checker.record(&batch, record, &mut notes, |item, _, _| {
                    // Without the gate all that is JSON passes.
                    is_item =
                        !matches!(ObjectKind::of(item), Some(ObjectKind::Collection | ObjectKind::Catalog));
                    if is_item {
                        collections.push(Some(item));
                    }
                    Ok(())
                })?;
                match outcome {
                    Outcome::Passed(_, key) if is_item => found.push(key),
                    Outcome::Passed(..) => {}
                    _ => unreadable += 1,
                }
            }
            checker.relax(&batch);
            Ok((found, collections, unreadable))
        };
        let mut read = 0;
        ordered(keys, self.run.threads, checker, work, |(found, collections, unreadable), position| {
            read += found.len() as u64;
            for (index, key) in found.into_iter().enumerate() {
                // What stands there twice is one Item more than can come.
                let is_first = seen.insert(key)?;
                let is_replaced = is_first && new.contains(&key)?;
                let counts = if is_replaced { &mut tally.replaced } else { &mut tally.went };
                collections.count(index, counts);
            }
            if unreadable > 0 {
                tally.went.add_unnamed(unreadable);
            }
            read += unreadable;
            self.run.observer.advance(Progress { read, rejected: 0, position });
            Ok(ControlFlow::Continue(()))
        })
    }
}
