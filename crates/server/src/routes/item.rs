//! `/collections/{collectionId}/items/{itemId}`: one Item.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use stacyard_model::json::Tape;
use stacyard_store::{Error, ErrorKind, ItemKey};

use super::{Resource, get};
use crate::ask::{Parameters, Segments};
use crate::catalog::Catalog;
use crate::form::{Also, Chosen, What};
use crate::links::{Base, with_item_links};
use crate::media::GEOJSON;
use crate::problem::Problem;
use crate::represent::{page, shown, tagged};
use crate::state::App;

pub(super) const RESOURCES: &[Resource] = &[Resource {
    path: "/collections/{collectionId}/items/{itemId}",
    about: "An Item.",
    parameters: &[],
    kind: GEOJSON,
    also: Also::Page,
    takes_body: false,
    methods: || get(item),
}];

async fn item(
    State(app): State<App>,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    Segments((collection, id)): Segments<(String, String)>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let key = ItemKey::new(&*collection, &*id);
    let found = app.works.job().run(move |stop| catalog.item(&key, stop)).await?;
    let Some(found) = found else {
        let detail = format!("the Collection {collection:?} has no Item {id:?}");
        return Err(Problem::not_found(detail));
    };
    let mut text = Vec::with_capacity(found.text.len() + 512);
    with_item_links(&found.text, &base, &mut Tape::new(), &mut text);
    if chosen.what() == What::Page {
        let damaged = |_| Problem::from(Error::new(ErrorKind::Damaged, "an Item that is not JSON"));
        let item = serde_json::from_slice(&text).map_err(damaged)?;
        return Ok(shown(&chosen, GEOJSON, &headers, &item, |item| page::item(&base, item)));
    }
    Ok(tagged(GEOJSON, &headers, found.etag, text))
}
