//! The conformance suite over the JSON stores.

use std::fmt::Write as _;

use stacyard_model::json::Document;
use stacyard_store::{JsonStore, MAX_RECORD_BYTES, Store, StoreUrl, conformance};

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
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
