//! A folder of files of other programs, each with columns of its own: it answers as a copy of all its Items does.

use std::fs;
use std::path::Path;

use serde_json::json;
use stacyard_search::Query;
use stacyard_store::conformance::{self, Question};
use stacyard_store::{Error, JsonStore, Run, Store, StoreUrl};

use crate::tests::foreign::{file, required};
use crate::tests::foreign_columns::Dice;
use crate::tests::foreign_random::{copy, questions, write};
use crate::tests::search;
use crate::{Folder, Options};

/// How many Items the searches of a folder of three files have found.
fn compare(seed: u64) -> usize {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("folder");
    let mut made_of = String::new();
    for (part, name) in ["collection=d/platform=x%2Fy", "collection=c", "x"].into_iter().enumerate() {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        made_of += &write(seed + 100 * part as u64, &folder.join("theirs.parquet"));
        made_of += "\n\n";
    }
    // And one of ours.
    let ours = folder.join("ours");
    fs::create_dir(&ours).unwrap();
    search::write(
        &conformance::catalog(seed, 40),
        &ours,
        Options { row_group_rows: 15, threads: 1, ..Options::default() },
    );
    let store = Folder::open(&folder, 1 << 20).unwrap();
    let lines = place.path().join("copy.ndjson");
    let items = copy(&store, &lines);
    let lines = JsonStore::new(&StoreUrl::parse(lines.to_str().unwrap(), None).unwrap(), 1 << 24);
    let mut all = 0;
    for question in questions(&items, &mut Dice(seed ^ 0xF0F0)) {
        let wanted = conformance::ask(&lines, &question);
        let answer = conformance::ask(&store, &question);
        // A column without values is a name all the same, which JSON cannot know.
        if answer.is_ok() && wanted.as_ref().is_err_and(|error| error.contains("no Item has a property")) {
            continue;
        }
        all += wanted.as_ref().map_or(0, |(found, _)| found.len());
        assert_eq!(answer, wanted, "seed {seed}: {}\n{made_of}", question.command());
    }
    all
}

#[test]
fn folders_of_any_files_answer_as_their_copies() {
    let found: usize = (0..6).map(compare).sum();
    assert!(found > 5_000, "the Items do not pass the gate: {found} found");
}

/// Files of the columns that are required, at these paths, of so many rows each.
fn written(folder: &Path, paths: &[(&str, usize)]) -> Folder {
    for (path, rows) in paths {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(file(required(*rows), &[]).path(), path).unwrap();
    }
    Folder::open(folder, 0).unwrap()
}

fn items(folder: &Folder) -> Vec<serde_json::Value> {
    let place = tempfile::NamedTempFile::new().unwrap();
    copy(folder, place.path())
}

#[test]
fn what_the_folders_say_is_part_of_the_items() {
    let place = tempfile::tempdir().unwrap();
    let folder = written(
        place.path(),
        &[
            ("collection=a%20%22b%22%2Fc/platform=p/year=2024/1.parquet", 2),
            ("collection=__HIVE_DEFAULT_PARTITION__/2.parquet", 1),
            ("collection=d/.hidden/3.parquet", 1),
            ("collection=d/_old/3.parquet", 1),
            ("collection=d/_metadata.parquet", 1),
            ("collection=d/3.GeoParquet", 1),
        ],
    );
    let shown: Vec<String> = items(&folder)
        .iter()
        .map(|item| json!([item["id"], item["collection"], item["properties"]]).to_string())
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    ["i0",null,{}]
    ["i0","a \"b\"/c",{"platform":"p"}]
    ["i1","a \"b\"/c",{"platform":"p"}]
    ["i0","d",{}]
    "#);
}

/// What the folders say decides which files are read.
#[test]
fn collections_of_the_folders_leave_files_out() {
    let place = tempfile::tempdir().unwrap();
    for (path, seed) in [("collection=a", 1), ("collection=b", 2)] {
        let folder = place.path().join(path);
        fs::create_dir(&folder).unwrap();
        let items = conformance::catalog(seed, 30);
        let plain = |item: &&stacyard_model::json::Document| item.root().get("collection").is_none();
        let items: Vec<_> = items.iter().filter(plain).cloned().collect();
        assert!(!items.is_empty());
        search::write(&items, &folder, Options { threads: 1, ..Options::default() });
    }
    let folder = Folder::open(place.path(), 1 << 20).unwrap();
    for (flag, value) in [
        ("collections", "a"),
        ("filter", "collection = 'a'"),
        ("filter", "'a' = collection AND id <> 'none'"),
        ("filter", "collection IN ('a', 'z')"),
    ] {
        let question = Question::of(&[(flag, value)]);
        let before = folder.files().files[1].table.file.so_far();
        let (found, counted) = conformance::ask(&folder, &question).unwrap();
        assert!(!found.is_empty() && counted == found.len() as u64, "{value}");
        assert_eq!(folder.files().files[1].table.file.so_far(), before, "{value}");
    }
    let both = conformance::ask(&folder, &Question::of(&[("filter", "collection <> 'a'")])).unwrap();
    assert!(!both.0.is_empty());
    let unknown = conformance::ask(&folder, &Question::of(&[("collections", "c")])).unwrap_err();
    insta::assert_snapshot!(unknown, @r#"no Item is of the collection "c"; `info` says which there are; `filter-lenient` takes it for an answer without Items"#);
}

fn refused(folder: &Path) -> String {
    let error = Folder::open(folder, 0).err().expect("it is refused");
    said(&error, folder)
}

fn said(error: &Error, folder: &Path) -> String {
    let said = format!("{error}\nhelp: {}", error.advice().expect("each error says what can be done"));
    said.replace(folder.to_str().unwrap(), "FOLDER")
}

#[test]
fn folders_that_are_no_store_of_items() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    insta::assert_snapshot!(refused(&root.join("nowhere")), @r#"
    cannot read FOLDER: No such file or directory (os error 2)
    help: check the path
    "#);
    insta::assert_snapshot!(refused(root), @r#"
    FOLDER is a folder without Parquet files
    help: a folder is read as the .parquet and .geoparquet files in it; name a file of another kind by itself
    "#);
    fs::write(root.join("items.ndjson"), "{}\n").unwrap();
    insta::assert_snapshot!(refused(root), @r#"
    FOLDER is a folder without Parquet files
    help: a folder is read as the .parquet and .geoparquet files in it; name a file of another kind by itself
    "#);
    drop(written(root, &[("a/b/c/1.parquet", 1)]));
    fs::write(root.join("a/b/x.parquet"), "{\"type\":\"FeatureCollection\"}").unwrap();
    insta::assert_snapshot!(refused(root), @r#"
    FOLDER/a/b/x.parquet holds one FeatureCollection
    help: name it .geojson, or say `store-kind geojson`
    "#);
    let whole = fs::read(root.join("a/b/c/1.parquet")).unwrap();
    fs::write(root.join("a/b/x.parquet"), &whole[..whole.len() - 20]).unwrap();
    insta::assert_snapshot!(refused(root), @r#"
    FOLDER/a/b/x.parquet cannot be read as Parquet: its end is missing
    help: check that it is a whole Parquet file, or name the kind of store with `store-kind`
    "#);
    fs::write(root.join("a/b/x.parquet"), "").unwrap();
    insta::assert_snapshot!(refused(root), @r#"
    FOLDER/a/b/x.parquet cannot be read as Parquet: it is too short
    help: check that it is a whole Parquet file, or name the kind of store with `store-kind`
    "#);
    let columns = required(1).into_iter().filter(|(name, _)| *name != "id").collect();
    fs::copy(file(columns, &[]).path(), root.join("a/b/x.parquet")).unwrap();
    insta::assert_snapshot!(refused(root), @r#"
    FOLDER/a/b/x.parquet has no column `id`: its rows are no STAC Items
    help: move what is no file of Items out of the folder, or let its name begin with an underscore
    "#);
    fs::remove_file(root.join("a/b/x.parquet")).unwrap();
    std::os::unix::fs::symlink(root.join("gone"), root.join("a/b/x.parquet")).unwrap();
    insta::assert_snapshot!(refused(root), @r#"
    cannot read FOLDER/a/b/x.parquet: No such file or directory (os error 2)
    help: check the path
    "#);
    fs::remove_file(root.join("a/b/x.parquet")).unwrap();
    fs::create_dir(root.join("a/_delta_log")).unwrap();
    insta::assert_snapshot!(refused(root), @r#"
    FOLDER/a is a dataset (a Delta table) inside of a folder, and is a store of its own
    help: name it by itself: among the files in it are some that are no longer part of it
    "#);
}

#[test]
fn what_links_lead_to_is_taken_once() {
    let place = tempfile::tempdir().unwrap();
    drop(written(place.path(), &[("z/1.parquet", 2), ("z/x.parquet/part-0.parquet", 1)]));
    let link = |from: &str, to: &str| std::os::unix::fs::symlink(from, place.path().join(to)).unwrap();
    link("..", "z/up");
    link("z", "a");
    link("z/1.parquet", "b.parquet");
    link("nowhere", "gone");
    let outside = tempfile::tempdir().unwrap();
    drop(written(outside.path(), &[("collection=out/2.parquet", 4)]));
    link(outside.path().to_str().unwrap(), "c");
    let folder = Folder::open(place.path(), 0).unwrap();
    let names: Vec<&str> = folder
        .files()
        .files
        .iter()
        .map(|file| file.name.strip_prefix(place.path().to_str().unwrap()).unwrap())
        .collect();
    assert_eq!(names, ["/c/collection=out/2.parquet", "/z/1.parquet", "/z/x.parquet/part-0.parquet"]);
    assert_eq!(items(&folder).len(), 7);
}

/// An Item that the gate refuses is set aside under the name of its own file, and both copies of one that is there twice are found.
#[test]
fn records_are_those_of_their_files() {
    let place = tempfile::tempdir().unwrap();
    let folder = Store::from(written(place.path(), &[("a.parquet", 1), ("b.parquet", 2)]));
    // Without a datetime none of them is valid.
    let report = folder.count(&Query::default().lenient(true), Run::default()).unwrap();
    assert_eq!((report.answered, report.rejected, report.read), (0, 3, 3));
    let mut source = folder.items().unwrap();
    let mut parts = Vec::new();
    while let Some(work) = source.next().unwrap() {
        let batch = work().unwrap();
        let name = batch.origin.unwrap();
        parts.push((name.rsplit('/').next().unwrap().to_owned(), batch.records.len()));
    }
    assert_eq!(parts, [("a.parquet".to_owned(), 1), ("b.parquet".to_owned(), 2)]);
}
