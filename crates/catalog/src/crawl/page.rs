//! What a document says that a link of the tree has led to.

use stacyard_model::ObjectKind;
use stacyard_model::json::{Kind, Tape, Value};

/// What it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// A Catalog, or a Collection.
    Tree(Tree),
    /// An Item, or many.
    Items,
    /// Nothing that can be followed, and why.
    Nothing(String),
}

/// A Catalog or a Collection, and where it leads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) is_collection: bool,
    pub(super) children: Vec<String>,
    pub(super) items: Vec<String>,
}

impl Page {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut tape = Tape::new();
        let root = match tape.parse(text) {
            Ok(root) if root.kind() == Kind::Object => root,
            Ok(_) => return Self::Nothing("which is no Catalog, Collection or Item".to_owned()),
            Err(cause) => return Self::Nothing(format!("which is not JSON: {cause}")),
        };
        let kind = root.get("type").and_then(Value::as_str);
        // Those of STAC 0.9 do not say what they are.
        let is_collection = match kind.as_deref() {
            Some("Collection") => true,
            Some("Catalog") => false,
            Some("Feature" | "FeatureCollection") => return Self::Items,
            // An API's list of Collections has links, too.
            None if root.get("links").is_some() && root.get("collections").is_none() => {
                root.get("extent").is_some()
            }
            _ => return Self::Nothing("which is no Catalog, Collection or Item".to_owned()),
        };
        if root.get("conformsTo").is_some() {
            return Self::Nothing("which is a STAC API, and no static catalog".to_owned());
        }
        let mut tree = Tree { is_collection, ..Tree::default() };
        for link in root.get("links").and_then(Value::elements).into_iter().flatten() {
            let text = |name: &str| link.get(name).and_then(Value::as_str);
            let (Some(rel), Some(href)) = (text("rel"), text("href")) else { continue };
            match &*rel {
                "child" => tree.children.push(href.into_owned()),
                "item" => tree.items.push(href.into_owned()),
                "items" if text("type").is_some_and(|media| is_geojson(&media)) => {
                    tree.items.push(href.into_owned());
                }
                _ => {}
            }
        }
        Self::Tree(tree)
    }
}

fn is_geojson(media: &str) -> bool {
    media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("application/geo+json"))
}

/// Why a document that an Item was expected in is none; `None`: it may be one, which the gate says.
pub(super) fn not_items(root: Value<'_>) -> Option<&'static str> {
    match ObjectKind::of(root) {
        Some(ObjectKind::Catalog | ObjectKind::Collection) => {
            return Some("which is a Catalog or a Collection, and no Item: its links are not followed here");
        }
        Some(ObjectKind::Item) | None => {}
    }
    let mut links = root.get("links").and_then(Value::elements).into_iter().flatten();
    let has_next = root.get("features").is_some()
        && links.any(|link| link.get("rel").and_then(Value::as_str).as_deref() == Some("next"));
    has_next.then_some("which is one page of many, as an API has them: copy the API instead")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_what_it_says() {
        let tree = |is_collection, children: &[&str], items: &[&str]| {
            let owned = |hrefs: &[&str]| hrefs.iter().map(|&href| href.to_owned()).collect();
            Page::Tree(Tree { is_collection, children: owned(children), items: owned(items) })
        };
        for (text, page) in [
            (
                r#"{"type":"Catalog","links":[{"rel":"child","href":"a"},{"rel":"item","href":"b"},{"rel":"self","href":"c"}]}"#,
                tree(false, &["a"], &["b"]),
            ),
            (
                r#"{"type":"Collection","links":[{"rel":"items","type":"application/geo+json; charset=utf-8","href":"a"},{"rel":"items","type":"text/html","href":"b"},{"rel":"child"},7]}"#,
                tree(true, &[], &["a"]),
            ),
            (r#"{"stac_version":"0.9.0","extent":{},"links":[]}"#, tree(true, &[], &[])),
            (r#"{"stac_version":"0.9.0","links":[]}"#, tree(false, &[], &[])),
            (r#"{"type":"Feature","links":[]}"#, Page::Items),
            (r#"{"type":"FeatureCollection","features":[]}"#, Page::Items),
        ] {
            assert_eq!(Page::of(text.as_bytes()), page, "{text}");
        }
        for text in [
            "[]",
            "<html>",
            r#"{"a":1}"#,
            r#"{"type":"Point","links":[]}"#,
            r#"{"type":"Catalog","conformsTo":[],"links":[]}"#,
            r#"{"collections":[],"links":[]}"#,
        ] {
            assert!(matches!(Page::of(text.as_bytes()), Page::Nothing(_)), "{text}");
        }
    }
}
