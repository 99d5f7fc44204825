//! `/`: the landing page, a Catalog with links to all there is (STAC API - Core).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Resource, conformance, get};
use crate::ask::Parameters;
use crate::catalog::Catalog;
use crate::form::{Also, Chosen};
use crate::links::{Base, TILESETS, link, titled_link};
use crate::media::{GEOJSON, HTML_LINKED, JSON, SCHEMA};
use crate::problem::Problem;
use crate::represent::{page, shown};
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: "/",
    about: "The landing page: a STAC Catalog with links to all there is.",
    parameters: &[],
    kind: JSON,
    also: Also::Page,
    takes_body: false,
    methods: || get(landing),
}];

/// The relations of OGC.
const OGC: &str = "http://www.opengis.net/def/rel/ogc/1.0";

async fn landing(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let mut links = vec![
        link("self", JSON, base.root()),
        link("root", JSON, base.root()),
        link("conformance", JSON, base.url("/conformance")),
        link("data", JSON, base.url("/collections")),
        link("children", JSON, base.url("/children")),
        json!({"rel": "search", "type": GEOJSON, "method": "GET", "href": base.url("/search")}),
        json!({"rel": "search", "type": GEOJSON, "method": "POST", "href": base.url("/search")}),
        link(&format!("{OGC}/queryables"), SCHEMA, base.url("/queryables")),
        link(&format!("{OGC}/sortables"), SCHEMA, base.url("/sortables")),
        link("aggregate", JSON, base.url("/aggregate")),
        link("aggregations", JSON, base.url("/aggregations")),
        link(TILESETS, JSON, base.url("/tiles")),
        link("service-desc", super::api::OPENAPI, base.url("/api")),
        link("service-doc", HTML_LINKED, base.url("/api.html")),
    ];
    links.extend(chosen.alternates_of(&base.root()));
    let inventory = app.shelf.inventory(&catalog, &app.works).await?;
    let children = inventory.titles(&catalog);
    links.extend(children.map(|(id, title)| titled_link("child", JSON, base.collection(id), title)));
    let document = json!({
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": app.options.id,
        "title": app.options.title,
        "description": app.options.description,
        "conformsTo": conformance::classes(&app, &catalog, &inventory),
        "links": Value::Array(links),
    });
    let known = inventory.known(&catalog).into_iter();
    let cards: Vec<page::Card> =
        known.map(|(id, items, collection)| page::Card { id, items, collection }).collect();
    let site = page::Site::new(base, &app);
    Ok(shown(&chosen, JSON, &headers, &document, |document| page::landing(&site, document, &cards)))
}
