//! A file that another takes the place of while it is open: its store goes on to answer from the one that it has opened.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stacyard_model::json::Document;
use stacyard_search::{Query, Search};
use stacyard_store::{Collections, Run, Source, Store};

use crate::tests::search::write;
use crate::{GeoParquet, Options};

/// So many Items named after a letter, and a Collection of that name.
fn written(folder: &Path, letter: &str, items: usize) -> PathBuf {
    let folder = folder.join(letter);
    fs::create_dir(&folder).unwrap();
    let item = |number| {
        let item = json!({
            "type": "Feature", "stac_version": "1.1.0", "id": format!("{letter}{number}"), "geometry": null,
            "properties": {"datetime": "2024-01-01T00:00:00Z", "title": letter.repeat(100)}, "links": [], "assets": {},
        });
        Document::parse(item.to_string()).unwrap()
    };
    let items: Vec<_> = (0..items).map(item).collect();
    let collections = Collections::from([(letter.to_owned(), json!({"type": "Collection", "id": letter}))]);
    write(&items, &folder, Options { collections, row_group_rows: 100, ..Options::default() })
}

/// The letters of the Items' names, and how many there are.
fn read(source: &mut dyn Source) -> (String, usize) {
    let mut ids = Vec::new();
    while let Some(work) = source.next().unwrap() {
        let batch = work().unwrap();
        let text = |record: &stacyard_store::Record| &batch.text[record.start as usize..record.end as usize];
        ids.extend(batch.records.iter().map(|record| {
            let item: Value = serde_json::from_slice(text(record)).unwrap();
            item["id"].as_str().unwrap().to_owned()
        }));
    }
    let mut letters: Vec<&str> = ids.iter().map(|id| &id[..1]).collect();
    letters.dedup();
    (letters.concat(), ids.len())
}

#[test]
fn a_store_reads_the_file_that_it_has_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (written(folder.path(), "a", 1_000), written(folder.path(), "b", 700));
    let store = Store::from(GeoParquet::open(&old, 1 << 20).unwrap());
    fs::rename(new, &old).unwrap();
    let expected = ("a".to_owned(), 1_000);
    assert_eq!(read(store.items().unwrap().as_mut()), expected);
    assert_eq!(read(store.keys().unwrap().as_mut()), expected);
    assert_eq!(read(store.audit().unwrap().as_mut()), expected);
    assert_eq!(store.collections().unwrap().keys().collect::<Vec<_>>(), ["a"]);
    let query = Query::from(Search::default());
    assert_eq!(read(&mut store.find(&query, Run::in_place()).unwrap().0), expected);
    // The file that is there now is another.
    let store = Store::from(GeoParquet::open(&old, 1 << 20).unwrap());
    assert_eq!(read(store.items().unwrap().as_mut()), ("b".to_owned(), 700));
}
