//! Items out of an iterable of Python, as a source of the libraries. The iterable is read on the thread that has called, a batch at a time, not before
//! the work asks for it, one batch ahead from then on, and only once.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crossbeam_channel::{Sender, bounded};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyIterator, PyList, PyString};
use stacyard::{Collections, Error, ErrorKind, Source};
use stacyard_store::{Backend, Batch, Fault, Place, Record, Work};

use super::as_json;
use crate::json::{HALF, NotJson, write};
use crate::work::{Ask, Feed, TICK};

/// How many bytes a batch has, about: enough to keep a thread busy.
const BATCH: usize = 1 << 20;

/// How many records it has at most.
const RECORDS: usize = 4096;

/// Items of Python.
pub(crate) struct Items {
    iterator: Py<PyIterator>,
    given: u64,
    max_record_bytes: usize,
    name: &'static str,
}

impl Items {
    /// Of a dictionary or a model, which is an Item or holds several, or of an iterable of such.
    pub(crate) fn of(value: &Bound<'_, PyAny>, max_record_bytes: usize) -> PyResult<Self> {
        let py = value.py();
        let value = as_json(value)?;
        let (items, name) = match value.cast::<PyDict>() {
            Ok(dict) => match features(dict)? {
                Some(features) => (features.try_iter()?, "features"),
                None => (PyList::new(py, [dict])?.try_iter()?, "dictionary"),
            },
            Err(_) if !value.hasattr("__iter__")? && !value.hasattr("__getitem__")? => {
                return Err(no_input(&value));
            }
            Err(_) => (value.try_iter()?, "items"),
        };
        Ok(Self { iterator: items.unbind(), given: 0, max_record_bytes, name })
    }

    /// How messages call them.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }
}

/// The members of a collection of features.
fn features<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let kind = dict.get_item("type")?;
    let is_collection =
        kind.is_some_and(|kind| kind.extract::<String>().is_ok_and(|kind| kind == "FeatureCollection"));
    // Without any it is an Item like others, of which the gate says what is wrong.
    if is_collection {
        Ok(dict.get_item("features")?.filter(|features| !features.is_none()))
    } else {
        Ok(None)
    }
}

fn no_input(value: &Bound<'_, PyAny>) -> PyErr {
    let kind = value.get_type().name().map(|name| name.to_string()).unwrap_or_default();
    PyTypeError::new_err(format!(
        "an object of type {kind} has no Items: give the name of a store, bytes, a dictionary, a model, an iterable of these, columns of Arrow \
         or a Store"
    ))
}

impl Feed for Items {
    fn next(&mut self, py: Python<'_>) -> PyResult<Batch> {
        // A text that grows is copied time and again.
        let mut batch = Batch { text: Vec::with_capacity(BATCH + BATCH / 4), ..Batch::default() };
        let mut items = self.iterator.bind(py).clone();
        let begun = Instant::now();
        while batch.text.len() < BATCH && batch.records.len() < RECORDS {
            // Items that are slow to come are not waited for, so that signals and progress are not either.
            if !batch.records.is_empty() && begun.elapsed() > TICK {
                break;
            }
            let Some(item) = items.next() else { break };
            let start = batch.text.len();
            let mut fault = text(&item?, &mut batch.text)?;
            let bytes = batch.text.len() - start;
            if fault.is_none() && bytes > self.max_record_bytes {
                batch.text.truncate(start + self.max_record_bytes);
                fault = Some(Fault::TooLong { bytes: bytes as u64 });
            }
            let place = Place::Feature(self.given);
            self.given += 1;
            batch.records.push(Record {
                start: narrow(start)?,
                end: narrow(batch.text.len())?,
                place,
                fault,
                has_passed: false,
            });
        }
        Ok(batch)
    }
}

/// Appends the text of one object, or why it has none.
fn text(item: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<Option<Fault>> {
    if let Ok(text) = item.cast::<PyString>() {
        let Ok(text) = text.to_str() else {
            out.extend_from_slice(HALF.as_bytes());
            return Ok(Some(Fault::NotJson));
        };
        out.extend_from_slice(text.as_bytes());
        return Ok(None);
    }
    if let Ok(text) = item.cast::<PyBytes>() {
        out.extend_from_slice(text.as_bytes());
        return Ok(None);
    }
    let start = out.len();
    Ok(match write(&as_json(item)?, out)? {
        Ok(()) => None,
        Err(NotJson(why)) => {
            out.truncate(start);
            out.extend_from_slice(why.as_bytes());
            Some(Fault::NotJson)
        }
    })
}

fn narrow(place: usize) -> PyResult<u32> {
    u32::try_from(place).map_err(|_| pyo3::exceptions::PyValueError::new_err("an Item of more than 4 GiB"))
}

/// The same Items, on the side of the work.
pub(crate) struct Asked {
    asks: Sender<Ask>,
    name: &'static str,
    is_over: bool,
}

impl Asked {
    pub(crate) const fn new(asks: Sender<Ask>, name: &'static str) -> Self {
        Self { asks, name, is_over: false }
    }
}

impl Source for Asked {
    fn name(&self) -> &str {
        self.name
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        0
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let (reply, answer) = bounded(1);
        let batch = self.asks.send(Ask::Items(reply)).ok().and_then(|()| answer.recv().ok());
        // The exception that the iterable has raised is what the call raises.
        let batch = batch
            .ok_or_else(|| Error::new(ErrorKind::Cancelled, "the Items have ended with an exception"))?;
        self.is_over = batch.records.is_empty();
        Ok((!self.is_over).then(|| Box::new(move || Ok(batch)) as Work))
    }
}

/// A source as a store, which can be read once.
pub(crate) struct Given(Mutex<Option<Box<dyn Source>>>);

impl Given {
    pub(crate) fn new(source: Box<dyn Source>) -> Self {
        Self(Mutex::new(Some(source)))
    }
}

impl Backend for Given {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        let source = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        source.ok_or_else(|| Error::failed("these Items are read once, and have been"))
    }

    /// There are none beside the Items; those among them are records.
    fn collections(&self) -> Result<Collections, Error> {
        Ok(Collections::new())
    }
}
