//! The links of a page of an answer: where it is, and where the next one is.

use std::sync::Arc;

use serde_json::json;
use stacyard_model::json::Document;

use super::{Base, link};
use crate::ask::{Given, with_token};
use crate::represent::{GEOJSON, JSON};

/// How a page was asked for: the next one is asked for in the same way.
#[derive(Clone)]
pub(crate) enum Way {
    /// By a URL with parameters.
    Get(Given),
    /// By a body.
    Post(Arc<Document>),
}

/// A page of an answer, as links see it.
#[derive(Clone)]
pub(crate) struct PageLinks {
    pub(crate) base: Base,
    /// The path of the resource.
    pub(crate) path: String,
    pub(crate) way: Way,
    /// The collection that all Items are of, where the resource is one of a collection.
    pub(crate) collection: Option<String>,
}

impl PageLinks {
    /// The links as the elements of a JSON array, `next` being the token of the page after this.
    pub(crate) fn write(&self, next: Option<&str>) -> String {
        let url = self.base.url(&self.path);
        let mut links = vec![link("root", JSON, self.base.root()).to_string()];
        if let Way::Get(given) = &self.way {
            links.push(link("self", GEOJSON, format!("{url}{}", given.query())).to_string());
        }
        if let Some(id) = &self.collection {
            let collection = self.base.collection(id);
            links.push(link("collection", JSON, &*collection).to_string());
            links.push(link("parent", JSON, collection).to_string());
        }
        links.extend(next.map(|token| match &self.way {
            Way::Get(given) => link("next", GEOJSON, format!("{url}{}", given.with_token(token))).to_string(),
            // The body is there as a whole, so that a client needs nothing of the one before; its numbers are as they were.
            Way::Post(body) => format!(
                r#"{{"rel":"next","type":"{GEOJSON}","method":"POST","href":{},"merge":false,"body":{}}}"#,
                json!(url),
                with_token(body, token)
            ),
        }));
        links.join(",")
    }
}
