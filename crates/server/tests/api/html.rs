//! Pages for people.

use axum::http::StatusCode;

use super::support::{Answer, Client, Stores};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn page(client: &Client, path: &str) -> Answer {
    let page = client.accepting(BROWSER, path).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self' 'sha256-"),
        "{path}: {policy}"
    );
    let text = stored(&page);
    for loads in ["<script", "<img", "src=", "@import", "url(", "javascript:", "onload"] {
        assert!(!text.contains(loads), "{path}: {loads}");
    }
    page
}

/// The text of a page without the script of the server, which is there where it was built.
fn stored(page: &Answer) -> String {
    let text = page.text();
    let own = "<script type=\"module\" src=\"http://stac.test/assets/main-";
    let Some((before, rest)) = text.split_once(own) else { return text };
    let (_, after) = rest.split_once("></script>").unwrap();
    format!("{before}{after}")
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
        "/search?f=csv",
        "/search?f=geojson-whole",
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
        let text = stored(&page);
        assert!(
            !text.contains("<script") && !text.contains("<b>") && !text.contains("href=\"JavaScript"),
            "{path}: {text}"
        );
    }
}

#[tokio::test]
async fn a_question_that_cannot_be_asked_comes_back_in_the_form() {
    let client = Stores::new().client(&["all.parquet"]);
    let wrong = page(&client, "/search?filter=gsd%20%3C%3C%201&bbox=&collections=a&collections=b").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let text = wrong.text();
    for shown in
        ["aria-invalid=\"true\"", "gsd &lt;&lt; 1\n     ^", "value=\"a\" checked", "value=\"b\" checked"]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    // The same is an error to a program, which sends no empty fields.
    for json in ["/search?bbox=&f=json", "/search?collections=a&collections=b&f=json"] {
        assert_eq!(client.get(json).await.status, StatusCode::BAD_REQUEST, "{json}");
    }
    let both = page(&client, "/search?bbox=&collections=a&collections=b").await.text();
    assert!(both.contains("4 of 4 Items"), "{both}");
}

#[tokio::test]
async fn neighbours_of_an_item_are_those_in_its_collection() {
    for client in Stores::new().all() {
        let first = page(&client, "/collections/a/items/a3").await.text();
        assert!(first.contains("/collections/a/items/a1\" rel=\"next\""), "{first}");
        assert!(first.contains("/collections/a/items/a2\" rel=\"prev\""), "{first}");
        let last = page(&client, "/collections/a/items/a1").await.text();
        assert!(last.contains("The oldest Item") && last.contains("a3\" rel=\"prev\""), "{last}");
    }
}

#[tokio::test]
async fn chosen_properties_are_rows() {
    for client in Stores::new().all() {
        let some = client.get("/search?f=csv&fields=id,gsd,bbox&sortby=id").await;
        assert_eq!(some.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(some.header("content-disposition"), "attachment; filename=\"items.csv\"");
        assert_eq!(
            some.text(),
            "id,gsd,west,south,east,north\r\na1,10,7.50,46.0,7.50,46.0\r\na2,10.0,8,47,8,47\r\na3,30,-179,0,-179,0\r\n\
             b/1 ü,30,179,1,179,1\r\nloose,1,,,,\r\n"
        );
        let all = client.get("/collections/a/items?f=csv&sortby=id").await.text();
        assert!(
            all.starts_with("id,collection,datetime,start_datetime,end_datetime,west,south,east,north,"),
            "{all}"
        );
        assert!(all.contains("9007199254740993") && all.lines().count() == 4, "{all}");
        let posted = client.post("/search?f=csv", r#"{"ids":["a1"],"fields":{"include":["id"]}}"#).await;
        assert_eq!(posted.text(), "id\r\na1\r\n");
        assert_eq!(client.get("/search?f=csv&fields=-assets").await.status, StatusCode::BAD_REQUEST);
        let whole = client.get("/search?f=geojson-whole&sortby=id").await;
        assert_eq!(
            (whole.ids(), whole.header("content-type")),
            ("a1 a2 a3 b/1 ü loose".to_owned(), "application/geo+json")
        );
        assert_eq!(client.get("/search?f=geojson-whole&ids=none").await.ids(), "");
        assert_eq!(client.get("/search?f=csv&ids=none&fields=id").await.text(), "id\r\n");
    }
}
