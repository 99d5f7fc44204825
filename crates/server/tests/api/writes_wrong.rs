//! What is wrong with a change is said, and nothing is changed.

use std::fmt::Write as _;

use super::support::writable;

const ITEM: &str = "/collections/a/items/a1";

#[tokio::test]
async fn every_mistake_is_named() {
    let (client, store) = writable();
    let before = store.get(&stacyard_store::ItemKey::new("a", "a1"), &stacyard::Stop::default()).unwrap();
    let operations = ("content-type", "application/json-patch+json");
    let mut all = String::new();
    for (method, path, header, body) in [
        ("POST", "/collections/a/items", ("content-type", "text/plain"), "{}"),
        ("POST", "/collections/a/items", operations, "{}"),
        ("PATCH", ITEM, ("content-type", "text/plain"), "{}"),
        ("PUT", ITEM, ("x", "x"), "{"),
        ("PUT", ITEM, ("x", "x"), r#"{"id":"a1","id":"a2"}"#),
        ("PUT", ITEM, ("x", "x"), "[]"),
        ("PUT", ITEM, ("x", "x"), r#"{"id":"a2"}"#),
        ("PUT", ITEM, ("x", "x"), r#"{"id":7}"#),
        ("PUT", ITEM, ("x", "x"), r#"{"collection":"b"}"#),
        ("PATCH", ITEM, ("x", "x"), r#"{"id":"a2"}"#),
        (
            "PATCH",
            ITEM,
            ("x", "x"),
            r#"{"geometry":{"type":"Point"},"properties":{"datetime":"June"},"bbox":null}"#,
        ),
        ("PATCH", ITEM, ("x", "x"), "7"),
        ("PATCH", ITEM, operations, "{}"),
        ("PATCH", ITEM, operations, r#"[{"op":"remove","path":"/properties/none"}]"#),
        (
            "PATCH",
            ITEM,
            operations,
            r#"[{"op":"add","path":"/properties/x","value":1},{"op":"test","path":"/id","value":"a2"}]"#,
        ),
        ("PATCH", ITEM, operations, r#"[{"op":"replace","path":"/collection","value":"b"}]"#),
        ("PUT", ITEM, ("x", "x"), r#"{"type":"Feature","stac_version":"1.1.0"}"#),
        ("PUT", "/collections/a", ("x", "x"), r#"{"type":"Feature"}"#),
        ("PUT", ITEM, ("if-match", "\"x\""), "{}"),
        ("DELETE", ITEM, ("if-match", "\"x\""), ""),
        ("DELETE", "/collections/a", ("x", "x"), ""),
        ("DELETE", "/collections/b", ("x", "x"), ""),
        ("POST", "/collections/none/items", ("x", "x"), "{}"),
        ("POST", "/collections/a/items", ("x", "x"), "{}"),
        ("POST", "/collections", ("x", "x"), r#"{"id":"a"}"#),
        ("PUT", "/collections/a/items/none", ("x", "x"), "{}"),
        ("PUT", "/collections/a/items/%FF", ("x", "x"), "{}"),
        ("PATCH", "/collections/a/items/a1?upsert=true", ("x", "x"), "{}"),
        ("DELETE", "/collections/a/items", ("x", "x"), ""),
    ] {
        let answer = client.call(method, path, &[header], body).await;
        assert!(answer.status.is_client_error(), "{method} {path} {body}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let _ = writeln!(
            all,
            "{method} {path} {}{body}",
            if header.0 == "x" { String::new() } else { format!("{}: {} ", header.0, header.1) }
        );
        let json = answer.json();
        let _ = writeln!(all, "  {} {}", answer.status.as_u16(), json["detail"].as_str().unwrap());
        for (name, value) in json.as_object().unwrap() {
            if !["type", "title", "status", "detail", "errors"].contains(&name.as_str()) {
                let _ = writeln!(all, "  {name}: {value}");
            }
        }
        for error in json["errors"].as_array().into_iter().flatten() {
            let _ = writeln!(all, "  - {} {}: {}", error["pointer"], error["rule"], error["message"]);
        }
    }
    insta::assert_snapshot!(all);
    let now = store.get(&stacyard_store::ItemKey::new("a", "a1"), &stacyard::Stop::default()).unwrap();
    assert_eq!(before, now);
}

#[tokio::test]
async fn bodies_are_bounded() {
    let options = stacyard_server::Options {
        writable: true,
        body_bytes: 100,
        bulk_bytes: 50,
        ..super::support::options()
    };
    let (client, _) = super::support::changeable(options);
    let long = format!(r#"{{"title":"{}"}}"#, "x".repeat(100));
    for (method, path) in
        [("POST", "/collections"), ("PUT", ITEM), ("PATCH", ITEM), ("POST", "/collections/a/bulk_items")]
    {
        assert_eq!(client.call(method, path, &[], &long).await.status.as_u16(), 413, "{method} {path}");
    }
    // A patch that makes more than may be sent.
    let patch = r#"[{"op":"copy","from":"","path":"/properties/x"}]"#;
    let operations = [("content-type", "application/json-patch+json")];
    assert_eq!(client.call("PATCH", ITEM, &operations, patch).await.status.as_u16(), 400);
}
