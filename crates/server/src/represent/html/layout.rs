//! What all pages have around them.

use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::Response;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::parts::links_of;
use super::site::Site;
use super::style::{POLICY, STYLE};
use super::words;
use crate::links::encoded;
use crate::media::{HTML, HTML_LINKED};
use crate::represent::document::text;

/// A page as an answer.
pub(crate) fn response(page: Markup) -> Response {
    with_policy(text(HTML, page.into_string()))
}

/// With what the page may load.
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
    pub(super) fn root(site: &Site) -> Self {
        Self(vec![(words::CATALOG.to_owned(), site.base.root())])
    }

    /// Below the Collections.
    pub(super) fn collections(site: &Site) -> Self {
        Self::root(site).then(words::COLLECTIONS, site.base.url("/collections"))
    }

    /// Below a Collection.
    pub(super) fn collection(site: &Site, id: &str) -> Self {
        Self::collections(site).then(id, site.base.url(&format!("/collections/{}", encoded(id))))
    }

    pub(super) fn then(mut self, title: &str, url: String) -> Self {
        self.0.push((title.to_owned(), url));
        self
    }
}

/// A page. `document` is the JSON that it shows, whose links say in which other representations it is there.
pub(super) fn page(site: &Site, trail: &Trail, title: &str, document: &Value, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) @if title != site.title { " – " (site.title) } }
                // Its policy allows this very text.
                style { (PreEscaped(STYLE)) }
                // A browser asks for one by itself, and would be told that there is none.
                link rel="icon" href="data:,";
                @if let Some(script) = site.asset("main", "js") { script type="module" src=(script) {} }
            }
            body {
                a .skip href="#main" { (words::SKIP) }
                header .top { div {
                    a .brand href=(site.base.root()) { (site.title) }
                    nav aria-label=(words::SITE) { ul {
                        li { a href=(site.base.url("/search")) { (words::SEARCH) } }
                        li { a href=(site.base.url("/collections")) { (words::COLLECTIONS) } }
                        li { a href=(site.base.url("/api.html")) { (words::API) } }
                    } }
                } }
                @if !trail.0.is_empty() {
                    nav .trail aria-label=(words::BREADCRUMBS) {
                        ol { @for (title, url) in &trail.0 { li { a href=(url) { (title) } } } }
                    }
                }
                main #main tabindex="-1" {
                    h1 { (title) }
                    (content)
                }
                (footer(site, document))
            }
        }
    }
}

/// The same in other representations, and whose work the page is made of.
fn footer(site: &Site, document: &Value) -> Markup {
    let own = links_of(document, "self").next().and_then(|link| link["href"].as_str());
    // Ours end with their name; others may stand in what is stored.
    let others: Vec<(&str, &str)> = links_of(document, "alternate")
        .filter(|link| link["type"] != HTML_LINKED)
        .filter_map(|link| link["href"].as_str())
        .filter(|href| site.base.has(href))
        .filter_map(|href| Some((href, href.rsplit_once("f=")?.1)))
        .collect();
    html! {
        footer {
            @if own.is_some() || !others.is_empty() {
                p {
                    (words::ALSO_AS) " "
                    @if let Some(own) = own {
                        a href=(as_json(own)) { "JSON" }
                    }
                    @for (url, name) in &others { ", " a href=(url) { (name) } }
                }
            }
            p {
                (words::SERVED_BY) " "
                @match site.asset("licences", "txt") {
                    Some(url) => a href=(url) { (words::LICENCES) },
                    None => (words::NO_MAP),
                }
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
