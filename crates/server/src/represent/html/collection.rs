//! The page of a Collection: where and when its Items are, what they have, and what it says of itself.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::counted::Counted;
use super::layout::{Trail, page};
use super::map::Map;
use super::outline::box_of;
use super::parts::{assets, bbox, days, description_of, href_of, links, table_of, title_of, value};
use super::site::Site;
use super::upload;
use super::words;

/// A Collection.
pub(crate) fn collection(site: &Site, collection: &Value) -> Markup {
    let id = collection["id"].as_str().unwrap_or_default();
    let here = site.base.collection(id);
    let extent = &collection["extent"];
    let boxes: Vec<Value> = extent["spatial"]["bbox"]
        .as_array()
        .into_iter()
        .flatten()
        .take(1)
        .map(|one| json!({"bbox": one}))
        .collect();
    let features: Vec<&Value> = boxes.iter().collect();
    let map = Map {
        tiles: Some(format!("{here}/tiles/{{z}}/{{x}}/{{y}}")),
        bounds: box_of(&extent["spatial"]["bbox"][0]),
        features: &features,
        draws_into: None,
    };
    let search = site.base.url("/search");
    let counted = Counted {
        aggregate: site.base.url("/aggregate"),
        search: search.clone(),
        given: vec![("collections".to_owned(), id.to_owned())],
        shown: Vec::new(),
    };
    let content = html! {
        (description_of(collection))
        p {
            a .button href=(format!("{search}?collections={}", crate::links::encoded(id))) { (words::SEARCH_HERE) } " "
            @if let Some(items) = href_of(collection, "items") { a .button.quiet href=(items) { (words::ITEMS) } }
        }
        div .two {
            div {
                (map.shown(site))
                (counted.time_line())
            }
            div {
                section .card aria-labelledby="overview" {
                    h2 #overview { (words::OVERVIEW) }
                    div .wide { table { tbody {
                        tr { th scope="row" { "Id" } td { (value(&collection["id"])) } }
                        tr { th scope="row" { (words::ITEMS) } td { (counted.total()) } }
                        tr { th scope="row" { (words::TIME) } td { (days(&extent["temporal"]["interval"][0])) } }
                        tr { th scope="row" { "Box" } td { (bbox(&extent["spatial"]["bbox"][0])) } }
                        tr { th scope="row" { "License" } td { (value(&collection["license"])) } }
                        @if collection["keywords"].is_array() {
                            tr { th scope="row" { "Keywords" } td { (value(&collection["keywords"])) } }
                        }
                        @for provider in collection["providers"].as_array().into_iter().flatten() {
                            tr { th scope="row" { "Provider" } td { (value(&provider["name"])) " " (value(&provider["url"])) } }
                        }
                    } } }
                }
                (counted.facets(&format!("{here}/queryables")))
            }
        }
        @if collection["summaries"].is_object() {
            section .card { h2 { (words::SUMMARIES) } (table_of(&collection["summaries"])) }
        }
        (assets(&collection["assets"]))
        @if site.is_writable { (upload::form(&here)) }
        (links(collection))
    };
    page(site, &Trail::collections(site), title_of(collection), collection, &content)
}
