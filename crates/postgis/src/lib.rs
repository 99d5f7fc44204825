//! STAC Items in PostGIS, in tables of our own beside the user's: made and migrated, loaded by COPY, searched with
//! bound parameters, and exact.

mod connect;
mod copy;
mod own;
mod pgstac;
mod search;
mod sql;

pub use connect::address::Address;
pub use connect::holds::Holds;
pub use connect::pool::CONNECTIONS;
pub use own::collections::{delete_collection, put_collections};
pub use own::encode::{RowEncoder, Rows};
pub use own::load::sink::PostGisSink;
pub use own::schema::migrate::Wanted;
pub use own::store::PostGis;
pub use pgstac::encode::{PgStacEncoder, PgStacRows};
pub use pgstac::install::package::Package;
pub use pgstac::install::{Installed, MigrationStep, declare, install, planned};
pub use pgstac::load::sink::PgStacSink;
pub use pgstac::store::PgStac;

use connect::pool::Database;
use own::schema::{found, migrate, profile};
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
    let database = Database::of(address)?;
    let mut client = database.own_client()?;
    let (from, changes) = database.wait(migrate::run(&mut client, address, wanted))?;
    Ok(Initialised { from, to: found::NEWEST, changes })
}

/// The SQL that [`init`] would run.
pub fn plan(address: &Address, wanted: Wanted<'_>) -> Result<String, Error> {
    let database = Database::of(address)?;
    let client = database.own_client()?;
    database.wait(migrate::plan(&client, address, wanted))
}

/// The profile of the Items that are loaded into a database, where it has one.
pub fn profile(address: &Address) -> Result<Option<Profile>, Error> {
    let database = Database::of(address)?;
    let client = database.own_client()?;
    database.wait(async {
        found::check(&client, address).await?;
        profile::read(&client, address.schema()).await
    })
}
