//! The pages of what is one document: Collections, queryables, conformance, aggregates, the description of the API.

use maud::{Markup, html};
use serde_json::Value;

use super::counted::count;
use super::layout::{Trail, page};
use super::parts::{bbox, description_of, href_of, interval, text_of, title_of, value, ways};
use super::site::Site;
use super::words;

/// Collections.
pub(crate) fn collections(site: &Site, found: &Value) -> Markup {
    let all: Vec<&Value> = found["collections"].as_array().into_iter().flatten().collect();
    let content = html! {
        @if let Some(matched) = found["numberMatched"].as_u64() { p .dim { (count(matched)) " in all" } }
        div .card { div .wide { table {
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
        } } }
        (ways(found))
    };
    page(site, &Trail::root(site), words::COLLECTIONS, found, &content)
}

/// Properties that can be named, as JSON Schema.
pub(crate) fn schema(site: &Site, collection: Option<&str>, schema: &Value) -> Markup {
    let trail = collection.map_or_else(|| Trail::root(site), |id| Trail::collection(site, id));
    let content = html! {
        (description_of(schema))
        div .card { div .wide { table {
            thead { tr { th { "Name" } th { "Type" } th { "Unit" } th { "Meaning" } } }
            tbody {
                @for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                    tr {
                        td { code { (name) } }
                        td { (value(&property["type"])) " " (text_of(property, "format").unwrap_or_default()) }
                        td { (text_of(property, "unit").or_else(|| text_of(property, "x-ogc-unit")).unwrap_or_default()) }
                        td { (text_of(property, "title").or_else(|| text_of(property, "description")).unwrap_or_default()) }
                    }
                }
            }
        } } }
    };
    page(site, &trail, title_of(schema), schema, &content)
}

/// The classes of requirements.
pub(crate) fn conformance(site: &Site, document: &Value) -> Markup {
    let content = html! {
        ul { @for class in document["conformsTo"].as_array().into_iter().flatten() { li { (value(class)) } } }
    };
    page(site, &Trail::root(site), "Conformance", document, &content)
}

/// What Items say together.
pub(crate) fn aggregates(site: &Site, collection: Option<&str>, found: &Value) -> Markup {
    let trail = collection.map_or_else(|| Trail::root(site), |id| Trail::collection(site, id));
    let content = html! {
        @for one in found["aggregations"].as_array().into_iter().flatten() {
            section .card {
                h2 { code { (text_of(one, "name").unwrap_or_default()) } }
                @match one["buckets"].as_array() {
                    Some(buckets) => {
                        div .wide { table {
                            thead { tr { th { "Value" } th { (words::ITEMS) } } }
                            tbody {
                                @for bucket in buckets {
                                    tr {
                                        td { (text_of(bucket, "key").unwrap_or("–")) }
                                        td .number { (count(bucket["frequency"].as_u64().unwrap_or_default())) }
                                    }
                                }
                            }
                        } }
                        @if let Some(others) = one["overflow"].as_u64().filter(|others| *others > 0) {
                            p .dim { (count(others)) " without a value that is counted" }
                        }
                    },
                    None => p { (value(&one["value"])) },
                }
            }
        }
    };
    page(site, &trail, "Counts", found, &content)
}

/// A part of a page under a heading, with a table of names and what they mean.
pub(crate) struct Section<'a> {
    pub(crate) heading: String,
    pub(crate) about: &'a str,
    pub(crate) rows: Vec<(&'a str, &'a str)>,
}

/// The description of the API.
pub(crate) fn api(site: &Site, description: &str, resources: &[Section<'_>]) -> Markup {
    let content = html! {
        p .plain { (description) }
        p { a href=(site.base.url("/api")) { "OpenAPI" } }
        @for resource in resources {
            section .card {
                h2 { code { (resource.heading) } }
                p { (resource.about) }
                @if !resource.rows.is_empty() {
                    div .wide { table { tbody {
                        @for (name, about) in &resource.rows { tr { th scope="row" { code { (name) } } td { (about) } } }
                    } } }
                }
            }
        }
    };
    page(site, &Trail::root(site), words::API, &Value::Null, &content)
}
