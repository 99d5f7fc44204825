//! The Collections of stores that keep them, changed apart from the Items.

use std::path::Path;

use stacyard_postgis::PgStac;
use stacyard_store::{
    CollectionChanges, Collections, Deletion, Error, ErrorKind, Remedy, StoreKind, StoreUrl,
};

use crate::dataset;
use crate::open::{Database, database, parquet_path};

/// Puts Collections into a store that keeps them; those with the same ids are replaced. If another writer has to be waited for,
/// `waits` is called before.
///
/// # Errors
/// A store that keeps none, or cannot be written.
pub fn put_collections(
    url: &StoreUrl,
    new: &Collections,
    waits: &mut dyn FnMut(&Path),
) -> Result<CollectionChanges, Error> {
    match url.kind() {
        StoreKind::PostGis | StoreKind::PgStac | StoreKind::Postgres => match database(url)? {
            Database::Own(address) => stacyard_postgis::put_collections(&address, new),
            Database::PgStac(address) => PgStac::open(&address)?.put_collections(new),
        },
        StoreKind::Parquet if url.is_folder() => dataset::put_collections(url, new),
        StoreKind::Parquet => stacyard_geoparquet::put_collections(parquet_path(url)?, new, waits),
        StoreKind::Json | StoreKind::Ndjson | StoreKind::Api | StoreKind::Catalog => Err(keeps_none(url)),
    }
}

/// Takes a Collection to which no Item belongs out of a store that keeps them. If another writer has to be waited for, `waits` is
/// called before.
///
/// # Errors
/// A store that keeps none, or cannot be written.
pub fn delete_collection(
    url: &StoreUrl,
    id: &str,
    threads: usize,
    waits: &mut dyn FnMut(&Path),
) -> Result<Deletion, Error> {
    match url.kind() {
        StoreKind::PostGis | StoreKind::PgStac | StoreKind::Postgres => match database(url)? {
            Database::Own(address) => stacyard_postgis::delete_collection(&address, id),
            Database::PgStac(address) => PgStac::open(&address)?.take_out_collection(id),
        },
        StoreKind::Parquet if url.is_folder() => dataset::delete_collection(url, id, threads),
        StoreKind::Parquet => stacyard_geoparquet::delete_collection(parquet_path(url)?, id, threads, waits),
        StoreKind::Json | StoreKind::Ndjson | StoreKind::Api | StoreKind::Catalog => Err(keeps_none(url)),
    }
}

/// The error of a store without a place for Collections.
pub fn keeps_none(url: &StoreUrl) -> Error {
    Error::usage(
        format!("{url} keeps no Collections beside its Items"),
        Remedy::from("stores that do: .parquet, postgis:// and pgstac://")
            .also(Remedy::call("copy", &[]).text(" takes Collections that stand among the Items there")),
    )
    .of_kind(ErrorKind::Unsupported)
}
