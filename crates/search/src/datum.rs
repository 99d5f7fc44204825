//! A value that Items are sorted and counted by, apart from how they spell it.

use jiff::Timestamp;

/// A value of a property. Those that are equal in a filter are one and the same here: `10` and `10.0`, an instant in two time zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Datum {
    /// Null, or absent.
    Null,
    /// A Boolean.
    Bool(bool),
    /// A number, in an exact spelling that all equal ones have.
    Number(String),
    /// An instant.
    Instant(Timestamp),
    /// A string.
    Text(String),
}
