//! What is changed: an Item or a Collection, by its URL.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use stacyard_model::json::{Tape, Value};
use stacyard_search::Stop;
use stacyard_store::{ETag, Error, ErrorKind, Home, ItemKey, Put, Stored, When};

use super::failure::Failure;
use super::stored::Given;
use crate::ask::Parameters;
use crate::catalog::Catalog;
use crate::guard::Writer;
use crate::links::{Base, COLLECTION_LINKS, ITEM_LINKS, with_collection_links, with_item_links};
use crate::media::{GEOJSON, JSON};
use crate::problem::Problem;
use crate::state::{App, Server};

/// What is changed, by whom and as seen from where.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) catalog: Catalog,
    pub(crate) base: Base,
    pub(crate) collection: String,
    /// `None`: the Collection itself.
    pub(crate) item: Option<String>,
}

/// Of a request whose client may change it. Whether what it cannot see is there, it is not told.
impl FromRequestParts<App> for Target {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let writer = Writer::from_request_parts(parts, app).await?;
        let catalog = Catalog::from_request_parts(parts, app).await?;
        let base = Base::from_request_parts(parts, app).await?;
        let Ok(parameters) = Parameters::from_request_parts(parts, app).await;
        parameters.none()?;
        let not_text = |_| Problem::bad("the path of the URL is not UTF-8");
        let names = RawPathParams::from_request_parts(parts, app).await.map_err(not_text)?;
        let name = |wanted: &str| names.iter().find(|(name, _)| *name == wanted).map(|(_, id)| id.to_owned());
        let collection = name("collectionId").unwrap_or_default();
        if !catalog.sees(&collection) {
            return Err(Problem::no_collection(&collection));
        }
        writer.check(&collection)?;
        Ok(Self { catalog, base, collection, item: name("itemId") })
    }
}

impl Target {
    fn key(&self) -> Option<ItemKey> {
        self.item.as_ref().map(|id| ItemKey::new(&*self.collection, &**id))
    }

    pub(crate) fn url(&self) -> String {
        match &self.item {
            Some(id) => self.base.item(&self.collection, id),
            None => self.base.collection(&self.collection),
        }
    }

    /// The media type of what it is.
    pub(crate) const fn kind(&self) -> &'static str {
        if self.item.is_some() { GEOJSON } else { JSON }
    }

    /// What is there now.
    pub(crate) fn there(&self, stop: &Stop) -> Result<Option<Stored>, Error> {
        match self.key() {
            Some(key) => self.catalog.item(&key, stop),
            None => self.catalog.collection(&self.collection),
        }
    }

    pub(super) fn not_there(&self) -> Problem {
        match &self.item {
            Some(id) => {
                Problem::not_found(format!("the Collection {:?} has no Item {id:?}", self.collection))
            }
            None => Problem::no_collection(&self.collection)
                .help("one that is only made of what its Items say has to be made first: POST /collections"),
        }
    }

    /// What a GET shows of it.
    pub(crate) fn shown(&self, stored: &Stored) -> Result<Vec<u8>, Error> {
        if self.item.is_some() {
            let mut text = Vec::with_capacity(stored.text.len() + 512);
            with_item_links(&stored.text, &self.base, &mut Tape::new(), &mut text);
            return Ok(text);
        }
        let damaged = |_| Error::new(ErrorKind::Damaged, "a Collection that is not JSON");
        let collection = serde_json::from_slice(&stored.text).map_err(damaged)?;
        Ok(with_collection_links(&self.collection, collection, &self.base).to_string().into_bytes())
    }

    /// What a client sends, as it is stored in the place of what is there.
    pub(super) fn stored(&self, sent: Value<'_>, before: Option<&Stored>) -> Result<Vec<u8>, Problem> {
        let given = match &self.item {
            Some(id) => {
                Given { members: &[("id", id), ("collection", &self.collection)], links: &ITEM_LINKS }
            }
            None => Given { members: &[("id", &self.collection)], links: &COLLECTION_LINKS },
        };
        given.stored(sent, before, &self.base)
    }

    pub(super) fn put(&self, text: &[u8], when: When) -> Result<Put, Failure> {
        let store = self.catalog.store();
        let edit = store.edit().map_err(Failure::of_change)?.into_home(Home::Known);
        let put = match self.item {
            Some(_) => edit.put_item(text, when).map(|(_, put)| put),
            None => edit.put_collection(text, when).map(|(_, put)| put),
        };
        put.map_err(Failure::of_change)
    }

    pub(super) fn delete(&self, etag: ETag) -> Result<(), Failure> {
        let (store, when) = (self.catalog.store(), When::Matches(etag));
        let edit = store.edit().map_err(Failure::of_change)?;
        let deleted = match self.key() {
            Some(key) => edit.delete_item(&key, when),
            None => edit.delete_collection(&self.collection, when),
        };
        deleted.map_err(Failure::of_change)
    }

    /// Says that it was changed, or may have been.
    pub(crate) fn changed(&self, server: &Server) {
        match self.item {
            Some(_) => server.changed_items_of(&self.collection),
            None => server.changed_collection(),
        }
    }
}
