//! Which representation an answer has.

use axum::http::{Method, StatusCode};

use super::support::Stores;

const ITEMS: [(&str, &str); 8] = [
    ("json", "application/geo+json"),
    ("geojson", "application/geo+json"),
    ("html", "text/html; charset=utf-8"),
    ("ndjson", "application/x-ndjson"),
    ("geoparquet", "application/vnd.apache.parquet"),
    ("parquet", "application/vnd.apache.parquet"),
    ("arrow", "application/vnd.apache.arrow.stream"),
    ("", ""),
];

#[tokio::test]
async fn f_names_a_representation_and_accept_is_heard_without_it() {
    let client = Stores::new().client(&["all.parquet"]);
    for path in ["/search", "/collections/a/items"] {
        for (name, kind) in ITEMS.into_iter().filter(|(name, _)| !name.is_empty()) {
            let by_name = client.accepting("text/html;q=0.1, image/png", &format!("{path}?f={name}")).await;
            assert_eq!(
                (by_name.status, by_name.header("content-type")),
                (StatusCode::OK, kind),
                "{path} {name}"
            );
            let by_accept = client.accepting(kind, path).await;
            assert_eq!(by_accept.header("content-type"), kind, "{path} {name}");
            let head = client.ask(Method::HEAD, &format!("{path}?f={name}")).await;
            assert_eq!(
                (head.status, head.header("content-type"), head.body.len()),
                (StatusCode::OK, kind, 0)
            );
            assert!(head.header("content-length").is_empty(), "nothing is made for a HEAD: {path} {name}");
            for answer in [by_name, by_accept, head] {
                assert_eq!(answer.header("vary"), "accept", "{path} {name}");
                assert_eq!(answer.header("cache-control"), "no-cache", "{path} {name}");
            }
            // A page has a form, which asks by its URL: by a body there is none.
            if name != "html" {
                let body = client.post(&format!("/search?f={name}"), "{}").await;
                assert_eq!((body.status, body.header("content-type")), (StatusCode::OK, kind), "{name}");
            }
        }
    }
    for path in [
        "/",
        "/conformance",
        "/collections",
        "/collections/a",
        "/queryables",
        "/collections/a/sortables",
        "/collections/a/items/a1",
    ] {
        let json = client.get(path).await;
        assert_eq!(json.header("vary"), "accept", "{path}");
        let mut same = client.get(&format!("{path}?f=json")).await.json();
        if let Some(links) = json.json().get("links") {
            same["links"] = links.clone();
        }
        assert_eq!(same, json.json(), "{path}");
        let page = client.accepting("text/html", path).await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_ne!(page.header("etag"), json.header("etag"), "{path}");
        let request =
            axum::http::Request::get(path).header("host", "stac.test").header("accept", "text/html");
        let request = request.header("if-none-match", page.header("etag")).body(axum::body::Body::empty());
        assert_eq!(client.send(request.unwrap()).await.status, StatusCode::NOT_MODIFIED, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let client = Stores::new().client(&["all.ndjson"]);
    for (path, help) in [
        (
            "/search?f=png",
            "there are json, geojson, html, ndjson, geojson-whole, csv, geoparquet, parquet, arrow",
        ),
        ("/collections/a?f=ndjson", "there are json, html"),
        ("/collections?f=geojson", "there are json, html"),
        (
            "/search?f=",
            "there are json, geojson, html, ndjson, geojson-whole, csv, geoparquet, parquet, arrow",
        ),
    ] {
        let answer = client.get(path).await;
        assert_eq!(
            (answer.status, answer.json()["parameter"].as_str()),
            (StatusCode::BAD_REQUEST, Some("f")),
            "{path}"
        );
        assert_eq!(answer.json()["help"], help, "{path}");
    }
    // Where there is no choice there is no such parameter.
    for path in ["/api?f=json", "/children?f=json"] {
        assert_eq!(client.get(path).await.json()["parameter"], "f", "{path}");
    }
    assert_eq!(client.get("/search?f=json&f=html").await.status, StatusCode::BAD_REQUEST);
    for path in ["/search?f=ndjson&token=x", "/search?f=geoparquet&fields=id"] {
        assert_eq!(client.get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn links_lead_to_the_other_representations() {
    let client = Stores::new().client(&["all.parquet"]);
    for path in [
        "/",
        "/conformance",
        "/collections",
        "/collections/a",
        "/search?limit=1",
        "/collections/a/items",
        "/collections/a/items/a1",
    ] {
        let json = client.get(path).await.json();
        let links = json["links"].as_array().unwrap();
        let own = links.iter().find(|link| link["rel"] == "self").unwrap();
        assert_eq!(own["href"], format!("http://stac.test{path}"), "{path}");
        let others: Vec<_> = links.iter().filter(|link| link["rel"] == "alternate").collect();
        assert_eq!(
            others.len(),
            if path.contains("search") || path.ends_with("items") { 6 } else { 1 },
            "{path}"
        );
        for other in others {
            let target = other["href"].as_str().unwrap().strip_prefix("http://stac.test").unwrap();
            let answer = client.get(target).await;
            assert_eq!(answer.status, StatusCode::OK, "{target}");
            assert!(answer.header("content-type").starts_with(other["type"].as_str().unwrap()), "{target}");
        }
    }
    // Pages stay in their representation where the URL says it.
    let page = client.get("/search?limit=2&f=json").await;
    assert!(page.link("next").unwrap()["href"].as_str().unwrap().contains("&f=json&token="));
    let body = client.post("/search?f=json", r#"{"limit":2}"#).await;
    assert_eq!(body.link("next").unwrap()["href"], "http://stac.test/search?f=json");
}
