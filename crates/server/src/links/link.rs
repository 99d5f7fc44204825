//! Links of what is made here: landing page, Collections, pages.

use fluent_uri::{Iri, IriRef};
use serde_json::{Value, json};

use super::Base;
use crate::media::{GEOJSON, HTML_LINKED, JSON, SCHEMA};

/// The relations of a Collection that are ours; those of what is stored give way.
pub(crate) const COLLECTION_LINKS: [&str; 9] = [
    "self",
    "root",
    "parent",
    "items",
    "aggregate",
    "aggregations",
    "http://www.opengis.net/def/rel/ogc/1.0/queryables",
    "http://www.opengis.net/def/rel/ogc/1.0/sortables",
    TILESETS,
];

/// The relation of a list of sets of vector tiles.
pub(crate) const TILESETS: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";

/// What ends the URLs of other links that are made here, beside those that are stored.
const AS_PAGE: &str = "?f=html";
const BROWSE: &str = "/browse";

/// Whether a link of this relation, which leads to this server, is one that it has added to those of a Collection or an Item.
pub(super) fn is_added(rel: &str, href: &str) -> bool {
    (rel == "alternate" && href.ends_with(AS_PAGE)) || (rel == "child" && href.ends_with(BROWSE))
}

/// A link with a media type.
pub(crate) fn link(rel: &str, kind: &str, href: impl Into<String>) -> Value {
    json!({"rel": rel, "type": kind, "href": href.into()})
}

/// The same with a title.
pub(crate) fn titled_link(rel: &str, kind: &str, href: impl Into<String>, title: &str) -> Value {
    json!({"rel": rel, "type": kind, "href": href.into(), "title": title})
}

/// A Collection with its links.
pub(crate) fn with_collection_links(id: &str, collection: Value, base: &Base) -> Value {
    let here = base.collection(id);
    let ours = vec![
        link("self", JSON, &*here),
        link("alternate", HTML_LINKED, format!("{here}{AS_PAGE}")),
        link("root", JSON, base.root()),
        link("parent", JSON, base.root()),
        titled_link("child", JSON, format!("{here}{BROWSE}"), "Items"),
        link("items", GEOJSON, format!("{here}/items")),
        link("http://www.opengis.net/def/rel/ogc/1.0/queryables", SCHEMA, format!("{here}/queryables")),
        link("http://www.opengis.net/def/rel/ogc/1.0/sortables", SCHEMA, format!("{here}/sortables")),
        link("aggregate", JSON, format!("{here}/aggregate")),
        link("aggregations", JSON, format!("{here}/aggregations")),
        link(TILESETS, JSON, format!("{here}/tiles")),
    ];
    with_links(collection, ours)
}

/// The document with our links before those that it has, but for those of our relations.
fn with_links(mut document: Value, mut ours: Vec<Value>) -> Value {
    let Some(members) = document.as_object_mut() else { return document };
    let stored = match members.remove("links") {
        Some(Value::Array(links)) => links,
        _ => Vec::new(),
    };
    let base = stored.iter().find(|link| link["rel"] == "self").and_then(|link| link["href"].as_str());
    let base = base.map(str::to_owned);
    for link in stored {
        if !link["rel"].as_str().is_some_and(|rel| COLLECTION_LINKS.contains(&rel)) {
            ours.push(resolved(link, base.as_deref()));
        }
    }
    members.insert("links".to_owned(), Value::Array(ours));
    document
}

fn resolved(mut link: Value, base: Option<&str>) -> Value {
    let href = link["href"].as_str().and_then(|href| absolute(href, base?));
    if let Some(href) = href {
        link["href"] = href.into();
    }
    link
}

/// A relative reference, resolved (RFC 3986 section 5); `None`: it is absolute, or there is nothing to resolve it by.
pub(super) fn absolute(href: &str, base: &str) -> Option<String> {
    let reference = IriRef::parse(href).ok().filter(|reference| !reference.has_scheme())?;
    let base = Iri::parse(base).ok()?;
    let base = base.strip_fragment();
    reference.resolve_against(&base).ok().map(|iri| iri.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_links_stay_and_ours_are_there_once() {
        let document = json!({"id": "c", "links": [
            {"rel": "self", "href": "https://a.org/x/collection.json"},
            {"rel": "root", "href": "../catalog.json"},
            {"rel": "license", "href": "./LICENSE", "title": "t"},
            {"rel": "item", "href": "https://b.org/i.json"},
        ]});
        let linked = with_links(document, vec![link("self", "application/json", "http://h/collections/c")]);
        assert_eq!(
            linked["links"],
            json!([
                {"rel": "self", "type": "application/json", "href": "http://h/collections/c"},
                {"rel": "license", "href": "https://a.org/x/LICENSE", "title": "t"},
                {"rel": "item", "href": "https://b.org/i.json"},
            ])
        );
    }
}
