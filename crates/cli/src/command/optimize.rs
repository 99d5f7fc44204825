//! `optimize`: a GeoParquet file rewritten in the best layout, or the files of a dataset laid out anew.

use stacyard::{Error, Stop, StoreUrl};

use crate::console::progress::Console;
use crate::console::report::{self, Rejects, Status};
use crate::files::open;
use crate::flags::{Global, Optimize};

pub(crate) fn run(global: &Global, flags: &Optimize) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.store, global.store_kind)?;
    let mut console = Console::new(global, Rejects::aside(None, global.json_log));
    console.copies(&url, stacyard::Mode::Insert);
    let run = global.run(&Stop::default(), None, &mut console);
    let report = stacyard::optimize(&url, &open::how(global)?, flags.layout.asked(global), run)?;
    console.finish();
    let items = report.changes.and_then(|changes| changes.stayed).unwrap_or_default();
    report::done(&report, items, &format!("rewritten in {url}"), None, global);
    Ok(Status::Done)
}
