//! Copies: from one store through the gate into another, with all that has to be decided on the way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stacyard_geoparquet::Order;
use stacyard_model::{Gate, Profile};
use stacyard_search::{Compiled, Query};
use stacyard_store::{
    Accept, Check, Collections, Comparison, Error, ErrorKind, Find, Known, Location, Mode, Note, Old, Remedy,
    Report, Run, Source, Store, StoreKind, StoreUrl, Transfer, Wants, merged,
};

use crate::changed;
use crate::harvest::{done, is_sorted};
use crate::open::{Database, Open, database, is_same, is_within};
use crate::target::{Layout, Target, without_folders};

/// What a copy is to do, beside its source and its target.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice by itself")]
pub struct Copying {
    /// How both stores are opened.
    pub open: Open,
    /// How the source is opened, where that is another way.
    pub open_source: Option<Open>,
    /// What is done with Items that the target has already. `None`: a file must not be there yet, and a database has none of them.
    pub mode: Option<Mode>,
    /// Whether a replacement may leave the target without Items.
    pub may_end_empty: bool,
    /// What the Items of the input have to pass.
    pub gate: Gate,
    /// The profile that they have to meet: this one, else that of the target, else, for a new file, that of the source.
    pub profile: Option<Arc<Profile>>,
    /// Whether Items of older versions of STAC are brought up to date first.
    pub migrate: bool,
    /// Which Items are copied: all, or those that answer; in the order of the source, unless the query has an order or `max_items`.
    pub query: Option<Query>,
    /// Collections to keep with the Items; they count before those of the source.
    pub collections: Collections,
    /// Whether Collections are made that Items name and nobody brings: pgstac has no Items without theirs.
    pub makes_collections: bool,
    /// Where what a STAC API gives is kept until the target is written, for a copy that goes on after one that was broken off. `None`: beside a target that
    /// is a file, and nowhere for others.
    pub journal: Option<PathBuf>,
    /// Whether only what has changed is asked for since a day before the latest Item that the target has, of a STAC API; the mode is [`Mode::Upsert`] then.
    pub update: bool,
    /// Which Items are copied of those of the input.
    pub wants: Wants,
    /// Whether the target is compared with the input once it is held: what differs is copied, and what has not come goes. The mode is [`Mode::Upsert`] then.
    pub compares: bool,
    /// How the target is laid out.
    pub layout: Layout,
}

/// Copies the Items of a store into another, through the gate.
///
/// # Errors
/// A store that cannot be read or written; a target that is there, where no mode says what to do with it. A file is then as it was.
pub fn copy(from: &str, to: &str, copying: Copying, run: Run<'_>) -> Result<Report, Error> {
    let from = StoreUrl::parse(from, copying.open.kind)?;
    let to = StoreUrl::parse(to, None)?;
    copying.run(&from, &to, run)
}

/// Copies what a static catalog links to, Items and Collections, into a store, through the gate. `start` is the path or URL of its root; how
/// it is read, [`Open::catalog`] says.
///
/// # Errors
/// As [`copy`]; a server that does not answer, a link that leaves the catalog.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
/// # std::fs::write(path("catalog.json"), r#"{"type":"Catalog","stac_version":"1.1.0","id":"c","description":"d","links":[{"rel":"item","href":"./a.json"}]}"#)?;
/// # std::fs::write(path("a.json"), r#"{"type":"Feature","stac_version":"1.1.0","id":"a","geometry":null,"properties":{"datetime":"2024-06-01T00:00:00Z"},"links":[],"assets":{}}"#)?;
/// # let (start, to) = (path("catalog.json"), path("items.parquet"));
/// let report = stacyard::crawl(&start, &to, stacyard::Copying::default(), stacyard::Run::default())?;
/// assert_eq!(report.written, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn crawl(start: &str, to: &str, copying: Copying, run: Run<'_>) -> Result<Report, Error> {
    let from = StoreUrl::parse(start, Some(StoreKind::Catalog))?;
    let to = StoreUrl::parse(to, None)?;
    copying.run(&from, &to, run)
}

/// What the target is compared by, and the Items that alone can differ, where that is known.
type Compared = (Option<Arc<Comparison>>, Option<Box<dyn Source>>);

/// The Collections that a target has, or has had.
fn collections_before(old: Option<&Store>, replaced: Option<&Store>) -> Result<Collections, Error> {
    match (old, replaced) {
        (Some(old), _) => old.collections(),
        (None, Some(replaced)) => Ok(replaced.collections().unwrap_or_default()),
        (None, None) => Ok(Collections::new()),
    }
}

/// Where a copy comes from.
enum Origin<'a> {
    /// A place, opened once the target is held.
    At(&'a StoreUrl),
    /// What is open already, and has no place.
    Opened(Store),
}

impl Origin<'_> {
    /// Whether it is the target, or in it.
    fn is_within(&self, to: &StoreUrl) -> Result<bool, Error> {
        match self {
            Self::At(from) => {
                Ok(is_same(from, to)? || to.kind() == StoreKind::Catalog && is_within(from, to))
            }
            Self::Opened(_) => Ok(false),
        }
    }
}

impl Copying {
    /// Copies from one place to another.
    ///
    /// # Errors
    /// As [`copy`].
    pub fn run(self, from: &StoreUrl, to: &StoreUrl, run: Run<'_>) -> Result<Report, Error> {
        self.run_compared(from, to, run).map(|(report, _)| report)
    }

    /// The same, with what the target was compared by.
    pub(crate) fn run_compared(
        self,
        from: &StoreUrl,
        to: &StoreUrl,
        run: Run<'_>,
    ) -> Result<(Report, Option<Arc<Comparison>>), Error> {
        refuse_own_file(from, to)?;
        self.run_from(Origin::At(from), to, run)
    }

    /// Copies from what has no place: Items that a program makes. They are read once.
    ///
    /// # Errors
    /// As [`copy`]; an update, or a journal, which are of STAC APIs.
    pub fn run_opened(self, from: Store, to: &StoreUrl, run: Run<'_>) -> Result<Report, Error> {
        self.run_from(Origin::Opened(from), to, run).map(|(report, _)| report)
    }

    fn run_from(
        mut self,
        from: Origin<'_>,
        to: &StoreUrl,
        mut run: Run<'_>,
    ) -> Result<(Report, Option<Arc<Comparison>>), Error> {
        let journal = self.journal_of(&from, to)?;
        if self.update {
            self.mode = Some(Mode::Upsert);
        }
        let mut target = Some(self.begin(to, &mut run)?);
        let exists = target.as_ref().is_some_and(Target::replaces);
        let mode = self.loaded_before(to, journal.as_deref())?;
        let must_lose_nothing =
            from.is_within(to)? && mode == Mode::Replace && *to.location() != Location::Stdio;
        let old = exists && mode != Mode::Replace;
        let old = old.then(|| Self::opened(&self.open, to, &mut run)).transpose()?;
        let (mut notes, source) = self.source(from, (to, old.as_ref()), journal.as_deref(), &mut run)?;
        let comparing = target.as_mut().filter(|_| self.compares);
        let compared =
            comparing.map(|target| self.compared((&source, old.as_ref()), (target, to, exists), &mut run));
        let (comparison, changed) = compared.transpose()?.unwrap_or_default();
        let is_named = self.profile.is_some();
        let profile = self.profile(&source, old.as_ref(), to)?;
        let query = self.asked(&source, profile.as_deref(), &run)?;
        let mut check = Check {
            gate: Some(std::mem::take(&mut self.gate).with_profile(profile.clone())),
            migrate: self.migrate,
            accept: Accept::Collections,
            // One that is kept may well speak of collections of other loads.
            expected: profile
                .as_ref()
                .filter(|_| is_named)
                .map(|it| it.collections().to_vec())
                .unwrap_or_default(),
            wants: self.wants.clone(),
        };
        // It may be replaced because it cannot be read.
        let replaced = if exists && mode == Mode::Replace { self.open.url(to).ok() } else { None };
        let old_collections = collections_before(old.as_ref(), replaced.as_ref())?;
        let mut collections = source.collections()?;
        collections.append(&mut self.collections);
        if self.layout.parts.is_some() && old.is_some() {
            return Err(would_cut(to));
        }
        let (mut report, mut search) = (Report::default(), None);
        let mut input: Option<Box<dyn Source>> = None;
        let mut known = Known::default();
        let all = source.compile(&Query::default(), &run.stop)?;
        if let Some((query, compiled)) = query {
            let wanted = query.search();
            if is_sorted(wanted) {
                let find =
                    Find { check: check.clone(), first: wanted.max_items, ..Find::new(compiled, run.part()) };
                let (answer, found) = source.find_with(find)?;
                // The answer has passed the default gate: a store asks it of all that comes in. What else is asked is not.
                check = Check { gate: check.gate.filter(|gate| !gate.is_default()), ..Check::default() };
                if must_lose_nothing && run.rejects.is_none() && found.rejected > 0 {
                    return Err(Transfer::would_lose(found.rejected));
                }
                let is_new_file = old.is_none() && mode != Mode::Replace && !to.kind().is_database();
                refuse_only_collections(&found, is_new_file)?;
                input = Some(Box::new(answer));
                report = found;
                collections =
                    merged(std::mem::take(&mut report.found_collections), collections, Mode::Upsert);
                // Who asks for an order gets it.
                self.layout.order.get_or_insert(Order::Input);
            } else {
                search = Some(compiled);
            }
        }
        let input = match input.or(changed) {
            Some(input) => input,
            None => {
                // What does not answer is not among what may.
                let wanted = search.as_ref().filter(|_| !matches!(self.wants, Wants::Others));
                let found = source.candidates(wanted.unwrap_or(&all))?;
                notes.extend(found.notes);
                known = found.known;
                found.source
            }
        };
        let is_dataset = target.as_ref().is_some_and(Target::is_dataset);
        let old = match old {
            Some(old) if is_dataset && self.wants.compared().is_some() => Old::Compared(old.keys()?),
            Some(_) if is_dataset => Old::Nothing,
            Some(old) => Old::Merged(old.items()?),
            None if mode == Mode::Replace && (exists || to.kind().is_database()) => {
                self.replaced(replaced.filter(|_| !is_dataset))
            }
            None => Old::Nothing,
        };
        let transfer = Transfer {
            check,
            search,
            known,
            mode,
            unique: true,
            must_lose_nothing,
            collections,
            old_collections,
            run,
        };
        let Some(target) = target.take() else { return Ok((report, comparison)) };
        let written = target.write(transfer, (input, old), (self.layout, profile, self.makes_collections));
        let mut written = done(written, journal.as_deref())?;
        written.notes.splice(0..0, notes);
        written.present += comparison.as_ref().map_or(0, |comparison| comparison.same());
        Ok((report.then(written), comparison))
    }

    /// What all goes, where it can be read.
    fn replaced(&self, old: Option<Store>) -> Old {
        let keys = old.and_then(|old| old.keys().ok());
        Old::Replaced { keys, may_end_empty: self.may_end_empty }
    }

    /// Whether all Items are copied as they are, by rules that are the same the next time.
    fn takes_all(&self) -> bool {
        self.query.is_none() && self.profile.is_none() && !self.migrate && self.gate.is_default()
    }

    /// What the target holds, and where it was made the same as a source that gives marks, what has changed there since. It is read once it is held, so that
    /// nobody else changes a file in between.
    fn compared(
        &mut self,
        (source, old): (&Store, Option<&Store>),
        (target, to, exists): (&mut Target, &StoreUrl, bool),
        run: &mut Run<'_>,
    ) -> Result<Compared, Error> {
        // Before anything of the source is read: what is written from here on is told the next time.
        let mark = if target.is_dataset() && self.takes_all() { source.mark()? } else { None };
        let has_mark = mark.is_some();
        target.same_as(mark);
        if !exists && !to.kind().is_database() {
            return Ok((None, None));
        }
        let opened = if old.is_none() { Some(Self::opened(&self.open, to, run)?) } else { None };
        let store = old.or(opened.as_ref()).ok_or_else(|| Error::failed("a comparison with nothing"))?;
        let same_as = if has_mark { store.same_as()? } else { None };
        if let Some(since) = same_as.map(|mark| source.since(&mark)).transpose()?.flatten() {
            let names = (store.keys()?, source.keys()?);
            let found = Comparison::of_changes(names, &since.names, self.may_end_empty, run)?;
            if let Some(mut comparison) = found {
                changed::look_at(&mut comparison, store, &since.names, run)?;
                return Ok((Some(self.wanting(comparison)), Some(since.items)));
            }
        }
        let comparison = Comparison::with(store.items()?.as_mut(), self.may_end_empty, run)?;
        Ok((Some(self.wanting(comparison)), None))
    }

    /// Has Items copied that differ.
    fn wanting(&mut self, comparison: Comparison) -> Arc<Comparison> {
        let comparison = Arc::new(comparison);
        self.wants = Wants::Different(Arc::clone(&comparison));
        comparison
    }

    /// Where a harvest of the source is kept.
    fn journal_of(&self, from: &Origin<'_>, to: &StoreUrl) -> Result<Option<PathBuf>, Error> {
        match from {
            Origin::At(from) => self.journal(from, to),
            Origin::Opened(_) if self.update || self.journal.is_some() => Err(Error::usage(
                "only what comes from a STAC API is brought up to date, or kept in a journal",
                Remedy::from("leave ").option("update").text(" and ").option("journal").text(" out"),
            )),
            Origin::Opened(_) => Ok(None),
        }
    }

    /// Opens the source; gives what is to be said of how it is asked.
    fn source(
        &mut self,
        from: Origin<'_>,
        (to, old): (&StoreUrl, Option<&Store>),
        journal: Option<&Path>,
        run: &mut Run<'_>,
    ) -> Result<(Vec<Note>, Store), Error> {
        match from {
            Origin::At(from) => {
                let notes = self.prepare((from, to), old, journal, run)?;
                let open = self.open_source.as_ref().unwrap_or(&self.open);
                Ok((notes, Self::opened(open, from, run)?))
            }
            Origin::Opened(source) => Ok((Vec::new(), source)),
        }
    }

    /// Begins to write the target, where it may be written.
    fn begin(&self, to: &StoreUrl, run: &mut Run<'_>) -> Result<Target, Error> {
        let needs_collections = to.kind().is_database() && matches!(database(to)?, Database::PgStac(_));
        if self.makes_collections && !needs_collections {
            return Err(Error::usage(
                format!("{to} takes Items whose Collection is not there: none has to be made"),
                Remedy::from("leave ").option("create-collections").text(" out"),
            ));
        }
        let must_merge = |exists: bool| {
            if exists && self.mode.is_none() { Err(Target::is_there(to, true)) } else { Ok(()) }
        };
        if to.kind() == StoreKind::Catalog {
            if self.layout.folders.is_none() {
                return Err(without_folders(to));
            }
            let merges = self.mode.is_some_and(|mode| mode != Mode::Replace);
            if merges && Target::exists(to) {
                let message = format!("{to} is there, and a static catalog is written as a whole");
                let replace = Remedy::setting("overwrite").text(" puts the new one in its place");
                return Err(Error::new(ErrorKind::Unsupported, &message).remedy(replace));
            }
        }
        must_merge(Target::exists(to))?;
        let target = Target::begin(to, &self.open, self.mode == Some(Mode::Replace), &mut |path| {
            run.observer.waits(path);
        })?;
        // From here on it stays as it is: before, it may have come or gone.
        must_merge(target.replaces())?;
        Ok(target)
    }

    pub(crate) fn opened(open: &Open, url: &StoreUrl, run: &mut Run<'_>) -> Result<Store, Error> {
        let store = open.url(url)?;
        if let Some(caution) = store.caution() {
            run.observer.note(&Note { message: caution, help: Remedy::default() });
        }
        Ok(store)
    }

    /// The query, compiled for the source; the profile that its Items are checked by declares instants too.
    fn asked(
        &self,
        source: &Store,
        profile: Option<&Profile>,
        run: &Run<'_>,
    ) -> Result<Option<(Query, Arc<Compiled>)>, Error> {
        let Some(query) = self.query.clone() else { return Ok(None) };
        let query = query.with_instants(|name| profile.is_some_and(|profile| profile.declares_instant(name)));
        let compiled = source.compile(&query, &run.stop)?;
        Ok(Some((query, compiled)))
    }

    /// The profile that Items have to meet.
    fn profile(
        &self,
        source: &Store,
        old: Option<&Store>,
        to: &StoreUrl,
    ) -> Result<Option<Arc<Profile>>, Error> {
        if to.kind().is_database() {
            let Database::Own(address) = database(to)? else { return Ok(self.profile.clone()) };
            return match (&self.profile, stacyard_postgis::profile(&address)?) {
                (Some(named), kept) if kept.as_ref() != Some(&**named) => Err(Error::usage(
                    format!("{to} does not have the columns of this profile"),
                    Remedy::from("make them first: ")
                        .command("init", &[])
                        .text(" with the same URL and ")
                        .option("profile"),
                )),
                (_, kept) => Ok(kept.map(Arc::new)),
            };
        }
        let kept = old.map_or_else(|| source.profile(), Store::profile);
        if to.is_folder()
            && let (Some(named), Some(old)) = (&self.profile, old)
            && old.profile() != Some(named)
        {
            return Err(Error::usage(
                format!("{to} does not have the columns of this profile"),
                Remedy::from("give it the profile first: ").command_with(
                    "init",
                    &[to.spelling()],
                    vec![("profile", "FILE").into()],
                ),
            ));
        }
        Ok(self.profile.clone().or_else(|| kept.cloned()))
    }
}

/// A file of a folder that is read is not written.
fn refuse_own_file(from: &StoreUrl, to: &StoreUrl) -> Result<(), Error> {
    if [from, to].iter().any(|url| url.kind() != StoreKind::Parquet) || !is_within(to, from) {
        return Ok(());
    }
    Err(Error::usage(
        format!("{to} would be one of the files of {from}, which then had its Items twice"),
        "write it outside of the folder",
    ))
}

/// As [`Transfer::run`] does it, which does not see the Collections of an answer.
fn refuse_only_collections(found: &Report, is_new_file: bool) -> Result<(), Error> {
    let number = found.found_collections.len();
    if is_new_file && found.read == 0 && number > 0 {
        Err(Transfer::only_collections(number))
    } else {
        Ok(())
    }
}

fn would_cut(to: &StoreUrl) -> Error {
    Error::usage(
        format!("{to}: some fields alone would cut the Items that it holds already"),
        Remedy::from("write to a new file").or(Remedy::from("leave ").option("fields").text(" out")),
    )
}
