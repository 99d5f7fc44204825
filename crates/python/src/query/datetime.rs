//! `datetime` as pystac-client takes it: beside what STAC APIs take, days, months and years, objects of Python, and pairs.

use jiff::civil::Date;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// The text that a search has: `START/END`, or an instant.
pub(super) fn text(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.hasattr("isoformat")? || value.cast::<PyString>().is_ok() {
        return Ok(spelled(&one(value)?));
    }
    let ends: Vec<Bound<'_, PyAny>> = value.try_iter()?.collect::<PyResult<_>>()?;
    let ends = ends.iter().map(one).collect::<PyResult<Vec<_>>>()?;
    match &ends[..] {
        [one] => Ok(spelled(one)),
        [start, end] => Ok(spelled(&format!("{start}/{end}"))),
        _ => Err(PyTypeError::new_err("datetime: an instant, or a start and an end")),
    }
}

/// One end: an object of Python without a time zone is in UTC, and None is an open end.
fn one(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.is_none() {
        return Ok("..".to_owned());
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_cow()?.into_owned());
    }
    let text: String = value.call_method0("isoformat")?.extract()?;
    let is_instant = value.hasattr("tzinfo")?;
    let is_naive = is_instant && value.getattr("tzinfo")?.is_none();
    Ok(if is_naive { format!("{text}Z") } else { text })
}

/// With the first instant of a day, month or year where one begins, and the last one where it ends.
fn spelled(text: &str) -> String {
    match text.split_once('/') {
        Some((start, end)) => {
            let (start, end) = (start.trim(), end.trim());
            let first = whole(start).map_or_else(|| start.to_owned(), |(first, _)| first);
            let last = whole(end).map_or_else(|| end.to_owned(), |(_, last)| last);
            format!("{first}/{last}")
        }
        None => whole(text.trim()).map_or_else(|| text.to_owned(), |(first, last)| format!("{first}/{last}")),
    }
}

/// The first and the last instant of `2024`, `2024-06` or `2024-06-01`.
fn whole(text: &str) -> Option<(String, String)> {
    let is_date = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let (first, last) = match text.len() {
        4 if is_date(text) => (format!("{text}-01-01").parse().ok()?, format!("{text}-12-31").parse().ok()?),
        7 if is_date(text) => {
            let first: Date = format!("{text}-01").parse().ok()?;
            (first, first.last_of_month())
        }
        10 if is_date(text) => {
            let day: Date = text.parse().ok()?;
            (day, day)
        }
        _ => return None,
    };
    Some((format!("{first}T00:00:00Z"), format!("{last}T23:59:59.999999999Z")))
}
