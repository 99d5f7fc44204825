//! What operators see and set.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use stacyard::{Copying, Mode, Run};
use stacyard_server::{Options, Proxies, RootPath, Served, router};

use crate::support::{Answer, Client, Stores, options};

fn client(stores: &Stores, options: Options) -> Client {
    let store = stacyard::open(&stores.path("all.ndjson")).unwrap();
    stores.client_of(router(vec![store], options).unwrap())
}

/// Asks as a peer with headers.
async fn ask(client: &Client, peer: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path).header("host", "inner:8080");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
    client.send(request).await
}

#[tokio::test]
async fn each_request_has_an_id_and_is_told_of() {
    let stores = Stores::new();
    let told: Arc<Mutex<Vec<Served>>> = Arc::default();
    let all = Arc::clone(&told);
    let on_request = Arc::new(move |served: &Served| all.lock().unwrap().push(served.clone()));
    let client = client(&stores, Options { on_request, ..options() });
    let given =
        ask(&client, "192.0.2.1", "/search?limit=1&sortby=id", &[("x-request-id", "mine-1.2_3")]).await;
    assert_eq!(given.header("x-request-id"), "mine-1.2_3");
    let made = ask(&client, "192.0.2.1", "/nothing", &[("x-request-id", "a b")]).await;
    assert_eq!(made.header("x-request-id").len(), 32);
    let told = told.lock().unwrap();
    let [first, second] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&*first.id, &*first.method, first.status), ("mine-1.2_3", "GET", 200));
    assert_eq!(first.target, "/search?limit=1&sortby=id");
    assert_eq!(first.client, Some("192.0.2.1".parse().unwrap()));
    assert_eq!(first.bytes, given.body.len() as u64);
    assert!(first.is_whole && first.failure.is_none() && first.seconds > 0.0);
    assert_eq!((second.status, second.is_whole), (404, true));
}

#[tokio::test]
async fn what_fails_here_is_told_in_full_and_answered_without() {
    let stores = Stores::new();
    let told: Arc<Mutex<Vec<Served>>> = Arc::default();
    let all = Arc::clone(&told);
    let on_request = Arc::new(move |served: &Served| all.lock().unwrap().push(served.clone()));
    let client = client(&stores, Options { on_request, ..options() });
    std::fs::remove_file(stores.path("all.ndjson")).unwrap();
    let answer = client.get("/search").await;
    assert_eq!(answer.status, 500);
    assert!(!answer.text().contains("all.ndjson"), "{}", answer.text());
    assert_eq!(client.get("/readyz").await.status, 500);
    assert_eq!(client.get("/healthz").await.status, 200);
    let told = told.lock().unwrap();
    assert!(told[0].failure.as_ref().unwrap().to_string().contains("all.ndjson"), "{told:?}");
}

#[tokio::test]
async fn health_and_metrics_are_plain() {
    let stores = Stores::new();
    let client = client(&stores, options());
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = client.get(path).await;
        assert_eq!((answer.status.as_u16(), &*answer.text()), (200, text));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    client.get("/collections/a/items/a1").await;
    client.get("/collections/a/items/none").await;
    let metrics = client.get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    let text = metrics.text();
    let route = r#"method="GET",route="/collections/{collectionId}/items/{itemId}""#;
    for line in [
        format!(r#"stacyard_http_requests_total{{{route},status="200"}} 1"#),
        format!(r#"stacyard_http_requests_total{{{route},status="404"}} 1"#),
        format!("stacyard_http_request_duration_seconds_count{{{route}}} 2"),
        r#"stacyard_store_duration_seconds_count{route="/collections/{collectionId}/items/{itemId}",store="1"} 2"#.to_owned(),
        // This request.
        "stacyard_http_requests_under_way 1".to_owned(),
        "stacyard_works 0".to_owned(),
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn links_are_those_that_clients_see() {
    let stores = Stores::new();
    let proxies = Proxies::parse(["10.0.0.0/8"]).unwrap();
    let client =
        client(&stores, Options { proxies, root_path: Some(RootPath::parse("/stac").unwrap()), ..options() });
    let https = [("x-forwarded-proto", "https"), ("x-forwarded-host", "a.org")];
    let prefix = [https[0], https[1], ("x-forwarded-prefix", "/v2")];
    let forwarded = [("forwarded", "for=203.0.113.9;proto=https;host=b.org")];
    for (peer, headers, root) in [
        ("10.0.0.1", &https[..], "https://a.org/stac/"),
        ("10.0.0.1", &prefix, "https://a.org/v2/"),
        ("10.0.0.1", &forwarded, "https://b.org/stac/"),
        ("192.0.2.1", &https, "http://inner:8080/stac/"),
    ] {
        for path in ["/", "/stac", "/stac/"] {
            let answer = ask(&client, peer, path, headers).await;
            assert_eq!(answer.link("self").unwrap()["href"], root, "{peer} {headers:?} {path}");
        }
        let page = ask(&client, peer, "/stac/search?limit=1&sortby=id", headers).await;
        let next = page.link("next").unwrap()["href"].as_str().unwrap().to_owned();
        assert!(next.starts_with(&format!("{root}search?limit=1&sortby=id&token=")), "{next}");
    }
    assert_eq!(client.get("/stack").await.status, 404);
}

#[tokio::test]
async fn who_asks_too_often_has_to_wait() {
    let stores = Stores::new();
    let proxies = Proxies::parse(["10.0.0.1"]).unwrap();
    let client = client(&stores, Options { rate: NonZeroU32::new(1), proxies, ..options() });
    let status = async |peer: &str, by: Option<&str>| {
        let headers: Vec<_> = by.map(|by| ("x-forwarded-for", by)).into_iter().collect();
        ask(&client, peer, "/conformance", &headers).await
    };
    for _ in 0..2 {
        assert_eq!(status("192.0.2.1", None).await.status, 200);
    }
    let refused = status("192.0.2.1", None).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "1"));
    // Clients behind a proxy are told apart; one that only says that it is another is not believed.
    assert_eq!(status("192.0.2.1", Some("192.0.2.9")).await.status, 429);
    for client in ["192.0.2.2", "192.0.2.3", "192.0.2.4"] {
        assert_eq!(status("10.0.0.1", Some(client)).await.status, 200);
    }
}

#[tokio::test]
async fn a_file_that_is_replaced_is_opened_anew() {
    let stores = Stores::new();
    let path = stores.path("all.parquet");
    let client = stores.client(&["all.parquet"]);
    let found = async || client.get("/search?limit=10").await.json()["features"].as_array().unwrap().len();
    let seen = async || client.get("/collections").await.json()["numberMatched"].clone();
    assert_eq!((found().await, seen().await), (5, 2.into()));
    let copying = Copying { mode: Some(Mode::Replace), ..Copying::default() };
    stacyard::copy(&stores.path("a.ndjson"), &path, copying, Run::default()).unwrap();
    let look = || tokio::time::sleep(Duration::from_millis(1_100));
    look().await;
    assert_eq!((found().await, seen().await), (3, 1.into()));
    // What is no store, or gone, is no reason to forget what was there.
    std::fs::write(&path, "no Parquet").unwrap();
    look().await;
    assert_eq!(found().await, 3);
    std::fs::remove_file(&path).unwrap();
    look().await;
    assert_eq!(found().await, 3);
    stacyard::copy(&stores.path("all.ndjson"), &path, Copying::default(), Run::default()).unwrap();
    look().await;
    assert_eq!(found().await, 5);
}
