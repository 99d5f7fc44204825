//! The links of an Item, put into its text in the place of the stored ones: the rest of the text stays as it is, byte by byte.

use std::borrow::Cow;

use stacyard_model::json::{Tape, Value, push_string};

use super::Base;
use super::link::absolute;
use crate::media::{GEOJSON, HTML_LINKED, JSON};

/// The relations of an Item that are ours.
pub(crate) const ITEM_LINKS: [&str; 4] = ["self", "root", "parent", "collection"];

/// Appends the text of an Item with its links as they are seen through this server. One that has no links, as `fields` left them
/// out, gets none.
pub(crate) fn with_item_links(text: &[u8], base: &Base, tape: &mut Tape, out: &mut Vec<u8>) {
    // What a store gives is JSON; what were not would stay as it is.
    let links = tape.parse(text).ok().and_then(|root| Some((root, root.get("links")?)));
    let Some((root, links)) = links else { return out.extend_from_slice(text) };
    let (start, end) = (links.offset(), links.offset() + links.raw().len());
    out.extend_from_slice(&text[..start]);
    write_links(root, links, base, out);
    out.extend_from_slice(&text[end..]);
}

fn write_links(item: Value<'_>, stored: Value<'_>, base: &Base, out: &mut Vec<u8>) {
    let member = |name| item.get(name).and_then(Value::as_str);
    out.push(b'[');
    let mut separator = "";
    let mut push = |rel: &str, kind: &str, href: &str, out: &mut Vec<u8>| {
        out.extend_from_slice(separator.as_bytes());
        separator = ",";
        out.extend_from_slice(b"{\"rel\":\"");
        out.extend_from_slice(rel.as_bytes());
        out.extend_from_slice(b"\",\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\",\"href\":");
        push_string(out, href);
        out.push(b'}');
    };
    // An Item without a collection has no URL of its own: a search alone finds it.
    if let Some((collection, id)) = member("collection").zip(member("id")) {
        let own = base.item(&collection, &id);
        push("self", GEOJSON, &own, out);
        push("alternate", HTML_LINKED, &format!("{own}?f=html"), out);
        let parent = base.collection(&collection);
        push("parent", JSON, &parent, out);
        push("collection", JSON, &parent, out);
    }
    push("root", JSON, &base.root(), out);
    let is_self = |link: &Value<'_>| rel(*link).as_deref() == Some("self");
    let own = stored.elements().into_iter().flatten().find(is_self);
    let own = own.and_then(|link| link.get("href")).and_then(Value::as_str);
    for link in stored.elements().into_iter().flatten() {
        if rel(link).is_some_and(|rel| ITEM_LINKS.contains(&&*rel)) {
            continue;
        }
        out.push(b',');
        resolved(link, own.as_deref(), out);
    }
    out.push(b']');
}

pub(super) fn rel(link: Value<'_>) -> Option<Cow<'_, str>> {
    link.get("rel").and_then(Value::as_str)
}

/// Appends a link, with its relative reference resolved against the `self` of what it is a link of.
pub(super) fn resolved(link: Value<'_>, own: Option<&str>, out: &mut Vec<u8>) {
    let href = link.get("href");
    let resolved = href.and_then(Value::as_str).zip(own).and_then(|(href, own)| absolute(&href, own));
    match (href, resolved) {
        (Some(href), Some(resolved)) => {
            let start = href.offset() - link.offset();
            out.extend_from_slice(&link.raw().as_bytes()[..start]);
            push_string(out, &resolved);
            out.extend_from_slice(&link.raw().as_bytes()[start + href.raw().len()..]);
        }
        _ => out.extend_from_slice(link.raw().as_bytes()),
    }
}
