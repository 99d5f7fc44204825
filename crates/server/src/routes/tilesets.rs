//! `/tiles` and `/tiles/WebMercatorQuad`, also below a Collection: which tiles there are (OGC API - Tiles, sections 8 and 9).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use stacyard_search::Tile;

use super::{Resource, get};
use crate::ask::{Parameters, Segments};
use crate::catalog::Catalog;
use crate::form::Also;
use crate::links::{Base, link};
use crate::media::{JSON, MVT};
use crate::problem::Problem;
use crate::represent::document;
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[
    Resource {
        path: "/tiles",
        about: "The sets of tiles of all Items: one.",
        parameters: &[],
        kind: JSON,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(list),
    },
    Resource {
        path: "/tiles/WebMercatorQuad",
        about: "The set of vector tiles of all Items.",
        parameters: &[],
        kind: JSON,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(set),
    },
    Resource {
        path: "/collections/{collectionId}/tiles",
        about: "The sets of tiles of the Items of a Collection: one.",
        parameters: &[],
        kind: JSON,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(list),
    },
    Resource {
        path: "/collections/{collectionId}/tiles/WebMercatorQuad",
        about: "The set of vector tiles of the Items of a Collection.",
        parameters: &[],
        kind: JSON,
        also: Also::Nothing,
        takes_body: false,
        methods: || get(set),
    },
];

/// The scheme of the tiles, as OGC has registered it.
const SCHEME: &str = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
const SCHEME_RELATION: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";
const CRS: &str = "http://www.opengis.net/def/crs/EPSG/0/3857";

/// Where the tiles of one set are.
struct Place {
    title: String,
    /// The URL of the list.
    list: String,
    root: String,
}

impl Place {
    async fn of(
        app: &App,
        catalog: &Catalog,
        base: &Base,
        collection: Option<&str>,
    ) -> Result<Self, Problem> {
        let root = base.root();
        let Some(id) = collection else {
            return Ok(Self { title: app.options.title.clone(), list: base.url("/tiles"), root });
        };
        let shown = app.shelf.collection(id, catalog, &app.works).await?;
        let shown = shown.ok_or_else(|| Problem::no_collection(id))?;
        let title = shown.collection["title"].as_str().unwrap_or(id).to_owned();
        Ok(Self { title, list: format!("{}/tiles", base.collection(id)), root })
    }

    /// What is said of the set wherever it is named.
    fn set(&self, links: Vec<Value>) -> Value {
        json!({
            "title": self.title,
            "dataType": "vector",
            "crs": CRS,
            "tileMatrixSetURI": SCHEME,
            "links": links,
        })
    }

    fn own(&self) -> String {
        format!("{}/WebMercatorQuad", self.list)
    }
}

async fn list(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    Segments(id): Segments<Option<String>>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let place = Place::of(&app, &catalog, &base, id.as_deref()).await?;
    let sets = [place.set(vec![link("self", JSON, place.own())])];
    let links = [link("self", JSON, &*place.list), link("root", JSON, &*place.root)];
    Ok(document(JSON, &headers, &json!({"tilesets": sets, "links": links})))
}

async fn set(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    Segments(id): Segments<Option<String>>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let place = Place::of(&app, &catalog, &base, id.as_deref()).await?;
    let item = json!({
        "rel": "item",
        "type": MVT,
        "templated": true,
        "href": format!("{}/{{tileMatrix}}/{{tileCol}}/{{tileRow}}", place.list),
    });
    let mut set = place.set(vec![
        link("self", JSON, place.own()),
        link("root", JSON, &*place.root),
        json!({"rel": SCHEME_RELATION, "href": SCHEME}),
        item,
    ]);
    let last = Tile::MAX_ZOOM.to_string();
    let layer = |id: &str, about: &str| json!({"id": id, "description": about, "dataType": "vector", "minTileMatrix": "0", "maxTileMatrix": last});
    set["layers"] = json!([
        layer("footprints", "The Items that meet the tile, where they are few."),
        layer("cells", "How many Items there are in each cell of the tile, where they are many."),
    ]);
    Ok(document(JSON, &headers, &set))
}
