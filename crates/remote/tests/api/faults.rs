//! What servers in the field do.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use stacyard_http::HttpOptions;
use stacyard_remote::ApiOptions;
use stacyard_search::Search;
use stacyard_store::{Error, ErrorKind, Run, Store};

use super::support::{Had, Server, broken, ids, item, json, landing, page};

const SORT: &str = "https://api.stacspec.org/v1.0.0/item-search#sort";
const FILTER: &str = "https://api.stacspec.org/v1.0.0/item-search#filter";
const CQL2: &str = "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json";

/// A server that has a landing page, and answers its other requests, which are counted by themselves, as a function says.
fn api(
    classes: &'static [&'static str],
    answer: impl Fn(usize, &Had) -> Response + Clone + Send + Sync + 'static,
) -> Server {
    Server::new(move |number, had| match had.uri.path() {
        "/" => json(landing(classes)),
        _ => answer(number - 1, had),
    })
}

fn store(server: &Server) -> Store {
    server.open(ApiOptions::default()).unwrap().into()
}

fn attempts(attempts: u32) -> ApiOptions {
    ApiOptions { http: HttpOptions { attempts, ..HttpOptions::default() }, ..ApiOptions::default() }
}

pub(crate) fn said(error: &Error, server: &Server) -> String {
    let details: Vec<String> = error.details().iter().map(|line| format!("\n{line}")).collect();
    let advice = error.advice().map(|advice| format!("\n{advice}")).unwrap_or_default();
    format!("{error}{}{advice}", details.concat()).replace(&server.url, "URL")
}

fn next(place: &str) -> String {
    format!(
        r#","links":[{{"rel":"next","method":"POST","href":"/search","body":{{"token":"{place}"}},"merge":true}}]"#
    )
}

#[test]
fn what_fails_for_a_while_is_asked_again() {
    let server = api(&[], |number, _| match number {
        0 => StatusCode::BAD_GATEWAY.into_response(),
        1 => broken(),
        2 => json(page(&[item("a", "2024-01-01T00:00:00Z")], &next("2"))),
        3 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response(),
        _ => json(page(&[item("b", "2024-01-01T00:00:00Z")], "")),
    });
    let started = Instant::now();
    assert_eq!(ids(&store(&server)).unwrap(), ["a", "b"]);
    assert!(started.elapsed() >= Duration::from_secs(2), "half a second, a second, and what was asked for");
    let bodies: Vec<_> =
        server.had().iter().skip(1).map(|had| String::from_utf8_lossy(&had.body).into_owned()).collect();
    let (first, second) = (r#"{"limit":500}"#, r#"{"limit":500,"token":"2"}"#);
    assert_eq!(bodies, [first, first, first, second, second]);
}

#[test]
fn what_goes_on_failing_is_an_error() {
    let server = api(&[], |_, _| {
        (StatusCode::SERVICE_UNAVAILABLE, json(r#"{"code":"Busy","description":"come back tomorrow"}"#))
            .into_response()
    });
    let store: Store = server.open(attempts(2)).unwrap().into();
    let error = ids(&store).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    insta::assert_snapshot!(said(&error, &server));
}

#[test]
fn pages_that_go_round_or_away_are_told() {
    let round = api(&[], |_, _| json(page(&[item("a", "2024-01-01T00:00:00Z")], &next("1"))));
    insta::assert_snapshot!(said(&ids(&store(&round)).unwrap_err(), &round));
    let away = api(&[], |_, _| {
        json(page(&[], r#","links":[{"rel":"next","href":"http://elsewhere.example/search?key=secret"}]"#))
    });
    insta::assert_snapshot!(said(&ids(&store(&away)).unwrap_err(), &away));
}

/// An API that leads to another server, and that one.
fn leading_away(by_redirect: bool) -> (Server, Server) {
    let other = Server::new(|_, _| json(page(&[item("b", "2024-01-01T00:00:00Z")], "")));
    let elsewhere = format!("{}/search", other.url);
    let server = api(&[], move |number, _| match (by_redirect, number) {
        (true, _) => Redirect::temporary(&elsewhere).into_response(),
        _ => json(page(
            &[item("a", "2024-01-01T00:00:00Z")],
            &format!(r#","links":[{{"rel":"next","href":"{elsewhere}"}}]"#),
        )),
    });
    (server, other)
}

/// The other server is on another port of the same host, as a stranger's may be.
#[test]
fn headers_go_to_the_api_alone() {
    for by_redirect in [false, true] {
        let (server, other) = leading_away(by_redirect);
        let headers = vec![("X-Api-Key".to_owned(), "secret".to_owned())];
        let http = HttpOptions { headers, ..HttpOptions::default() };
        let options = ApiOptions { http: http.clone(), ..ApiOptions::default() };
        assert!(!format!("{options:?}").contains("secret"));
        let store: Store = server.open(options.clone()).unwrap().into();
        assert!(ids(&store).unwrap_err().to_string().contains("the API leads elsewhere"));
        assert_eq!(other.had().len(), 0);
        let store: Store = server
            .open(ApiOptions { http: HttpOptions { follow_foreign: true, ..http }, ..options })
            .unwrap()
            .into();
        assert_eq!(ids(&store).unwrap().last().unwrap(), "b");
        assert!(server.had().iter().all(|had| had.headers["x-api-key"] == "secret"));
        assert_eq!(other.had().len(), 1);
        assert!(!other.had()[0].headers.contains_key("x-api-key"));
    }
}

#[test]
fn redirects_are_followed_on_the_same_host_only() {
    let same = Server::new(|_, had| match had.uri.path() {
        "/" => Redirect::temporary("/stac/").into_response(),
        _ => json(landing(&[])),
    });
    same.open(ApiOptions::default()).unwrap();
    let away = Server::new(|_, _| Redirect::temporary("http://localhost:1/?key=secret").into_response());
    insta::assert_snapshot!(said(&away.open(ApiOptions::default()).err().unwrap(), &away));
    let circle = Server::new(|_, _| Redirect::temporary("/again").into_response());
    insta::assert_snapshot!(said(&circle.open(ApiOptions::default()).err().unwrap(), &circle));
}

#[test]
fn what_is_no_api_is_told() {
    let of = |answer: fn() -> Response| {
        let server = Server::new(move |_, _| answer());
        said(&server.open(attempts(1)).err().unwrap(), &server)
    };
    let html = || ([("content-type", "text/html")], "<html>").into_response();
    insta::assert_snapshot!(of(html));
    insta::assert_snapshot!(of(|| json(r#"{"type":"Catalog","id":"static","links":[]}"#)));
    insta::assert_snapshot!(of(|| StatusCode::UNAUTHORIZED.into_response()));
    insta::assert_snapshot!(of(|| StatusCode::NOT_FOUND.into_response()));
    let closed = stacyard_remote::Api::open("http://127.0.0.1:9/", attempts(1));
    insta::assert_snapshot!(closed.err().unwrap().to_string());
}

#[test]
fn a_filter_is_asked_where_the_api_knows_filters() {
    let filter = stacyard_search::parse_filter("\"eo:cloud_cover\" < 10").unwrap();
    let search = Search { filter: Some(filter), collections: vec!["c".to_owned()], ..Search::default() };
    let item = |cover: u32| {
        item("a", "2024-01-01T00:00:00Z")
            .replace(r#""properties":{"#, &format!(r#""properties":{{"eo:cloud_cover":{cover},"#))
    };
    let (low, high) = (item(5), item(50).replace(r#""id":"a""#, r#""id":"b""#));
    let answer = move |_: usize, had: &Had| match had.uri.path() {
        "/search" => json(page(&[low.clone(), high.clone()], r#","numberMatched":2"#)),
        _ => json(r#"{"collections":[],"links":[]}"#),
    };
    let knows = api(&[FILTER, CQL2], answer.clone());
    let count = |server: &Server, options| {
        let store: Store = server.open(options).unwrap().into();
        store.count(&search.clone().into(), Run::default())
    };
    // It is looked at here again: this API has not kept to it.
    let report = count(&knows, ApiOptions::default()).unwrap();
    assert_eq!((report.answered, report.notes.len()), (1, 0));
    let asked = String::from_utf8_lossy(&knows.had().last().unwrap().body).into_owned();
    assert_eq!(
        asked,
        r#"{"collections":["c"],"filter":{"op":"<","args":[{"property":"eo:cloud_cover"},10]},"filter-lang":"cql2-json","limit":500}"#
    );
    let knows_not = api(&[], answer);
    let report = count(&knows_not, ApiOptions::default()).unwrap();
    assert_eq!(report.answered, 1);
    let notes: Vec<String> =
        report.notes.iter().map(|note| note.message.replace(&knows_not.url, "URL")).collect();
    insta::assert_snapshot!(notes.join("\n"));
    let strict = count(&knows_not, ApiOptions { strict: true, ..ApiOptions::default() }).unwrap_err();
    insta::assert_snapshot!(said(&strict, &knows_not));
}

#[test]
fn the_first_items_need_not_all_pages() {
    let months: Vec<String> = (1..=9)
        .rev()
        .map(|month| item(&format!("m{month}"), &format!("2024-0{month}-01T00:00:00Z")))
        .collect();
    // In pages of three, the months of each; none lacks a place in the order.
    let pages = |order: [usize; 9]| {
        let months = months.clone();
        move |_: usize, had: &Had| {
            let body: serde_json::Value = serde_json::from_slice(&had.body).unwrap();
            if body["filter"]["op"] == "isNull" {
                return json(page(&[], ""));
            }
            let place = body["token"].as_str().map_or(0, |token| token.parse().unwrap());
            let items: Vec<String> =
                order[place * 3..][..3].iter().map(|month| months[9 - month].clone()).collect();
            json(page(&items, &if place < 2 { next(&(place + 1).to_string()) } else { String::new() }))
        }
    };
    let first = |server: &Server| {
        let store: Store = server.open(ApiOptions { ahead: 1, ..ApiOptions::default() }).unwrap().into();
        let search = Search { max_items: Some(2), ..Search::default() };
        let (mut found, _) = store.find(&search.into(), Run::default()).unwrap();
        let mut ids = Vec::new();
        while let Some(entry) = found.entry().unwrap() {
            let item: serde_json::Value = serde_json::from_slice(&entry.text).unwrap();
            ids.push(item["id"].as_str().unwrap().to_owned());
        }
        ids
    };
    let sorts = api(&[SORT, FILTER, CQL2], pages([9, 8, 7, 6, 5, 4, 3, 2, 1]));
    assert_eq!(first(&sorts), ["m9", "m8"]);
    let had = sorts.had();
    let body = |had: &Had| serde_json::from_slice::<serde_json::Value>(&had.body).unwrap();
    let lacks =
        r#"{"filter":{"op":"isNull","args":[{"property":"datetime"}]},"filter-lang":"cql2-json","limit":1}"#;
    assert_eq!(body(&had[1]), serde_json::from_str::<serde_json::Value>(lacks).unwrap());
    let sorted = r#"{"limit":500,"sortby":[{"field":"properties.datetime","direction":"desc"}]}"#;
    assert_eq!(body(&had[2]), serde_json::from_str::<serde_json::Value>(sorted).unwrap());
    // Those on the first page, and what was on its way.
    assert!(had.len() <= 5, "{}", had.len());
    // One that cannot be asked for those without a place is read whole.
    let sorts_only = api(&[SORT], pages([9, 8, 7, 6, 5, 4, 3, 2, 1]));
    assert_eq!(first(&sorts_only), ["m9", "m8"]);
    assert_eq!(sorts_only.had().len(), 4);
    // One that says that it sorts, and does not: by the end of its first page two would be found.
    let liar = api(&[SORT, FILTER, CQL2], pages([5, 6, 4, 9, 8, 7, 3, 2, 1]));
    assert_eq!(first(&liar), ["m9", "m8"]);
}
