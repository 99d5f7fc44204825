//! `copy`: from one store through the gate into another.

use std::path::PathBuf;
use std::sync::Arc;

use stacyard_geoparquet::Order;
use stacyard_model::Profile;
use stacyard_store::{
    Check, Collections, Copy, Error, Find, Location, Mode, Old, Output, Report, Source, Store, StoreKind,
    StoreUrl,
};

use crate::flags::{self, Global};
use crate::open::Extras;
use crate::progress::Console;
use crate::report::{self, Rejects, Status};
use crate::{open, rejects, schemas, search};

pub(crate) fn run(global: &Global, flags: &flags::Copy) -> Result<Status, Error> {
    let from = StoreUrl::parse(&flags.from, global.store_kind)?;
    let to = StoreUrl::parse(&flags.to, flags.format)?;
    let files = files(flags)?;
    rejects::refuse_target(&to, &files)?;
    let mut rejects = rejects::begin(global, flags.rejects.as_deref(), (&[&from], Some(&to)), &files)?;
    let mode = if flags.overwrite { Some(Mode::Replace) } else { flags.mode.map(Mode::from) };
    let mode = if flags.resume { Some(resumed(mode, &to)?) } else { mode };
    let must_merge = |exists: bool| {
        if exists && mode.is_none() { Err(open::target_is_there(&to, true)) } else { Ok(exists) }
    };
    must_merge(open::target_exists(&to))?;
    let output = open::output(global, &to, mode == Some(Mode::Replace))?;
    // From here on it stays as it is: before, it may have come or gone.
    let exists = must_merge(output.as_ref().is_some_and(Output::replaces))?;
    let mode = mode.unwrap_or_default();
    let is_itself = from.location() == to.location() || from.path().is_some_and(|from| to.is_same_file(from));
    let must_lose_nothing =
        is_itself && mode == Mode::Replace && rejects.is_none() && *to.location() != Location::Stdio;
    let source = open::store(&from, global)?;
    let old = if exists && mode != Mode::Replace { Some(open::store(&to, global)?) } else { None };
    let profile = profile(flags, &*source, old.as_deref(), &to)?;
    let check = Check {
        gate: Some(schemas::gate(global, &flags.gate, profile.clone())?),
        migrate: flags.gate.migrate,
        ..Check::default()
    };
    let (mut check, question) = search::ask(&flags.question, check)?;
    // As with the Items: those of the store stay, unless the input is to replace them.
    let old_collections = old.as_ref().map_or_else(|| Ok(Collections::new()), |old| old.collections())?;
    let (mut collections, over) = match mode {
        Mode::Upsert | Mode::Replace => (old_collections, source.collections()?),
        Mode::Insert | Mode::Resume | Mode::Ignore => (source.collections()?, old_collections),
    };
    collections.extend(over);
    if let Some(file) = &flags.collections_file {
        collections.extend(schemas::collections(file, global)?);
    }
    let mut console = Console::new(global, Rejects::aside(flags.rejects.as_ref(), global.json_log));
    let threads = global.threads();
    let mut fields = None;
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
            if must_lose_nothing && found.rejected > 0 {
                return Err(Copy::would_lose(found.rejected));
            }
            report = found;
        }
        fields = search::wanted(search.fields);
        if fields.is_some() && old.is_some() {
            return Err(Error::usage(
                format!("{to}: --fields would cut the Items that it holds already"),
                "write to a new file, or leave --fields out",
            ));
        }
    }
    let mut layout = flags.layout.clone();
    if input.is_some() {
        // Who asks for an order gets it.
        layout.sort.get_or_insert(Order::Input);
    }
    let extras = Extras { collections, fields, profile, layout: Some(layout) };
    let input = input.map_or_else(|| source.items(), Ok)?;
    let old = match old {
        Some(old) => Old::Merged(old.items()?),
        None if mode == Mode::Replace && (exists || to.kind() == StoreKind::PostGis) => Old::Replaced {
            // It may be replaced because it cannot be read.
            keys: if exists { open::store(&to, global).and_then(|old| old.keys()).ok() } else { None },
            may_end_empty: flags.allow_empty,
        },
        None => Old::Nothing,
    };
    let copy = Copy {
        check,
        mode,
        unique: true,
        must_lose_nothing,
        threads,
        rejects: rejects.as_mut(),
        observer: &mut console,
    };
    let report = report.then(open::write(global, copy, (input, old), (&to, output), extras)?);
    console.finish();
    if !global.quiet {
        report::done(&report, &format!("copied to {to}"), flags.rejects.as_ref(), global.json_log);
    }
    Ok(Status::of(report.rejected))
}

/// The files that the flags name to be read.
fn files(flags: &flags::Copy) -> Result<Vec<PathBuf>, Error> {
    let mut files = schemas::files(&flags.gate)?;
    files.extend(flags.collections_file.clone());
    files.extend(flags.question.files());
    Ok(files)
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
