//! Where the server is, as clients see it.

use axum::extract::FromRequestParts;
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use fluent_uri::Uri;
use stacyard_store::Error;

use super::query::encoded;
use crate::operate::{Origin, is_host, prefix};
use crate::problem::Problem;
use crate::state::App;

/// The URL of the landing page, as clients see it: `https://stac.example.org/v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Of its text.
    ///
    /// # Errors
    /// What is no absolute URL of HTTP, or has a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::usage(format!("{text:?} is no URL of a server"), "write https://HOST/PATH");
        let uri = Uri::parse(text).map_err(|_| wrong())?;
        let is_http =
            ["http", "https"].iter().any(|scheme| uri.scheme().as_str().eq_ignore_ascii_case(scheme));
        let has_host = uri.authority().is_some_and(|authority| !authority.host().is_empty());
        if !is_http || !has_host || uri.has_query() || uri.has_fragment() {
            return Err(wrong());
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// Its scheme, host and port.
    pub(crate) fn origin(&self) -> &str {
        let host = self.0.find("://").map_or(0, |at| at + 3);
        let end = self.0[host..].find('/').map_or(self.0.len(), |at| host + at);
        &self.0[..end]
    }
}

/// The path below which clients see the landing page: `/stac`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootPath(String);

impl RootPath {
    /// Of its text.
    ///
    /// # Errors
    /// What is no absolute path.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::usage(format!("{text:?} is no path of a server"), "write /PATH");
        prefix(text).map(Self).ok_or_else(wrong)
    }

    /// What follows it in a path with a query; `None`: the path is not below it.
    pub(crate) fn below<'a>(&self, target: &'a str) -> Option<&'a str> {
        target.strip_prefix(&self.0).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }
}

/// The URL of the landing page for one request, without a slash at its end.
#[derive(Debug, Clone)]
pub(crate) struct Base(String);

impl Base {
    /// The URL of a resource, whose path begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The landing page.
    pub(crate) fn root(&self) -> String {
        self.url("/")
    }

    /// Whether a URL is one of this server.
    pub(crate) fn has(&self, url: &str) -> bool {
        url.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// A Collection.
    pub(crate) fn collection(&self, id: &str) -> String {
        format!("{}/collections/{}", self.0, encoded(id))
    }

    /// An Item.
    pub(crate) fn item(&self, collection: &str, id: &str) -> String {
        format!("{}/items/{}", self.collection(collection), encoded(id))
    }

    /// What a request says: the host that it was sent to, as proxies that are trusted say it.
    fn of(parts: &Parts, root: Option<&RootPath>) -> Self {
        let origin = parts.extensions.get::<Origin>().cloned().unwrap_or_default();
        let written = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let written = written.or_else(|| parts.uri.authority().map(Authority::as_str));
        // It goes into links: what is no host and port goes nowhere.
        let host = origin.host.as_deref().or(written).filter(|host| is_host(host)).unwrap_or("localhost");
        let scheme = origin.scheme.as_deref().unwrap_or("http");
        let path = origin.prefix.as_deref().or(root.map(|RootPath(path)| &**path)).unwrap_or_default();
        Self(format!("{scheme}://{host}{path}"))
    }
}

impl FromRequestParts<App> for Base {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(match &app.options.public_url {
            Some(PublicUrl(url)) => Self(url.clone()),
            None => Self::of(parts, app.options.root_path.as_ref()),
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn public_urls_are_of_http() {
        assert_eq!(PublicUrl::parse("https://a.org/stac/").unwrap().0, "https://a.org/stac");
        for text in
            ["a.org", "/stac", "ftp://a.org", "https://a.org/?x=1", "https://a.org/#x", "http:///x", ""]
        {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn root_paths_are_paths() {
        let root = RootPath::parse("/stac/v1/").unwrap();
        assert_eq!(root.below("/stac/v1/search"), Some("/search"));
        assert_eq!(root.below("/stac/v1"), Some(""));
        assert_eq!(root.below("/stac/v1?f=html"), Some("?f=html"));
        assert_eq!(root.below("/stac/v10"), None);
        for text in ["", "/", "stac", "//a.org", "/a?b", "/a b"] {
            assert!(RootPath::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ids_are_encoded_and_hosts_are_hosts() {
        let base = |host: &str| {
            Base::of(&Request::builder().header("host", host).body(()).unwrap().into_parts().0, None)
        };
        assert_eq!(
            base("[::1]:8080").item("a/b", "ü ?#"),
            "http://[::1]:8080/collections/a%2Fb/items/%C3%BC%20%3F%23"
        );
        assert_eq!(base("evil/\"><script>").root(), "http://localhost/");
    }
}
