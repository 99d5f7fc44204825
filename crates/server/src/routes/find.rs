//! A GET for Items, of all collections or of one: in whichever representation is wanted. A page for people has the form of the search, in which a
//! question that cannot be asked comes back with its place marked.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use stacyard_model::json::Document;
use stacyard_search::cql2::Expr;

use super::names::of_items;
use crate::ask::{Asked, Body, Given, Parameters, Segments, known};
use crate::catalog::Catalog;
use crate::form::{Chosen, What};
use crate::links::{Base, encoded};
use crate::problem::{Problem, Said};
use crate::represent::{PageLinks, USUAL, Way, columns, items, length_of_row, page, shown_features};
use crate::state::App;

/// What a file of the Items of all collections is called.
const NAME: &str = "items";

/// A GET for Items.
pub(super) struct Find {
    app: App,
    method: Method,
    catalog: Catalog,
    base: Base,
    chosen: Chosen,
    parameters: Parameters,
    collection: Option<String>,
}

impl FromRequestParts<App> for Find {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(parameters) = Parameters::from_request_parts(parts, app).await;
        let Ok(chosen) = Chosen::from_request_parts(parts, app).await;
        Ok(Self {
            app: App::clone(app),
            method: parts.method.clone(),
            catalog: Catalog::from_request_parts(parts, app).await?,
            base: Base::from_request_parts(parts, app).await?,
            chosen,
            parameters,
            // The path of all has no id.
            collection: Segments::<Option<String>>::from_request_parts(parts, app).await?.0,
        })
    }
}

pub(super) async fn find(find: Find) -> Result<Response, Problem> {
    if find.chosen.what() == What::Page && find.method != Method::HEAD {
        return find.page().await;
    }
    let (given, asked) = find.asked()?;
    let columns = if find.chosen.what() == What::Rows {
        find.columns(given.get("fields").unwrap_or_default(), &asked).await?
    } else {
        Vec::new()
    };
    let links = find.links(given);
    let Find { app, method, catalog, collection, .. } = &find;
    let name = collection.as_deref().unwrap_or(NAME);
    let answered = items(app, catalog.clone(), method, asked, links, columns, name).await;
    answered.map_err(|problem| find.blamed(problem))
}

/// The same by a body. A page has a form, which asks by parameters: here it is the JSON.
pub(super) async fn by_body(find: Find, Body(body): Body) -> Result<Response, Problem> {
    let given = find.parameters.of(&[])?;
    let asked = Asked::of_body(&body, known::SEARCH, &find.app.tokens)?;
    let columns = if find.chosen.what() == What::Rows {
        find.columns(&included(&body), &asked).await?
    } else {
        Vec::new()
    };
    // Which representation is wanted is said by the URL, also of what comes next.
    let path = format!("{}{}", find.path(), given.query());
    let links = PageLinks { path, way: Way::Post(Arc::new(body)), ..find.links(given) };
    let Find { app, method, catalog, .. } = find;
    items(&app, catalog, &method, asked, links, columns, NAME).await
}

/// The names in `include` of the fields of a body, as a URL has them.
fn included(body: &Document) -> String {
    let names = body.root().get("fields").and_then(|fields| fields.get("include")?.elements());
    let names: Vec<String> =
        names.into_iter().flatten().filter_map(|name| name.as_str().map(Cow::into_owned)).collect();
    names.join(",")
}

impl Find {
    fn asked(&self) -> Result<(Given, Asked), Problem> {
        let given = self.parameters.of(known::SEARCH)?;
        let asked = Asked::of_parameters(&given, &self.app.tokens)?;
        match &self.collection {
            None => Ok((given, asked)),
            Some(id) => Ok((given, asked.within(id)?)),
        }
    }

    fn blamed(&self, problem: Problem) -> Problem {
        self.collection.iter().fold(problem, |problem, id| problem.of_collection(id))
    }

    fn path(&self) -> String {
        self.collection
            .as_ref()
            .map_or_else(|| "/search".to_owned(), |id| format!("/collections/{}/items", encoded(id)))
    }

    fn links(&self, given: Given) -> PageLinks {
        PageLinks {
            base: self.base.clone(),
            chosen: self.chosen.clone(),
            path: self.path(),
            way: Way::Get(given),
            collection: self.collection.clone(),
        }
    }

    /// The columns of rows: those that are named, else what Items usually have and what can be asked for.
    async fn columns(&self, named: &str, asked: &Asked) -> Result<Vec<String>, Problem> {
        let mut columns = columns(named)?;
        if columns.is_empty() {
            let collection = match &asked.search.collections[..] {
                [one] => Some(&**one),
                _ => None,
            };
            let schema = of_items(&self.app, &self.catalog, collection).await?;
            let usual = USUAL.map(str::to_owned);
            let others = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
            let others = others.filter(|name| name != "geometry" && !usual.contains(name));
            // A name alone is that of the Item's own member first.
            let others =
                others.map(|name| if is_member(&name) { format!("properties.{name}") } else { name });
            columns = usual.iter().cloned().chain(others).collect();
        }
        Ok(columns)
    }

    async fn page(self) -> Result<Response, Problem> {
        let found = match self.found().await {
            Err(problem) if problem.status() == StatusCode::BAD_REQUEST => Err(problem),
            found => Ok(found?),
        };
        // The form does without the collections while they are counted.
        let known = self.app.shelf.inventory(&self.catalog, &self.app.works).await.ok();
        let titled = |(id, items, collection): (String, u64, Option<Value>)| {
            let title = collection.and_then(|known| known["title"].as_str().map(str::to_owned));
            (id.clone(), title.unwrap_or(id), items)
        };
        let collections = known.map(|known| known.known(&self.catalog).into_iter().map(titled).collect());
        let site = page::Site::new(self.base.clone(), &self.app);
        let search = |found| page::Search {
            site: &site,
            collection: self.collection.as_deref(),
            given: self.parameters.as_written(),
            collections,
            found,
        };
        Ok(match found {
            Ok(found) => page::response(search(Ok(found)).page()),
            Err(problem) => {
                let mut response = problem.into_response();
                let said =
                    response.extensions_mut().remove::<Said>().map(|Said(said)| said).unwrap_or_default();
                (response.status(), page::response(search(Err(said)).page())).into_response()
            }
        })
    }

    /// What a page shows of the answer.
    async fn found(&self) -> Result<page::Found, Problem> {
        let (given, asked) = self.asked()?;
        let commands = self.commands(&given, asked.search.filter.as_ref());
        let (places, links) = (asked.places.clone(), self.links(given.clone()));
        let items = shown_features(&self.app, self.catalog.clone(), asked, links).await;
        let items = items.map_err(|problem| self.blamed(places.blamed(problem)))?;
        let downloads = self.downloads(&given, &items);
        Ok(page::Found { items, commands, downloads })
    }

    fn commands(&self, given: &Given, filter: Option<&Expr>) -> page::Commands {
        let within = self.collection.iter().map(|id| ("collections".to_owned(), id.clone()));
        let asked = given.pairs().filter(|(name, _)| *name != "collections" || self.collection.is_none());
        page::Commands {
            root: self.base.root(),
            url: format!("{}{}", self.base.url(&self.path()), given.with_form("json", false)),
            given: within.chain(asked.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect(),
            filter: filter.map(|filter| (filter.to_text().ok(), filter.to_json())),
        }
    }

    /// The files of the whole answer, each with the mean size of the Items of the page in it.
    fn downloads(&self, given: &Given, found: &Value) -> Vec<page::Download> {
        let sample = found["features"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mean = |bytes: usize| (bytes / sample.len().max(1)) as u64;
        let texts: usize = sample.iter().map(|item| item.to_string().len() + 1).sum();
        let exports = self.app.options.exports.iter().filter(|export| export.is_packed);
        let forms = [
            ("GeoJSON", "geojson-whole", Some(mean(texts))),
            ("NDJSON", "ndjson", Some(mean(texts))),
            ("CSV", "csv", Some(mean(sample.iter().map(length_of_row).sum()))),
        ];
        let forms = forms.into_iter().chain(exports.map(|export| ("GeoParquet", export.name, None)));
        let url = self.base.url(&self.path());
        let of = |(name, form, mean): (&'static str, &str, Option<u64>)| page::Download {
            name,
            url: format!("{url}{}", given.with_form(form, true)),
            mean,
            items: found["numberMatched"].as_u64(),
        };
        forms.map(of).collect()
    }
}

/// Whether an Item has a member of this name beside its properties (Item spec, "Item Fields").
fn is_member(name: &str) -> bool {
    ["type", "stac_version", "stac_extensions", "links", "assets", "properties"].contains(&name)
}
