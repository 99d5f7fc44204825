//! What went wrong, as `application/problem+json` (RFC 9457): the client's mistakes in full, with what would be right; of ours
//! only that there was one, as the cause may name files, databases or SQL. Every failure of every route leaves through here.

mod of_error;
mod words;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// The media type of an answer that says what went wrong.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// What went wrong.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    /// Members beside those of the RFC.
    more: Map<String, Value>,
    /// When to try again, in seconds.
    retry_after: Option<u32>,
    /// Whether it is that none of the collections is known.
    is_no_collection: bool,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), more: Map::new(), retry_after: None, is_no_collection: false }
    }

    /// A request that has no meaning.
    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// A resource that there is not.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// A Collection that there is not.
    pub(crate) fn no_collection(id: &str) -> Self {
        Self::not_found(format!("there is no Collection {id:?}")).help("GET /collections has all there are")
    }

    /// The same where it was the path that named a collection: then one that is unknown is a resource that there is not.
    #[must_use]
    pub(crate) fn of_collection(self, id: &str) -> Self {
        if self.is_no_collection { Self::no_collection(id) } else { self }
    }

    /// Too many ask at once.
    pub(crate) fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too many requests are being worked on").again_after(1)
    }

    /// What can be done about it.
    #[must_use]
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        self.with("help", help.into())
    }

    /// Which parameter, or which member of the body, is wrong.
    #[must_use]
    pub(crate) fn parameter(self, name: &str) -> Self {
        self.with("parameter", name)
    }

    #[must_use]
    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    fn again_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Whether it is no mistake of the client.
    pub(crate) fn is_ours(&self) -> bool {
        self.status.is_server_error()
    }
}

/// What a response says went wrong, for whoever shows it otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Said(pub(crate) Value);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, detail, more, retry_after, .. } = self;
        let mut body = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "detail": detail,
        });
        if let Some(members) = body.as_object_mut() {
            members.extend(more);
        }
        let mut response = (status, body.to_string()).into_response();
        response.extensions_mut().insert(Said(body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
