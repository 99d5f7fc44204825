//! The page of an Item.

use maud::{Markup, html};
use serde_json::Value;

use super::layout::{Trail, page};
use super::map::Map;
use super::outline::{bounds_of, drawn};
use super::parts::{assets, bbox, description_of, href_of, is_picture, links, text_of, time_of, value};
use super::site::Site;
use super::units::unit_of;
use super::words;

/// What lies beside an Item in the order of its collection, newest first.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// An Item. Units are those of a profile first; `neighbours` is `None` where they were not found in time.
pub(crate) fn item(
    site: &Site,
    item: &Value,
    unit: &dyn Fn(&str) -> Option<String>,
    neighbours: Option<&Neighbours>,
) -> Markup {
    let properties = &item["properties"];
    let id = text_of(item, "id").unwrap_or("without a name");
    let collection = text_of(item, "collection");
    let trail = match collection {
        Some(collection) => Trail::collection(site, collection)
            .then(words::ITEMS, format!("{}/items", site.base.collection(collection))),
        None => Trail::root(site),
    };
    let bounds = bounds_of(item);
    let spans = bounds.is_some_and(|[west, _, east, _]| east - west >= 359.0);
    let features = [item];
    let json = href_of(item, "self").map(|url| format!("{url}?f=json"));
    let content = html! {
        (description_of(properties))
        (ways(site, collection, neighbours))
        div .two {
            div {
                @if item["geometry"].is_null() { p .card { (words::NO_GEOMETRY) } }
                @else {
                    div data-geometry=(drawn(item)) data-marked {}
                    (Map { tiles: None, bounds, features: &features, draws_into: None }.shown(site))
                    @if spans { p .note { (words::WHOLE_EARTH) } }
                }
                (thumbnail(site, &item["assets"]))
                (assets(&item["assets"]))
            }
            section .card aria-labelledby="overview" {
                h2 #overview { (words::OVERVIEW) }
                div .wide { table { tbody {
                    tr { th scope="row" { "Id" } td { (id) } }
                    tr { th scope="row" { (words::TIME) } td { (time_of(properties)) } }
                    tr { th scope="row" { "Box" } td { (bbox(&item["bbox"])) } }
                    @if let Some(url) = href_of(item, "collection") {
                        tr { th scope="row" { (words::COLLECTION) } td { a href=(url) { (value(&item["collection"])) } } }
                    }
                } } }
                h3 { (words::PROPERTIES) }
                div .wide { table { tbody {
                    @for (name, one) in properties.as_object().into_iter().flatten() {
                        tr {
                            th scope="row" { (name) }
                            td {
                                (value(one))
                                @if one.is_number() { @if let Some(unit) = unit(name).or_else(|| unit_of(name).map(str::to_owned)) { " " (unit) } }
                            }
                        }
                    }
                } } }
            }
        }
        (links(item))
        details .card {
            summary { (words::JSON) }
            @if let Some(json) = &json { p { a href=(json) download={ (id) ".json" } { (words::DOWNLOAD) } } }
            pre tabindex="0" { (format!("{item:#}")) }
        }
    };
    page(site, &trail, text_of(properties, "title").unwrap_or(id), item, &content)
}

fn ways(site: &Site, collection: Option<&str>, neighbours: Option<&Neighbours>) -> Markup {
    let Some(collection) = collection else { return html! {} };
    let link = |id: &str, rel: &str, text: &str| html! { a href=(site.base.item(collection, id)) rel=(rel) title=(id) { (text) } };
    html! {
        nav aria-label=(words::PAGES) { p .ways {
            @if let Some(Neighbours { before, after }) = neighbours {
                @if let Some(id) = before { (link(id, "prev", "← Newer Item")) } @else { span .dim { "The newest Item" } }
                @if let Some(id) = after { (link(id, "next", "Older Item →")) } @else { span .dim { "The oldest Item" } }
            } @else {
                a href=(format!("{}/items", site.base.collection(collection))) { (words::ITEMS) }
            }
        } }
    }
}

/// The thumbnail, where a browser may show it.
fn thumbnail(site: &Site, assets: &Value) -> Markup {
    let is_small = |asset: &&Value| {
        let roles = asset["roles"].as_array().into_iter().flatten();
        roles.clone().any(|role| role == "thumbnail") || roles.clone().any(|role| role == "overview")
    };
    let all = assets.as_object().into_iter().flat_map(serde_json::Map::values).filter(is_small);
    let addresses: Vec<&str> = all.filter_map(|asset| asset["href"].as_str()).collect();
    let own = addresses.iter().find(|href| is_picture(&site.base, href));
    html! {
        @match own {
            Some(href) => div .card { img .thumb src=(href) alt=(words::THUMBNAIL) loading="lazy"; },
            None if addresses.iter().any(|href| href.starts_with("http")) => p .note { (words::NO_PICTURES) },
            None => {},
        }
    }
}
