//! `copy`: from one store through the gate into another.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stacyard_geoparquet::Order;
use stacyard_model::Profile;
use stacyard_store::{
    Accept, Check, CollectionChanges, Collections, Copy, Error, Find, Location, Mode, Old, Output, Report,
    Source, Store, StoreKind, StoreUrl, merged, quoted,
};

use crate::flags::{self, Global};
use crate::open::Extras;
use crate::parts::Parts;
use crate::progress::Console;
use crate::report::{self, Rejects, Status};
use crate::{open, rejects, schemas, search};

pub(crate) fn run(global: &Global, flags: &flags::Copy) -> Result<Status, Error> {
    let from = StoreUrl::parse(&flags.from, global.store_kind)?;
    let to = StoreUrl::parse(&flags.to, flags.format)?;
    let files = files(flags, &from)?;
    rejects::refuse_target(&to, &files)?;
    let mut rejects = rejects::begin(global, flags.rejects.as_deref(), (&[&from], Some(&to)), &files)?;
    let mode = asked_mode(flags, &to)?;
    let must_merge = |exists: bool| {
        if exists && mode.is_none() { Err(open::target_is_there(&to, true)) } else { Ok(exists) }
    };
    must_merge(open::target_exists(&to))?;
    let output = open::output(global, &to, mode == Some(Mode::Replace))?;
    // From here on it stays as it is: before, it may have come or gone.
    let exists = must_merge(output.as_ref().is_some_and(Output::replaces))?;
    let mode = mode.unwrap_or_default();
    let is_itself = open::is_same(&from, &to)?;
    let must_lose_nothing = is_itself && mode == Mode::Replace && *to.location() != Location::Stdio;
    let source = open::store(&from, global)?;
    let old = if exists && mode != Mode::Replace { Some(open::store(&to, global)?) } else { None };
    let profile = profile(flags, &*source, old.as_deref(), &to)?;
    let check = Check {
        gate: Some(schemas::gate(global, &flags.gate, profile.clone())?),
        migrate: flags.gate.migrate,
        accept: Accept::Collections,
        expected: expected(flags, profile.as_ref()),
        ..Check::default()
    };
    let (mut check, question) = search::ask(global, &flags.question, check, &*source)?;
    // It may be replaced because it cannot be read.
    let replaced = if exists && mode == Mode::Replace { open::store(&to, global).ok() } else { None };
    let old_collections = match (&old, &replaced) {
        (Some(old), _) => old.collections()?,
        (None, Some(replaced)) => replaced.collections().unwrap_or_default(),
        (None, None) => Collections::new(),
    };
    let mut collections = collections(global, flags, &*source)?;
    let mut console = Console::new(global, Rejects::aside(flags.rejects.as_ref(), global.json_log));
    let threads = global.threads();
    let mut parts = None;
    let mut report = Report::default();
    let mut input: Option<Box<dyn Source>> = None;
    if let Some((search, compiled)) = question {
        if flags.question.is_ordered() {
            let find = Find {
                check: check.clone(),
                search: compiled,
                max_items: search.max_items,
                after: None,
                memory: global.memory / 2,
                threads,
                rejects: rejects.as_mut(),
                observer: &mut console,
            };
            let (answer, found) = source.find(find)?;
            input = Some(Box::new(answer));
            // The answer has passed the default gate: a store asks it of all that comes in. What else is asked is not.
            check = Check { gate: check.gate.filter(|gate| !gate.is_default()), ..Check::default() };
            if must_lose_nothing && rejects.is_none() && found.rejected > 0 {
                return Err(Copy::would_lose(found.rejected));
            }
            let is_new_file = old.is_none() && mode != Mode::Replace && to.kind() != StoreKind::PostGis;
            refuse_only_collections(&found, is_new_file)?;
            let kept = std::mem::take(&mut collections);
            report = found;
            collections = merged(std::mem::take(&mut report.found_collections), kept, Mode::Upsert);
        }
        parts = Parts::of(search.fields);
        if parts.is_some() && old.is_some() {
            return Err(would_cut(&to));
        }
    }
    let mut layout = flags.layout.clone();
    if input.is_some() {
        // Who asks for an order gets it.
        layout.sort.get_or_insert(Order::Input);
    }
    let extras = Extras { fields: parts.as_ref().map(Parts::writer), profile, layout: Some(layout) };
    let input = input.map_or_else(|| source.items(), Ok)?;
    let old = match old {
        Some(old) => Old::Merged(old.items()?),
        None if mode == Mode::Replace && (exists || to.kind() == StoreKind::PostGis) => Old::Replaced {
            keys: replaced.and_then(|replaced| replaced.keys().ok()),
            may_end_empty: flags.allow_empty,
        },
        None => Old::Nothing,
    };
    let copy = Copy {
        check,
        mode,
        unique: true,
        must_lose_nothing,
        collections,
        old_collections,
        threads,
        rejects: rejects.as_mut(),
        observer: &mut console,
    };
    let report = report.then(open::write(global, copy, (input, old), (&to, output), extras)?);
    console.finish();
    if let Some(parts) = &parts {
        parts.warn(global, report.written);
    }
    warn_of_collections(global, &report.collections, (&from, &to));
    report::done(&report, &format!("copied to {to}"), flags.rejects.as_ref(), global);
    Ok(Status::of(report.rejected))
}

/// The Collections beside the Items of the input: those of the source, and those that are named before them.
fn collections(global: &Global, flags: &flags::Copy, source: &dyn Store) -> Result<Collections, Error> {
    let mut collections = source.collections()?;
    if let Some(file) = &flags.collections_file {
        collections.extend(schemas::collections(&file.to_string_lossy(), global)?);
    }
    Ok(collections)
}

/// Says which Collections of the input the target does not have as the input has them.
fn warn_of_collections(global: &Global, changes: &CollectionChanges, (from, to): (&StoreUrl, &StoreUrl)) {
    if !changes.ignored.is_empty() {
        let ids = changes.ignored.join(", ");
        let message = format!(
            "{to} keeps its own Collections, which the input has otherwise: {ids}; --mode upsert replaces them"
        );
        report::warn(global, &message);
    }
    if !changes.left_out.is_empty() {
        let ids = changes.left_out.join(", ");
        let mut message = format!("{to} has no place for Collections: {ids} left out");
        if open::keeps_collections(from) {
            let from = quoted(from.spelling());
            message = format!("{message}; stacyard collections {from} list --format json prints them");
        }
        report::warn(global, &message);
    }
}

/// As [`Copy::run`] does it, which does not see the Collections of an answer.
fn refuse_only_collections(found: &Report, is_new_file: bool) -> Result<(), Error> {
    let number = found.found_collections.len();
    if is_new_file && found.read == 0 && number > 0 { Err(Copy::only_collections(number)) } else { Ok(()) }
}

/// The files that the flags name to be read.
fn files(flags: &flags::Copy, from: &StoreUrl) -> Result<Vec<PathBuf>, Error> {
    if *from.location() == Location::Stdio && flags.collections_file.as_deref() == Some(Path::new("-")) {
        return Err(Error::usage(
            "both the Items and the Collections cannot come from standard input",
            "write one of them to a file, and name that",
        ));
    }
    let mut files = schemas::files(&flags.gate)?;
    files.extend(flags.collections_file.clone());
    files.extend(flags.question.files());
    Ok(files)
}

fn would_cut(to: &StoreUrl) -> Error {
    Error::usage(
        format!("{to}: --fields would cut the Items that it holds already"),
        "write to a new file, or leave --fields out",
    )
}

/// The collections that the profile speaks of, where it is named: one that is kept may well speak of those of other loads.
fn expected(flags: &flags::Copy, profile: Option<&Arc<Profile>>) -> Vec<String> {
    let named = profile.filter(|_| flags.gate.profile.is_some());
    named.map(|profile| profile.collections().to_vec()).unwrap_or_default()
}

/// The profile that Items have to meet: the one named, else that of the target, else, for a new file, that of the source.
fn profile(
    flags: &flags::Copy,
    source: &dyn Store,
    old: Option<&dyn Store>,
    to: &StoreUrl,
) -> Result<Option<Arc<Profile>>, Error> {
    let named = flags.gate.profile.as_deref().map(schemas::profile).transpose()?.map(Arc::new);
    if to.kind() == StoreKind::PostGis {
        return match (named, stacyard_postgis::profile(&open::address(to)?)?) {
            (Some(named), kept) if kept.as_ref() != Some(&*named) => Err(Error::usage(
                format!("{to} does not have the columns of this profile"),
                "make them first: stacyard init with the same URL and --profile",
            )),
            (_, kept) => Ok(kept.map(Arc::new)),
        };
    }
    let kept = old.map_or_else(|| source.profile(), |old| old.profile());
    Ok(named.or_else(|| kept.cloned()))
}

/// The mode that the flags ask for, if any.
fn asked_mode(flags: &flags::Copy, to: &StoreUrl) -> Result<Option<Mode>, Error> {
    let mode = if flags.overwrite { Some(Mode::Replace) } else { flags.mode.map(Mode::from) };
    if flags.resume { resumed(mode, to).map(Some) } else { Ok(mode) }
}

/// What `--resume` makes of the mode, where it means anything: most copies are simply run again.
fn resumed(mode: Option<Mode>, to: &StoreUrl) -> Result<Mode, Error> {
    if to.kind() != StoreKind::PostGis {
        return Err(Error::usage(
            format!("{to}: --resume is for databases; a file is written whole or not at all"),
            "copy again without --resume",
        ));
    }
    let (mode, why) = match mode.unwrap_or_default() {
        Mode::Insert | Mode::Resume => return Ok(Mode::Resume),
        Mode::Upsert => ("upsert", "an Item that would stay the same is not written again"),
        Mode::Ignore => ("ignore", "an Item that is there stays"),
        Mode::Replace => {
            ("replace", "a replacement is one transaction, and all of one that was broken off is undone")
        }
    };
    Err(Error::usage(
        format!("--resume does not go with --mode {mode}: {why}"),
        "copy again without --resume",
    ))
}
