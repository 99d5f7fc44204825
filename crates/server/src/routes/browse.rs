//! `/collections/{collectionId}/browse`: the Items of a Collection as links, so that a crawler that knows `child` and `item` alone
//! reaches all of them (STAC API - Browseable). A Collection can have millions, so that each Catalog has a bounded number of links to
//! Items, and one to the Catalog with those that follow.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use stacyard_model::json::Document;
use stacyard_search::{Fields, PageSize, Query, Search};
use stacyard_store::{Cursor, Error};

use super::{Resource, get};
use crate::ask::{Parameter, Parameters, Segments, known};
use crate::catalog::{Catalog, PlaceOfPage};
use crate::form::Also;
use crate::links::{Base, encoded, link};
use crate::media::{GEOJSON, JSON};
use crate::problem::Problem;
use crate::represent::document;
use crate::state::App;

const KNOWN: &[Parameter] = &[known::TOKEN];

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: "/collections/{collectionId}/browse",
    about: "A Catalog with links to the Items of a Collection, and to the Catalog with those that follow.",
    parameters: KNOWN,
    kind: JSON,
    also: Also::Nothing,
    takes_body: false,
    methods: || get(browse),
}];

/// So many Items a Catalog has links to: few enough for one answer, many enough that a million Items are not deeper than crawlers
/// that call themselves can go.
const ITEMS: u64 = 10_000;

async fn browse(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    Segments(id): Segments<String>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let given = parameters.of(KNOWN)?;
    let place = given.get("token").map(|token| app.tokens.read(token)).transpose()?;
    let (job, collection) = (app.works.job_of_page(ITEMS), id.clone());
    let found = job.run(move |stop| {
        let place = match place {
            None => PlaceOfPage::First,
            Some(place) => PlaceOfPage::After(Cursor::parse(&place)?),
        };
        let mut page = catalog.page(&of(collection)?, &place, PageSize::new(ITEMS)?, stop)?;
        let (mut ids, mut last) = (Vec::new(), None);
        for item in page.by_ref() {
            let item = item?;
            if let Some(id) = id_of(&item.text) {
                ids.push(id);
            }
            last = Some(item.cursor);
        }
        let has_more = page.has_more()?;
        Ok((ids, last.filter(|_| has_more)))
    });
    let (ids, next) = found.await.map_err(|problem| problem.of_collection(&id))?;
    let own = format!("{}/browse", base.collection(&id));
    let next = next.map(|cursor| {
        let token = app.tokens.sign(&cursor.to_string());
        link("child", JSON, format!("{own}?token={}", encoded(&token)))
    });
    let mut links = vec![
        link("self", JSON, format!("{own}{}", given.query())),
        link("root", JSON, base.root()),
        link("parent", JSON, base.collection(&id)),
    ];
    links.extend(ids.iter().map(|item| link("item", GEOJSON, base.item(&id, item))));
    links.extend(next);
    let first = ids.first().map_or("", String::as_str);
    let catalog = json!({
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": format!("{id}-from-{first}"),
        "title": format!("Items of {id}"),
        "description": format!("Links to {} Items of the Collection {id}, the newest first.", ids.len()),
        "links": Value::Array(links),
    });
    Ok(document(JSON, &headers, &catalog))
}

/// The Items of a collection, of which the ids are wanted.
fn of(collection: String) -> Result<Query, Error> {
    let fields = Fields::new(&["id", "collection"], &[])?;
    Ok(Search { collections: vec![collection], fields, ..Search::default() }.into())
}

fn id_of(item: &[u8]) -> Option<String> {
    let item = Document::parse_bytes(item).ok()?;
    item.root().get("id")?.as_str().map(std::borrow::Cow::into_owned)
}
