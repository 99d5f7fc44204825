//! The conformance suite of stores, over a store that is asked through HTTP.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use stacyard_model::json::{Document, Value};
use stacyard_remote::{Api, ApiOptions};
use stacyard_server::{Options, router};
use stacyard_store::Store;
use stacyard_store::conformance::{self, Memory};

use super::support::serve;

#[test]
fn an_api_answers_as_the_store_behind_it() {
    conformance::check(&mut |items| -> Store {
        let router = router(vec![Memory::with(items).into()], Options::default()).unwrap();
        let links = Arc::new(Links::of(items));
        let router = router.layer(from_fn(move |mut request: Request, next: Next| {
            let links = Arc::clone(&links);
            request.headers_mut().remove("accept-encoding");
            async move { links.restored(next.run(request).await).await }
        }));
        // Small pages, so that there are several.
        Api::open(&serve(router), ApiOptions { page: 40, ..ApiOptions::default() }).unwrap().into()
    });
}

/// The links of Items as they are stored: a server puts its own among them, which the suite would take for a change.
struct Links(HashMap<(Option<String>, Option<String>), String>);

impl Links {
    fn of(items: &[Document]) -> Self {
        let links = |item: &Document| {
            item.root().get("links").map_or_else(String::new, |links| links.raw().to_owned())
        };
        Self(items.iter().map(|item| (key(item.root()), links(item))).collect())
    }

    async fn restored(&self, answer: Response) -> Response {
        let (mut parts, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let mut out = Vec::new();
        let mut end = 0;
        if let Ok(document) = Document::parse_bytes(&body) {
            let features = document.root().get("features").and_then(Value::elements).into_iter().flatten();
            for item in features.chain([document.root()]) {
                let (Some(shown), Some(stored)) = (item.get("links"), self.0.get(&key(item))) else {
                    continue;
                };
                out.extend_from_slice(&body[end..shown.offset()]);
                out.extend_from_slice(stored.as_bytes());
                end = shown.offset() + shown.raw().len();
            }
        }
        out.extend_from_slice(&body[end..]);
        parts.headers.remove("content-length");
        Response::from_parts(parts, Body::from(out))
    }
}

fn key(item: Value<'_>) -> (Option<String>, Option<String>) {
    let text = |name| item.get(name).and_then(Value::as_str).map(std::borrow::Cow::into_owned);
    (text("collection"), text("id"))
}
