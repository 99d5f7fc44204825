//! What all pages have around them.

use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::Response;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::parts::links_of;
use super::style::{POLICY, STYLE};
use crate::links::{Base, encoded};
use crate::media::{HTML, HTML_LINKED};
use crate::represent::document::text;

/// A page as an answer.
pub(crate) fn response(page: Markup) -> Response {
    with_policy(text(HTML, page.into_string()))
}

/// Nothing is loaded but the style of the page.
pub(crate) fn with_policy(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if let Some(policy) = &*POLICY {
        headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
    }
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

/// Where a page is: what is above it, each with its URL.
pub(super) struct Trail(Vec<(String, String)>);

impl Trail {
    /// Below nothing.
    pub(super) const fn top() -> Self {
        Self(Vec::new())
    }

    /// Below the landing page.
    pub(super) fn root(base: &Base) -> Self {
        Self(vec![("Catalog".to_owned(), base.root())])
    }

    /// Below the Collections.
    pub(super) fn collections(base: &Base) -> Self {
        Self::root(base).then("Collections", base.url("/collections"))
    }

    /// Below a Collection.
    pub(super) fn collection(base: &Base, id: &str) -> Self {
        Self::collections(base).then(id, base.url(&format!("/collections/{}", encoded(id))))
    }

    pub(super) fn then(mut self, title: &str, url: String) -> Self {
        self.0.push((title.to_owned(), url));
        self
    }
}

/// A page. `document` is the JSON that it shows, whose links say in which other representations it is there.
pub(super) fn page(trail: &Trail, title: &str, document: &Value, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                // Its policy allows this very text.
                style { (PreEscaped(STYLE)) }
            }
            body {
                nav aria-label="Breadcrumbs" {
                    ol {
                        @for (title, url) in &trail.0 { li { a href=(url) { (title) } } }
                    }
                }
                main {
                    h1 { (title) }
                    (content)
                }
                (footer(document))
            }
        }
    }
}

/// The same in other representations.
fn footer(document: &Value) -> Markup {
    let own = links_of(document, "self").next().and_then(|link| link["href"].as_str());
    // Ours end with their name.
    let others: Vec<(&str, &str)> = links_of(document, "alternate")
        .filter(|link| link["type"] != HTML_LINKED)
        .filter_map(|link| link["href"].as_str())
        .filter_map(|href| Some((href, href.rsplit_once("f=")?.1)))
        .collect();
    html! {
        @if own.is_some() || !others.is_empty() {
            footer {
                "Also as "
                @if let Some(own) = own {
                    a href=(as_json(own)) { "JSON" }
                }
                @for (url, name) in &others { ", " a href=(url) { (name) } }
            }
        }
    }
}

/// The URL of the JSON of a resource.
fn as_json(url: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let same = query.split('&').filter(|part| !part.is_empty() && !part.starts_with("f="));
    let all: Vec<&str> = same.chain(["f=json"]).collect();
    format!("{path}?{}", all.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_of_a_page_is_that_of_its_url() {
        assert_eq!(as_json("http://h/"), "http://h/?f=json");
        assert_eq!(as_json("http://h/search?limit=1&f=html&q=a"), "http://h/search?limit=1&q=a&f=json");
    }
}
