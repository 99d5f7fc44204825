//! `/collections/{collectionId}/items`: the Items of a Collection (OGC API - Features).

use axum::extract::State;
use axum::response::Response;

use super::{Resource, get};
use crate::ask::{Asked, Parameters, Segments, known};
use crate::catalog::Catalog;
use crate::links::{Base, PageLinks, Way, encoded};
use crate::problem::Problem;
use crate::represent::{Features, GEOJSON, features};
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: "/collections/{collectionId}/items",
    about: "The Items of a Collection, a page of them.",
    parameters: known::SEARCH,
    kind: GEOJSON,
    takes_body: false,
    methods: || get(items),
}];

async fn items(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    Segments(id): Segments<String>,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let given = parameters.of(known::SEARCH)?;
    let asked = Asked::of_parameters(&given, &app.tokens)?.within(&id)?;
    let path = format!("/collections/{}/items", encoded(&id));
    let links = PageLinks { base, path, way: Way::Get(given), collection: Some(id.clone()) };
    let job = app.works.job();
    let answer =
        features(&app, catalog, job, move |catalog, stop| Features::open(catalog, asked, links, stop)).await;
    answer.map_err(|problem| problem.of_collection(&id))
}
