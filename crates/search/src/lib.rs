//! One meaning for a STAC search: the request, CQL2 as a typed expression, and the reference evaluator.
mod bbox;
pub mod cql2;
mod error;
mod geometry;
mod property;
pub use bbox::SearchBox;
pub use error::{FilterError, FilterPlace, ItemError, SearchError, UnknownProperty};
pub use property::{ItemView, Place, Property};
