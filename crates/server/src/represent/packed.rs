//! Answers that are packed: which ones, and what is said of them.

use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::compression::{CompressionLayer, DefaultPredicate, Predicate};

use crate::options::Export;

/// Packs what is not packed by itself.
pub(crate) fn packing(exports: &[Export]) -> CompressionLayer<impl Predicate + Send + Sync + use<>> {
    let packed = exports.iter().filter(|export| export.is_packed);
    let packed: Vec<&str> = packed.map(|export| export.media_type).collect();
    let is_plain = move |_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions| {
        !headers.get(CONTENT_TYPE).is_some_and(|kind| packed.iter().any(|packed| kind == *packed))
    };
    CompressionLayer::new().compress_when(DefaultPredicate::new().and(is_plain))
}

/// Gives what is packed a tag of its own, as its bytes are others. What has not changed says what the whole answer would say.
pub(crate) async fn tagged_as_packed(request: Request, next: Next) -> Response {
    let is_read = request.method().is_safe();
    let mut response = next.run(request).await;
    let is_unchanged = response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    if is_unchanged {
        headers.append(VARY, HeaderValue::from_name(ACCEPT_ENCODING));
    } else if is_read
        && let Some(coding) = headers.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok())
        && let Some(tag) = headers.get(ETAG).and_then(|tag| tag.to_str().ok()?.strip_suffix('"'))
        && let Ok(tag) = HeaderValue::from_str(&format!("{tag}-{coding}\""))
    {
        headers.insert(ETAG, tag);
    }
    response
}
