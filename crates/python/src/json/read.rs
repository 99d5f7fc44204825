//! JSON text to objects of Python.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};
use rustc_hash::FxHashMap;
use stacyard::Error;
use stacyard_model::json::{Key, Kind, Number, Tape, Value};

use crate::error::OrRaise;

/// Names that are kept: those of Items repeat, and each is one object then, as `json` has them.
const NAMES: usize = 4096;

/// Makes objects of JSON texts; keeps what one text can use of the one before.
#[derive(Default)]
pub(crate) struct Reader {
    tape: Tape,
    names: Names,
}

#[derive(Default)]
struct Names(FxHashMap<Box<str>, Py<PyString>>);

impl Reader {
    /// The object of a text that a store has given.
    pub(crate) fn text<'py>(&mut self, py: Python<'py>, text: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let value = self
            .tape
            .parse(text)
            .map_err(|cause| Error::failed("a store has given a text that is not JSON").caused_by(cause))
            .or_raise(py)?;
        object(py, value, &mut self.names)
    }

    /// The object of a value.
    pub(crate) fn value<'py>(&mut self, py: Python<'py>, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
        object(py, value, &mut self.names)
    }
}

/// As deep as a tape is, which is bounded.
fn object<'py>(py: Python<'py>, value: Value<'_>, names: &mut Names) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value.kind() {
        Kind::Null => py.None().into_bound(py),
        Kind::True => PyBool::new(py, true).to_owned().into_any(),
        Kind::False => PyBool::new(py, false).to_owned().into_any(),
        Kind::Number => match value.as_number() {
            Some(number) => self::number(py, number)?,
            None => py.None().into_bound(py),
        },
        Kind::String => match value.as_plain_str() {
            Some(text) => PyString::new(py, text).into_any(),
            None => PyString::new(py, &value.as_str().unwrap_or_default()).into_any(),
        },
        Kind::Array => {
            let list = PyList::empty(py);
            for element in value.elements().into_iter().flatten() {
                list.append(object(py, element, names)?)?;
            }
            list.into_any()
        }
        Kind::Object => {
            let dict = PyDict::new(py);
            for (key, member) in value.members().into_iter().flatten() {
                dict.set_item(names.of(py, key), object(py, member, names)?)?;
            }
            dict.into_any()
        }
    })
}

fn number<'py>(py: Python<'py>, number: Number<'_>) -> PyResult<Bound<'py, PyAny>> {
    if !number.is_integer() {
        return Ok(PyFloat::new(py, number.to_f64()).into_any());
    }
    match number.as_i64() {
        Some(number) => Ok(number.into_pyobject(py)?.into_any()),
        None => py.get_type::<PyInt>().call1((number.text(),)),
    }
}

impl Names {
    fn of<'py>(&mut self, py: Python<'py>, key: Key<'_>) -> Bound<'py, PyString> {
        let Some(name) = key.plain() else { return PyString::new(py, &key.text()) };
        if let Some(known) = self.0.get(name) {
            return known.bind(py).clone();
        }
        let made = PyString::new(py, name);
        if self.0.len() < NAMES {
            self.0.insert(name.into(), made.clone().unbind());
        }
        made
    }
}
