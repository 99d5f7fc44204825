//! `/collections/{collectionId}/items`: the Items of a Collection (OGC API - Features).

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;

use super::{Resource, get};
use crate::ask::{Asked, Parameters, Segments, known};
use crate::catalog::Catalog;
use crate::form::{Also, Chosen};
use crate::links::{Base, encoded};
use crate::media::GEOJSON;
use crate::problem::Problem;
use crate::represent::{PageLinks, Way, items};
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: "/collections/{collectionId}/items",
    about: "The Items of a Collection, a page of them.",
    parameters: known::SEARCH,
    kind: GEOJSON,
    also: Also::Whole,
    takes_body: false,
    methods: || get(of_collection),
}];

async fn of_collection(
    State(app): State<App>,
    method: Method,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    Segments(id): Segments<String>,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let given = parameters.of(known::SEARCH)?;
    let asked = Asked::of_parameters(&given, &app.tokens)?.within(&id)?;
    let path = format!("/collections/{}/items", encoded(&id));
    let links = PageLinks { base, chosen, path, way: Way::Get(given), collection: Some(id.clone()) };
    items(&app, catalog, &method, asked, links, &id).await.map_err(|problem| problem.of_collection(&id))
}
