//! The Collections of stores that keep them, changed apart from the Items.

use std::path::Path;

use serde_json::json;
use stacyard_postgis::PgStac;
use stacyard_search::{Query, Search, Stop};
use stacyard_store::{
    CollectionChanges, Collections, Deletion, Error, ErrorKind, Remedy, Run, Store, StoreKind, StoreUrl,
};

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
        StoreKind::Parquet => stacyard_geoparquet::put_collections(parquet_path(url)?, new, waits),
        StoreKind::Json | StoreKind::Ndjson => Err(keeps_none(url)),
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
        StoreKind::Parquet => stacyard_geoparquet::delete_collection(parquet_path(url)?, id, threads, waits),
        StoreKind::Json | StoreKind::Ndjson => Err(keeps_none(url)),
    }
}

/// The Collections of a store with the extents that their Items have, of those that have Items; `ids` are the ones that are wanted, all if
/// there are none.
///
/// # Errors
/// A store that cannot be read; an id that it does not have.
pub fn refreshed(store: &Store, ids: &[String], stop: &Stop) -> Result<Collections, Error> {
    let mut kept = store.collections()?;
    if let Some(id) = ids.iter().find(|id| !kept.contains_key(*id)) {
        return Err(Error::new(ErrorKind::NotFound, &format!("there is no Collection {id:?}"))
            .remedy(Remedy::call("collections", &[]).text(" lists those that there are")));
    }
    kept.retain(|id, _| ids.is_empty() || ids.contains(id));
    let mut found = Collections::new();
    for (id, mut collection) in kept {
        let query = Query::from(Search { collections: vec![id.clone()], ..Search::default() }).lenient(true);
        let run = Run { stop: stop.clone(), ..Run::default() };
        let Some(extent) = store.extent(&query, run)? else { continue };
        if let Some(bbox) = extent.bbox {
            collection["extent"]["spatial"]["bbox"] = json!([bbox]);
        }
        if let Some(interval) = extent.interval {
            collection["extent"]["temporal"]["interval"] = json!([interval.map(|end| end.to_string())]);
        }
        found.insert(id, collection);
    }
    Ok(found)
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
