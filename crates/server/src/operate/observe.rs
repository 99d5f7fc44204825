//! Each request gets an id, is counted, and is told of once it is over: when the last byte of its answer is taken, when the answer
//! breaks off, or when the client goes away.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_LENGTH, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::{Origin, Served};
use crate::problem::Failure;
use crate::state::App;
use crate::work::of_route;

/// The header of the id. A client or a proxy may give one.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What logs say of a client that went away before there was an answer. HTTP has no such status; nginx uses this one.
const GONE: u16 = 499;

/// Sees a request from its beginning to its end.
pub(crate) async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let origin = Origin::of(request.extensions(), request.headers(), &app.options.proxies);
    let id = request_id(request.headers());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let route: Arc<str> = route.into();
    let mut record = Record {
        served: Served {
            id: id.clone(),
            method: request.method().to_string(),
            target: request.uri().path_and_query().map_or_else(String::new, ToString::to_string),
            client: origin.client,
            status: GONE,
            bytes: 0,
            seconds: 0.0,
            is_whole: false,
            failure: None,
        },
        route: Arc::clone(&route),
        started: Instant::now(),
        app: Arc::clone(&app),
    };
    app.metrics.begin();
    let is_head = request.method() == Method::HEAD;
    request.extensions_mut().insert(origin);
    let mut response = of_route(route, next.run(request)).await;
    record.served.status = response.status().as_u16();
    record.served.failure = response.extensions_mut().remove().map(|Failure(error)| error);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let no_body = is_head || matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let length = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let length = if no_body { Some(0) } else { length };
    response.map(|body| Body::new(Observed { body, length, record }))
}

/// What broke an answer off, among the causes of the error of its body.
fn failure_in<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Failure> {
    // Such an error does not give what it wraps as its source.
    let wrapped = error.downcast_ref().and_then(std::io::Error::get_ref);
    let cause =
        wrapped.map(|wrapped| wrapped as &(dyn std::error::Error + 'static)).or_else(|| error.source());
    error.downcast_ref().or_else(|| cause.and_then(failure_in))
}

/// The id that came with the request, if it may stand in a log; else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let fits = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(fits);
    given.map_or_else(new_id, str::to_owned)
}

fn new_id() -> String {
    let mut bytes = [0; 16];
    // Without random numbers ids are all the same, which is no reason to refuse a request.
    let _ = getrandom::fill(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// What is told of a request when it is dropped, which is when it is over, however it ends.
struct Record {
    served: Served,
    route: Arc<str>,
    started: Instant,
    app: App,
}

impl Drop for Record {
    fn drop(&mut self) {
        self.served.seconds = self.started.elapsed().as_secs_f64();
        self.app.metrics.end(&self.route, &self.served);
        (self.app.options.on_request)(&self.served);
    }
}

/// The body of an answer, seen on its way out.
struct Observed {
    body: Body,
    /// How long it is, where that is known.
    length: Option<u64>,
    record: Record,
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let served = &mut self.record.served;
        Poll::Ready(match frame {
            None => {
                served.is_whole = true;
                None
            }
            Some(Ok(frame)) => {
                served.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                let cause = error.into_inner();
                served.failure = failure_in(&*cause).map(|Failure(error)| Arc::clone(error));
                Some(Err(axum::Error::new(cause)))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        let served = &mut self.record.served;
        // A body whose length is known is not asked for its end.
        served.is_whole |= self.body.is_end_stream() || self.length == Some(served.bytes);
    }
}
