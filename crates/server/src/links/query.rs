//! Texts in URLs, and out of them.

use axum::http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What may stand in a segment of a path or in a value of a query: all else is percent-encoded.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b',');

/// A text as a segment of a path, or as a value of a query.
pub(crate) fn encoded(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, PLAIN)
}

/// A name or a value of a query, as it is meant; `None`: it is not UTF-8.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// The value of a parameter, wherever its URL leads to.
pub(crate) fn first_value(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = uri.query().unwrap_or_default().split('&').filter_map(|part| part.split_once('='));
    pairs.find_map(|(known, value)| decoded(value).filter(|_| known == name))
}
