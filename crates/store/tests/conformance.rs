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
