//! Stores opened by their names: the one place that knows all kinds of them.

use std::path::Path;

use stacyard_geoparquet::{CACHE_MEMORY, Description, GeoParquet};
use stacyard_postgis::{Address, CONNECTIONS, PostGis};
use stacyard_store::{
    Error, ErrorKind, JsonStore, Location, RECORD_BYTES, Store, StoreKind, StoreUrl, same_file,
};

/// How stores are opened.
#[derive(Debug, Clone)]
pub struct Open {
    /// What the store holds, whatever its name says.
    pub kind: Option<StoreKind>,
    /// The longest record of a file of JSON, in bytes; longer ones are set aside.
    pub max_record_bytes: usize,
    /// How many bytes of a GeoParquet file are kept in memory from one question to the next.
    pub cache_bytes: usize,
    /// How many connections to a database there are at once, at most: as many questions are answered at once, and others wait.
    pub connections: usize,
}

impl Default for Open {
    fn default() -> Self {
        Self {
            kind: None,
            max_record_bytes: RECORD_BYTES,
            cache_bytes: CACHE_MEMORY,
            connections: CONNECTIONS,
        }
    }
}

impl Open {
    /// Opens the store of this name.
    ///
    /// # Errors
    /// A name that is none of a store; a store that is not there, or cannot be read.
    pub fn store(&self, name: &str) -> Result<Store, Error> {
        self.url(&StoreUrl::parse(name, self.kind)?)
    }

    /// Opens the store at a place.
    ///
    /// # Errors
    /// As [`Open::store`].
    pub fn url(&self, url: &StoreUrl) -> Result<Store, Error> {
        Ok(match url.kind() {
            StoreKind::Json | StoreKind::Ndjson => JsonStore::new(url, self.max_record_bytes).into(),
            StoreKind::Parquet => GeoParquet::open(parquet_path(url)?, self.cache_bytes)?.into(),
            StoreKind::PostGis => PostGis::with_connections(&address(url)?, self.connections)?.into(),
        })
    }
}

/// Opens the store of this name: a file (`items.ndjson`, `catalog.parquet`) or a database (`postgis://host/db`).
///
/// # Errors
/// A name that is none of a store; a store that is not there, or cannot be read.
pub fn open(name: &str) -> Result<Store, Error> {
    Open::default().store(name)
}

/// How a GeoParquet file is laid out; `None`: the store is none.
///
/// # Errors
/// A file that cannot be read.
pub fn describe(url: &StoreUrl) -> Result<Option<Description>, Error> {
    match url.kind() {
        StoreKind::Parquet => GeoParquet::open(parquet_path(url)?, 0)?.describe().map(Some),
        StoreKind::Json | StoreKind::Ndjson | StoreKind::PostGis => Ok(None),
    }
}

/// The store as a database.
pub(crate) fn address(url: &StoreUrl) -> Result<Address, Error> {
    match url.location() {
        Location::Database(url) => Address::parse(url),
        Location::Stdio | Location::Path(_) => Err(Error::usage(
            format!("{url} is not a database, and needs no tables"),
            "write postgis://user@host:port/database",
        )),
    }
}

/// The file of a GeoParquet store: its footer is at its end, so that a stream will not do.
pub(crate) fn parquet_path(url: &StoreUrl) -> Result<&Path, Error> {
    url.path().ok_or_else(|| {
        Error::usage(
            "GeoParquet cannot be read from standard input",
            "write it to a file first, and name that",
        )
        .of_kind(ErrorKind::Unsupported)
    })
}

/// Whether both are one and the same store, however they are spelled.
pub(crate) fn is_same(one: &StoreUrl, other: &StoreUrl) -> Result<bool, Error> {
    Ok(match (one.location(), other.location()) {
        (Location::Database(_), Location::Database(_)) => address(one)?.is_same(&address(other)?),
        (Location::Path(one), Location::Path(other)) => same_file(one, other),
        (one, other) => one == other,
    })
}
