//! `optimize`: a GeoParquet file rewritten in the best layout.

use stacyard_store::{Check, Collections, Copy, Error, Mode, Nothing, Old, StoreKind, StoreUrl};

use crate::flags::{Global, Optimize};
use crate::open::{self, Extras};
use crate::progress::Console;
use crate::report::{self, Rejects, Status};

pub(crate) fn run(global: &Global, flags: &Optimize) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.store, global.store_kind)?;
    if url.kind() != StoreKind::Parquet {
        return Err(Error::usage(
            format!("{url} is {}, and has no layout to choose", url.kind()),
            "copy it to a .parquet file",
        ));
    }
    let output = if open::target_exists(&url) { open::output(global, &url, false)? } else { None };
    let store = open::store(&url, global)?;
    let mut console = Console::new(global, Rejects::aside(None, global.json_log));
    let copy = Copy {
        check: Check::default(),
        mode: Mode::Insert,
        unique: true,
        must_lose_nothing: false,
        collections: Collections::new(),
        old_collections: store.collections()?,
        threads: global.threads(),
        rejects: None,
        observer: &mut console,
    };
    let extras =
        Extras { fields: None, profile: store.profile().cloned(), layout: Some(flags.layout.clone()) };
    // To add nothing to what is there rewrites it, and refuses to where some of it is not sound.
    let mut report =
        open::write(global, copy, (Box::new(Nothing), Old::Merged(store.items()?)), (&url, output), extras)?;
    console.finish();
    report.written = report.changes.and_then(|changes| changes.stayed).unwrap_or_default();
    report::done(&report, &format!("rewritten in {url}"), None, global);
    Ok(Status::Done)
}
