//! Items and Collections are made, changed and taken away, and what is stored is what was meant.

use axum::http::StatusCode;
use serde_json::{Value, json};
use stacyard::Stop;
use stacyard_store::{ItemKey, Store};

use super::support::{Stores, link, options, writable};

/// An Item as small as can be: the server adds what it knows.
const PARTIAL: &str = r#"{"type":"Feature","stac_version":"1.1.0","id":"new","geometry":null,"properties":{"datetime":"2024-05-01T00:00:00Z","n":5.10},"assets":{}}"#;

const NEW: &str = "/collections/a/items/new";

/// The text of an Item, as the store has it.
fn stored(store: &Store, id: &str) -> String {
    let found = store.get(&ItemKey::new("a", id), &Stop::default()).unwrap().unwrap();
    String::from_utf8(found.text).unwrap()
}

#[tokio::test]
async fn an_item_is_made_changed_and_taken_away() {
    let (client, store) = writable();
    let made = client.post("/collections/a/items", PARTIAL).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.header("location"), "http://stac.test/collections/a/items/new");
    assert_eq!(made.header("content-type"), "application/geo+json");
    assert_eq!(
        stored(&store, "new"),
        PARTIAL.replace("\"assets\":{}}", "\"assets\":{},\"collection\":\"a\",\"links\":[]}")
    );
    let read = client.get(NEW).await;
    assert_eq!((read.header("etag"), read.json()), (made.header("etag"), made.json()));
    assert_eq!(client.post("/collections/a/items", PARTIAL).await.status, StatusCode::CONFLICT);

    let put = client.call("PUT", NEW, &[], &PARTIAL.replace("5.10", "6")).await;
    assert_eq!((put.status, put.body.len()), (StatusCode::NO_CONTENT, 0));
    let read = client.get(NEW).await;
    assert_eq!((read.header("etag"), &read.json()["properties"]["n"]), (put.header("etag"), &json!(6)));
    assert_ne!(put.header("etag"), made.header("etag"));

    let merge = [("content-type", "application/merge-patch+json")];
    let patched = client.call("PATCH", NEW, &merge, r#"{"properties":{"n":null,"m":7}}"#).await;
    assert_eq!(patched.status, StatusCode::NO_CONTENT);
    let read = client.get(NEW).await;
    assert_eq!(read.header("etag"), patched.header("etag"));
    assert_eq!(read.json()["properties"], json!({"datetime": "2024-05-01T00:00:00Z", "m": 7}));

    let operations = [("content-type", "application/json-patch+json; charset=utf-8")];
    let patch = r#"[{"op":"test","path":"/properties/m","value":7.0},{"op":"move","from":"/properties/m","path":"/properties/k"}]"#;
    assert_eq!(client.call("PATCH", NEW, &operations, patch).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(NEW).await.json()["properties"]["k"], 7);
    assert_eq!(client.call("PATCH", NEW, &operations, patch).await.status, StatusCode::CONFLICT);

    assert_eq!(client.call("DELETE", NEW, &[], "").await.status, StatusCode::NO_CONTENT);
    for method in ["GET", "DELETE", "PATCH", "PUT"] {
        assert_eq!(client.call(method, NEW, &[], "{}").await.status, StatusCode::NOT_FOUND, "{method}");
    }
}

#[tokio::test]
async fn a_collection_is_made_changed_and_taken_away() {
    let (client, _) = writable();
    let collection = r#"{"type":"Collection","stac_version":"1.1.0","id":"ü/x","description":"d","license":"other","extent":{"spatial":{"bbox":[[-180,-90,180,90.0]]},"temporal":{"interval":[[null,null]]}}}"#;
    let path = "/collections/%C3%BC%2Fx";
    let made = client.post("/collections", collection).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.header("location"), "http://stac.test/collections/%C3%BC%2Fx");
    let read = client.get(path).await;
    assert_eq!((read.header("etag"), read.json()), (made.header("etag"), made.json()));
    assert_eq!(client.post("/collections", collection).await.status, StatusCode::CONFLICT);
    let tag = made.header("etag").to_owned();
    let put = client.call("PUT", path, &[("if-match", &tag)], &collection.replace("\"d\"", "\"e\"")).await;
    assert_eq!(put.status, StatusCode::NO_CONTENT, "{}", put.text());
    let stale = client.call("PATCH", path, &[("if-match", &tag)], r#"{"title":"t"}"#).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let patched = client.call("PATCH", path, &[], r#"{"title":"t"}"#).await;
    assert_eq!(patched.status, StatusCode::NO_CONTENT);
    let read = client.get(path).await;
    assert_eq!(read.header("etag"), patched.header("etag"));
    assert_eq!((&read.json()["title"], &read.json()["description"]), (&json!("t"), &json!("e")));
    // Items belong to it.
    let item = client.post(&format!("{path}/items"), PARTIAL).await;
    assert_eq!(item.status, StatusCode::CREATED, "{}", item.text());
    let refused = client.call("DELETE", path, &[("if-match", patched.header("etag"))], "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    assert_eq!(client.call("DELETE", &format!("{path}/items/new"), &[], "").await.status.as_u16(), 204);
    let stale = client.call("DELETE", path, &[("if-match", &tag)], "").await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(client.call("DELETE", path, &[], "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(path).await.status, StatusCode::NOT_FOUND);
    // One that is only made of what its Items say is nowhere yet.
    assert_eq!(client.call("PATCH", "/collections/b", &[], "{}").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn changes_are_made_on_conditions() {
    let (client, _) = writable();
    let path = "/collections/a/items/a2";
    let tag = client.get(path).await.header("etag").to_owned();
    let patch = |condition: (&'static str, String)| {
        let client = client.clone();
        async move {
            client
                .call("PATCH", path, &[(condition.0, &condition.1)], r#"{"properties":{"x":1}}"#)
                .await
                .status
        }
    };
    let stale = format!("\"{}\"", "0".repeat(32));
    for condition in [stale.clone(), format!("W/{tag}"), "x".to_owned(), String::new()] {
        assert_eq!(patch(("if-match", condition.clone())).await.as_u16(), 412, "{condition}");
    }
    for condition in ["*".to_owned(), tag.clone()] {
        assert_eq!(patch(("if-none-match", condition)).await.as_u16(), 412);
    }
    assert_eq!(patch(("if-match", format!("{stale}, {tag}"))).await.as_u16(), 204);
    assert_eq!(patch(("if-match", "*".to_owned())).await.as_u16(), 204);
    let other = client.call("DELETE", path, &[("if-match", &stale)], "").await;
    assert_eq!(other.status.as_u16(), 412);
    // Nothing is there: a plain PUT makes nothing, and one that says so does.
    assert_eq!(client.call("PUT", NEW, &[("if-match", "*")], PARTIAL).await.status.as_u16(), 404);
    let made = client.call("PUT", NEW, &[("if-none-match", "*")], PARTIAL).await;
    assert_eq!((made.status.as_u16(), made.header("location")), (201, &*format!("http://stac.test{NEW}")));
    let again = client.call("PUT", NEW, &[("if-none-match", "*")], PARTIAL).await;
    assert_eq!(again.status.as_u16(), 412);
}

/// Who reads, changes nothing and sends it back has changed nothing, byte by byte.
#[tokio::test]
async fn what_was_read_can_be_sent_back() {
    let (client, store) = writable();
    for id in ["a1", "a2", "a3"] {
        let (path, before) = (format!("/collections/a/items/{id}"), stored(&store, id));
        let read = client.get(&path).await;
        let put = client.call("PUT", &path, &[("if-match", read.header("etag"))], &read.text()).await;
        assert_eq!((put.status.as_u16(), put.header("etag")), (204, read.header("etag")), "{}", put.text());
        let patched = client.call("PATCH", &path, &[], "{}").await;
        assert_eq!(patched.header("etag"), read.header("etag"));
        assert_eq!(stored(&store, id), before);
    }
    let read = client.get("/collections/a").await;
    let put = client.call("PUT", "/collections/a", &[], &read.text()).await;
    assert_eq!((put.status.as_u16(), put.header("etag")), (204, read.header("etag")), "{}", put.text());
}

/// A relative link and an absolute one to the same place are shown alike, and stay what they are.
#[tokio::test]
async fn links_that_look_alike_stay_apart() {
    let (client, store) = writable();
    let links = r#""links":[{"rel":"self","href":"https://o.org/a/b.json"},{"rel":"via","href":"https://o.org/a/c.json"},{"rel":"via","href":"c.json"}]"#;
    let item = PARTIAL.replace(r#""assets":{}}"#, &format!(r#""assets":{{}},"collection":"a",{links}}}"#));
    assert_eq!(client.post("/collections/a/items", &item).await.status.as_u16(), 201);
    let (read, before) = (client.get(NEW).await, stored(&store, "new"));
    assert!(before.contains(links), "{before}");
    let put = client.call("PUT", NEW, &[], &read.text()).await;
    assert_eq!(put.header("etag"), read.header("etag"), "{}", put.text());
    assert_eq!(stored(&store, "new"), before);
}

/// Clients take such a part out of a path before they send it.
#[tokio::test]
async fn ids_that_paths_cannot_have_are_refused() {
    let (client, _) = writable();
    for id in [".", ".."] {
        let item = PARTIAL.replace(r#""id":"new""#, &format!(r#""id":"{id}""#));
        let refused = client.post("/collections/a/items", &item).await;
        assert_eq!(refused.status.as_u16(), 400, "{}", refused.text());
        assert_eq!(client.get("/search?ids=.,..").await.ids(), "");
    }
}

/// What has no Items is no collection of them: it is not answered as if all had gone in.
#[tokio::test]
async fn a_collection_of_features_has_features() {
    let (client, _) = writable();
    for features in ["", r#","features":5"#, r#","features":null"#] {
        let body = format!(r#"{{"type":"FeatureCollection"{features}}}"#);
        let refused = client.post("/collections/a/items", &body).await;
        assert_eq!(refused.status.as_u16(), 400, "{}", refused.text());
        assert_eq!(refused.json()["parameter"], "features");
    }
    let none = client.post("/collections/a/items", r#"{"type":"FeatureCollection","features":[]}"#).await;
    assert_eq!((none.status.as_u16(), &none.json()["created"]), (201, &json!(0)));
}

#[tokio::test]
async fn an_edit_changes_what_was_edited_only() {
    let (client, store) = writable();
    let (path, before) = ("/collections/a/items/a1", stored(&store, "a1"));
    let patch = r#"[{"op":"add","path":"/properties/k","value":1E+2}]"#;
    let operations = [("content-type", "application/json-patch+json")];
    assert_eq!(client.call("PATCH", path, &operations, patch).await.status.as_u16(), 204);
    assert_eq!(stored(&store, "a1"), before.replace("on the Alps\"}", "on the Alps\",\"k\":1E+2}"));
    // A link that is added, as one sees the links, leaves the others as they were stored.
    let patch = r#"[{"op":"add","path":"/links/-","value":{"rel":"via","href":"https://v.org/"}}]"#;
    assert_eq!(client.call("PATCH", path, &operations, patch).await.status.as_u16(), 204);
    let with_via = r#"{"rel":"license","href":"https://l.org/"},{"rel":"via","href":"https://v.org/"}]"#;
    assert!(stored(&store, "a1").contains(with_via), "{}", stored(&store, "a1"));
    assert!(stored(&store, "a1").contains(r#""links":[{"rel":"self","href":"https://old.org/a/a1.json"},{"rel":"collection","href":"../collection.json"},{"rel":"thumbnail","href":"./a1.png","title":"t"},"#));
    // Who takes ours away, or puts another one there, means it; relative links then are what was shown of them.
    let mut item: Value = client.get(path).await.json();
    let links = item["links"].as_array_mut().unwrap();
    links.retain(|link| link["rel"] != "self" && link["rel"] != "license");
    links.push(json!({"rel": "collection", "href": "https://other.org/c.json"}));
    assert_eq!(client.call("PUT", path, &[], &item.to_string()).await.status.as_u16(), 204);
    let now: Value = serde_json::from_str(&stored(&store, "a1")).unwrap();
    assert_eq!(
        now["links"],
        json!([
            {"rel": "thumbnail", "href": "https://old.org/a/a1.png", "title": "t"},
            {"rel": "via", "href": "https://v.org/"},
            {"rel": "collection", "href": "https://other.org/c.json"},
        ])
    );
    let shown = client.get(path).await.json();
    assert_eq!(link(&shown, "collection").unwrap()["href"], "http://stac.test/collections/a");
}

/// Links of the server are in no store, also not those of something that was read elsewhere in it.
#[tokio::test]
async fn links_of_the_server_are_not_stored() {
    let (client, store) = writable();
    let mut item = client.get("/collections/a/items/a2").await.json();
    item["id"] = json!("copy");
    let links = item["links"].as_array_mut().unwrap();
    links.push(json!({"rel": "derived_from", "href": "http://stac.test/collections/a/items/a2"}));
    links.push(json!({"rel": "self", "href": "http://stac.test.evil.org/x"}));
    assert_eq!(client.post("/collections/a/items", &item.to_string()).await.status.as_u16(), 201);
    let now: Value = serde_json::from_str(&stored(&store, "copy")).unwrap();
    assert_eq!(
        now["links"],
        json!([
            {"rel": "derived_from", "href": "http://stac.test/collections/a/items/a2"},
            {"rel": "self", "href": "http://stac.test.evil.org/x"},
        ])
    );
}

/// Who has written sees it in everything that is kept for a while.
#[tokio::test]
async fn nothing_stale_is_told_to_who_has_written() {
    let (client, _) = writable();
    let counted = |path: &'static str| {
        let client = client.clone();
        async move { client.get(path).await.json()["numberMatched"].clone() }
    };
    let extent = || async {
        client.get("/collections/b").await.json()["extent"]["temporal"]["interval"][0][1].clone()
    };
    // All is asked once, so that it is kept.
    assert_eq!((counted("/search?limit=1").await, counted("/collections").await), (json!(5), json!(2)));
    assert_eq!(extent().await, "2024-03-01T10:00:00Z");
    assert_eq!(client.post("/collections/b/items", PARTIAL).await.status.as_u16(), 201);
    assert_eq!(counted("/search?limit=1").await, 6);
    assert_eq!(extent().await, "2024-05-01T00:00:00Z");
    for id in ["new", "b%2F1%20%C3%BC"] {
        let path = format!("/collections/b/items/{id}");
        assert_eq!(client.call("DELETE", &path, &[], "").await.status.as_u16(), 204);
    }
    assert_eq!((counted("/search?limit=1").await, counted("/collections").await), (json!(4), json!(1)));
    assert_eq!(client.get("/collections/b").await.status.as_u16(), 404);
    let mut collection = client.get("/collections/a").await.json();
    collection["id"] = json!("c");
    assert_eq!(client.post("/collections", &collection.to_string()).await.status.as_u16(), 201);
    assert_eq!(counted("/collections").await, 2);
    let children =
        |page: Value| page["links"].as_array().unwrap().iter().filter(|one| one["rel"] == "child").count();
    assert_eq!(children(client.get("/").await.json()), 2);
}

/// Nobody's change is lost where many make one at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_is_lost() {
    let (client, _) = writable();
    let path = "/collections/a/items/a3";
    let patches = (0..8).map(|number| {
        let client = client.clone();
        tokio::spawn(async move {
            let patch = format!(r#"{{"properties":{{"by_{number}":true}}}}"#);
            // Others may be faster again and again: then it is said, and nothing is done.
            while client.call("PATCH", path, &[], &patch).await.status != StatusCode::NO_CONTENT {}
        })
    });
    for patch in patches.collect::<Vec<_>>() {
        patch.await.unwrap();
    }
    let item = client.get(path).await.json();
    assert!((0..8).all(|number| item["properties"][format!("by_{number}")] == true), "{item}");

    let counters = (0..4).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            let mut done = 0;
            while done < 10 {
                let read = client.get(path).await;
                let count = read.json()["properties"]["count"].as_i64().unwrap_or_default() + 1;
                let body = format!(r#"{{"properties":{{"count":{count}}}}}"#);
                let tag = [("if-match", read.header("etag"))];
                let status = client.call("PATCH", path, &tag, &body).await.status.as_u16();
                assert!([204, 412].contains(&status), "{status}");
                done += i32::from(status == 204);
            }
        })
    });
    for counter in counters.collect::<Vec<_>>() {
        counter.await.unwrap();
    }
    assert_eq!(client.get(path).await.json()["properties"]["count"], 40);
}

/// A class that is listed is one whose methods there are, and the other way round.
#[tokio::test]
async fn what_cannot_be_changed_takes_no_changes() {
    let writes = [
        ("POST", "/collections"),
        ("PUT", "/collections/a"),
        ("PATCH", "/collections/a"),
        ("DELETE", "/collections/a"),
        ("POST", "/collections/a/items"),
        ("PUT", "/collections/a/items/a1"),
        ("PATCH", "/collections/a/items/a1"),
        ("DELETE", "/collections/a/items/a1"),
    ];
    let stores = Stores::new();
    let file = stacyard::open(&stores.path("all.parquet")).unwrap();
    let of_files = stacyard_server::Options { writable: true, ..options() };
    let of_files = stores.client_of(stacyard_server::router(vec![file], of_files).unwrap());
    let (read_only, _) = super::support::changeable(options());
    let (writable, _) = writable();
    for (client, is_writable) in [(of_files, false), (read_only, false), (writable, true)] {
        let classes = client.get("/conformance").await.text();
        let api = client.get("/api").await.json();
        assert_eq!(classes.contains("/ogcapi-features/extensions/transaction"), is_writable);
        assert_eq!(classes.contains("/collections/extensions/transaction"), is_writable);
        assert_eq!(api["paths"]["/collections/{collectionId}"]["delete"].is_object(), is_writable);
        for (method, path) in writes {
            let answer = client.call(method, path, &[("if-match", "\"x\"")], "{}").await;
            assert_eq!(answer.status.as_u16() == 405, !is_writable, "{method} {path}: {}", answer.text());
            assert_eq!(answer.headers.contains_key("allow"), !is_writable);
        }
        let bulk = client.post("/collections/a/bulk_items", "{}").await;
        assert_eq!(bulk.status.as_u16(), if is_writable { 400 } else { 404 });
    }
}
