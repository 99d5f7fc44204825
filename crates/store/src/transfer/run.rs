//! A transfer from its beginning to its end.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use stacyard_model::{Gate, ObjectKind};

use crate::check::{Check, Checker, Keyed, Notes, Outcome, Rules, Wants};
use crate::output::Output;
use crate::pipeline::ordered;
use crate::seen::{SEEN_MEMORY, Seen};
use crate::transfer::asked::{Mode, Old, Transfer};
use crate::transfer::encode::{Earlier, Encoding, Fate};
use crate::transfer::said::{replaced_by_nothing, there_already};
use crate::transfer::settle::{MAX_UNSETTLED, Role, Totals, Unsettled};
use crate::{CollectionChanges, Error, ErrorKind, Finished, Report, Sink, Source};

impl Transfer<'_> {
    /// Writes `input` into `sink`, with the `old` content of the store.
    ///
    /// # Errors
    /// When the source cannot be read, the sink not be written, or the old content is not valid. Nothing is changed
    /// then.
    pub fn run<S: Sink>(mut self, input: Box<dyn Source>, old: Old, mut sink: S) -> Result<Report, Error> {
        let started = Instant::now();
        if sink.shows() {
            self.run.observer.writes(sink.landed());
        }
        let mut legs = vec![(Role::Input, input)];
        let (mut replaced, mut leaving) = (None, None);
        match old {
            Old::Nothing => {}
            // The first of two stays: with Upsert that is the new one.
            Old::Merged(old) => legs.insert(usize::from(self.mode == Mode::Upsert), (Role::Old, old)),
            Old::Replaced { keys, may_end_empty } => replaced = Some((keys, may_end_empty)),
            Old::Compared(keys) => leaving = Some(keys),
        }
        let keyed = Keyed::default();
        let sole = legs.len() == 1;
        let mut totals = Totals::default();
        let mut prior = Seen::new(SEEN_MEMORY);
        for (role, mut source) in legs {
            let before = Earlier { keyed: &keyed, seen: &prior, is_only_leg: sole };
            match self.leg(role, source.as_mut(), before, &mut sink, &mut totals) {
                // At most one leg is to come, so that it has to know of this one alone.
                Ok(seen) => prior = seen,
                // Whoever reads has had enough, which is no failure: what was set aside so far is kept.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    self.keep_rejects()?;
                    return Err(error);
                }
                // What has gone in stays; then what was set aside does too.
                Err(error) => {
                    if sink.is_gradual() {
                        self.keep_rejects()?;
                    }
                    return Err(error);
                }
            }
        }
        let mut is_known = true;
        if let Some((keys, may_end_empty)) = replaced {
            if totals.report.written == 0 && !may_end_empty {
                return Err(replaced_by_nothing(&totals.report));
            }
            let looked =
                keys.map(|mut keys| self.count_replaced(keys.as_mut(), &keyed, &prior, &mut totals.tally));
            is_known = looked.is_some_and(|looked| looked.is_ok());
        }
        let (is_gradual, shows) = (sink.is_gradual(), sink.shows());
        self.take_away(leaving, &mut sink, &totals)?;
        if !is_gradual {
            self.run.stop.check()?;
        }
        if self.must_lose_nothing && totals.report.rejected > 0 && self.run.rejects.is_none() {
            return Err(Self::would_lose(totals.report.rejected));
        }
        let changed = self.keep_collections(&mut sink, &mut totals)?;
        if !is_gradual && self.changes_nothing(&totals, &changed) {
            // What was written goes with the sink.
            self.keep_rejects()?;
            let (all, by_collection) = totals.tally.changes(true);
            let seconds = started.elapsed().as_secs_f64();
            return Ok(Report { changes: Some(all), by_collection, seconds, ..totals.report });
        }
        if self.must_lose_nothing && !changed.left_out.is_empty() {
            let ids = changed.left_out.join(", ");
            return Err(Error::failed(format!(
                "Collections that have no place would be gone for good: {ids}"
            ))
            .remedy("nothing was replaced")
            .also("copy to another file, and keep this one"));
        }
        // What was set aside is safe before the rest becomes visible, but its file is the old one until then.
        // What has gone into a database is there whatever becomes of them.
        if let Some(rejects) = self.run.rejects.as_deref().filter(|_| shows && !is_gradual) {
            rejects.prepare()?;
        }
        // They would be nowhere else once the source is replaced: a process that is killed there must not take them along.
        if self.must_lose_nothing {
            self.keep_rejects()?;
        }
        sink.has_set_aside(totals.report.rejected);
        let Finished { bytes, before, collections, late, notes } = match sink.finish() {
            Err(error) if is_gradual || error.is_unsure() => {
                self.keep_rejects()?;
                return Err(error);
            }
            finished => finished?,
        };
        self.run.observer.committed();
        self.settle_late(&late, &mut totals)?;
        if shows {
            self.keep_rejects()?;
        }
        let Totals { mut report, mut tally } = totals;
        report.notes.extend(notes);
        if self.mode == Mode::Insert && shows && tally.repeated > 0 {
            report.notes.push(there_already(tally.repeated, is_gradual));
        }
        report.bytes = bytes;
        report.collections = collections.unwrap_or(changed);
        let counts_rest = !is_gradual && !before.as_ref().is_some_and(|before| before.has_others);
        if let Some(before) = before {
            (tally.replaced, tally.went, is_known) = (before.replaced, before.went, true);
        }
        if shows && is_known {
            let (all, by_collection) = tally.changes(counts_rest);
            (report.changes, report.by_collection) = (Some(all), by_collection);
        }
        report.seconds = started.elapsed().as_secs_f64();
        Ok(report)
    }

    /// Takes away what has not come, where the store is compared with the input, and by itself finds what others take the place of.
    fn take_away(
        &mut self,
        leaving: Option<Box<dyn Source>>,
        sink: &mut impl Sink,
        totals: &Totals,
    ) -> Result<(), Error> {
        let Some(comparison) = self.check.wants.compared().cloned() else { return Ok(()) };
        if comparison.would_empty() {
            return Err(replaced_by_nothing(&totals.report));
        }
        match leaving {
            Some(mut keys) => {
                // It is compared, even if nothing goes.
                sink.take_away(Vec::new())?;
                comparison.leaving(keys.as_mut(), &mut self.run, |items| sink.take_away(items))
            }
            None => Ok(()),
        }
    }

    /// Whether a file that was compared with the input is as it would become: then it is left alone.
    fn changes_nothing(&self, totals: &Totals, collections: &CollectionChanges) -> bool {
        self.check.wants.compared().is_some_and(|comparison| comparison.gone() == 0)
            && totals.report.written == 0
            && collections.new.is_empty()
            && collections.changed.is_empty()
    }

    fn keep_rejects(&mut self) -> Result<(), Error> {
        self.run.rejects.as_deref_mut().map_or(Ok(()), Output::commit_or_keep)
    }

    /// Reads a source to its end; gives the keys of the Items that it had.
    fn leg<S: Sink>(
        &mut self,
        role: Role,
        source: &mut dyn Source,
        earlier: Earlier<'_>,
        sink: &mut S,
        totals: &mut Totals,
    ) -> Result<Seen, Error> {
        let name: Arc<str> = source.name().into();
        let rules = match role {
            Role::Input => Rules::new(self.check.clone(), self.search.clone(), self.known),
            Role::Old => {
                // All of the store meets its profile.
                let profile = self.check.gate.as_ref().and_then(Gate::profile).cloned();
                let compared = self.check.wants.compared();
                let wants = compared.map_or_else(Wants::default, |it| Wants::Coming(Arc::clone(it)));
                let gate = Some(Gate::default().with_profile(profile));
                Check { gate, wants, ..Check::default() }.into()
            }
        };
        self.run.observer.begin(&name, source.size());
        let encoder = sink.encoder();
        let encoding = Encoding { encoder: &*encoder, earlier };
        let checker = || Checker::new(&rules, earlier.keyed, Arc::clone(&name));
        let mut again = checker();
        let (mut seen, mut present) = (Seen::new(SEEN_MEMORY), Seen::new(SEEN_MEMORY));
        let mut notes = Notes::new(&rules);
        let unique = self.unique;
        let mut unsettled = Unsettled::default();
        let work = |checker: &mut Checker<'_>, batch| encoding.encode(checker, batch, &[]);
        ordered(source, self.run.threads, checker, work, |mut encoded, position| {
            self.run.stop.check()?;
            let mut repeated = Vec::new();
            for (index, fate) in encoded.fates.iter().enumerate() {
                let (key, is_new) = match fate {
                    Fate::Checked(Outcome::Passed(ObjectKind::Item, key)) if unique => {
                        (key, !present.contains(key)? && seen.insert(*key)?)
                    }
                    // It stays where it is, so that it is none of those that are written here.
                    Fate::Checked(Outcome::Present(key)) => {
                        (key, !seen.contains(key)? && present.insert(*key)?)
                    }
                    _ => continue,
                };
                if !is_new {
                    repeated.push((index, *key));
                }
            }
            if !repeated.is_empty() {
                let notes = std::mem::take(&mut encoded.notes);
                encoded = encoding.encode(&mut again, encoded.batch, &repeated)?;
                encoded.notes = notes;
            }
            sink.write(std::mem::take(&mut encoded.chunk))?;
            notes.append(std::mem::take(&mut encoded.notes))?;
            unsettled.batches.push_back(encoded);
            self.settle_all(role, &mut again, &mut unsettled, MAX_UNSETTLED, sink, totals)?;
            self.run.observer.advance(totals.progress(position));
            Ok(ControlFlow::Continue(()))
        })?;
        self.settle_all(role, &mut again, &mut unsettled, 0, sink, totals)?;
        let report = &mut totals.report;
        report.notes.extend(source.notes());
        if role == Role::Input {
            report.notes.extend(notes.conclude(&rules)?);
            report.warnings = notes.warnings;
            let (collections, rejected) = notes.collections.by_id();
            report.found_collections = collections;
            report.fetched = source.fetched();
            report.read += report.fetched.map_or(0, |fetched| fetched.skipped);
            for unkept in &rejected {
                self.set_aside(&unkept.reject(), report)?;
            }
        }
        Ok(seen)
    }
}
