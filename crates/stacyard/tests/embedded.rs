//! Stores of files within a program that is asynchronous: all calls block, and work on any thread. `crates/postgis` has the same for
//! databases.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::path::Path;

use stacyard::{
    Aggregate, Aggregation, Copying, ItemKey, Mode, PageItem, PageSize, Query, Run, Search, Source as _,
    Stop, copy, open,
};
use tokio::runtime::{Builder, Runtime};

const ITEMS: usize = 600;

/// All that a store of a file can be asked.
fn ask_everything(name: &str) {
    let store = open(name).unwrap();
    let query = Query::from(Search::default());
    for mut source in [store.items().unwrap(), store.keys().unwrap(), store.audit().unwrap()] {
        let mut records = 0;
        while let Some(work) = source.next().unwrap() {
            records += work().unwrap().records.len();
        }
        assert_eq!(records, ITEMS, "{name}");
    }
    assert!(store.collections().unwrap().is_empty());
    assert!(store.get_collection("c").unwrap().is_none());
    assert!(store.profile().is_none() && store.caution().is_none());
    let (mut all, report) = store.find(&query, Run::default()).unwrap();
    assert_eq!(report.answered, ITEMS as u64, "{name}");
    assert!(all.next().unwrap().is_some());
    let size = PageSize::new(10).unwrap();
    for run in [Run::in_place, Run::default] {
        let page = store.page(&query, None, size, run()).unwrap();
        let items: Vec<PageItem> = page.map(Result::unwrap).collect();
        let mut next = store.page(&query, Some(&items[9].cursor), size, run()).unwrap();
        assert_ne!(next.next().unwrap().unwrap().text, items[9].text, "{name}");
        assert_eq!(store.count(&query, run()).unwrap().answered, ITEMS as u64, "{name}");
        let (aggregates, _) = store.aggregate(&query, &[Aggregation::Total], run()).unwrap();
        assert_eq!(aggregates, [Aggregate::Total(ITEMS as u64)], "{name}");
        assert!(store.extent(&query, run()).unwrap().is_some());
    }
    store.estimate(&query, Run::default()).unwrap();
    assert!(store.get(&ItemKey::loose("7"), &Stop::default()).unwrap().is_some(), "{name}");
    assert!(store.get(&ItemKey::loose("none"), &Stop::default()).unwrap().is_none(), "{name}");
    assert!(store.edit().is_err());
    // One that is left in the middle.
    drop(store.items().unwrap().next().unwrap());
}

/// Makes a store of each kind by copies, and asks it.
fn copy_and_ask(folder: &Path) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let lines = path("items.ndjson");
    for name in ["again.ndjson", "zipped.ndjson.gz", "packed.ndjson.zst", "all.geojson", "all.parquet"] {
        let target = path(name);
        let report = copy(&lines, &target, Copying::default(), Run::default()).unwrap();
        assert_eq!((report.written, report.rejected), (ITEMS as u64, 0), "{name}");
        let merge = Copying { mode: Some(Mode::Ignore), ..Copying::default() };
        assert_eq!(copy(&lines, &target, merge, Run::in_place()).unwrap().dropped, ITEMS as u64, "{name}");
        ask_everything(&target);
        std::fs::remove_file(target).unwrap();
    }
    ask_everything(&lines);
}

/// As what a runtime was started for, and as a task on a thread of it.
fn within(runtime: &Runtime) {
    let folder = tempfile::tempdir().unwrap();
    let mut items = String::new();
    for number in 0..ITEMS {
        writeln!(
            items,
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"{number}","geometry":null,"properties":{{"datetime":"2024-06-01T00:00:00Z"}},"links":[],"assets":{{}}}}"#
        )
        .unwrap();
    }
    std::fs::write(folder.path().join("items.ndjson"), items).unwrap();
    let there = folder.path().to_owned();
    runtime.block_on(async move {
        copy_and_ask(&there);
        tokio::spawn(async move { copy_and_ask(&there) }).await.unwrap();
    });
}

#[test]
fn files_are_stores_on_threads_of_other_runtimes() {
    within(&Builder::new_multi_thread().worker_threads(2).build().unwrap());
    within(&Builder::new_current_thread().build().unwrap());
}
