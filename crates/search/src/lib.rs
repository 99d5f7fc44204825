//! One meaning for a STAC search: the request, CQL2 as a typed expression, and the reference evaluator.
mod bbox;
pub mod cql2;
mod error;
mod eval;
mod geometry;
mod property;
mod time;
pub use bbox::SearchBox;
pub use error::{FilterError, FilterPlace, ItemError, SearchError, UnknownProperty};
pub use property::{ItemView, Place, Property};
pub use time::temporal_extent;
