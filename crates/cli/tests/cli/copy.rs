//! `copy`: formats, modes, standard input and output.

use std::process::Stdio;

use crate::support::{Yard, ids, item, item_with, lines};

#[test]
fn the_way_through_every_format_and_back_is_the_same_bytes() {
    let yard = Yard::with_items();
    let mut from = "a.ndjson".to_owned();
    for name in ["b.geojson", "c.ndjson.gz", "d.jsonl.zst", "e.json.gz", "f.geojson.zst", "g.geojsonl"] {
        yard.run(&["copy", &from, name]).status(0);
        name.clone_into(&mut from);
    }
    assert_eq!(yard.read("g.geojsonl"), yard.read("a.ndjson"));
    let through = yard.run_with_input(&["copy", "-", "-"], yard.read("a.ndjson")).status(0);
    assert_eq!(through.out, yard.read("a.ndjson"));
    let packed = std::fs::read(yard.path("c.ndjson.gz")).unwrap();
    let through = yard.run_with_input(&["copy", "-", "-", "--format", "geojson"], packed).status(0);
    assert_eq!(through.out, yard.read("b.geojson"));
}

#[test]
fn collections_in_odd_order_arrays_and_bare_items() {
    let yard = Yard::new();
    let (a, b) = (item("a"), item("b"));
    for text in [
        format!(r#"{{"features":[{a},{b}],"links":[{{"features":[1]}}],"type":"FeatureCollection"}}"#),
        format!(r#"{{"numberMatched":2,"type":"FeatureCollection","features":[{a}, {b}]}}"#),
        format!("[\n{a}\n,\n{b}\n]"),
    ] {
        yard.write("in.json", &text);
        assert_eq!(yard.run(&["copy", "in.json", "-"]).status(0).out, lines(&["a", "b"]));
    }
    yard.write("in.json", a.replace(',', " ,\n "));
    assert_eq!(yard.run(&["copy", "in.json", "-"]).status(0).out, lines(&["a"]));
    yard.write("in.ndjson", format!("\u{1e}{}\n\u{1e}{b}\n", a.replace(',', ",\n")));
    assert_eq!(yard.run(&["copy", "in.ndjson", "-"]).status(0).out, lines(&["a", "b"]));
}

/// `a.ndjson` with a, b, c; `new.ndjson` with a changed b, d, and d again.
fn two_stores() -> Yard {
    let yard = Yard::with_items();
    let changed = item_with("b", "2025-01-01T00:00:00Z", "");
    yard.write("new.ndjson", format!("{changed}\n{}", lines(&["d", "d"])));
    yard
}

#[test]
fn a_target_that_exists_is_left_alone() {
    let yard = two_stores();
    let ran = yard.run(&["copy", "new.ndjson", "a.ndjson"]).status(2);
    insta::assert_snapshot!(ran.err, @r"
    error: a.ndjson exists already
      help: --overwrite replaces it; --mode insert, ignore or upsert merges into it
    ");
    assert_eq!(yard.read("a.ndjson"), lines(&["a", "b", "c"]));
    yard.run(&["copy", "new.ndjson", "a.ndjson", "--overwrite"]).status(1);
    assert_eq!(ids(&yard.read("a.ndjson")), ["b", "d"]);
}

#[test]
fn modes() {
    for (mode, status, expected, year) in [
        ("insert", 1, vec!["a", "b", "c", "d"], "2024"),
        ("ignore", 0, vec!["a", "b", "c", "d"], "2024"),
        ("upsert", 1, vec!["b", "d", "a", "c"], "2025"),
        ("replace", 1, vec!["b", "d"], "2025"),
    ] {
        let yard = two_stores();
        yard.run(&["copy", "new.ndjson", "a.ndjson", "--mode", mode]).status(status);
        let text = yard.read("a.ndjson");
        assert_eq!(ids(&text), expected, "{mode}");
        let b = text.lines().find(|line| line.contains(r#""id":"b""#)).unwrap();
        assert!(b.contains(&format!("\"datetime\":\"{year}")), "{mode}: {b}");
        assert_eq!(yard.names(), ["a.ndjson", "new.ndjson"]);
    }
    let yard = two_stores();
    insta::assert_snapshot!(yard.run(&["copy", "new.ndjson", "a.ndjson", "--mode", "insert", "-q"]).err, @r#"
    new.ndjson:1: item "b": 1 error
      /id: an Item of the collection "c" has the id "b" in the store already [duplicate-id]
    new.ndjson:3: item "d": 1 error
      /id: an Item of the collection "c" has the id "d" before this one [duplicate-id]
      help: --rejects FILE keeps what was rejected, with the reasons
    warning: 1 Item was rejected: it is in the store already
      help: --mode ignore leaves such Items out, --mode upsert puts them in the place of the old ones
    "#);
}

#[test]
fn a_file_onto_itself() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "a.ndjson", "--mode", "upsert"]).status(0);
    yard.run(&["copy", "a.ndjson", "a.ndjson", "--overwrite"]).status(0);
    assert_eq!(yard.read("a.ndjson"), lines(&["a", "b", "c"]));
    yard.run(&["copy", "a.ndjson", "a.ndjson", "--mode", "insert"]).status(1);
    assert_eq!(yard.read("a.ndjson"), lines(&["a", "b", "c"]));
}

#[test]
fn a_store_that_is_not_sound_is_not_merged_into() {
    let yard = two_stores();
    yard.write("a.ndjson", format!("{}nonsense\n", lines(&["a"])));
    let ran = yard.run(&["copy", "new.ndjson", "a.ndjson", "--mode", "upsert", "-q"]).status(3);
    insta::assert_snapshot!(ran.err, @r#"
    new.ndjson:3: item "d": 1 error
      /id: an Item of the collection "c" has the id "d" before this one [duplicate-id]
    error: a.ndjson:2: the store's own Item is not valid: `n` where a value is expected, at column 1 [json]
      help: copy what is valid to a new file first: stacyard copy a.ndjson NEW --rejects REJECTS
    "#);
    assert_eq!(yard.read("a.ndjson"), format!("{}nonsense\n", lines(&["a"])));
}

#[test]
fn rejects_are_kept_with_reasons() {
    let yard = Yard::new();
    yard.write("in.ndjson", format!("{}{}\n", lines(&["a"]), item("b").replace("1.1.0", "7")));
    let ran = yard.run(&["copy", "in.ndjson", "out.ndjson", "--rejects", "r.ndjson"]).status(1);
    assert!(ran.err.contains("1 rejected (see r.ndjson)"), "{}", ran.err);
    insta::assert_snapshot!(yard.read("r.ndjson"), @r#"{"source":"in.ndjson","line":2,"errors":[{"pointer":"/stac_version","rule":"stac-version","message":"must be 1.0.0 or 1.1.0 (0.9, 1.0.0-beta.*, 1.0.0-rc.* and 1.1.0-beta.* can be migrated)","value":"\"7\"","section":"STAC Item, Collection and Catalog: Fields, stac_version"}],"item":{"type":"Feature","stac_version":"7","id":"b","collection":"c","geometry":{"type":"Point","coordinates":[7.5,46.5]},"bbox":[7.5,46.5,7.5,46.5],"properties":{"datetime":"2024-06-01T00:00:00Z"},"links":[{"rel":"collection","href":"./c.json"}],"assets":{}}}"#);
    yard.run(&["copy", "out.ndjson", "out2.ndjson", "--rejects", "r.ndjson"]).status(0);
    assert_eq!(yard.read("r.ndjson"), "");
}

#[test]
fn many_rejects_are_not_all_shown() {
    let yard = Yard::new();
    yard.write("in.ndjson", "{}\n".repeat(50));
    let ran = yard.run(&["copy", "in.ndjson", "out.ndjson", "-q"]).status(1);
    assert!(ran.err.contains("in.ndjson:20: ") && !ran.err.contains("in.ndjson:21: "), "{}", ran.err);
    assert!(ran.err.ends_with(
        "and 30 more rejected\n  help: --rejects FILE keeps what was rejected, with the reasons\n"
    ));
}

#[test]
fn old_versions_are_migrated_on_request() {
    let yard = Yard::new();
    yard.write("in.ndjson", item("a").replace("1.1.0", "1.0.0-rc.1") + "\n");
    yard.run(&["copy", "in.ndjson", "out.ndjson"]).status(1);
    yard.run(&["copy", "in.ndjson", "out.ndjson", "--migrate", "--overwrite"]).status(0);
    assert!(yard.read("out.ndjson").contains(r#""stac_version":"1.0.0""#));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let yard = Yard::new();
    let many: String = (0..20_000).map(|i| item(&i.to_string()) + "\n").collect();
    yard.write("in.ndjson", many);
    let mut child = yard
        .command(&["copy", "in.ndjson", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn many_threads_keep_the_order() {
    let yard = Yard::new();
    let many: String = (0..5_000).map(|i| item(&i.to_string()) + "\n").collect();
    yard.write("in.ndjson", &many);
    for threads in ["1", "2", "7"] {
        yard.run(&["copy", "in.ndjson", "out.ndjson", "--threads", threads, "--overwrite"]).status(0);
        assert!(yard.read("out.ndjson") == many);
    }
}

/// A wrong input must not empty a store.
#[test]
fn a_store_is_not_replaced_by_nothing() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "b.ndjson"]).status(0);
    yard.write("wrong.ndjson", r#"{"type":"Collection","id":"c"}"#);
    insta::assert_snapshot!(yard.run(&["copy", "wrong.ndjson", "b.ndjson", "--overwrite", "-q"]).status(3).err, @r#"
    wrong.ndjson:1: collection "c": 5 errors
      "stac_version" is missing [stac-version: STAC Item, Collection and Catalog: Fields, stac_version]
      "description" is missing [basics: Common Metadata: Basics]
      "links" is missing [links: STAC Item, Collection and Catalog: Fields, links]
      "license" is missing [license: Common Metadata: Licensing; STAC Collection: Collection Fields, license]
      "extent" is missing [extent: STAC Collection: Extent Object]
    error: the 1 record is not valid
      help: nothing was replaced; stacyard validate says what is wrong with the input; --allow-empty empties the target
    "#);
    assert_eq!(yard.read("b.ndjson").lines().count(), yard.read("a.ndjson").lines().count());
}
