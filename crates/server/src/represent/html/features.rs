//! The pages of Items.

use maud::{Markup, html};
use serde_json::Value;

use super::layout::{Trail, page};
use super::parts::{assets, bbox, description_of, href_of, links, table_of, text_of, time_of, value, ways};
use crate::links::Base;

/// Items, a row each.
pub(crate) fn items(base: &Base, collection: Option<&str>, found: &Value) -> Markup {
    let all: Vec<&Value> = found["features"].as_array().into_iter().flatten().collect();
    let trail = collection.map_or_else(|| Trail::root(base), |id| Trail::collection(base, id));
    let content = html! {
        p {
            @match found["numberMatched"].as_u64() {
                Some(matched) => { (all.len()) " of " (matched) },
                None => { (all.len()) },
            }
            " Items"
        }
        div .wide { table {
            thead { tr { th { "Item" } @if collection.is_none() { th { "Collection" } } th { "Time" } th { "Box" } } }
            tbody {
                @for item in all {
                    tr {
                        td { (name_of(base, item)) }
                        @if collection.is_none() { td { (value(&item["collection"])) } }
                        td { (time_of(&item["properties"])) }
                        td { (bbox(&item["bbox"])) }
                    }
                }
            }
        } }
        (ways(found))
    };
    page(&trail, "Items", found, &content)
}

/// Its title or id. An Item without a collection has no page of its own.
fn name_of(base: &Base, item: &Value) -> Markup {
    let id = text_of(item, "id").unwrap_or("without a name");
    let title = text_of(&item["properties"], "title").unwrap_or(id);
    html! {
        @match text_of(item, "collection") {
            Some(collection) => a href=(base.item(collection, id)) { (title) },
            None => (title),
        }
    }
}

/// An Item.
pub(crate) fn item(base: &Base, item: &Value) -> Markup {
    let properties = &item["properties"];
    let id = text_of(item, "id").unwrap_or("without a name");
    let trail = match text_of(item, "collection") {
        Some(collection) => Trail::collection(base, collection)
            .then("Items", format!("{}/items", base.collection(collection))),
        None => Trail::root(base),
    };
    let content = html! {
        (description_of(properties))
        div .wide { table { tbody {
            tr { th scope="row" { "Id" } td { (id) } }
            tr { th scope="row" { "Time" } td { (time_of(properties)) } }
            tr { th scope="row" { "Box" } td { (bbox(&item["bbox"])) } }
            @if let Some(collection) = href_of(item, "collection") {
                tr { th scope="row" { "Collection" } td { a href=(collection) { (value(&item["collection"])) } } }
            }
        } } }
        h2 { "Properties" }
        (table_of(properties))
        (assets(&item["assets"]))
        (links(item))
    };
    page(&trail, text_of(properties, "title").unwrap_or(id), item, &content)
}
