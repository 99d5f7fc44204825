//! STAC Items, Collections and Catalogs, and the gate that parses them.
//!
//! [`json`] reads a text without changing a character of it, [`Gate`] says all that is wrong with it, and [`Item`],
//! [`Collection`], [`Catalog`] and [`ItemCollection`] are what has passed. [`migrate`] brings older versions up to date;
//! [`Schemas`] checks extensions. No input or output is done here.

mod bbox;
mod collection;
mod extent;
mod gate;
mod geometry_type;
mod item;
pub mod json;
pub mod migrate;
mod parse;
mod profile;
mod schemas;
mod shown;
mod time;
mod typed;
mod views;

pub use bbox::{Bbox, BboxError};
pub use collection::{Catalog, Collection, Extent, ItemCollection, Summary};
pub use extent::{ExtentError, temporal_extent};
pub use gate::{Finding, Gate, Grade, ObjectKind, Refusal, Rule, Verdict, Weight};
pub use geometry_type::GeometryType;
pub use item::{Item, Untyped, write_item};
pub use parse::ParseError;
pub use profile::{Field, FieldType, OnDelete, Profile, ProfileError, Reference};
pub use schemas::{Schemas, Unusable};
pub use shown::{is_active, shown, shown_json};
pub use time::{Interval, IntervalError, Rfc3339, TimeStyle, Zone};
pub use views::{Asset, Link, Provider};
