//! `/collections/{collectionId}/items/{itemId}`: one Item.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use stacyard_model::json::Tape;
use stacyard_search::{Fields, PageSize, Query, Search, Stop};
use stacyard_store::{Cursor, Error, ErrorKind, ItemKey};

use super::{Resource, get};
use crate::ask::{Parameters, Segments};
use crate::catalog::{Catalog, PlaceOfPage};
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
    let (seen, linked) = (catalog.clone(), base.clone());
    let job = app.works.job();
    let found = job.run(move |stop| {
        let Some(found) = seen.item(&key, stop)? else { return Ok(None) };
        let mut text = Vec::with_capacity(found.text.len() + 512);
        with_item_links(&found.text, &linked, &mut Tape::new(), &mut text);
        Ok(Some((found, text)))
    });
    let Some((found, text)) = found.await? else {
        let detail = format!("the Collection {collection:?} has no Item {id:?}");
        return Err(Problem::not_found(detail));
    };
    if chosen.what() != What::Page {
        return Ok(tagged(GEOJSON, &headers, found.etag, text));
    }
    let neighbours = neighbours(&app, &catalog, &collection, found.text).await?;
    let (site, profile) = (page::Site::new(base, &app), catalog.store().profile().cloned());
    // A profile tells of the fields of all Items, also of those that one may not see.
    let profile = profile.filter(|_| catalog.sees_all());
    let unit =
        move |name: &str| profile.as_ref()?.fields().iter().find(|field| field.name == name)?.unit.clone();
    // An Item may be large.
    job.go_on(move |_| {
        let item = serde_json::from_slice(&text)
            .map_err(|cause| Error::new(ErrorKind::Damaged, "an Item that is not JSON").caused_by(cause))?;
        Ok(shown(&chosen, GEOJSON, &headers, &item, |item| {
            page::item(&site, item, &unit, neighbours.as_ref())
        }))
    })
    .await
}

/// The ids of the Items before and after this one in the order of its collection; `None`: that takes longer than a page may wait.
async fn neighbours(
    app: &App,
    catalog: &Catalog,
    collection: &str,
    item: Vec<u8>,
) -> Result<Option<page::Neighbours>, Problem> {
    let search = Search {
        collections: vec![collection.to_owned()],
        fields: Fields::new(&["id"], &[])?,
        ..Search::default()
    };
    let (query, catalog, allowed) =
        (Query::from(search).lenient(true), catalog.clone(), app.options.counting);
    let find = move |_: &Stop| {
        let stop = Stop::after(allowed);
        let mut tape = Tape::new();
        let damaged = |_| Error::new(ErrorKind::Damaged, "an Item that is not JSON");
        let here = Cursor::at(&query, tape.parse(&item).map_err(damaged)?)?;
        let id = |place: PlaceOfPage| -> Result<Option<String>, Error> {
            let Some(item) = catalog.page(&query, &place, PageSize::new(1)?, &stop)?.next().transpose()?
            else {
                return Ok(None);
            };
            let item: serde_json::Value = serde_json::from_slice(&item.text).map_err(|cause| {
                Error::new(ErrorKind::Damaged, "an Item that is not JSON").caused_by(cause)
            })?;
            Ok(item["id"].as_str().map(str::to_owned))
        };
        let found = id(PlaceOfPage::Before(here.clone()))
            .and_then(|before| Ok(page::Neighbours { before, after: id(PlaceOfPage::After(here))? }));
        match found {
            Err(error) if error.kind() == ErrorKind::Limit => Ok(None),
            found => Ok(Some(found?)),
        }
    };
    app.works.job().run(find).await
}
