//! A server of a few documents on loopback, some of which it fails to bring.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};
use stacyard_catalog::{CrawlOptions, StaticCatalog};
use stacyard_http::HttpOptions;
use stacyard_model::Gate;
use stacyard_store::{
    Accept, Backend, Check, Collections, Error, JsonSink, Known, Mode, Observer, Old, Output, Progress,
    Reject, Report, Run, StoreUrl, Transfer,
};

/// How a document is brought.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Json(String),
    Html,
    Status(u16),
    /// The first so many requests fail with 500.
    After(usize, String),
    Slow(Duration, String),
    To(String),
}

/// What a server has seen.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) paths: Mutex<Vec<String>>,
    pub(crate) keys: Mutex<Vec<(String, bool)>>,
    under_way: AtomicUsize,
    pub(crate) most: AtomicUsize,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Seen>,
}

impl Server {
    /// Serves these documents for as long as the process lives.
    pub(crate) fn of(documents: impl IntoIterator<Item = (String, Answer)>) -> Self {
        let documents: Arc<BTreeMap<String, Answer>> = Arc::new(documents.into_iter().collect());
        let seen = Arc::new(Seen::default());
        let (tell, told) = mpsc::channel();
        let state = (documents, Arc::clone(&seen));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let app = axum::Router::new().fallback(bring).with_state(state);
                axum::serve(listener, app).await.unwrap();
            });
        });
        Self { address: told.recv().unwrap(), seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

/// What a server brings, and what it has seen.
type Served = (Arc<BTreeMap<String, Answer>>, Arc<Seen>);

async fn bring(State((documents, seen)): State<Served>, request: Request) -> Response<Body> {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let times = {
        let mut paths = seen.paths.lock().unwrap();
        paths.push(path.clone());
        paths.iter().filter(|before| **before == path).count()
    };
    seen.keys.lock().unwrap().push((path.clone(), request.headers().contains_key("x-api-key")));
    let now = seen.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    seen.most.fetch_max(now, Ordering::SeqCst);
    let answer = documents.get(&path).cloned().unwrap_or(Answer::Status(404));
    tokio::time::sleep(Duration::from_millis(5)).await;
    if let Answer::Slow(time, _) = &answer {
        tokio::time::sleep(*time).await;
    }
    seen.under_way.fetch_sub(1, Ordering::SeqCst);
    let status = |status: u16| Response::builder().status(StatusCode::from_u16(status).unwrap());
    match answer {
        Answer::Json(text) | Answer::Slow(_, text) => {
            status(200).header(CONTENT_TYPE, "application/json").body(text.into()).unwrap()
        }
        Answer::Html => status(200).header(CONTENT_TYPE, "text/html").body("<html>".into()).unwrap(),
        Answer::Status(number) => status(number).body(Body::empty()).unwrap(),
        Answer::After(failures, _) if times <= failures => status(500).body(Body::empty()).unwrap(),
        Answer::After(_, text) => status(200).body(text.into()).unwrap(),
        Answer::To(place) => status(302).header(LOCATION, place).body(Body::empty()).unwrap(),
    }
}

pub(crate) fn catalog(links: &[(&str, &str)]) -> Value {
    let links: Vec<_> = links.iter().map(|(rel, href)| json!({"rel": rel, "href": href})).collect();
    json!({"type": "Catalog", "stac_version": "1.1.0", "id": "root", "description": "d", "links": links})
}

pub(crate) fn collection(id: &str, links: &[(&str, &str)]) -> Value {
    let mut collection = catalog(links);
    collection["type"] = json!("Collection");
    collection["id"] = json!(id);
    collection["license"] = json!("other");
    collection["extent"] =
        json!({"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[null, null]]}});
    collection
}

pub(crate) fn item(id: &str) -> Value {
    json!({
        "type": "Feature", "stac_version": "1.1.0", "id": id, "geometry": null,
        "properties": {"datetime": "2024-06-01T00:00:00Z"}, "links": [], "assets": {},
    })
}

pub(crate) fn has(path: &str, document: &Value) -> (String, Answer) {
    (path.to_owned(), Answer::Json(document.to_string()))
}

/// Options for tests: nobody waits for long.
pub(crate) fn options() -> CrawlOptions {
    let http = HttpOptions { attempts: 2, timeout: Duration::from_secs(10), ..HttpOptions::default() };
    CrawlOptions { http, ..CrawlOptions::default() }
}

/// What came of a crawl.
pub(crate) struct Crawled {
    pub(crate) ids: Vec<String>,
    /// Where each reject is, and what is wrong with it.
    pub(crate) rejects: Vec<String>,
    pub(crate) report: Report,
}

#[derive(Default)]
struct Rejects(Vec<String>);

impl Observer for Rejects {
    fn begin(&mut self, _: &str, _: Option<u64>) {}

    fn advance(&mut self, _: Progress) {}

    fn reject(&mut self, reject: &Reject<'_>) -> Result<(), Error> {
        self.0.push(format!("{reject}\n  {}", reject.findings.problems[0]));
        Ok(())
    }
}

/// Crawls into a file of lines.
pub(crate) fn crawl(start: &str, options: CrawlOptions) -> Result<Crawled, Error> {
    let catalog = StaticCatalog::open(start, options)?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.ndjson");
    let url = StoreUrl::parse(path.to_str().unwrap(), None)?;
    let mut rejects = Rejects::default();
    let output = Output::create(&url, false, &mut |_| {})?;
    let transfer = Transfer {
        known: Known::default(),
        check: Check { gate: Some(Gate::default()), accept: Accept::Collections, ..Check::default() },
        search: None,
        mode: Mode::Insert,
        unique: true,
        must_lose_nothing: false,
        collections: Collections::new(),
        old_collections: Collections::new(),
        run: Run { threads: 2, observer: &mut rejects, ..Run::default() },
    };
    let report = transfer.run(catalog.items()?, Old::Nothing, JsonSink::create(output, &url))?;
    let text = std::fs::read_to_string(&path).unwrap();
    let ids = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned());
    Ok(Crawled { ids: ids.collect(), rejects: rejects.0, report })
}
