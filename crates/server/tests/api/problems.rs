//! What is wrong with a request is said, with the status that fits, and nothing else.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};

use stacyard_server::{Options, router};

use super::support::{Answer, Stores, options};

/// A problem on one line or a few.
fn shown(request: &str, answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{request}: {}", answer.text());
    let json = answer.json();
    assert_eq!(json["status"], answer.status.as_u16());
    let mut out = format!("{request}\n  {} {}\n", answer.status.as_u16(), json["detail"].as_str().unwrap());
    for (name, value) in json.as_object().unwrap() {
        if !["type", "title", "status", "detail"].contains(&name.as_str()) {
            let _ = writeln!(out, "  {name}: {value}");
        }
    }
    out
}

/// What is asked for in great numbers ends soon, whatever it is.
#[tokio::test]
async fn large_numbers_are_no_work() {
    let client = Stores::new().client(&["with.ndjson"]);
    let many = |one: &str, number: usize| vec![one; number].join(",");
    assert_eq!(
        client.get(&format!("/search?sortby={}", many("gsd,-datetime,-gsd", 1_000))).await.status,
        200
    );
    let names: Vec<String> = (0..21).map(|number| format!("p{number}")).collect();
    let refused = client.get(&format!("/search?sortby={}", names.join(","))).await;
    assert!(refused.text().contains("more than 20 names to sort by"), "{}", refused.text());
    let keys: Vec<String> = names.iter().map(|name| format!(r#"{{"field":"{name}"}}"#)).collect();
    let refused = client.post("/search", &format!(r#"{{"sortby":[{}]}}"#, keys.join(","))).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    let names: Vec<String> = (0..100_000).map(|number| format!("\"c{number}\"")).collect();
    let refused = client.post("/search", &format!(r#"{{"collections":[{}]}}"#, names.join(","))).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn every_mistake_in_a_url_is_named() {
    let client = Stores::new().client(&["all.parquet"]);
    let mut all = String::new();
    for path in [
        "/nothing",
        "/collections/none",
        "/collections/none/items",
        "/collections/none/queryables",
        "/collections/none/aggregate?aggregations=total_count",
        "/collections/a/items/none",
        "/collections/none/items/a1",
        "/collections/%FF",
        "/?limit=1",
        "/search?colection=a",
        "/search?limit=1&limit=2",
        "/search?ids=%FF",
        "/search?limit=0",
        "/search?limit=-1",
        "/search?limit=ten",
        "/search?bbox=1,2,3",
        "/search?bbox=0,10,1,-10",
        "/search?bbox=0,0,1,1&intersects=%7B%7D",
        "/search?intersects=POINT(1%201)",
        "/search?intersects=%7B%22type%22:%22Ring%22%7D",
        "/search?bbox=%5B0,0,1,1%5D",
        "/search?intersects=%7B%22type%22:%22Point%22,%22coordinates%22:%5B46,95%5D%7D",
        "/search?filter=S_INTERSECTS(geometry,POINT(46%2095))",
        "/search?filter=S_INTERSECTS(geometry,POINT(190%205))",
        "/search?filter=gds%3E1&query=%7B%22gsd%22:%7B%22lt%22:1%7D%7D",
        "/search?query=%7B%22gds%22:%7B%22lt%22:1%7D%7D",
        "/collections?filter=nothing%3D1",
        "/search?datetime=June",
        "/search?datetime=2024-06-01/..",
        "/collections/a/items?collections=a,b",
        "/search?datetime=2024-02-01T00:00:00Z/2024-01-01T00:00:00Z",
        "/search?collections=none",
        "/search?ids=a,,b",
        "/search?q=,",
        "/search?filter=gsd%20%3C",
        "/search?filter=gsd%20%3D%20'x'",
        "/search?filter=gds%20%3D%201",
        "/search?filter=buffer(gsd)%20%3D%201",
        "/search?filter=gsd%3D1&filter-lang=sql",
        "/search?filter=gsd%3D1&filter-lang=cql2-json",
        "/search?filter=gsd%3D1&filter-crs=EPSG:3857",
        "/search?query=gsd",
        "/search?query=%7B%22gsd%22:%7B%22near%22:1%7D%7D",
        "/search?sortby=geometry",
        "/search?sortby=nothing",
        "/search?fields=a..b",
        "/search?token=x",
        "/aggregate",
        "/aggregate?aggregations=mean",
        "/aggregate?aggregations=nothing_max",
        "/aggregate?aggregations=datetime_frequency&datetime_frequency_interval=week",
        "/aggregate?aggregations=grid_geohash_frequency&grid_geohash_frequency_precision=13",
    ] {
        let answer = client.get(path).await;
        assert!(answer.status.is_client_error(), "{path}: {} {}", answer.status, answer.text());
        all += &shown(path, &answer);
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn every_mistake_in_a_body_is_named() {
    let client = Stores::new().client(&["all.parquet"]);
    let mut all = String::new();
    for body in [
        "",
        "{",
        "[]",
        r#"{"a":1,"a":2}"#,
        r#"{"colections":["a"]}"#,
        r#"{"collections":"a"}"#,
        r#"{"ids":[1]}"#,
        r#"{"ids":[""]}"#,
        r#"{"limit":1.5}"#,
        r#"{"limit":"1"}"#,
        r#"{"bbox":"0,0,1,1"}"#,
        r#"{"bbox":[0,0,1,1],"intersects":{"type":"Point","coordinates":[0,0]}}"#,
        r#"{"intersects":{"type":"Point"}}"#,
        r#"{"datetime":2024}"#,
        r#"{"q":[1]}"#,
        r#"{"filter":7}"#,
        r#"{"filter":{"op":"near","args":[]}}"#,
        r#"{"filter":{"op":"and","args":[{"op":"isNull","args":[{"property":"gsd"}]},{"op":"s_within","args":[{"property":"geometry"},7]}]}}"#,
        r#"{"query":{"gsd":5}}"#,
        r#"{"sortby":["gsd"]}"#,
        r#"{"sortby":[{"field":"gsd","direction":"down"}]}"#,
        r#"{"fields":["id"]}"#,
        r#"{"fields":{"only":["id"]}}"#,
        r#"{"fields":null}"#,
        r#"{"filter":{"op":"s_intersects","args":[{"property":"geometry"},{"type":"LineString","coordinates":[[0,0],[0,91]]}]}}"#,
        r#"{"token":5}"#,
    ] {
        let answer = client.post("/search", body).await;
        assert!(answer.status.is_client_error(), "{body}: {} {}", answer.status, answer.text());
        all += &shown(body, &answer);
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn bodies_are_json_and_not_too_large() {
    let stores = Stores::new();
    let client = stores.client(&["all.ndjson"]);
    let plain = client
        .send(Request::post("/search").header("host", "stac.test").body(Body::from("{}")).unwrap())
        .await;
    let mut all = shown("POST /search without a media type", &plain);
    let store = stacyard::open(&stores.path("all.ndjson")).unwrap();
    let small = router(vec![store], Options { body_bytes: 10, ..options() }).unwrap();
    let small = stores.client_of(small);
    all += &shown("POST /search with eleven bytes", &small.post("/search", r#"{"limit":1}"#).await);
    all += &shown("DELETE /search", &client.ask(axum::http::Method::DELETE, "/search").await);
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn a_store_that_fails_is_not_shown() {
    let stores = Stores::new();
    let client = stores.client(&["all.ndjson"]);
    std::fs::remove_file(stores.path("all.ndjson")).unwrap();
    let answer = client.get("/search").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let folder = stores.folder.path().to_string_lossy().into_owned();
    assert!(!answer.text().contains(&folder) && !answer.text().contains("ndjson"), "{}", answer.text());
    insta::assert_snapshot!(shown("GET /search", &answer));
}

#[tokio::test]
async fn what_takes_too_long_ends() {
    let stores = Stores::new();
    let store = stacyard::open(&stores.path("all.ndjson")).unwrap();
    let none = router(vec![store], Options { deadline: Duration::ZERO, ..options() }).unwrap();
    let client = stores.client_of(none);
    insta::assert_snapshot!(shown("a search that takes too long", &client.get("/search").await));
}
