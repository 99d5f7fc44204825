//! Profiles: the fields of one's own, declared in TOML.

use std::path::Path;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use stacyard::{Error, read_profile};
use stacyard_model::json::{Number, Tape};

use crate::error::OrRaise;
use crate::input::name;
use crate::json::Reader;
use crate::options::Options;

/// A declaration of fields in the properties of Items.
#[pyclass(frozen, module = "stacyard._stacyard")]
pub(crate) struct Profile(Arc<stacyard::Profile>);

#[pymethods]
impl Profile {
    /// Of its text.
    #[new]
    fn new(py: Python<'_>, text: &str) -> PyResult<Self> {
        let profile = stacyard::Profile::parse(text).map_err(|cause| {
            let error =
                Error::usage(format!("the profile: {cause}"), "docs/profiles.md says what a profile holds");
            cause.details().iter().fold(error, |error, line| error.detail(line))
        });
        profile.or_raise(py).map(|profile| Self(Arc::new(profile)))
    }

    /// Of a file.
    #[staticmethod]
    fn read(py: Python<'_>, path: &str) -> PyResult<Self> {
        read_profile(Path::new(path)).or_raise(py).map(|profile| Self(Arc::new(profile)))
    }

    /// The declaration as it was written.
    #[getter]
    fn text(&self) -> &str {
        self.0.text()
    }

    /// Of which collections it speaks; empty: of all Items.
    #[getter]
    fn collections(&self) -> Vec<String> {
        self.0.collections().to_vec()
    }

    /// The fields, as dictionaries of what was declared.
    #[getter]
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for field in self.0.fields() {
            let dict = PyDict::new(py);
            dict.set_item("name", &field.name)?;
            dict.set_item("type", field.kind.name())?;
            dict.set_item("description", &field.description)?;
            dict.set_item("unit", &field.unit)?;
            dict.set_item("minimum", field.minimum.as_deref().map(|text| number(py, text)).transpose()?)?;
            dict.set_item("maximum", field.maximum.as_deref().map(|text| number(py, text)).transpose()?)?;
            let values = field.values.iter().map(|value| {
                if field.kind.is_numeric() {
                    number(py, value)
                } else {
                    Ok(value.into_pyobject(py)?.into_any())
                }
            });
            dict.set_item("enum", values.collect::<PyResult<Vec<_>>>()?)?;
            dict.set_item("required", field.required)?;
            dict.set_item("queryable", field.queryable)?;
            dict.set_item("column", &field.column)?;
            let references = field.references.as_ref();
            dict.set_item("references", references.map(|it| (&it.table, &it.column, it.on_delete.name())))?;
            list.append(dict)?;
        }
        Ok(list)
    }

    /// The names of their columns in a database, in the same order.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.0.fields().iter().map(stacyard_model::Field::column_name).collect()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// A number as it is declared.
fn number<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    debug_assert!(Number::parse(text).is_some());
    let mut tape = Tape::new();
    let value =
        tape.parse(text.as_bytes()).map_err(|_| Error::failed("a bound that is no number")).or_raise(py)?;
    Reader::default().value(py, value)
}

/// The profile that a call names: by its file, or as one.
pub(crate) fn given(options: &Options<'_, '_>) -> PyResult<Option<Arc<stacyard::Profile>>> {
    let Some(value) = options.object("profile")? else { return Ok(None) };
    if let Ok(profile) = value.cast::<Profile>() {
        return Ok(Some(Arc::clone(&profile.get().0)));
    }
    match name(&value)? {
        Some(path) => {
            read_profile(Path::new(&path)).or_raise(value.py()).map(|profile| Some(Arc::new(profile)))
        }
        None => {
            Err(pyo3::exceptions::PyTypeError::new_err("profile: a Profile, or the path of a profile.toml"))
        }
    }
}
