//! The pages of what is one document: landing page, Collections, queryables, conformance, the description of the API.

use maud::{Markup, html};
use serde_json::Value;

use super::layout::{Trail, page};
use super::parts::{
    assets, bbox, description_of, href_of, interval, links, links_of, table_of, text_of, title_of, value,
    ways,
};
use crate::links::Base;

/// The landing page.
pub(crate) fn landing(base: &Base, catalog: &Value) -> Markup {
    let children: Vec<&Value> = links_of(catalog, "child").collect();
    let content = html! {
        (description_of(catalog))
        p {
            a href=(base.url("/search")) { "Items" } " · " a href=(base.url("/collections")) { "Collections" } " · "
            a href=(base.url("/queryables")) { "Queryables" } " · " a href=(base.url("/conformance")) { "Conformance" }
            " · " a href=(base.url("/api.html")) { "API" }
        }
        h2 { "Collections" }
        @if children.is_empty() { p { "There are none." } }
        ul {
            @for child in children {
                @if let Some(href) = child["href"].as_str() {
                    li { a href=(href) { (text_of(child, "title").unwrap_or(href)) } }
                }
            }
        }
    };
    page(&Trail::top(), title_of(catalog), catalog, &content)
}

/// Collections.
pub(crate) fn collections(base: &Base, found: &Value) -> Markup {
    let all: Vec<&Value> = found["collections"].as_array().into_iter().flatten().collect();
    let content = html! {
        @if let Some(matched) = found["numberMatched"].as_u64() { p { (matched) " in all" } }
        div .wide { table {
            thead { tr { th { "Collection" } th { "Time" } th { "Box" } } }
            tbody {
                @for one in all {
                    tr {
                        td {
                            @if let Some(href) = href_of(one, "self") { a href=(href) { (title_of(one)) } }
                            @else { (title_of(one)) }
                        }
                        td { (interval(&one["extent"]["temporal"]["interval"][0])) }
                        td { (bbox(&one["extent"]["spatial"]["bbox"][0])) }
                    }
                }
            }
        } }
        (ways(found))
    };
    page(&Trail::root(base), "Collections", found, &content)
}

/// A Collection.
pub(crate) fn collection(base: &Base, collection: &Value) -> Markup {
    let extent = &collection["extent"];
    let content = html! {
        (description_of(collection))
        @if let Some(items) = href_of(collection, "items") { p { a href=(items) { "Items" } } }
        div .wide { table { tbody {
            tr { th scope="row" { "Id" } td { (value(&collection["id"])) } }
            tr { th scope="row" { "Time" } td { (interval(&extent["temporal"]["interval"][0])) } }
            tr { th scope="row" { "Box" } td { (bbox(&extent["spatial"]["bbox"][0])) } }
            tr { th scope="row" { "License" } td { (value(&collection["license"])) } }
            @if collection["keywords"].is_array() {
                tr { th scope="row" { "Keywords" } td { (value(&collection["keywords"])) } }
            }
            @for provider in collection["providers"].as_array().into_iter().flatten() {
                tr { th scope="row" { "Provider" } td { (value(&provider["name"])) " " (value(&provider["url"])) } }
            }
        } } }
        @if collection["summaries"].is_object() { h2 { "Summaries" } (table_of(&collection["summaries"])) }
        (assets(&collection["assets"]))
        (links(collection))
    };
    page(&Trail::collections(base), title_of(collection), collection, &content)
}

/// Properties that can be named, as JSON Schema.
pub(crate) fn schema(base: &Base, collection: Option<&str>, schema: &Value) -> Markup {
    let trail = collection.map_or_else(|| Trail::root(base), |id| Trail::collection(base, id));
    let content = html! {
        (description_of(schema))
        div .wide { table {
            thead { tr { th { "Name" } th { "Type" } th { "Meaning" } } }
            tbody {
                @for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                    tr {
                        td { code { (name) } }
                        td { (value(&property["type"])) " " (text_of(property, "format").unwrap_or_default()) }
                        td { (text_of(property, "title").or_else(|| text_of(property, "description")).unwrap_or_default()) }
                    }
                }
            }
        } }
    };
    page(&trail, title_of(schema), schema, &content)
}

/// The classes of requirements.
pub(crate) fn conformance(base: &Base, document: &Value) -> Markup {
    let content = html! {
        ul { @for class in document["conformsTo"].as_array().into_iter().flatten() { li { (value(class)) } } }
    };
    page(&Trail::root(base), "Conformance", document, &content)
}

/// A part of a page under a heading, with a table of names and what they mean.
pub(crate) struct Section<'a> {
    pub(crate) heading: String,
    pub(crate) about: &'a str,
    pub(crate) rows: Vec<(&'a str, &'a str)>,
}

/// The description of the API.
pub(crate) fn api(base: &Base, title: &str, description: &str, resources: &[Section<'_>]) -> Markup {
    let content = html! {
        p .plain { (description) }
        p { a href=(base.url("/api")) { "OpenAPI" } }
        @for resource in resources {
            h2 { code { (resource.heading) } }
            p { (resource.about) }
            @if !resource.rows.is_empty() {
                div .wide { table { tbody {
                    @for (name, about) in &resource.rows { tr { td { code { (name) } } td { (about) } } }
                } } }
            }
        }
    };
    page(&Trail::root(base), title, &Value::Null, &content)
}
