//! Which code reads and writes which kind of store: the one place that knows them all.

use std::path::Path;
use std::sync::Arc;

use stacyard_geoparquet::{CACHE_MEMORY, GeoParquet, GeoParquetSink, Options, Order};
use stacyard_model::Profile;
use stacyard_postgis::{Address, PostGis, PostGisSink};
use stacyard_store::{
    CollectionChanges, Collections, Copy, Deletion, Error, JsonSink, JsonStore, Location, Old, Output,
    Report, Source, Store, StoreKind, StoreUrl, WriteItem, same_file,
};

use crate::flags::{Global, Layout};
use crate::interrupt::Unfinished;
use crate::report;

/// What is written, beside the Items.
#[derive(Default)]
pub(crate) struct Extras {
    /// What to write of each Item; all of it if `None`.
    pub(crate) fields: Option<WriteItem>,
    /// The profile that the Items meet.
    pub(crate) profile: Option<Arc<Profile>>,
    /// How GeoParquet is laid out; in the order of the input if `None`.
    pub(crate) layout: Option<Layout>,
}

/// Opens a store to be read.
pub(crate) fn store(url: &StoreUrl, global: &Global) -> Result<Box<dyn Store>, Error> {
    let store: Box<dyn Store> = match url.kind() {
        StoreKind::Json | StoreKind::Ndjson => Box::new(JsonStore::new(url, global.record_bytes())),
        StoreKind::Parquet => Box::new(GeoParquet::open(parquet_path(url)?, CACHE_MEMORY)?),
        StoreKind::PostGis => Box::new(PostGis::open(&address(url)?)?),
    };
    if let Some(caution) = store.caution() {
        report::warn(global, &caution);
    }
    Ok(store)
}

/// The store as a GeoParquet file, if it is one.
pub(crate) fn geoparquet(url: &StoreUrl) -> Result<Option<GeoParquet>, Error> {
    match url.kind() {
        StoreKind::Parquet => GeoParquet::open(parquet_path(url)?, CACHE_MEMORY).map(Some),
        StoreKind::Json | StoreKind::Ndjson | StoreKind::PostGis => Ok(None),
    }
}

/// The store as a database.
pub(crate) fn address(url: &StoreUrl) -> Result<Address, Error> {
    match url.location() {
        Location::Database(url) => Address::parse(url),
        Location::Stdio | Location::Path(_) => Err(Error::usage(
            format!("{url} is no database, and needs no tables"),
            "write postgis://user@host:port/database",
        )),
    }
}

/// Whether the store has a place for Collections.
pub(crate) const fn keeps_collections(url: &StoreUrl) -> bool {
    matches!(url.kind(), StoreKind::Parquet | StoreKind::PostGis)
}

/// Puts Collections into a store that keeps them.
pub(crate) fn put_collections(
    global: &Global,
    url: &StoreUrl,
    new: &Collections,
) -> Result<CollectionChanges, Error> {
    match url.kind() {
        StoreKind::PostGis => stacyard_postgis::put_collections(&address(url)?, new),
        _ => stacyard_geoparquet::put_collections(parquet_path(url)?, new, &|path| say_waiting(global, path)),
    }
}

/// Takes a Collection to which no Item belongs out of a store that keeps them.
pub(crate) fn delete_collection(global: &Global, url: &StoreUrl, id: &str) -> Result<Deletion, Error> {
    match url.kind() {
        StoreKind::PostGis => stacyard_postgis::delete_collection(&address(url)?, id),
        _ => {
            let wait = |path: &Path| say_waiting(global, path);
            stacyard_geoparquet::delete_collection(parquet_path(url)?, id, global.threads(), &wait)
        }
    }
}

/// Whether both are one and the same store, however they are spelled.
pub(crate) fn is_same(one: &StoreUrl, other: &StoreUrl) -> Result<bool, Error> {
    Ok(match (one.location(), other.location()) {
        (Location::Database(_), Location::Database(_)) => address(one)?.is_same(&address(other)?),
        (Location::Path(one), Location::Path(other)) => same_file(one, other),
        (one, other) => one == other,
    })
}

/// Writes `input` to `target`, with what it holds.
pub(crate) fn write(
    global: &Global,
    copy: Copy<'_>,
    (input, old): (Box<dyn Source>, Old),
    (target, output): (&StoreUrl, Option<Output>),
    extras: Extras,
) -> Result<Report, Error> {
    let mut unfinished = Unfinished {
        target: target.to_string(),
        mode: copy.mode,
        loaded: None,
        json_log: global.json_log,
        is_done: false,
    };
    let Some(output) = output else {
        if extras.fields.is_some() {
            return Err(no_place_for_parts(target));
        }
        let sink = PostGisSink::create(&address(target)?, copy.mode)?;
        unfinished.loaded = Some(sink.loaded());
        unfinished.begin();
        return copy.run(input, old, sink).map_err(|error| unfinished.failed(error));
    };
    if target.path().is_some() {
        unfinished.begin();
    }
    match target.kind() {
        StoreKind::Json | StoreKind::Ndjson => {
            let sink = match extras.fields {
                None => JsonSink::create(output, target),
                Some(fields) => JsonSink::with(output, target, fields),
            };
            copy.run(input, old, sink)
        }
        StoreKind::Parquet | StoreKind::PostGis if extras.fields.is_some() => Err(no_place_for_parts(target)),
        StoreKind::Parquet | StoreKind::PostGis => {
            let mut options = Options {
                source: input.plain_file().and_then(|file| file.try_clone().ok()),
                threads: copy.threads,
                order: Order::Input,
                memory: global.memory,
                profile: extras.profile,
                ..Options::default()
            };
            if let Some(layout) = extras.layout {
                options.order = layout.sort.unwrap_or_default();
                options.row_group_rows = layout.row_group_rows;
                options.compression = layout.compression;
                options.max_columns = layout.max_columns;
            }
            let temporary = std::env::temp_dir();
            let folder = match target.path().map(Path::parent) {
                None => &temporary,
                Some(Some(folder)) if !folder.as_os_str().is_empty() => folder,
                Some(_) => Path::new("."),
            };
            let sink = GeoParquetSink::create(output, folder, options)?;
            copy.run(input, old, sink)
        }
    }
}

fn no_place_for_parts(target: &StoreUrl) -> Error {
    Error::usage(
        format!("{target}: {} holds whole Items, and --fields asks for parts of them", target.kind()),
        "leave --fields out, or write .ndjson or .geojson",
    )
}

/// Begins to write a target, before anything is read that it may hold; `None` for a database.
pub(crate) fn output(global: &Global, target: &StoreUrl, overwrites: bool) -> Result<Option<Output>, Error> {
    match target.location() {
        Location::Database(_) => Ok(None),
        Location::Path(_) | Location::Stdio => {
            Output::create(target, overwrites, &|path| say_waiting(global, path)).map(Some)
        }
    }
}

/// Says that another process writes the same file.
pub(crate) fn say_waiting(global: &Global, path: &Path) {
    report::warn(
        global,
        &format!("{}: another process is writing this file; waiting for it", path.display()),
    );
}

/// The file of a GeoParquet store: its footer is at its end, so that a stream will not do.
pub(crate) fn parquet_path(url: &StoreUrl) -> Result<&Path, Error> {
    url.path().ok_or_else(|| {
        Error::usage(
            "GeoParquet cannot be read from standard input",
            "write it to a file first, and name that",
        )
    })
}

/// Whether there is something that writing would replace. Pipes and devices are written to.
pub(crate) fn target_exists(target: &StoreUrl) -> bool {
    target.path().is_some_and(Path::is_file)
}

/// The error of a target that is there already.
pub(crate) fn target_is_there(target: &StoreUrl, can_merge: bool) -> Error {
    let remedy = if can_merge {
        "--overwrite replaces it; --mode insert, ignore or upsert merges into it"
    } else {
        "--overwrite replaces it"
    };
    Error::usage(format!("{target} exists already"), remedy)
}
