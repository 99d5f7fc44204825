//! What two do with a dataset at the same time, step by step in the order in which it could go wrong; and what a table has no room for.

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use stacyard_model::Profile;
use stacyard_model::json::Document;
use stacyard_search::{Query, Search, Stop, parse_datetime};
use stacyard_store::{
    Backend, Collections, Encoder, Error, ErrorKind, Home, ItemKey, Mode, Output, Ranges, Run, Sink, Storage,
    Store, Stored, StoredFile, When,
};

use super::dataset::{documents, item, made, names, open, put, writing};
use crate::{
    Author, Dataset, DatasetChunk, DatasetSink, Making, Options, Writing, delete_dataset_collection,
    make_dataset, put_dataset_collections, tag, vacuum,
};

fn written(storage: &Arc<dyn Storage>, items: &[Document], mode: Mode, how: Writing) -> Result<(), Error> {
    let mut sink = DatasetSink::create(storage, Some(&open(storage)), mode, how)?;
    let encoder = sink.encoder();
    let mut chunk = DatasetChunk::default();
    for item in items {
        encoder.item(item.root(), None, &mut chunk)?;
    }
    sink.write(chunk)?;
    sink.finish().map(drop)
}

fn staged(storage: &Arc<dyn Storage>, items: &[Document], mode: Mode, to: &Path) -> Result<(), Error> {
    written(storage, items, mode, Writing { stage: Some(to.to_owned()), ..writing() })
}

fn of_part(storage: &Arc<dyn Storage>, part: &Path) -> Result<DatasetSink, Error> {
    Ok(DatasetSink::of_parts(storage, &open(storage), &[part.to_owned()], writing())?.0)
}

fn found(storage: &Arc<dyn Storage>, search: &Search) -> Vec<String> {
    let (mut answer, _) =
        Store::from(open(storage)).find(&Query::from(search.clone()), Run::default()).unwrap();
    let mut found = Vec::new();
    while let Some(entry) = answer.entry().unwrap() {
        let id = Document::parse_bytes(&entry.text).unwrap();
        found.push(id.root().get("id").and_then(|id| id.as_str().map(Cow::into_owned)).unwrap());
    }
    found.sort();
    found
}

fn key(id: &str) -> ItemKey {
    ItemKey { collection: Some("c".to_owned()), id: id.to_owned() }
}

/// A workflow that is started anew while the first of it still runs.
#[test]
fn a_part_that_two_commit_is_there_once() {
    for mode in [Mode::Insert, Mode::Ignore, Mode::Upsert, Mode::Replace] {
        let folder = tempfile::tempdir().unwrap();
        let storage = made(&folder.path().join("d"));
        let part = folder.path().join("part.json");
        staged(&storage, &[item("a", ""), item("b", "")], mode, &part).unwrap();
        let (first, second) = (of_part(&storage, &part).unwrap(), of_part(&storage, &part).unwrap());
        first.finish().unwrap();
        let error = second.finish().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exists, "{mode:?}: {error}");
        assert_eq!(names(&open(&storage)).len(), 2, "{mode:?}");
        assert_eq!(of_part(&storage, &part).err().map(|error| error.kind()), Some(ErrorKind::Exists));
    }
}

#[test]
fn a_part_takes_the_place_of_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(&folder.path().join("d"));
    let source = folder.path().join("items.ndjson");
    fs::write(&source, "Items of the user").unwrap();
    let error = staged(&storage, &[item("a", "")], Mode::Insert, &source).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists, "{error}");
    assert_eq!(fs::read_to_string(&source).unwrap(), "Items of the user");
}

#[test]
fn a_part_of_another_profile_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(&folder.path().join("d"));
    let part = folder.path().join("part.json");
    staged(&storage, &[item("a", "")], Mode::Insert, &part).unwrap();
    let before = open(&storage);
    let profile = Profile::parse("[fields.gsd]\ntype = \"number\"\nrequired = true\n").unwrap();
    let making = Making { profile: Some(profile.into()), ..Making::default() };
    make_dataset(&storage, &making, &Author::default()).unwrap();
    assert_eq!(of_part(&storage, &part).err().map(|error| error.kind()), Some(ErrorKind::Conflict));
    // So are single Items that were checked by the one before.
    let put = before.editor().unwrap().put_item(&key("b"), &item("b", ""), When::Absent, Home::Any);
    assert_eq!(put.err().map(|error| error.kind()), Some(ErrorKind::Conflict));
    assert_eq!(names(&open(&storage)).len(), 0);
}

/// Who is told that another was faster sees what that one has done.
#[test]
fn a_change_that_comes_late_sees_what_was_faster() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    put(&storage, &[item("a", "")], Mode::Insert).unwrap();
    let slow = open(&storage);
    let text = |dataset: &Dataset| dataset.item(&key("a"), &Stop::default()).unwrap().unwrap();
    let tag = Stored::new(text(&slow)).etag;
    put(&storage, &[item("a", r#","gsd":1"#)], Mode::Upsert).unwrap();
    let change = || {
        slow.editor().unwrap().put_item(
            &key("a"),
            &item("a", r#","gsd":2"#),
            When::Matches(Stored::new(text(&slow)).etag),
            Home::Any,
        )
    };
    assert_eq!(Stored::new(text(&slow)).etag, tag);
    change().unwrap_err();
    change().unwrap();
    assert!(String::from_utf8(text(&open(&storage))).unwrap().contains(r#""gsd":2"#));
}

#[test]
fn a_collection_that_gets_items_meanwhile_stays() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let new: Collections = [("c".to_owned(), serde_json::json!({ "id": "c" }))].into();
    put_dataset_collections(&storage, &new, &Author::default()).unwrap();
    let slow = open(&storage);
    put(&storage, &[item("a", "")], Mode::Insert).unwrap();
    let error = delete_dataset_collection(&slow, "c", 1, &Author::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(open(&storage).collections().unwrap().len(), 1);
}

/// A storage in which something happens meanwhile, once: before all of it is listed, or before a file takes the place of another.
struct Interrupted {
    storage: Arc<dyn Storage>,
    before: &'static str,
    then: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Interrupted {
    fn meanwhile(
        storage: &Arc<dyn Storage>,
        before: &'static str,
        then: impl FnOnce() + Send + 'static,
    ) -> Arc<dyn Storage> {
        Arc::new(Self { storage: Arc::clone(storage), before, then: Mutex::new(Some(Box::new(then))) })
    }

    fn is_about_to(&self, what: &str) {
        if what == self.before
            && let Some(then) = self.then.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            then();
        }
    }
}

impl Storage for Interrupted {
    fn name(&self) -> &str {
        self.storage.name()
    }
    fn list(&self, folder: &str) -> Result<Vec<StoredFile>, Error> {
        if folder.is_empty() {
            self.is_about_to("list");
        }
        self.storage.list(folder)
    }
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        self.storage.get(path)
    }
    fn open(&self, path: &str, size: u64) -> Result<Box<dyn Ranges>, Error> {
        self.storage.open(path, size)
    }
    fn has(&self, path: &str) -> Result<bool, Error> {
        self.storage.has(path)
    }
    fn create(&self, path: &str, bytes: &[u8]) -> Result<bool, Error> {
        self.storage.create(path, bytes)
    }
    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        self.is_about_to("replace");
        self.storage.replace(path, bytes)
    }
    fn begin(&self, path: &str) -> Result<Output, Error> {
        self.storage.begin(path)
    }
    fn delete(&self, path: &str) -> Result<(), Error> {
        self.storage.delete(path)
    }
    fn scratch(&self) -> &Path {
        self.storage.scratch()
    }
    fn at_once(&self) -> usize {
        self.storage.at_once()
    }
    fn look(&self) -> Duration {
        self.storage.look()
    }
}

/// A part that was staged days ago is committed, and its version tagged, while a vacuum is at work.
#[test]
fn a_vacuum_spares_what_is_committed_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let (place, part) = (folder.path().join("d"), folder.path().join("part.json"));
    let storage = made(&place);
    put(&storage, &[item("a", "")], Mode::Insert).unwrap();
    staged(&storage, &[item("b", "")], Mode::Insert, &part).unwrap();
    let days = SystemTime::now() - Duration::from_hours(72);
    for file in storage.list("c").unwrap() {
        fs::File::options().write(true).open(place.join(file.path)).unwrap().set_modified(days).unwrap();
    }
    let late = Arc::clone(&storage);
    let then = move || {
        of_part(&late, &part).unwrap().finish().unwrap();
        tag(&open(&late), "late", &Author::default()).unwrap();
    };
    vacuum(&Interrupted::meanwhile(&storage, "replace", then), Duration::ZERO, false).unwrap();
    assert_eq!(documents(&open(&storage)).len(), 2);
}

/// Of two vacuums the one that goes further is told, whichever ends last.
#[test]
fn vacuums_at_once_say_what_the_further_one_has_left() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    put(&storage, &[item("a", "")], Mode::Insert).unwrap();
    put(&storage, &[item("a", r#","gsd":1"#)], Mode::Upsert).unwrap();
    let other = Arc::clone(&storage);
    let left = folder.path().join("c/part-00000000-0000-4000-8000-000000000000.parquet");
    fs::write(&left, "of a writer that was killed").unwrap();
    let days = SystemTime::now() - Duration::from_hours(72);
    fs::File::options().write(true).open(&left).unwrap().set_modified(days).unwrap();
    let copy = left.with_file_name("part-00000000-0000-4000-8000-000000000001.parquet");
    let then = move || {
        vacuum(&other, Duration::ZERO, false).unwrap();
        fs::write(&copy, "of another one").unwrap();
        fs::File::options().write(true).open(&copy).unwrap().set_modified(days).unwrap();
    };
    let slow =
        vacuum(&Interrupted::meanwhile(&storage, "list", then), Duration::from_hours(1), false).unwrap();
    assert_eq!((slow.oldest, slow.files), (0, 1));
    let said = fs::read_to_string(folder.path().join("_stacyard/vacuumed.json")).unwrap();
    assert!(said.contains(r#""oldest":2"#), "{said}");
}

/// Whoever is where times are ranges finds them, however many columns the table has.
#[test]
fn what_searches_rely_on_has_columns_in_a_full_table() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let full = || Writing { options: Options { max_columns: 1, ..writing().options }, ..writing() };
    let more = r#","Start_Datetime":"no time","a1":1,"a2":2,"a3":3"#;
    written(&storage, &[item("a", more)], Mode::Insert, full()).unwrap();
    let range = |id: &str| {
        let range = r#""datetime":null,"start_datetime":"2020-01-01T00:00:00Z","end_datetime":"2021-01-01T00:00:00Z""#;
        let text = item(id, "").text().replace(r#""datetime":"2024-06-01T00:00:00Z""#, range);
        Document::parse_bytes(text.as_bytes()).unwrap()
    };
    written(&storage, &[range("b"), item("c", "")], Mode::Insert, full()).unwrap();
    let search =
        Search { datetime: Some(parse_datetime("2020-06-01T00:00:00Z").unwrap()), ..Search::default() };
    assert_eq!(found(&storage, &search), ["b"]);
    // And whether an Item is there already is told by its collection, too.
    written(&storage, &[item("a", r#","a1":5"#)], Mode::Upsert, full()).unwrap();
    assert_eq!(names(&open(&storage)).len(), 3);
    assert!(documents(&open(&storage)).contains(&range("b")));
}

/// Names that differ in their case alone share a column, where other programs do not tell them apart: the others are in the residual, and found there.
#[test]
fn names_that_differ_in_case_are_written_and_found() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let with = |id: &str, more: &str, assets: &str, links: &str| {
        let text = item(id, more).text().replace(r#""assets":{}"#, &format!(r#""assets":{{{assets}}}"#));
        Document::parse_bytes(text.replace(r#""links":[]"#, &format!(r#""links":[{links}]"#)).as_bytes())
            .unwrap()
    };
    let all = [
        with("a", r#","nest":{"X":1}"#, r#""Data":{"href":"h"}"#, r#"{"href":"h","rel":"self","Title":"t"}"#),
        with("b", r#","nest":{"x":2}"#, "", ""),
        with("c", "", r#""data":{"href":"i"}"#, r#"{"href":"h","rel":"self","title":"t"}"#),
        with("d", "", r#""a b":{"href":"j"}"#, ""),
        with("e", "", r#""DATA":{"href":"k"},"b04":{"href":"l"}"#, ""),
        with("f", "", r#""B04":{"href":"m"}"#, ""),
    ];
    for one in &all {
        put(&storage, std::slice::from_ref(one), Mode::Insert).unwrap();
    }
    put(&storage, &all, Mode::Upsert).unwrap();
    let there = documents(&open(&storage));
    assert!(there.len() == all.len() && all.iter().all(|one| there.contains(one)));
    let names: Vec<String> =
        match open(&storage).view().version().fields.find("assets").unwrap().1.data_type() {
            arrow_schema::DataType::Struct(fields) => {
                fields.iter().map(|field| field.name().clone()).collect()
            }
            other => panic!("{other}"),
        };
    assert_eq!(names, ["Data", "b04"]);
    let ask = |filter: &str, fields: &[&str]| {
        let search = Search {
            filter: Some(stacyard_search::cql2::parse_text(filter).unwrap()),
            fields: stacyard_search::Fields::parse(&fields.join(",")).unwrap(),
            ..Search::default()
        };
        let (mut answer, report) =
            Store::from(open(&storage)).find(&Query::from(search), Run::default()).unwrap();
        let text = answer.entry().unwrap().map(|entry| String::from_utf8(entry.text).unwrap());
        (text.unwrap_or_default(), report.notes.len())
    };
    for (filter, field, wanted) in [
        ("nest.x = 2", "properties.nest.x", r#""nest":{"x":2}"#),
        ("id = 'f'", "assets.B04", r#""assets":{"B04":{"href":"m"}}"#),
        ("id = 'd'", "assets.a b.href", r#""assets":{"a b":{"href":"j"}}"#),
    ] {
        let (text, notes) = ask(filter, &[field]);
        assert!(text.contains(wanted) && notes == 0, "{field}: {text}");
    }
}

#[test]
fn a_commit_that_was_cut_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    put(&storage, &[item("a", ""), item("b", "")], Mode::Insert).unwrap();
    put(&storage, &[item("a", r#","gsd":1"#)], Mode::Upsert).unwrap();
    let path = folder.path().join("_delta_log/00000000000000000002.json");
    let text = fs::read_to_string(&path).unwrap();
    let (first, _) = text.split_once('\n').unwrap();
    for (cut, what) in
        [(format!("{first}\n"), "it has 1 lines of "), ("[]\n".to_owned(), "line 1: it is no object")]
    {
        fs::write(&path, cut).unwrap();
        let error = Dataset::open(Arc::clone(&storage), stacyard_store::At::Latest, 0).err().unwrap();
        assert!(error.kind() == ErrorKind::Damaged && error.message().contains(what), "{error}");
    }
}

#[test]
fn nothing_is_done_to_a_table_of_unknown_features() {
    let folder = tempfile::tempdir().unwrap();
    let storage = made(folder.path());
    let log = folder.path().join("_delta_log/00000000000000000000.json");
    let text =
        fs::read_to_string(&log).unwrap().replace(r#""minWriterVersion":2"#, r#""minWriterVersion":42"#);
    fs::write(&log, text).unwrap();
    assert_eq!(vacuum(&storage, Duration::ZERO, false).unwrap_err().kind(), ErrorKind::Unsupported);
    let error =
        staged(&storage, &[item("a", "")], Mode::Insert, &log.with_file_name("00000000000000000001.json"));
    assert!(error.is_err());
    let storage = made(&folder.path().join("other"));
    let place = folder.path().join("other/_delta_log/00000000000000000001.json");
    assert_eq!(
        staged(&storage, &[item("a", "")], Mode::Insert, &place).unwrap_err().kind(),
        ErrorKind::Usage
    );
}

/// Caches of downloads are trees of links to files.
#[test]
fn a_dataset_of_links_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (there, links) = (folder.path().join("there"), folder.path().join("links"));
    let storage = made(&there);
    put(&storage, &[item("a", "")], Mode::Insert).unwrap();
    for file in storage.list("").unwrap() {
        let link = links.join(&file.path);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(there.join(&file.path), link).unwrap();
    }
    let linked = crate::local_storage(&links);
    assert_eq!(names(&open(&linked)).len(), 1);
    put(&linked, &[item("b", "")], Mode::Insert).unwrap();
    assert_eq!((names(&open(&linked)).len(), names(&open(&storage)).len()), (2, 1));
    // What a link has led to is missed, and not passed over.
    let commit = "_delta_log/00000000000000000002.json";
    fs::rename(links.join(commit), folder.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("nowhere"), links.join(commit)).unwrap();
    let error = Dataset::open(linked, stacyard_store::At::Latest, 0).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
}

#[test]
fn a_tag_whose_file_would_have_too_long_a_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = open(&made(folder.path()));
    let author = Author::default();
    tag(&dataset, &"x".repeat(180), &author).unwrap();
    tag(&dataset, &"é".repeat(30), &author).unwrap();
    for name in ["x".repeat(181), "é".repeat(31), String::new(), ".a".to_owned()] {
        assert_eq!(tag(&dataset, &name, &author).unwrap_err().kind(), ErrorKind::Usage, "{name}");
    }
}
