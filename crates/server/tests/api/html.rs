//! Pages for people.

use axum::http::StatusCode;

use super::support::{Answer, Client, Stores};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn page(client: &Client, path: &str) -> Answer {
    let page = client.accepting(BROWSER, path).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{path}: {policy}");
    let text = page.text();
    for loads in ["<script", "<img", "src=", "@import", "url(", "javascript:", "onload"] {
        assert!(!text.contains(loads), "{path}: {loads}");
    }
    page
}

/// The targets of the links of a page that lead to the server.
fn targets(page: &Answer) -> Vec<String> {
    let text = page.text();
    let parts = text.split("href=\"http://stac.test").skip(1).filter_map(|rest| rest.split('"').next());
    parts.map(|target| target.replace("&amp;", "&")).collect()
}

#[tokio::test]
async fn a_browser_reaches_all_there_is() {
    let client = Stores::new().client(&["all.parquet"]);
    let (mut seen, mut ahead) = (std::collections::BTreeSet::new(), vec!["/".to_owned()]);
    while let Some(path) = ahead.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let answer = client.accepting(BROWSER, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        if answer.header("content-type").starts_with("text/html") {
            ahead.extend(targets(&page(&client, &path).await));
        }
    }
    for path in [
        "/collections/a/items/a1",
        "/collections/b/items/b%2F1%20%C3%BC",
        "/queryables",
        "/api.html",
        "/search?f=ndjson",
    ] {
        assert!(seen.contains(path), "{path} of {seen:?}");
    }
}

#[tokio::test]
async fn pages_show_what_the_json_says() {
    let client = Stores::new().client(&["all.parquet"]);
    let item = page(&client, "/collections/a/items/a1").await.text();
    for shown in [
        "Snow on the Alps",
        "2024-01-01T00:00:00Z",
        "7.50, 46.0, 7.50, 46.0",
        "eo:cloud_cover",
        "https://d.org/a1.tif",
    ] {
        assert!(item.contains(shown), "{shown}: {item}");
    }
    let items = page(&client, "/search?limit=2").await;
    assert!(items.text().contains("2 of 5 Items") && items.text().contains("rel=\"next\""));
    let next = targets(&items).into_iter().find(|target| target.contains("token=")).unwrap();
    assert!(page(&client, &next).await.text().contains("rel=\"prev\""));
    let many = page(&client, "/search?limit=9999").await.text();
    assert!(many.contains("5 of 5 Items") && many.contains("loose"));
    assert!(page(&client, "/collections").await.text().contains(">The A</a>"));
    assert!(page(&client, "/queryables").await.text().contains("eo:cloud_cover"));
    assert!(page(&client, "/conformance").await.text().contains("https://api.stacspec.org/v1.0.0/core"));
}

#[tokio::test]
async fn what_goes_wrong_is_a_page_too() {
    let client = Stores::new().client(&["all.ndjson"]);
    for (path, status, shown) in [
        ("/nothing", StatusCode::NOT_FOUND, "there is no resource /nothing"),
        ("/search?limit=%3Cb%3E", StatusCode::BAD_REQUEST, "limit: has to be a whole number"),
        ("/search?f=png", StatusCode::BAD_REQUEST, "there are json, geojson, html"),
        ("/search?%3Cscript%3E=1", StatusCode::BAD_REQUEST, "&lt;script&gt;"),
        ("/collections/%3Cscript%3E", StatusCode::NOT_FOUND, "&lt;script&gt;"),
    ] {
        let answer = page(&client, path).await;
        assert_eq!((answer.status, answer.header("cache-control")), (status, "no-store"), "{path}");
        assert!(answer.text().contains(shown), "{path}: {}", answer.text());
        let json = client.accepting("application/json", path).await;
        assert_eq!(json.header("content-type"), "application/problem+json");
        assert_eq!((answer.header("vary"), json.header("vary")), ("accept", "accept"), "{path}");
    }
    assert_eq!(client.get("/nothing?f=html").await.header("content-type"), "text/html; charset=utf-8");
}

#[tokio::test]
async fn nothing_that_a_store_holds_becomes_markup_or_a_script() {
    let stores = Stores::new();
    let evil = r#"<script>alert(1)</script>\"'><b>"#;
    let item = format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"{evil}","collection":"{evil}","geometry":null,"properties":{{"datetime":"2024-01-01T00:00:00Z","title":"{evil}","description":"{evil}","{evil}":"{evil}","u":"JavaScript:alert(1)","deep":[{{"x":"{evil}"}}]}},"links":[{{"rel":"about","href":"JavaScript:alert(1)","title":"{evil}"}}],"assets":{{"{evil}":{{"href":"JavaScript:alert(2)","type":"{evil}","title":"{evil}"}}}}}}"#
    );
    std::fs::write(stores.path("evil.ndjson"), item).unwrap();
    let client = stores.client(&["evil.ndjson"]);
    let id = "%3Cscript%3Ealert%281%29%3C%2Fscript%3E%22%27%3E%3Cb%3E";
    for path in [
        "/",
        "/search",
        "/collections",
        "/queryables",
        &format!("/collections/{id}"),
        &format!("/collections/{id}/items/{id}"),
    ] {
        let page = client.accepting(BROWSER, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let text = page.text();
        assert!(
            !text.contains("<script") && !text.contains("<b>") && !text.contains("href=\"JavaScript"),
            "{path}: {text}"
        );
    }
}
