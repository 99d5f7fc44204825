//! Servers on free ports, for as long as the test runs.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use stacyard_remote::{Api, ApiOptions};
use stacyard_store::{Error, Store};

/// Serves a router; gives its URL.
pub(crate) fn serve(router: Router) -> String {
    let runtime = stacyard_runtime::shared().unwrap();
    let listener =
        stacyard_runtime::wait(runtime, tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))))
            .unwrap();
    let address = listener.local_addr().unwrap();
    // Of its own: what a client waits for must not wait for the client.
    std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = listener.into_std().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    format!("http://{address}")
}

/// A request that a server has had.
#[derive(Debug, Clone)]
pub(crate) struct Had {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A server that answers request after request as a function says, which knows the number of each and the server's URL.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) had: Arc<Mutex<Vec<Had>>>,
}

impl Server {
    pub(crate) fn new(answer: impl Fn(usize, &Had) -> Response + Clone + Send + Sync + 'static) -> Self {
        let had: Arc<Mutex<Vec<Had>>> = Arc::default();
        let all = Arc::clone(&had);
        let router = Router::new().fallback(move |request: Request| {
            let (all, answer) = (Arc::clone(&all), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap();
                let had = Had { uri: parts.uri, headers: parts.headers, body };
                let number = {
                    let mut all = all.lock().unwrap();
                    all.push(had.clone());
                    all.len() - 1
                };
                answer(number, &had)
            }
        });
        Self { url: serve(router), had }
    }

    pub(crate) fn open(&self, options: ApiOptions) -> Result<Api, Error> {
        Api::open(&self.url, options)
    }

    pub(crate) fn had(&self) -> Vec<Had> {
        self.had.lock().unwrap().clone()
    }
}

pub(crate) fn json(text: impl Into<String>) -> Response {
    ([("content-type", "application/geo+json")], text.into()).into_response()
}

/// An answer that is broken off.
pub(crate) fn broken() -> Response {
    Response::builder()
        .status(StatusCode::OK)
        .header("content-type", "application/json")
        .header("content-length", "1000")
        .body(Body::from(r#"{"type":"FeatureCollection","features":["#))
        .unwrap()
}

/// A landing page whose search is at `/search`, with these conformance classes.
pub(crate) fn landing(classes: &[&str]) -> String {
    let classes: Vec<_> = classes.iter().map(|class| format!("{class:?}")).collect();
    format!(
        r#"{{"type":"Catalog","id":"x","stac_version":"1.1.0","conformsTo":[{}],"links":[{{"rel":"search","href":"/search"}},{{"rel":"search","href":"/search","method":"POST"}},{{"rel":"data","href":"/collections"}}]}}"#,
        classes.join(",")
    )
}

pub(crate) fn item(id: &str, datetime: &str) -> String {
    format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"{id}","collection":"c","geometry":{{"type":"Point","coordinates":[7.5,46.5]}},"bbox":[7.5,46.5,7.5,46.5],"properties":{{"datetime":"{datetime}"}},"links":[{{"rel":"collection","href":"c.json"}}],"assets":{{}}}}"#
    )
}

/// A page of Items, with the rest of its members.
pub(crate) fn page(items: &[String], more: &str) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{}]{more}}}"#, items.join(","))
}

/// The ids of all Items of a store.
pub(crate) fn ids(store: &Store) -> Result<Vec<String>, Error> {
    let mut source = store.items()?;
    let mut ids = Vec::new();
    while let Some(work) = source.next()? {
        let batch = work()?;
        for record in batch.records {
            let text = &batch.text[record.start as usize..record.end as usize];
            let item: serde_json::Value = serde_json::from_slice(text).unwrap();
            ids.push(item["id"].as_str().unwrap().to_owned());
        }
    }
    Ok(ids)
}
