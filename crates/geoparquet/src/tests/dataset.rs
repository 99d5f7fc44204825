//! A dataset of many files and versions answers as one file does, and loses nothing whoever writes at the same time.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use stacyard_model::json::{Document, Value};
use stacyard_search::{Query, Search, Stop};
use stacyard_store::{
    At, Backend, Collections, Encoder, Error, Finished, ItemKey, Mode, Observer, Progress, Record, Reject,
    Run, Sink, Storage, Store, When, conformance,
};

use crate::{
    Author, Dataset, DatasetChunk, DatasetSink, Difference, Making, Options, Order, Writing, diff, history,
    local_storage, make_dataset, optimize, tag, vacuum,
};

pub(super) fn writing() -> Writing {
    let options = Options { row_group_rows: 20, threads: 2, ..Options::default() };
    Writing {
        options,
        author: Author { who: Some("tester".to_owned()), command: "test".to_owned() },
        ..Writing::default()
    }
}

pub(super) fn made(folder: &Path) -> Arc<dyn Storage> {
    let storage = local_storage(folder);
    make_dataset(&storage, &Making::default(), &Author::default()).unwrap();
    storage
}

pub(super) fn open(storage: &Arc<dyn Storage>) -> Dataset {
    open_at(storage, At::Latest).unwrap()
}

fn open_at(storage: &Arc<dyn Storage>, at: At) -> Result<Dataset, Error> {
    Ok(Dataset::open(Arc::clone(storage), at, 1 << 20)?.unwrap())
}

pub(super) fn put(storage: &Arc<dyn Storage>, items: &[Document], mode: Mode) -> Result<Finished, Error> {
    let mut sink = DatasetSink::create(storage, Some(&open(storage)), mode, writing())?;
    let encoder = sink.encoder();
    for batch in items.chunks(50) {
        let mut chunk = DatasetChunk::default();
        for item in batch {
            encoder.item(item.root(), None, &mut chunk)?;
        }
        sink.write(chunk)?;
        sink.settled(true)?;
    }
    sink.finish()
}

pub(super) fn documents(store: &Dataset) -> Vec<Document> {
    let mut found = Vec::new();
    let mut source = store.items().unwrap();
    while let Some(work) = source.next().unwrap() {
        let batch = work().unwrap();
        let text = |record: &Record| &batch.text[record.start as usize..record.end as usize];
        found.extend(batch.records.iter().map(|record| Document::parse_bytes(text(record)).unwrap()));
    }
    found
}

/// The names of all Items, sorted.
pub(super) fn names(store: &Dataset) -> Vec<String> {
    let mut names: Vec<String> = documents(store).iter().map(name).collect();
    names.sort();
    names
}

fn name(item: &Document) -> String {
    let text = |name| item.root().get(name).and_then(Value::as_str).map(Cow::into_owned);
    format!("{:?} {:?}", text("collection"), text("id"))
}

fn check(load: impl Fn(&Arc<dyn Storage>, &[Document]) -> Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::check(&mut |items| {
        number += 1;
        load(&made(&folder.path().join(number.to_string())), items)
    });
}

#[test]
fn many_files() {
    check(|storage, items| {
        for some in items.chunks(items.len().div_ceil(7).max(1)) {
            put(storage, some, Mode::Insert).unwrap();
        }
        open(storage).into()
    });
}

/// Each Item is there in another state first, and goes in again; some others come and go.
#[test]
fn many_versions() {
    check(|storage, items| {
        let early = |item: &Document| {
            Document::parse_bytes(item.text().replacen('{', r#"{"early":1,"#, 1).as_bytes())
        };
        let earlier: Vec<Document> = items.iter().step_by(2).map(|item| early(item).unwrap()).collect();
        put(storage, &earlier, Mode::Insert).unwrap();
        let half = items.len() / 2;
        put(storage, &items[..half], Mode::Upsert).unwrap();
        put(storage, &items[half..], Mode::Upsert).unwrap();
        open(storage).into()
    });
}

/// The files of a version are still there, and others are in their place since.
#[test]
fn amid_compaction() {
    check(|storage, items| {
        for some in items.chunks(items.len().div_ceil(3).max(1)) {
            put(storage, some, Mode::Insert).unwrap();
        }
        let before = open(storage);
        optimize(&before, &writing(), &mut ()).unwrap();
        if items.len() % 2 == 0 { before.into() } else { open(storage).into() }
    });
}

pub(super) fn item(id: &str, more: &str) -> Document {
    let text = format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"{id}","collection":"c","geometry":{{"type":"Point","coordinates":[1.5,2]}},"bbox":[1.5,2,1.5,2],"properties":{{"datetime":"2024-06-01T00:00:00Z"{more}}},"links":[],"assets":{{}}}}"#
    );
    Document::parse_bytes(text.as_bytes()).unwrap()
}

/// Whatever types a field has from one version to the next, and whatever it is called, its values come back.
#[test]
fn drift_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let all = [
        vec![item("a", r#","gsd":10,"n":null,"e":[],"deep":{"x":1}"#)],
        vec![item("b", r#","gsd":0.5,"n":"text","e":[1],"deep":{"x":"one","y":[{"z":1}]}"#)],
        vec![item(
            "c",
            r#","gsd":"ten","GSD":1,"a b":1,"c,d":[2],"e=f":{"g;h":3},"deep":{"y":[{"z":2,"w":"new"}]}"#,
        )],
        vec![item(
            "d",
            r#","gsd":true,"n":{"a":1},"e":{},"deep":[],"a.b":1,"bbox.xmin":3,"ID":4,"datetime2":"2024-01-01""#,
        )],
        vec![item(
            "e",
            r#","gsd":12345678901234567890,"when":"2024-06-01T00:00:00.123456789Z","updated":"2024-06-01T00:00:00+02:00""#,
        )],
        vec![item("f", r#","updated":"no time","deep":{"x":2.0,"y":null}"#)],
    ];
    for some in &all {
        put(&storage, some, Mode::Insert).unwrap();
    }
    let there = documents(&open(&storage));
    let all: Vec<&Document> = all.iter().flatten().collect();
    assert_eq!(there.len(), all.len());
    for one in &all {
        assert!(there.contains(one), "{} is another one", name(one));
    }
    optimize(&open(&storage), &writing(), &mut ()).unwrap();
    let there = documents(&open(&storage));
    assert!(all.iter().all(|one| there.contains(one)), "compacted, one is another");
    assert_eq!(open(&storage).view().data_files().len(), 1);
}

#[test]
fn an_item_that_is_there_is_not_taken_again() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let items = conformance::catalog(3, 300);
    put(&storage, &items[..200], Mode::Insert).unwrap();
    let mut sink = DatasetSink::create(&storage, Some(&open(&storage)), Mode::Insert, writing()).unwrap();
    let encoder = sink.encoder();
    let mut chunk = DatasetChunk::default();
    for item in &items[100..] {
        encoder.item(item.root(), None, &mut chunk).unwrap();
    }
    sink.write(chunk).unwrap();
    let refused = sink.settled(true).unwrap().unwrap();
    assert_eq!(refused.iter().map(|refused| refused.item).collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
    sink.finish().unwrap();
    assert_eq!(documents(&open(&storage)).len(), items.len());
}

/// What another writer has put there between the look and the commit is found by the commit.
#[test]
fn a_writer_that_was_faster_keeps_its_items() {
    for mode in [Mode::Insert, Mode::Upsert, Mode::Replace] {
        let folder = tempfile::tempdir().unwrap();
        let storage = made(folder.path());
        put(&storage, &[item("z", "")], Mode::Insert).unwrap();
        let begin = |items: &[Document], mode| {
            let mut sink = DatasetSink::create(&storage, Some(&open(&storage)), mode, writing()).unwrap();
            let encoder = sink.encoder();
            let mut chunk = DatasetChunk::default();
            for item in items {
                encoder.item(item.root(), None, &mut chunk).unwrap();
            }
            sink.write(chunk).unwrap();
            sink
        };
        // The two give the new column another type.
        let slow = begin(&[item("a", r#","x":1"#), item("b", r#","x":2"#), item("z", r#","x":3"#)], mode);
        put(&storage, &[item("b", r#","x":"two""#), item("c", r#","x":"three""#)], Mode::Insert).unwrap();
        let finished = slow.finish().unwrap();
        let (there, late) = (documents(&open(&storage)), finished.late.records.len());
        let has = |one: &Document| there.contains(one);
        assert!(has(&item("a", r#","x":1"#)));
        match mode {
            Mode::Insert => {
                // `z` was there before, and is told by `settled`.
                assert_eq!((there.len(), late), (4, 1));
                assert!(
                    has(&item("b", r#","x":"two""#))
                        && has(&item("c", r#","x":"three""#))
                        && has(&item("z", ""))
                );
            }
            Mode::Upsert => {
                assert_eq!((there.len(), late), (4, 0));
                assert!(
                    has(&item("b", r#","x":2"#))
                        && has(&item("c", r#","x":"three""#))
                        && has(&item("z", r#","x":3"#))
                );
                assert_eq!(finished.before.unwrap().replaced.total(), 2);
            }
            _ => assert_eq!((there.len(), late), (3, 0)),
        }
    }
}

/// Four writers of all modes and a compaction at once.
#[test]
fn writers_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let rounds = 6;
    thread::scope(|scope| {
        for writer in 0..4_usize {
            let storage = &storage;
            scope.spawn(move || {
                for round in 0..rounds {
                    // Some of all writers, and some of its own.
                    let shared =
                        (0..5).map(|n| item(&format!("shared-{round}-{n}"), &format!(r#","by":{writer}"#)));
                    let own = (0..5).map(|n| item(&format!("own-{writer}-{round}-{n}"), ""));
                    let items: Vec<Document> = shared.chain(own).collect();
                    let mode = [Mode::Insert, Mode::Ignore, Mode::Upsert, Mode::Upsert][writer];
                    put(storage, &items, mode).unwrap();
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..rounds {
                optimize(&open(&storage), &writing(), &mut ()).unwrap();
                thread::sleep(Duration::from_millis(5));
            }
        });
    });
    let names = names(&open(&storage));
    let mut once = names.clone();
    once.dedup();
    assert_eq!(once.len(), names.len(), "an Item is there twice");
    assert_eq!(names.len(), 4 * rounds * 5 + rounds * 5);
    let latest = open(&storage).version();
    for version in 0..=latest {
        documents(&open_at(&storage, At::Version(version)).unwrap());
    }
}

#[test]
fn versions_tags_and_a_vacuum() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    for n in 0..15 {
        put(&storage, &[item(&format!("i{n}"), "")], Mode::Insert).unwrap();
    }
    put(&storage, &[item("i0", r#","x":1"#)], Mode::Upsert).unwrap();
    let count = |at: At| open_at(&storage, at).map(|dataset| names(&dataset).len());
    assert_eq!(count(At::Version(3)).unwrap(), 3);
    assert_eq!(count(At::Version(13)).unwrap(), 13, "after a checkpoint");
    insta::assert_snapshot!(plain(&count(At::Version(99)).unwrap_err(), folder.path()), @r#"
    data/ has no version 99: its newest is 16
    ask for one that is there
    "#);
    tag(&open_at(&storage, At::Version(5)).unwrap(), "five", &Author::default()).unwrap();
    assert_eq!(count(At::Tag("five".to_owned())).unwrap(), 5);
    insta::assert_snapshot!(plain(&tag(&open(&storage), "five", &Author::default()).unwrap_err(), folder.path()), @r#"
    data/ has a tag "five" already, of version 5
    take another name, or delete that one first: `tag data/ five delete`
    "#);
    insta::assert_snapshot!(plain(&count(At::Tag("six".to_owned())).unwrap_err(), folder.path()), @r#"
    data/ has no tag "six": it has "five"
    make one with `tag data/ six`
    "#);

    optimize(&open(&storage), &writing(), &mut ()).unwrap();
    let done = vacuum(&storage, Duration::ZERO, true).unwrap();
    assert_eq!(count(At::Version(3)).unwrap(), 3, "a trial takes nothing away");
    assert_eq!(vacuum(&storage, Duration::ZERO, false).unwrap(), done);
    assert_eq!(done.files, 11, "of 16 files 5 have a tag");
    assert_eq!(count(At::Latest).unwrap(), 15);
    assert_eq!(count(At::Tag("five".to_owned())).unwrap(), 5);
    assert_eq!(count(At::Version(5)).unwrap(), 5);
    let gone = plain(&count(At::Version(3)).unwrap_err(), folder.path());
    let (before, after) = gone.split_once(" at ").unwrap();
    insta::assert_snapshot!(format!("{before} at{}", &after[after.find(": ").unwrap()..]), @r#"
    data/: version 3 was vacuumed at: files of it are gone
    the oldest that is whole is 17; before it those with a tag: `history data/`
    "#);

    let versions = history(&storage).unwrap();
    assert_eq!(versions.len(), 18);
    let replaced = versions.iter().find(|entry| entry.version == 16).unwrap();
    assert_eq!((replaced.items.unwrap().came, replaced.items.unwrap().replaced), (0, 1));
    assert_eq!(replaced.who.as_deref(), Some("tester"));
    assert!(!versions.iter().find(|entry| entry.version == 3).unwrap().is_whole);
}

#[test]
fn what_is_optimized_is_not_optimized_again() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let of = |id: &str, collection: &str| {
        let text =
            item(id, "").text().replace(r#""collection":"c""#, &format!(r#""collection":"{collection}""#));
        Document::parse_bytes(text.as_bytes()).unwrap()
    };
    // So many of each that the two collections do not share a file.
    let both = (0..10_000).map(|number| of(&format!("i{number}"), if number < 5_000 { "c" } else { "d" }));
    put(&storage, &both.collect::<Vec<_>>(), Mode::Insert).unwrap();
    put(&storage, &[of("e", "c")], Mode::Insert).unwrap();
    let run = || optimize(&open(&storage), &writing(), &mut ()).unwrap();
    let first = run();
    assert_eq!((first.items, first.files), (10_001, [3, 2]));
    assert_eq!(run(), crate::Optimized::default(), "nothing has come since");
    put(&storage, &[of("f", "d")], Mode::Insert).unwrap();
    assert_eq!(run().items, 10_002);
    assert_eq!(run(), crate::Optimized::default());
}

/// Does something once, when files are about to be read.
struct Meanwhile<F>(Option<F>);

impl<F: FnOnce()> Observer for Meanwhile<F> {
    fn begin(&mut self, _: &str, _: Option<u64>) {
        if let Some(act) = self.0.take() {
            act();
        }
    }

    fn advance(&mut self, _: Progress) {}

    fn reject(&mut self, _: &Reject<'_>) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn what_others_do_while_files_are_made_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let of = |load: usize| (0..30).map(move |number| item(&format!("{load}-{number}"), ""));
    for load in 0..4 {
        put(&storage, &of(load).collect::<Vec<_>>(), Mode::Insert).unwrap();
    }
    let mut meanwhile = Meanwhile(Some(|| {
        // Of two files some Items change or go, twice; another goes as a whole; and some come.
        put(&storage, &[item("0-3", r#","x":1"#), item("new", "")], Mode::Upsert).unwrap();
        put(&storage, &[item("0-4", r#","x":1"#)], Mode::Upsert).unwrap();
        let store: Store = open(&storage).into();
        let edit = store.edit().unwrap();
        edit.delete_item(&ItemKey::new("c", "1-7"), When::Always).unwrap();
        let all: Vec<_> =
            (0..30).map(|number| (ItemKey::new("c", format!("2-{number}")), When::Always)).collect();
        assert_eq!(edit.delete_items(&all).unwrap(), 30);
    }));
    let done = optimize(&open(&storage), &writing(), &mut meanwhile).unwrap();
    assert_eq!((done.items, done.files), (87, [3, 1]), "the file that is gone is not counted");
    let mut expected: Vec<String> = [0, 1, 3].into_iter().flat_map(of).map(|item| name(&item)).collect();
    expected.retain(|name| !name.contains("\"1-7\""));
    expected.push(name(&item("new", "")));
    expected.sort();
    assert_eq!(names(&open(&storage)), expected);
    let changed = documents(&open(&storage)).iter().filter(|item| item.text().contains("\"x\":1")).count();
    assert_eq!(changed, 2);
    // Nothing that no version has is left.
    let versions: Vec<_> =
        (0..=open(&storage).version()).map(|at| open_at(&storage, At::Version(at)).unwrap()).collect();
    let known: HashSet<_> = versions
        .iter()
        .flat_map(|dataset| {
            dataset.view().data_files().iter().map(|file| file.path.clone()).collect::<Vec<_>>()
        })
        .collect();
    let there = fs::read_dir(folder.path().join("c"))
        .unwrap()
        .map(|file| format!("c/{}", file.unwrap().file_name().display()));
    assert_eq!(there.filter(|file| !known.contains(file)).count(), 0);
}

#[test]
fn items_are_found_however_often_they_are_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    for load in 0..4 {
        let some: Vec<Document> = (0..5).map(|number| item(&format!("{number}-{load}"), "")).collect();
        put(&storage, &some, Mode::Insert).unwrap();
    }
    let dataset = open(&storage);
    let find = |id: &str| dataset.item(&ItemKey::new("c", id), &Stop::default()).unwrap().is_some();
    // More often than it takes until the files are asked by their filters.
    for _ in 0..10 {
        for load in 0..4 {
            for number in 0..5 {
                assert!(find(&format!("{number}-{load}")));
            }
            assert!(!find(&format!("{load}-none")));
        }
    }
}

/// A file that was written again is there as it was before, as after a RESTORE.
#[test]
fn what_another_program_puts_back_stays() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let items: Vec<Document> = (0..30).map(|number| item(&format!("i{number}"), "")).collect();
    put(&storage, &items, Mode::Insert).unwrap();
    let commit = |version: u64| folder.path().join(format!("_delta_log/{version:020}.json"));
    let whole = fs::read_to_string(commit(1)).unwrap();
    let whole = whole.lines().find(|line| line.starts_with(r#"{"add""#)).unwrap().to_owned();
    put(&storage, &[item("other", "")], Mode::Insert).unwrap();
    let store: Store = open(&storage).into();
    store.edit().unwrap().delete_item(&ItemKey::new("c", "i7"), When::Always).unwrap();
    let cut = open(&storage)
        .view()
        .data_files()
        .iter()
        .find(|file| file.first() != file.path)
        .unwrap()
        .path
        .clone();
    let version = open(&storage).version() + 1;
    let mut restore = Meanwhile(Some(|| {
        let remove = format!(r#"{{"remove":{{"path":"{cut}","deletionTimestamp":0,"dataChange":true}}}}"#);
        fs::write(commit(version), format!("{whole}\n{remove}")).unwrap();
        // And something else changes, so that the old files are not all there.
        put(&storage, &[item("other", r#","x":1"#)], Mode::Upsert).unwrap();
    }));
    optimize(&open(&storage), &writing(), &mut restore).unwrap();
    let mut expected: Vec<String> = items.iter().map(name).collect();
    expected.push(name(&item("other", "")));
    expected.sort();
    assert_eq!(names(&open(&storage)), expected);
}

#[test]
fn edits_in_turn_leave_one_small_file() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    put(&storage, &[item("a", ""), item("b", "")], Mode::Insert).unwrap();
    let store: Store = open(&storage).into();
    let edit = store.edit().unwrap();
    let key = |id: &str| ItemKey::new("c", id);
    for number in 0..4 {
        for id in ["x", "y"] {
            let text = item(&format!("{id}{number}"), "");
            edit.put_item(text.text().as_bytes(), When::Always).unwrap();
        }
        edit.delete_item(&key(&format!("x{number}")), When::Always).unwrap();
    }
    assert_eq!(names(&open(&storage)).len(), 6);
    let files = open(&storage).view().data_files().len();
    assert_eq!(files, 2, "the one of the copy, and the one of the edits");
}

/// Another program writes its files again: in several row groups, without a page index, and without what we say of them.
#[test]
fn files_of_others_without_a_page_index_are_changed() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let items: Vec<Document> = (0..30).map(|number| item(&format!("i{number}"), "")).collect();
    put(&storage, &items, Mode::Insert).unwrap();
    let old = open(&storage).view().data_files()[0].path.clone();
    let read =
        ParquetRecordBatchReaderBuilder::try_new(fs::File::open(folder.path().join(&old)).unwrap()).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(10))
        .set_offset_index_disabled(true)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    let file = fs::File::create(folder.path().join("theirs.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, Arc::clone(read.schema()), Some(properties.build())).unwrap();
    for batch in read.build().unwrap() {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.close().unwrap();
    let size = fs::metadata(folder.path().join("theirs.parquet")).unwrap().len();
    let lines = format!(
        r#"{{"add":{{"path":"theirs.parquet","partitionValues":{{}},"size":{size},"modificationTime":0,"dataChange":true}}}}
{{"remove":{{"path":"{old}","deletionTimestamp":0,"dataChange":true}}}}"#
    );
    fs::write(folder.path().join(format!("_delta_log/{:020}.json", 2)), lines).unwrap();
    put(&storage, &[item("i5", r#","x":1"#)], Mode::Upsert).unwrap();
    let store: Store = open(&storage).into();
    store.edit().unwrap().delete_item(&ItemKey::new("c", "i17"), When::Always).unwrap();
    let left = documents(&open(&storage));
    assert_eq!(left.len(), 29);
    assert_eq!(left.iter().filter(|item| item.text().contains("\"x\":1")).count(), 1);
    assert!(!left.iter().any(|item| item.text().contains("\"i17\"")));
}

/// The message of an error, and what can be done, without the folder of the test.
fn plain(error: &Error, folder: &Path) -> String {
    let advice = error.advice().map(ToString::to_string).unwrap_or_default();
    format!("{error}\n{advice}").replace(&folder.display().to_string(), "data")
}

#[test]
fn what_is_different_between_versions() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    put(&storage, &[item("a", ""), item("b", ""), item("c", "")], Mode::Insert).unwrap();
    put(&storage, &[item("b", r#","x":1"#), item("d", "")], Mode::Upsert).unwrap();
    let edit: Store = open(&storage).into();
    edit.edit().unwrap().delete_item(&ItemKey::new("c", "a"), When::Always).unwrap();
    optimize(&open(&storage), &writing(), &mut ()).unwrap();
    let mut found = Vec::new();
    diff(&open_at(&storage, At::Version(1)).unwrap(), &open(&storage), |difference, text| {
        found.push(format!("{difference:?} {}", name(&Document::parse_bytes(text).unwrap())));
        Ok(())
    })
    .unwrap();
    found.sort();
    assert_eq!(
        found,
        [r#"Added Some("c") Some("d")"#, r#"Changed Some("c") Some("b")"#, r#"Removed Some("c") Some("a")"#]
    );
    let _ = Difference::Added;
}

#[test]
fn a_log_that_is_damaged_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    put(&storage, &[item("a", "")], Mode::Insert).unwrap();
    put(&storage, &[item("b", "")], Mode::Insert).unwrap();
    let commit = |version: u64| folder.path().join(format!("_delta_log/{version:020}.json"));
    let whole = fs::read(commit(1)).unwrap();
    let told = |bytes: &[u8]| {
        fs::write(commit(1), bytes).unwrap();
        plain(&open_at(&storage, At::Latest).map(|_| ()).unwrap_err(), folder.path())
    };
    insta::assert_snapshot!(told(b""), @r#"
    data/_delta_log/00000000000000000001.json is damaged: there is nothing in it
    bring the file back from a copy; versions before it are readable: ?version=N
    "#);
    insta::assert_snapshot!(told(&whole[..whole.len() / 2]), @r#"
    data/_delta_log/00000000000000000001.json is damaged: line 2: EOF while parsing a string at line 1 column 1481
    bring the file back from a copy; versions before it are readable: ?version=N
    "#);
    fs::remove_file(commit(1)).unwrap();
    insta::assert_snapshot!(plain(&open_at(&storage, At::Latest).map(|_| ()).unwrap_err(), folder.path()), @r#"
    data/_delta_log/00000000000000000001.json is missing
    the log is damaged: bring the file back from a copy
    "#);
    fs::write(commit(1), &whole).unwrap();
    let newer = br#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["columnMapping"],"writerFeatures":["columnMapping"]}}"#;
    fs::write(commit(3), newer).unwrap();
    insta::assert_snapshot!(plain(&open_at(&storage, At::Latest).map(|_| ()).unwrap_err(), folder.path()), @r#"
    data/ cannot be read: its protocol asks for the feature columnMapping, which this version does not know
    use a newer stacyard, or have the program that uses the feature write the table without it (for deletion vectors: REORG TABLE ... APPLY (PURGE), then drop the feature)
    "#);
    fs::write(
        commit(3),
        br#"{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["rowTracking"]}}"#,
    )
    .unwrap();
    assert_eq!(documents(&open(&storage)).len(), 2);
    insta::assert_snapshot!(plain(&put(&storage, &[item("c", "")], Mode::Insert).map(|_| ()).unwrap_err(), folder.path()), @r#"
    data/ cannot be written: its protocol asks for the feature rowTracking, which this version does not know
    use a newer stacyard, or have the program that uses the feature write the table without it (for deletion vectors: REORG TABLE ... APPLY (PURGE), then drop the feature)
    "#);
    fs::remove_file(commit(3)).unwrap();
    let dataset = open(&storage);
    let path = folder.path().join(&dataset.view().data_files()[0].path);
    fs::remove_file(&path).unwrap();
    let find = Store::from(open(&storage)).find(&Query::from(Search::default()), Run::default());
    let told = plain(&find.map(|_| ()).unwrap_err(), folder.path());
    let uuid = told.find("part-").unwrap();
    insta::assert_snapshot!(told.replace(&told[uuid..uuid + 41], "part-UUID"), @r#"
    data/c/part-UUID.parquet is gone, and a version of the dataset has it
    bring it back from a copy, or read another version: ?version=N; `history` lists them
    "#);
}

/// Of a thousand changes one after the other there is no file for each.
#[test]
fn changes_come_together() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let store: Store = open(&storage).into();
    thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                let edit = store.edit().unwrap();
                for n in 0..10 {
                    let text = item(&format!("{thread}-{n}"), "").text().to_owned();
                    edit.put_item(text.as_bytes(), When::Absent).unwrap();
                }
            });
        }
    });
    let dataset = open(&storage);
    assert_eq!(names(&dataset).len(), 40);
    assert!(dataset.version() < 40, "{} versions", dataset.version());
    assert_eq!(dataset.view().data_files().len(), 1);
}

#[test]
fn collections_belong_to_versions() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let collection = |id: &str| (id.to_owned(), serde_json::json!({ "id": id }));
    let new: Collections = [collection("a")].into();
    crate::put_dataset_collections(&storage, &new, &Author::default()).unwrap();
    let mut sink = DatasetSink::create(&storage, Some(&open(&storage)), Mode::Insert, writing()).unwrap();
    // Meanwhile another one comes.
    crate::put_dataset_collections(&storage, &[collection("b")].into(), &Author::default()).unwrap();
    assert!(sink.keep([collection("a"), collection("c")].into()));
    sink.finish().unwrap();
    let of =
        |at| open_at(&storage, at).unwrap().collections().unwrap().into_keys().collect::<Vec<_>>().join(" ");
    assert_eq!(of(At::Latest), "a b c");
    assert_eq!(of(At::Version(1)), "a");
    assert_eq!(of(At::Version(0)), "");
}

/// Of files that cannot answer none is opened: it can be damaged.
#[test]
fn files_that_cannot_answer_are_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    for (n, year) in (2020..2026).enumerate() {
        let text = item(&format!("i{n}"), "")
            .text()
            .replace("2024", &year.to_string())
            .replace("1.5", &format!("{n}.5"));
        put(&storage, &[Document::parse_bytes(text.as_bytes()).unwrap()], Mode::Insert).unwrap();
    }
    let dataset = open(&storage);
    let has = |year: &str| {
        let file = dataset.view();
        let file = file.data_files().iter().find(|file| file.add.stats.as_ref().unwrap().contains(year));
        folder.path().join(&file.unwrap().path)
    };
    for year in ["2020", "2021", "2022"] {
        fs::remove_file(has(year)).unwrap();
    }
    let ask = |search: Search| {
        let (mut answer, report) =
            Store::from(open(&storage)).find(&Query::from(search), Run::default()).unwrap();
        let mut ids = Vec::new();
        while let Some(entry) = answer.entry().unwrap() {
            ids.push(name(&Document::parse_bytes(&entry.text).unwrap()));
        }
        (ids, report.levels[0].clone())
    };
    let search = Search {
        datetime: Some(stacyard_search::parse_datetime("2025-01-01T00:00:00Z/..").unwrap()),
        ..Search::default()
    };
    let (ids, level) = ask(search);
    assert_eq!(ids, [r#"Some("c") Some("i5")"#]);
    insta::assert_snapshot!(level, @"log         6 files -> 1 by its statistics and keys -> 1 by the order -> 1 opened");
    let (ids, level) =
        ask(Search { ids: vec!["i3".to_owned()], collections: vec!["c".to_owned()], ..Search::default() });
    assert_eq!(ids, [r#"Some("c") Some("i3")"#]);
    insta::assert_snapshot!(level, @"log         6 files -> 1 by its statistics and keys -> 1 by the order -> 1 opened");
}

#[test]
fn others_order_is_kept_within_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let items = conformance::catalog(5, 120);
    let mut writing = writing();
    writing.options.order = Order::Input;
    let mut sink = DatasetSink::create(&storage, Some(&open(&storage)), Mode::Insert, writing).unwrap();
    let encoder = sink.encoder();
    let mut chunk = DatasetChunk::default();
    for item in &items {
        encoder.item(item.root(), None, &mut chunk).unwrap();
    }
    sink.write(chunk).unwrap();
    sink.finish().unwrap();
    let there = documents(&open(&storage));
    let place = |one: &Document| items.iter().position(|item| item == one).unwrap();
    let same = there.windows(2).filter(|two| {
        two[0].root().get("collection").map(Value::raw) == two[1].root().get("collection").map(Value::raw)
    });
    assert!(same.into_iter().all(|two| place(&two[0]) < place(&two[1])));
}
