//! `copy`: from one store through the gate into another.

use stacyard_store::{Check, Copy, Error, Mode, Output, StoreUrl};

use crate::flags::{self, Global};
use crate::open::Extras;
use crate::progress::Console;
use crate::report::{self, Rejects, Status};
use crate::{open, schemas};

pub(crate) fn run(global: &Global, flags: &flags::Copy) -> Result<Status, Error> {
    let from = StoreUrl::parse(&flags.from, global.store_kind)?;
    let to = StoreUrl::parse(&flags.to, flags.format)?;
    open::distinct(flags.rejects.as_deref(), &[from.clone(), to.clone()])?;
    let mode = if flags.overwrite { Some(Mode::Replace) } else { flags.mode.map(Mode::from) };
    let exists = open::target_exists(&to);
    if exists && mode.is_none() {
        return Err(open::target_is_there(&to, true));
    }
    let mode = mode.unwrap_or_default();
    let check = Check {
        gate: Some(schemas::gate(&flags.gate)?),
        migrate: flags.gate.migrate,
        ..Check::default()
    };
    let collections = match &flags.collections_file {
        Some(file) => schemas::collections(file, global)?,
        None => Vec::new(),
    };
    let input = open::source(&from, global)?;
    let old = if exists && mode != Mode::Replace { Some(open::source(&to, global)?) } else { None };
    let mut rejects = flags.rejects.as_deref().map(Output::file).transpose()?;
    let mut console = Console::new(global, Rejects::aside(flags.rejects.as_ref(), global.json_log));
    let copy = Copy {
        check,
        mode,
        unique: true,
        threads: global.threads(),
        rejects: rejects.as_mut(),
        observer: &mut console,
    };
    let report = open::write(copy, input, old, &to, Extras { collections, fields: None })?;
    if let Some(rejects) = rejects {
        rejects.commit()?;
    }
    console.finish();
    if !global.quiet {
        report::done(&report, &format!("copied to {to}"), flags.rejects.as_ref(), global.json_log);
    }
    Ok(Status::of(report.rejected))
}
