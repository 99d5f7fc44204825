//! `/search`: Items of all collections (STAC API - Item Search).

use std::sync::Arc;

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;

use super::{Resource, get};
use crate::ask::{Asked, Body, Parameters, known};
use crate::catalog::Catalog;
use crate::form::{Also, Chosen};
use crate::links::Base;
use crate::media::GEOJSON;
use crate::problem::Problem;
use crate::represent::{PageLinks, Way, items};
use crate::state::App;

const PATH: &str = "/search";

/// What a file of the Items is called.
const NAME: &str = "items";

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: PATH,
    about: "The Items that answer a search, a page of them.",
    parameters: known::SEARCH,
    kind: GEOJSON,
    also: Also::Whole,
    takes_body: true,
    methods: || get(by_parameters).post(by_body),
}];

async fn by_parameters(
    State(app): State<App>,
    method: Method,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let given = parameters.of(known::SEARCH)?;
    let asked = Asked::of_parameters(&given, &app.tokens)?;
    let links = PageLinks { base, chosen, path: PATH.to_owned(), way: Way::Get(given), collection: None };
    items(&app, catalog, &method, asked, links, NAME).await
}

async fn by_body(
    State(app): State<App>,
    method: Method,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    parameters: Parameters,
    Body(body): Body,
) -> Result<Response, Problem> {
    let given = parameters.of(&[])?;
    let asked = Asked::of_body(&body, known::SEARCH, &app.tokens)?;
    let way = Way::Post(Arc::new(body));
    // Which representation is wanted is said by the URL, also of what comes next.
    let path = format!("{PATH}{}", given.query());
    let links = PageLinks { base, chosen, path, way, collection: None };
    items(&app, catalog, &method, asked, links, NAME).await
}
