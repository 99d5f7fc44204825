//! `/children`: the Collections, as the children of the landing page (STAC API - Children).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Resource, get};
use crate::ask::Parameters;
use crate::catalog::Catalog;
use crate::form::Also;
use crate::links::{Base, link, with_collection_links};
use crate::media::JSON;
use crate::problem::Problem;
use crate::represent::document;
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: "/children",
    about: "The children of the landing page: the Collections.",
    parameters: &[],
    kind: JSON,
    also: Also::Nothing,
    takes_body: false,
    methods: || get(children),
}];

async fn children(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let all = app.shelf.collections(&catalog, &app.works).await?.into_iter();
    let all: Vec<Value> = all.map(|(id, collection)| with_collection_links(&id, collection, &base)).collect();
    let links = [link("self", JSON, base.url("/children")), link("root", JSON, base.root())];
    Ok(document(JSON, &headers, &json!({"children": all, "links": links})))
}
