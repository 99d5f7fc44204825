//! The body of a request: JSON text, of a bounded size.

use std::time::Duration;

use axum::body::{Bytes, HttpBody, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::LengthLimitError;
use stacyard_model::json::Document;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tower_http::timeout::TimeoutError;

use crate::problem::Problem;
use crate::state::App;

/// The JSON of a body.
pub(crate) struct Body(pub(crate) Document);

impl FromRequest<App> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let kind = media_type(&request);
        if kind != "application/json" && !kind.ends_with("+json") {
            return Err(not_json("application/json"));
        }
        parsed(&whole(request, app, app.options.body_bytes).await?.bytes).map(Self)
    }
}

/// What the body is said to be, in small letters and without parameters.
pub(crate) fn media_type(request: &Request) -> String {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A body that is said to be something else.
pub(crate) fn not_json(wanted: &str) -> Problem {
    let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is not said to be JSON");
    problem.help(format!("send Content-Type: {wanted}"))
}

/// A body has so long to come.
const LONGEST: Duration = Duration::from_mins(1);

/// All bytes of a body, no more than these. All bodies together hold no more memory than is allowed.
pub(crate) async fn whole(request: Request, app: &App, largest: usize) -> Result<Held, Problem> {
    check_plain(request.headers())?;
    let said = request.body().size_hint().exact().and_then(|size| usize::try_from(size).ok());
    let room = app.works.room(said.unwrap_or(largest).min(largest))?;
    // One byte now and then is no way to hold it.
    let bytes = timeout(LONGEST, to_bytes(request.into_body(), largest)).await;
    let late = || Problem::new(StatusCode::REQUEST_TIMEOUT, "the body does not come in time");
    let bytes = bytes.map_err(|_| late())?.map_err(|error| unread(&error, largest))?;
    Ok(Held { bytes, _room: room })
}

/// Refuses a body that is packed: how large it is would only be known once it is not (RFC 9110 section 15.5.16).
fn check_plain(headers: &HeaderMap) -> Result<(), Problem> {
    let is_plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is packed")
        .help("send it without Content-Encoding")
        .header(ACCEPT_ENCODING, HeaderValue::from_static("identity")))
}

/// The bytes of a body, as long as they are held.
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

/// The JSON of a body.
pub(crate) fn parsed(bytes: &[u8]) -> Result<Document, Problem> {
    Document::parse_bytes(bytes).map_err(|fault| Problem::bad(format!("the body is not JSON: {fault}")))
}

/// Why a body could not be read.
fn unread(error: &axum::Error, largest: usize) -> Problem {
    let causes =
        std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source());
    for cause in causes {
        if cause.is::<LengthLimitError>() {
            let detail = format!("the body has more than {largest} bytes");
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail);
        }
        if cause.is::<TimeoutError>() {
            return Problem::new(StatusCode::REQUEST_TIMEOUT, "the body does not come");
        }
    }
    Problem::bad("the body broke off")
}
