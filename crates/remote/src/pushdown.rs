//! The part of a search that an API is asked. It may find more than the search does, and never less: what it gives is looked at again.

use reqwest::Url;
use serde_json::{Map, Value, json};
use stacyard_model::Interval;
use stacyard_search::cql2::Expr;
use stacyard_search::{Area, Compiled, OrderKey, Place, Property, Search, SearchBox};

use crate::landing::Landing;
use stacyard_http::Request;

/// A search, as an API is asked it.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) request: Request,
    /// What the API cannot do, in the words of a search: it is done here.
    pub(crate) left: Vec<&'static str>,
    /// Whether it is asked for some Items only.
    pub(crate) is_pruned: bool,
}

/// What all of an API is asked by.
pub(crate) fn everything(landing: &Landing, page: u32) -> Request {
    asked(landing, Map::from_iter([("limit".to_owned(), json!(page))]))
}

/// What a search is asked by, of those of its collections that there are; in its order, where that is wanted.
pub(crate) fn pushed(
    landing: &Landing,
    (search, collections): (&Compiled, &[String]),
    page: u32,
    in_order: bool,
) -> Pushed {
    let Search { ids, area, datetime, text, filter, .. } = search.request();
    let (mut members, mut left) = (Map::new(), Vec::new());
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    // An API takes no empty names, and in a query string they have commas between.
    let can_be_asked = |name: &String| !name.is_empty() && (landing.takes_post || !name.contains(','));
    let is_plain = |names: &[String]| !names.is_empty() && names.iter().all(can_be_asked);
    if is_plain(collections) {
        put("collections", json!(collections));
    }
    if is_plain(ids) {
        put("ids", json!(ids));
    }
    match area {
        // Servers disagree on what a box across the antimeridian means.
        Some(Area::Box(area)) if area.west() <= area.east() => drop(put("bbox", corners(*area))),
        Some(Area::Box(_)) => left.push("a bbox across the antimeridian"),
        Some(area @ Area::Shape(_)) => drop(area.shape_json().map(|shape| put("intersects", shape))),
        None => {}
    }
    if let Some(datetime) = datetime {
        put("datetime", json!(interval(*datetime)));
    }
    if !text.is_empty() {
        left.push("free text");
    }
    if let Some(filter) = filter {
        // TRUE and FALSE alone are no filters in a body, which wants objects.
        let object = Some(filter.to_json()).filter(Value::is_object);
        match (filter.to_text(), object) {
            // An API refuses names that it does not know, which such a search takes.
            _ if search.is_lenient() => left.push("filters with names that may be unknown"),
            (_, Some(object)) if landing.takes_post && landing.takes_filters("cql2-json") => {
                put("filter", object);
                put("filter-lang", json!("cql2-json"));
            }
            (Ok(text), _) if !landing.takes_post && landing.takes_filters("cql2-text") => {
                put("filter", json!(text));
                put("filter-lang", json!("cql2-text"));
            }
            _ => left.push("filters"),
        }
    }
    let is_pruned = !members.is_empty();
    if in_order {
        members.insert("sortby".to_owned(), sortby(search.order(), landing.takes_post));
    }
    members.insert("limit".to_owned(), json!(page));
    Pushed { request: asked(landing, members), left, is_pruned }
}

/// Asks for one Item of those that answer and lack what the order goes by; `None`: the API cannot be asked so.
pub(crate) fn without_place(
    landing: &Landing,
    (search, collections): (&Compiled, &[String]),
) -> Option<Request> {
    if !landing.takes_post || !landing.takes_filters("cql2-json") {
        return None;
    }
    let Pushed { mut request, .. } = pushed(landing, (search, collections), 1, false);
    let keys = search.order().iter().take(search.order().len().saturating_sub(TIES));
    let is_null = |key: &OrderKey| {
        let property = key.property.clone().or_else(|| Property::parse("datetime").ok())?;
        Some(Expr::IsNull(Expr::Property(property).into()))
    };
    let lacks = Expr::or(keys.map(is_null).collect::<Option<_>>()?);
    let filter = Expr::and(search.request().filter.iter().cloned().chain([lacks]).collect());
    let body = request.body.as_mut()?.as_object_mut()?;
    body.insert("filter".to_owned(), filter.to_json());
    body.insert("filter-lang".to_owned(), json!("cql2-json"));
    Some(request)
}

/// The same request with another value of a member.
pub(crate) fn with(request: &Request, name: &str, value: Value) -> Request {
    let mut request = request.clone();
    if let Some(body) = request.body.as_mut().and_then(Value::as_object_mut) {
        body.insert(name.to_owned(), value);
    } else {
        let others: Vec<(String, String)> =
            request.url.query_pairs().into_owned().filter(|(known, _)| known != name).collect();
        request.url.query_pairs_mut().clear().extend_pairs(others);
        with_query(&mut request.url, &Map::from_iter([(name.to_owned(), value)]));
    }
    request
}

fn asked(landing: &Landing, members: Map<String, Value>) -> Request {
    let mut request = Request::get(landing.search.clone());
    if landing.takes_post {
        request.body = Some(Value::Object(members));
    } else {
        with_query(&mut request.url, &members);
    }
    request
}

/// Members of a body as parameters: lists have commas between.
fn with_query(url: &mut Url, members: &Map<String, Value>) {
    let mut query = url.query_pairs_mut();
    for (name, value) in members {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(values) => {
                let texts = values
                    .iter()
                    .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                texts.collect::<Vec<_>>().join(",")
            }
            other => other.to_string(),
        };
        query.append_pair(name, &text);
    }
}

fn corners(area: SearchBox) -> Value {
    json!([area.west(), area.south(), area.east(), area.north()])
}

/// As `datetime` is asked for.
pub(crate) fn interval(of: Interval) -> String {
    let text = |at: Option<jiff::Timestamp>| at.map_or_else(|| "..".to_owned(), |at| at.to_string());
    if of.start().is_some() && of.start() == of.end() {
        text(of.start())
    } else {
        format!("{}/{}", text(of.start()), text(of.end()))
    }
}

/// The order of a search (sort extension); ties are put in order here.
fn sortby(order: &[OrderKey], is_body: bool) -> Value {
    let name = |key: &OrderKey| match &key.property {
        None => "properties.datetime".to_owned(),
        Some(property) if property.place() == Place::Properties => format!("properties.{}", property.key()),
        Some(property) => property.name().to_owned(),
    };
    let keys = order.iter().take(order.len().saturating_sub(TIES));
    if is_body {
        let direction = |key: &OrderKey| if key.descending { "desc" } else { "asc" };
        return keys.map(|key| json!({"field": name(key), "direction": direction(key)})).collect();
    }
    keys.map(|key| json!(format!("{}{}", if key.descending { "-" } else { "+" }, name(key)))).collect()
}

/// The last keys of each order, the collection and the id, which settle ties.
pub(crate) const TIES: usize = 2;
