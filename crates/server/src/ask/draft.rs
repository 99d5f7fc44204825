//! A search, as it is put together from the parameters of a URL or the members of a body.

use stacyard_model::Interval;
use stacyard_model::json::{Document, Kind, Value, push_string};
use stacyard_search::cql2::Expr;
use stacyard_search::{
    Area, Fields, FreeText, PageSize, Query, Search, SearchBox, SearchError, SortKey, parse_collections,
    parse_datetime, parse_filter, parse_ids, parse_query, query,
};

use super::parameters::{Given, Parameter};
use super::places::Places;
use super::token::Tokens;
use crate::problem::Problem;

/// The reference system of all coordinates.
const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// What is asked: a page of the answer to a query.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) search: Search,
    /// How many are wanted at most, where that is said.
    pub(crate) limit: Option<u64>,
    /// The place that a token tells.
    pub(crate) place: Option<String>,
    /// Which parameter has which names.
    pub(crate) places: Places,
}

impl Asked {
    /// The same of one collection, whose path was asked for.
    pub(crate) fn within(mut self, collection: &str) -> Result<Self, Problem> {
        if self.search.collections.iter().any(|other| other != collection) {
            return Err(Problem::wrong("collections", &format!("here it can be {collection:?} only")));
        }
        self.search.collections = vec![collection.to_owned()];
        Ok(self)
    }

    /// The query.
    pub(crate) fn query(&self) -> Query {
        self.search.clone().into()
    }

    /// How many a page has, where that is said: more than there may be is clamped (OGC API - Features - Part 1,
    /// `/rec/core/fc-limit-response`).
    pub(crate) fn size(&self) -> Result<Option<PageSize>, SearchError> {
        self.limit.map(|limit| PageSize::new(limit.min(PageSize::MAX.into()))).transpose()
    }

    /// The query for an answer without pages, as many Items as are wanted.
    pub(crate) fn whole(&self) -> Result<Query, Problem> {
        if self.place.is_some() {
            let problem = Problem::wrong("token", "an answer in this representation has no pages");
            return Err(problem.help("leave token out, or ask for f=json"));
        }
        Ok(Search { max_items: self.limit, ..self.search.clone() }.into())
    }

    /// Of parameters.
    pub(crate) fn of_parameters(given: &Given, tokens: &Tokens) -> Result<Self, Problem> {
        let lang = given.get("filter-lang");
        check_lang(lang)?;
        check_crs(given.get("filter-crs"))?;
        let filtered = given.get("filter").map(|text| filter(text, lang)).transpose()?;
        let queried = given.part("query", parse_query)?.flatten();
        let places = Places::of(filtered.as_ref(), queried.as_ref());
        let search = Search {
            collections: given.part("collections", parse_collections)?.unwrap_or_default(),
            ids: given.part("ids", parse_ids)?.unwrap_or_default(),
            area: given.area()?,
            datetime: given.part("datetime", instants)?,
            text: given.part("q", FreeText::parse)?.unwrap_or_default(),
            filter: Expr::all([filtered, queried]),
            sortby: given.part("sortby", SortKey::parse_list)?.unwrap_or_default(),
            fields: given.part("fields", Fields::parse)?.unwrap_or_default(),
            limit: None,
            max_items: None,
        };
        Ok(Self {
            places: places.and_sorted(&search.sortby),
            search,
            limit: limit(given.get("limit"))?,
            place: given.get("token").map(|token| tokens.read(token)).transpose()?,
        })
    }

    /// Of a body of a route that takes the parameters as members. One that is null is as if it were not there.
    pub(crate) fn of_body(body: &Document, known: &[Parameter], tokens: &Tokens) -> Result<Self, Problem> {
        let root = body.root();
        let Some(members) = root.members() else { return Err(Problem::bad("the body is not a JSON object")) };
        for (key, _) in members {
            let name = key.text();
            if !known.iter().any(|known| known.name == name) {
                let names: Vec<&str> = known.iter().map(|known| known.name).collect();
                let problem = Problem::bad(format!("{name:?} is no member of this body")).parameter(&name);
                return Err(problem.help(format!("there are {}", names.join(", "))));
            }
        }
        let member = |name| root.get(name).filter(|value| !value.is_null());
        let text = |name| member(name).map(|value| as_text(name, value)).transpose();
        let lang = text("filter-lang")?;
        check_lang(lang.as_deref())?;
        check_crs(text("filter-crs")?.as_deref())?;
        let part = |name: &'static str| move |error: SearchError| Problem::from(error).parameter(name);
        let filtered = member("filter").map(|value| filter_of(value, lang.as_deref())).transpose()?;
        let queried = member("query").map(query).transpose().map_err(part("query"))?.flatten();
        let places = Places::of(filtered.as_ref(), queried.as_ref());
        let search = Search {
            collections: names("collections", member("collections"))?,
            ids: names("ids", member("ids"))?,
            area: area(member("bbox"), member("intersects"))?,
            datetime: text("datetime")?.map(|text| instants(&text)).transpose().map_err(part("datetime"))?,
            text: member("q").map(terms).transpose()?.unwrap_or_default(),
            filter: Expr::all([filtered, queried]),
            sortby: member("sortby").map(sort_keys).transpose()?.unwrap_or_default(),
            // Null is no object (STAC API - Fields), unlike its lists.
            fields: root.get("fields").map(fields).transpose()?.unwrap_or_default(),
            limit: None,
            max_items: None,
        };
        Ok(Self {
            places: places.and_sorted(&search.sortby),
            search,
            limit: limit(member("limit").map(Value::raw))?,
            place: text("token")?.map(|token| tokens.read(&token)).transpose()?,
        })
    }
}

/// The same body at another place of its answer.
pub(crate) fn with_token(body: &Document, token: &str) -> String {
    let mut out = vec![b'{'];
    for (key, value) in body.root().members().into_iter().flatten().filter(|(key, _)| *key != "token") {
        key.write(&mut out);
        out.push(b':');
        value.write_compact(&mut out);
        out.push(b',');
    }
    out.extend_from_slice(b"\"token\":");
    push_string(&mut out, token);
    out.push(b'}');
    // All of it was text.
    String::from_utf8(out).unwrap_or_default()
}

/// Instants or an open end; a day alone is none here (STAC API - Item Search, `datetime`).
fn instants(text: &str) -> Result<Interval, SearchError> {
    let is_day = |part: &str| part.len() == "2024-06-01".len() && !part.contains([':', '.']);
    if text.split('/').any(|part| is_day(part.trim())) {
        let reason = "a day is not an instant".to_owned();
        return Err(SearchError::Datetime { text: text.to_owned(), reason });
    }
    parse_datetime(text)
}

impl Given {
    /// The area. An array in JSON is a `bbox` of a body only.
    fn area(&self) -> Result<Option<Area>, Problem> {
        let (bbox, shape) = (self.get("bbox"), self.get("intersects"));
        let area = match bbox {
            Some(text) if text.trim_start().starts_with('[') => {
                let reason = "brackets stand around its numbers".to_owned();
                Err(SearchError::Bbox { text: text.to_owned(), reason })
            }
            _ => Area::parse(bbox, shape),
        };
        area.map_err(|error| {
            Problem::from(error).parameter(if bbox.is_some() { "bbox" } else { "intersects" })
        })
    }

    fn part<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, SearchError>,
    ) -> Result<Option<T>, Problem> {
        self.get(name).map(parse).transpose().map_err(|error| Problem::from(error).parameter(name))
    }
}

fn limit(text: Option<&str>) -> Result<Option<u64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::wrong("limit", "has to be a whole number, 1 or more"));
    }
    match text.parse().unwrap_or(u64::MAX) {
        0 => Err(Problem::from(SearchError::Limit(0)).parameter("limit")),
        limit => Ok(Some(limit)),
    }
}

fn check_lang(lang: Option<&str>) -> Result<(), Problem> {
    match lang {
        None | Some("cql2-text" | "cql2-json") => Ok(()),
        Some(_) => Err(Problem::wrong("filter-lang", "has to be cql2-text or cql2-json")),
    }
}

fn check_crs(crs: Option<&str>) -> Result<(), Problem> {
    match crs {
        None | Some(CRS84) => Ok(()),
        Some(_) => {
            Err(Problem::wrong("filter-crs", "can only be the reference system of GeoJSON").help(CRS84))
        }
    }
}

/// A filter as text. What it is written in is told by how it begins.
fn filter(text: &str, lang: Option<&str>) -> Result<Expr, Problem> {
    let is_json = text.trim_start().starts_with('{');
    match (lang, is_json) {
        (Some("cql2-text"), true) => return Err(Problem::wrong("filter-lang", "the filter is cql2-json")),
        (Some("cql2-json"), false) => {
            return Err(Problem::wrong("filter-lang", "the filter is no cql2-json"));
        }
        _ => {}
    }
    parse_filter(text).map_err(|error| Problem::from(error).parameter("filter"))
}

fn filter_of(value: Value<'_>, lang: Option<&str>) -> Result<Expr, Problem> {
    match value.as_str() {
        Some(text) => filter(&text, lang),
        None if value.kind() == Kind::Object => filter(value.raw(), lang),
        None => Err(Problem::wrong("filter", "has to be an object (cql2-json) or a string (cql2-text)")),
    }
}

fn as_text(name: &str, value: Value<'_>) -> Result<String, Problem> {
    value.as_str().map(std::borrow::Cow::into_owned).ok_or_else(|| Problem::wrong(name, "has to be a string"))
}

fn strings(name: &str, value: Value<'_>) -> Result<Vec<String>, Problem> {
    let elements = value.elements().ok_or_else(|| Problem::wrong(name, "has to be an array of strings"))?;
    elements.map(|element| as_text(name, element)).collect()
}

fn names(name: &str, value: Option<Value<'_>>) -> Result<Vec<String>, Problem> {
    let names = value.map(|value| strings(name, value)).transpose()?.unwrap_or_default();
    if names.iter().any(String::is_empty) { Err(Problem::wrong(name, "an empty name")) } else { Ok(names) }
}

fn area(bbox: Option<Value<'_>>, shape: Option<Value<'_>>) -> Result<Option<Area>, Problem> {
    let area = match (bbox, shape) {
        (Some(_), Some(_)) => Err(SearchError::TwoAreas),
        (Some(bbox), None) => SearchBox::from_json(bbox).map(Area::Box).map(Some),
        (None, shape) => Area::parse(None, shape.map(Value::raw)),
    };
    area.map_err(|error| Problem::from(error).parameter(if bbox.is_some() { "bbox" } else { "intersects" }))
}

fn terms(value: Value<'_>) -> Result<FreeText, Problem> {
    let text = match value.as_str() {
        Some(text) => text.into_owned(),
        None => strings("q", value)?.join(","),
    };
    FreeText::parse(&text).map_err(|error| Problem::from(error).parameter("q"))
}

/// `[{"field": "properties.datetime", "direction": "desc"}]`
fn sort_keys(value: Value<'_>) -> Result<Vec<SortKey>, Problem> {
    let wrong = |what: &str| {
        Problem::wrong("sortby", what).help(r#"write [{"field": NAME, "direction": "asc" or "desc"}]"#)
    };
    let elements = value.elements().ok_or_else(|| wrong("has to be an array"))?;
    let key = |element: Value<'_>| {
        let other = element
            .members()
            .into_iter()
            .flatten()
            .find(|(name, _)| *name != "field" && *name != "direction");
        if let Some((name, _)) = other {
            return Err(wrong(&format!("{:?} is no member of a key", name.text())));
        }
        let field =
            element.get("field").and_then(Value::as_str).ok_or_else(|| wrong("a key without a field"))?;
        let descending = match element.get("direction").map(Value::as_str) {
            None => false,
            Some(Some(direction)) if direction == "asc" => false,
            Some(Some(direction)) if direction == "desc" => true,
            Some(_) => return Err(wrong("a direction that is none")),
        };
        SortKey::new(&field, descending).map_err(|error| Problem::from(error).parameter("sortby"))
    };
    let keys = elements.map(key).collect::<Result<_, _>>()?;
    SortKey::list(keys, value.raw()).map_err(|error| Problem::from(error).parameter("sortby"))
}

/// `{"include": ["id"], "exclude": ["assets"]}`
fn fields(value: Value<'_>) -> Result<Fields, Problem> {
    let members = value.members().ok_or_else(|| Problem::wrong("fields", "has to be an object"))?;
    let (mut include, mut exclude) = (Vec::new(), Vec::new());
    for (key, list) in members.filter(|(_, list)| !list.is_null()) {
        let names = strings("fields", list)?;
        match &*key.text() {
            "include" => include = names,
            "exclude" => exclude = names,
            _ => return Err(Problem::wrong("fields", "has the members include and exclude only")),
        }
    }
    let include: Vec<&str> = include.iter().map(String::as_str).collect();
    let exclude: Vec<&str> = exclude.iter().map(String::as_str).collect();
    // An `include` that is there and empty asks for nothing in particular; without one all is wanted but what is excluded.
    let is_baseline = include.is_empty() && !exclude.is_empty() && value.get("include").is_some();
    let fields =
        if is_baseline { Fields::baseline_without(&exclude) } else { Fields::new(&include, &exclude) };
    fields.map_err(|error| Problem::from(error).parameter("fields"))
}
