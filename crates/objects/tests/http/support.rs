//! A server of files on a free port, for as long as the test runs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use stacyard_objects::{Object, ObjectOptions};
use stacyard_store::Error;

/// A request that a server has had.
#[derive(Debug, Clone)]
pub(crate) struct Had {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Had {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Files by their paths, each with the number of its state, which is its tag.
pub(crate) type Files = BTreeMap<String, (u32, Bytes)>;

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) files: Arc<Mutex<Files>>,
    had: Arc<Mutex<Vec<Had>>>,
}

impl Server {
    /// A server of one file at `/a.bin`. What `instead` answers to a request, of which it knows the number, goes before what the server would.
    pub(crate) fn new(
        content: impl Into<Bytes>,
        instead: impl Fn(usize, &Had) -> Option<Response> + Clone + Send + Sync + 'static,
    ) -> Self {
        let files = Files::from([("/a.bin".to_owned(), (1, content.into()))]);
        let (files, had): (_, Arc<Mutex<Vec<Had>>>) = (Arc::new(Mutex::new(files)), Arc::default());
        let shared = (Arc::clone(&files), Arc::clone(&had));
        let router = Router::new().fallback(move |request: Request| {
            let ((files, all), instead) = (shared.clone(), instead.clone());
            async move {
                let (parts, body) = request.into_parts();
                let had = Had {
                    method: parts.method,
                    path: parts.uri.path().to_owned(),
                    query: parts.uri.query().map(str::to_owned),
                    headers: parts.headers,
                    body: to_bytes(body, usize::MAX).await.unwrap(),
                };
                let number = {
                    let mut all = all.lock().unwrap();
                    all.push(had.clone());
                    all.len() - 1
                };
                instead(number, &had).unwrap_or_else(|| answer(&mut files.lock().unwrap(), &had))
            }
        });
        Self { url: serve(router), files, had }
    }

    /// A server without faults.
    pub(crate) fn good(content: impl Into<Bytes>) -> Self {
        Self::new(content, |_, _| None)
    }

    pub(crate) fn object(&self) -> Object {
        self.with(&ObjectOptions::default())
    }

    pub(crate) fn with(&self, options: &ObjectOptions) -> Object {
        Object::at(&format!("{}/a.bin", self.url), options).unwrap()
    }

    pub(crate) fn had(&self) -> Vec<Had> {
        self.had.lock().unwrap().clone()
    }

    pub(crate) fn put(&self, state: u32, content: impl Into<Bytes>) {
        self.files.lock().unwrap().insert("/a.bin".to_owned(), (state, content.into()));
    }

    /// The error, without the port.
    pub(crate) fn said(&self, error: &Error) -> String {
        let advice = error.advice().map(|advice| format!("\nhelp: {advice}")).unwrap_or_default();
        format!("{:?}: {error}{advice}", error.kind()).replace(&self.url, "URL")
    }
}

/// What a server of files answers (RFC 9110, sections 13 and 14).
fn answer(files: &mut Files, had: &Had) -> Response {
    let there = files.get(&had.path).cloned();
    let tag = there.as_ref().map(|(state, _)| format!("\"{state}\""));
    if had.header("if-match").is_some_and(|wanted| Some(wanted) != tag.as_deref())
        || (had.header("if-none-match") == Some("*") && tag.is_some())
    {
        return StatusCode::PRECONDITION_FAILED.into_response();
    }
    if had.method == Method::PUT {
        let state = there.map_or(1, |(state, _)| state + 1);
        files.insert(had.path.clone(), (state, had.body.clone()));
        return StatusCode::CREATED.into_response();
    }
    let (Some((_, content)), Some(tag)) = (there, tag) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [("etag", tag), ("last-modified", "Fri, 01 Mar 2024 00:00:00 GMT".to_owned())];
    let Some(range) = had.header("range").and_then(|range| part(range, content.len())) else {
        return (headers, content).into_response();
    };
    let said = format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), content.len());
    (StatusCode::PARTIAL_CONTENT, headers, [("content-range", said)], content.slice(range)).into_response()
}

fn part(range: &str, length: usize) -> Option<Range<usize>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    Some(match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => first..length.min(last + 1),
        (Ok(first), Err(_)) => first..length,
        (Err(_), Ok(last)) => length.saturating_sub(last)..length,
        _ => return None,
    })
}

fn serve(router: Router) -> String {
    let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    // Of its own: what a client waits for must not wait for the client.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    format!("http://{address}")
}
