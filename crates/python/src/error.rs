//! Errors of the libraries as exceptions of Python: a class for each kind, with what a program may want to know of it.

use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict, PyString};
use stacyard::{Error, ErrorKind, Findings, Named};
use stacyard_search::SearchError;

use crate::json;
use crate::words;

/// The class of `stacyard.errors` for a kind of error.
fn class(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Usage => "Usage",
        ErrorKind::UnknownName => match error.unknown() {
            Some(name) if matches!(name.what, Named::Collection) => "UnknownCollection",
            _ => "UnknownProperty",
        },
        ErrorKind::Invalid => "Invalid",
        ErrorKind::NotFound => "NotFound",
        ErrorKind::Exists => "Exists",
        ErrorKind::Conflict => "Conflict",
        ErrorKind::Unsupported => "Unsupported",
        ErrorKind::Limit => "LimitExceeded",
        ErrorKind::Unavailable => "Unavailable",
        ErrorKind::Denied => "Denied",
        ErrorKind::Damaged => "Damaged",
        ErrorKind::Cancelled => "Cancelled",
        ErrorKind::Failed | ErrorKind::BrokenPipe => "Failed",
    }
}

/// The exception that says what an error says.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    made(py, error).unwrap_or_else(|failure| failure)
}

fn made(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let more = [
        ("details", error.details().into_pyobject(py)?.into_any()),
        ("remedy", error.advice().and_then(words::remedy).into_pyobject(py)?.into_any()),
        ("is_unsure", error.is_unsure().into_pyobject(py)?.to_owned().into_any()),
    ]
    .into_py_dict(py)?;
    if let Some(name) = error.unknown() {
        more.set_item("name", &name.name)?;
        more.set_item("nearest", &name.nearest)?;
    }
    if let Some(findings) = error.findings() {
        more.set_item("findings", self::findings(py, findings)?)?;
    }
    exception(py, class(error), &error.to_string(), &more)
}

fn exception(py: Python<'_>, class: &str, message: &str, more: &Bound<'_, PyDict>) -> PyResult<PyErr> {
    let class = py.import("stacyard.errors")?.getattr(PyString::new(py, class))?;
    Ok(PyErr::from_value(class.call((message,), Some(more))?))
}

/// What is wrong with a record, as dictionaries with `pointer`, `rule`, `message`, `value` and `section`.
pub(crate) fn findings<'py>(py: Python<'py>, findings: &Findings) -> PyResult<Bound<'py, PyAny>> {
    let text = serde_json::to_string(&findings.problems)
        .map_err(|cause| raised(py, &Error::failed("findings cannot be told").caused_by(cause)))?;
    json::loaded(py, &text)
}

/// A fault of a request, as an exception.
pub(crate) trait OrRaise<T> {
    /// What was wanted, or the exception that says why not.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for Result<T, Error> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| raised(py, &error))
    }
}

impl<T> OrRaise<T> for Result<T, SearchError> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(Error::from).or_raise(py)
    }
}
