//! `/collections/{collectionId}`: one Collection.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

use super::{Resource, get};
use crate::ask::{Parameters, Segments};
use crate::form::{Also, Chosen};
use crate::links::{Base, link, titled_link, with_links};
use crate::problem::Problem;
use crate::represent::{GEOJSON, HTML_LINKED, JSON, SCHEMA, page, shown};
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: "/collections/{collectionId}",
    about: "A Collection.",
    parameters: &[],
    kind: JSON,
    also: Also::Page,
    takes_body: false,
    methods: || get(collection),
}];

async fn collection(
    State(app): State<App>,
    base: Base,
    chosen: Chosen,
    Segments(id): Segments<String>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let found = app.shelf.collection(&id, &app.catalog, &app.works).await?;
    let found = found.ok_or_else(|| Problem::no_collection(&id))?;
    let collection = represented(&id, found, &base);
    Ok(shown(&chosen, JSON, &headers, &collection, |collection| page::collection(&base, collection)))
}

/// A Collection with its links, those to its other representations among them.
pub(super) fn represented(id: &str, collection: Value, base: &Base) -> Value {
    let here = base.collection(id);
    let ours = vec![
        link("self", JSON, &*here),
        link("alternate", HTML_LINKED, format!("{here}?f=html")),
        link("root", JSON, base.root()),
        link("parent", JSON, base.root()),
        titled_link("child", JSON, format!("{here}/browse"), "Items"),
        link("items", GEOJSON, format!("{here}/items")),
        link("http://www.opengis.net/def/rel/ogc/1.0/queryables", SCHEMA, format!("{here}/queryables")),
        link("http://www.opengis.net/def/rel/ogc/1.0/sortables", SCHEMA, format!("{here}/sortables")),
        link("aggregate", JSON, format!("{here}/aggregate")),
        link("aggregations", JSON, format!("{here}/aggregations")),
    ];
    with_links(collection, ours)
}
