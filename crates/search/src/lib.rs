//! One meaning for a STAC search: the request, CQL2 as a typed expression, and the reference evaluator.
//!
//! A [`Search`] is parsed once from whatever spelling it comes in; [`Compiled`] says of each Item whether it answers,
//! and where it stands in the order. The meaning is told in `docs/search-semantics.md`; every store must agree with
//! it. There is no SQL here, and no input or output.
//!
//! ```
//! use stacyard_model::json::Document;
//! use stacyard_search::{Compiled, Search, parse_filter};
//!
//! let search = Search { filter: Some(parse_filter("eo:cloud_cover < 20")?), ..Search::default() };
//! let compiled = Compiled::new(&search)?;
//! let item = Document::parse(r#"{"id":"a","geometry":null,"properties":{"eo:cloud_cover":12}}"#).unwrap();
//! assert!(compiled.matches(item.root()).unwrap());
//! # Ok::<(), stacyard_search::SearchError>(())
//! ```

mod aggregate;
mod bbox;
mod compiled;
pub mod cql2;
mod datum;
mod error;
mod eval;
mod fields;
mod free_text;
mod geometry;
mod names;
mod order;
mod property;
mod query;
mod relate;
mod request;
mod stop;
mod time;
mod told;
mod types;

pub use aggregate::{
    Aggregate, Aggregation, Aggregator, Bins, Bucket, Extent, Frequencies, Grid, Lines, MAX_BUCKETS, Step,
    Tile,
};
pub use bbox::SearchBox;
pub use compiled::Compiled;
pub use datum::Datum;
pub use error::{FilterError, FilterPlace, ItemError, MatchError, SearchError, TooMany};
pub use fields::Fields;
pub use free_text::{FREE_TEXT_PROPERTIES, FreeText};
pub use geometry::read_geometry;
pub use names::{KnownNames, Mismatch, Names};
pub use order::{OrderKey, SortKey};
pub use property::{ItemView, Place, Property};
pub use query::{parse_query, query};
pub use request::{
    Area, PageSize, Query, Search, parse_collections, parse_datetime, parse_filter, parse_ids,
};
pub use stop::{Stop, Stopped};
pub use told::Told;
pub use types::Types;
