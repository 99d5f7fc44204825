//! The conformance suite over the JSON stores, the plain one in memory, and several as one.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use stacyard_model::json::Document;
use stacyard_store::conformance::{self, Memory};
use stacyard_store::{Error, ErrorKind, ItemKey, JsonStore, MAX_RECORD_BYTES, Store, StoreUrl, When};

fn check(extension: &str, text: impl Fn(&[Document]) -> String) {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::check(&mut |items| -> Store {
        number += 1;
        let path = folder.path().join(format!("{number}.{extension}"));
        std::fs::write(&path, text(items)).unwrap();
        let url = StoreUrl::parse(path.to_str().unwrap(), None).unwrap();
        JsonStore::new(&url, MAX_RECORD_BYTES).into()
    });
}

#[test]
fn ndjson() {
    check("ndjson", |items| {
        items.iter().fold(String::new(), |mut text, item| {
            let _ = writeln!(text, "{}", item.text());
            text
        })
    });
}

#[test]
fn feature_collections() {
    check("json", |items| {
        let items: Vec<&str> = items.iter().map(Document::text).collect();
        format!("{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", items.join(",\n"))
    });
}

/// A store that is watched answers as it does otherwise, and each question is told.
#[test]
fn watched() {
    let told = Arc::new(AtomicUsize::new(0));
    conformance::check(&mut |items| {
        let told = Arc::clone(&told);
        Store::from(Memory::with(items)).watched(Arc::new(move |_| {
            told.fetch_add(1, Ordering::Relaxed);
        }))
    });
    assert!(told.load(Ordering::Relaxed) > 1_000);
}

/// Several stores answer as one that holds all of their Items: each Item stands in one of three.
#[test]
fn unions() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut number = 0;
    conformance::check(&mut |items| {
        let stores = (0..3).map(|part| {
            number += 1;
            let path = folder.path().join(format!("{number}.ndjson"));
            let of_part = items.iter().enumerate().filter(|(index, _)| index % 3 == part);
            let lines = of_part.map(|(_, item)| format!("{}\n", item.text()));
            std::fs::write(&path, lines.collect::<String>()).expect("a file");
            let url = StoreUrl::parse(path.to_str().expect("a name"), None).expect("a store");
            JsonStore::new(&url, MAX_RECORD_BYTES).into()
        });
        Store::union(stores.collect()).expect("a union")
    });
}

#[test]
fn memory() {
    conformance::check(&mut |items| Memory::with(items).into());
}

/// A union takes the changes that one of its stores takes.
#[test]
fn unions_that_take_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("none.ndjson");
    std::fs::write(&path, "").expect("a file");
    let url = StoreUrl::parse(path.to_str().expect("a name"), None).expect("a store");
    conformance::check(&mut |items| {
        let none = JsonStore::new(&url, MAX_RECORD_BYTES).into();
        Store::union(vec![none, Memory::with(items).into()]).expect("a union")
    });
}

fn item(collection: &str, id: &str) -> String {
    format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"{id}","collection":"{collection}","geometry":null,"properties":{{"datetime":"2024-01-01T00:00:00Z"}},"links":[],"assets":{{}}}}"#
    )
}

fn collection(id: &str) -> String {
    format!(
        r#"{{"type":"Collection","stac_version":"1.1.0","id":"{id}","description":"d","license":"other","extent":{{"spatial":{{"bbox":[[-180,-90,180,90]]}},"temporal":{{"interval":[[null,null]]}}}},"links":[]}}"#
    )
}

/// Each change goes to the store that has the collection; what none has goes nowhere where several could take it.
#[test]
fn changes_of_a_union_go_to_the_store_of_the_collection() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file.ndjson");
    std::fs::write(&path, item("of-file", "f")).expect("a file");
    let url = StoreUrl::parse(path.to_str().expect("a name"), None).expect("a store");
    let (one, other) = (Memory::default(), Memory::default());
    let stores: [Store; 3] =
        [JsonStore::new(&url, MAX_RECORD_BYTES).into(), one.clone().into(), other.clone().into()];
    stores[1].edit().unwrap().put_collection(collection("kept").as_bytes(), When::Absent).unwrap();
    stores[2].edit().unwrap().put_item(item("named", "n").as_bytes(), When::Absent).unwrap();
    let union = Store::union(stores.to_vec()).unwrap();
    let edit = union.edit().unwrap();
    let put = |id: &str| edit.put_item(item(id, "new").as_bytes(), When::Absent);
    put("kept").unwrap();
    put("named").unwrap();
    let has = |store: &Store, id: &str| {
        store.get(&ItemKey::new(id, "new"), &stacyard_search::Stop::default()).unwrap().is_some()
    };
    assert!(has(&stores[1], "kept") && !has(&stores[2], "kept"));
    assert!(has(&stores[2], "named") && !has(&stores[1], "named"));
    let kind = |error: Error| error.kind();
    assert_eq!(put("of-file").map_err(kind).unwrap_err(), ErrorKind::Unsupported);
    let new = edit.put_collection(collection("new").as_bytes(), When::Absent).unwrap_err();
    assert_eq!(new.kind(), ErrorKind::Conflict, "{new}");
    // A Collection for Items that have none goes to them.
    edit.put_collection(collection("named").as_bytes(), When::Absent).unwrap();
    assert!(stores[2].get_collection("named").unwrap().is_some());
}
