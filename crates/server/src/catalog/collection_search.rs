//! A search for Collections (STAC API - Collection Search): each is looked at as an Item with the same area, the same time and its
//! other members as properties, by the evaluator that looks at Items. So names, types and orders mean what they mean there.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use stacyard_model::json::Document;
use stacyard_search::{Compiled, KnownNames, PageSize, Search, SortKey, Stop};
use stacyard_store::{Collections, Error, ErrorKind, Run, check_properties, info, queryables};

use super::BACK;
use super::sample::Sample;

/// A page of Collections.
#[derive(Debug, Default)]
pub(crate) struct CollectionPage {
    pub(crate) collections: Vec<(String, Value)>,
    /// How many answer, over all pages.
    pub(crate) matched: usize,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
    /// Where the page before ends.
    pub(crate) prev: Option<String>,
}

/// The Collections that answer, after or before a place in the order; without `sortby` they are in the order of their ids.
///
/// # Errors
/// A name that no Collection has; a place that is none of this search.
pub(crate) fn find_collections(
    all: &Collections,
    mut search: Search,
    place: Option<&str>,
    size: PageSize,
    stop: &Stop,
) -> Result<CollectionPage, Error> {
    if search.sortby.is_empty() {
        search.sortby = vec![SortKey::new("id", false)?];
    }
    let mark = mark(&search);
    let before = place.and_then(|place| place.strip_prefix(BACK));
    let key = before.or(place).map(|place| key_of(place, &mark)).transpose()?;
    let compiled = Compiled::until(&search.into(), stop)?;
    let (mut names, mut known) = (compiled.names(), KnownNames::default());
    let mut found = Vec::new();
    for (id, collection) in all {
        let item = Document::parse(as_item(id, collection).to_string()).map_err(|fault| {
            Error::new(ErrorKind::Damaged, &format!("a Collection that is not JSON: {fault}"))
        })?;
        compiled.observe(item.root(), &mut names);
        known.add_item(item.root());
        if compiled.matches(item.root())? {
            let mut key = Vec::new();
            compiled.sort_key(item.root(), &mut key)?;
            found.push((key, id, collection));
        }
    }
    check_properties(&compiled, &names, || Ok(known))?;
    found.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    let matched = found.len();
    let size = size.get() as usize;
    let (start, end) = match key {
        Some(key) if before.is_some() => {
            let end = found.partition_point(|(known, ..)| *known < key);
            (end.saturating_sub(size), end)
        }
        key => {
            let start = key.map_or(0, |key| found.partition_point(|(known, ..)| *known <= key));
            (start, matched.min(start + size))
        }
    };
    let page = &found[start..end];
    let place_of = |key: &[u8]| format!("{mark}-{}", URL_SAFE_NO_PAD.encode(key));
    let next = page.last().filter(|_| end < matched).map(|(key, ..)| place_of(key));
    let prev = page.first().filter(|_| start > 0).map(|(key, ..)| format!("{BACK}{}", place_of(key)));
    let collections = page.iter().map(|&(_, id, collection)| (id.clone(), collection.clone())).collect();
    Ok(CollectionPage { collections, matched, next, prev })
}

/// What a filter of Collections can name.
///
/// # Errors
/// Those of the work.
pub(crate) fn collection_queryables(all: &Collections) -> Result<Value, Error> {
    let mut sample = Sample::default();
    for (id, collection) in all {
        sample.push(as_item(id, collection).to_string().as_bytes());
    }
    let found = info(&mut sample, Run::in_place())?;
    Ok(queryables(&found, &Collections::new(), None))
}

/// What tells searches apart that have other Collections or another order.
fn mark(search: &Search) -> String {
    let Search { area, datetime, text, filter, sortby, .. } = search;
    let digest = Sha256::digest(format!("{area:?} {datetime:?} {text:?} {filter:?} {sortby:?}"));
    URL_SAFE_NO_PAD.encode(&digest[..8])
}

fn key_of(place: &str, mark: &str) -> Result<Vec<u8>, Error> {
    let key = place.strip_prefix(mark).and_then(|rest| rest.strip_prefix('-'));
    key.and_then(|key| URL_SAFE_NO_PAD.decode(key).ok()).ok_or_else(|| {
        Error::usage("the token of the page belongs to another search", "begin with the first page again")
    })
}

/// An Item with the area, the time and the other members of a Collection. The first box and the first interval are around all others.
fn as_item(id: &str, collection: &Value) -> Value {
    let left_out = ["extent", "links", "assets", "item_assets", "summaries", "type"];
    let members = collection.as_object().into_iter().flatten();
    let members = members.filter(|(name, _)| !left_out.contains(&name.as_str()));
    let mut properties: Map<String, Value> =
        members.map(|(name, value)| (name.clone(), value.clone())).collect();
    let interval = &collection["extent"]["temporal"]["interval"][0];
    let end = |at: usize, open: &str| interval[at].as_str().unwrap_or(open).to_owned();
    properties.insert("datetime".to_owned(), Value::Null);
    properties.insert("start_datetime".to_owned(), json!(end(0, "0001-01-01T00:00:00Z")));
    properties.insert("end_datetime".to_owned(), json!(end(1, "9999-12-30T00:00:00Z")));
    json!({"type": "Feature", "id": id, "geometry": geometry(collection), "properties": properties})
}

/// The area of a Collection: one box, or two where it crosses the antimeridian.
fn geometry(collection: &Value) -> Value {
    let numbers = collection["extent"]["spatial"]["bbox"][0].as_array().into_iter().flatten();
    let numbers: Vec<f64> = numbers.filter_map(Value::as_f64).collect();
    let (&[west, south, east, north] | &[west, south, _, east, north, _]) = &numbers[..] else {
        return Value::Null;
    };
    let ring = |west: f64, east: f64| {
        json!([[[west, south], [east, south], [east, north], [west, north], [west, south]]])
    };
    if west <= east {
        return json!({"type": "Polygon", "coordinates": ring(west, east)});
    }
    json!({"type": "MultiPolygon", "coordinates": [ring(west, 180.0), ring(-180.0, east)]})
}
