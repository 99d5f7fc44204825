//! An answer as columns of Arrow: the stream that the libraries write, handed on by the C stream interface, so that no package has to be installed for it.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_ipc::reader::StreamReader;
use arrow_schema::{ArrowError, SchemaRef, ffi::FFI_ArrowSchema};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use stacyard::{Columns, Error, Run, SortKey, Store, export};

use crate::error::OrRaise;
use crate::query::Query;
use crate::watch::{Warned, Watch};
use crate::work;

/// Items as columns, in a temporary file without a name: each time that they are taken they are read anew.
#[pyclass(frozen, module = "stacyard._stacyard")]
pub(crate) struct Arrow {
    file: Arc<File>,
    schema: SchemaRef,
    rows: u64,
    notes: Warned,
}

#[pymethods]
impl Arrow {
    /// The columns as an `ArrowArrayStream`. Columns are given as they are: what another schema asks for is up to whoever takes them.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        let reader = batches(&self.file).or_raise(py)?;
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), c"arrow_array_stream")
    }

    /// The schema as an `ArrowSchema`.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema.as_ref()).map_err(failed).or_raise(py)?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// How many rows there are.
    fn __len__(&self) -> usize {
        usize::try_from(self.rows).unwrap_or(usize::MAX)
    }

    /// What is to be warned of: messages, and what can be done.
    #[getter]
    fn notes(&self) -> Warned {
        self.notes.clone()
    }

    /// The names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }
}

/// The answer to a question.
pub(crate) fn answer(py: Python<'_>, store: Store, query: &Query) -> PyResult<Arrow> {
    let stop = query.stop();
    let mut search = query.query.search().clone();
    if search.sortby.is_empty() {
        // Rows stand in the order in which the Items come one by one.
        search.sortby = SortKey::parse_list("-datetime").or_raise(py)?;
    }
    let asked = stacyard::Query::from(search).lenient(query.query.is_lenient());
    let watch = Watch::nobody();
    let (mut looker, until) = (watch.looker(0), stop.clone());
    let (file, schema, report) = work::run(py, &stop, move || {
        let file = tempfile::tempfile()
            .map_err(|cause| Error::io("write a temporary file in", &std::env::temp_dir(), cause))?;
        let run = Run { stop: until, observer: &mut looker, ..Run::default() };
        let profile = store.profile().cloned();
        let report = export((&store, profile.as_ref()), &asked, (&file, Columns::ArrowStream), run)?;
        let file = Arc::new(file);
        let schema = batches(&file)?.schema();
        Ok((file, schema, report))
    })?;
    Ok(Arrow { file, schema, rows: report.written, notes: watch.notes(&report) })
}

/// Record batches of a stream in a file.
type Batches = StreamReader<BufReader<FromStart>>;

fn batches(file: &Arc<File>) -> Result<Batches, Error> {
    let bytes = BufReader::with_capacity(1 << 20, FromStart { file: Arc::clone(file), position: 0 });
    StreamReader::try_new(bytes, None).map_err(failed)
}

fn failed(cause: ArrowError) -> Error {
    Error::failed("columns that were written cannot be read").caused_by(cause)
}

/// A file, read from its beginning by a cursor of its own.
struct FromStart {
    file: Arc<File>,
    position: u64,
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}
