//! States that clients have already, packed or not, and what HTTP asks of every request.

use axum::body::Body;
use axum::http::Request;

use crate::support::{Answer, Client, Stores, writable};

async fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    client.call("GET", path, headers, "").await
}

/// Bytes that differ have strong tags that differ (RFC 9110 section 8.8.3.3), and each names the state.
#[tokio::test]
async fn what_is_packed_has_a_tag_of_its_own() {
    let (client, _) = writable();
    let path = "/collections/a/items/a1";
    let plain = get(&client, path, &[]).await;
    let tag = plain.header("etag").to_owned();
    for coding in ["gzip", "br", "zstd"] {
        let packed = get(&client, path, &[("accept-encoding", coding)]).await;
        assert_eq!(packed.header("content-encoding"), coding);
        let own = packed.header("etag").to_owned();
        assert_eq!(own, format!("{}-{coding}\"", tag.trim_end_matches('"')));
        let unchanged = get(&client, path, &[("accept-encoding", coding), ("if-none-match", &own)]).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.header("etag")), (304, &*own));
        let vary: Vec<_> = unchanged.headers.get_all("vary").iter().collect();
        assert!(vary.iter().any(|value| *value == "accept-encoding"), "{vary:?}");
        let put = client.call("PUT", path, &[("if-match", &own)], &plain.text()).await;
        assert_eq!((put.status.as_u16(), put.header("etag")), (204, &*tag), "{}", put.text());
    }
    let unchanged = get(&client, path, &[("if-none-match", &tag)]).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.header("etag")), (304, &*tag));
    let stale = client.call("PUT", path, &[("if-match", "\"x-gzip\"")], &plain.text()).await;
    assert_eq!(stale.status, 412);
}

#[tokio::test]
async fn bodies_are_not_packed() {
    let (client, _) = writable();
    for (method, path) in
        [("POST", "/search"), ("POST", "/collections/a/items"), ("PATCH", "/collections/a/items/a1")]
    {
        let refused = client.call(method, path, &[("content-encoding", "gzip")], "{}").await;
        assert_eq!(refused.status, 415, "{path}");
        assert_eq!(refused.header("accept-encoding"), "identity");
        assert_eq!(refused.json()["help"], "send it without Content-Encoding");
    }
    let plain = client.call("POST", "/search", &[("content-encoding", "identity")], "{}").await;
    assert_eq!(plain.status, 200);
}

#[tokio::test]
async fn a_request_names_its_host() {
    let client = Stores::new().client(&["all.ndjson"]);
    let request = || Request::get("/");
    let none = client.send(request().body(Body::empty()).unwrap()).await;
    assert_eq!(none.status, 400);
    assert_eq!(none.header("content-type"), "application/problem+json");
    let two =
        client.send(request().header("host", "a.org").header("host", "b.org").body(Body::empty()).unwrap());
    assert_eq!(two.await.status, 400);
    let old = request().version(axum::http::Version::HTTP_10).body(Body::empty()).unwrap();
    assert_eq!(client.send(old).await.status, 200);
}
