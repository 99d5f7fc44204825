//! STAC Items in PostGIS, in tables of our own beside the user's: made and migrated, loaded by COPY, searched with
//! bound parameters, and exact.

mod connect;
mod encode;
mod ewkb;
mod fault;
mod filter;
mod ident;
mod migrate;
mod passfile;
mod rows;
mod sink;
mod source;
mod store;
mod wire;

pub use connect::Address;
pub use encode::{RowEncoder, Rows};
pub use sink::PostGisSink;
pub use store::PostGis;

use stacyard_store::Error;

/// What [`init`] has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The version before; 0: there was nothing.
    pub from: i32,
    /// The version now.
    pub to: i32,
}

/// Makes the tables, or brings them up to date, in one transaction.
pub fn init(address: &Address) -> Result<Migrated, Error> {
    let database = address.connect()?;
    let mut client = database.own_client()?;
    let (from, to) = database.wait(migrate::run(&mut client, address))?;
    Ok(Migrated { from, to })
}

/// The SQL that [`init`] would run.
pub fn plan(address: &Address) -> Result<String, Error> {
    let database = address.connect()?;
    let client = database.own_client()?;
    database.wait(migrate::plan(&client, address))
}
