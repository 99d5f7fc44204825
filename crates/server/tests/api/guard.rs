//! Who may do what: attacks on tokens, on what is private, and by web pages.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use serde_json::json;
use stacyard::{Copying, Profile, Run};
use stacyard_server::{Bearers, Options};

use super::support::{Answer, Client, Stores, changeable, link, options};

/// A server with tokens, and the tokens: one for each list of scopes.
fn guarded<const N: usize>(private: bool, scopes: [&[&str]; N]) -> (Client, [String; N]) {
    let made = scopes.map(|scopes| {
        let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
        Bearers::mint("test", &scopes).unwrap()
    });
    let lines: Vec<&str> = made.iter().map(|(_, line)| line.as_str()).collect();
    let bearers = Some(Bearers::parse(&lines.join("\n")).unwrap());
    let (client, _) = changeable(Options { writable: true, private, bearers, ..options() });
    (client, made.map(|(token, _)| format!("Bearer {token}")))
}

const ITEM: &str = r#"{"type":"Feature","stac_version":"1.1.0","id":"new","geometry":null,"properties":{"datetime":"2024-05-01T00:00:00Z"},"assets":{}}"#;

#[tokio::test]
async fn writes_need_a_token_with_the_right() {
    let (client, [all, a, reader]) = guarded(false, [&["write"], &["write:a"], &["read"]]);
    let post = |collection: &'static str, token: Option<&str>| {
        let (client, token) = (client.clone(), token.map(str::to_owned));
        async move {
            let headers: Vec<(&str, &str)> = token.iter().map(|token| ("authorization", &**token)).collect();
            client.call("POST", &format!("/collections/{collection}/items"), &headers, ITEM).await
        }
    };
    let nobody = post("a", None).await;
    assert_eq!((nobody.status.as_u16(), nobody.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(post("a", Some(&reader)).await.status.as_u16(), 403);
    assert_eq!(post("b", Some(&a)).await.status.as_u16(), 403);
    assert_eq!(post("a", Some(&a)).await.status.as_u16(), 201);
    assert_eq!(post("b", Some(&all)).await.status.as_u16(), 201);
    // Everybody may read.
    for token in [None, Some(&reader), Some(&a)] {
        let headers: Vec<(&str, &str)> = token.iter().map(|token| ("authorization", &***token)).collect();
        assert_eq!(client.call("GET", "/collections/b/items/new", &headers, "").await.status.as_u16(), 200);
    }
    // What is sent is not looked at before.
    let huge = "x".repeat(5 << 20);
    assert_eq!(client.call("POST", "/collections/a/items", &[], &huge).await.status.as_u16(), 401);
    // Collections are made by those who may write them.
    let collection = client.get("/collections/a").await.text();
    let c = collection.replace(r#""id":"a""#, r#""id":"c""#);
    assert_eq!(client.call("POST", "/collections", &[("authorization", &a)], &c).await.status.as_u16(), 403);
    let made = client.call("POST", "/collections", &[("authorization", &all)], &c).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text());
    let put = client.call("PATCH", "/collections/a", &[("authorization", &a)], r#"{"title":"t"}"#).await;
    assert_eq!(put.status.as_u16(), 204);
}

#[tokio::test]
async fn a_forged_token_opens_nothing() {
    let (client, [token]) = guarded(false, [&["write"]]);
    let secret = token.strip_prefix("Bearer ").unwrap();
    let delete = |values: Vec<HeaderValue>| {
        let client = client.clone();
        async move {
            let mut request = Request::delete("/collections/a/items/a1").header("host", "stac.test");
            for value in values {
                request = request.header("authorization", value);
            }
            client.send(request.body(Body::empty()).unwrap()).await
        }
    };
    let value = |text: &str| HeaderValue::from_str(text).unwrap();
    for forged in [
        value("Bearer"),
        value("Bearer "),
        value("Bearer x"),
        value(&format!("Bearer {}", &secret[..secret.len() - 1])),
        value(&format!("Bearer {secret}x")),
        value(&format!("Bearer {secret} {secret}")),
        value(&format!("Bearer {}", secret.to_uppercase())),
        value(&format!("Bearer {}", "x".repeat(100_000))),
        HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap(),
        HeaderValue::from_bytes(b"Bearer t\xc3\xb6ken").unwrap(),
    ] {
        let answer = delete(vec![forged.clone()]).await;
        assert_eq!(answer.status.as_u16(), 401, "{forged:?}");
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    }
    for other in
        [format!("Basic {secret}"), format!("Token {secret}"), secret.to_owned(), format!("Bearer\t{secret}")]
    {
        let answer = delete(vec![value(&other)]).await;
        assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, "Bearer"), "{other}");
    }
    assert_eq!(delete(vec![value(&token), value(&token)]).await.status.as_u16(), 401);
    // Methods are what they are.
    let path = "/collections/a/items/a1";
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        assert_eq!(client.call("GET", path, &[(header, "DELETE")], "").await.status.as_u16(), 200);
        assert_eq!(client.call("POST", "/search", &[(header, "DELETE")], "{}").await.status.as_u16(), 200);
    }
    assert_eq!(client.get("/collections/a/items/a1?_method=DELETE").await.status.as_u16(), 400);
    assert_eq!(delete(vec![value(&format!("bearer {secret}"))]).await.status.as_u16(), 204);
}

#[tokio::test]
async fn what_is_private_needs_a_token() {
    let (client, [reader, writer]) = guarded(true, [&["read"], &["write"]]);
    for path in [
        "/",
        "/conformance",
        "/api",
        "/api.html",
        "/search",
        "/collections",
        "/nothing",
        "/collections/a/items/a1",
    ] {
        let nobody = client.get(path).await;
        assert_eq!((nobody.status.as_u16(), nobody.header("www-authenticate")), (401, "Bearer"), "{path}");
        for token in [&reader, &writer] {
            let answer = client.call("GET", path, &[("authorization", token)], "").await;
            assert_eq!(answer.status.as_u16(), if path == "/nothing" { 404 } else { 200 }, "{path}");
            let kept = if path == "/nothing" { "no-store" } else { "private, no-cache" };
            assert_eq!(answer.header("cache-control"), kept, "{path}");
        }
    }
    // Who must not write is told so, whatever is there.
    let refused = client.call("DELETE", "/collections/a/items/a1", &[("authorization", &reader)], "").await;
    assert_eq!(refused.status.as_u16(), 403);
    // Whether the server is alive anybody may ask; what comes near to that is something else.
    assert_ne!(client.get("/healthz").await.status.as_u16(), 401);
    for path in ["/healthz/", "//healthz", "/healthz/../search", "/%68ealthz", "/search?x=/healthz"] {
        assert_eq!(client.get(path).await.status.as_u16(), 401, "{path}");
    }
}

/// One who may see `a` only, and one who sees all.
#[tokio::test]
async fn what_one_may_not_see_is_not_there() {
    let (client, [a, all]) = guarded(true, [&["read:a"], &["read"]]);
    let ask = |token: &str, path: &str| {
        let (client, token, path) = (client.clone(), token.to_owned(), path.to_owned());
        async move { client.call("GET", &path, &[("authorization", &token)], "").await }
    };
    let post = |token: &str, path: &'static str, body: String| {
        let (client, token) = (client.clone(), token.to_owned());
        async move { client.call("POST", path, &[("authorization", &token)], &body).await }
    };
    // First the one who sees all, so that whatever is kept is kept of that.
    for path in
        ["/search?limit=1", "/collections", "/collections/b", "/", "/aggregate?aggregations=total_count"]
    {
        assert_eq!(ask(&all, path).await.status.as_u16(), 200, "{path}");
    }
    assert_eq!(ask(&all, "/search?limit=1").await.json()["numberMatched"], 5);
    // Items, by whatever they are asked for.
    for (query, ids) in [
        ("", "a2 a3 a1"),
        ("?ids=b%2F1%20%C3%BC,loose,a1", "a1"),
        ("?filter=collection%3D'b'", ""),
        ("?filter=collection%20IS%20NULL", ""),
        ("?filter=NOT%20(gsd%3D10)%20OR%20TRUE%3DTRUE", "a2 a3 a1"),
        ("?bbox=170,-10,180,10", ""),
        ("?sortby=id&limit=10", "a1 a2 a3"),
    ] {
        let answer = ask(&a, &format!("/search{query}")).await;
        assert_eq!(answer.ids(), ids, "{query}: {}", answer.text());
        assert_eq!(answer.json()["numberMatched"], ids.split_whitespace().count(), "{query}");
    }
    assert_eq!(ask(&a, "/search?limit=1").await.json()["numberMatched"], 3);
    assert_eq!(post(&a, "/search", "{}".to_owned()).await.ids(), "a2 a3 a1");
    // A collection that one may not see is as one that there is not.
    let same = |one: &Answer, other: &Answer, name: &str| {
        assert_eq!(one.status, other.status, "{}", one.text());
        let without = |answer: &Answer, name: &str| {
            let quoted = answer.text().replace(&format!("\"{name}\\\""), "NAME");
            quoted.replace(&format!("\"{name}\""), "NAME")
        };
        assert_eq!(without(one, name), without(other, "none"));
    };
    for path in [
        "/search?collections=NAME",
        "/search?collections=a,NAME",
        "/collections/NAME",
        "/collections/NAME/items",
        "/collections/NAME/items/x",
        "/collections/NAME/queryables",
        "/collections/NAME/sortables",
        "/collections/NAME/aggregations",
        "/collections/NAME/aggregate?aggregations=total_count",
        "/aggregate?aggregations=total_count&collections=NAME",
    ] {
        let (b, none) =
            (ask(&a, &path.replace("NAME", "b")).await, ask(&a, &path.replace("NAME", "none")).await);
        assert!(b.status.is_client_error(), "{path}: {}", b.text());
        same(&b, &none, "b");
    }
    let of = |name: &str| format!(r#"{{"collections":["{name}"]}}"#);
    same(&post(&a, "/search", of("b")).await, &post(&a, "/search", of("none")).await, "b");
    for path in [
        "/collections/b%2F..%2Fa/items",
        "/collections/a%2F..%2Fb",
        "/collections/a/../b",
        "/collections/%62",
        "/collections/b%2Fitems",
    ] {
        assert_eq!(ask(&a, path).await.status.as_u16(), 404, "{path}");
    }
    // Lists, counts and what can be asked for.
    let collections = ask(&a, "/collections").await.json();
    assert_eq!(
        (&collections["numberMatched"], &collections["collections"][0]["id"]),
        (&json!(1), &json!("a"))
    );
    assert_eq!(ask(&a, "/collections?filter=id%3D'b'").await.json()["numberMatched"], 0);
    for path in ["/", "/children", "/collections?bbox=178,0,180,2"] {
        assert!(!ask(&a, path).await.text().contains("/collections/b"), "{path}");
        assert!(ask(&all, path).await.text().contains("/collections/b"), "{path}");
    }
    let aggregate = "/aggregate?aggregations=total_count,collection_frequency,datetime_max,gsd_max";
    let found = ask(&a, aggregate).await.json();
    assert_eq!(found["aggregations"][0]["value"], 3);
    assert_eq!(found["aggregations"][1]["buckets"].as_array().unwrap().len(), 1);
    assert_eq!(found["aggregations"][2]["value"], "2024-02-01T00:00:00Z");
    assert_eq!(ask(&all, aggregate).await.json()["aggregations"][0]["value"], 5);
    assert!(!ask(&a, "/collections-queryables").await.text().contains("made of what they say"));
    // Pages of one are no pages of another.
    let next = link(&ask(&all, "/search?limit=1").await.json(), "next").unwrap()["href"]
        .as_str()
        .unwrap()
        .to_owned();
    let next = next.strip_prefix("http://stac.test").unwrap();
    assert_eq!(ask(&a, next).await.status.as_u16(), 400);
    let next =
        link(&ask(&a, "/search?limit=1").await.json(), "next").unwrap()["href"].as_str().unwrap().to_owned();
    let next = next.strip_prefix("http://stac.test").unwrap();
    assert_eq!(ask(&a, next).await.ids(), "a3");
    assert_eq!(ask(&all, next).await.status.as_u16(), 400);
}

/// One who may write `a` and see nothing else learns nothing of `b` by writing.
#[tokio::test]
async fn writing_tells_nothing_of_what_one_may_not_see() {
    let (client, [a]) = guarded(true, [&["write:a"]]);
    let token = [("authorization", &*a)];
    for method in ["PUT", "PATCH", "DELETE"] {
        for (b, none) in [
            ("/collections/b", "/collections/none"),
            ("/collections/b/items/b%2F1%20%C3%BC", "/collections/none/items/b%2F1%20%C3%BC"),
        ] {
            let (b, none) =
                (client.call(method, b, &token, "{}").await, client.call(method, none, &token, "{}").await);
            assert_eq!((b.status.as_u16(), none.status.as_u16()), (404, 404), "{method}");
            assert_eq!(b.text().replace("\\\"b\\\"", ""), none.text().replace("\\\"none\\\"", ""));
        }
    }
    for id in ["b", "none"] {
        let made = client.call("POST", "/collections", &token, &format!(r#"{{"id":"{id}"}}"#)).await;
        assert_eq!(made.status.as_u16(), 403);
        let path = format!("/collections/{id}/items");
        assert_eq!(client.call("POST", &path, &token, ITEM).await.status.as_u16(), 404);
    }
    assert_eq!(client.call("POST", "/collections/a/items", &token, ITEM).await.status.as_u16(), 201);
}

fn with_origins(origins: &[&str], writable: bool) -> Client {
    let cors_origins = origins.iter().map(|&origin| origin.to_owned()).collect();
    changeable(Options { cors_origins, writable, ..options() }).0
}

#[tokio::test]
async fn pages_of_other_origins_ask_where_they_may() {
    let origin = ("origin", "https://app.org");
    let preflight = |client: &Client, method: &str, headers: &str| {
        let (client, method, headers) = (client.clone(), method.to_owned(), headers.to_owned());
        async move {
            let wanted = [
                origin,
                ("access-control-request-method", &*method),
                ("access-control-request-headers", &*headers),
            ];
            client.call("OPTIONS", "/collections/a/items/a1", &wanted, "").await
        }
    };
    let none = with_origins(&[], true);
    assert_eq!(none.call("GET", "/", &[origin], "").await.header("access-control-allow-origin"), "");
    assert_eq!(preflight(&none, "DELETE", "").await.header("access-control-allow-origin"), "");
    assert_eq!(none.get("/").await.header("cross-origin-resource-policy"), "same-origin");

    let any = with_origins(&["*"], true);
    let answer = any.call("GET", "/collections/a/items/a1", &[origin], "").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(
        answer.header("access-control-expose-headers"),
        "content-disposition,etag,link,location,retry-after,x-request-id"
    );
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
    let allowed = preflight(&any, "DELETE", "authorization").await;
    assert!(!allowed.header("access-control-allow-methods").contains("DELETE"));
    assert!(!allowed.header("access-control-allow-headers").contains("authorization"));
    // Nor does it write where no preflight is made.
    let written = any.call("DELETE", "/collections/a/items/a1", &[origin], "").await;
    assert_eq!(written.status.as_u16(), 403, "{}", written.text());

    let named = with_origins(&["https://app.org", "https://other.org"], true);
    let allowed = preflight(&named, "PATCH", "authorization,if-match").await;
    assert_eq!(allowed.header("access-control-allow-origin"), "https://app.org");
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"));
    assert!(allowed.header("access-control-allow-headers").contains("authorization"));
    let stranger = named.call("GET", "/", &[("origin", "https://app.org.evil.org")], "").await;
    assert_eq!(stranger.header("access-control-allow-origin"), "");
    assert_eq!(named.call("DELETE", "/collections/a/items/a1", &[origin], "").await.status.as_u16(), 204);
}

/// A form of any page can send text without asking; what is sent so writes nothing.
#[tokio::test]
async fn forms_of_other_pages_write_nothing() {
    let client = with_origins(&[], true);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let answer = client.call("POST", "/collections/a/items", &[("content-type", kind)], ITEM).await;
        assert_eq!(answer.status.as_u16(), 415);
    }
    // A name that leads to this machine makes a page of another origin of it.
    let rebound = [("origin", "http://evil.org:8080"), ("host", "evil.org:8080")];
    assert_eq!(client.call("DELETE", "/collections/a/items/a1", &rebound, "").await.status.as_u16(), 403);
}

#[tokio::test]
async fn answers_are_used_for_nothing_else() {
    let (client, _) = guarded(true, [&["read"]]);
    let page = changeable(options()).0.get("/api.html").await;
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'; script-src 'self'; style-src")
    );
    for path in ["/", "/nothing", "/search"] {
        let answer = client.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    }
}

#[test]
fn options_that_do_not_fit_are_refused() {
    for wrong in [
        Options { private: true, ..options() },
        Options { cors_origins: vec!["app.org".to_owned()], ..options() },
    ] {
        assert!(stacyard_server::router(vec![], wrong.clone()).is_err());
        let store = stacyard_store::conformance::Memory::default().into();
        assert!(stacyard_server::router(vec![store], wrong).is_err());
    }
}

/// A profile tells of the fields of all collections, and `browseable` of Items without one.
#[tokio::test]
async fn what_is_said_of_all_is_not_told_to_who_may_see_some() {
    let stores = Stores::new();
    let profile = Profile::parse("[fields.secret]\ntype = \"string\"\n").unwrap();
    let (from, to) = (stores.path("all.ndjson"), stores.path("with_profile.parquet"));
    let copying = Copying { profile: Some(Arc::new(profile)), ..Copying::default() };
    stacyard::copy(&from, &to, copying, Run::default()).unwrap();
    let (secret, line) = Bearers::mint("some", &["read:a".to_owned()]).unwrap();
    let (all_secret, all_line) = Bearers::mint("all", &["read".to_owned()]).unwrap();
    let bearers = Some(Bearers::parse(&format!("{line}\n{all_line}")).unwrap());
    let options = Options { private: true, bearers, ..options() };
    let store = stacyard::open(&to).unwrap();
    let client = stores.client_of(stacyard_server::router(vec![store], options).unwrap());
    for (secret, sees_all) in [(secret, false), (all_secret, true)] {
        let token = format!("Bearer {secret}");
        let file = client.call("GET", "/search?f=geoparquet", &[("authorization", &token)], "").await;
        std::fs::write(stores.path("taken.parquet"), &file.body).unwrap();
        let taken = stacyard::open(&stores.path("taken.parquet")).unwrap();
        assert_eq!(taken.profile().is_some(), sees_all);
        let columns = file.body.windows(6).any(|bytes| bytes == b"secret");
        assert_eq!(columns, sees_all);
        let classes = client.call("GET", "/conformance", &[("authorization", &token)], "").await.text();
        assert_eq!(classes.contains("/browseable"), !sees_all, "{classes}");
    }
}
