//! Copies, and answers that are written to a file.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use stacyard::{
    Collections, Copying, Error, Gate, Mode, Open, Parts, Run, StoreUrl, Target, begin_rejects,
    read_collections,
};
use stacyard_model::json::Tape;

use crate::error::{OrRaise, raised};
use crate::gate::{Rules, path};
use crate::input::{Input, Origin, as_json, name};
use crate::layout::Shape;
use crate::options::Options;
use crate::query::Query;
use crate::store::Store;
use crate::watch::Watch;
use crate::work::Ends;
use crate::{json, open, work};

/// How many rejects a copy tells one by one; the file of rejects has all of them.
const TOLD: usize = 100;

/// Copies what is given into a store, or makes the store hold it and nothing else: a report as a dictionary.
#[pyfunction]
#[pyo3(signature = (source, to, given, query=None, progress=None, syncs=false))]
pub(crate) fn copy<'py>(
    source: &Bound<'py, PyAny>,
    to: &str,
    given: &Bound<'py, PyDict>,
    query: Option<&Query>,
    progress: Option<Py<PyAny>>,
    syncs: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = source.py();
    let options = Options(given);
    let (open, rules, shape) = (open::how(&options)?, Rules::of(&options)?, Shape::of(&options)?);
    let threads = options.threads()?;
    // That of the search, where the call says no other.
    let stop = match query.filter(|_| !options.0.contains("timeout").unwrap_or_default()) {
        Some(query) => query.stop(),
        None => options.stop()?,
    };
    let to = shape.target(to, open::kind(&options, "format")?).or_raise(py)?;
    let mode = mode(&options, &to)?;
    let memory: usize = options.get("memory")?.unwrap_or(2 * stacyard_store::SORT_MEMORY);
    let (side, mut files) = collections(&options)?;
    let rejects = path(&options, "rejects")?;
    let (origin, mut feed) = Input::of(source, &open, &stop)?.parts();
    let mut watch = Watch::new(progress);
    watch.warn(&rules.notes);
    let (mut looker, until) = (watch.looker(TOLD), stop.clone());
    files.extend(rules.files);
    refuse_target(&to, &files).or_raise(py)?;
    let parts = query.and_then(|query| Parts::of(query.query.search().fields.clone()));
    let mut copying = Copying {
        open,
        mode,
        may_end_empty: options.is_on("allow_empty")?,
        gate: rules.gate,
        profile: rules.profile,
        migrate: rules.migrate,
        query: query.map(|query| query.query.clone()),
        makes_collections: options.is_on("create_collections")?,
        journal: path(&options, "journal")?,
        update: options.is_on("update")?,
        layout: shape.layout(parts.as_ref(), memory),
        ..Copying::default()
    };
    let report = work::served(py, (&stop, Ends::Whole), (&mut *feed, &mut watch), move |asks| {
        copying.collections = side.read(&copying.open)?;
        let (from, origin) = match origin {
            Origin::Named(url, how) => {
                copying.open_source = how.map(|how| *how);
                (Some(url), None)
            }
            other => (None, Some(other)),
        };
        let sources: Vec<&StoreUrl> = from.iter().collect();
        let mut rejects = rejects
            .map(|path| begin_rejects(&path, (&sources, Some(&to)), &files, &mut |_| {}))
            .transpose()?;
        let run = Run {
            threads,
            memory: memory / 2,
            stop: until,
            rejects: rejects.as_mut(),
            observer: &mut looker,
        };
        match (&from, origin) {
            (Some(from), _) if syncs => stacyard::sync(from, &to, copying, run),
            (None, _) if syncs => Err(Error::usage(
                "two stores are compared, and Items of Python are none",
                "copy them into one first",
            )),
            (Some(from), _) => copying.run(from, &to, run),
            (None, Some(origin)) => copying.run_opened(origin.without_place(asks)?.1, &to, run),
            (None, None) => Err(Error::failed("a copy of nothing")),
        }
    })?;
    watch.missing(parts.as_deref(), report.written);
    watch.told(py, &report)
}

/// Makes one version of parts of a dataset that were staged: a report as a dictionary.
#[pyfunction]
#[pyo3(signature = (to, parts, given, progress=None))]
pub(crate) fn commit<'py>(
    py: Python<'py>,
    to: &str,
    parts: Vec<PathBuf>,
    given: &Bound<'py, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let options = Options(given);
    let (open, threads, stop) = (open::how(&options)?, options.threads()?, options.stop()?);
    let to = StoreUrl::parse(to, open.kind).or_raise(py)?;
    refuse_target(&to, &parts).or_raise(py)?;
    let rejects = path(&options, "rejects")?;
    let mut watch = Watch::new(progress);
    let (mut looker, until) = (watch.looker(TOLD), stop.clone());
    let report = work::served(py, (&stop, Ends::Whole), (&mut work::NoFeed, &mut watch), move |_| {
        let mut rejects =
            rejects.map(|path| begin_rejects(&path, (&[], Some(&to)), &parts, &mut |_| {})).transpose()?;
        let run =
            Run { threads, stop: until, rejects: rejects.as_mut(), observer: &mut looker, ..Run::default() };
        let report = stacyard::commit(&to, &parts, &open, run)?;
        if let Some(mut rejects) = rejects {
            rejects.commit()?;
        }
        Ok(report)
    })?;
    watch.told(py, &report)
}

/// Writes the answer of a store to a file: a report as a dictionary.
#[pyfunction]
#[pyo3(signature = (store, to, given, query, progress=None))]
pub(crate) fn save<'py>(
    py: Python<'py>,
    store: &Store,
    to: &str,
    given: &Bound<'py, PyDict>,
    query: &Query,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let options = Options(given);
    let (threads, stop, overwrites) = (options.threads()?, query.stop(), options.is_on("overwrite")?);
    let shape = Shape::of(&options)?;
    let to = shape.target(to, open::kind(&options, "format")?).or_raise(py)?;
    let memory: usize = options.get("memory")?.unwrap_or(2 * stacyard_store::SORT_MEMORY);
    let parts = Parts::of(query.query.search().fields.clone());
    let layout = shape.layout(parts.as_ref(), memory);
    refuse_store(&to, store.place().0).or_raise(py)?;
    let rejects = path(&options, "rejects")?;
    let mut watch = Watch::new(progress);
    let (mut looker, until, asked) = (watch.looker(TOLD), stop.clone(), query.query.clone());
    let (source, how) = (store.opened(py)?, store.place().1.clone());
    let from = store.place().0.clone();
    let report = work::served(py, (&stop, Ends::Whole), (&mut work::NoFeed, &mut watch), move |_| {
        let mut rejects =
            rejects.map(|path| begin_rejects(&path, (&[&from], Some(&to)), &[], &mut |_| {})).transpose()?;
        let target = begin(&to, &how, overwrites)?;
        let run = Run {
            threads,
            memory: memory / 2,
            stop: until,
            rejects: rejects.as_mut(),
            observer: &mut looker,
        };
        let report = stacyard::save(&source, &asked, (target, layout), run)?;
        if let Some(mut rejects) = rejects {
            rejects.commit()?;
        }
        Ok(report)
    })?;
    watch.missing(parts.as_deref(), report.written);
    watch.told(py, &report)
}

/// Begins to write a file that may not be there.
fn begin(to: &StoreUrl, open: &Open, overwrites: bool) -> Result<Target, Error> {
    let refuse =
        |is_there: bool| if is_there && !overwrites { Err(Target::is_there(to, false)) } else { Ok(()) };
    refuse(Target::exists(to))?;
    let target = Target::begin(to, open, overwrites, &mut |_| {})?;
    // It may have come since it was looked for.
    refuse(target.replaces())?;
    Ok(target)
}

fn refuse_store(to: &StoreUrl, store: &StoreUrl) -> Result<(), Error> {
    if to.kind().is_database() {
        let remedy = stacyard::Remedy::call("copy", &["STORE", "URL"])
            .text(" takes the same question, and merges into a database");
        return Err(Error::usage(format!("{to}: the answer to a search is written to a file"), remedy));
    }
    if to.location() == store.location() || to.path().is_some_and(|path| store.is_same_file(path)) {
        let message = format!("{to} is the store that is asked: the answer would take its place");
        return Err(Error::usage(message, "write the answer to another file"));
    }
    Ok(())
}

/// Fails where a file that is read beside the store would be written.
fn refuse_target(to: &StoreUrl, files: &[PathBuf]) -> Result<(), Error> {
    if files.iter().any(|file| to.is_same_file(file)) {
        return Err(Error::usage(
            format!("{to} is a file that is read for this copy"),
            "write to a file of its own",
        ));
    }
    Ok(())
}

fn mode(options: &Options<'_, '_>, to: &StoreUrl) -> PyResult<Option<Mode>> {
    let py = options.0.py();
    let known = "there are insert, ignore, upsert and replace";
    let mode = options.parsed("mode", |text| match text {
        "insert" => Ok(Mode::Insert),
        "ignore" => Ok(Mode::Ignore),
        "upsert" => Ok(Mode::Upsert),
        "replace" => Ok(Mode::Replace),
        other => Err(Error::usage(format!("mode: {other:?} is no mode"), known)),
    })?;
    let mode = match (options.is_on("overwrite")?, mode) {
        (true, None | Some(Mode::Replace)) => Some(Mode::Replace),
        (true, Some(_)) => {
            return Err(Error::usage(
                "overwrite=True is mode=\"replace\", and another mode is asked for",
                "leave one of them out",
            ))
            .or_raise(py);
        }
        // A part says what becomes of Items that are there, once it is committed.
        (false, None) if options.object("stage")?.is_some() => Some(Mode::Insert),
        (false, mode) => mode,
    };
    if !options.is_on("resume")? {
        return Ok(mode);
    }
    let wrong = |message: String| Err(Error::usage(message, "leave `resume` out")).or_raise(py);
    match mode {
        _ if !to.kind().is_database() => {
            wrong(format!("{to}: resume=True is for databases; a file is written whole or not at all"))
        }
        None | Some(Mode::Insert) => Ok(Some(Mode::Resume)),
        Some(_) => wrong("resume=True goes with the mode insert alone: what is broken off in another mode is simply made again".to_owned()),
    }
}

/// Collections that go with the Items.
enum Side {
    None,
    File(String),
    Given(Collections),
}

impl Side {
    fn read(self, open: &Open) -> Result<Collections, Error> {
        match self {
            Self::None => Ok(Collections::new()),
            Self::File(file) => read_collections(&file, open.max_record_bytes),
            Self::Given(collections) => Ok(collections),
        }
    }
}

/// The Collections that are given: a path, a Collection, or some; and the file that they stand in.
fn collections(options: &Options<'_, '_>) -> PyResult<(Side, Vec<PathBuf>)> {
    let Some(value) = options.object("collections")? else { return Ok((Side::None, Vec::new())) };
    if let Some(file) = name(&value)? {
        return Ok((Side::File(file.clone()), vec![file.into()]));
    }
    let value = as_json(&value)?;
    let each: Vec<Bound<'_, PyAny>> = match value.cast::<PyDict>() {
        Err(_) => value.try_iter()?.collect::<PyResult<_>>()?,
        Ok(dict) => match dict.get_item("collections")? {
            Some(list) => list.try_iter()?.collect::<PyResult<_>>()?,
            None => vec![value.clone()],
        },
    };
    let mut all = Collections::new();
    for collection in each {
        let (id, collection) = valid(&collection)?;
        if all.insert(id.clone(), collection).is_some() {
            let twice =
                Error::usage(format!("collections: the Collection {id:?} is there twice"), "give it once");
            return Err(twice).or_raise(value.py());
        }
    }
    Ok((Side::Given(all), Vec::new()))
}

/// The id and the document of a Collection, which has to be valid.
fn valid(collection: &Bound<'_, PyAny>) -> PyResult<(String, serde_json::Value)> {
    let py = collection.py();
    let text = json::dumped(py, &as_json(collection)?)?;
    let mut tape = Tape::new();
    let value = tape
        .parse(&text)
        .map_err(|cause| Error::usage(format!("collections: not JSON: {cause}"), ""))
        .or_raise(py)?;
    let id = value.get("id").and_then(stacyard_model::json::Value::as_str).unwrap_or_default().into_owned();
    if let Some(finding) = Gate::default().collection(value).errors.first() {
        let wrong = Error::usage(
            format!("collections: the Collection {id:?}: {finding}"),
            "mend it first; nothing was changed",
        );
        return Err(raised(py, &wrong));
    }
    let document = serde_json::from_slice(&text)
        .map_err(|cause| Error::usage(format!("collections: the Collection {id:?}: {cause}"), ""))
        .or_raise(py)?;
    Ok((id, document))
}
