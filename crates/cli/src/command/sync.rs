//! `sync`: a store made to hold what another holds.

use std::sync::Arc;

use stacyard::{Copying, Mode, StoreUrl};
use stacyard_store::Error;

use crate::console::progress::Console;
use crate::console::report::{self, Rejects, Status};
use crate::files::{open, rejects, schemas};
use crate::flags::{Global, Sync};

pub(crate) fn run(global: &Global, flags: &Sync) -> Result<Status, Error> {
    let from = StoreUrl::parse(&flags.from, global.store_kind)?;
    let to = StoreUrl::parse(&flags.to, None)?;
    let files = schemas::files(&flags.gate)?;
    rejects::refuse_target(&to, &files)?;
    let mut rejects = rejects::begin(global, flags.rejects.as_deref(), (&[&from], Some(&to)), &files)?;
    let copying = Copying {
        open: open::how(global)?,
        may_end_empty: flags.allow_empty,
        gate: schemas::gate(global, &flags.gate)?,
        profile: flags.gate.profile.as_deref().map(schemas::profile).transpose()?.map(Arc::new),
        migrate: flags.gate.migrate,
        layout: flags.layout.asked(global),
        ..Copying::default()
    };
    let mut console = Console::new(global, Rejects::aside(flags.rejects.as_ref(), global.json_log));
    console.copies(&to, Mode::Upsert);
    let run = global.run(&stacyard::Stop::default(), rejects.as_mut(), &mut console);
    let report = stacyard::sync(&from, &to, copying, run).map_err(|error| console.failed(error))?;
    console.finish();
    report::done(&report, report.written, &format!("written to {to}"), flags.rejects.as_ref(), global);
    Ok(Status::of(report.rejected))
}
