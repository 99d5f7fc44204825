//! Harvests: what is asked for, what comes of it, and what a run finds that goes on after one that was broken off.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use stacyard_http::HttpOptions;
use stacyard_remote::{ApiOptions, JournalOptions};
use stacyard_search::{Search, Stop};
use stacyard_store::{Error, ErrorKind, Fetched, Store};

use super::faults::said;
use super::support::{Had, Server, broken, json, landing, page};

/// An Item by its id and the first and the last day of its extent; without a `datetime` if they differ, unless it is to have one.
#[derive(Clone)]
struct Thing {
    id: String,
    days: (u32, u32),
    datetime: Option<u32>,
}

fn at(day: u32) -> String {
    format!("20{:02}-{:02}-{:02}T12:00:00Z", 10 + day / 336, 1 + day / 28 % 12, 1 + day % 28)
}

impl Thing {
    fn text(&self) -> String {
        let datetime = self.datetime.map_or_else(|| "null".to_owned(), |day| format!("{:?}", at(day)));
        let (start, end) = (at(self.days.0), at(self.days.1));
        format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"{}","collection":"c","geometry":null,"properties":{{"datetime":{datetime},"start_datetime":"{start}","end_datetime":"{end}"}},"links":[],"assets":{{}}}}"#,
            self.id
        )
    }
}

/// So many Items, a day each.
fn days(count: u32) -> Vec<Thing> {
    let thing = |day| Thing { id: format!("i{day:04}"), days: (day, day), datetime: Some(day) };
    (0..count).map(thing).collect()
}

/// How a server finds Items in a window.
type Finds = fn(&Thing, (&str, &str)) -> bool;

fn by_extent(thing: &Thing, (start, end): (&str, &str)) -> bool {
    (start == ".." || *at(thing.days.1) >= *start) && (end == ".." || *at(thing.days.0) <= *end)
}

fn by_datetime(thing: &Thing, (start, end): (&str, &str)) -> bool {
    thing.datetime.map(at).is_some_and(|at| (start == ".." || *at >= *start) && (end == ".." || *at <= *end))
}

/// A server that finds Items, and says how many, as functions say; `fails` may answer in its place, by the number of the request.
fn server(
    things: Vec<Thing>,
    finds: Finds,
    says: fn(usize) -> Option<usize>,
    fails: impl Fn(usize, &Value) -> Option<Response> + Clone + Send + Sync + 'static,
) -> Server {
    let things = Arc::new(Mutex::new(things));
    changing(things, finds, says, fails)
}

fn changing(
    things: Arc<Mutex<Vec<Thing>>>,
    finds: Finds,
    says: fn(usize) -> Option<usize>,
    fails: impl Fn(usize, &Value) -> Option<Response> + Clone + Send + Sync + 'static,
) -> Server {
    Server::new(move |number, had| {
        match had.uri.path() {
            "/" => return json(landing(&[])),
            "/search" => {}
            _ => return StatusCode::NOT_FOUND.into_response(),
        }
        let asked = body(had);
        if let Some(answer) = fails(number, &asked) {
            return answer;
        }
        let window = asked["datetime"].as_str().map_or(("..", ".."), |text| text.split_once('/').unwrap());
        let things = things.lock().unwrap();
        let found: Vec<_> = things.iter().filter(|thing| finds(thing, window)).collect();
        let limit = usize::try_from(asked["limit"].as_u64().unwrap()).unwrap();
        let place = asked["token"].as_str().map_or(0, |token| token.parse().unwrap());
        let items: Vec<String> = found.iter().skip(place).take(limit).map(|thing| thing.text()).collect();
        let mut more =
            says(found.len()).map_or_else(String::new, |says| format!(r#","numberMatched":{says}"#));
        if place + limit < found.len() {
            let link = format!(
                r#","links":[{{"rel":"next","method":"POST","href":"/search","merge":true,"body":{{"token":"{}"}}}}]"#,
                place + limit
            );
            more.push_str(&link);
        }
        json(page(&items, &more))
    })
}

fn body(had: &Had) -> Value {
    serde_json::from_slice(&had.body).unwrap_or_default()
}

/// Pages of ten, windows of fifty, and no second attempt.
fn options(journal: Option<&Path>) -> ApiOptions {
    ApiOptions {
        http: HttpOptions { attempts: 1, ..HttpOptions::default() },
        page: 10,
        ahead: 1,
        split: 50,
        journal: journal.map(|folder| JournalOptions { folder: folder.to_owned(), since: None }),
        ..ApiOptions::default()
    }
}

/// What a harvest has given.
struct Harvested {
    ids: Vec<String>,
    fetched: Fetched,
    notes: String,
}

fn harvest(server: &Server, options: ApiOptions, search: Search) -> Result<Harvested, Error> {
    let store: Store = server.open(options)?.into();
    let search = store.compile(&search.into(), &Stop::default())?;
    let mut source = store.candidates(&search)?.source;
    let mut ids = Vec::new();
    while let Some(work) = source.next()? {
        let batch = work()?;
        for record in &batch.records {
            let text = &batch.text[record.start as usize..record.end as usize];
            let item: Value = serde_json::from_slice(text).unwrap();
            ids.push(item["id"].as_str().unwrap().to_owned());
        }
    }
    ids.sort();
    let notes: Vec<String> =
        source.notes().iter().map(|note| format!("{}\n  {}", note.message, note.help)).collect();
    Ok(Harvested {
        ids,
        fetched: source.fetched().unwrap(),
        notes: notes.join("\n").replace(&server.url, "URL"),
    })
}

fn all(things: &[Thing]) -> Vec<String> {
    let mut ids: Vec<_> = things.iter().map(|thing| thing.id.clone()).collect();
    ids.sort();
    ids
}

fn never(_: usize, _: &Value) -> Option<Response> {
    None
}

/// Of those that last for a month many are in two windows.
fn lasting(count: u32) -> Vec<Thing> {
    let thing = |day| Thing { id: format!("l{day:04}"), days: (day, day + 5), datetime: None };
    (0..count).map(thing).chain(days(count)).collect()
}

#[test]
fn windows_give_each_item_once() {
    let things = lasting(400);
    let api = server(things.clone(), by_extent, Some, never);
    let found = harvest(&api, options(None), Search::default()).unwrap();
    assert_eq!(found.ids, all(&things));
    assert!(found.fetched.windows > 10, "{:?}", found.fetched);
    assert!(found.fetched.skipped > 10, "{:?}", found.fetched);
    assert_eq!(found.fetched.items - found.fetched.skipped, 800);
    assert_eq!(found.notes, "");
    // Whoever asks for one connection gets one window.
    let one = ApiOptions { connections: 1, ..options(None) };
    let found = harvest(&api, one, Search::default()).unwrap();
    assert_eq!((found.ids.len(), found.fetched.windows, found.fetched.skipped), (800, 1, 0));
}

#[test]
fn windows_keep_within_what_is_asked_for() {
    let things = days(800);
    let api = server(things.clone(), by_extent, Some, never);
    let wanted = stacyard_search::parse_datetime(&format!("{}/{}", at(100), at(499))).unwrap();
    let search = Search { datetime: Some(wanted), ..Search::default() };
    let found = harvest(&api, options(None), search).unwrap();
    assert_eq!(found.ids, all(&things[100..500]));
    assert!(found.fetched.windows > 4, "{:?}", found.fetched);
    let windows: Vec<String> =
        api.had().iter().filter_map(|had| body(had)["datetime"].as_str().map(str::to_owned)).collect();
    assert!(windows.iter().all(|window| !window.contains("..")), "{windows:?}");
}

#[test]
fn an_api_that_compares_datetime_alone_loses_nothing() {
    let mut things = lasting(400);
    // It finds those without a `datetime` in no window, and without a window all.
    let api = server(
        things.clone(),
        |thing, window| window == ("..", "..") || by_datetime(thing, window),
        Some,
        never,
    );
    let found = harvest(&api, options(None), Search::default()).unwrap();
    assert_eq!((found.ids, found.fetched.windows), (all(&things), 1));
    for thing in &mut things {
        thing.datetime = Some(thing.days.0);
    }
    let api = server(things.clone(), by_datetime, Some, never);
    let found = harvest(&api, options(None), Search::default()).unwrap();
    assert_eq!(found.ids, all(&things));
    assert!(found.fetched.windows > 10, "{:?}", found.fetched);
}

#[test]
fn an_api_that_does_not_say_how_many_is_not_cut() {
    let api = server(days(200), by_extent, |_| None, never);
    let found = harvest(&api, options(None), Search::default()).unwrap();
    assert_eq!((found.ids.len(), found.fetched.windows, found.notes.as_str()), (200, 1, ""));
    let windows = api.had().iter().filter(|had| !body(had)["datetime"].is_null()).count();
    assert_eq!(windows, 0);
}

#[test]
fn an_api_that_lies_about_how_many_is_told() {
    // A tenth more in each window than there are; as much more in all of them.
    let api = server(days(200), by_extent, |there| Some(there + there / 10), never);
    let found = harvest(&api, options(None), Search::default()).unwrap();
    assert_eq!(found.ids.len(), 200);
    assert!(found.fetched.windows > 1);
    insta::assert_snapshot!(found.notes.replace(&format!("{} windows", found.fetched.windows), "N windows"));
    let one = ApiOptions { connections: 1, ..options(None) };
    insta::assert_snapshot!(harvest(&api, one, Search::default()).unwrap().notes);
}

/// A folder for a journal.
fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("x.parquet.harvest");
    (folder, journal)
}

/// A server that fails from one of its requests on, until it is well again.
fn failing(things: &[Thing], from: usize, failure: fn() -> Response) -> (Server, Arc<AtomicBool>) {
    let is_well = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&is_well);
    let api = server(things.to_vec(), by_extent, Some, move |number, _| {
        (number >= from && !well.load(Ordering::Relaxed)).then(failure)
    });
    (api, is_well)
}

#[test]
fn a_run_goes_on_where_one_was_broken_off() {
    let failures: [fn() -> Response; 3] = [
        || StatusCode::SERVICE_UNAVAILABLE.into_response(),
        || StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        broken,
    ];
    let things = days(400);
    for failure in failures {
        // With one connection the time is not cut.
        for (connections, from) in [(1, 20), (4, 75)] {
            let (_folder, journal) = folder();
            let (api, is_well) = failing(&things, from, failure);
            let options = || ApiOptions { connections, ..options(Some(&journal)) };
            let error = harvest(&api, options(), Search::default()).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            let kept = fs::read_to_string(journal.join("items.ndjson")).unwrap().lines().count();
            assert!(kept > 0 && kept < 400, "{kept} with {connections}");
            is_well.store(true, Ordering::Relaxed);
            let start = api.had().len();
            let found = harvest(&api, options(), Search::default()).unwrap();
            assert_eq!(found.ids, all(&things));
            assert_eq!((found.fetched.resumed, found.notes.as_str()), (kept as u64, ""));
            // Nothing of what has come is asked for again, and the time is not cut anew: no request for one Item. What the first run had
            // asked for when it failed may come in the midst of it, one for each connection.
            let bodies: Vec<Value> = api.had()[start..].iter().map(body).filter(Value::is_object).collect();
            assert!(bodies.iter().all(|body| body["limit"] == 10), "{bodies:?}");
            let (asked, needed) = (bodies.len(), usize::try_from(found.fetched.pages).unwrap());
            assert!((needed..needed + connections).contains(&asked), "{asked} for {needed} pages");
            let log = fs::read_to_string(journal.join("log")).unwrap();
            assert!(found.fetched.pages < log.matches("{\"page\":{\"window\"").count() as u64, "{log}");
        }
    }
}

#[test]
fn what_was_half_written_is_cut_off() {
    let (_folder, journal) = folder();
    let things = days(400);
    let (api, is_well) = failing(&things, 75, || StatusCode::BAD_GATEWAY.into_response());
    harvest(&api, options(Some(&journal)), Search::default()).err().unwrap();
    is_well.store(true, Ordering::Relaxed);
    // More than what is still to come.
    let half = "{\"id\":\"".to_owned() + &"x".repeat(1 << 20);
    for name in ["items.ndjson", "log"] {
        let mut file = fs::OpenOptions::new().append(true).open(journal.join(name)).unwrap();
        file.write_all(half.as_bytes()).unwrap();
    }
    let found = harvest(&api, options(Some(&journal)), Search::default()).unwrap();
    assert_eq!(found.ids, all(&things));
    for name in ["items.ndjson", "log"] {
        let text = fs::read_to_string(journal.join(name)).unwrap();
        assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{name}");
    }
}

/// The page of a token that a server does not know any more.
fn forgotten() -> Response {
    (StatusCode::BAD_REQUEST, json(r#"{"code":"BadRequest","description":"no such token"}"#)).into_response()
}

#[test]
fn what_had_come_of_a_window_whose_next_page_is_forgotten_is_void() {
    let (_folder, journal) = folder();
    let things = Arc::new(Mutex::new(days(100)));
    // It fails at the sixth page, knows its token no more, and is well from then on.
    let asked_for = Arc::new(AtomicUsize::new(0));
    let api = changing(Arc::clone(&things), by_extent, Some, move |_, asked| {
        if asked["token"] != "50" {
            return None;
        }
        match asked_for.fetch_add(1, Ordering::Relaxed) {
            0 => Some(StatusCode::BAD_GATEWAY.into_response()),
            1 => Some(forgotten()),
            _ => None,
        }
    });
    let options = || ApiOptions { connections: 1, ..options(Some(&journal)) };
    harvest(&api, options(), Search::default()).err().unwrap();
    assert_eq!(fs::read_to_string(journal.join("items.ndjson")).unwrap().lines().count(), 50);
    // One of those that have come is gone.
    things.lock().unwrap().remove(3);
    let found = harvest(&api, options(), Search::default()).unwrap();
    let expected: Vec<String> = all(&things.lock().unwrap());
    assert_eq!(found.ids, expected, "what was void has not come");
    assert_eq!((found.fetched.resumed, found.fetched.pages), (0, 10));
    // Nor does it for a run that goes on with this journal.
    assert_eq!(harvest(&api, options(), Search::default()).unwrap().ids, expected);
}

#[test]
fn an_api_that_never_knows_its_next_page_fails() {
    let api = server(days(100), by_extent, Some, |_, asked| (asked["token"] == "50").then(forgotten));
    let one = ApiOptions { connections: 1, ..options(None) };
    let error = harvest(&api, one, Search::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Usage);
    // It was begun anew twice.
    assert_eq!(api.had().iter().filter(|had| body(had)["token"] == "50").count(), 3);
}

#[test]
fn a_window_is_begun_anew_where_its_next_page_is_forgotten() {
    let things = days(100);
    let asked = Arc::new(AtomicUsize::new(0));
    let api = server(things.clone(), by_extent, Some, move |_, body| {
        let is_first = body["token"] == "50" && asked.fetch_add(1, Ordering::Relaxed) == 0;
        is_first.then(forgotten)
    });
    let one = ApiOptions { connections: 1, ..options(None) };
    let found = harvest(&api, one, Search::default()).unwrap();
    assert_eq!(found.ids, all(&things));
    assert_eq!(found.fetched.skipped, 50);
    insta::assert_snapshot!(found.notes);
}

#[test]
fn an_item_that_has_changed_meanwhile_is_told() {
    let api = server(days(30), by_extent, Some, |_, asked| {
        (asked["token"] == "20").then(|| {
            let item = |id: &str, day| Thing { id: id.to_owned(), days: (day, day), datetime: Some(day) };
            json(page(&[item("i0001", 1).text(), item("i0002", 300).text()], ""))
        })
    });
    let found = harvest(&api, options(None), Search::default()).unwrap();
    // The other version is left to whoever writes them, and sets it aside.
    assert_eq!(found.ids.iter().filter(|id| *id == "i0001").count(), 1);
    assert_eq!(found.ids.iter().filter(|id| *id == "i0002").count(), 2);
    insta::assert_snapshot!(found.notes);
}

#[test]
fn a_journal_is_of_one_harvest_and_of_one_process() {
    let (folder, journal) = folder();
    let (api, is_well) = failing(&days(400), 75, || StatusCode::BAD_GATEWAY.into_response());
    let shown = |error: &Error| said(error, &api).replace(&folder.path().display().to_string(), "FOLDER");
    harvest(&api, options(Some(&journal)), Search::default()).err().unwrap();
    is_well.store(true, Ordering::Relaxed);
    let other = Search { ids: vec!["a".to_owned()], ..Search::default() };
    insta::assert_snapshot!(shown(&harvest(&api, options(Some(&journal)), other).err().unwrap()));
    let pages = ApiOptions { page: 11, ..options(Some(&journal)) };
    let error = harvest(&api, pages, Search::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    // It is open as long as its Items come.
    let store: Store = api.open(options(Some(&journal))).unwrap().into();
    let search = store.compile(&Search::default().into(), &Stop::default()).unwrap();
    let first = store.candidates(&search).unwrap();
    insta::assert_snapshot!(shown(&store.candidates(&search).err().unwrap()));
    drop(first);
    let log = fs::read_to_string(journal.join("log")).unwrap();
    fs::write(journal.join("log"), log.replacen("\"start\":0", "\"start\":1", 1)).unwrap();
    insta::assert_snapshot!(shown(&store.candidates(&search).err().unwrap()));
    fs::write(journal.join("log"), log).unwrap();
    fs::write(journal.join("items.ndjson"), "").unwrap();
    insta::assert_snapshot!(shown(&store.candidates(&search).err().unwrap()));
    fs::remove_file(journal.join("log")).unwrap();
    insta::assert_snapshot!(shown(&store.candidates(&search).err().unwrap()));
}

#[test]
fn a_journal_has_no_secrets_and_is_for_nobody_else() {
    let (_folder, journal) = folder();
    let things = days(100);
    let is_well = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&is_well);
    // It hands a header out to be sent back.
    let api = server(things.clone(), by_extent, Some, move |_, asked| {
        if asked["token"] == "20" && !well.load(Ordering::Relaxed) {
            return Some(StatusCode::BAD_GATEWAY.into_response());
        }
        asked["token"].is_null().then(|| {
            let items: Vec<String> = days(10).iter().map(Thing::text).collect();
            let next = r#","links":[{"rel":"next","method":"POST","href":"/search","merge":true,"body":{"token":"10"},"headers":{"x-session":"secret-of-the-session"}}]"#;
            json(page(&items, next))
        })
    });
    let headers = vec![("Authorization".to_owned(), "Bearer secret-of-the-user".to_owned())];
    let http = HttpOptions { headers, attempts: 1, ..HttpOptions::default() };
    let options = || ApiOptions { http: http.clone(), connections: 1, ..options(Some(&journal)) };
    harvest(&api, options(), Search::default()).err().unwrap();
    for name in ["log", "items.ndjson"] {
        let path = journal.join(name);
        assert!(!fs::read_to_string(&path).unwrap().contains("secret"), "{name}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&journal).unwrap().permissions().mode() & 0o777, 0o700);
    // What comes next cannot be asked for without it, so that all comes anew.
    is_well.store(true, Ordering::Relaxed);
    let found = harvest(&api, options(), Search::default()).unwrap();
    assert_eq!((found.ids, found.fetched.resumed), (all(&things), 0));
    stacyard_remote::forget_journal(&journal).unwrap();
    assert!(!journal.exists());
}

#[test]
fn what_an_api_does_not_have_is_told() {
    let (_folder, journal) = folder();
    let api = server(Vec::new(), by_extent, Some, never);
    let search = Search { collections: vec!["d".to_owned()], ..Search::default() };
    let found = harvest(&api, options(Some(&journal)), search);
    assert!(found.is_ok_and(|found| found.ids.is_empty()));
    assert!(!journal.exists(), "what has nothing in it is not left behind");
}
