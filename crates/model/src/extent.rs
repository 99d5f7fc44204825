//! The temporal extent of an Item: when it is, as searches and stores take it.

use crate::json::Value;
use crate::time::{Interval, Rfc3339};

/// A time in an Item's properties that says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtentError {
    /// Which of them.
    pub name: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// The temporal extent of an Item, of its `properties`: `[start_datetime, end_datetime]` where both are there and not null, else
/// `[datetime, datetime]`; `None` where there is neither (STAC Item specification, "Date and Time Range").
///
/// # Errors
/// A text there that is no RFC 3339 instant, or a start after its end. Items that have passed the gate have neither.
pub fn temporal_extent(properties: Option<Value<'_>>) -> Result<Option<Interval>, ExtentError> {
    let instant = |name: &'static str| {
        let value = properties.and_then(|properties| properties.get(name)).filter(|value| !value.is_null());
        let Some(value) = value else { return Ok(None) };
        let time = value.as_str().and_then(|text| Rfc3339::parse(&text));
        time.map(|time| Some(time.instant)).ok_or_else(|| {
            let shown: String = value.raw().chars().take(80).collect();
            ExtentError { name, reason: format!("{shown} is not an RFC 3339 date and time") }
        })
    };
    // Most Items have no range: their end need not be read.
    let start = instant("start_datetime")?;
    let end = if start.is_some() { instant("end_datetime")? } else { None };
    let (start, end) = match (start, end) {
        (Some(start), Some(end)) => (start, end),
        _ => match instant("datetime")? {
            Some(at) => (at, at),
            None => return Ok(None),
        },
    };
    Interval::new(Some(start), Some(end))
        .map(Some)
        .map_err(|error| ExtentError { name: "start_datetime", reason: error.to_string() })
}
