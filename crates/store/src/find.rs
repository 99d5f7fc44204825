//! A search over any source: all of it is read, and what answers is put in order. What a store prunes before, it
//! prunes in its source.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use stacyard_model::json::Value;
use stacyard_model::{Gate, ObjectKind};
use stacyard_search::{Aggregation, Aggregator, Compiled};

use crate::check::{Accept, Check, Checker, Keyed, Known, Notes, Outcome, Rules};
use crate::pipeline::ordered;
use crate::report::{Findings, Progress, Reject, Report};
use crate::run::Run;
use crate::sort::{Hits, Sorted, Sorter};
use crate::{Batch, Error, Source};

/// A query on its way to a [`Backend`](crate::Backend): compiled for it, with the part of the answer that is wanted, and how it
/// is run. Made by [`Store`](crate::Store).
pub struct Find<'a> {
    /// The query.
    pub search: Arc<Compiled>,
    /// What records have to pass that have not passed the gate.
    pub check: Check,
    /// Only Items after this place in the order, which is that of the last one of the page before
    /// ([`Compiled::sort_key`]). Whatever comes and goes meanwhile, no Item is seen twice, and none that stays is missed.
    pub after: Option<Vec<u8>>,
    /// How many Items are wanted, the first in the order.
    pub first: Option<u64>,
    /// How it is run.
    pub run: Run<'a>,
}

impl<'a> Find<'a> {
    /// All that answers, of records that have to pass the gate.
    pub fn new(search: Arc<Compiled>, run: Run<'a>) -> Self {
        let check = Check { gate: Some(Gate::default()), accept: Accept::Collections, ..Check::default() };
        Self { search, check, after: None, first: None, run }
    }

    /// Reads all of `source`; gives the answer in the order of the search.
    ///
    /// # Errors
    /// When the source cannot be read, or the search has a property that no Item has.
    pub fn over(self, source: &mut dyn Source, known: Known) -> Result<(Sorted, Report), Error> {
        let mut sorter = Sorter::new(self.run.memory, self.first).until(self.search.stop());
        let (search, after) = (Arc::clone(&self.search), self.after.clone());
        let look = |hits: &mut Hits, item: Value<'_>, key: &mut Vec<u8>| {
            if !search.is_after(item, after.as_deref(), key)? {
                return Ok(false);
            }
            hits.try_push(key, |out| {
                item.write_compact(out);
                Ok(())
            })?;
            Ok(true)
        };
        let report = self.each(source, known, Hits::default, look, |hits| sorter.push(hits))?;
        Ok((sorter.finish(source.name())?, report))
    }

    /// Reads all of `source`; counts what answers: `answered` of the report.
    ///
    /// # Errors
    /// As [`Find::over`].
    pub fn count_over(self, source: &mut dyn Source, known: Known) -> Result<Report, Error> {
        self.each(source, known, || (), |(), _, _| Ok(true), |()| Ok(()))
    }

    /// Reads all of `source`; gives what the Items that answer say together.
    ///
    /// # Errors
    /// As [`Find::over`]; and what cannot be aggregated.
    pub fn aggregate_over(
        self,
        source: &mut dyn Source,
        known: Known,
        wanted: &[Aggregation],
    ) -> Result<(Aggregator, Report), Error> {
        let mut whole = self.search.aggregator(wanted)?;
        let empty = whole.clone();
        let add = |part: &mut Aggregator, item: Value<'_>, _: &mut Vec<u8>| {
            part.add(item)?;
            Ok(true)
        };
        let report = self.each(source, known, || empty.clone(), add, |part| Ok(whole.merge(part)?))?;
        Ok((whole, report))
    }

    /// Hands each Item that answers to `look` with a part, one for each batch, and some room for its place; the parts to `take` in
    /// order. `look` says whether it took the Item.
    fn each<Part: Send>(
        self,
        source: &mut dyn Source,
        known: Known,
        part: impl Fn() -> Part + Sync,
        look: impl Fn(&mut Part, Value<'_>, &mut Vec<u8>) -> Result<bool, Error> + Sync,
        mut take: impl FnMut(Part) -> Result<(), Error>,
    ) -> Result<Report, Error> {
        let started = Instant::now();
        let Self { search, check, run: Run { threads, mut rejects, observer, .. }, .. } = self;
        let name: Arc<str> = source.name().into();
        observer.begin(&name, source.size());
        let keyed = Keyed::default();
        let rules = Rules::new(check, Some(Arc::clone(&search)), known);
        let mut report = Report::default();
        let mut notes = Notes::new(&rules);
        let checker = || Checker::new(&rules, &keyed, Arc::clone(&name));
        let mut again = checker();
        let work = |checker: &mut Checker<'_>, batch| found(checker, batch, part(), &look);
        ordered(source, threads, checker, work, |found, position| {
            search.check_stop()?;
            report.read += found.read;
            report.filtered += found.filtered;
            for (index, findings) in found.rejects {
                let record = found.batch.records[index];
                let findings = findings.map_or_else(|| again.findings(&found.batch, record), Ok)?;
                report.count_reject(&findings);
                let reject = Reject::of(&name, &found.batch, record, &findings);
                reject.set_aside(rejects.as_deref_mut(), observer)?;
            }
            notes.append(found.notes)?;
            take(found.part)?;
            observer.advance(Progress { read: report.read, rejected: report.rejected, position });
            Ok(ControlFlow::Continue(()))
        })?;
        report.answered = report.read - report.filtered - report.rejected;
        report.notes = notes.conclude(&rules)?;
        report.warnings = notes.warnings;
        let (collections, rejected) = notes.collections.by_id();
        report.found_collections = collections;
        for unkept in &rejected {
            let reject = unkept.reject();
            report.count_reject(reject.findings);
            reject.set_aside(rejects.as_deref_mut(), observer)?;
        }
        report.notes.extend(source.notes());
        report.seconds = started.elapsed().as_secs_f64();
        Ok(report)
    }

    /// Sets the Items of a batch aside, none of which is valid: a store has met them where it looks for the first few by itself.
    ///
    /// # Errors
    /// When they cannot be written where rejects go.
    pub fn set_aside(&mut self, source: &str, batch: &Batch) -> Result<(), Error> {
        let (name, keyed, rules) = (Arc::from(source), Keyed::default(), Rules::from(self.check.clone()));
        let mut checker = Checker::new(&rules, &keyed, Arc::clone(&name));
        for &record in &batch.records {
            let findings = checker.findings(batch, record)?;
            let reject = Reject::of(&name, batch, record, &findings);
            reject.set_aside(self.run.rejects.as_deref_mut(), self.run.observer)?;
        }
        Ok(())
    }
}

/// What a worker has found in a batch.
struct Found<Part> {
    part: Part,
    read: u64,
    filtered: u64,
    /// Which records are set aside, and why; [`Outcome::Rejected`].
    rejects: Vec<(usize, Option<Box<Findings>>)>,
    /// The batch, where records of it are set aside.
    batch: Batch,
    notes: Notes,
}

fn found<Part>(
    checker: &mut Checker<'_>,
    batch: Batch,
    part: Part,
    look: &impl Fn(&mut Part, Value<'_>, &mut Vec<u8>) -> Result<bool, Error>,
) -> Result<Found<Part>, Error> {
    let read = batch.records.len() as u64;
    let notes = Notes::new(checker.rules);
    let mut found = Found { part, read, filtered: 0, rejects: Vec::new(), batch: Batch::default(), notes };
    let (mut key, mut left) = (Vec::new(), 0);
    for (index, &record) in batch.records.iter().enumerate() {
        let part = &mut found.part;
        let outcome = checker.record(&batch, record, &mut found.notes, |item, _, _| {
            left += u64::from(!look(part, item, &mut key)?);
            Ok(())
        })?;
        match outcome {
            Outcome::Passed(ObjectKind::Item, _) => {}
            Outcome::Passed(..) => found.read -= 1,
            Outcome::Filtered | Outcome::Present(_) => found.filtered += 1,
            Outcome::Rejected(findings) => found.rejects.push((index, findings)),
        }
    }
    found.filtered += left;
    checker.relax(&batch);
    if !found.rejects.is_empty() {
        found.batch = batch;
    }
    Ok(found)
}
