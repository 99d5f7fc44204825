//! Single changes on every condition, where the store takes them.

use std::sync::Barrier;
use std::thread;

use stacyard_model::json::Document;
use stacyard_search::Search;

use super::items::{get, key};
use super::{Suite, count, found};
use crate::{ETag, Edit, ErrorKind, Home, ItemKey, Store, When};

pub(super) fn check(suite: &mut Suite<'_>) {
    let all = suite.items();
    let store = suite.make(&all);
    let Ok(edit) = store.edit() else { return };
    every_item_goes_in_and_out(&suite.make(&[]), &all);
    conditions(&store, &edit, &all);
    collections(&edit, &store);
    invalid(&store, &edit);
    many(&store, &edit);
    at_once(&store);
    homes(&store);
}

/// Of what kind the error of a change is that must not be made.
fn kind<T>(result: Result<T, crate::Error>) -> ErrorKind {
    match result {
        Ok(_) => panic!("a change was made that must not be"),
        Err(error) => error.kind(),
    }
}

fn every_item_goes_in_and_out(store: &Store, all: &[Document]) {
    let edit = store.edit().expect("single changes");
    for item in all {
        let (key, put) = edit.put_item(item.text().as_bytes(), When::Absent).expect("an Item");
        assert!(put.is_new);
        let there = get(store, &key).expect("the Item");
        assert_eq!(there.etag, put.etag, "{key}: the tag is that of what is read");
        assert!(Document::parse_bytes(&there.text).as_ref() == Ok(item), "{key} is another one");
    }
    let mut answer = found(store, &Search::default()).expect("all Items");
    answer.sort_by_key(|item| key(item).to_string());
    let mut sorted: Vec<&Document> = all.iter().collect();
    sorted.sort_by_key(|item| key(item).to_string());
    assert!(answer.iter().eq(sorted), "the Items are others than were put");
    for item in all {
        edit.delete_item(&key(item), When::Always).expect("it is there");
    }
    assert_eq!(count(store, &Search::default()), Ok(0));
}

fn conditions(store: &Store, edit: &Edit<'_>, all: &[Document]) {
    let one = all.iter().find(|item| key(item).collection.is_some()).expect("an Item with a collection");
    let name = key(one);
    let before = get(store, &name).expect("the Item").etag;
    let changed = one.text().replacen('{', r#"{"changed":1,"#, 1);
    assert_eq!(kind(edit.put_item(changed.as_bytes(), When::Absent)), ErrorKind::Exists);
    let other = ETag::of(b"another state");
    assert_eq!(kind(edit.put_item(changed.as_bytes(), When::Matches(other))), ErrorKind::Conflict);
    assert_eq!(get(store, &name).expect("the Item").etag, before, "a change that was refused was made");
    let (_, put) = edit.put_item(changed.as_bytes(), When::Matches(before)).expect("the state matches");
    assert!(!put.is_new && put.etag != before);
    assert_eq!(kind(edit.put_item(changed.as_bytes(), When::Matches(before))), ErrorKind::Conflict);
    let (_, same) = edit.put_item(changed.as_bytes(), When::Always).expect("an Item");
    assert_eq!(same.etag, put.etag, "the same state has the same tag");
    assert_eq!(kind(edit.delete_item(&name, When::Matches(before))), ErrorKind::Conflict);
    edit.delete_item(&name, When::Matches(put.etag)).expect("the state matches");
    assert!(get(store, &name).is_none());
    assert_eq!(kind(edit.delete_item(&name, When::Always)), ErrorKind::NotFound);
    assert_eq!(kind(edit.delete_item(&name, When::Matches(put.etag))), ErrorKind::NotFound);
    let gone = edit.put_item(changed.as_bytes(), When::Matches(put.etag));
    assert_eq!(kind(gone), ErrorKind::NotFound);
    assert!(edit.put_item(one.text().as_bytes(), When::Absent).expect("nothing is there").1.is_new);
}

/// Many go at once; those that are not there, or are otherwise, stay as they are.
fn many(store: &Store, edit: &Edit<'_>) {
    let text = |number: usize| {
        format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"many-{number}","collection":"c1","geometry":{{"type":"Point","coordinates":[1,2]}},"bbox":[1,2,1,2],"properties":{{"datetime":"2024-01-01T00:00:00Z"}},"links":[{{"rel":"collection","href":"c.json"}}],"assets":{{}}}}"#
        )
    };
    let puts: Vec<_> =
        (0..5).map(|number| edit.put_item(text(number).as_bytes(), When::Absent).expect("an Item")).collect();
    let changed = text(1).replace("2024", "2025");
    edit.put_item(changed.as_bytes(), When::Always).expect("an Item");
    let mut wanted: Vec<_> =
        puts.iter().take(3).map(|(key, put)| (key.clone(), When::Matches(put.etag))).collect();
    wanted.push((puts[3].0.clone(), When::Always));
    wanted.push((ItemKey::new("c1", "many-9"), When::Always));
    wanted.push((ItemKey::new("nowhere", "many-0"), When::Matches(puts[0].1.etag)));
    assert_eq!(edit.delete_items(&wanted).expect("single changes"), 3);
    let left: Vec<bool> = puts.iter().map(|(key, _)| get(store, key).is_some()).collect();
    assert_eq!(left, [false, true, false, false, true]);
    assert_eq!(edit.delete_items(&[]).expect("single changes"), 0);
    let rest: Vec<_> = puts.iter().map(|(key, _)| (key.clone(), When::Always)).collect();
    assert_eq!(edit.delete_items(&rest).expect("single changes"), 2);
}

const COLLECTION: &str = r#"{"type":"Collection","stac_version":"1.1.0","id":"edited","description":"d","license":"other","extent":{"spatial":{"bbox":[[-180,-90,180,90]]},"temporal":{"interval":[[null,null]]}},"links":[]}"#;

fn collections(edit: &Edit<'_>, store: &Store) {
    let (id, put) = edit.put_collection(COLLECTION.as_bytes(), When::Absent).expect("a Collection");
    assert!(id == "edited" && put.is_new);
    let there = store.get_collection(&id).expect("a store").expect("the Collection");
    assert_eq!(there.etag, put.etag);
    assert!(Document::parse_bytes(&there.text) == Document::parse(COLLECTION));
    let again = edit.put_collection(COLLECTION.as_bytes(), When::Absent);
    assert_eq!(kind(again), ErrorKind::Exists);
    let changed = COLLECTION.replace(r#""d""#, r#""changed""#);
    let (_, changed) = edit.put_collection(changed.as_bytes(), When::Matches(put.etag)).expect("it matches");
    assert!(!changed.is_new && changed.etag != put.etag);
    let item = r#"{"type":"Feature","stac_version":"1.1.0","id":"of-edited","collection":"edited","geometry":{"type":"Point","coordinates":[1,2]},"bbox":[1,2,1,2],"properties":{"datetime":"2024-01-01T00:00:00Z"},"links":[{"rel":"collection","href":"c.json"}],"assets":{}}"#;
    let (key, _) = edit.put_item(item.as_bytes(), When::Absent).expect("an Item");
    assert_eq!(kind(edit.delete_collection(&id, When::Always)), ErrorKind::Conflict);
    edit.delete_item(&key, When::Always).expect("the Item");
    assert_eq!(kind(edit.delete_collection(&id, When::Matches(put.etag))), ErrorKind::Conflict);
    edit.delete_collection(&id, When::Matches(changed.etag)).expect("it matches");
    assert_eq!(kind(edit.delete_collection(&id, When::Always)), ErrorKind::NotFound);
}

fn invalid(store: &Store, edit: &Edit<'_>) {
    let before = count(store, &Search::default());
    for text in ["", "{", "{}", "[]", COLLECTION, r#"{"type":"Feature","id":"x"}"#] {
        let kind = kind(edit.put_item(text.as_bytes(), When::Always));
        assert!(matches!(kind, ErrorKind::Invalid | ErrorKind::Usage), "{text}: {kind:?}");
    }
    assert!(
        edit.put_item(COLLECTION.as_bytes(), When::Always).is_err_and(|error| error.findings().is_some())
    );
    assert_eq!(count(store, &Search::default()), before);
}

/// Of many that change the same state at once one wins, and one alone makes what is not there.
fn at_once(store: &Store) {
    let text = |number: usize| {
        format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"raced","collection":"c1","geometry":{{"type":"Point","coordinates":[1,2]}},"bbox":[1,2,1,2],"properties":{{"datetime":"2024-01-01T00:00:00Z","by":{number}}},"links":[{{"rel":"collection","href":"c.json"}}],"assets":{{}}}}"#
        )
    };
    // Each writes another state than all before: one that is written again would still match.
    let race = |first: usize, when: &(dyn Fn() -> When + Sync)| {
        let start = Barrier::new(4);
        let wins = thread::scope(|scope| {
            let runners: Vec<_> = (first..first + 4)
                .map(|number| {
                    let (start, text) = (&start, text(number));
                    scope.spawn(move || {
                        let when = when();
                        start.wait();
                        store.edit().expect("single changes").put_item(text.as_bytes(), when).is_ok()
                    })
                })
                .collect();
            runners.into_iter().map(|runner| runner.join().expect("a thread")).collect::<Vec<_>>()
        });
        wins.into_iter().filter(|won| *won).count()
    };
    assert_eq!(race(0, &|| When::Absent), 1, "several have made the same Item");
    let etag = get(store, &ItemKey::new("c1", "raced")).expect("the Item").etag;
    assert_eq!(race(4, &|| When::Matches(etag)), 1, "several have changed the same state");
}

/// Items that need a Collection go into none that is not there, and a Collection that goes while an Item comes leaves either both or none.
fn homes(store: &Store) {
    let edit = store.edit().expect("single changes").into_home(Home::Known);
    let item = |collection: &str| {
        format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"i","collection":"{collection}","geometry":{{"type":"Point","coordinates":[1,2]}},"bbox":[1,2,1,2],"properties":{{"datetime":"2024-01-01T00:00:00Z"}},"links":[{{"rel":"collection","href":"c.json"}}],"assets":{{}}}}"#
        )
    };
    let refused =
        edit.put_item(item("nowhere").as_bytes(), When::Absent).expect_err("there is no Collection");
    assert!(refused.unknown().is_some_and(|unknown| unknown.name == "nowhere"), "{refused}");
    let of_items = store.edit().expect("single changes");
    match of_items.put_item(item("made").as_bytes(), When::Absent) {
        Ok((loose, _)) => {
            let other = item("made").replace(r#""id":"i""#, r#""id":"j""#);
            let (known, _) =
                edit.put_item(other.as_bytes(), When::Absent).expect("Items of the collection are there");
            for key in [loose, known] {
                edit.delete_item(&key, When::Always).expect("it is there");
            }
        }
        // A store that takes none without its Collection says so of the Item.
        Err(error) => assert!(error.findings().is_some(), "{error}"),
    }
    for round in 0..30 {
        let id = format!("home-{round}");
        let collection = COLLECTION.replace(r#""edited""#, &format!("{id:?}"));
        edit.put_collection(collection.as_bytes(), When::Absent).expect("a Collection");
        let (start, item) = (Barrier::new(2), item(&id));
        let (came, went) = thread::scope(|scope| {
            let comes = scope.spawn(|| {
                start.wait();
                let edit = store.edit().expect("single changes").into_home(Home::Known);
                edit.put_item(item.as_bytes(), When::Absent).map(|(key, _)| key)
            });
            start.wait();
            let went = edit.delete_collection(&id, When::Always);
            (comes.join().expect("a thread"), went)
        });
        let there = store.get_collection(&id).expect("a store").is_some();
        match (came, went) {
            (Ok(key), Err(error)) => {
                assert!(there && error.kind() == ErrorKind::Conflict, "{error}");
                edit.delete_item(&key, When::Always).expect("it is there");
                edit.delete_collection(&id, When::Always).expect("it is there");
            }
            (Err(error), Ok(())) => assert!(!there && error.unknown().is_some(), "{error}"),
            (came, went) => panic!("an Item came ({came:?}), and its Collection went ({went:?})"),
        }
    }
}
