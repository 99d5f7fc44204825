//! Static catalogs on loopback and in folders, and what can be wrong with them.

use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::support::{Answer, Server, catalog, collection, crawl, has, item, options};
use serde_json::{Value, json};
use stacyard_catalog::CrawlOptions;
use stacyard_http::HttpOptions;
use stacyard_store::ErrorKind;

/// An error with its details and its remedy.
fn told(error: &stacyard_store::Error) -> String {
    let mut lines = vec![error.to_string()];
    lines.extend(error.details().iter().cloned());
    lines.extend(error.advice().map(|advice| format!("help: {advice}")));
    lines.join("\n")
}

#[test]
fn links_are_followed_in_order_and_each_place_once() {
    // Relative and absolute links, a cycle, a place by two names, Items in a FeatureCollection, an Item that is called a child, and a
    // Collection without Items.
    let features = json!({"type": "FeatureCollection", "features": [item("f1"), item("f2")]});
    let mut root = catalog(&[
        ("root", "./catalog.json"),
        ("child", "./a/collection.json"),
        ("child", "/e/collection.json"),
        ("child", "./lone.json"),
        ("item", "./r.json"),
    ]);
    let more = json!([
        {"rel": "items", "href": "features.json", "type": "application/geo+json"},
        {"rel": "items", "href": "page.html", "type": "text/html"},
    ]);
    root["links"].as_array_mut().unwrap().extend(more.as_array().unwrap().clone());
    let server = Server::of([
        has("catalog.json", &root),
        has(
            "a/collection.json",
            &collection(
                "a",
                &[
                    ("parent", "../catalog.json"),
                    ("child", "../catalog.json"),
                    ("item", "x/../1.json"),
                    ("item", "2.json#top"),
                    ("item", "./2.json"),
                    ("child", "b.json"),
                ],
            ),
        ),
        has(
            "a/b.json",
            &catalog(&[
                ("item", "/a/3.json"),
                ("item", "1.json"),
                ("child", "collection.json"),
                ("child", "b.json"),
            ]),
        ),
        has("e/collection.json", &collection("e", &[])),
        has("a/1.json", &item("1")),
        has("a/2.json", &item("2")),
        has("a/3.json", &item("3")),
        has("r.json", &item("r")),
        has("lone.json", &item("lone")),
        has("features.json", &features),
    ]);
    let crawled = crawl(&server.url("catalog.json"), options()).unwrap();
    assert_eq!(crawled.rejects, Vec::<String>::new());
    assert_eq!(crawled.ids, ["r", "f1", "f2", "1", "2", "lone", "3"]);
    let collections: Vec<&String> = crawled.report.collections.left_out.iter().collect();
    assert_eq!(collections, ["a", "e"]);
    // But for the Item that was a child, which is asked for again as an Item.
    let mut paths = server.seen.paths.lock().unwrap().clone();
    paths.sort();
    let all = paths.len();
    paths.dedup();
    assert_eq!((all, paths.len()), (11, 10), "{paths:?}");
}

#[test]
fn what_cannot_be_read_is_set_aside_with_the_page_that_links_to_it() {
    let bad = json!({"type": "Feature", "id": "bad"});
    let paged = json!({"type": "FeatureCollection", "features": [item("p")], "links": [{"rel": "next", "href": "?page=2"}]});
    let server = Server::of([
        has(
            "catalog.json",
            &catalog(&[
                ("child", "gone/catalog.json"),
                ("child", "html.json"),
                ("child", "api.json"),
                ("item", "1.json"),
                ("item", "gone.json"),
                ("item", "forbidden.json"),
                ("item", "html.json?key=secret"),
                ("item", "bad.json"),
                ("item", "collection.json"),
                ("item", "paged.json"),
                ("item", "file:///etc/passwd"),
                ("item", "2.json"),
                ("item", "broken.json"),
            ]),
        ),
        has("1.json", &item("1")),
        has("2.json", &item("2")),
        has("bad.json", &bad),
        has("collection.json", &collection("c", &[])),
        has("paged.json", &paged),
        has("api.json", &json!({"type": "Catalog", "conformsTo": [], "links": []})),
        ("html.json".to_owned(), Answer::Html),
        ("forbidden.json".to_owned(), Answer::Status(403)),
        ("broken.json".to_owned(), Answer::Json("{\"type\":".to_owned())),
    ]);
    let crawled = crawl(&server.url("catalog.json"), options()).unwrap();
    assert_eq!(crawled.ids, ["1", "2"]);
    let rejects = crawled.rejects.join("\n").replace(&server.url(""), "URL/");
    insta::assert_snapshot!(rejects);
}

#[test]
fn a_server_that_stumbles_is_asked_again_and_one_that_is_down_is_an_error() {
    let documents = |last: Answer| {
        Server::of([
            has("catalog.json", &catalog(&[("item", "1.json"), ("item", "2.json"), ("item", "3.json")])),
            ("1.json".to_owned(), Answer::Slow(Duration::from_millis(200), item("1").to_string())),
            ("2.json".to_owned(), Answer::After(1, item("2").to_string())),
            ("3.json".to_owned(), last),
        ])
    };
    let server = documents(Answer::To("/4.json".to_owned()));
    let crawled = crawl(&server.url("catalog.json"), options()).unwrap();
    assert_eq!((crawled.ids, crawled.rejects.len()), (vec!["1".to_owned(), "2".to_owned()], 1));
    let server = documents(Answer::Status(503));
    let error = crawl(&server.url("catalog.json"), options()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    insta::assert_snapshot!(told(&error).replace(&server.url(""), "URL/"), @r"
    URL/3.json answers 503 Service Unavailable
    after 2 attempts
    URL/catalog.json links to it
    help: try again later
    ");
}

#[test]
fn links_to_another_server_are_followed_only_on_request_and_without_headers() {
    let other = Server::of([has("x.json", &item("x"))]);
    let server = Server::of([
        has(
            "catalog.json",
            &catalog(&[("item", &other.url("x.json")), ("item", "to-other.json"), ("item", "1.json")]),
        ),
        ("to-other.json".to_owned(), Answer::To(other.url("x.json"))),
        has("1.json", &item("1")),
        has("redirects.json", &catalog(&[("item", "to-other.json")])),
    ]);
    let urls = |text: String| text.replace(&server.url(""), "URL/").replace(&other.url(""), "OTHER/");
    let error = crawl(&server.url("catalog.json"), options()).err().unwrap();
    insta::assert_snapshot!(urls(told(&error)), @r"
    URL/catalog.json links to OTHER/x.json, which is on another host or port, or without TLS
    help: if that is right, follow with `follow-foreign`; headers do not go there
    ");
    let error = crawl(&server.url("redirects.json"), options()).err().unwrap();
    assert!(
        urls(told(&error)).contains("leads elsewhere, to another host or port, or without TLS: OTHER/x.json"),
        "{}",
        told(&error)
    );
    let headers = vec![("X-Api-Key".to_owned(), "secret".to_owned())];
    let http = HttpOptions { follow_foreign: true, headers, ..options().http };
    let crawled = crawl(&server.url("catalog.json"), CrawlOptions { http, ..options() }).unwrap();
    // By its own name and by the redirect it is the same Item.
    assert_eq!(crawled.ids, ["x", "1"]);
    assert_eq!(crawled.report.errors.keys().collect::<Vec<_>>(), ["duplicate-id"]);
    assert!(other.seen.keys.lock().unwrap().iter().all(|(_, has_key)| !has_key));
    let of_last = server.seen.keys.lock().unwrap().last().cloned();
    assert!(of_last.unwrap().1);
}

#[test]
fn fifty_levels_are_fifty_levels() {
    let level = |n: usize| {
        let all = [("item", "i.json"), ("child", "d/catalog.json")];
        let links = if n < 49 { &all[..] } else { &all[..1] };
        has(&format!("{}catalog.json", "d/".repeat(n)), &catalog(links))
    };
    let items = (0..50).map(|n| has(&format!("{}i.json", "d/".repeat(n)), &item(&format!("i{n}"))));
    let server = Server::of((0..50).map(level).chain(items).collect::<Vec<_>>());
    let crawled = crawl(&server.url("catalog.json"), options()).unwrap();
    assert_eq!(crawled.ids, (0..50).map(|n| format!("i{n}")).collect::<Vec<_>>());
}

#[test]
fn so_many_are_asked_for_at_once_and_no_faster_than_said() {
    let hrefs: Vec<String> = (0..60).map(|n| format!("{n}.json")).collect();
    let links: Vec<(&str, &str)> = hrefs.iter().map(|href| ("item", href.as_str())).collect();
    let items = (0..60).map(|n| has(&hrefs[n], &item(&n.to_string())));
    let documents: Vec<_> = items.chain([has("catalog.json", &catalog(&links))]).collect();
    let server = Server::of(documents.clone());
    crawl(&server.url("catalog.json"), CrawlOptions { concurrency: 6, ..options() }).unwrap();
    assert_eq!(server.seen.most.load(Ordering::SeqCst), 6);
    let server = Server::of(documents);
    let started = Instant::now();
    crawl(&server.url("catalog.json"), CrawlOptions { delay: Duration::from_millis(10), ..options() })
        .unwrap();
    assert!(started.elapsed() > Duration::from_millis(600), "{:?}", started.elapsed());
}

#[test]
fn what_is_no_catalog_is_told() {
    let server = Server::of([
        has("item.json", &item("a")),
        has("api.json", &json!({"type": "Catalog", "conformsTo": [], "links": []})),
        has("other.json", &json!({"a": 1})),
        ("html.json".to_owned(), Answer::Html),
    ]);
    let of = |path: &str| {
        told(&crawl(&server.url(path), options()).err().unwrap()).replace(&server.url(""), "URL/")
    };
    let all: Vec<String> = ["item.json", "api.json", "other.json", "html.json", "gone.json"].map(of).into();
    insta::assert_snapshot!(all.join("\n"));
}

fn write(folder: &std::path::Path, path: &str, document: &Value) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, document.to_string()).unwrap();
}

#[test]
fn a_folder_is_read_and_not_left() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(
        here,
        "cat/catalog.json",
        &catalog(&[("child", "a/collection.json"), ("item", "gone.json"), ("item", "a")]),
    );
    write(
        here,
        "cat/a/collection.json",
        &collection("a", &[("item", "b c.json"), ("item", "d%20e.json"), ("item", "./../f.json")]),
    );
    write(here, "cat/a/b c.json", &item("b"));
    write(here, "cat/a/d e.json", &item("d"));
    write(here, "cat/f.json", &item("f"));
    let start = here.join("cat");
    let crawled = crawl(start.to_str().unwrap(), options()).unwrap();
    assert_eq!(crawled.ids, ["b", "d", "f"]);
    insta::assert_snapshot!(crawled.rejects.join("\n").replace(here.to_str().unwrap(), "FOLDER"));
    write(here, "secret.json", &item("secret"));
    write(here, "cat/a/collection.json", &collection("a", &[("item", "../../secret.json")]));
    let error = crawl(start.to_str().unwrap(), options()).err().unwrap();
    insta::assert_snapshot!(told(&error).replace(here.to_str().unwrap(), "FOLDER"), @r"
    FOLDER/cat/a/collection.json links to FOLDER/secret.json, which is outside of its folder
    help: if that is right, follow with `follow-foreign`
    ");
}

#[test]
fn many_items_take_little_memory() {
    const ITEMS: usize = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..ITEMS).map(|n| format!("{n}.json")).collect();
    let links: Vec<(&str, &str)> = names.iter().map(|name| ("item", name.as_str())).collect();
    write(folder.path(), "catalog.json", &catalog(&links));
    let padding = "x".repeat(3_000);
    for name in &names {
        let mut item = item(name);
        item["properties"]["padding"] = json!(padding);
        fs::write(folder.path().join(name), item.to_string()).unwrap();
    }
    let start = folder.path().join("catalog.json");
    let before = peak();
    let crawled = crawl(start.to_str().unwrap(), options()).unwrap();
    assert_eq!(crawled.ids, names);
    // The text of all of them would be 60 MB; what comes out of it is read here as a whole once.
    let (grown, text) = (peak() - before, ITEMS * 3_200);
    assert!(grown < text + (40 << 20), "{grown}");
}

/// The most memory that this process has had, in bytes.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}
