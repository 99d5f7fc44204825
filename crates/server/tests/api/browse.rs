//! Reaching everything by `child` and `item` alone, as a crawler of static catalogs does.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::Value;

use super::support::{Client, Stores};

const BROWSEABLE: &str = "https://api.stacspec.org/v1.0.0-rc.3/browseable";

/// The Items that links lead to from a path: how often each was met, and how deep the tree is.
async fn crawled(client: &Client, start: &str) -> (BTreeMap<String, usize>, usize) {
    let (mut found, mut ahead, mut deepest) = (BTreeMap::new(), vec![(start.to_owned(), 0)], 0);
    while let Some((path, depth)) = ahead.pop() {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        deepest = deepest.max(depth);
        for link in answer.json()["links"].as_array().unwrap() {
            let target = link["href"].as_str().unwrap().strip_prefix("http://stac.test");
            match (link["rel"].as_str().unwrap(), target) {
                ("child", Some(target)) => ahead.push((target.to_owned(), depth + 1)),
                ("item", Some(target)) => *found.entry(target.to_owned()).or_default() += 1,
                _ => {}
            }
        }
    }
    (found, deepest)
}

fn lists_it(document: &Value) -> bool {
    document["conformsTo"].as_array().unwrap().iter().any(|class| class == BROWSEABLE)
}

#[tokio::test]
async fn a_crawler_reaches_each_item_once() {
    let stores = Stores::new();
    let client = stores.client(&["a.ndjson"]);
    let (found, _) = crawled(&client, "/").await;
    let paths: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(paths, ["/collections/a/items/a1", "/collections/a/items/a2", "/collections/a/items/a3"]);
    for path in paths {
        assert_eq!(client.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert!(lists_it(&client.get("/").await.json()) && lists_it(&client.get("/conformance").await.json()));
    // An Item without a collection has no URL, so that the promise does not hold.
    let client = stores.client(&["all.parquet"]);
    assert_eq!(crawled(&client, "/").await.0.len(), 4);
    assert!(!lists_it(&client.get("/").await.json()) && !lists_it(&client.get("/conformance").await.json()));
    for path in ["/collections/none/browse", "/collections/a/browse?token=x"] {
        assert!(client.get(path).await.status.is_client_error(), "{path}");
    }
}

#[tokio::test]
async fn a_catalog_of_many_items_goes_on_in_another() {
    let stores = Stores::new();
    let item = |id: usize| {
        format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"i{id}","collection":"c","geometry":null,"properties":{{"datetime":"2024-01-01T00:00:{:02}Z"}},"links":[],"assets":{{}}}}"#,
            id % 60
        )
    };
    let all: Vec<String> = (0..20_001).map(item).collect();
    std::fs::write(stores.path("many.ndjson"), all.join("\n")).unwrap();
    let (found, depth) = crawled(&stores.client(&["many.ndjson"]), "/").await;
    // The Collection, and three Catalogs.
    assert_eq!((found.len(), depth), (20_001, 4));
    assert!(found.values().all(|times| *times == 1));
}
