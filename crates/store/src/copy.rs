//! The way from a source through the gate into a sink: what `copy` and `validate` are, and how a search's answer is
//! written.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use stacyard_model::json::Value;
use stacyard_model::{Gate, ObjectKind};
use stacyard_search::Compiled;

use crate::changes::Tally;
use crate::check::{
    Check, Checker, Key, Keyed, Known, Notes, Outcome, Rules, collection_of, duplicate, refusal,
};
use crate::collections::{CollectionChanges, merged};
use crate::output::Output;
use crate::pipeline::ordered;
use crate::report::{Located, Observer, Problem, Progress, Reject, Report};
use crate::run::Run;
use crate::seen::{SEEN_MEMORY, Seen};
use crate::{
    Batch, Collections, Counts, Encoder, Error, ErrorKind, Finished, MAX_COLLECTIONS, Note, Refused, Remedy,
    Sink, Source, Why,
};

/// What happens when an Item is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The later one is set aside and reported.
    #[default]
    Insert,
    /// As `Insert`, to go on with one that was broken off: an Item that the store has exactly so was loaded before, and is
    /// no duplicate. Only stores that are [gradual](Sink::is_gradual) can have a part of an input.
    Resume,
    /// The later one is left out.
    Ignore,
    /// An Item of the input replaces that of the store. Within the input the first counts, as in `Insert`.
    Upsert,
    /// The whole content of the store is replaced by the input.
    Replace,
}

/// What the target holds before a copy.
pub enum Old {
    /// Nothing, or nothing that the copy has to look at: a database says for itself what it had.
    Nothing,
    /// Items that stay, but for those in the place of which the mode puts others.
    Merged(Box<dyn Source>),
    /// Items that all go, but for those in the place of which the input puts others.
    Replaced {
        /// The [keys](crate::Store::keys) of a file, if they can be read: they are counted.
        keys: Option<Box<dyn Source>>,
        /// Whether the store may be left without Items.
        may_end_empty: bool,
    },
}

/// A copy to be made.
pub struct Copy<'a> {
    /// What each record of the input has to pass.
    pub check: Check,
    /// The search that Items of the input have to answer.
    pub search: Option<Arc<Compiled>>,
    /// What happens when an Item is there already.
    pub mode: Mode,
    /// Whether an Item may be there only once. An answer to a search gives what the store holds.
    pub unique: bool,
    /// Whether it fails where a record that is set aside would be gone for good: a store is copied onto itself.
    pub must_lose_nothing: bool,
    /// The Collections that go with the Items, beside those among the records; those here count before these.
    pub collections: Collections,
    /// The Collections that a file keeps already. (A database says for itself what it had.)
    pub old_collections: Collections,
    /// How it is run.
    pub run: Run<'a>,
}

/// Whose Items they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Input,
    /// What the store holds already. It is not set aside: a store that is not sound stays as it is.
    Old,
}

impl Copy<'_> {
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
        let mut replaced = None;
        match old {
            Old::Nothing => {}
            // The first of two stays: with Upsert that is the new one.
            Old::Merged(old) => legs.insert(usize::from(self.mode == Mode::Upsert), (Role::Old, old)),
            Old::Replaced { keys, may_end_empty } => replaced = Some((keys, may_end_empty)),
        }
        let keyed = Keyed::default();
        let sole = legs.len() == 1;
        let (mut report, mut tally) = (Report::default(), Tally::default());
        let mut prior = Seen::new(SEEN_MEMORY);
        for (role, mut source) in legs {
            let counts = (&mut report, &mut tally);
            match self.leg(role, source.as_mut(), sole, (&keyed, &prior), &mut sink, counts) {
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
            if report.written == 0 && !may_end_empty {
                return Err(replaced_by_nothing(&report));
            }
            let looked = keys.map(|mut keys| self.look(keys.as_mut(), (&keyed, &prior), &mut tally));
            is_known = looked.is_some_and(|looked| looked.is_ok());
        }
        let (is_gradual, shows) = (sink.is_gradual(), sink.shows());
        if !is_gradual {
            self.run.stop.check()?;
        }
        if self.must_lose_nothing && report.rejected > 0 && self.run.rejects.is_none() {
            return Err(Self::would_lose(report.rejected));
        }
        let changed = self.keep_collections(&mut sink, &mut report, &tally)?;
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
        let Finished { bytes, before, collections, notes } = match sink.finish() {
            Err(error) if is_gradual || error.is_unsure() => {
                self.keep_rejects()?;
                return Err(error);
            }
            finished => finished?,
        };
        self.run.observer.committed();
        if shows {
            self.keep_rejects()?;
        }
        report.notes.extend(notes);
        if self.mode == Mode::Insert && shows && tally.repeated > 0 {
            report.notes.push(there_already(tally.repeated, is_gradual));
        }
        report.bytes = bytes;
        report.collections = collections.unwrap_or(changed);
        if let Some(before) = before {
            (tally.replaced, tally.went, is_known) = (before.replaced, before.went, true);
        }
        if shows && is_known {
            let (all, by_collection) = tally.changes(!is_gradual);
            (report.changes, report.by_collection) = (Some(all), by_collection);
        }
        report.seconds = started.elapsed().as_secs_f64();
        Ok(report)
    }

    /// Counts what goes with a file that is replaced: without the gate, as nothing of it is written. It may be replaced
    /// because it is broken.
    fn look(
        &mut self,
        keys: &mut dyn Source,
        (keyed, new): (&Keyed, &Seen),
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

    /// The error of so many Collections without an Item: a file of Items without any is no store of Collections.
    pub fn only_collections(number: usize) -> Error {
        let them = if number == 1 { "1 Collection".to_owned() } else { format!("{number} Collections") };
        Error::usage(
            format!("the input has {them} and no Item, and a file of Items needs some"),
            Remedy::from("copy Items with ").option(("collections-file", "FILE")).also(
                Remedy::from("into a .parquet file that is there: ")
                    .command("collections", &["STORE", "put", "FILE"]),
            ),
        )
    }

    /// The error of records that would be set aside and be gone for good.
    pub fn would_lose(records: u64) -> Error {
        let records = count_of(records);
        Error::failed(format!(
            "{records} that cannot stay (not valid, or there twice) would be gone for good"
        ))
        .remedy("nothing was replaced")
        .also(Remedy::setting(("rejects", "FILE")).text(" keeps what is set aside, with the reasons"))
    }

    /// Hands the Collections to the sink, and says what becomes of them in a file.
    fn keep_collections<S: Sink>(
        &mut self,
        sink: &mut S,
        report: &mut Report,
        tally: &Tally,
    ) -> Result<CollectionChanges, Error> {
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

    fn keep_rejects(&mut self) -> Result<(), Error> {
        self.run.rejects.as_deref_mut().map_or(Ok(()), Output::commit_or_keep)
    }

    fn leg<S: Sink>(
        &mut self,
        role: Role,
        source: &mut dyn Source,
        sole: bool,
        (keyed, prior): (&Keyed, &Seen),
        sink: &mut S,
        (report, tally): (&mut Report, &mut Tally),
    ) -> Result<Seen, Error> {
        let name: Arc<str> = source.name().into();
        let rules = match role {
            Role::Input => Rules::new(self.check.clone(), self.search.clone(), Known::default()),
            Role::Old => {
                // All of the store meets its profile.
                let profile = self.check.gate.as_ref().and_then(Gate::profile).cloned();
                Check { gate: Some(Gate::default().with_profile(profile)), ..Check::default() }.into()
            }
        };
        self.run.observer.begin(&name, source.size());
        let encoder = sink.encoder();
        let encoding = Encoding { encoder: &*encoder, prior, sole };
        let checker = || Checker::new(&rules, keyed, Arc::clone(&name));
        let mut again = checker();
        let mut seen = Seen::new(SEEN_MEMORY);
        let mut notes = Notes::new(&rules);
        let unique = self.unique;
        let mut unsettled = Unsettled { batches: VecDeque::new(), refused: Seen::new(SEEN_MEMORY) };
        let mut progress = Progress { read: report.read, rejected: report.rejected, position: 0 };
        let work = |checker: &mut Checker<'_>, batch| encoding.encode(checker, batch, &[]);
        ordered(source, self.run.threads, checker, work, |mut encoded, position| {
            self.run.stop.check()?;
            let mut repeated = Vec::new();
            for (index, fate) in encoded.fates.iter().enumerate() {
                if let Fate::Checked(Outcome::Passed(ObjectKind::Item, key)) = fate
                    && unique
                    && !seen.insert(*key)?
                {
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
            self.settle_all(role, &mut again, (&mut unsettled, MAX_UNSETTLED), sink, (report, tally))?;
            let taken_over = tally.stayed.total() + tally.replaced.total();
            progress = Progress { read: report.read + taken_over, rejected: report.rejected, position };
            self.run.observer.advance(progress);
            Ok(ControlFlow::Continue(()))
        })?;
        self.settle_all(role, &mut again, (&mut unsettled, 0), sink, (report, tally))?;
        report.notes.extend(source.notes());
        if role == Role::Input {
            report.notes.extend(notes.conclude(&rules)?);
            report.warnings = notes.warnings;
            let (collections, rejected) = notes.collections.by_id();
            report.found_collections = collections;
            for unkept in &rejected {
                self.set_aside(&unkept.reject(&name), report)?;
            }
        }
        Ok(seen)
    }

    /// Settles the batches that the sink is done with; waits where there are more than so many others.
    fn settle_all<S: Sink>(
        &mut self,
        role: Role,
        again: &mut Checker<'_>,
        (unsettled, most): (&mut Unsettled<<S::Encoder as Encoder>::Chunk>, usize),
        sink: &mut S,
        (report, tally): (&mut Report, &mut Tally),
    ) -> Result<(), Error> {
        while !unsettled.batches.is_empty()
            && let Some(refused) = sink.settled(unsettled.batches.len() > most)?
            && let Some(mut encoded) = unsettled.batches.pop_front()
        {
            let keys = (self.mode == Mode::Ignore).then_some(&mut unsettled.refused);
            encoded.refuse(refused, keys)?;
            self.settle(role, again, (&encoded, &unsettled.refused), (report, tally))?;
        }
        Ok(())
    }

    /// Counts what became of the records of a batch, and sets aside what has to be.
    fn settle<C>(
        &mut self,
        role: Role,
        again: &mut Checker<'_>,
        (encoded, refused): (&Encoded<C>, &Seen),
        (report, tally): (&mut Report, &mut Tally),
    ) -> Result<(), Error> {
        let (name, batch) = (Arc::clone(&again.source), &encoded.batch);
        let collections = &encoded.collections;
        for (index, (&record, fate)) in batch.records.iter().zip(&encoded.fates).enumerate() {
            let taken = matches!(fate, Fate::Taken);
            if role == Role::Old {
                match fate {
                    Fate::Checked(Outcome::Passed(..) | Outcome::Filtered) | Fate::Present => {
                        collections.count(index, &mut tally.stayed);
                    }
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
                Fate::Present => report.present += 1,
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

    fn set_aside(&mut self, reject: &Reject<'_>, report: &mut Report) -> Result<(), Error> {
        report.count_reject(reject.findings);
        set_aside(reject, self.run.rejects.as_deref_mut(), self.run.observer)
    }
}

/// What is said of Items that the store has, of which none is wanted twice.
fn there_already(items: u64, is_gradual: bool) -> Note {
    let they = if items == 1 {
        "1 Item was rejected: it is".to_owned()
    } else {
        format!("{items} Items were rejected: they are")
    };
    let modes = Remedy::setting(("mode", "ignore")).text(" leaves such Items out, ");
    let modes = modes.option(("mode", "upsert")).text(" puts them in the place of the old ones");
    let resume = Remedy::setting("resume").text(" goes on with a load that was broken off");
    Note {
        message: format!("{they} in the store already"),
        help: if is_gradual { modes.also(resume) } else { modes },
    }
}

/// A wrong input must not empty a store.
fn replaced_by_nothing(report: &Report) -> Error {
    let (cause, remedy) = if report.rejected > 0 {
        let cause = match report.rejected {
            1 => "the 1 record is not valid".to_owned(),
            records => format!("none of the {records} records is valid"),
        };
        let remedy = Remedy::call("validate", &[]).text(" says what is wrong with the input");
        (cause, remedy)
    } else if report.filtered > 0 {
        let message = "no Item of the input answers the search, and nothing would be left in the target";
        (message.to_owned(), "check the search flags".into())
    } else {
        let message = "there is no Item in the input, and nothing would be left in the target";
        (message.to_owned(), "check the input".into())
    };
    Error::failed(cause)
        .remedy("nothing was replaced")
        .also(remedy)
        .also(Remedy::setting("allow-empty").text(" empties the target"))
}

fn count_of(records: u64) -> String {
    if records == 1 { "the 1 record".to_owned() } else { format!("the {records} records") }
}

/// So many batches may be on their way into the store: their records are held until it is known what became of them.
const MAX_UNSETTLED: usize = 4;

/// Writes a reject where rejects go, and shows it.
pub(crate) fn set_aside(
    reject: &Reject<'_>,
    rejects: Option<&mut Output>,
    observer: &mut dyn Observer,
) -> Result<(), Error> {
    if let Some(output) = rejects {
        reject.write_json(&mut |piece| output.append(piece.as_bytes()))?;
        output.append(b"\n")?;
    }
    observer.reject(reject)
}

/// Old content that cannot be taken over.
fn unsound(reject: &Reject<'_>) -> Error {
    let problem = reject.findings.problems.first().map(ToString::to_string).unwrap_or_default();
    let is_of_profile = reject.findings.problems.iter().any(|problem| problem.rule.starts_with("profile-"));
    let profile = is_of_profile.then(|| ("profile", "FILE").into());
    let options = [("rejects", "REJECTS").into()].into_iter().chain(profile).collect();
    let message =
        format!("{}: the store's own Item is not valid: {problem}", Located(reject.source, reject.place));
    Error::new(ErrorKind::Damaged, &message).remedy(
        Remedy::from("copy what is valid to a new file first: ").command_with(
            "copy",
            &[reject.source, "NEW"],
            options,
        ),
    )
}

/// What became of a record on its way into a store.
enum Fate {
    Checked(Outcome),
    /// The Item has been written by an earlier leg, or is in the store already.
    Taken,
    /// This very Item is in the store already, from a load that was broken off.
    Present,
    /// The Item has been there before in the same leg.
    Repeated(Key),
    /// The store does not take the Item.
    Refused(Problem),
}

/// A batch, ready to be written.
struct Encoded<C> {
    batch: Batch,
    fates: Vec<Fate>,
    /// One for each of the fates.
    collections: Collected,
    notes: Notes,
    chunk: C,
}

/// Of which collections the records of a batch are: few names and many numbers.
#[derive(Default)]
struct Collected {
    names: Vec<String>,
    /// For each record the place of its name.
    places: Vec<u32>,
}

/// Of records that are no Items, and of Items of more collections than are counted.
const UNNAMED: u32 = u32::MAX;

impl Collected {
    fn push(&mut self, item: Option<Value<'_>>) {
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

    fn count(&self, record: usize, counts: &mut Counts) {
        match self.places.get(record).and_then(|&place| self.names.get(place as usize)) {
            Some(name) => counts.add(name, 1),
            None => counts.add_unnamed(1),
        }
    }
}

/// Batches on their way into the store.
struct Unsettled<C> {
    /// Oldest first.
    batches: VecDeque<Encoded<C>>,
    /// The keys of the Items that it has refused so far, where the mode asks for them ([`Mode::Ignore`]).
    refused: Seen,
}

impl<C> Encoded<C> {
    /// Notes what the store has not taken of the chunk, and the keys of those that it refuses for what they are.
    fn refuse(&mut self, refused: Vec<Refused>, mut keys: Option<&mut Seen>) -> Result<(), Error> {
        let is_item = |fate: &&mut Fate| matches!(fate, Fate::Checked(Outcome::Passed(ObjectKind::Item, _)));
        let mut items = self.fates.iter_mut().filter(is_item).enumerate();
        for Refused { item, why } in refused {
            if let Some((_, fate)) = items.find(|(index, _)| *index == item) {
                if let (Fate::Checked(Outcome::Passed(_, key)), Why::Wrong(_), Some(keys)) =
                    (&*fate, &why, &mut keys)
                {
                    keys.insert(*key)?;
                }
                *fate = match why {
                    Why::Taken => Fate::Taken,
                    Why::Present => Fate::Present,
                    Why::Wrong(problem) => Fate::Refused(problem),
                };
            }
        }
        Ok(())
    }
}

/// How batches are encoded.
struct Encoding<'a, E> {
    encoder: &'a E,
    /// What earlier legs have written: complete, so that workers can ask.
    prior: &'a Seen,
    /// Whether this leg is the only one: places in the file mean something to the sink then.
    sole: bool,
}

impl<E: Encoder> Encoding<'_, E> {
    /// Checks and encodes a batch, without the records that are known (in ascending order) to be `repeated`.
    fn encode(
        &self,
        checker: &mut Checker<'_>,
        batch: Batch,
        mut repeated: &[(usize, Key)],
    ) -> Result<Encoded<E::Chunk>, Error> {
        let mut chunk = E::Chunk::default();
        let mut notes = Notes::new(checker.rules);
        let mut fates = Vec::with_capacity(batch.records.len());
        let mut collections = Collected::default();
        for (index, &record) in batch.records.iter().enumerate() {
            if let Some((first, rest)) = repeated.split_first()
                && first.0 == index
            {
                repeated = rest;
                collections.push(None);
                fates.push(Fate::Repeated(first.1));
                continue;
            }
            let mut taken = false;
            let mut is_item = false;
            let outcome = checker.record(&batch, record, &mut notes, |item, key: Key, verbatim| {
                is_item = true;
                collections.push(Some(item));
                taken = self.prior.contains(&key)?;
                if taken {
                    return Ok(());
                }
                let offset = batch.file_offset.filter(|_| verbatim && self.sole);
                self.encoder.item(item, offset.map(|offset| offset + u64::from(record.start)), &mut chunk)
            })?;
            if !is_item {
                collections.push(None);
            }
            fates.push(if taken { Fate::Taken } else { Fate::Checked(outcome) });
        }
        self.encoder.seal(&mut chunk)?;
        checker.relax(&batch);
        Ok(Encoded { batch, fates, collections, notes, chunk })
    }
}
