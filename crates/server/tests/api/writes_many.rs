//! Many Items at once.

use axum::body::{Body, Bytes};
use axum::http::Request;
use futures_util::stream::pending;
use serde_json::{Value, json};
use stacyard_server::Options;

use super::support::{changeable, options, writable};

fn item(id: &str) -> Value {
    json!({
        "type": "Feature", "stac_version": "1.1.0", "id": id, "geometry": null,
        "properties": {"datetime": "2024-05-01T00:00:00Z"}, "assets": {},
    })
}

fn features(items: &[Value]) -> String {
    json!({"type": "FeatureCollection", "features": items}).to_string()
}

#[tokio::test]
async fn a_feature_collection_goes_in() {
    let (client, _) = writable();
    let made = client.post("/collections/a/items", &features(&[item("m1"), item("m2")])).await;
    assert_eq!((made.status.as_u16(), made.header("location")), (201, ""), "{}", made.text());
    assert_eq!(made.json()["created"], 2);
    assert_eq!(client.get("/search?ids=m1,m2").await.ids(), "m1 m2");
    assert_eq!(client.post("/collections/a/items", &features(&[])).await.status.as_u16(), 201);
}

/// Each goes in by itself, and what became of it is told.
#[tokio::test]
async fn what_is_wrong_with_one_keeps_no_other_out() {
    let (client, _) = writable();
    let mut invalid = item("m2");
    invalid["geometry"] = json!({"type": "Point"});
    let mut elsewhere = item("m3");
    elsewhere["collection"] = json!("b");
    let mut nameless = item("");
    nameless.as_object_mut().unwrap().remove("id");
    let items = [item("m1"), invalid, item("a1"), elsewhere, nameless, json!(7), item("m4"), item("m4")];
    let answer = client.post("/collections/a/items", &features(&items)).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (409, "application/problem+json"));
    let mut report = answer.json();
    for one in report["items"].as_array_mut().unwrap() {
        one.as_object_mut().unwrap().remove("etag");
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).unwrap());
    assert_eq!(client.get("/search?ids=m1,m2,m3,m4").await.ids(), "m1 m4");
}

#[tokio::test]
async fn bulk_requests_insert_or_upsert() {
    let (client, _) = writable();
    let path = "/collections/a/bulk_items";
    let mut changed = item("a1");
    changed["properties"]["changed"] = json!(true);
    // The id is that of the member.
    let mut nameless = item("");
    nameless.as_object_mut().unwrap().remove("id");
    let items = json!({"a1": changed, "m1": nameless});
    let inserted = client.post(path, &json!({"items": items}).to_string()).await;
    assert_eq!(inserted.status.as_u16(), 409);
    assert_eq!((&inserted.json()["created"], &inserted.json()["refused"]), (&json!(1), &json!(1)));
    assert!(client.get("/collections/a/items/a1").await.json()["properties"]["changed"].is_null());
    let put = client.post(path, &json!({"items": items, "method": "upsert"}).to_string()).await;
    assert_eq!(put.status.as_u16(), 200, "{}", put.text());
    assert_eq!((&put.json()["created"], &put.json()["replaced"]), (&json!(0), &json!(2)));
    assert_eq!(client.get("/collections/a/items/a1").await.json()["properties"]["changed"], true);
    let other = client.post(path, &json!({"items": {"m2": item("m3")}}).to_string()).await;
    assert_eq!(other.status.as_u16(), 400);
    for (body, status) in [
        ("{", 400),
        ("[]", 400),
        (r#"{"items":[]}"#, 400),
        (r#"{"items":{},"method":"replace"}"#, 400),
        (r#"{"items":{},"upsert":true}"#, 400),
        (r#"{"items":{}}"#, 200),
    ] {
        assert_eq!(client.post(path, body).await.status.as_u16(), status, "{body}");
    }
    assert_eq!(client.post("/collections/none/bulk_items", r#"{"items":{}}"#).await.status.as_u16(), 404);
}

/// Large bodies are held by a few at once: who comes while others send is told to come again.
#[tokio::test]
async fn few_large_bodies_are_held() {
    let (client, _) = changeable(Options { writable: true, works: 2, ..options() });
    let path = "/collections/a/bulk_items";
    let endless = Body::from_stream(pending::<Result<Bytes, std::io::Error>>());
    let request = Request::post(path)
        .header("host", "stac.test")
        .header("content-type", "application/json")
        .body(endless)
        .unwrap();
    let first = client.clone();
    let first = tokio::spawn(async move { first.send(request).await.status });
    tokio::task::yield_now().await;
    let refused = client.post(path, "{}").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"), "{}", refused.text());
    // The others go on.
    assert_eq!(client.post("/collections/a/items", &item("m1").to_string()).await.status.as_u16(), 201);
    first.abort();
    let _ = first.await;
    assert_eq!(client.post(path, r#"{"items":{}}"#).await.status.as_u16(), 200);
}
