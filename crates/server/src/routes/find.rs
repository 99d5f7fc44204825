//! A GET for Items, of all collections or of one: in whichever representation is wanted. A page for people has the form of the search, in which a
//! question that cannot be asked comes back with its place marked.

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use stacyard_model::json::Document;
use stacyard_search::cql2::Expr;
use stacyard_search::{Fields, PageSize, Query, Search, Stop};
use stacyard_store::ErrorKind;

use super::names::of_items;
use super::place::Place;
use crate::ask::{Asked, Body, Given, has_span, known, one_filter};
use crate::catalog::PlaceOfPage;
use crate::form::What;
use crate::problem::{Problem, Said};
use crate::represent::{PageLinks, USUAL, Way, columns, items, length_of_row, page, shown_features};

/// An answer that a page shows.
struct Answered {
    given: Given,
    filter: page::Filter,
    /// A page of Items.
    items: Value,
}

/// What a file of the Items of all collections is called.
const NAME: &str = "items";

pub(super) async fn find(method: Method, place: Place) -> Result<Response, Problem> {
    if place.chosen.what() == What::Page && method != Method::HEAD {
        return place.page().await;
    }
    let (given, asked) = place.asked()?;
    let columns = if place.chosen.what() == What::Rows {
        place.columns(given.get("fields").unwrap_or_default(), &asked).await?
    } else {
        Vec::new()
    };
    let links = place.links(given);
    let Place { app, catalog, collection, .. } = &place;
    let name = collection.as_deref().unwrap_or(NAME);
    let answered = items(app, catalog.clone(), &method, asked, links, columns, name).await;
    answered.map_err(|problem| place.blamed(problem))
}

/// The same by a body. A page has a form, which asks by parameters: a browser that would rather have one gets the JSON.
pub(super) async fn by_body(method: Method, place: Place, Body(body): Body) -> Result<Response, Problem> {
    let given = place.parameters.of(&[])?;
    if place.chosen.what() == What::Page && given.get("f").is_some() {
        let problem = Problem::bad("f: there is no page of a search that is asked by a body").parameter("f");
        return Err(problem.help("ask for the page by a GET with the same as parameters, or for f=json here"));
    }
    let asked = Asked::of_body(&body, known::SEARCH, &place.app.tokens)?;
    let columns = if place.chosen.what() == What::Rows {
        place.columns(&included(&body), &asked).await?
    } else {
        Vec::new()
    };
    // Which representation is wanted is said by the URL, also of what comes next.
    let path = format!("{}{}", place.items(), given.query());
    let links = PageLinks { path, way: Way::Post(Arc::new(body)), ..place.links(given) };
    let Place { app, catalog, .. } = place;
    items(&app, catalog, &method, asked, links, columns, NAME).await
}

/// The names in `include` of the fields of a body, as a URL has them.
fn included(body: &Document) -> String {
    let names = body.root().get("fields").and_then(|fields| fields.get("include")?.elements());
    let names: Vec<String> =
        names.into_iter().flatten().filter_map(|name| name.as_str().map(Cow::into_owned)).collect();
    names.join(",")
}

impl Place {
    fn asked(&self) -> Result<(Given, Asked), Problem> {
        let given = self.parameters.of(known::SEARCH)?;
        let asked = self.within(Asked::of_parameters(&given, &self.app.tokens)?)?;
        Ok((given, asked))
    }

    /// The path of the Items.
    fn items(&self) -> String {
        self.path("items", "search")
    }

    fn links(&self, given: Given) -> PageLinks {
        PageLinks {
            base: self.base.clone(),
            chosen: self.chosen.clone(),
            path: self.items(),
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
        let job = self.app.works.job();
        // Items may be large, and all of them are written several times.
        job.go_on(move |_| Ok(self.written(found, collections))).await
    }

    /// The page of what was found, or of what is wrong.
    fn written(
        self,
        found: Result<Answered, Problem>,
        collections: Option<Vec<(String, String, u64)>>,
    ) -> Response {
        let site = page::Site::new(self.base.clone(), &self.app);
        let search = |found| page::Search {
            site: &site,
            collection: self.collection.as_deref(),
            given: self.parameters.as_written(),
            collections,
            found,
        };
        match found {
            Ok(Answered { given, filter, items }) => {
                let commands = self.commands(&given, filter);
                let downloads = self.downloads(&given, &items);
                page::response(search(Ok(page::Found { items, commands, downloads })).page())
            }
            Err(problem) => {
                let mut response = problem.into_response();
                let said =
                    response.extensions_mut().remove::<Said>().map(|Said(said)| said).unwrap_or_default();
                (response.status(), page::response(search(Err(said)).page())).into_response()
            }
        }
    }

    /// What a page shows of the answer.
    async fn found(&self) -> Result<Answered, Problem> {
        let (given, asked) = self.asked()?;
        let (search, places, links) = (asked.search.clone(), asked.places.clone(), self.links(given.clone()));
        let items = shown_features(&self.app, self.catalog.clone(), asked, links).await;
        let items = items.map_err(|problem| self.blamed(places.blamed(problem)))?;
        let filter = match self.has_spans(&search).await? {
            Some(has_spans) if search.text.is_empty() => page::Filter::Whole(one_filter(&search, has_spans)),
            _ => page::Filter::Part(search.filter),
        };
        Ok(Answered { given, filter, items })
    }

    /// Whether Items of a search, whatever their time, have a start and an end; `None`: that is not found in the time that a page may wait.
    async fn has_spans(&self, search: &Search) -> Result<Option<bool>, Problem> {
        if search.datetime.is_none() {
            return Ok(Some(false));
        }
        let filter = Expr::all([search.filter.clone(), has_span()]);
        let search = Search {
            datetime: None,
            filter,
            sortby: Vec::new(),
            fields: Fields::new(&["id"], &[])?,
            ..search.clone()
        };
        let (catalog, allowed) = (self.catalog.clone(), self.app.options.counting);
        let find = move |_: &Stop| {
            let query = Query::from(search).lenient(true);
            let found = catalog.page(&query, &PlaceOfPage::First, PageSize::new(1)?, &Stop::after(allowed));
            match found.and_then(|mut page| page.next().transpose()) {
                Err(error) if error.kind() == ErrorKind::Limit => Ok(None),
                found => Ok(Some(found?.is_some())),
            }
        };
        self.app.works.job().run(find).await
    }

    fn commands(&self, given: &Given, filter: page::Filter) -> page::Commands {
        let within = self.collection.iter().map(|id| ("collections".to_owned(), id.clone()));
        let asked = given.pairs().filter(|(name, _)| *name != "collections" || self.collection.is_none());
        page::Commands {
            root: self.base.root(),
            url: format!("{}{}", self.base.url(&self.items()), given.with_form("json", false)),
            given: within.chain(asked.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect(),
            filter,
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
        let url = self.base.url(&self.items());
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
