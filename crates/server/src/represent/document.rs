//! Answers that are one document.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream::empty;
use maud::Markup;
use serde_json::Value;
use stacyard_store::ETag;

use super::html::with_policy;
use crate::ask::{not_modified, quoted};
use crate::form::{Chosen, What};
use crate::media::HTML;

/// A text of a media type.
pub(crate) fn text(kind: &'static str, text: impl Into<Body>) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static(kind))], text.into()).into_response()
}

/// What a HEAD gets of an answer that is not made for it: how long it would be is not known.
pub(super) fn unmade(kind: &'static str) -> Response {
    text(kind, Body::from_stream(empty::<Result<Bytes, Infallible>>()))
}

/// A JSON document, with the tag of its text. A client that has it already is told so.
pub(crate) fn document(kind: &'static str, headers: &HeaderMap, document: &Value) -> Response {
    let body = document.to_string();
    tagged(kind, headers, ETag::of(body.as_bytes()), body)
}

/// A document in the representation that is wanted: its JSON, or a page of it.
pub(crate) fn shown(
    chosen: &Chosen,
    kind: &'static str,
    headers: &HeaderMap,
    whole: &Value,
    page: impl FnOnce(&Value) -> Markup,
) -> Response {
    if chosen.what() != What::Page {
        return document(kind, headers, whole);
    }
    let page = page(whole).into_string();
    with_policy(tagged(HTML, headers, ETag::of(page.as_bytes()), page))
}

/// A document with the tag of its state.
pub(crate) fn tagged(kind: &'static str, headers: &HeaderMap, tag: ETag, body: impl Into<Body>) -> Response {
    let (mut response, tag) = match not_modified(headers, &tag.to_string()) {
        Some(known) => (StatusCode::NOT_MODIFIED.into_response(), known),
        None => (text(kind, body), quoted(tag)),
    };
    // Hexadecimal digits are a value of a header, and so is what a client has sent in one.
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}
