//! `/conformance`: the classes of requirements that the server meets. What is listed is exercised by the tests, and nothing else
//! is there.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::{Resource, get};
use crate::ask::Parameters;
use crate::catalog::{Catalog, Inventory};
use crate::form::{Also, Chosen};
use crate::links::{Base, link};
use crate::media::JSON;
use crate::problem::Problem;
use crate::represent::{page, shown};
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: "/conformance",
    about: "The classes of requirements that the server meets.",
    parameters: &[],
    kind: JSON,
    also: Also::Page,
    takes_body: false,
    methods: || get(conformance),
}];

/// What holds where all Items can be reached by links, which those without a collection cannot.
const BROWSEABLE: &str = "https://api.stacspec.org/v1.0.0-rc.3/browseable";

/// Those of a server whose stores can be changed.
const WRITES: &[&str] = &[
    "https://api.stacspec.org/v1.0.0/ogcapi-features/extensions/transaction",
    "https://api.stacspec.org/v1.0.0/collections/extensions/transaction",
];

/// All classes that the server meets with what there is now.
pub(super) fn classes(app: &App, catalog: &Catalog, inventory: &Inventory) -> Vec<&'static str> {
    let writes = if app.is_writable() { WRITES } else { &[] };
    let browseable = inventory.has_all_in_collections(catalog).then_some(BROWSEABLE);
    CLASSES.iter().chain(writes).copied().chain(browseable).collect()
}

/// Those that are met whatever there is.
const CLASSES: &[&str] = &[
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "https://api.stacspec.org/v1.0.0/item-search",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "https://api.stacspec.org/v1.0.0/item-search#query",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#query",
    "https://api.stacspec.org/v1.0.0/item-search#fields",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#fields",
    // pystac-client knows sort by the class of its version 1.0.
    "https://api.stacspec.org/v1.0.0/item-search#sort",
    "https://api.stacspec.org/v1.0.0/ogcapi-features#sort",
    "https://api.stacspec.org/v1.1.0/item-search#sort",
    "https://api.stacspec.org/v1.1.0/ogcapi-features#sort",
    "https://api.stacspec.org/v1.1.0/item-search#sortables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables",
    "https://api.stacspec.org/v1.0.0/item-search#filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/array-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
    "http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
    "https://api.stacspec.org/v1.0.0-rc.1/item-search#free-text",
    "https://api.stacspec.org/v1.0.0-rc.1/ogcapi-features#free-text",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search#free-text",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search#query",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search#filter",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search#fields",
    "https://api.stacspec.org/v1.0.0-rc.1/collection-search#sort",
    "https://api.stacspec.org/v1.1.0/collection-search#sort",
    "https://api.stacspec.org/v1.1.0/collection-search#sortables",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/simple-query",
    "https://api.stacspec.org/v0.3.0/aggregation",
    "https://api.stacspec.org/v0.3.0/aggregation#query",
    "https://api.stacspec.org/v0.3.0/aggregation#filter",
    "https://api.stacspec.org/v1.0.0-rc.2/children",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
];

async fn conformance(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let own = base.url("/conformance");
    let mut links = vec![link("self", JSON, &*own), link("root", JSON, base.root())];
    links.extend(chosen.alternates_of(&own));
    let inventory = app.shelf.inventory(&catalog, &app.works).await?;
    let document = json!({"conformsTo": classes(&app, &catalog, &inventory), "links": links});
    Ok(shown(&chosen, JSON, &headers, &document, |document| {
        page::conformance(&page::Site::new(base, &app), document)
    }))
}
