//! `init`: the tables of a database.

use std::fmt::Write as _;

use stacyard_postgis::{Initialised, Wanted};
use stacyard_store::{Error, StoreUrl};

use crate::flags::{Global, Init};
use crate::report::{self, Status};
use crate::{open, schemas};

pub(crate) fn run(global: &Global, flags: &Init) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.store, global.store_kind)?;
    let address = open::address(&url)?;
    let profile = flags.profile.as_deref().map(schemas::profile).transpose()?;
    let wanted = Wanted { profile: profile.as_ref(), partitions: &flags.partition };
    if flags.dry_run {
        report::print(stacyard_postgis::plan(&address, wanted)?.as_bytes())?;
        return Ok(Status::Done);
    }
    let Initialised { from, to, changes } = stacyard_postgis::init(&address, wanted)?;
    if !global.quiet {
        let mut done = match from {
            0 => format!("{url}: tables made, version {to}\n"),
            from if from < to => format!("{url}: from version {from} to {to}\n"),
            _ if changes.is_empty() => format!("{url}: nothing to do, version {to}\n"),
            _ => format!("{url}: version {to}\n"),
        };
        for change in changes {
            let _ = writeln!(done, "  {change}");
        }
        report::print(done.as_bytes())?;
    }
    Ok(Status::Done)
}
