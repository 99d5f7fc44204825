//! STAC Items, Collections and Catalogs, and the gate that parses them.

pub mod json;
mod time;

pub use time::{Interval, IntervalError, Rfc3339, TimeStyle, Zone};
