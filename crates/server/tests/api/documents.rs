//! Landing page, Collections, queryables, and the description of the API.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::support::{Stores, link};

#[tokio::test]
async fn the_landing_page_leads_to_all_there_is() {
    for client in Stores::new().all() {
        let page = client.get("/").await;
        assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "application/json"));
        let page = page.json();
        assert_eq!((&page["type"], &page["stac_version"]), (&json!("Catalog"), &json!("1.1.0")));
        assert_eq!(page["conformsTo"], client.get("/conformance").await.json()["conformsTo"]);
        for one in page["links"].as_array().unwrap() {
            let path = one["href"].as_str().unwrap().strip_prefix("http://stac.test").unwrap();
            if one["rel"] == "aggregate" {
                continue;
            }
            let answer = client.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            let kind = one["type"].as_str().unwrap();
            assert!(
                answer.header("content-type").starts_with(kind),
                "{path}: {}",
                answer.header("content-type")
            );
        }
        let children: Vec<&Value> =
            page["links"].as_array().unwrap().iter().filter(|one| one["rel"] == "child").collect();
        assert_eq!(children.len(), 2);
    }
}

#[tokio::test]
async fn collections_that_are_kept_and_those_of_items_are_served() {
    let client = Stores::new().client(&["all.parquet"]);
    let all = client.get("/collections").await.json();
    assert_eq!((&all["numberMatched"], &all["numberReturned"]), (&json!(2), &json!(2)));
    let kept = client.get("/collections/a").await;
    assert_eq!((kept.header("content-type"), &kept.json()), ("application/json", &all["collections"][0]));
    let kept = kept.json();
    assert_eq!(kept["title"], "The A");
    assert_eq!(link(&kept, "license").unwrap()["href"], "https://old.org/a/LICENSE");
    assert_eq!(link(&kept, "self").unwrap()["href"], "http://stac.test/collections/a");
    assert_eq!(link(&kept, "items").unwrap()["href"], "http://stac.test/collections/a/items");
    let made = client.get("/collections/b").await.json();
    assert_eq!(
        made["extent"],
        json!({
            "spatial": {"bbox": [[179.0, 1.0, 179.0, 1.0]]},
            "temporal": {"interval": [["2024-03-01T10:00:00Z", "2024-03-01T10:00:00Z"]]},
        })
    );
    assert!(made["description"].as_str().unwrap().contains("made of what they say"));
    let children = client.get("/children").await.json();
    assert_eq!(children["children"], all["collections"]);
}

#[tokio::test]
async fn queryables_and_sortables_are_those_of_the_items() {
    for client in Stores::new().all() {
        let all = client.get("/queryables").await;
        assert_eq!(all.header("content-type"), "application/schema+json");
        let all = all.json();
        assert_eq!(all["$id"], "http://stac.test/queryables");
        assert_eq!(all["properties"]["gsd"], json!({"type": "number"}));
        assert_eq!(all["properties"]["eo:cloud_cover"], json!({"type": ["null", "number"]}));
        assert_eq!(all["additionalProperties"], false);
        let of_b = client.get("/collections/b/queryables").await.json();
        assert!(of_b["properties"]["gsd"].is_object() && of_b["properties"]["title"].is_null());
        let sortables = client.get("/collections/a/sortables").await.json();
        assert!(
            sortables["properties"]["title"].is_object() && sortables["properties"]["geometry"].is_null()
        );
    }
}

#[tokio::test]
async fn the_description_has_every_resource() {
    let client = Stores::new().client(&["all.ndjson"]);
    let api = client.get("/api").await;
    assert_eq!(api.header("content-type"), "application/vnd.oai.openapi+json;version=3.1");
    let api = api.json();
    let mut ids = Vec::new();
    for (path, operations) in api["paths"].as_object().unwrap() {
        let path = path.replace("{collectionId}", "a").replace("{itemId}", "a1");
        let path = path.replace("{z}", "0").replace("{x}", "0").replace("{y}", "0");
        let path =
            if path.ends_with("/aggregate") { format!("{path}?aggregations=total_count") } else { path };
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        let kinds = operations["get"]["responses"]["200"]["content"].as_object().unwrap();
        assert!(kinds.contains_key(answer.header("content-type")), "{path}");
        let forms = operations["get"]["parameters"].as_array().unwrap().iter().find(|one| one["name"] == "f");
        for name in forms.map_or(&[][..], |f| f["schema"]["enum"].as_array().unwrap()) {
            let between = if path.contains('?') { '&' } else { '?' };
            let answer = client.get(&format!("{path}{between}f={}", name.as_str().unwrap())).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} {name}");
            assert!(kinds.contains_key(answer.header("content-type")), "{path} {name}");
        }
        ids.extend(operations.as_object().unwrap().values().map(|one| one["operationId"].to_string()));
    }
    let number = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), number, "each operation has a name of its own");
    let page = client.get("/api.html").await.text();
    assert!(page.contains("GET, POST /search") && !page.contains("@import"));
    // What it loads is the server's own.
    let loaded: Vec<&str> = page.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(loaded.iter().all(|url| url.contains("/assets/")), "{loaded:?}");
}

#[tokio::test]
async fn collections_are_searched_as_items_are() {
    let client = Stores::new().client(&["all.parquet"]);
    for (query, ids) in [
        ("", vec!["a", "b"]),
        ("?bbox=0,0,1,1", vec!["a"]),
        ("?bbox=178,0,179,2", vec!["a", "b"]),
        ("?datetime=2030-01-01T00:00:00Z/..", vec!["a"]),
        ("?q=SNOW", vec!["a"]),
        ("?filter=license%3D'CC0-1.0'", vec!["a"]),
        ("?filter=id%3D'b'", vec!["b"]),
        ("?sortby=-id", vec!["b", "a"]),
        ("?sortby=-id&limit=1", vec!["b"]),
    ] {
        let answer = client.get(&format!("/collections{query}")).await;
        let json = answer.json();
        let found: Vec<&str> =
            json["collections"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(found, ids, "{query}: {}", answer.text());
    }
    let first = client.get("/collections?limit=1&fields=id,title").await;
    assert_eq!(first.json()["collections"], json!([{"id": "a", "title": "The A"}]));
    assert_eq!((&first.json()["numberMatched"], &first.json()["numberReturned"]), (&json!(2), &json!(1)));
    let next = first.link("next").unwrap()["href"].as_str().unwrap().replace("http://stac.test", "");
    let second = client.get(&next).await;
    assert_eq!(second.json()["collections"], json!([{"id": "b"}]));
    assert!(second.link("next").is_none() && first.link("prev").is_none());
    let prev = second.link("prev").unwrap()["href"].as_str().unwrap().replace("http://stac.test", "");
    let back = client.get(&prev).await;
    assert_eq!(back.json()["collections"], first.json()["collections"]);
    assert!(back.link("prev").is_none());
    assert_eq!(back.link("next"), first.link("next"));
    // Nothing in particular of a Collection is all of it: a part would be no Collection.
    let whole = client.get("/collections?fields=").await.json();
    assert!(whole["collections"][0]["extent"].is_object() && whole["collections"][0]["license"].is_string());
    assert_eq!(client.get(&next.replace("limit=1", "sortby=title")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(client.get("/collections?filter=licence%3D'x'").await.status, StatusCode::BAD_REQUEST);
    let names = client.get("/collections-queryables").await.json();
    assert!(names["properties"]["license"].is_object());
}
