//! Objects of Python to JSON text: what `json.dumps` takes, and nothing else.

use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use stacyard_model::json::{MAX_DEPTH, push_pointer_token, push_string};

/// What is wrong with a text that Python can hold.
pub(crate) const HALF: &str = "a text with half of a surrogate pair, which UTF-8 cannot say";

/// Why an object is no JSON: what is wrong, and where.
#[derive(Debug)]
pub(crate) struct NotJson(pub(crate) String);

/// Appends the JSON text of an object. Where that cannot be, what was appended has no meaning.
///
/// # Errors
/// What code of the user's raises. Within: an object that is no JSON.
pub(crate) fn write(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<Result<(), NotJson>> {
    match value_of(value, out, 0) {
        Ok(()) => Ok(Ok(())),
        Err(Fault::Raised(error)) => Err(error),
        Err(Fault::NotJson { mut steps, what }) => {
            steps.reverse();
            let mut pointer = String::new();
            for step in &steps {
                push_pointer_token(&mut pointer, step);
            }
            let place = if pointer.is_empty() { String::new() } else { format!("{pointer}: ") };
            Ok(Err(NotJson(format!("{place}{what}"))))
        }
    }
}

enum Fault {
    Raised(PyErr),
    /// The way to it, from the inside out.
    NotJson {
        steps: Vec<String>,
        what: String,
    },
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

impl Fault {
    fn new(what: impl Into<String>) -> Self {
        Self::NotJson { steps: Vec::new(), what: what.into() }
    }

    fn within(self, step: impl FnOnce() -> String) -> Self {
        match self {
            Self::NotJson { mut steps, what } => {
                steps.push(step());
                Self::NotJson { steps, what }
            }
            raised @ Self::Raised(_) => raised,
        }
    }
}

fn value_of(value: &Bound<'_, PyAny>, out: &mut Vec<u8>, depth: usize) -> Result<(), Fault> {
    // The very classes first, told by their address: to find out that something is none of a class costs more than all the rest.
    let (py, class) = (value.py(), value.get_type_ptr());
    if class == PyString::type_object_raw(py)
        && let Ok(text) = value.cast::<PyString>()
    {
        return string(text, out);
    }
    if class == PyFloat::type_object_raw(py)
        && let Ok(number) = value.cast::<PyFloat>()
    {
        return float(number.value(), out);
    }
    if depth < MAX_DEPTH
        && class == PyDict::type_object_raw(py)
        && let Ok(dict) = value.cast::<PyDict>()
    {
        return members(dict, out, depth);
    }
    if depth < MAX_DEPTH
        && class == PyList::type_object_raw(py)
        && let Ok(list) = value.cast::<PyList>()
    {
        return elements(list.iter(), out, depth);
    }
    if class == PyInt::type_object_raw(py)
        && let Ok(number) = value.cast::<PyInt>()
    {
        return integer(number, out);
    }
    if value.is_none() {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    of_any_class(value, out, depth)
}

/// The same of what is of a class that stands below these, or is something else.
fn of_any_class(value: &Bound<'_, PyAny>, out: &mut Vec<u8>, depth: usize) -> Result<(), Fault> {
    if let Ok(text) = value.cast::<PyString>() {
        return string(text, out);
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return float(number.value(), out);
    }
    if let Ok(is_so) = value.cast::<PyBool>() {
        out.extend_from_slice(if is_so.is_true() { b"true" } else { b"false" });
        return Ok(());
    }
    if let Ok(number) = value.cast::<PyInt>() {
        return integer(number, out);
    }
    if depth == MAX_DEPTH {
        return Err(Fault::new(format!("more than {MAX_DEPTH} lists and dictionaries inside one another")));
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        return members(dict, out, depth);
    }
    if let Ok(list) = value.cast::<PyList>() {
        return elements(list.iter(), out, depth);
    }
    if let Ok(tuple) = value.cast::<PyTuple>() {
        return elements(tuple.iter(), out, depth);
    }
    Err(Fault::new(format!("an object of type {} is no JSON value", value.get_type().name()?)))
}

fn string(text: &Bound<'_, PyString>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = text.to_str().map_err(|_| Fault::new(HALF))?;
    push_string(out, text);
    Ok(())
}

fn float(number: f64, out: &mut Vec<u8>) -> Result<(), Fault> {
    if !number.is_finite() {
        return Err(Fault::new(format!("{number} is no JSON number; write None, or leave the member out")));
    }
    out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
    Ok(())
}

fn integer(number: &Bound<'_, PyInt>, out: &mut Vec<u8>) -> Result<(), Fault> {
    if let Ok(number) = number.extract::<i64>() {
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        return Ok(());
    }
    // What a subclass says of itself is not its digits, and `__str__` would ask it.
    let plain = number.py().get_type::<PyInt>().call_method1("__repr__", (number,));
    let plain =
        plain.map_err(|cause| Fault::new(format!("an integer that Python does not write: {cause}")))?;
    out.extend_from_slice(plain.extract::<String>()?.as_bytes());
    Ok(())
}

fn members(dict: &Bound<'_, PyDict>, out: &mut Vec<u8>, depth: usize) -> Result<(), Fault> {
    out.push(b'{');
    for (position, (key, value)) in dict.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        let Ok(name) = key.cast::<PyString>() else {
            return Err(Fault::new(format!("the name {} is no text", key.repr()?)));
        };
        string(name, out)?;
        out.push(b':');
        value_of(&value, out, depth + 1)
            .map_err(|fault| fault.within(|| name.to_string_lossy().into_owned()))?;
    }
    out.push(b'}');
    Ok(())
}

fn elements<'py>(
    elements: impl Iterator<Item = Bound<'py, PyAny>>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<(), Fault> {
    out.push(b'[');
    for (position, element) in elements.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        value_of(&element, out, depth + 1).map_err(|fault| fault.within(|| position.to_string()))?;
    }
    out.push(b']');
    Ok(())
}
