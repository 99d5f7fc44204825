//! What people have: the name of a store, bytes, dictionaries, objects of models, iterables of those, columns of Arrow, and our own stores and answers.

mod columns;
mod feed;
mod spool;

use std::ffi::OsString;

use crossbeam_channel::Sender;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyByteArray, PyBytes, PyDict, PyMapping, PyMemoryView, PyString};
use stacyard::{Error, Open, Source, Stop, Store, StoreUrl};

use self::feed::{Asked, Given, Items};
use crate::error::OrRaise;
use crate::store;
use crate::work::{Ask, Feed, NoFeed};

/// Where Items come from.
pub(crate) enum Input {
    /// A store by its name.
    Named(StoreUrl),
    /// A store that is open, by its name and how it was opened: it is opened again, as what is copied onto itself is known by its place.
    Again(StoreUrl, Box<Open>),
    /// Objects of Python.
    Items(Items),
    /// A text, which is read once.
    Text(Box<dyn Source>),
    /// A store that is open.
    Opened(Store, String),
}

impl Input {
    /// What an object of Python is as an input.
    pub(crate) fn of(value: &Bound<'_, PyAny>, open: &Open, stop: &Stop) -> PyResult<Self> {
        let py = value.py();
        if let Some(name) = name(value)? {
            return StoreUrl::parse(&name, open.kind).map(Self::Named).or_raise(py);
        }
        if let Ok(store) = value.cast::<store::Store>() {
            let (url, how) = store.get().place();
            return Ok(Self::Again(url.clone(), Box::new(how.clone())));
        }
        if let Some(bytes) = bytes(value)? {
            return spool::bytes(py, bytes, open);
        }
        if value.hasattr("__arrow_c_stream__")? && value.cast::<PyDict>().is_err() {
            return columns::spooled(value, stop).map(|store| Self::Opened(store, "columns".to_owned()));
        }
        Items::of(value, open.max_record_bytes).map(Self::Items)
    }
}

/// Where Items come from, as the work has it.
pub(crate) enum Origin {
    /// A store by its name, and how it is opened where that is another way than the call says.
    Named(StoreUrl, Option<Box<Open>>),
    /// Objects of Python, by what they are called.
    Asked(&'static str),
    Text(Box<dyn Source>),
    Opened(Store, String),
}

impl Input {
    /// What the work has of it, and what stays on the thread that has called.
    pub(crate) fn parts(self) -> (Origin, Box<dyn Feed>) {
        match self {
            Self::Named(url) => (Origin::Named(url, None), Box::new(NoFeed)),
            Self::Again(url, open) => (Origin::Named(url, Some(open)), Box::new(NoFeed)),
            Self::Items(items) => (Origin::Asked(items.name()), Box::new(items)),
            Self::Text(source) => (Origin::Text(source), Box::new(NoFeed)),
            Self::Opened(store, name) => (Origin::Opened(store, name), Box::new(NoFeed)),
        }
    }
}

impl Origin {
    /// The store, what it is called, and its place where it has one.
    pub(crate) fn opened(
        self,
        open: &Open,
        asks: Sender<Ask>,
    ) -> Result<(String, Store, Option<StoreUrl>), Error> {
        Ok(match self {
            Self::Named(url, how) => {
                (url.spelling().to_owned(), how.as_deref().unwrap_or(open).url(&url)?, Some(url))
            }
            other => {
                let (name, store) = other.without_place(asks)?;
                (name, store, None)
            }
        })
    }

    /// The store of what has no place, and what it is called.
    pub(crate) fn without_place(self, asks: Sender<Ask>) -> Result<(String, Store), Error> {
        Ok(match self {
            Self::Named(url, _) => return Err(Error::failed(format!("{url} has a place"))),
            Self::Asked(name) => (name.to_owned(), Given::new(Box::new(Asked::new(asks, name))).into()),
            Self::Text(source) => (source.name().to_owned(), Given::new(source).into()),
            Self::Opened(store, name) => (name, store),
        })
    }
}

/// The name of a store: a text, or a path.
pub(crate) fn name(value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Some(text.to_cow()?.into_owned()));
    }
    if !value.hasattr("__fspath__")? {
        return Ok(None);
    }
    let path = value.call_method0("__fspath__")?.extract::<OsString>()?;
    let text = path.into_string().map_err(|path| {
        let shown = path.display();
        Error::usage(format!("{shown}: a path that is not UTF-8"), "name it otherwise, or link to it")
    });
    text.map(Some).or_raise(value.py())
}

fn bytes(value: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    let is_bytes = value.cast::<PyBytes>().is_ok()
        || value.cast::<PyByteArray>().is_ok()
        || value.cast::<PyMemoryView>().is_ok();
    if !is_bytes {
        return Ok(None);
    }
    let bytes = match value.cast::<PyMemoryView>() {
        Ok(view) => view.call_method0("tobytes")?.extract()?,
        Err(_) => value.extract()?,
    };
    Ok(Some(bytes))
}

/// An object of a model as the dictionaries that it stands for: of pydantic by `model_dump`, of pystac by `to_dict`; anything else as it is.
pub(crate) fn as_json<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    if value.cast::<PyDict>().is_ok() {
        return Ok(value.clone());
    }
    if value.cast::<PyMapping>().is_ok() {
        return py.get_type::<PyDict>().call1((value,));
    }
    if value.hasattr("model_dump")? {
        return dumped(value);
    }
    if value.hasattr("to_dict")? {
        let how = PyDict::new(py);
        // Else the links of pystac would be made anew, and its root be looked for.
        how.set_item("transform_hrefs", false)?;
        return match value.call_method("to_dict", (), Some(&how)) {
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyTypeError>(py) => {
                value.call_method0("to_dict")
            }
            made => made,
        };
    }
    Ok(value.clone())
}

/// A model of pydantic as stac-pydantic writes its own: by aliases, and without what nobody has set. What the class itself sets is not seen as set, and
/// comes of another dump, where an Item has to have it.
fn dumped<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let dump = |is_set_alone: bool| {
        let how = [("by_alias", true), ("exclude_unset", is_set_alone)].into_py_dict(py)?;
        how.set_item("mode", "json")?;
        Ok::<_, PyErr>(value.call_method("model_dump", (), Some(&how))?.cast_into::<PyDict>()?)
    };
    let dict = dump(true)?;
    let all = dump(false)?;
    for name in ["type", "stac_version", "links", "assets"] {
        if !dict.contains(name)?
            && let Some(member) = all.get_item(name)?
        {
            dict.set_item(name, member)?;
        }
    }
    Ok(dict.into_any())
}
