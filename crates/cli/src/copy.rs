//! `copy`: from one store through the gate into another.

use stacyard_store::{Check, Copy, Error, Find, Mode, Output, Report, SORT_MEMORY, StoreUrl, same_file};

use crate::flags::{self, Global};
use crate::open::Extras;
use crate::progress::Console;
use crate::report::{self, Rejects, Status};
use crate::{open, schemas, search};

pub(crate) fn run(global: &Global, flags: &flags::Copy) -> Result<Status, Error> {
    let from = StoreUrl::parse(&flags.from, global.store_kind)?;
    let to = StoreUrl::parse(&flags.to, flags.format)?;
    open::distinct(flags.rejects.as_deref(), &[from.clone(), to.clone()])?;
    if let Some(file) = &flags.collections_file
        && (to.is_same_file(file) || flags.rejects.as_ref().is_some_and(|rejects| same_file(rejects, file)))
    {
        let message = format!("{}: the Collections would be overwritten", file.display());
        return Err(Error::usage(message, "write to a file of its own"));
    }
    let mode = if flags.overwrite { Some(Mode::Replace) } else { flags.mode.map(Mode::from) };
    let exists = open::target_exists(&to);
    if exists && mode.is_none() {
        return Err(open::target_is_there(&to, true));
    }
    let mode = mode.unwrap_or_default();
    let check = Check {
        gate: Some(schemas::gate(global, &flags.gate)?),
        migrate: flags.gate.migrate,
        ..Check::default()
    };
    let (check, question) = search::ask(&flags.question, check)?;
    let mut input = open::source(&from, global)?;
    let old = if exists && mode != Mode::Replace { Some(open::source(&to, global)?) } else { None };
    // As with the Items: those of the store stay, unless the input is to replace them.
    let old_collections = old.as_ref().map(|old| old.collections()).unwrap_or_default();
    let (mut collections, over) = match mode {
        Mode::Upsert | Mode::Replace => (old_collections, input.collections()),
        Mode::Insert | Mode::Ignore => (input.collections(), old_collections),
    };
    collections.extend(over);
    if let Some(file) = &flags.collections_file {
        collections.extend(schemas::collections(file, global)?);
    }
    let mut rejects = flags.rejects.as_deref().map(Output::file).transpose()?;
    let mut console = Console::new(global, Rejects::aside(flags.rejects.as_ref(), global.json_log));
    let threads = global.threads();
    let mut fields = None;
    let mut report = Report::default();
    let mut check = check;
    if let Some((search, compiled)) = question {
        if flags.question.is_ordered() {
            let find = Find {
                check: std::mem::take(&mut check),
                search: compiled,
                max_items: search.max_items,
                memory: SORT_MEMORY,
                threads,
                rejects: rejects.as_mut(),
                observer: &mut console,
            };
            let (answer, found) = find.run(input.as_mut())?;
            input = Box::new(answer);
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
    let copy = Copy { check, mode, unique: true, threads, rejects: rejects.as_mut(), observer: &mut console };
    let report = report.then(open::write(global, copy, input, old, &to, Extras { collections, fields })?);
    console.finish();
    if !global.quiet {
        report::done(&report, &format!("copied to {to}"), flags.rejects.as_ref(), global.json_log);
    }
    Ok(Status::of(report.rejected))
}
