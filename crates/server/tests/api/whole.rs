//! Answers without pages: lines and files.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use stacyard::{Copying, Error, Run, Store};
use stacyard_server::{Options, router};
use stacyard_store::{Backend, Batch, Collections, Place, Record, Source, Work};
use tower::ServiceExt;

use super::support::{Stores, options};

/// An Item of about 2 kB.
fn item(id: usize) -> String {
    let collection = if id.is_multiple_of(50) { "few" } else { "many" };
    let (lon, second, text) = (id % 90, id % 60, "x".repeat(2_000));
    format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"i{id}","collection":"{collection}","geometry":{{"type":"Point","coordinates":[{lon}.5,1]}},"bbox":[{lon}.5,1,{lon}.5,1],"properties":{{"datetime":"2024-01-01T00:00:{second:02}Z","n":{id}.0,"x":"{text}"}},"links":[],"assets":{{}}}}"#
    )
}

/// Many Items, in lines and in columns.
fn many(stores: &Stores) -> Vec<String> {
    let all: Vec<String> = (0..11_000).map(item).collect();
    std::fs::write(stores.path("many.ndjson"), all.join("\n")).unwrap();
    stacyard::copy(
        &stores.path("many.ndjson"),
        &stores.path("many.parquet"),
        Copying::default(),
        Run::default(),
    )
    .unwrap();
    all
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// What packs an answer asks for more after its end.
#[tokio::test(flavor = "multi_thread")]
async fn long_answers_are_whole_when_they_are_packed() {
    let stores = Stores::new();
    many(&stores);
    let client = stores.client(&["many.parquet"]);
    for path in ["/search?limit=1000", "/search?f=ndjson", "/search?f=arrow"] {
        let plain = client.get(path).await.body.len();
        let request = Request::get(path).header("host", "stac.test").header("accept-encoding", "gzip");
        let packed = client.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
        let mut unpacked = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut unpacked)
            .unwrap();
        assert!(plain > 300_000 && unpacked.len() == plain, "{path}: {} {plain}", unpacked.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_all_that_answers_byte_by_byte() {
    let stores = Stores::new();
    let all = many(&stores);
    let mut wanted: Vec<&str> = all.iter().map(String::as_str).collect();
    wanted.sort_unstable();
    let few: Vec<&str> =
        wanted.iter().copied().filter(|item| item.contains(r#""collection":"few""#)).collect();
    for store in ["many.ndjson", "many.parquet"] {
        let client = stores.client(&[store]);
        let whole = client.get("/search?f=ndjson").await;
        assert_eq!((whole.status, whole.header("content-type")), (StatusCode::OK, "application/x-ndjson"));
        let text = whole.text();
        assert!(
            sorted(&text) == wanted,
            "{store}: {:?} {:?}",
            sorted(&text)[0].replace("xx", ""),
            wanted[0].replace("xx", "")
        );
        let posted = client.post("/search?f=ndjson", "{}").await.text();
        assert!(sorted(&posted) == wanted, "{store}");
        for (path, wanted) in [
            ("/collections/few/items?f=ndjson", &few),
            ("/search?collections=few&f=ndjson", &few),
            ("/search?filter=collection%3D'few'&f=ndjson", &few),
        ] {
            assert!(sorted(&client.get(path).await.text()) == *wanted, "{store} {path}");
        }
        // In an order, and more than a page can have.
        let first = client.get("/search?f=ndjson&sortby=n&limit=10500").await.text();
        assert!(first.lines().eq(all[..10_500].iter().map(String::as_str)), "{store}");
        let by_body =
            client.post("/search?f=ndjson", r#"{"limit":3,"sortby":[{"field":"n","direction":"desc"}]}"#);
        assert!(by_body.await.text().lines().eq(all[10_997..].iter().rev().map(String::as_str)), "{store}");
        let parts = client.get("/search?f=ndjson&ids=i7&fields=id,properties.n").await.text();
        assert_eq!(parts, "{\"id\":\"i7\",\"collection\":\"many\",\"properties\":{\"n\":7.0}}\n");
        assert_eq!(client.get("/search?f=ndjson&ids=none").await.text(), "");
        for (path, status) in [
            ("/search?f=ndjson&collections=none", StatusCode::BAD_REQUEST),
            ("/collections/none/items?f=ndjson", StatusCode::NOT_FOUND),
            ("/search?f=ndjson&filter=nope%3D1", StatusCode::BAD_REQUEST),
            ("/collections/none/items?f=geoparquet", StatusCode::NOT_FOUND),
            ("/search?f=arrow&filter=nope%3D1", StatusCode::BAD_REQUEST),
        ] {
            assert_eq!(client.get(path).await.status, status, "{store} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_hold_what_a_copy_holds() {
    let stores = Stores::new();
    let all = many(&stores);
    for store in ["many.ndjson", "many.parquet", "all.parquet"] {
        let client = stores.client(&[store]);
        let file = client.get("/search?f=geoparquet").await;
        assert_eq!(file.header("content-type"), "application/vnd.apache.parquet");
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"items.parquet\"");
        assert_eq!(file.header("content-length"), file.body.len().to_string());
        std::fs::write(stores.path("taken.parquet"), &file.body).unwrap();
        let lines = |from: &str| {
            let to = stores.path("copied.ndjson");
            let _ = std::fs::remove_file(&to);
            stacyard::copy(&stores.path(from), &to, Copying::default(), Run::default()).unwrap();
            std::fs::read_to_string(to).unwrap()
        };
        let (taken, was) = (lines("taken.parquet"), lines(store));
        assert!(
            sorted(&taken) == sorted(&was),
            "{store} {:?} {:?}",
            sorted(&taken)[0].replace("xx", ""),
            sorted(&was)[0].replace("xx", "")
        );
        let kept = |name: &str| stacyard::open(&stores.path(name)).unwrap().collections().unwrap();
        assert_eq!(kept("taken.parquet"), kept(store));
    }
    let client = stores.client(&["many.parquet"]);
    let some = client.get("/collections/many/items?f=parquet&sortby=-n&limit=2").await;
    assert_eq!(some.header("content-disposition"), "attachment; filename=\"many.parquet\"");
    std::fs::write(stores.path("some.parquet"), &some.body).unwrap();
    let some = stores.client(&["some.parquet"]).get("/search?f=ndjson&sortby=-n").await.text();
    assert!(some.lines().eq(all[10_998..].iter().rev().map(String::as_str)));
    let head = client.ask(Method::HEAD, "/search?f=geoparquet").await;
    assert_eq!(head.header("content-disposition"), "attachment; filename=\"items.parquet\"");
    let none = client.get("/search?f=geoparquet&ids=none").await;
    std::fs::write(stores.path("none.parquet"), &none.body).unwrap();
    assert_eq!(stores.client(&["none.parquet"]).get("/search").await.json()["numberMatched"], 0);
}

/// A store of many batches, of which one cannot be read.
struct Broken {
    given: Arc<AtomicUsize>,
    batches: usize,
    fails_at: usize,
}

struct BrokenSource {
    given: Arc<AtomicUsize>,
    next: usize,
    batches: usize,
    fails_at: usize,
}

impl Backend for Broken {
    fn items(&self) -> Result<Box<dyn Source>, Error> {
        let (given, batches, fails_at) = (Arc::clone(&self.given), self.batches, self.fails_at);
        Ok(Box::new(BrokenSource { given, next: 0, batches, fails_at }))
    }

    fn collections(&self) -> Result<Collections, Error> {
        Ok(Collections::new())
    }
}

impl Source for BrokenSource {
    fn name(&self) -> &'static str {
        "a broken store"
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        0
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        if self.next == self.batches {
            return Ok(None);
        }
        if self.next == self.fails_at {
            return Err(Error::failed("no more"));
        }
        self.next += 1;
        self.given.fetch_add(1, Ordering::SeqCst);
        let text: String = (0..500).map(|id| item(id) + "\n").collect();
        let mut records = Vec::new();
        let mut start = 0;
        for line in text.lines() {
            let end = start + u32::try_from(line.len()).unwrap();
            records.push(Record { start, end, place: Place::Whole, fault: None, has_passed: true });
            start = end + 1;
        }
        let batch = Batch { text: text.into_bytes(), records, ..Batch::default() };
        Ok(Some(Box::new(move || Ok(batch))))
    }
}

fn broken(fails_at: usize) -> (axum::Router, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let store = Store::from(Broken { given: Arc::clone(&given), batches: 400, fails_at });
    let options = Options { wholes: 1, patience: Duration::from_millis(50), ..options() };
    (router(vec![store], options).unwrap(), given)
}

async fn ask(router: &axum::Router) -> axum::response::Response {
    let request = Request::get("/search?f=ndjson").header("host", "stac.test").body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_midway_breaks_the_answer_off() {
    let (router, _) = broken(100);
    let mut body = pin!(ask(&router).await.into_body());
    let mut bytes = 0;
    let error = loop {
        match body.frame().await {
            Some(Ok(frame)) => bytes += frame.into_data().unwrap().len(),
            Some(Err(error)) => break error,
            None => panic!("a clean end"),
        }
    };
    assert!(bytes > 10 << 20 && error.to_string().contains("broke off"), "{bytes} {error}");
    // Before the first byte it is told as what it is.
    let (router, _) = broken(0);
    assert_eq!(ask(&router).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_is_waited_for_and_holds_back_the_store() {
    let (router, given) = broken(usize::MAX);
    let answer = ask(&router).await;
    let mut body = answer.into_body();
    body.frame().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let held = given.load(Ordering::SeqCst);
    assert!(held < 60, "{held} of 400 batches were read for a client that has taken one");
    // Others have to wait for their turn, and are told so.
    assert_eq!(ask(&router).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    // It goes away: its turn is free.
    drop(body);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(given.load(Ordering::SeqCst) < 80);
    let lines = ask(&router).await.into_body().collect().await.unwrap().to_bytes().to_vec();
    assert_eq!(String::from_utf8(lines).unwrap().lines().count(), 400 * 500);
}
