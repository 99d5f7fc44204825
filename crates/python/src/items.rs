//! The Items of an answer, one dictionary after another.

use std::sync::Arc;

use pyo3::prelude::*;
use stacyard::{Error, Parts, Run};
use stacyard_model::json::Tape;
use stacyard_store::Sorted;

use crate::error::OrRaise;
use crate::json::Reader;
use crate::query::Query;
use crate::watch::{Warned, Watch};
use crate::work;

/// Items, in the order of the question. They are found when it is made, and become dictionaries as they are taken.
#[pyclass(module = "stacyard._stacyard")]
pub(crate) struct Items {
    answer: Sorted,
    dictionaries: Dictionaries,
    notes: Warned,
}

#[pymethods]
impl Items {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(entry) = self.answer.entry().or_raise(py)? else { return Ok(None) };
        self.dictionaries.object(py, &entry.text).map(Some)
    }

    /// What is to be warned of, once.
    fn take_notes(&mut self) -> Warned {
        std::mem::take(&mut self.notes)
    }

    /// Names of parts that no Item has had so far.
    fn missing(&self) -> Vec<String> {
        self.dictionaries.missing()
    }
}

impl Items {
    /// Those of a store that answer a question.
    pub(crate) fn find(py: Python<'_>, store: stacyard::Store, query: &Query) -> PyResult<Self> {
        let stop = query.stop();
        let watch = Watch::nobody();
        let (mut looker, until, asked) = (watch.looker(0), stop.clone(), query.query.clone());
        let (answer, report) = work::run(py, &stop, move || {
            store.find(&asked, Run { stop: until, observer: &mut looker, ..Run::default() })
        })?;
        let notes = watch.notes(&report);
        Ok(Self { answer, dictionaries: Dictionaries::of(query), notes })
    }
}

/// Makes dictionaries of the texts of Items, or of parts of them.
pub(crate) struct Dictionaries {
    parts: Option<Arc<Parts>>,
    reader: Reader,
    tape: Tape,
    text: Vec<u8>,
}

impl Dictionaries {
    /// Of what a question wants of each Item.
    pub(crate) fn of(query: &Query) -> Self {
        let parts = Parts::of(query.query.search().fields.clone());
        Self { parts, reader: Reader::default(), tape: Tape::new(), text: Vec::new() }
    }

    /// The dictionary of an Item's text.
    pub(crate) fn object<'py>(&mut self, py: Python<'py>, text: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let Some(parts) = &self.parts else { return self.reader.text(py, text) };
        let item = self
            .tape
            .parse(text)
            .map_err(|cause| Error::failed("a store has given an Item that is not JSON").caused_by(cause))
            .or_raise(py)?;
        self.text.clear();
        parts.write(item, &mut self.text);
        self.reader.text(py, &self.text)
    }

    /// Names of parts that no Item has had.
    fn missing(&self) -> Vec<String> {
        self.parts.iter().flat_map(|parts| parts.missing()).map(str::to_owned).collect()
    }
}
