//! The links of a page of an answer: where it is, and where the next one and the one before are.

use std::sync::Arc;

use serde_json::json;
use stacyard_model::json::Document;

use crate::ask::{Given, with_token};
use crate::form::{Chosen, Form, What};
use crate::links::{Base, link};
use crate::media::{GEOJSON, HTML_LINKED, JSON};

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
    /// The representations that there are.
    pub(crate) chosen: Chosen,
    /// The path of the resource.
    pub(crate) path: String,
    pub(crate) way: Way,
    /// The collection that all Items are of, where the resource is one of a collection.
    pub(crate) collection: Option<String>,
}

impl PageLinks {
    /// The links as the elements of a JSON array, with the tokens of the page after this and of the one before.
    pub(crate) fn write(&self, next: Option<&str>, prev: Option<&str>) -> String {
        let url = self.base.url(&self.path);
        let kind = if self.chosen.what() == What::Page { HTML_LINKED } else { GEOJSON };
        let mut links = vec![link("root", JSON, self.base.root()).to_string()];
        if let Way::Get(given) = &self.way {
            links.push(link("self", GEOJSON, format!("{url}{}", given.query())).to_string());
            let alternate =
                |form: &Form| format!("{url}{}", given.with_form(form.name, form.what.is_whole()));
            links.extend(self.chosen.alternates(alternate).iter().map(ToString::to_string));
        }
        if let Some(id) = &self.collection {
            let collection = self.base.collection(id);
            links.push(link("collection", JSON, &*collection).to_string());
            links.push(link("parent", JSON, collection).to_string());
        }
        let pages = [("next", next), ("prev", prev)];
        let pages = pages.into_iter().filter_map(|(rel, token)| Some((rel, token?)));
        links.extend(pages.map(|(rel, token)| match &self.way {
            Way::Get(given) => link(rel, kind, format!("{url}{}", given.with_token(token))).to_string(),
            // The body is there as a whole, so that a client needs nothing of the one before; its numbers are as they were.
            Way::Post(body) => format!(
                r#"{{"rel":"{rel}","type":"{GEOJSON}","method":"POST","href":{},"merge":false,"body":{}}}"#,
                json!(url),
                with_token(body, token)
            ),
        }));
        links.join(",")
    }
}
