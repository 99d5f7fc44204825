//! `copy`: from one store through the gate into another; `crawl`, which copies a static catalog.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stacyard::{Copying, Layout, Open, Parts, Query, StoreKind, Target, parse_filter};
use stacyard_model::Rfc3339;
use stacyard_search::cql2::Expr;
use stacyard_store::{CollectionChanges, Error, Location, Mode, StoreUrl, quoted};

use crate::command::parts;
use crate::console::progress::Console;
use crate::console::report::{self, Rejects, Status};
use crate::files::{open, rejects, schemas};
use crate::flags::{self, Global};

pub(crate) fn run(global: &Global, flags: &flags::Copy) -> Result<Status, Error> {
    let from = StoreUrl::parse(&flags.from, global.store_kind)?;
    copied(global, (&from, &flags.to), (&flags.how, flags.stage.as_deref()), open::how(global)?)
}

pub(crate) fn crawl(global: &Global, flags: &flags::Crawl) -> Result<Status, Error> {
    let from = StoreUrl::parse(&flags.start, Some(StoreKind::Catalog))?;
    let mut open = open::how(global)?;
    open.catalog.concurrency = flags.concurrency.into();
    open.catalog.delay = flags.delay.unwrap_or_default();
    copied(global, (&from, &flags.to), (&flags.how, None), open)
}

fn copied(
    global: &Global,
    (from, to): (&StoreUrl, &str),
    (flags, stage): (&flags::Copying, Option<&Path>),
    mut open: Open,
) -> Result<Status, Error> {
    let to = flags.folders.target(to, flags.format)?;
    let folders = flags.folders.asked()?;
    let files = files(flags, from)?;
    rejects::refuse_target(&to, &files)?;
    let mut rejects = rejects::begin(global, flags.rejects.as_deref(), (&[from], Some(&to)), &files)?;
    let mode = asked_mode(flags, &to)?.or(stage.map(|_| Mode::Insert));
    if mode.is_none() && !flags.update && stage.is_none() && Target::exists(&to) {
        return Err(Target::is_there(&to, true));
    }
    let stop = flags.question.stop();
    let is_asked = flags.question.is_some() || flags.updated_since.is_some();
    let query = is_asked.then(|| flags.question.parse()).transpose()?;
    let query = match (query, &flags.updated_since) {
        (Some(query), Some(since)) => Some(updated_since(&query, since)?),
        (query, _) => query,
    };
    if let Some(caution) = flags.question.caution() {
        report::warn(global, &caution);
    }
    let parts = query.as_ref().and_then(|query| Parts::of(query.search().fields.clone()));
    let named = flags.collections_file.as_ref();
    let named = named.map(|file| schemas::collections(&file.to_string_lossy(), global)).transpose()?;
    let counts = Arc::clone(&open.catalog.counts);
    if let Some(connections) = flags.harvest_connections {
        open.api.connections = connections.get();
    }
    let copying = Copying {
        open,
        mode,
        may_end_empty: flags.allow_empty,
        gate: schemas::gate(global, &flags.gate)?,
        profile: flags.gate.profile.as_deref().map(schemas::profile).transpose()?.map(Arc::new),
        migrate: flags.gate.migrate,
        query,
        collections: named.unwrap_or_default(),
        makes_collections: flags.create_collections,
        journal: flags.journal.clone(),
        update: flags.update,
        layout: Layout {
            parts: parts.as_ref().map(Parts::writer),
            folders,
            stage: stage.map(Path::to_owned),
            ..flags.layout.asked(global)
        },
        ..Copying::default()
    };
    let mut console = Console::new(global, Rejects::aside(flags.rejects.as_ref(), global.json_log));
    let usual = if flags.update { Mode::Upsert } else { Mode::default() };
    console.copies(&to, mode.unwrap_or(usual));
    console.crawls(counts);
    let run = global.run(&stop, rejects.as_mut(), &mut console);
    let report = copying.run(from, &to, run).map_err(|error| console.failed(error))?;
    console.finish();
    if let Some(parts) = &parts {
        parts::warn(parts, global, report.written);
    }
    warn_of_collections(global, &report.collections, (from, &to));
    let done = match stage {
        Some(part) => {
            format!("staged for {to}, which has them after stacyard commit {to} {}", part.display())
        }
        None => format!("copied to {to}"),
    };
    report::done(&report, report.written, &done, flags.rejects.as_ref(), global);
    Ok(Status::of(report.rejected))
}

/// A query for what has changed of its Items since an instant.
fn updated_since(query: &Query, since: &str) -> Result<Query, Error> {
    let since = since.trim();
    if Rfc3339::parse(since).is_none() {
        return Err(Error::usage(
            format!("--updated-since {since:?} is not an RFC 3339 date and time"),
            "write it as 2024-06-01T00:00:00Z",
        ));
    }
    let changed = parse_filter(&format!("updated >= TIMESTAMP('{since}')"))?;
    let mut search = query.search().clone();
    search.filter = Some(match search.filter.take() {
        Some(filter) => Expr::And(vec![filter, changed]),
        None => changed,
    });
    Ok(Query::from(search).lenient(query.is_lenient()))
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
        if from.kind().keeps_collections() {
            let from = quoted(from.spelling());
            message = format!("{message}; stacyard collections {from} list --format json prints them");
        }
        report::warn(global, &message);
    }
}

/// The files that the flags name to be read.
fn files(flags: &flags::Copying, from: &StoreUrl) -> Result<Vec<PathBuf>, Error> {
    if *from.location() == Location::Stdio && flags.collections_file.as_deref() == Some(Path::new("-")) {
        return Err(Error::usage(
            "both the Items and the Collections cannot come from standard input",
            "write one of them to a file, and name that",
        ));
    }
    let mut files = schemas::files(&flags.gate)?;
    files.extend(flags.collections_file.clone());
    files.extend(flags.question.files());
    files.extend(flags.journal.clone());
    Ok(files)
}

/// The mode that the flags ask for, if any.
fn asked_mode(flags: &flags::Copying, to: &StoreUrl) -> Result<Option<Mode>, Error> {
    let mode = if flags.overwrite { Some(Mode::Replace) } else { flags.mode.map(Mode::from) };
    if flags.resume { resumed(mode, to).map(Some) } else { Ok(mode) }
}

/// What `--resume` makes of the mode, where it means anything: most copies are simply run again.
fn resumed(mode: Option<Mode>, to: &StoreUrl) -> Result<Mode, Error> {
    if !to.kind().is_database() {
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
