//! The Items of an answer, one dictionary after another.

use pyo3::prelude::*;
use stacyard::{Error, Fields, Run};
use stacyard_model::json::Tape;
use stacyard_store::Sorted;

use crate::error::OrRaise;
use crate::json::Reader;
use crate::query::Query;
use crate::watch::Watch;
use crate::work;

/// Items, in the order of the question. They are found when it is made, and become dictionaries as they are taken.
#[pyclass(module = "stacyard._stacyard")]
pub(crate) struct Items {
    answer: Sorted,
    parts: Parts,
    reader: Reader,
    /// What is to be warned of: messages, and what can be done.
    notes: Vec<(String, Option<String>)>,
}

#[pymethods]
impl Items {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(entry) = self.answer.entry().or_raise(py)? else { return Ok(None) };
        let Self { parts, reader, .. } = self;
        parts.object(py, &entry.text, reader).map(Some)
    }

    /// What is to be warned of, once.
    fn take_notes(&mut self) -> Vec<(String, Option<String>)> {
        std::mem::take(&mut self.notes)
    }

    /// Names of parts that no Item has had so far.
    fn missing(&self) -> Vec<String> {
        self.parts.missing()
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
        let parts = Parts::of(query.query.search().fields.clone());
        Ok(Self { answer, parts, reader: Reader::default(), notes })
    }
}

/// The parts of Items that are wanted, and which names of them lead to something.
pub(crate) struct Parts {
    fields: Fields,
    found: Vec<bool>,
    tape: Tape,
    text: Vec<u8>,
}

impl Parts {
    pub(crate) fn of(fields: Fields) -> Self {
        let found = fields.asked().iter().map(|_| false).collect();
        Self { fields, found, tape: Tape::new(), text: Vec::new() }
    }

    /// The dictionary of an Item's text.
    pub(crate) fn object<'py>(
        &mut self,
        py: Python<'py>,
        text: &[u8],
        reader: &mut Reader,
    ) -> PyResult<Bound<'py, PyAny>> {
        if self.fields.is_all() {
            return reader.text(py, text);
        }
        let item = self
            .tape
            .parse(text)
            .map_err(|cause| Error::failed("a store has given an Item that is not JSON").caused_by(cause))
            .or_raise(py)?;
        for (name, found) in self.fields.asked().iter().zip(&mut self.found) {
            *found = *found || Fields::is_in(name, item);
        }
        self.text.clear();
        self.fields.write(item, &mut self.text);
        reader.text(py, &self.text)
    }

    /// Names that no Item has had.
    pub(crate) fn missing(&self) -> Vec<String> {
        let names = self.fields.asked().iter().zip(&self.found);
        names.filter(|(_, found)| !**found).map(|(name, _)| name.clone()).collect()
    }
}
