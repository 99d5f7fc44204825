//! STAC Items in PostGIS, in tables of our own beside the user's: made and migrated, loaded by COPY, searched with
//! bound parameters, and exact.

mod absent;
mod aggregate;
mod ask;
mod batch;
mod change;
mod collections;
mod connect;
mod demands;
mod edit;
mod encode;
mod ewkb;
mod explain;
mod fault;
mod filter;
mod ident;
mod jsonb;
mod keyset;
mod loaded;
mod met;
mod migrate;
mod order;
mod partition;
mod passfile;
mod profile;
mod replacement;
mod rows;
mod runtime;
mod server;
mod service;
mod settings;
mod sieve;
mod sink;
mod source;
mod store;
mod timed;
mod tls;
mod trust;
mod unique;
mod wire;

pub use collections::{delete_collection, put_collections};
pub use connect::Address;
pub use encode::{RowEncoder, Rows};
pub use sink::PostGisSink;
pub use store::PostGis;

pub use migrate::Wanted;

use stacyard_model::Profile;
use stacyard_store::Error;

/// What [`init`] has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initialised {
    /// The version before; 0: there was nothing.
    pub from: i32,
    /// The version now.
    pub to: i32,
    /// What was changed beyond that, a line each.
    pub changes: Vec<String>,
}

/// Makes the tables, or brings them up to date, in one transaction; then partitions and the columns of a profile, in
/// another.
///
/// # Errors
/// When the database cannot be asked or lacks PostGIS, the schema is not ours or of a newer version, rows do not meet the
/// profile, something depends on what is to change, or a lock is not to be had. The transaction at fault has changed
/// nothing.
pub fn init(address: &Address, wanted: Wanted<'_>) -> Result<Initialised, Error> {
    let database = address.connect()?;
    let mut client = database.own_client()?;
    let (from, changes) = database.wait(migrate::run(&mut client, address, wanted))?;
    Ok(Initialised { from, to: migrate::NEWEST, changes })
}

/// The SQL that [`init`] would run.
pub fn plan(address: &Address, wanted: Wanted<'_>) -> Result<String, Error> {
    let database = address.connect()?;
    let client = database.own_client()?;
    database.wait(migrate::plan(&client, address, wanted))
}

/// The profile of the Items that are loaded into a database, where it has one.
pub fn profile(address: &Address) -> Result<Option<Profile>, Error> {
    let database = address.connect()?;
    let client = database.own_client()?;
    database.wait(async {
        migrate::check(&client, address).await?;
        profile::read(&client, address.schema()).await
    })
}
