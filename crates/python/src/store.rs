//! A store that is open.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use stacyard::{
    Cursor, ETag, Error, ItemKey, Making, Open, PageSize, Run, Search, Stop, StoreUrl, Wanted, When,
};
use stacyard_model::ObjectKind;
use stacyard_store::Location;

use crate::arrow::{self, Arrow};
use crate::error::OrRaise;
use crate::input::as_json;
use crate::items::{Dictionaries, Items};
use crate::json::{self, Reader};
use crate::options::Options;
use crate::query::Query;
use crate::watch::{Warned, Watch};
use crate::{open, profile, work};

/// A store that is open. It may be asked by any number of threads at once.
#[pyclass(frozen, module = "stacyard._stacyard")]
pub(crate) struct Store {
    url: StoreUrl,
    open: Open,
    /// The process that has opened it, and the store: connections and threads do not come along into one that is forked off.
    opened: Mutex<(u32, stacyard::Store)>,
}

#[pymethods]
impl Store {
    #[new]
    fn new(py: Python<'_>, name: &str, given: &Bound<'_, PyDict>) -> PyResult<Self> {
        let open = open::how(&Options(given))?;
        let url = StoreUrl::parse(name, open.kind).or_raise(py)?;
        let store = opened(py, &url, &open)?;
        Ok(Self { url, open, opened: Mutex::new((std::process::id(), store)) })
    }

    /// Its name, without a password.
    #[getter]
    pub(crate) fn name(&self) -> &str {
        self.url.spelling()
    }

    /// What sort of store it is.
    #[getter]
    fn kind(&self) -> String {
        self.url.kind().to_string()
    }

    /// What a user should know before trusting its Items.
    fn caution(&self, py: Python<'_>) -> PyResult<Option<String>> {
        Ok(self.opened(py)?.caution())
    }

    /// The text of the profile that its Items meet.
    fn profile_text(&self, py: Python<'_>) -> PyResult<Option<String>> {
        Ok(self.opened(py)?.profile().map(|profile| profile.text().to_owned()))
    }

    /// The Items that answer.
    fn items(&self, py: Python<'_>, query: &Query) -> PyResult<Items> {
        Items::find(py, self.opened(py)?, query)
    }

    /// How many Items answer, and what is to be warned of.
    fn count(&self, py: Python<'_>, query: &Query) -> PyResult<(u64, Warned)> {
        let (store, asked, stop) = (self.opened(py)?, query.query.clone(), query.stop());
        let watch = Watch::nobody();
        let (mut looker, until) = (watch.looker(0), stop.clone());
        let report = work::run(py, &stop, move || {
            store.count(&asked, Run { stop: until, observer: &mut looker, ..Run::default() })
        })?;
        Ok((report.answered, watch.notes(&report)))
    }

    /// A page: its Items, and the token of the next one.
    #[pyo3(signature = (query, size, after=None))]
    fn page<'py>(
        &self,
        py: Python<'py>,
        query: &Query,
        size: u64,
        after: Option<&str>,
    ) -> PyResult<(Vec<Bound<'py, PyAny>>, Option<String>)> {
        let after = after.map(Cursor::parse).transpose().or_raise(py)?;
        let size = PageSize::new(size).or_raise(py)?;
        let (store, asked, stop) = (self.opened(py)?, query.query.clone(), query.stop());
        let until = stop.clone();
        let (found, next) = work::run(py, &stop, move || {
            let mut page = store.page(&asked, after.as_ref(), size, Run { stop: until, ..Run::default() })?;
            let found = page.by_ref().collect::<Result<Vec<_>, _>>()?;
            let last = if page.has_more()? { found.last() } else { None };
            let next = last.map(|last| last.cursor.to_string());
            Ok((found, next))
        })?;
        let mut dictionaries = Dictionaries::of(query);
        let items = found.iter().map(|item| dictionaries.object(py, &item.text));
        Ok((items.collect::<PyResult<_>>()?, next))
    }

    /// The Items that answer, as columns.
    fn arrow(&self, py: Python<'_>, query: &Query) -> PyResult<Arrow> {
        arrow::answer(py, self.opened(py)?, query)
    }

    /// One Item and the tag of its state.
    #[pyo3(signature = (id, collection=None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        id: String,
        collection: Option<String>,
    ) -> PyResult<Option<(Bound<'py, PyAny>, String)>> {
        let store = self.opened(py)?;
        let stop = Stop::when_cancelled();
        let until = stop.clone();
        let found = work::run(py, &stop, move || match collection {
            Some(collection) => store.get(&ItemKey::new(collection, id), &until),
            None => of_any_collection(&store, id, &until),
        })?;
        found.map(|found| Ok((Reader::default().text(py, &found.text)?, found.etag.to_string()))).transpose()
    }

    /// Puts an Item or a Collection; gives whether nothing was there before, and the tag of what is there now.
    #[pyo3(signature = (object, only_new=false, etag=None))]
    fn put(
        &self,
        py: Python<'_>,
        object: &Bound<'_, PyAny>,
        only_new: bool,
        etag: Option<&str>,
    ) -> PyResult<(bool, String)> {
        let document = json::document(py, &as_json(object)?)?;
        let store = self.opened(py)?;
        let when = when(only_new, etag).or_raise(py)?;
        let put = work::change(py, move || {
            let (text, edit) = (document.text().as_bytes(), store.edit()?);
            match ObjectKind::of(document.root()) {
                Some(ObjectKind::Collection) => edit.put_collection(text, when).map(|(_, put)| put),
                _ => edit.put_item(text, when).map(|(_, put)| put),
            }
        })?;
        Ok((put.is_new, put.etag.to_string()))
    }

    /// Takes an Item away.
    #[pyo3(signature = (id, collection=None, etag=None))]
    fn delete(
        &self,
        py: Python<'_>,
        id: String,
        collection: Option<String>,
        etag: Option<&str>,
    ) -> PyResult<()> {
        let (store, when) = (self.opened(py)?, when(false, etag).or_raise(py)?);
        let key = ItemKey { collection, id };
        work::change(py, move || store.edit()?.delete_item(&key, when))
    }

    /// Takes a Collection away to which no Item belongs.
    #[pyo3(signature = (id, etag=None))]
    fn delete_collection(&self, py: Python<'_>, id: String, etag: Option<&str>) -> PyResult<()> {
        let (store, when) = (self.opened(py)?, when(false, etag).or_raise(py)?);
        work::change(py, move || store.edit()?.delete_collection(&id, when))
    }

    /// The Collections that it keeps, by id.
    fn collections<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let store = self.opened(py)?;
        let collections = work::run(py, &Stop::when_cancelled(), move || store.collections())?;
        let all = PyDict::new(py);
        let mut reader = Reader::default();
        for (id, collection) in collections {
            all.set_item(id, reader.text(py, collection.to_string().as_bytes())?)?;
        }
        Ok(all.into_any())
    }
}

impl Store {
    /// Where it is, and how it is opened.
    pub(crate) const fn place(&self) -> (&StoreUrl, &Open) {
        (&self.url, &self.open)
    }

    /// The store, opened anew in a process that was forked off the one that had opened it.
    pub(crate) fn opened(&self, py: Python<'_>) -> PyResult<stacyard::Store> {
        let process = std::process::id();
        let (by, store) = {
            // It is held with the lock of the interpreter only, so that no fork can find it held.
            let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            (opened.0, opened.1.clone())
        };
        if by == process {
            return Ok(store);
        }
        let again = opened(py, &self.url, &self.open)?;
        let old = std::mem::replace(
            &mut *self.opened.lock().unwrap_or_else(PoisonError::into_inner),
            (process, again.clone()),
        );
        // Its connections are those of the other process: closing them would be felt there.
        std::mem::forget((old, store));
        Ok(again)
    }
}

fn opened(py: Python<'_>, url: &StoreUrl, open: &Open) -> PyResult<stacyard::Store> {
    let (url, open) = (url.clone(), open.clone());
    work::run(py, &Stop::when_cancelled(), move || {
        let store = open.url(&url)?;
        if url.kind().is_file() && *url.location() != Location::Stdio {
            // Lines are opened when they are read: what is not there is to be told now.
            store.ready()?;
        }
        Ok(store)
    })
}

/// The Item of an id, whatever its collection, where only one has it.
fn of_any_collection(
    store: &stacyard::Store,
    id: String,
    stop: &Stop,
) -> Result<Option<stacyard::Stored>, Error> {
    let shown = format!("{id:?}");
    let search = Search { ids: vec![id], max_items: Some(2), ..Search::default() };
    let (mut found, _) = store.find(&search.into(), Run { stop: stop.clone(), ..Run::default() })?;
    let first = found.entry()?;
    if found.entry()?.is_some() {
        return Err(Error::usage(
            format!("several collections have an Item {shown}"),
            "say which is meant with `collection`",
        ));
    }
    Ok(first.map(|first| stacyard::Stored::new(first.text)))
}

fn when(only_new: bool, etag: Option<&str>) -> Result<When, Error> {
    match (only_new, etag) {
        (true, Some(_)) => Err(Error::usage("what is new has no ETag yet", "leave `only_new` or `etag` out")),
        (true, None) => Ok(When::Absent),
        (false, Some(etag)) => ETag::parse(etag).map(When::Matches),
        (false, None) => Ok(When::Always),
    }
}

/// Makes the tables of a database, or brings them up to date; gives their version before and now, and what was changed beyond that. Or makes a dataset, or gives it a
/// profile; gives how many versions it had, and has.
#[pyfunction]
pub(crate) fn init(
    py: Python<'_>,
    name: &str,
    given: &Bound<'_, PyDict>,
) -> PyResult<(u64, u64, Vec<String>)> {
    let options = Options(given);
    let url = StoreUrl::parse(name, open::kind(&options, "store_kind")?).or_raise(py)?;
    let profile = profile::given(&options)?;
    if url.is_folder() {
        let open = open::how(&options)?;
        let partition_by = options.parsed("partition_by", |text| {
            let wrong = |known| Error::usage(format!("partition_by: {text:?} is not known"), known);
            text.parse().map_err(wrong)
        })?;
        let made =
            work::change(py, move || stacyard::make_dataset(&url, &open, &Making { profile, partition_by }))?;
        let after = made.made.or(made.before);
        let count = |version: Option<u64>| version.map_or(0, |version| version + 1);
        return Ok((count(made.before), count(after), Vec::new()));
    }
    let partitions: Vec<String> = options.get("partition")?.unwrap_or_default();
    let made = work::change(py, move || {
        stacyard::create(&url, Wanted { profile: profile.as_deref(), partitions: &partitions })
    })?;
    Ok((u64::try_from(made.from)?, u64::try_from(made.to)?, made.changes))
}
