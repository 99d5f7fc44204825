//! `/collections/{collectionId}`: one Collection.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::{Resource, get};
use crate::ask::{Parameters, Segments};
use crate::catalog::{Catalog, Shown};
use crate::form::{Also, Chosen, What};
use crate::links::{Base, with_collection_links};
use crate::media::JSON;
use crate::problem::Problem;
use crate::represent::{page, shown, tagged};
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
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    Segments(id): Segments<String>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.none()?;
    let found = app.shelf.collection(&id, &catalog, &app.works).await?;
    let Shown { collection, etag } = found.ok_or_else(|| Problem::no_collection(&id))?;
    let whole = with_collection_links(&id, collection, &base);
    Ok(match etag.filter(|_| chosen.what() == What::Json) {
        // That of what is stored, by which it can be changed.
        Some(etag) => tagged(JSON, &headers, etag, whole.to_string()),
        None => shown(&chosen, JSON, &headers, &whole, |whole| {
            page::collection(&page::Site::new(base, &app), whole)
        }),
    })
}
