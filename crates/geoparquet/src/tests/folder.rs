//! A folder of files that we have written: it answers as one file does, and reads no more of it than it has to.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use stacyard_model::json::{Document, Value};
use stacyard_search::{PageSize, Query, Search};
use stacyard_store::conformance::{self, Question};
use stacyard_store::{Backend, Collections, Run, Source, Store};

use crate::tests::search::write;
use crate::{Folder, Options, Order};

/// Writes Items into the folders that they belong to.
fn spread(items: &[Document], folder: &Path, parts: &[String], part: impl Fn(usize, &Document) -> String) {
    for name in parts {
        let own = |(place, item): &(usize, &Document)| part(*place, item) == *name;
        let own: Vec<Document> = items.iter().enumerate().filter(own).map(|(_, item)| item.clone()).collect();
        let folder = folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        let order = if name.len().is_multiple_of(2) { Order::Time } else { Order::default() };
        write(&own, &folder, Options { row_group_rows: 20, order, threads: 1, ..Options::default() });
    }
}

fn check(parts: impl Fn(&[Document]) -> Vec<String>, part: impl Fn(usize, &Document) -> String) {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::check(&mut |items| {
        number += 1;
        let folder = folder.path().join(number.to_string());
        spread(items, &folder, &parts(items), &part);
        Folder::open(&folder, 1 << 20).unwrap().into()
    });
}

#[test]
fn rows_that_are_dealt_out_to_three_files() {
    check(
        |_| ["0", "one", "two/deep"].map(str::to_owned).into(),
        |place, _| ["0", "one", "two/deep"][place % 3].to_owned(),
    );
}

fn by_collection(item: &Document) -> String {
    let collection = item.root().get("collection").and_then(Value::as_plain_str);
    format!("of {}", collection.unwrap_or("none").replace('/', "%2F"))
}

#[test]
fn a_file_for_each_collection() {
    let parts = |items: &[Document]| {
        let mut parts: Vec<String> = items.iter().map(by_collection).collect();
        // A store without Items is one too.
        parts.push("of none".to_owned());
        parts.sort();
        parts.dedup();
        parts
    };
    check(parts, |_, item| by_collection(item));
}

fn item(id: &str, collection: &str, datetime: &str) -> Document {
    let item = json!({
        "type": "Feature", "stac_version": "1.1.0", "id": id, "collection": collection, "geometry": null,
        "properties": {"datetime": datetime, "title": id.repeat(20)}, "assets": {},
        "links": [{"rel": "collection", "href": "collection.json"}],
    });
    Document::parse(item.to_string()).unwrap()
}

/// A file for each month of 2024, of two collections in turn, with a hundred Items each.
fn months(folder: &Path) -> Folder {
    for month in 1..=12 {
        let items: Vec<Document> = (0..100)
            .map(|n| {
                let collection = if month % 2 == 0 { "even" } else { "odd" };
                let at = format!("2024-{month:02}-{:02}T00:00:{:02}Z", n % 28 + 1, n % 60);
                item(&format!("{month:02}-{n}"), collection, &at)
            })
            .collect();
        let folder = folder.join(format!("month={month:02}"));
        fs::create_dir_all(&folder).unwrap();
        write(&items, &folder, Options { threads: 1, ..Options::default() });
    }
    Folder::open(folder, 1 << 20).unwrap()
}

/// How often each file has been read since it was opened.
fn requests(folder: &Folder) -> Vec<u64> {
    folder.files().files.iter().map(|file| file.table.file.so_far().1).collect()
}

/// Which files were read for a question, by their months; the answer; and how the files were left out.
fn asked(folder: &Folder, flags: &[(&'static str, &str)]) -> (Vec<usize>, Vec<String>, String) {
    let before = requests(folder);
    let search = Question::of(flags).search().unwrap();
    let (mut answer, report) =
        Store::from(folder.clone()).find(&Query::from(search), Run::in_place()).unwrap();
    let ids = ids(&mut answer);
    let read = requests(folder).into_iter().zip(before).enumerate();
    let read = read.filter(|(_, (now, before))| now > before).map(|(place, _)| place + 1).collect();
    (read, ids, report.levels[0].clone())
}

fn ids(source: &mut dyn Source) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(work) = source.next().unwrap() {
        let batch = work().unwrap();
        for record in &batch.records {
            let text = &batch.text[record.start as usize..record.end as usize];
            let item: serde_json::Value = serde_json::from_slice(text).unwrap();
            ids.push(item["id"].as_str().unwrap().to_owned());
        }
    }
    ids
}

#[test]
fn of_files_that_cannot_answer_only_the_footer_is_read() {
    let place = tempfile::tempdir().unwrap();
    let folder = months(place.path());
    let (read, ids, files) = asked(&folder, &[("datetime", "2024-03-05T00:00:00Z/2024-03-05T01:00:00Z")]);
    assert_eq!((read, ids.len()), (vec![3], 4));
    insta::assert_snapshot!(files, @"files       12 -> 1 by statistics -> 1 by Bloom filters -> 1 by the order");
    let (read, ids, _) =
        asked(&folder, &[("collections", "even"), ("datetime", "2024-03-31T00:00:00Z/2024-07-01T00:00:00Z")]);
    assert_eq!((read, ids.len()), (vec![4, 6], 200));
    // The newest come out of the last file, a page further on out of the one before.
    let (read, ids, files) = asked(&folder, &[("max-items", "3")]);
    assert_eq!((read, ids), (vec![12], ["12-55", "12-27", "12-83"].map(str::to_owned).into()));
    insta::assert_snapshot!(files, @"files       12 -> 12 by statistics -> 12 by Bloom filters -> 1 by the order");
    let (read, ids, _) = asked(&folder, &[("sortby", "datetime"), ("max-items", "103")]);
    assert_eq!((read, ids.len(), &*ids[102]), (vec![1, 2], 103, "02-28"));
    // A count of all takes nothing but footers.
    let before = requests(&folder);
    let counted = Store::from(folder.clone()).count(&Query::default(), Run::default()).unwrap();
    assert_eq!((counted.answered, requests(&folder) == before), (1_200, true));
    // Bloom filters are read of files whose statistics leave it open, and no more of them.
    let before = requests(&folder);
    let (read, ids, files) = asked(&folder, &[("ids", "07-5")]);
    assert_eq!(ids, ["07-5"]);
    assert!(read.contains(&7), "{before:?}");
    insta::assert_snapshot!(files, @"files       12 -> 1 by statistics -> 1 by Bloom filters -> 1 by the order");
}

#[test]
fn pages_go_on_from_file_to_file() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::from(months(place.path()));
    let query = Query::from(Search::default());
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let mut page =
            store.page(&query, after.as_ref(), PageSize::new(130).unwrap(), Run::default()).unwrap();
        for item in page.by_ref() {
            let item = item.unwrap();
            after = Some(item.cursor);
            all.push(item.text);
        }
        if !page.has_more().unwrap() {
            break;
        }
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!((count, all.len()), (1_200, 1_200));
}

#[test]
fn collections_are_those_of_all_files() {
    let place = tempfile::tempdir().unwrap();
    let kept = |folder: &str, collections: &[(&str, &str)]| {
        let folder = place.path().join(folder);
        fs::create_dir(&folder).unwrap();
        let collections: Collections = collections
            .iter()
            .map(|(id, title)| ((*id).to_owned(), json!({"type": "Collection", "id": id, "title": title})))
            .collect();
        write(&[], &folder, Options { collections, ..Options::default() });
    };
    kept("1", &[("a", "of the first"), ("b", "the same")]);
    kept("2", &[("a", "of the second"), ("b", "the same"), ("c", "alone")]);
    let folder = Folder::open(place.path(), 0).unwrap();
    let all = folder.collections().unwrap();
    let titles: Vec<&str> = all.values().map(|collection| collection["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["of the second", "the same", "alone"]);
    let caution = folder.caution().unwrap().replace(place.path().to_str().unwrap(), "FOLDER");
    insta::assert_snapshot!(caution, @r#"FOLDER: the Collection "a" is not the same in all files: that of the last one counts"#);
}

/// A hundred files of an Item each: more than are kept open.
fn hundred(folder: &Path) -> (Folder, Vec<PathBuf>) {
    let paths: Vec<PathBuf> = (0..100)
        .map(|n| {
            let folder = folder.join(format!("{n:03}"));
            fs::create_dir(&folder).unwrap();
            let item = item(&format!("i{n}"), "c", "2024-01-01T00:00:00Z");
            write(&[item], &folder, Options { threads: 1, ..Options::default() })
        })
        .collect();
    (Folder::open(folder, 1 << 20).unwrap(), paths)
}

#[test]
fn a_file_that_is_replaced_or_written_is_never_read_as_part_of_what_was() {
    let place = tempfile::tempdir().unwrap();
    let (folder, paths) = hundred(place.path());
    let store = Store::from(folder);
    let all = ids(store.items().unwrap().as_mut());
    assert_eq!((all.len(), &*all[0], &*all[99]), (100, "i0", "i99"));
    let said = |error: stacyard_store::Error| {
        let said = format!("{error}\nhelp: {}", error.advice().cloned().unwrap_or_default());
        said.replace(place.path().to_str().unwrap(), "FOLDER")
    };
    let failed = || {
        let mut source = store.items().unwrap();
        loop {
            match source.next().and_then(|work| work.map(|work| work()).transpose()) {
                Ok(Some(_)) => {}
                Ok(None) => panic!("all has been read"),
                Err(error) => break said(error),
            }
        }
    };
    // The one that is read last is still open, the first is not.
    let elsewhere = tempfile::tempdir().unwrap();
    let other = write(&[item("new", "c", "2024-01-01T00:00:00Z")], elsewhere.path(), Options::default());
    fs::copy(&other, paths[0].with_extension("new")).unwrap();
    fs::rename(paths[0].with_extension("new"), &paths[0]).unwrap();
    insta::assert_snapshot!(failed(), @r"
    cannot read FOLDER/000/SpaceTime-10000.parquet: it has been replaced, written or removed since it was opened
    help: ask again: what is there now will be read
    ");
    std::thread::sleep(Duration::from_millis(1_050));
    let renewed = store.renewed().unwrap().expect("another store");
    assert_eq!(ids(renewed.items().unwrap().as_mut())[0], "new");
    assert!(renewed.renewed().unwrap().is_none());
    // One that has been written over while it is open.
    let store = renewed;
    let before = ids(store.items().unwrap().as_mut());
    let mut bytes = fs::read(&paths[99]).unwrap();
    bytes[10] ^= 1;
    fs::write(&paths[99], &bytes).unwrap();
    assert_eq!(before.len(), 100);
    let mut source = store.items().unwrap();
    let error = loop {
        match source.next().and_then(|work| work.map(|work| work()).transpose()) {
            Ok(Some(_)) => {}
            Ok(None) => panic!("all has been read"),
            Err(error) => break error,
        }
    };
    assert!(said(error).contains("replaced, written or removed"));
    // Files that have come and gone.
    fs::remove_file(&paths[99]).unwrap();
    fs::create_dir(place.path().join("more")).unwrap();
    fs::copy(&other, place.path().join("more/z.parquet")).unwrap();
    std::thread::sleep(Duration::from_millis(1_050));
    let store = store.renewed().unwrap().expect("another store");
    let all = ids(store.items().unwrap().as_mut());
    assert_eq!((all.len(), &*all[98], &*all[99]), (100, "i98", "new"));
}
