//! What became of the records of a batch, once the sink has taken it.

use std::collections::VecDeque;
use std::sync::Arc;

use stacyard_model::ObjectKind;
use stacyard_model::json::Tape;

use crate::changes::Tally;
use crate::check::{Checker, Outcome, duplicate, refusal};
use crate::report::{Progress, Reject, Report};
use crate::seen::{SEEN_MEMORY, Seen};
use crate::transfer::asked::{Mode, Transfer};
use crate::transfer::collected::Collected;
use crate::transfer::encode::{Encoded, Fate};
use crate::transfer::said::unsound;
use crate::{Batch, Counts, Encoder, Error, Sink};

/// So many batches may be on their way into the store: their records are held until it is known what became of them.
pub(super) const MAX_UNSETTLED: usize = 4;

/// Whose Items they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Input,
    /// What the store holds already. It is not set aside: a store that is not sound stays as it is.
    Old,
}

/// What is counted on the way.
#[derive(Default)]
pub(super) struct Totals {
    /// What became of the input.
    pub(super) report: Report,
    /// What became of the store.
    pub(super) tally: Tally,
}

impl Totals {
    /// How far it is, at a place in the source.
    pub(super) fn progress(&self, position: u64) -> Progress {
        let taken_over = self.tally.stayed.total() + self.tally.replaced.total();
        Progress { read: self.report.read + taken_over, rejected: self.report.rejected, position }
    }
}

/// Batches on their way into the store.
pub(super) struct Unsettled<C> {
    /// Oldest first.
    pub(super) batches: VecDeque<Encoded<C>>,
    /// The keys of the Items that it has refused so far, where the mode asks for them ([`Mode::Ignore`]).
    refused: Seen,
}

impl<C> Default for Unsettled<C> {
    fn default() -> Self {
        Self { batches: VecDeque::new(), refused: Seen::new(SEEN_MEMORY) }
    }
}

impl Transfer<'_> {
    /// Settles the batches that the sink is done with; waits where there are more than `most` others.
    pub(super) fn settle_all<S: Sink>(
        &mut self,
        role: Role,
        again: &mut Checker<'_>,
        unsettled: &mut Unsettled<<S::Encoder as Encoder>::Chunk>,
        most: usize,
        sink: &mut S,
        totals: &mut Totals,
    ) -> Result<(), Error> {
        while !unsettled.batches.is_empty()
            && let Some(refused) = sink.settled(unsettled.batches.len() > most)?
            && let Some(mut encoded) = unsettled.batches.pop_front()
        {
            let keys = (self.mode == Mode::Ignore).then_some(&mut unsettled.refused);
            encoded.refuse(refused, keys)?;
            self.settle(role, again, &encoded, &unsettled.refused, totals)?;
        }
        Ok(())
    }

    /// Counts what became of the records of a batch, and sets aside what has to be.
    fn settle<C>(
        &mut self,
        role: Role,
        again: &mut Checker<'_>,
        encoded: &Encoded<C>,
        refused: &Seen,
        totals: &mut Totals,
    ) -> Result<(), Error> {
        let Totals { report, tally } = totals;
        let (name, batch) = (Arc::clone(&again.source), &encoded.batch);
        let collections = &encoded.collections;
        for (index, (&record, fate)) in batch.records.iter().zip(&encoded.fates).enumerate() {
            let taken = matches!(fate, Fate::Taken);
            if role == Role::Old {
                match fate {
                    Fate::Checked(Outcome::Passed(..) | Outcome::Present(_)) | Fate::Present => {
                        collections.count(index, &mut tally.stayed);
                    }
                    Fate::Checked(Outcome::Filtered) => collections.count(index, &mut tally.went),
                    Fate::Taken => collections.count(index, &mut tally.replaced),
                    Fate::Checked(Outcome::Rejected(_)) => {
                        let findings = again.findings(batch, record)?;
                        return Err(unsound(&Reject::of(&name, batch, record, &findings)));
                    }
                    Fate::Repeated(_) => {
                        let findings = duplicate(batch, record, false);
                        return Err(unsound(&Reject::of(&name, batch, record, &findings)));
                    }
                    Fate::Refused(problem) => {
                        let findings = refusal(batch, record, problem.clone());
                        return Err(unsound(&Reject::of(&name, batch, record, &findings)));
                    }
                }
                continue;
            }
            report.read += 1;
            match fate {
                Fate::Checked(Outcome::Passed(kind, _)) => {
                    if *kind == ObjectKind::Item {
                        report.written += 1;
                        collections.count(index, &mut tally.taken);
                    }
                    *report.objects.entry(kind.to_string()).or_default() += 1;
                }
                Fate::Checked(Outcome::Filtered) => report.filtered += 1,
                Fate::Checked(Outcome::Rejected(Some(findings))) => {
                    self.set_aside(&Reject::of(&name, batch, record, findings), report)?;
                }
                Fate::Checked(Outcome::Rejected(None)) => {
                    let findings = again.findings(batch, record)?;
                    self.set_aside(&Reject::of(&name, batch, record, &findings), report)?;
                }
                Fate::Present | Fate::Checked(Outcome::Present(_)) => report.present += 1,
                Fate::Refused(problem) => {
                    let findings = refusal(batch, record, problem.clone());
                    self.set_aside(&Reject::of(&name, batch, record, &findings), report)?;
                }
                // The first of them is not in the store: then the later one is not dropped without a word.
                Fate::Repeated(key) if self.mode == Mode::Ignore && !refused.contains(key)? => {
                    report.dropped += 1;
                }
                Fate::Taken if self.mode == Mode::Ignore => report.dropped += 1,
                Fate::Taken | Fate::Repeated(_) => {
                    tally.repeated += u64::from(taken);
                    let findings = duplicate(batch, record, taken);
                    self.set_aside(&Reject::of(&name, batch, record, &findings), report)?;
                }
            }
        }
        Ok(())
    }

    /// Sets Items aside that had been taken: another writer was faster.
    pub(super) fn settle_late(&mut self, late: &Batch, totals: &mut Totals) -> Result<(), Error> {
        let Totals { report, tally } = totals;
        let (mut tape, mut collections) = (Tape::new(), Collected::default());
        let mut gone = Counts::default();
        for (index, &record) in late.records.iter().enumerate() {
            collections.push(tape.parse(record.of(late)).ok());
            collections.count(index, &mut gone);
            report.written = report.written.saturating_sub(1);
            if self.mode == Mode::Ignore {
                report.dropped += 1;
                continue;
            }
            tally.repeated += 1;
            let findings = duplicate(late, record, true);
            self.set_aside(&Reject::of("input", late, record, &findings), report)?;
        }
        tally.taken = tally.taken.without(&gone);
        Ok(())
    }

    pub(super) fn set_aside(&mut self, reject: &Reject<'_>, report: &mut Report) -> Result<(), Error> {
        report.count_reject(reject.findings);
        reject.set_aside(self.run.rejects.as_deref_mut(), self.run.observer)
    }
}
