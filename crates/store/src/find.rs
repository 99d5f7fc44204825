//! A search over any source: all of it is read, and what answers is put in order. What a store prunes before, it
//! prunes in its source.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use stacyard_model::ObjectKind;
use stacyard_search::Compiled;

use crate::check::{Check, Checker, Keyed, Notes, Outcome};
use crate::copy::{Copy, Mode, Old, set_aside};
use crate::output::Output;
use crate::pipeline::ordered;
use crate::report::{Findings, Observer, Progress, Reject, Report};
use crate::sort::{Hits, Sorted, Sorter};
use crate::{Batch, Collections, Error, Nowhere, Source};

/// How many bytes of Items are held in memory while they are sorted (128 MiB).
pub const SORT_MEMORY: usize = 128 << 20;

/// A search to be made.
pub struct Find<'a> {
    /// What each record has to pass, the search among it.
    pub check: Check,
    /// The search: for the order.
    pub search: Arc<Compiled>,
    /// How many Items are wanted.
    pub max_items: Option<u64>,
    /// Only Items behind this place in the order, which is that of the last one of the page before
    /// ([`Compiled::sort_key`]); of no matter for a count. Whatever comes and goes meanwhile, no Item is seen twice, and none that stays is missed.
    pub after: Option<Vec<u8>>,
    /// How many bytes of Items are held while they are sorted: [`SORT_MEMORY`].
    pub memory: usize,
    /// How many threads work on it.
    pub threads: usize,
    /// Where records that are set aside are written to.
    pub rejects: Option<&'a mut Output>,
    /// Who looks on.
    pub observer: &'a mut dyn Observer,
}

impl Find<'_> {
    /// Reads all of `source`; gives the answer in the order of the search.
    ///
    /// # Errors
    /// When the source cannot be read, or the search has a property that no Item has.
    pub fn run(mut self, source: &mut dyn Source) -> Result<(Sorted, Report), Error> {
        let started = Instant::now();
        let name: Arc<str> = source.name().into();
        self.observer.begin(&name, source.size());
        let keyed = Keyed::default();
        let mut sorter = Sorter::new(self.memory, self.max_items).until(self.search.deadline());
        let mut report = Report::default();
        let mut notes = Notes::new(&self.check);
        let (check, search, after) = (&self.check, &*self.search, self.after.as_deref());
        let checker = || Checker::new(check, &keyed, Arc::clone(&name));
        let mut again = checker();
        let (rejects, observer) = (&mut self.rejects, &mut *self.observer);
        let work = |checker: &mut Checker<'_>, batch| look(checker, (search, after), batch);
        ordered(source, self.threads, checker, work, |found, position| {
            search.check_time()?;
            report.read += found.read;
            report.filtered += found.filtered;
            for (index, findings) in found.rejects {
                let record = found.batch.records[index];
                let findings = findings.map_or_else(|| again.findings(&found.batch, record), Ok)?;
                report.count_reject(&findings);
                let reject = Reject::of(&name, &found.batch, record, &findings);
                set_aside(&reject, rejects.as_deref_mut(), observer)?;
            }
            notes.append(found.notes)?;
            sorter.push(found.hits)?;
            observer.advance(Progress { read: report.read, rejected: report.rejected, position });
            Ok(ControlFlow::Continue(()))
        })?;
        report.notes = notes.conclude(check)?;
        report.warnings = notes.warnings;
        let (collections, rejected) = notes.collections.by_id();
        report.found_collections = collections;
        for unkept in &rejected {
            let reject = unkept.reject(&name);
            report.count_reject(reject.findings);
            set_aside(&reject, rejects.as_deref_mut(), observer)?;
        }
        report.notes.extend(source.notes());
        let answer = sorter.finish(&name)?;
        report.seconds = started.elapsed().as_secs_f64();
        Ok((answer, report))
    }

    /// Sets the Items of a batch aside, none of which is valid: a store has met them where it looks for the first few by itself.
    ///
    /// # Errors
    /// When they cannot be written where rejects go.
    pub fn set_aside(&mut self, source: &str, batch: &Batch) -> Result<(), Error> {
        let (name, keyed) = (Arc::from(source), Keyed::default());
        let mut checker = Checker::new(&self.check, &keyed, Arc::clone(&name));
        for &record in &batch.records {
            let findings = checker.findings(batch, record)?;
            let reject = Reject::of(&name, batch, record, &findings);
            set_aside(&reject, self.rejects.as_deref_mut(), self.observer)?;
        }
        Ok(())
    }

    /// Reads all of `source`; counts what answers.
    ///
    /// # Errors
    /// As [`Find::run`].
    pub fn count(self, source: Box<dyn Source>) -> Result<Report, Error> {
        let Self { check, threads, rejects, observer, .. } = self;
        let copy = Copy {
            check,
            mode: Mode::Insert,
            unique: false,
            must_lose_nothing: false,
            collections: Collections::new(),
            old_collections: Collections::new(),
            threads,
            rejects,
            observer,
        };
        copy.run(source, Old::Nothing, Nowhere)
    }
}

/// What a worker has found in a batch.
struct Found {
    hits: Hits,
    read: u64,
    filtered: u64,
    /// Which records are set aside, and why; [`Outcome::Rejected`].
    rejects: Vec<(usize, Option<Box<Findings>>)>,
    /// The batch, where records of it are set aside.
    batch: Batch,
    notes: Notes,
}

fn look(
    checker: &mut Checker<'_>,
    (search, after): (&Compiled, Option<&[u8]>),
    batch: Batch,
) -> Result<Found, Error> {
    let read = batch.records.len() as u64;
    let notes = Notes::new(checker.check);
    let mut found = Found {
        hits: Hits::default(),
        read,
        filtered: 0,
        rejects: Vec::new(),
        batch: Batch::default(),
        notes,
    };
    let mut key = Vec::new();
    let mut passed = 0;
    for (index, &record) in batch.records.iter().enumerate() {
        let hits = &mut found.hits;
        let outcome = checker.record(&batch, record, &mut found.notes, |item, _, _| {
            key.clear();
            search.sort_key(item, &mut key).map_err(|e| Error::failed(e.to_string()))?;
            if after.is_some_and(|after| key.as_slice() <= after) {
                passed += 1;
                return Ok(());
            }
            hits.try_push(&key, |out| {
                item.write_compact(out);
                Ok(())
            })
        })?;
        match outcome {
            Outcome::Passed(ObjectKind::Item, _) => {}
            Outcome::Passed(..) => found.read -= 1,
            Outcome::Filtered => found.filtered += 1,
            Outcome::Rejected(findings) => found.rejects.push((index, findings)),
        }
    }
    found.filtered += passed;
    checker.relax(&batch);
    if !found.rejects.is_empty() {
        found.batch = batch;
    }
    Ok(found)
}
