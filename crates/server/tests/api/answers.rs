//! Items: which answer, in which order, and what is in them.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::Stores;

/// The newest first; ties by collection and id (docs/search-semantics.md).
const NEWEST: &str = "b/1 ü a2 a3 a1 loose";

#[tokio::test]
async fn every_spelling_of_a_search_is_answered_from_every_store() {
    for client in Stores::new().all() {
        for (query, body, ids) in [
            ("", "{}", NEWEST),
            ("?collections=a", r#"{"collections":["a"]}"#, "a2 a3 a1"),
            ("?ids=a1,a3", r#"{"ids":["a1","a3"]}"#, "a3 a1"),
            ("?bbox=7,45,8,47", r#"{"bbox":[7,45,8,47]}"#, "a2 a1"),
            ("?bbox=7,45,-100,8,47,9000", r#"{"bbox":[7,45,-100,8,47,9000]}"#, "a2 a1"),
            ("?bbox=170,-10,-170,10", r#"{"bbox":[170,-10,-170,10]}"#, "b/1 ü a3"),
            (
                "?intersects=%7B%22type%22:%22Point%22,%22coordinates%22:%5B8,47%5D%7D",
                r#"{"intersects":{"type":"Point","coordinates":[8,47]}}"#,
                "a2",
            ),
            ("?datetime=2024-02-01T00:00:00Z/..", r#"{"datetime":"2024-02-01T00:00:00Z/.."}"#, "b/1 ü a2 a3"),
            ("?q=ALPS", r#"{"q":["alps","nothing"]}"#, "a1"),
            ("?filter=gsd%3D30", r#"{"filter":{"op":"=","args":[{"property":"gsd"},30]}}"#, "b/1 ü a3"),
            (
                "?filter=%7B%22op%22:%22%3D%22,%22args%22:%5B%7B%22property%22:%22gsd%22%7D,30%5D%7D&filter-lang=cql2-json",
                r#"{"filter":"gsd = 30","filter-lang":"cql2-text","filter-crs":"http://www.opengis.net/def/crs/OGC/1.3/CRS84"}"#,
                "b/1 ü a3",
            ),
            ("?query=%7B%22gsd%22:%7B%22lt%22:10%7D%7D", r#"{"query":{"gsd":{"lt":10}}}"#, "loose"),
            // Beyond what a float can tell apart.
            (
                "?filter=big%3D9007199254740992",
                r#"{"filter":{"op":"=","args":[{"property":"big"},9007199254740992]}}"#,
                "",
            ),
            (
                "?filter=big%3D9007199254740993",
                r#"{"filter":{"op":"=","args":[{"property":"big"},9007199254740993]}}"#,
                "a2",
            ),
            (
                "?sortby=-gsd,%2Bid",
                r#"{"sortby":[{"field":"gsd","direction":"desc"},{"field":"id","direction":"asc"}]}"#,
                "a3 b/1 ü a1 a2 loose",
            ),
            (
                "?sortby=properties.gsd&limit=2",
                r#"{"sortby":[{"field":"properties.gsd"}],"limit":2}"#,
                "loose a1",
            ),
            ("?limit=20000&ids=a1", r#"{"limit":99999999999999999999999,"ids":["a1"],"bbox":null}"#, "a1"),
        ] {
            let (get, post) =
                (client.get(&format!("/search{query}")).await, client.post("/search", body).await);
            assert_eq!(
                (get.status, post.status),
                (StatusCode::OK, StatusCode::OK),
                "{query} {}{}",
                get.text(),
                post.text()
            );
            assert_eq!((get.ids().as_str(), post.ids().as_str()), (ids, ids), "{query} {body}");
            assert_eq!(get.header("content-type"), "application/geo+json");
            let number = ids.matches(' ').count() as u64 + u64::from(!ids.is_empty())
                - u64::from(ids.contains("b/1 ü"));
            assert_eq!(get.json()["numberReturned"], json!(number), "{query}");
        }
        assert_eq!(client.get("/search?limit=2").await.json()["numberMatched"], 5);
        assert_eq!(client.get("/collections/a/items?filter=gsd%3D10&collections=a").await.ids(), "a2 a1");
    }
}

#[tokio::test]
async fn an_item_keeps_its_text_but_for_its_links() {
    for client in Stores::new().all() {
        let answer = client.get("/collections/a/items/a1").await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/geo+json"));
        let text = answer.text();
        for spelled in ["[7.50,46.0]", r#""gsd":10,"#] {
            assert!(text.contains(spelled), "{spelled} in {text}");
        }
        let links: Value = json!([
            {"rel": "self", "type": "application/geo+json", "href": "http://stac.test/collections/a/items/a1"},
            {"rel": "alternate", "type": "text/html", "href": "http://stac.test/collections/a/items/a1?f=html"},
            {"rel": "parent", "type": "application/json", "href": "http://stac.test/collections/a"},
            {"rel": "collection", "type": "application/json", "href": "http://stac.test/collections/a"},
            {"rel": "root", "type": "application/json", "href": "http://stac.test/"},
            {"rel": "thumbnail", "href": "https://old.org/a/a1.png", "title": "t"},
            {"rel": "license", "href": "https://l.org/"},
        ]);
        assert_eq!(answer.json()["links"], links);
        // The same in a search.
        assert_eq!(client.get("/search?ids=a1").await.json()["features"][0], answer.json());
        let strange = client.get("/collections/b/items/b%2F1%20%C3%BC").await;
        assert_eq!(
            strange.link("self").unwrap()["href"],
            "http://stac.test/collections/b/items/b%2F1%20%C3%BC"
        );
        let loose = client.get("/search?ids=loose").await.json();
        assert_eq!(loose["features"][0]["links"].as_array().unwrap().len(), 1, "it has no URL of its own");
    }
}

#[tokio::test]
async fn fields_are_those_that_are_asked_for() {
    for client in Stores::new().all() {
        let by_url = client.get("/search?ids=a1&fields=id,properties.gsd,-links").await.json();
        assert_eq!(by_url["features"][0], json!({"id": "a1", "collection": "a", "properties": {"gsd": 10}}));
        let body = r#"{"ids":["a1"],"fields":{"include":["id","properties.gsd"],"exclude":null}}"#;
        assert_eq!(client.post("/search", body).await.json()["features"], by_url["features"]);
        let without = client.get("/search?ids=a1&fields=-assets,-geometry").await.json();
        let item = without["features"][0].as_object().unwrap();
        assert!(!item.contains_key("assets") && !item.contains_key("geometry") && item.contains_key("links"));
    }
}

#[tokio::test]
async fn a_client_that_has_a_state_is_told_so() {
    let stores = Stores::new();
    let client = stores.client(&["all.parquet"]);
    for path in ["/", "/collections/a", "/collections/b", "/collections/a/items/a1"] {
        let first = client.get(path).await;
        let tag = first.header("etag");
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "{path}: {tag}");
        let request = axum::http::Request::get(path).header("host", "stac.test").header("if-none-match", tag);
        let again = client.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(
            (again.status, again.body.len(), again.header("etag")),
            (StatusCode::NOT_MODIFIED, 0, tag)
        );
    }
}

#[tokio::test]
async fn head_and_options_work() {
    let client = Stores::new().client(&["all.ndjson"]);
    for path in ["/", "/search", "/collections", "/collections/a/items/a1", "/api"] {
        let head = client.ask(Method::HEAD, path).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0), "{path}");
        let options = client.ask(Method::OPTIONS, path).await;
        assert_eq!(options.status, StatusCode::NO_CONTENT, "{path}");
        assert!(options.header("allow").contains("GET"), "{path}: {}", options.header("allow"));
    }
    assert!(client.ask(Method::OPTIONS, "/search").await.header("allow").contains("POST"));
    let refused = client.ask(Method::DELETE, "/search").await;
    assert_eq!((refused.status, refused.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD,POST"));
}

/// `fields` that names nothing asks for what makes an Item a valid one (STAC API - Fields).
#[tokio::test]
async fn nothing_in_particular_is_a_valid_item() {
    let client = Stores::new().client(&["all.ndjson"]);
    let by_url = client.get("/search?ids=a1&fields=").await;
    let item = by_url.json()["features"][0].clone();
    let members: Vec<&String> = item.as_object().unwrap().keys().collect();
    let wanted =
        ["type", "stac_version", "id", "collection", "geometry", "bbox", "properties", "links", "assets"];
    assert!(wanted.iter().all(|name| members.iter().any(|known| known == name)), "{members:?}");
    assert_eq!(item["properties"], json!({"datetime": "2024-01-01T00:00:00Z"}));
    for fields in ["{}", r#"{"include":[],"exclude":[]}"#, r#"{"include":null,"exclude":null}"#] {
        let by_body = client.post("/search", &format!(r#"{{"ids":["a1"],"fields":{fields}}}"#)).await;
        assert_eq!(by_body.json()["features"][0], item, "{fields}");
    }
    let body = r#"{"ids":["a1"],"fields":{"include":[],"exclude":["geometry","properties"]}}"#;
    let some = client.post("/search", body).await.json()["features"][0].clone();
    assert!(
        some["assets"].is_object() && some["geometry"].is_null() && some.get("properties").is_none(),
        "{some}"
    );
    let all = client.post("/search", r#"{"ids":["a1"],"fields":{"exclude":["geometry"]}}"#).await.json();
    assert_eq!(all["features"][0]["properties"]["gsd"], 10);
}
