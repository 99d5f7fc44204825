//! What the Items of all collections share: identity, links, geometry and its box.

use crate::json::Json;
use crate::rng::Rng;

/// Where the catalog claims to be served from.
pub(crate) const ROOT: &str = "https://stac.example.com/v1";
/// Where its assets claim to be.
pub(crate) const DATA: &str = "https://data.example.com";

/// What one Item is made from.
pub(crate) struct Source {
    pub(crate) index: u64,
    pub(crate) rng: Rng,
    /// Give the Item the faults that a careless producer would.
    pub(crate) broken: bool,
}

/// `type`, version, extensions and `id`.
pub(crate) fn write_head(json: &mut Json, version: &str, extensions: &[&str], id: &str) {
    json.key("type").string("Feature");
    json.key("stac_version").string(version);
    json.key("stac_extensions").array(|json| {
        for name in extensions {
            json.string(&format!("https://stac-extensions.github.io/{name}/schema.json"));
        }
    });
    json.key("id").string(id);
}

/// Rounds to the digits that are written, so that the box is that of the written ring.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// A polygon (closed here) with its box.
pub(crate) fn write_polygon(json: &mut Json, corners: &[[f64; 2]], closed: bool, bbox_numbers: usize) {
    let mut bbox = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    json.key("geometry").object(|json| {
        json.key("type").string("Polygon");
        json.key("coordinates").array(|json| {
            json.array(|json| {
                let again = corners.first().filter(|_| closed);
                for &[lon, lat] in corners.iter().chain(again) {
                    let (lon, lat) = (rounded(lon), rounded(lat));
                    bbox = [bbox[0].min(lon), bbox[1].min(lat), bbox[2].max(lon), bbox[3].max(lat)];
                    json.floats(&[lon, lat], 6);
                }
            });
        });
    });
    json.key("bbox").floats(&bbox[..bbox_numbers], 6);
}

/// The four links that an API writes.
pub(crate) fn write_links(json: &mut Json, collection: &str, id: &str) {
    let collection = format!("{ROOT}/collections/{collection}");
    let item = format!("{collection}/items/{id}");
    json.key("links").array(|json| {
        let mut link = |rel: &str, href: &str, media: &str| {
            json.object(|json| {
                json.key("rel").string(rel);
                json.key("href").string(href);
                json.key("type").string(media);
            });
        };
        link("self", &item, "application/geo+json");
        link("parent", &collection, "application/json");
        link("collection", &collection, "application/json");
        link("root", ROOT, "application/json");
    });
}
