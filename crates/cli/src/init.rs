//! `init`: the tables of a database.

use stacyard_postgis::Migrated;
use stacyard_store::{Error, StoreUrl};

use crate::flags::{Global, Init};
use crate::open;
use crate::report::{self, Status};

pub(crate) fn run(global: &Global, flags: &Init) -> Result<Status, Error> {
    let url = StoreUrl::parse(&flags.store, global.store_kind)?;
    let address = open::address(&url)?;
    if flags.dry_run {
        report::print(stacyard_postgis::plan(&address)?.as_bytes())?;
        return Ok(Status::Done);
    }
    let Migrated { from, to } = stacyard_postgis::init(&address)?;
    if !global.quiet {
        report::print(
            match from {
                0 => format!("{url}: tables made, version {to}\n"),
                from if from == to => format!("{url}: nothing to do, version {to}\n"),
                from => format!("{url}: from version {from} to {to}\n"),
            }
            .as_bytes(),
        )?;
    }
    Ok(Status::Done)
}
