//! A folder of Parquet files through every command that reads.

use std::fs;

use crate::support::{Ran, Yard, item_with};

/// A folder `months/` with a file for each of three months, the middle one of another collection, which only its folder names.
fn months() -> Yard {
    let yard = Yard::new();
    for (month, folder) in [("01", "x"), ("02", "collection=d%20e/month=2"), ("03", "y/z")] {
        let items = (1..=9).map(|day| {
            let item = item_with(&format!("i{month}-{day}"), &format!("2024-{month}-0{day}T00:00:00Z"), "");
            item + "\n"
        });
        let mut items: String = items.collect();
        if month == "02" {
            items = items
                .replace(r#""collection":"c","#, "")
                .replace(r#"{"rel":"collection","href":"./c.json"}"#, "");
        }
        yard.write("items.ndjson", items);
        fs::create_dir_all(yard.path("months").join(folder)).unwrap();
        let file = format!("months/{folder}/part.parquet");
        yard.run(&["copy", "items.ndjson", &file]).status(0);
    }
    yard
}

#[test]
fn every_command_reads_a_folder() {
    let yard = months();
    assert_eq!(yard.run(&["search", "months", "--count"]).status(0).out, "27\n");
    assert_eq!(yard.run(&["search", "months/", "--max-items", "2"]).status(0).ids(), ["i03-9", "i03-8"]);
    assert_eq!(yard.run(&["search", "months", "--collections", "d e"]).status(0).ids().len(), 9);
    let ran = yard.run(&["search", "months", "--collections", "e"]).status(2);
    insta::assert_snapshot!(ran.err, @r#"
    error: no Item is of the collection "e"
      help: stacyard info says which there are; --filter-lenient takes it for an answer without Items
    "#);
    let ran = yard.run(&["search", "months", "--datetime", "2024-03-02T00:00:00Z", "--explain"]).status(0);
    let files = ran.out.lines().find(|line| line.starts_with("files")).unwrap_or_default();
    insta::assert_snapshot!(files, @r#"files       3 -> 1 by statistics -> 1 by Bloom filters -> 1 by the order"#);
    // What is warned of is told by its file.
    insta::assert_snapshot!(yard.run(&["validate", "months"]).status(0).out, @r#"
    warning: 9 x collection-link, first at months/collection=d%20e/month=2/part.parquet: row 1: /collection: the Item has no link with rel "collection"; found "d e" [collection-link: STAC Item: Relation types, collection]
    months: 27 Items valid, 0 rejected
    "#);
    let info = yard.run(&["info", "months"]).status(0).out;
    let info: Vec<&str> = info
        .lines()
        .filter(|line| {
            ["collections", "  c ", "  d e", "3 files", "months"].iter().any(|start| line.starts_with(start))
        })
        .collect();
    insta::assert_snapshot!(info.join("\n"), @r#"
    months: 27 Items
    collections
      c             18
      d e            9
    3 files
    "#);
    yard.run(&["copy", "months", "all.parquet"]).status(0);
    insta::assert_snapshot!(yard.run(&["copy", "months", "months/y/all.parquet"]).status(2).err, @r#"
    error: months/y/all.parquet would be one of the files of months, which then had its Items twice
      help: write it outside of the folder
    "#);
    let sorted = |store: &str| yard.run(&["search", store, "--sortby", "id"]).status(0).out;
    assert_eq!(sorted("all.parquet"), sorted("months"));
    assert_eq!(yard.run(&["collections", "months", "list"]).status(0).out, "");
    insta::assert_snapshot!(yard.run(&["optimize", "months"]).status(3).err, @r#"
    error: months is no dataset: it has no _delta_log
      help: read it as the Parquet files in it, without a version, or copy them into a dataset: stacyard copy months NEW/
    "#);
    insta::assert_snapshot!(yard.run(&["search", "months", "-o", "months"]).status(2).err, @r#"
    error: months is the store that is asked: the answer would take its place
      help: write the answer to another file
    "#);
    yard.write("c.json", r#"{"type":"Collection","stac_version":"1.1.0","id":"c","description":"c","license":"other","links":[],"extent":{"spatial":{"bbox":[[-180,-90,180,90]]},"temporal":{"interval":[[null,null]]}}}"#);
    insta::assert_snapshot!(yard.run(&["collections", "months", "put", "c.json"]).status(3).err, @r#"
    error: months is no dataset: it has no _delta_log
      help: read it as the Parquet files in it, without a version, or copy them into a dataset: stacyard copy months NEW/
    "#);
}

/// What is there twice is told as of one file, and what is not valid under the name of its file.
#[test]
fn records_are_told_by_their_files() {
    let yard = months();
    fs::copy(yard.path("months/x/part.parquet"), yard.path("months/y/again.parquet")).unwrap();
    let ran = yard.run(&["validate", "months"]).status(1);
    insta::assert_snapshot!(ran.out.lines().take(2).collect::<Vec<_>>().join("\n"), @r#"
    months/y/again.parquet: row 1: item "i01-1": 1 error
      /id: an Item of the collection "c" has the id "i01-1" before this one [duplicate-id]
    "#);
    assert!(ran.out.ends_with("months: 27 Items valid, 9 rejected\n"), "{}", ran.out);
}

/// A thousand files for a process that may open 256.
#[test]
fn many_files_need_few_handles() {
    let yard = months();
    let file = yard.path("months/collection=d%20e/month=2/part.parquet");
    for n in 0..1_000 {
        let folder = yard.path("many").join(format!("collection=c{n}"));
        fs::create_dir_all(&folder).unwrap();
        fs::copy(&file, folder.join("part.parquet")).unwrap();
    }
    let run = |arguments: &[&str]| {
        let stacyard = yard.command(arguments);
        let mut command = std::process::Command::new("sh");
        command.arg("-c").arg("ulimit -n 256; exec \"$@\"").arg("sh").arg(stacyard.get_program());
        command.args(stacyard.get_args()).current_dir(yard.path(""));
        Ran::of(&command.output().unwrap())
    };
    assert_eq!(run(&["search", "many", "--count"]).status(0).out, "9000\n");
    assert_eq!(run(&["search", "many", "--max-items", "3"]).status(0).ids(), ["i02-9"; 3]);
    assert_eq!(
        run(&["search", "many", "--filter", "datetime > TIMESTAMP('2024-02-05T00:00:00Z')"])
            .status(0)
            .ids()
            .len(),
        4_000
    );
    run(&["copy", "many", "all.ndjson"]).status(0);
    assert_eq!(yard.read("all.ndjson").lines().count(), 9_000);
}
