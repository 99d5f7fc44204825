//! A question, out of keywords as pystac-client and rustac have them.

mod datetime;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use stacyard::{
    Area, Error, Fields, FreeText, PageSize, Search, SortKey, Stop, parse_collections, parse_datetime,
    parse_filter, parse_ids, parse_query,
};
use stacyard_search::cql2::Expr;

use crate::error::OrRaise;
use crate::input::as_json;
use crate::json;
use crate::options::Options;

/// A question to a store.
#[pyclass(frozen, module = "stacyard._stacyard")]
pub(crate) struct Query {
    pub(crate) query: stacyard::Query,
    timeout: Option<f64>,
}

#[pymethods]
impl Query {
    #[new]
    fn new(given: &Bound<'_, PyDict>) -> PyResult<Self> {
        let options = Options(given);
        let query = stacyard::Query::from(search(&options)?).lenient(options.is_on("filter_lenient")?);
        // One that is wrong is said now.
        options.stop()?;
        Ok(Self { query, timeout: options.get("timeout")? })
    }

    /// How many Items a page has, if that was said.
    #[getter]
    fn limit(&self) -> Option<u32> {
        self.query.search().limit.map(PageSize::get)
    }

    /// How many Items are wanted at most.
    #[getter]
    fn max_items(&self) -> Option<u64> {
        self.query.search().max_items
    }

    /// The same question, for so many Items at most.
    fn at_most(&self, items: u64) -> Self {
        let mut search = self.query.search().clone();
        search.max_items = Some(search.max_items.map_or(items, |most| most.min(items)));
        let query = stacyard::Query::from(search).lenient(self.query.is_lenient());
        Self { query, timeout: self.timeout }
    }
}

impl Query {
    /// When an answer has to be there, from now on.
    pub(crate) fn stop(&self) -> Stop {
        let allowed = self.timeout.and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
        allowed.map_or_else(Stop::when_cancelled, Stop::after)
    }
}

fn search(options: &Options<'_, '_>) -> PyResult<Search> {
    let py = options.0.py();
    let (bbox, shape) = (numbers(options, "bbox")?, shape(options)?);
    let filter = written(options, "filter")?.map(|text| parse_filter(&text)).transpose().or_raise(py)?;
    let query = written(options, "query")?.map(|text| parse_query(&text)).transpose().or_raise(py)?.flatten();
    let datetime = options.object("datetime")?.map(|value| datetime::text(&value)).transpose()?;
    Ok(Search {
        collections: names(options, "collections", parse_collections)?,
        ids: names(options, "ids", parse_ids)?,
        area: Area::parse(bbox.as_deref(), shape.as_deref()).or_raise(py)?,
        datetime: datetime.map(|text| parse_datetime(&text)).transpose().or_raise(py)?,
        text: match listed(options, "q")? {
            Some(Listed::Text(text)) => FreeText::parse(&text).or_raise(py)?,
            Some(Listed::Names(terms)) => FreeText::parse(&terms.join(",")).or_raise(py)?,
            None => FreeText::default(),
        },
        filter: Expr::all([filter, query]),
        sortby: sortby(options)?,
        fields: fields(options)?,
        limit: options.get("limit")?.map(PageSize::new).transpose().or_raise(py)?,
        max_items: options.get("max_items")?,
    })
}

/// A list as it is given.
enum Listed {
    /// One text, as on the command line.
    Text(String),
    Names(Vec<String>),
}

fn listed(options: &Options<'_, '_>, name: &str) -> PyResult<Option<Listed>> {
    let Some(value) = options.object(name)? else { return Ok(None) };
    Ok(Some(match value.cast::<PyString>() {
        Ok(text) => Listed::Text(text.to_cow()?.into_owned()),
        Err(_) => Listed::Names(options.get(name)?.unwrap_or_default()),
    }))
}

fn names(
    options: &Options<'_, '_>,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<Vec<String>, stacyard_search::SearchError>,
) -> PyResult<Vec<String>> {
    let py = options.0.py();
    match listed(options, name)? {
        Some(Listed::Text(text)) => parse(&text).or_raise(py),
        // An empty list would be taken for none, and so find everything.
        Some(Listed::Names(names)) if names.is_empty() => Err(Error::usage(
            format!("{name}: an empty list, by which nothing would be found"),
            "leave it out to mean all",
        ))
        .or_raise(py),
        Some(Listed::Names(names)) => Ok(names),
        None => Ok(Vec::new()),
    }
}

/// Numbers with commas between.
fn numbers(options: &Options<'_, '_>, name: &str) -> PyResult<Option<String>> {
    let Some(value) = options.object(name)? else { return Ok(None) };
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Some(text.to_cow()?.into_owned()));
    }
    let numbers: Vec<f64> = options.get(name)?.unwrap_or_default();
    Ok(Some(numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(",")))
}

/// A text, or the JSON text of an object.
fn written(options: &Options<'_, '_>, name: &str) -> PyResult<Option<String>> {
    let Some(value) = options.object(name)? else { return Ok(None) };
    match value.cast::<PyString>() {
        Ok(text) => Ok(Some(text.to_cow()?.into_owned())),
        Err(_) => json::dumps(value.py(), &value).map(Some),
    }
}

/// A geometry: a text, a dictionary, or what has a `__geo_interface__`, as shapely's.
fn shape(options: &Options<'_, '_>) -> PyResult<Option<String>> {
    let Some(value) = options.object("intersects")? else { return Ok(None) };
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Some(text.to_cow()?.into_owned()));
    }
    let value = if value.hasattr("__geo_interface__")? {
        value.getattr("__geo_interface__")?
    } else {
        as_json(&value)?
    };
    json::dumps(value.py(), &value).map(Some)
}

fn sortby(options: &Options<'_, '_>) -> PyResult<Vec<SortKey>> {
    let py = options.0.py();
    let Some(value) = options.object("sortby")? else { return Ok(Vec::new()) };
    if let Ok(text) = value.cast::<PyString>() {
        return SortKey::parse_list(&text.to_cow()?).or_raise(py);
    }
    let mut keys = Vec::new();
    for part in value.try_iter()? {
        let part = part?;
        keys.push(match part.cast::<PyDict>() {
            Ok(key) => {
                let key = Options(key);
                let name: String = key.get("field")?.unwrap_or_default();
                let descending = match key.get::<String>("direction")?.as_deref() {
                    None | Some("asc") => false,
                    Some("desc") => true,
                    Some(other) => {
                        let wrong =
                            Error::usage(format!("sortby: {other:?} is no direction"), "write asc or desc");
                        return Err(wrong).or_raise(py);
                    }
                };
                SortKey::new(&name, descending).or_raise(py)?
            }
            Err(_) => {
                let text: String = part.extract()?;
                let (descending, name) = match text.strip_prefix('-') {
                    Some(name) => (true, name),
                    None => (false, text.strip_prefix('+').unwrap_or(&text)),
                };
                SortKey::new(name, descending).or_raise(py)?
            }
        });
    }
    SortKey::list(keys, &value.to_string()).or_raise(py)
}

fn fields(options: &Options<'_, '_>) -> PyResult<Fields> {
    let py = options.0.py();
    let of = |both: &Options<'_, '_>| {
        let (include, exclude): (Vec<String>, Vec<String>) =
            (both.get("include")?.unwrap_or_default(), both.get("exclude")?.unwrap_or_default());
        let (include, exclude): (Vec<&str>, Vec<&str>) =
            (include.iter().map(String::as_str).collect(), exclude.iter().map(String::as_str).collect());
        if include.is_empty() && exclude.is_empty() {
            Ok(Fields::default())
        } else {
            Fields::new(&include, &exclude).or_raise(py)
        }
    };
    if let Some(value) = options.object("fields")?
        && let Ok(both) = value.cast::<PyDict>()
    {
        for name in both.keys() {
            let name = name.str()?;
            let name = name.to_str()?;
            if !matches!(name, "include" | "exclude") {
                let wrong =
                    Error::usage(format!("fields: there is no {name:?} in it"), "give include and exclude");
                return Err(wrong).or_raise(py);
            }
        }
        return of(&Options(both));
    }
    match listed(options, "fields")? {
        Some(Listed::Text(text)) => Fields::parse(&text).or_raise(py),
        Some(Listed::Names(names)) => Fields::parse(&names.join(",")).or_raise(py),
        None => of(options),
    }
}
