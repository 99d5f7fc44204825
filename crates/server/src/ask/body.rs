//! The body of a request: JSON text, of a bounded size.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use http_body_util::LengthLimitError;
use stacyard_model::json::Document;
use tower_http::timeout::TimeoutError;

use crate::problem::Problem;
use crate::state::App;

/// The JSON of a body.
pub(crate) struct Body(pub(crate) Document);

impl FromRequest<App> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let kind =
            request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind != "application/json" && !kind.ends_with("+json") {
            let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is not said to be JSON");
            return Err(problem.help("send Content-Type: application/json"));
        }
        let largest = app.options.body_bytes;
        let bytes: Bytes =
            to_bytes(request.into_body(), largest).await.map_err(|error| unread(&error, largest))?;
        Document::parse_bytes(&bytes)
            .map(Self)
            .map_err(|fault| Problem::bad(format!("the body is not JSON: {fault}")))
    }
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
