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

/// The text of a page without the scripts of the server, which are there where they were built.
fn stored(page: &Answer) -> String {
    let mut text = page.text();
    for own in ["<script type=\"module\" src", "<script type=\"module\" async src"] {
        let own = format!("{own}=\"http://stac.test/assets/m");
        if let Some((before, rest)) = text.split_once(&own) {
            let (_, after) = rest.split_once("></script>").unwrap();
            text = format!("{before}{after}");
        }
    }
    text
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

/// A server over a file of these Items.
fn over(items: &[String]) -> Client {
    let stores = Stores::new();
    std::fs::write(stores.path("own.ndjson"), items.join("\n")).unwrap();
    stores.client(&["own.ndjson"])
}

fn item(id: &str, geometry: &str, bbox: &str, properties: &str) -> String {
    format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"{id}","collection":"c","geometry":{geometry},"bbox":{bbox},"properties":{{{properties}}},"links":[],"assets":{{}}}}"#
    )
}

fn place(id: &str, properties: &str) -> String {
    item(id, r#"{"type":"Point","coordinates":[7,46]}"#, "[7,46,7,46]", properties)
}

/// What stands in an element of a page that has an id.
fn shown(page: &Answer, id: &str) -> Option<String> {
    let text = page.text();
    let (_, rest) = text.split_once(&format!("id=\"{id}\" tabindex=\"0\">"))?;
    let plain =
        rest.split_once("</pre>")?.0.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    Some(plain.replace("&amp;", "&"))
}

#[tokio::test]
async fn the_filter_that_is_shown_asks_the_same_alone() {
    let spans = over(&[
        place("at", r#""datetime":"2024-05-01T00:00:00Z","x":1"#),
        place(
            "span",
            r#""datetime":"2024-01-01T00:00:00Z","start_datetime":"2024-04-01T00:00:00Z","end_datetime":"2024-06-01T00:00:00Z","x":2"#,
        ),
        place(
            "before",
            r#""datetime":"2024-05-01T00:00:00Z","start_datetime":"2023-01-01T00:00:00Z","end_datetime":"2023-06-01T00:00:00Z""#,
        ),
    ]);
    assert_eq!(alone(&spans, "datetime=2024-05-01T00:00:00Z").await, "at span");
    assert_eq!(alone(&spans, "datetime=2024-05-01T00:00:00Z&filter=x=2%20OR%20x=1").await, "at span");
    assert_eq!(alone(&spans, "datetime=../2023-12-31T00:00:00Z").await, "before");
    for client in Stores::new().all() {
        assert_eq!(alone(&client, "datetime=2024-02-01T00:00:00Z/..&bbox=170,-5,-170,5").await, "a3 b/1 ü");
        assert_eq!(alone(&client, "ids=a1&collections=a,b&bbox=0,0,90,90").await, "a1");
        assert_eq!(
            alone(&client, "datetime=2024-01-01T00:00:00Z/2024-02-15T00:00:00Z&filter=gsd%20%3C%2020").await,
            "a1 a2"
        );
        // What CQL2 cannot say is said to be beside it.
        let words = page(&client, "/search?q=alps&filter=gsd%20%3C%2020").await;
        assert_eq!(shown(&words, "cql2-text").as_deref(), Some("gsd < 20"));
        assert!(words.text().contains("words have no spelling there"));
    }
}

/// The ids of a search, which are those of the filter that its page shows.
async fn alone(client: &Client, query: &str) -> String {
    let asked = client.get(&format!("/search?{query}&sortby=id")).await.ids();
    let filter = shown(&page(client, &format!("/search?{query}")).await, "cql2-text").unwrap();
    let encoded = filter.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
    assert_eq!(client.get(&format!("/search?filter={encoded}&sortby=id")).await.ids(), asked, "{filter}");
    asked
}

#[tokio::test]
async fn a_page_of_large_items_ends_early_and_goes_on() {
    let large = "x".repeat(4 << 20);
    let all: Vec<String> = (0..9)
        .map(|n| place(&format!("i{n}"), &format!(r#""datetime":"2024-01-01T00:00:00Z","large":"{large}""#)))
        .collect();
    let client = over(&all);
    let (mut path, mut seen) = ("/search?limit=100&sortby=id&f=html".to_owned(), Vec::new());
    for items in [4, 4, 1] {
        let page = client.get(&path).await;
        let text = page.text();
        let ids: Vec<String> =
            text.split("data-id=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), items, "{ids:?}");
        seen.extend(ids);
        if let Some(next) =
            targets(&page).into_iter().rfind(|target| target.contains("token=") && target.contains("f=html"))
        {
            path = next;
        }
    }
    assert_eq!(seen, (0..9).map(|n| format!("i{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_crosses_the_antimeridian_is_drawn_across_it() {
    let ring = "[[[179,0],[-179,0],[-179,1],[179,1],[179,0]]]";
    let across = item(
        "across",
        &format!(r#"{{"type":"Polygon","coordinates":{ring}}}"#),
        "[179,0,-179,1]",
        r#""datetime":"2024-01-01T00:00:00Z""#,
    );
    let client = over(&[across]);
    for path in ["/search", "/collections/c/items/across"] {
        let text = page(&client, path).await.text();
        assert!(text.contains("[[179.0,0.0],[181.0,0.0],[181.0,1.0]"), "{path}: {text}");
        assert!(text.contains("M179 -0L181 -0") && text.contains("M-181 -0L-179 -0"), "{path}: {text}");
    }
}

#[tokio::test]
async fn a_search_by_a_body_has_no_page() {
    let client = Stores::new().client(&["all.ndjson"]);
    let named = client.post("/search?f=html", "{}").await;
    assert_eq!(named.status, StatusCode::BAD_REQUEST);
    assert!(named.text().contains("ask for the page by a GET"), "{}", named.text());
    let rather = client.call("POST", "/search", &[("accept", BROWSER)], "{}").await;
    assert_eq!((rather.status, rather.header("content-type")), (StatusCode::OK, "application/geo+json"));
}
