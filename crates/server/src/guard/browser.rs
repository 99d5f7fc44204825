//! Browsers: which pages may ask (CORS), and what answers may be used for.

use axum::extract::State;
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, ORIGIN, REFERRER_POLICY, RETRY_AFTER, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::Response;
use fluent_uri::Uri;
use stacyard_store::Error;
use std::time::Duration;
use tower_http::cors::{Any, CorsLayer};

use crate::options::Options;
use crate::state::App;

/// Every origin.
const ANY: &str = "*";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// So long a browser need not ask again.
const KNOWN: Duration = Duration::from_hours(1);

/// Lets pages of some origins ask; `None`: of none. Tokens may come from pages of origins that are named only.
///
/// # Errors
/// What is no origin.
pub(crate) fn cors(origins: &[String]) -> Result<Option<CorsLayer>, Error> {
    let exposed = [CONTENT_DISPOSITION, ETAG, LINK, LOCATION, RETRY_AFTER, REQUEST_ID];
    let layer = CorsLayer::new().expose_headers(exposed).max_age(KNOWN);
    Ok(match origins {
        [] => None,
        [any] if any == ANY => Some(
            layer.allow_origin(Any).allow_methods([Method::GET, Method::HEAD, Method::POST]).allow_headers([
                ACCEPT,
                CONTENT_TYPE,
                IF_NONE_MATCH,
            ]),
        ),
        origins => {
            let origins: Vec<HeaderValue> =
                origins.iter().map(|origin| parsed(origin)).collect::<Result<_, _>>()?;
            let methods =
                [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
            let headers = [ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH];
            Some(layer.allow_origin(origins).allow_methods(methods).allow_headers(headers))
        }
    })
}

/// An origin as browsers write it (RFC 6454 section 6.2): what they write otherwise would never be equal.
fn parsed(origin: &str) -> Result<HeaderValue, Error> {
    let wrong = || {
        Error::usage(
            format!("{origin:?} is no origin of web pages"),
            "write it as browsers do, such as https://example.org or http://localhost:3000, or * alone",
        )
    };
    let uri = Uri::parse(origin).map_err(|_| wrong())?;
    let is_http = ["http", "https"].contains(&uri.scheme().as_str());
    let is_right = is_http
        && uri.authority().is_some_and(|authority| !authority.host().is_empty() && !authority.has_userinfo())
        && uri.path().as_str().is_empty()
        && !uri.has_query()
        && !uri.has_fragment()
        && !origin.bytes().any(|byte| byte.is_ascii_uppercase());
    if !is_right {
        return Err(wrong());
    }
    HeaderValue::from_str(origin).map_err(|_| wrong())
}

/// Whether a page has sent it that is neither of this server nor of an origin that is named. Browsers say so with all that writes.
pub(super) fn is_of_another_page(headers: &HeaderMap, options: &Options) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let Ok(origin) = origin.to_str() else { return true };
    if options.cors_origins.iter().any(|known| known == origin) {
        return false;
    }
    match &options.public_url {
        Some(url) => url.origin() != origin,
        // A name that leads here from elsewhere may be a trick, which the name of this machine is not.
        None => !is_of_this_machine(origin),
    }
}

fn is_of_this_machine(origin: &str) -> bool {
    let Ok(uri) = Uri::parse(origin) else { return false };
    let host = uri.authority().map(|authority| authority.host().to_owned()).unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Nothing in an answer is run or shown in a frame, unless a handler has said what its page needs.
pub(crate) async fn hardened(State(app): State<App>, mut response: Response) -> Response {
    let is_shared = !app.options.cors_origins.is_empty();
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let policy = if is_shared { "cross-origin" } else { "same-origin" };
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static(policy));
    if app.options.private {
        // What is not for everybody is not for caches that many share.
        if headers.get(CACHE_CONTROL).is_none_or(|said| said != "no-store") {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
        headers.append(VARY, HeaderValue::from_static("authorization"));
    }
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(nothing);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_write_them() {
        let of = |origins: &[&str]| cors(&origins.iter().map(|&one| one.to_owned()).collect::<Vec<_>>());
        assert!(of(&[]).unwrap().is_none());
        for right in [&["*"][..], &["https://a.org", "http://localhost:3000"], &["http://[::1]:80"]] {
            assert!(of(right).unwrap().is_some(), "{right:?}");
        }
        for wrong in
            ["", "a.org", "https://a.org/", "https://A.org", "ftp://a.org", "null", "https://u@a.org"]
        {
            assert!(of(&[wrong]).is_err(), "{wrong}");
        }
        assert!(of(&["*", "https://a.org"]).is_err());
    }

    #[test]
    fn pages_of_this_server_are_told_from_others() {
        let is_other = |origin: &str, options: &Options| {
            is_of_another_page(&HeaderMap::from_iter([(ORIGIN, origin.parse().unwrap())]), options)
        };
        let plain = Options::default();
        assert!(!is_of_another_page(&HeaderMap::new(), &plain));
        for own in ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"] {
            assert!(!is_other(own, &plain), "{own}");
        }
        for other in ["http://evil.org", "http://localhost.evil.org", "http://127.0.0.1.evil.org", "null"] {
            assert!(is_other(other, &plain), "{other}");
        }
        let public_url = crate::links::PublicUrl::parse("https://a.org/stac").ok();
        let known = Options { public_url, cors_origins: vec!["https://b.org".to_owned()], ..plain };
        assert!(!is_other("https://a.org", &known) && !is_other("https://b.org", &known));
        assert!(is_other("https://c.org", &known) && is_other("http://localhost", &known));
    }
}
