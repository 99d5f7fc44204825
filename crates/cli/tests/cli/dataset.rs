//! Datasets by the command: made by `init` or by a copy, grown in every mode, read at every version.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::limits::by_shell;
use crate::support::{Yard, lines};

fn ids(yard: &Yard, store: &str) -> String {
    let out = yard.run(&["search", store, "--fields", "id", "--sortby", "id"]).status(0).out;
    out.lines()
        .map(|line| line.split('"').nth(3).unwrap_or_default().to_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_dataset_grows() {
    let yard = Yard::with_items();
    insta::assert_snapshot!(yard.run(&["init", "d/"]).status(0).out, @"d/: dataset made");
    insta::assert_snapshot!(yard.run(&["init", "d/"]).status(0).out, @"d/: nothing to do");
    yard.run(&["copy", "a.ndjson", "d/", "-q"]).status(2);
    yard.run(&["copy", "a.ndjson", "d/", "--mode", "insert", "-q"]).status(0);
    yard.write("b.ndjson", lines(&["c", "d"]));
    yard.run(&["copy", "b.ndjson", "d/", "--mode", "insert", "-q", "--rejects", "r"]).status(1);
    assert_eq!(ids(&yard, "d/"), "a b c d");
    assert!(yard.read("r").contains("has the id"), "{}", yard.read("r"));
    yard.run(&["copy", "b.ndjson", "d/", "--mode", "ignore", "-q"]).status(0);
    let upsert = yard.run(&["copy", "b.ndjson", "d/", "--mode", "upsert"]).status(0);
    assert!(
        upsert.err.contains("2 replaced") || upsert.out.contains("2 replaced"),
        "{}{}",
        upsert.out,
        upsert.err
    );
    yard.run(&["copy", "b.ndjson", "d/", "--overwrite", "-q"]).status(0);
    assert_eq!(ids(&yard, "d/"), "c d");
    assert_eq!(ids(&yard, "d/?version=1"), "a b c");
    // Another dataset, made by the copy itself.
    yard.run(&["copy", "d/?version=2", "e/", "-q"]).status(0);
    assert_eq!(ids(&yard, "e"), "a b c d");
    yard.run(&["validate", "d/"]).status(0);
    yard.run(&["info", "d/?version=1"]).status(0);
}

#[test]
fn what_is_no_dataset_is_told() {
    let yard = Yard::with_items();
    fs::create_dir(yard.path("f")).unwrap();
    yard.run(&["copy", "a.ndjson", "f/x.parquet", "-q"]).status(0);
    insta::assert_snapshot!(yard.run(&["copy", "a.ndjson", "f/"]).status(2).err, @r#"
    error: f/ is there, and is no dataset: x.parquet is in it
      help: name a folder that is not there yet, and copy into it what is here, or name a .parquet file, which may be inside of it
    "#);
    insta::assert_snapshot!(yard.run(&["history", "f/"]).status(3).err, @r#"
    error: f/ is no dataset: it has no _delta_log
      help: read it as the Parquet files in it, without a version, or copy them into a dataset: stacyard copy f/ NEW/
    "#);
    insta::assert_snapshot!(yard.run(&["search", "f/?version=1"]).status(3).err, @r#"
    error: f/ is no dataset: it has no _delta_log
      help: read it as the Parquet files in it, without a version, or copy them into a dataset: stacyard copy f/ NEW/
    "#);
    insta::assert_snapshot!(yard.run(&["tag", "nowhere/", "x"]).status(3).err, @r#"
    error: nowhere/ is not there
      help: make one with stacyard init nowhere/
    "#);
    yard.run(&["copy", "a.ndjson", "d/", "-q"]).status(0);
    insta::assert_snapshot!(yard.run(&["copy", "a.ndjson", "d/?version=0", "--mode", "upsert"]).status(2).err, @r#"
    error: d/?version=0 is a version of a dataset, which stays as it is
      help: write to the dataset itself: leave out what stands from the question mark on
    "#);
    insta::assert_snapshot!(yard.run(&["search", "d/?version=7"]).status(3).err, @r#"
    error: d/ has no version 7: its newest is 0
      help: ask for one that is there
    "#);
    insta::assert_snapshot!(yard.run(&["search", "d/?at=2001-01-01T00:00:00Z"]).status(3).err.split(": the first").next().unwrap(), @"error: d/ has no version of 2001-01-01T00:00:00Z or before");
    insta::assert_snapshot!(yard.run(&["init", "d/", "--partition", "a"]).status(2).err, @r#"
    error: d/ is a dataset, and has no tables
      help: leave --partition, --dry-run and what is of pgstac out
    "#);
    assert_eq!(ids(&yard, "f/"), "a b c", "a folder of files stays what it was");
}

#[test]
fn a_full_disk_amid_a_copy_leaves_the_version() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "d/", "-q"]).status(0);
    let before = yard.run(&["history", "d/"]).status(0).out;
    let many: Vec<String> = (0..3_000).map(|n| format!("n{n}")).collect();
    yard.write("many.ndjson", lines(&many.iter().map(String::as_str).collect::<Vec<_>>()));
    let copy = ["copy", "many.ndjson", "d/", "--mode", "insert", "--compression", "none"];
    let ran = by_shell(&yard, r#"ulimit -f 64; exec "$@""#, &copy).status(3);
    assert!(ran.err.contains("ulimit -f") && ran.err.contains("d/"), "{}", ran.err);
    assert_eq!(yard.run(&["history", "d/"]).status(0).out, before);
    assert_eq!(ids(&yard, "d/"), "a b c");
}

#[test]
fn parts_become_one_version() {
    let yard = Yard::new();
    yard.run(&["init", "d/", "-q"]).status(0);
    for (part, names) in [("1", &["a", "b"][..]), ("2", &["b", "c"]), ("3", &["d"])] {
        yard.write(&format!("{part}.ndjson"), lines(names));
        let (from, to) = (format!("{part}.ndjson"), format!("{part}.json"));
        let said = yard.run(&["copy", &from, "d/", "--stage", &to]).status(0).err;
        assert!(
            said.contains(&format!("staged for d/, which has them after stacyard commit d/ {to}")),
            "{said}"
        );
    }
    assert_eq!(ids(&yard, "d/"), "", "nobody sees a part");
    let done = yard.run(&["commit", "d/", "1.json", "2.json", "3.json", "--rejects", "r"]).status(1);
    assert!(done.out.contains("4 Items") || done.err.contains("4 Items"), "{}{}", done.out, done.err);
    assert_eq!(ids(&yard, "d/"), "a b c d");
    assert_eq!(yard.read("r").lines().count(), 1);
    assert_eq!(yard.run(&["history", "d/"]).status(0).out.lines().count(), 2);
    insta::assert_snapshot!(yard.run(&["commit", "d/", "3.json"]).status(2).err, @r#"
    error: 3.json has been committed to d/ already
      help: leave it out: Items that have been changed or removed since would be as they were
    "#);
    let ran = yard.run(&["commit", "d/", "1.ndjson"]).status(2);
    assert!(ran.err.contains("1.ndjson is no part of a copy"), "{}", ran.err);

    // A part that was written before another one gave its column another type.
    let with = |id: &str, value: &str| {
        lines(&[id]).replace(r#""properties":{"#, &format!(r#""properties":{{"new":{value},"#))
    };
    yard.write("4.ndjson", with("x", "1"));
    yard.run(&["copy", "4.ndjson", "d/", "--stage", "4.json", "-q"]).status(0);
    yard.write("5.ndjson", with("y", r#""text""#));
    yard.run(&["copy", "5.ndjson", "d/", "--mode", "insert", "-q"]).status(0);
    yard.run(&["commit", "d/", "4.json", "-q"]).status(0);
    assert_eq!(ids(&yard, "d/"), "a b c d x y");
    assert!(yard.run(&["search", "d/", "--ids", "x"]).status(0).out.contains(r#""new":1"#));
    // None of them comes back by a commit that is run once more.
    yard.run(&["delete", "d/", "--filter", "id IN ('x', 'd')", "--yes"]).status(0);
    for part in ["3.json", "4.json"] {
        let again = yard.run(&["commit", "d/", part, "-q"]);
        assert!(again.err.contains("committed"), "{}", again.err);
    }
    assert_eq!(ids(&yard, "d/"), "a b c y");
}

#[test]
fn a_commit_keeps_collections_and_counts_what_parts_set_aside() {
    let yard = Yard::new();
    let collection = |id: &str| {
        format!(
            r#"{{"type":"Collection","stac_version":"1.1.0","id":"{id}","description":"d","license":"other","extent":{{"spatial":{{"bbox":[[-180,-90,180,90]]}},"temporal":{{"interval":[[null,null]]}}}},"links":[]}}"#
        )
    };
    for id in ["old", "new"] {
        yard.write(&format!("{id}.json"), collection(id));
    }
    yard.write("a.ndjson", lines(&["a"]));
    yard.run(&["copy", "a.ndjson", "d/", "--collections-file", "old.json", "-q"]).status(0);
    yard.write("b.ndjson", format!("{}{{}}\n", lines(&["b"])));
    let stage = ["copy", "b.ndjson", "d/", "--stage", "b.json", "--collections-file", "new.json", "-q"];
    yard.run(&stage).status(1);
    yard.run(&["commit", "d/", "b.json", "-q"]).status(0);
    let listed = yard.run(&["collections", "d/", "list"]).status(0).out;
    assert_eq!(listed.lines().map(str::trim).collect::<Vec<_>>(), ["new", "old"]);
    let history = yard.run(&["history", "d/", "--format", "json"]).status(0).out;
    let history: serde_json::Value = serde_json::from_str(&history).unwrap();
    assert_eq!(history[0]["items"], serde_json::json!({"came": 1, "replaced": 0, "went": 0, "rejected": 1}));
}

#[test]
fn the_history_says_who_has_deleted() {
    let yard = Yard::new();
    yard.write("a.ndjson", lines(&["a", "b"]));
    yard.run(&["copy", "a.ndjson", "d/", "-q"]).status(0);
    let mut delete = yard.command(&["delete", "d/", "--ids", "a", "--yes"]);
    assert!(delete.env("USER", "somebody").status().unwrap().success());
    let history = yard.run(&["history", "d/", "--format", "json"]).status(0).out;
    let history: serde_json::Value = serde_json::from_str(&history).unwrap();
    assert_eq!((&history[0]["who"], &history[0]["items"]["went"]), (&"somebody".into(), &1.into()));
}

#[test]
fn a_vacuum_leaves_what_is_not_its_own() {
    let yard = Yard::new();
    yard.write("a.ndjson", lines(&["a", "b"]));
    for to in ["d/", "d/inner/", "outside/", "mine.parquet"] {
        yard.run(&["copy", "a.ndjson", to]).status(0);
    }
    yard.run(&["delete", "d/", "--ids", "a", "--yes"]).status(0);
    std::fs::copy(yard.path("mine.parquet"), yard.path("d/mine.parquet")).unwrap();
    std::os::unix::fs::symlink(yard.path("outside"), yard.path("d/link")).unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(40 * 24);
    let mut folders = vec![yard.path("d"), yard.path("outside")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap() {
                kind if kind.is_dir() => folders.push(entry.path()),
                kind if kind.is_file() => {
                    std::fs::File::options()
                        .append(true)
                        .open(entry.path())
                        .unwrap()
                        .set_modified(long_ago)
                        .unwrap();
                }
                _ => {}
            }
        }
    }
    let said = yard.run(&["vacuum", "d/", "--older-than", "1d"]).status(0);
    // The file that had `a`.
    assert!(said.out.contains("1 file") || said.err.contains("1 file"), "{}{}", said.out, said.err);
    assert!(yard.path("d/mine.parquet").exists());
    for (store, count) in [("d/", "1\n"), ("d/inner/", "2\n"), ("outside/", "2\n")] {
        assert_eq!(yard.run(&["search", store, "--count"]).status(0).out, count, "{store}");
    }
    yard.run(&["vacuum", "d/?version=0", "--older-than", "1d"]).status(2);
}

#[test]
fn a_dataset_that_several_make_at_once_is_not_damaged() {
    let yard = Yard::new();
    let names: Vec<String> = (0..4).map(|number| format!("{number}.ndjson")).collect();
    for (number, name) in names.iter().enumerate() {
        yard.write(name, lines(&[&format!("i{number}")]));
    }
    let begin = |name: &String| {
        let mut command = yard.command(&["copy", name, "d/", "--mode", "insert"]);
        command.stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let running: Vec<_> = names.iter().map(begin).collect();
    let mut went_in = 0;
    for process in running {
        let done = process.wait_with_output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(!said.contains("damaged"), "{said}");
        went_in += u32::from(done.status.success());
    }
    assert_eq!(yard.run(&["search", "d/", "--count"]).status(0).out, format!("{went_in}\n"));
}

/// A file of Items that no version names is there, beside what is hidden.
fn has_data(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        !name.starts_with(['.', '_']) && (name.ends_with(".parquet") || has_data(&entry.path()))
    })
}

#[test]
fn a_first_copy_that_is_killed_is_no_folder_of_files() {
    let yard = Yard::new();
    let items = ["a", "b"].map(|collection| {
        let of = |n: i32| {
            lines(&[&format!("{collection}{n}")])
                .replace(r#""collection":"c""#, &format!(r#""collection":"{collection}""#))
        };
        (0..6_000).map(of).collect::<String>()
    });
    yard.write("many.ndjson", items.concat());
    let copy = ["copy", "many.ndjson", "d/"];
    let mut was_hit = false;
    for _ in 0..10 {
        let mut child = yard.command(&copy).spawn().unwrap();
        while !has_data(&yard.path("d")) && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(100));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        was_hit = !yard.path("d/_delta_log").exists();
        if was_hit {
            break;
        }
        fs::remove_dir_all(yard.path("d")).unwrap();
    }
    assert!(was_hit, "it was done each time before it could be killed");
    let ran = yard.run(&["search", "d/", "--count"]).status(3);
    insta::assert_snapshot!(ran.err, @r"
    error: d/ is a dataset without a version yet: what writes the first is at work, or was broken off
      help: wait for it, or run it again: it begins anew, and a vacuum removes what was left
    ");
    yard.run(&copy).status(0);
    assert_eq!(yard.run(&["search", "d/", "--count"]).status(0).out, "12000\n");
    assert!(!yard.path("d/_stacyard/begun").exists());
}

#[test]
fn of_two_that_are_compared_with_a_dataset_at_once_one_alone_changes_it() {
    let yard = Yard::new();
    let all: Vec<String> = (0..100).map(|number| format!("i{number}")).collect();
    let some =
        |range: std::ops::Range<usize>| lines(&all[range].iter().map(String::as_str).collect::<Vec<_>>());
    yard.write("all.ndjson", some(0..100));
    yard.write("left.ndjson", some(0..50));
    yard.write("right.ndjson", some(50..100));
    for _ in 0..3 {
        yard.run(&["copy", "all.ndjson", "d/", "--overwrite"]).status(0);
        let mut both =
            ["left.ndjson", "right.ndjson"].map(|from| yard.command(&["sync", from, "d/"]).spawn().unwrap());
        let done = both.each_mut().map(|process| process.wait().unwrap().success());
        let count = yard.run(&["search", "d/", "--count"]).status(0).out;
        assert!(count == "50\n" && done.iter().any(|done| *done), "{count} {done:?}");
    }
}

#[test]
fn a_part_that_somebody_has_changed_is_refused() {
    let yard = Yard::new();
    yard.run(&["init", "d/", "-q"]).status(0);
    yard.write("a.ndjson", lines(&["a"]));
    yard.run(&["copy", "a.ndjson", "d/", "--stage", "part.json", "-q"]).status(0);
    let part: serde_json::Value = serde_json::from_str(&yard.read("part.json")).unwrap();
    let changes: [(&str, serde_json::Value); 4] = [
        ("/files/0/path", "../outside.parquet".into()),
        ("/files/0/path", "_delta_log/00000000000000000000.json".into()),
        ("/files/0/add/path", "other.parquet".into()),
        ("/files/0/add/size", 5.into()),
    ];
    for (pointer, value) in changes {
        let mut changed = part.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        yard.write("changed.json", changed.to_string());
        let ran = yard.run(&["commit", "d/", "changed.json"]);
        assert!(ran.status == 2 || ran.status == 3, "{pointer}: {}", ran.err);
        assert_eq!(yard.run(&["search", "d/", "--count"]).status(0).out, "0\n", "{pointer}");
    }
    yard.run(&["commit", "d/", "part.json"]).status(0);
    assert_eq!(ids(&yard, "d/"), "a");
}

#[test]
fn a_damaged_checkpoint_is_not_needed_where_all_commits_are_there() {
    let yard = Yard::new();
    for number in 0..12 {
        yard.write("a.ndjson", lines(&[&format!("i{number}")]));
        yard.run(&["copy", "a.ndjson", "d/", "--mode", "insert", "-q"]).status(0);
    }
    let checkpoint = yard.path("d/_delta_log/00000000000000000010.checkpoint.parquet");
    let bytes = fs::read(&checkpoint).unwrap();
    fs::write(&checkpoint, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(yard.run(&["search", "d/", "--count"]).status(0).out, "12\n");
    fs::remove_file(yard.path("d/_delta_log/00000000000000000003.json")).unwrap();
    let said = yard.run(&["search", "d/", "--count"]).status(3).err;
    assert!(said.contains("checkpoint.parquet is damaged"), "{said}");
    fs::write(&checkpoint, bytes).unwrap();
    assert_eq!(yard.run(&["search", "d/", "--count"]).status(0).out, "12\n");
}
