//! `/search`: Items of all collections (STAC API - Item Search).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::{Resource, get};
use crate::ask::{Asked, Body, Parameters, known};
use crate::catalog::Catalog;
use crate::links::{Base, PageLinks, Way};
use crate::problem::Problem;
use crate::represent::{Features, GEOJSON, features};
use crate::state::App;

const PATH: &str = "/search";

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: PATH,
    about: "The Items that answer a search, a page of them.",
    parameters: known::SEARCH,
    kind: GEOJSON,
    takes_body: true,
    methods: || get(by_parameters).post(by_body),
}];

async fn by_parameters(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let given = parameters.of(known::SEARCH)?;
    let asked = Asked::of_parameters(&given, &app.tokens)?;
    answered(app, catalog, base, Way::Get(given), asked).await
}

async fn by_body(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    parameters: Parameters,
    Body(body): Body,
) -> Result<Response, Problem> {
    parameters.none()?;
    let asked = Asked::of_body(&body, known::SEARCH, &app.tokens)?;
    answered(app, catalog, base, Way::Post(Arc::new(body)), asked).await
}

async fn answered(
    app: App,
    catalog: Catalog,
    base: Base,
    way: Way,
    asked: Asked,
) -> Result<Response, Problem> {
    let links = PageLinks { base, path: PATH.to_owned(), way, collection: None };
    let job = app.works.job();
    features(&app, catalog, job, move |catalog, stop| Features::open(catalog, asked, links, stop)).await
}
