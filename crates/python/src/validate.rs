//! Validations.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use stacyard::{Run, Validating, begin_rejects};

use crate::gate::{Rules, path};
use crate::input::Input;
use crate::open;
use crate::options::Options;
use crate::watch::Watch;
use crate::work::{self, Ends};

/// All that is wrong with what is given: a report as a dictionary.
#[pyfunction]
#[pyo3(signature = (source, given, progress=None))]
pub(crate) fn validate<'py>(
    source: &Bound<'py, PyAny>,
    given: &Bound<'py, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = source.py();
    let options = Options(given);
    let (open, rules) = (open::how(&options)?, Rules::of(&options)?);
    let (threads, stop) = (options.threads()?, options.stop()?);
    let rejects = path(&options, "rejects")?;
    let ends = if rejects.is_some() { Ends::Whole } else { Ends::AtOnce };
    let (origin, mut feed) = Input::of(source, &open, &stop)?.parts();
    let mut watch = Watch::new(progress);
    watch.warn(&rules.notes);
    let (mut looker, until) = (watch.looker(usize::MAX), stop.clone());
    let report = work::served(py, (&stop, ends), (&mut *feed, &mut watch), move |asks| {
        let validating = Validating { gate: rules.gate, profile: rules.profile, migrate: rules.migrate };
        let (name, store, url) = origin.opened(&open, asks)?;
        let mut rejects = rejects
            .map(|path| {
                begin_rejects(&path, (&url.iter().collect::<Vec<_>>(), None), &rules.files, &mut |_| {})
            })
            .transpose()?;
        let run =
            Run { threads, stop: until, rejects: rejects.as_mut(), observer: &mut looker, ..Run::default() };
        let report = validating.begin(&name, &store)?.run(run)?;
        if let Some(mut rejects) = rejects {
            rejects.commit()?;
        }
        Ok(report)
    })?;
    watch.told(py, &report)
}
