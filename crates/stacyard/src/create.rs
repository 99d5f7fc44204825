//! Stores that have to be made before anything can be put into them: the tables of a database.

use stacyard_postgis::{Initialised, Wanted};
use stacyard_store::{Error, StoreUrl};

use crate::open::address;

/// Makes the tables of a database, or brings those that are there up to date. A file needs none: a copy writes it as a whole.
///
/// # Errors
/// A store that is not a database; a database that cannot be changed.
pub fn create(url: &StoreUrl, wanted: Wanted<'_>) -> Result<Initialised, Error> {
    stacyard_postgis::init(&address(url)?, wanted)
}

/// The SQL that [`create`] would run.
///
/// # Errors
/// As [`create`].
pub fn plan(url: &StoreUrl, wanted: Wanted<'_>) -> Result<String, Error> {
    stacyard_postgis::plan(&address(url)?, wanted)
}
