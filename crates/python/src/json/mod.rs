//! Between JSON text and the objects of Python, as Python's own `json` has them: an integer of any size stays one, every other number is the float next to
//! it. What is no JSON (NaN, an object of another kind) is told with its place, never written.

mod read;
mod write;

use pyo3::prelude::*;
use stacyard::Error;
use stacyard_model::json::{Document, Tape};

pub(crate) use self::read::Reader;
pub(crate) use self::write::{HALF, NotJson, write};

use crate::error::{OrRaise, raised};

/// The object of a JSON text that the libraries have made.
pub(crate) fn loaded<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    Reader::default().text(py, text.as_bytes())
}

/// The object of a JSON text, as `json.loads` makes it; raises `errors.Usage` for what is not JSON.
///
/// >>> import stacyard
/// >>> stacyard.loads('{"big": 18446744073709551617, "one": 1.0}')
/// {'big': 18446744073709551617, 'one': 1.0}
#[pyfunction]
pub(crate) fn loads<'py>(py: Python<'py>, text: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let text: Vec<u8> = match text.extract::<String>() {
        Ok(text) => text.into_bytes(),
        Err(_) => text.extract()?,
    };
    let mut tape = Tape::new();
    let value = tape
        .parse(&text)
        .map_err(|cause| Error::usage(format!("not JSON: {cause}"), "give a JSON text"))
        .or_raise(py)?;
    Reader::default().value(py, value)
}

/// The JSON text of an object: nothing is rounded, and what is no JSON is refused with its place (`errors.Usage`).
///
/// >>> import stacyard
/// >>> stacyard.dumps({"properties": {"gsd": 10.0, "missing": None}})
/// '{"properties":{"gsd":10.0,"missing":null}}'
#[pyfunction]
pub(crate) fn dumps(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let text = dumped(py, value)?;
    String::from_utf8(text)
        .map_err(|cause| raised(py, &Error::failed("a text is not UTF-8").caused_by(cause)))
}

/// What JSON has.
const KNOWN: &str =
    "there are dictionaries with texts as names, lists, tuples, texts, finite numbers, True, False and None";

/// The same, as bytes.
pub(crate) fn dumped(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let mut text = Vec::new();
    match write(value, &mut text)? {
        Ok(()) => Ok(text),
        Err(NotJson(why)) => Err(raised(py, &Error::usage(format!("not JSON: {why}"), KNOWN))),
    }
}

/// A JSON document of an object.
pub(crate) fn document(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Document> {
    let text = dumped(py, value)?;
    Document::parse_bytes(&text)
        .map_err(|cause| Error::usage(format!("not JSON: {cause}"), KNOWN))
        .or_raise(py)
}
