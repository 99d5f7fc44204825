//! How long answers are good. What stands behind them can change at any time, so that whoever keeps one has to ask each time whether it
//! is still true, which a tag makes cheap; who serves what hardly ever changes can say otherwise.

use axum::extract::{Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use crate::state::App;

/// Says how long an answer is good, unless it says so itself. What went wrong is not kept.
pub(crate) async fn with_age(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_read = request.method().is_safe();
    let mut response = next.run(request).await;
    let is_good = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let seconds = app.options.max_age.as_secs();
    let said = if !is_read || !is_good {
        Ok(HeaderValue::from_static("no-store"))
    } else if seconds == 0 {
        Ok(HeaderValue::from_static("no-cache"))
    } else {
        HeaderValue::from_str(&format!("max-age={seconds}"))
    };
    if let Ok(said) = said {
        response.headers_mut().entry(CACHE_CONTROL).or_insert(said);
    }
    response
}
