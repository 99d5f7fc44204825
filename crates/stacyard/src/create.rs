//! Stores that have to be made before anything can be put into them: the tables of a database.

use stacyard_model::Profile;
use stacyard_postgis::{Address, Initialised, Installed, MigrationStep, Package, Wanted};
use stacyard_store::{Error, StoreKind, StoreUrl};

use crate::open::{Database, address, database};

/// Makes the tables of a database, or brings those that are there up to date. A file needs none: a copy writes it as a whole.
///
/// # Errors
/// A store that is not a database; a database that cannot be changed.
pub fn create(url: &StoreUrl, wanted: Wanted<'_>) -> Result<Initialised, Error> {
    stacyard_postgis::init(&own(url)?, wanted)
}

/// The SQL that [`create`] would run.
///
/// # Errors
/// As [`create`].
pub fn plan(url: &StoreUrl, wanted: Wanted<'_>) -> Result<String, Error> {
    stacyard_postgis::plan(&own(url)?, wanted)
}

/// A database with tables of our own, or for them.
fn own(url: &StoreUrl) -> Result<Address, Error> {
    match url.kind() {
        StoreKind::PgStac | StoreKind::Postgres => match database(url)? {
            Database::Own(address) => Ok(address),
            Database::PgStac(_) => Err(Error::usage(
                format!("{url} has tables of pgstac, which are made in another way"),
                "name it pgstac://...",
            )),
        },
        _ => address(url),
    }
}

/// Makes the tables of pgstac in a database, or migrates those that are there, by the SQL of a `pypgstac` package. `to` is a version; the
/// newest of the package, if `None`.
///
/// # Errors
/// A store that is not a database; a database that cannot be changed; a version that the package cannot make.
pub fn install_pgstac(url: &StoreUrl, package: &Package, to: Option<&str>) -> Result<Installed, Error> {
    stacyard_postgis::install(&address(url)?, package, to)
}

/// Declares the fields of a profile as queryables of pgstac; gives their names.
///
/// # Errors
/// A store that is not a database, or has no tables of pgstac.
pub fn declare_queryables(url: &StoreUrl, profile: &Profile) -> Result<Vec<String>, Error> {
    stacyard_postgis::declare(&address(url)?, profile)
}

/// What [`install_pgstac`] would run, and what that locks.
///
/// # Errors
/// As [`install_pgstac`].
pub fn plan_pgstac(url: &StoreUrl, package: &Package, to: Option<&str>) -> Result<Vec<MigrationStep>, Error> {
    stacyard_postgis::planned(&address(url)?, package, to)
}
