//! Stores with a few Items, and a client without a network.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use stacyard::{Columns, Copying, Run, Store};
use stacyard_model::json::Document;
use stacyard_server::{Export, Options, router};
use stacyard_store::When;
use stacyard_store::conformance::Memory;
use tempfile::TempDir;
use tower::ServiceExt;

/// Items of two collections, and one of none. Numbers are spelled as no float would spell them.
const ITEMS: &[&str] = &[
    r#"{"type":"Feature","stac_version":"1.1.0","id":"a1","collection":"a","geometry":{"type":"Point","coordinates":[7.50,46.0]},"bbox":[7.50,46.0,7.50,46.0],"properties":{"datetime":"2024-01-01T00:00:00Z","gsd":10,"eo:cloud_cover":5.10,"title":"Snow on the Alps"},"links":[{"rel":"self","href":"https://old.org/a/a1.json"},{"rel":"collection","href":"../collection.json"},{"rel":"thumbnail","href":"./a1.png","title":"t"},{"rel":"license","href":"https://l.org/"}],"assets":{"data":{"href":"https://d.org/a1.tif"}}}"#,
    r#"{"type":"Feature","stac_version":"1.1.0","id":"a2","collection":"a","geometry":{"type":"Point","coordinates":[8,47]},"bbox":[8,47,8,47],"properties":{"datetime":"2024-02-01T00:00:00Z","gsd":10.0,"eo:cloud_cover":50,"big":9007199254740993},"links":[],"assets":{}}"#,
    r#"{"type":"Feature","stac_version":"1.1.0","id":"a3","collection":"a","geometry":{"type":"Point","coordinates":[-179,0]},"bbox":[-179,0,-179,0],"properties":{"datetime":"2024-02-01T00:00:00Z","gsd":30,"eo:cloud_cover":null},"links":[],"assets":{}}"#,
    r#"{"type":"Feature","stac_version":"1.1.0","id":"b/1 ü","collection":"b","geometry":{"type":"Point","coordinates":[179,1]},"bbox":[179,1,179,1],"properties":{"datetime":"2024-03-01T12:00:00+02:00","gsd":30},"links":[],"assets":{}}"#,
    r#"{"type":"Feature","stac_version":"1.1.0","id":"loose","geometry":null,"properties":{"datetime":"2023-01-01T00:00:00Z","gsd":1},"links":[],"assets":{}}"#,
];

const COLLECTION: &str = r#"{"type":"Collection","stac_version":"1.1.0","id":"a","title":"The A","description":"d","keywords":["snow"],"license":"CC0-1.0","extent":{"spatial":{"bbox":[[-180,-90,180,90]]},"temporal":{"interval":[["2024-01-01T00:00:00Z",null]]}},"links":[{"rel":"self","href":"https://old.org/a/collection.json"},{"rel":"license","href":"LICENSE"}]}"#;

/// Stores that all hold the Items above.
pub(crate) struct Stores {
    /// Where they are.
    pub(crate) folder: Arc<TempDir>,
}

impl Stores {
    pub(crate) fn new() -> Self {
        let stores = Self { folder: Arc::new(tempfile::tempdir().unwrap()) };
        std::fs::write(stores.path("all.ndjson"), ITEMS.join("\n")).unwrap();
        std::fs::write(stores.path("a.ndjson"), ITEMS[..3].join("\n")).unwrap();
        std::fs::write(stores.path("rest.ndjson"), ITEMS[3..].join("\n")).unwrap();
        std::fs::write(stores.path("with.ndjson"), format!("{}\n{COLLECTION}", ITEMS.join("\n"))).unwrap();
        stacyard::copy(
            &stores.path("with.ndjson"),
            &stores.path("all.parquet"),
            Copying::default(),
            Run::default(),
        )
        .unwrap();
        stores
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    pub(crate) fn client(&self, names: &[&str]) -> Client {
        let stores: Vec<Store> = names.iter().map(|name| stacyard::open(&self.path(name)).unwrap()).collect();
        self.client_of(router(stores, options()).unwrap())
    }

    /// A client of a server over these files, which stay as long as it does.
    pub(crate) fn client_of(&self, router: Router) -> Client {
        Client { router, _folder: Arc::clone(&self.folder) }
    }

    /// The same Items in one file, in columns, and in two stores at once.
    pub(crate) fn all(&self) -> [Client; 3] {
        [
            self.client(&["all.ndjson"]),
            self.client(&["all.parquet"]),
            self.client(&["a.ndjson", "rest.ndjson"]),
        ]
    }
}

/// A server over a store that takes changes, with the Items above and the Collection of `a`.
pub(crate) fn changeable(options: Options) -> (Client, Store) {
    let items: Vec<Document> = ITEMS.iter().map(|item| Document::parse(*item).unwrap()).collect();
    let store = Store::from(Memory::with(&items));
    store.edit().unwrap().put_collection(COLLECTION.as_bytes(), When::Absent).unwrap();
    let client = Stores::new().client_of(router(vec![store.clone()], options).unwrap());
    (client, store)
}

/// One that anybody may change.
pub(crate) fn writable() -> (Client, Store) {
    changeable(Options { writable: true, ..options() })
}

pub(crate) fn options() -> Options {
    Options {
        counting: std::time::Duration::from_secs(30),
        key: Some(b"a key of the tests".to_vec()),
        exports: vec![
            export(
                "geoparquet",
                &["parquet"],
                ("application/vnd.apache.parquet", "parquet"),
                Columns::GeoParquet,
            ),
            export("arrow", &[], ("application/vnd.apache.arrow.stream", "arrows"), Columns::ArrowStream),
        ],
        ..Options::default()
    }
}

fn export(
    name: &'static str,
    names: &'static [&'static str],
    (media_type, extension): (&'static str, &'static str),
    columns: Columns,
) -> Export {
    Export {
        name,
        names,
        media_type,
        extension,
        is_packed: columns == Columns::GeoParquet,
        write: Arc::new(move |from, query, file, run| {
            stacyard::export(from, query, (file, columns), run).map(|_| ())
        }),
    }
}

/// Asks a server without a network.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    _folder: Arc<TempDir>,
}

/// What it answers.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The ids of the Items.
    pub(crate) fn ids(&self) -> String {
        let json = self.json();
        let features = json["features"].as_array().unwrap_or_else(|| panic!("no Items: {json}"));
        features.iter().map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    /// The link of a relation.
    pub(crate) fn link(&self, rel: &str) -> Option<Value> {
        link(&self.json(), rel)
    }
}

pub(crate) fn link(document: &Value, rel: &str) -> Option<Value> {
    document["links"].as_array().unwrap().iter().find(|link| link["rel"] == rel).cloned()
}

impl Client {
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: head.status, headers: head.headers, body }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).header("host", "stac.test");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A request with headers and a JSON body.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, usual) in [("host", "stac.test"), ("content-type", "application/json")] {
            if !headers.iter().any(|(given, _)| *given == name) {
                request = request.header(name, usual);
            }
        }
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }

    /// Asks for what a client takes.
    pub(crate) async fn accepting(&self, accept: &str, path: &str) -> Answer {
        let request = Request::get(path).header("host", "stac.test").header("accept", accept);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        let request =
            Request::post(path).header("host", "stac.test").header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}
