//! A value that Items are sorted and counted by, apart from how they spell it.

use jiff::Timestamp;
use serde_json::{Value, json};

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

impl Datum {
    /// The value as JSON; an instant as text of RFC 3339, in UTC.
    pub fn json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => json!(value),
            // Its spelling is JSON's, and is kept.
            Self::Number(text) => serde_json::from_str(text).unwrap_or_default(),
            Self::Instant(at) => json!(at.to_string()),
            Self::Text(text) => json!(text),
        }
    }
}
