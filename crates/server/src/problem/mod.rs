//! What went wrong, as `application/problem+json` (RFC 9457): the client's mistakes in full, with what would be right; of ours
//! only that there was one, as the cause may name files, databases or SQL. Every failure of every route leaves through here.

mod failure;
mod of_error;
mod words;

use std::sync::Arc;

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use stacyard_store::Error;

pub(crate) use self::failure::Failure;
use crate::media::PROBLEM;

/// What went wrong.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    /// Members beside those of the RFC.
    more: Map<String, Value>,
    /// What a client's program should know.
    headers: Option<Box<HeaderMap>>,
    /// Whether it is that none of the collections is known.
    is_no_collection: bool,
    /// What it was made of, for the log.
    cause: Option<Arc<Error>>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            more: Map::new(),
            headers: None,
            is_no_collection: false,
            cause: None,
        }
    }

    /// A request that has no meaning.
    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The same of a parameter, or of a member of the body.
    pub(crate) fn wrong(name: &str, what: &str) -> Self {
        Self::bad(format!("{name}: {what}")).parameter(name)
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

    /// Whether it is that none of the collections is known.
    pub(crate) const fn is_no_collection(&self) -> bool {
        self.is_no_collection
    }

    /// The name that nothing in the stores has, where that is it.
    pub(crate) fn unknown(&self) -> Option<&str> {
        self.more.get("unknown")?.as_str()
    }

    /// A request without a token, or with one that is none of ours (RFC 6750 section 3).
    pub(crate) fn no_token(is_wrong: bool) -> Self {
        let (detail, challenge) = if is_wrong {
            ("this token is none that the server knows", r#"Bearer error="invalid_token""#)
        } else {
            ("this needs a token", "Bearer")
        };
        Self::new(StatusCode::UNAUTHORIZED, detail)
            .help("send Authorization: Bearer TOKEN")
            .header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// What this client may not do.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// A method that the resource does not take, as what is behind it can only be read.
    pub(crate) fn only_read(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, detail).header(ALLOW, HeaderValue::from_static("GET,HEAD"))
    }

    /// What was left out since something before it failed.
    pub(crate) fn not_tried() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "this was not tried any more")
    }

    /// Too many ask at once.
    pub(crate) fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too many requests are being worked on").again_after(1)
    }

    /// What has to be known for the answer is being counted.
    pub(crate) fn counting() -> Self {
        let detail = "the collections are being counted, which takes a while";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).again_after(2)
    }

    /// The stores do not answer in time.
    pub(crate) fn unready() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the stores do not answer").again_after(5)
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
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(crate) fn again_after(self, seconds: u32) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// With a header that says it to programs.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.get_or_insert_default().insert(name, value);
        self
    }

    /// The same with another status.
    #[must_use]
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The status, as it would be answered.
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// What is said, as members of an object.
    pub(crate) fn members(self) -> Map<String, Value> {
        let mut members = Map::from_iter([
            ("status".to_owned(), self.status.as_u16().into()),
            ("detail".to_owned(), self.detail.into()),
        ]);
        members.extend(self.more);
        members
    }

    /// What it was made of.
    pub(crate) fn into_cause(self) -> Option<Arc<Error>> {
        self.cause
    }
}

/// What a response says went wrong, for whoever shows it otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Said(pub(crate) Value);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, sent) = (self.status, self.headers.clone());
        // A mistake of the client is nothing to look into.
        let failure = self.cause.clone().filter(|_| status.is_server_error());
        let title = status.canonical_reason().unwrap_or_default();
        let mut body = json!({"type": "about:blank", "title": title});
        if let Some(members) = body.as_object_mut() {
            members.extend(self.members());
        }
        let mut response = (status, body.to_string()).into_response();
        response.extensions_mut().insert(Said(body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        headers.extend(sent.map(|sent| *sent).unwrap_or_default());
        if let Some(cause) = failure {
            response.extensions_mut().insert(Failure(cause));
        }
        response
    }
}
