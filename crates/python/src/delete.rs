//! Deletions.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use stacyard::{Deleting, Run, begin_rejects};

use crate::error::OrRaise;
use crate::gate::path;
use crate::layout::Shape;
use crate::options::Options;
use crate::query::Query;
use crate::store::Store;
use crate::watch::Watch;
use crate::work::{self, Ends, NoFeed};

/// How many Items a file holds in memory while it is written anew, in bytes.
const MEMORY: usize = 2 * stacyard_store::SORT_MEMORY;

/// Takes the Items away that answer; gives how many went, and how many were left, since others have changed them meanwhile.
#[pyfunction]
pub(crate) fn delete(
    py: Python<'_>,
    store: &Store,
    given: &Bound<'_, PyDict>,
    query: &Query,
) -> PyResult<(u64, u64)> {
    let options = Options(given);
    let (url, open) = store.place();
    let layout = Shape::of(&options)?.layout(None, MEMORY);
    let (url, deleting) = (url.clone(), Deleting { open: open.clone(), query: query.query.clone(), layout });
    deleting.check(&url).or_raise(py)?;
    let rejects = path(&options, "rejects")?;
    let (stop, mut watch) = (query.stop(), Watch::nobody());
    let (mut looker, until) = (watch.looker(0), stop.clone());
    let deleted = work::served(py, (&stop, Ends::Whole), (&mut NoFeed, &mut watch), move |_| {
        let mut rejects =
            rejects.map(|path| begin_rejects(&path, (&[&url], Some(&url)), &[], &mut |_| {})).transpose()?;
        let run = Run {
            memory: MEMORY / 2,
            stop: until,
            rejects: rejects.as_mut(),
            observer: &mut looker,
            ..Run::default()
        };
        stacyard::delete(&url, deleting, run)
    })?;
    Ok((deleted.gone, deleted.changed))
}
