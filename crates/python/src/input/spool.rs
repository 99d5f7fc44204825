//! Bytes as a store: they are read from a file without a name, since stores are.

use std::fs::File;
use std::io::Write;

use pyo3::prelude::*;
use stacyard::{Error, Open, Source, Store, StoreKind, StoreUrl};
use stacyard_store::{Work, any_json};
use tempfile::NamedTempFile;

use super::Input;
use crate::error::OrRaise;

/// How messages call it.
const NAME: &str = "bytes";

/// A file that is gone once its handles are.
pub(super) fn file() -> Result<NamedTempFile, Error> {
    NamedTempFile::with_prefix("stacyard-").map_err(failed)
}

fn failed(cause: std::io::Error) -> Error {
    Error::io("write a temporary file in", &std::env::temp_dir(), cause)
}

/// Bytes of GeoParquet, or of JSON in any form, which they say themselves.
pub(super) fn bytes(py: Python<'_>, bytes: Vec<u8>, open: &Open) -> PyResult<Input> {
    let max_record_bytes = open.max_record_bytes;
    let made: Result<_, Error> = py.detach(move || {
        let mut file = file()?;
        file.write_all(&bytes).map_err(failed)?;
        if bytes.starts_with(b"PAR1") {
            return Ok(Input::Opened(parquet(&file)?, NAME.to_owned()));
        }
        let url = StoreUrl::parse(&file.path().to_string_lossy(), Some(StoreKind::Json))?;
        Ok(Input::Text(Box::new(Called(any_json(&url, max_record_bytes)?))))
    });
    made.or_raise(py)
}

/// The store that a file of GeoParquet is. It keeps its own handle.
pub(super) fn parquet(file: &NamedTempFile) -> Result<Store, Error> {
    Open { kind: Some(StoreKind::Parquet), ..Open::default() }.store(&file.path().to_string_lossy())
}

/// A source that is not called by the name of its file.
struct Called(Box<dyn Source>);

impl Source for Called {
    fn name(&self) -> &str {
        NAME
    }

    fn size(&self) -> Option<u64> {
        self.0.size()
    }

    fn position(&self) -> u64 {
        self.0.position()
    }

    fn plain_file(&self) -> Option<&File> {
        self.0.plain_file()
    }

    fn held(&self) -> usize {
        self.0.held()
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        self.0.next()
    }
}
