//! Keywords of a call, as the functions of the package hand them over: a dictionary of those that were given.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use stacyard::{Error, Stop};
use std::time::Duration;

use crate::error::OrRaise;

/// The keywords of a call.
pub(crate) struct Options<'a, 'py>(pub(crate) &'a Bound<'py, PyDict>);

impl<'py> Options<'_, 'py> {
    /// The object of a keyword; one that is None was not given.
    pub(crate) fn object(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.0.get_item(name)?.filter(|value| !value.is_none()))
    }

    /// The value of a keyword.
    pub(crate) fn get<T>(&self, name: &str) -> PyResult<Option<T>>
    where
        T: for<'a> FromPyObject<'a, 'py>,
    {
        let Some(value) = self.object(name)? else { return Ok(None) };
        let wrong = |cause: PyErr| {
            let py = value.py();
            let error = PyTypeError::new_err(format!("{name}: {}", cause.value(py)));
            error.set_cause(py, Some(cause));
            error
        };
        value.extract::<T>().map(Some).map_err(|cause| wrong(cause.into()))
    }

    /// Whether a keyword is True.
    pub(crate) fn is_on(&self, name: &str) -> PyResult<bool> {
        Ok(self.get(name)?.unwrap_or_default())
    }

    /// The value of a keyword that is written as a text of the command line.
    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Error>,
    ) -> PyResult<Option<T>> {
        let text: Option<String> = self.get(name)?;
        text.map(|text| parse(&text)).transpose().or_raise(self.0.py())
    }

    /// When the work has to end: after `timeout` seconds, or when it is cancelled.
    pub(crate) fn stop(&self) -> PyResult<Stop> {
        let Some(seconds) = self.get::<f64>("timeout")? else { return Ok(Stop::when_cancelled()) };
        let wrong = |_| {
            Error::usage(
                format!("timeout: {seconds} is no number of seconds"),
                "give one that is greater than 0",
            )
        };
        Duration::try_from_secs_f64(seconds).map(Stop::after).map_err(wrong).or_raise(self.0.py())
    }

    /// How many threads work.
    pub(crate) fn threads(&self) -> PyResult<usize> {
        // More do not help, and each takes some memory.
        let wanted: Option<usize> = self.get("threads")?;
        Ok(wanted.unwrap_or_else(stacyard_store::default_threads).clamp(1, 256))
    }
}
