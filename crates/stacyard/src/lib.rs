//! STAC catalogs, validated once, kept on whichever substrate fits, and every one asked the same question with the same answer.
//!
//! This crate is all that a program needs: it opens stores, whatever they are made of, copies between them, and asks them.
//!
//! # A tutorial
//!
//! A store is named as on the command line: a file (`.ndjson`, `.geojson`, `.parquet`, ...) or a database (`postgis://...`).
//! Two Items go into a GeoParquet file through the gate; what is not valid would be counted in the report, and set aside.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
//! # let (lines, columns) = (path("items.ndjson"), path("catalog.parquet"));
//! std::fs::write(
//!     &lines,
//!     r#"{"type":"Feature","stac_version":"1.1.0","id":"a","geometry":null,"properties":{"datetime":"2024-06-01T00:00:00Z","gsd":10},"links":[],"assets":{}}
//! {"type":"Feature","stac_version":"1.1.0","id":"b","geometry":null,"properties":{"datetime":"2024-06-02T00:00:00Z","gsd":30},"links":[],"assets":{}}"#,
//! )?;
//! let report = stacyard::copy(&lines, &columns, stacyard::Copying::default(), stacyard::Run::default())?;
//! assert_eq!((report.written, report.rejected), (2, 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A query is asked of any store in the same way. A page hands out a cursor with each Item, from which the next page goes on.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let lines = folder.path().join("items.ndjson").to_string_lossy().into_owned();
//! # std::fs::write(&lines, r#"{"type":"Feature","stac_version":"1.1.0","id":"a","geometry":null,"properties":{"datetime":"2024-06-01T00:00:00Z","gsd":10},"links":[],"assets":{}}
//! # {"type":"Feature","stac_version":"1.1.0","id":"b","geometry":null,"properties":{"datetime":"2024-06-02T00:00:00Z","gsd":30},"links":[],"assets":{}}"#)?;
//! use stacyard::{PageSize, Query, Run, Search, parse_filter};
//!
//! let store = stacyard::open(&lines)?;
//! let query = Query::from(Search { filter: Some(parse_filter("gsd >= 10")?), ..Search::default() });
//! assert_eq!(store.count(&query, Run::default())?.answered, 2);
//!
//! let mut page = store.page(&query, None, PageSize::new(1)?, Run::in_place())?;
//! let newest = page.next().ok_or("no Item")??;
//! assert!(String::from_utf8(newest.text)?.contains(r#""id":"b""#));
//! assert!(page.has_more()?);
//!
//! let mut next = store.page(&query, Some(&newest.cursor), PageSize::new(1)?, Run::in_place())?;
//! assert!(next.next().is_some() && !next.has_more()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What fails is an [`Error`] of some [kind](ErrorKind), with what can be done about it.

mod changed;
mod collections;
mod copy;
mod create;
mod dataset;
mod delete;
mod export;
mod harvest;
mod open;
mod parts;
mod refresh;
mod rejects;
mod side;
mod sync;
mod target;
mod update;
mod validate;

pub use stacyard_catalog::{CrawlCounts, CrawlOptions, Folders, Published, Template};
pub use stacyard_geoparquet::{
    Author, Compression, Description, Difference, Entry, MAX_COLUMNS, Made, Making, Moved, Order,
    PartitionBy, ROW_GROUP_ROWS, Vacuum, parse_compression,
};
pub use stacyard_http::HttpOptions;
pub use stacyard_model::{Gate, Grade, Interval, Profile};
pub use stacyard_objects::ObjectOptions;
pub use stacyard_postgis::{Initialised, Installed, MigrationStep, Package, Wanted};
pub use stacyard_remote::ApiOptions;
pub use stacyard_search::{
    Aggregate, Aggregation, Area, Bins, Bucket, Datum, Extent, Fields, FreeText, Frequencies, Grid, PageSize,
    Property, Query, Search, SearchBox, SortKey, Step, Stop, parse_collections, parse_datetime, parse_filter,
    parse_ids, parse_query,
};
pub use stacyard_store::{
    CollectionChanges, Collections, Count, Cursor, Deletion, ETag, Edit, Error, ErrorKind, Findings, ItemKey,
    Mode, Named, Observer, Page, PageItem, Put, Remedy, Report, Run, Setting, Source, Store, StoreKind,
    StoreUrl, Stored, Term, UnknownName, When,
};

pub use self::collections::{delete_collection, keeps_none, put_collections};
pub use self::copy::{Copying, copy, crawl};
pub use self::create::{create, declare_queryables, install_pgstac, plan, plan_pgstac};
pub use self::dataset::{commit, diff, history, make_dataset, tag, untag, vacuum};
pub use self::delete::{Deleted, Deleting, delete};
pub use self::export::{Columns, export};
pub use self::open::{Open, goes_with, open};
pub use self::parts::Parts;
pub use self::refresh::refreshed;
pub use self::rejects::begin_rejects;
pub use self::side::{json_files, read_collections, read_profile, read_schemas};
pub use self::sync::sync;
pub use self::target::{Layout, Target, optimize, save};
pub use self::validate::{Validating, Validation};
