//! STAC Items, Collections and Catalogs, and the gate that parses them.

mod bbox;
mod gate;
pub mod json;
pub mod migrate;
mod schemas;
mod time;

pub use bbox::{Bbox, BboxError};
pub use gate::{Finding, Gate, Grade, ObjectKind, Refusal, Rule, Verdict, Weight};
pub use schemas::{Schemas, Unusable};
pub use time::{Interval, IntervalError, Rfc3339, TimeStyle, Zone};
