//! `/collections`: the Collections, all or those that answer a search (STAC API - Collection Search).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use stacyard_model::json::Document;
use stacyard_search::{Fields, PageSize, Stop};

use super::{Resource, get};
use crate::ask::{Asked, Parameters, known};
use crate::catalog::{Catalog, find_collections};
use crate::form::{Also, Chosen};
use crate::links::{Base, link, with_collection_links};
use crate::media::{JSON, SCHEMA};
use crate::problem::Problem;
use crate::represent::{page, shown};
use crate::state::App;

const PATH: &str = "/collections";

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: PATH,
    about: "The Collections, all or those that answer a search.",
    parameters: known::COLLECTION_SEARCH,
    kind: JSON,
    also: Also::Page,
    takes_body: false,
    methods: || get(collections),
}];

async fn collections(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let given = parameters.of(known::COLLECTION_SEARCH)?;
    let asked = Asked::of_parameters(&given, &app.tokens)?;
    // Without a limit all, up to the largest page.
    let size = asked.size().transpose().unwrap_or_else(|| PageSize::new(PageSize::MAX.into()))?;
    let Asked { search, place, places, .. } = asked;
    // What makes an Item a valid one says nothing of Collections: they are whole where nothing in particular is asked for.
    let fields =
        Some(search.fields.clone()).filter(|fields| *fields != Fields::baseline()).unwrap_or_default();
    let all = app.shelf.collections(&catalog, &app.works).await?;
    let found = move |stop: &Stop| find_collections(&all, search, place.as_deref(), size, stop);
    let some = app.works.job().run(found).await.map_err(|problem| places.blamed(problem))?;
    let all = some.collections.into_iter();
    let all: Vec<Value> =
        all.map(|(id, found)| wanted(with_collection_links(&id, found, &base), &fields)).collect();
    let mut links = vec![
        link("self", JSON, format!("{}{}", base.url(PATH), given.query())),
        link("root", JSON, base.root()),
        link("parent", JSON, base.root()),
        link("http://www.opengis.net/def/rel/ogc/1.0/sortables", SCHEMA, base.url("/collections-sortables")),
        link(
            "http://www.opengis.net/def/rel/ogc/1.0/queryables",
            SCHEMA,
            base.url("/collections-queryables"),
        ),
    ];
    let pages = [("next", some.next), ("prev", some.prev)];
    links.extend(pages.into_iter().filter_map(|(rel, place)| {
        let query = given.with_token(&app.tokens.sign(&place?));
        Some(link(rel, chosen.form.kind, format!("{}{query}", base.url(PATH))))
    }));
    links
        .extend(chosen.alternates(|form| format!("{}{}", base.url(PATH), given.with_form(form.name, false))));
    let answer = json!({
        "numberReturned": all.len(),
        "numberMatched": some.matched,
        "collections": all,
        "links": links,
    });
    Ok(shown(&chosen, JSON, &headers, &answer, |answer| {
        page::collections(&page::Site::new(base, &app), answer)
    }))
}

/// The parts of a Collection that are wanted.
fn wanted(collection: Value, fields: &Fields) -> Value {
    if fields.is_all() {
        return collection;
    }
    let Ok(whole) = Document::parse(collection.to_string()) else { return collection };
    let mut some = Vec::new();
    fields.write(whole.root(), &mut some);
    serde_json::from_slice(&some).unwrap_or(collection)
}
