//! The links between the documents of a catalog.

use reqwest::Url;
use serde_json::{Value, json};
use stacyard_store::Error;

/// How a catalog is published (STAC best practices, "Published Catalogs").
#[derive(Debug, Clone, Default)]
pub enum Published {
    /// Not at all, or anywhere: all links are relative.
    #[default]
    SelfContained,
    /// All links are relative, and the root says where it is.
    Relative(Url),
    /// All links are absolute, and each document says where it is.
    Absolute(Url),
}

impl Published {
    /// What is published at a URL, with relative links or absolute ones.
    ///
    /// # Errors
    /// A URL that is none of the web.
    pub fn at(root: &str, is_absolute: bool) -> Result<Self, Error> {
        let wrong = |why: &str| {
            Error::usage(
                format!("the root {:?} {why}", stacyard_store::without_password(root)),
                "write the URL of the folder, such as https://host/catalog/",
            )
        };
        let folder = if root.ends_with('/') { root.to_owned() } else { format!("{root}/") };
        let url: Url = folder.parse().map_err(|_| wrong("is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https" | "s3" | "gs" | "az") || url.query().is_some() {
            return Err(wrong("is not the URL of a folder"));
        }
        Ok(if is_absolute { Self::Absolute(url) } else { Self::Relative(url) })
    }
}

pub(super) const JSON: &str = "application/json";
pub(super) const GEOJSON: &str = "application/geo+json";

/// A link from a document in the folder `from` to the document `to`, both told from the root; names of files are those of URLs.
pub(super) fn link(
    published: &Published,
    rel: &str,
    (from, to): (&[String], &[String]),
    media: &str,
    title: Option<&str>,
) -> Value {
    let mut link = json!({"rel": rel, "href": href(published, from, to), "type": media});
    if let Some(title) = title {
        link["title"] = json!(title);
    }
    link
}

fn href(published: &Published, from: &[String], to: &[String]) -> String {
    if let Published::Absolute(root) = published {
        return format!("{root}{}", to.join("/"));
    }
    let same = from.iter().zip(to).take_while(|(from, to)| from == to).count();
    let up = from.len() - same;
    let start = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
    start + &to[same..].join("/")
}

/// The link of a document to itself, where it is to have one.
pub(super) fn self_link(published: &Published, at: &[String], media: &str) -> Option<Value> {
    match published {
        Published::SelfContained => None,
        Published::Relative(root) => (at.len() == 1)
            .then(|| json!({"rel": "self", "href": format!("{root}{}", at.join("/")), "type": media})),
        Published::Absolute(root) => {
            Some(json!({"rel": "self", "href": format!("{root}{}", at.join("/")), "type": media}))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_folder_to_document() {
        let path = |path: &str| {
            path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        let absolute = Published::at("https://h/cat", true).unwrap();
        for (from, to, relative) in [
            ("", "catalog.json", "./catalog.json"),
            ("a/b", "catalog.json", "../../catalog.json"),
            ("a/b", "a/collection.json", "../collection.json"),
            ("a", "a/b/catalog.json", "./b/catalog.json"),
        ] {
            assert_eq!(href(&Published::SelfContained, &path(from), &path(to)), relative);
            assert_eq!(href(&absolute, &path(from), &path(to)), format!("https://h/cat/{to}"));
        }
        for wrong in ["cat", "file:///x", "https://h/x?y=1"] {
            assert!(Published::at(wrong, true).is_err(), "{wrong}");
        }
    }
}
