//! What a replacement does to a store: nothing replaces everything, and the summary says what came and what went.

use serde_json::{Value, json};

use crate::postgis::fresh;
use crate::support::{Yard, item, item_with, lines};

const EMPTY_GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";

fn of_collection(collection: &str, ids: &[&str]) -> String {
    lines(ids).replace(r#""collection":"c""#, &format!(r#""collection":"{collection}""#))
}

/// The report of the last line of a JSON log.
fn report(log: &str) -> Value {
    serde_json::from_str::<Value>(log.lines().last().unwrap()).unwrap()["report"].clone()
}

#[test]
fn no_bytes_are_not_json() {
    let yard = Yard::with_items();
    yard.write("none.json", "");
    yard.write("blank.geojson", " \n\t ");
    yard.write("none.json.gz", EMPTY_GZIP);
    for (name, what) in [
        ("none.json", "no bytes at all"),
        ("blank.geojson", "nothing but white space"),
        ("none.json.gz", "no bytes at all"),
    ] {
        for arguments in [
            &["validate", name][..],
            &["copy", name, "new.ndjson"],
            &["copy", name, "a.ndjson", "--overwrite", "--allow-empty"],
            &["search", name],
            &["info", name],
        ] {
            let ran = yard.run(arguments).status(3);
            assert!(ran.err.contains(&format!("{name} has {what}, which is not JSON")), "{}", ran.err);
        }
    }
    let ran = yard.run_with_input(&["validate", "-", "--store-kind", "json"], "").status(3);
    assert!(ran.err.contains("no bytes at all"), "{}", ran.err);
    assert_eq!(yard.read("a.ndjson"), lines(&["a", "b", "c"]));
    // A list of no lines, and a collection of no features, are what they say.
    yard.write("none.ndjson", "");
    yard.write("none.ndjson.gz", EMPTY_GZIP);
    yard.write("empty.json", r#"{"type":"FeatureCollection","features":[]}"#);
    for name in ["none.ndjson", "none.ndjson.gz", "empty.json"] {
        yard.run(&["copy", name, "new.ndjson"]).status(0);
        std::fs::remove_file(yard.path("new.ndjson")).unwrap();
    }
}

#[test]
fn nothing_does_not_replace_a_file() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "a.parquet"]).status(0);
    let parquet = std::fs::read(yard.path("a.parquet")).unwrap();
    for target in ["a.ndjson", "a.parquet"] {
        for flags in [&["--mode", "replace"][..], &["--overwrite"], &["--overwrite", "--sortby", "id"]] {
            let ran = yard.run_with_input(&[&["copy", "-", target], flags].concat(), "").status(3);
            assert!(
                ran.err.contains("nothing was replaced") && ran.err.contains("--allow-empty"),
                "{}",
                ran.err
            );
        }
        for question in [&["--collections", "mistyped"][..], &["--ids", "x", "--max-items", "3"]] {
            yard.write("b.ndjson", lines(&["d"]));
            let ran = yard.run(&[&["copy", "b.ndjson", target, "--overwrite"], question].concat());
            // A name that no Item has may be refused as such.
            assert!(matches!(ran.status, 2 | 3), "{}", ran.err);
        }
    }
    assert_eq!(yard.read("a.ndjson"), lines(&["a", "b", "c"]));
    assert_eq!(std::fs::read(yard.path("a.parquet")).unwrap(), parquet);
    let ran =
        yard.run(&["copy", "a.ndjson", "a.parquet", "--overwrite", "--datetime", "1990-01-01T00:00:00Z"]);
    insta::assert_snapshot!(ran.status(3).err, @r"
    error: no Item of the input answers the search, and nothing would be left in the target
      help: nothing was replaced; check the search flags; --allow-empty empties the target
    ");
    // A target that is not there is not emptied, and an answer to a search is no store.
    yard.run_with_input(&["copy", "-", "new.ndjson", "--mode", "replace"], "").status(0);
    yard.run(&[
        "search",
        "a.ndjson",
        "-o",
        "new.ndjson",
        "--overwrite",
        "--datetime",
        "1990-01-01T00:00:00Z",
    ])
    .status(0);
    assert_eq!(yard.read("new.ndjson"), "");
    // What takes nothing away is not asked.
    yard.run_with_input(&["copy", "-", "a.ndjson", "--mode", "upsert"], "").status(0);
    let ran = yard.run_with_input(&["copy", "-", "a.ndjson", "--overwrite", "--allow-empty"], "").status(0);
    assert!(ran.err.contains("collection \"c\": 3 went"), "{}", ran.err);
    assert_eq!(yard.read("a.ndjson"), "");
}

#[test]
fn nothing_does_not_replace_a_database() {
    let Some(url) = fresh("nothing") else { return };
    let yard = Yard::with_items();
    yard.run(&["init", &url]).status(0);
    yard.run(&["copy", "a.ndjson", &url]).status(0);
    for flags in [&["--mode", "replace"][..], &["--overwrite"]] {
        let ran = yard.run_with_input(&[&["copy", "-", &url], flags].concat(), "").status(3);
        assert!(ran.err.contains("nothing was replaced"), "{}", ran.err);
    }
    let early = ["--datetime", "1990-01-01T00:00:00Z"];
    yard.run(&[&["copy", "a.ndjson", &url, "--overwrite"], &early[..]].concat()).status(3);
    assert_eq!(yard.run(&["search", &url, "--count"]).status(0).out, "3\n");
    yard.run_with_input(&["copy", "-", &url, "--overwrite", "--allow-empty"], "").status(0);
    assert_eq!(yard.run(&["search", &url, "--count"]).status(0).out, "0\n");
}

/// `old` has a, b, c of c and z of gone; `new` a changed b of c, d of c, and n of new.
fn yard_of_changes() -> Yard {
    let yard = Yard::new();
    yard.write("old.ndjson", lines(&["a", "b", "c"]) + &of_collection("gone", &["z"]));
    let changed = item_with("b", "2025-01-01T00:00:00Z", "");
    yard.write("new.ndjson", format!("{changed}\n{}{}", lines(&["d"]), of_collection("new", &["n"])));
    yard
}

fn changed(numbers: [u64; 4]) -> Value {
    json!({"came": numbers[0], "replaced": numbers[1], "stayed": numbers[2], "went": numbers[3]})
}

#[test]
fn the_summary_says_what_came_and_what_went() {
    for name in ["s.ndjson", "s.json", "s.parquet"] {
        for (mode, all, c, gone, new) in [
            ("insert", [2, 0, 4, 0], [1, 0, 3, 0], [0, 0, 1, 0], [1, 0, 0, 0]),
            ("ignore", [2, 0, 4, 0], [1, 0, 3, 0], [0, 0, 1, 0], [1, 0, 0, 0]),
            ("upsert", [2, 1, 3, 0], [1, 1, 2, 0], [0, 0, 1, 0], [1, 0, 0, 0]),
            ("replace", [2, 1, 0, 3], [1, 1, 0, 2], [0, 0, 0, 1], [1, 0, 0, 0]),
        ] {
            let yard = yard_of_changes();
            yard.run(&["copy", "old.ndjson", name]).status(0);
            let ran = yard.run(&["--json-log", "copy", "new.ndjson", name, "--mode", mode]);
            let report = report(&ran.err);
            assert_eq!(report["changes"], changed(all), "{name} {mode}");
            let by = json!({"c": changed(c), "gone": changed(gone), "new": changed(new)});
            assert_eq!(report["by_collection"], by, "{name} {mode}");
        }
        let yard = yard_of_changes();
        let ran = yard.run(&["copy", "old.ndjson", name]).status(0);
        assert!(
            ran.err.contains("\n  4 new\n  collection \"c\": 3 new\n  collection \"gone\": 1 new\n"),
            "{}",
            ran.err
        );
        let ran = yard.run(&["copy", "new.ndjson", name, "--overwrite"]).status(0);
        let said = "\n  2 new, 1 replaced, 3 went\n  collection \"c\": 1 new, 1 replaced, 2 went\n  collection \"gone\": 1 went\n  collection \"new\": 1 new\n";
        assert!(ran.err.ends_with(said), "{}", ran.err);
    }
    let yard = yard_of_changes();
    yard.write("broken.parquet", "PAR1");
    yard.write("broken.json", r#"{"type":"FeatureCollection","features":["#);
    for name in ["broken.parquet", "broken.json"] {
        let ran = yard.run(&["copy", "new.ndjson", name, "--overwrite"]).status(0);
        assert!(ran.err.contains("not known"), "{}", ran.err);
    }
    // A Collection among the lines is not an Item that goes.
    let collection = r#"{"type":"Collection","stac_version":"1.1.0","id":"c","description":"d","license":"other","extent":{"spatial":{"bbox":[[0,0,1,1]]},"temporal":{"interval":[[null,null]]}},"links":[]}"#;
    yard.write("mixed.ndjson", format!("{collection}\n{}\n", item("gone-1")));
    let ran = yard.run(&["copy", "new.ndjson", "mixed.ndjson", "--overwrite"]).status(0);
    assert!(ran.err.contains("\n  3 new, 1 went\n"), "{}", ran.err);
    assert!(!ran.err.contains("no collection"), "{}", ran.err);
    // A line that cannot be read goes too.
    yard.write("part.ndjson", format!("{}{{\n", item("a") + "\n"));
    let ran = yard.run(&["copy", "new.ndjson", "part.ndjson", "--overwrite"]).status(0);
    assert!(ran.err.contains("3 new, 2 went"), "{}", ran.err);
}

#[test]
fn of_many_collections_only_the_sum_is_shown() {
    let yard = Yard::new();
    let many: String = (0..11).map(|n| of_collection(&format!("c{n:03}"), &["a"])).collect();
    yard.write("many.ndjson", many);
    let ran = yard.run(&["copy", "many.ndjson", "out.ndjson"]).status(0);
    assert!(ran.err.ends_with("\n  11 new\n"), "{}", ran.err);
    let too_many: String = (0..101).map(|n| of_collection(&format!("c{n:03}"), &["a"])).collect();
    yard.write("many.ndjson", too_many);
    let ran = yard.run(&["--json-log", "copy", "many.ndjson", "out.ndjson", "--overwrite"]).status(0);
    let report = report(&ran.err);
    assert_eq!((&report["changes"], &report["by_collection"]), (&changed([90, 11, 0, 0]), &json!({})));
}

#[test]
fn a_database_says_what_came_and_what_went() {
    let Some(url) = fresh("changes") else { return };
    let yard = yard_of_changes();
    yard.run(&["init", &url]).status(0);
    let run = |file: &str, mode: &str| {
        let ran = yard.run(&["--json-log", "copy", file, &url, "--mode", mode]);
        report(&ran.err)
    };
    let all =
        |numbers: [u64; 2]| json!({"came": numbers[0], "replaced": numbers[1], "stayed": null, "went": 0});
    assert_eq!(run("old.ndjson", "insert")["changes"], all([4, 0]));
    let upserted = run("new.ndjson", "upsert");
    assert_eq!(upserted["changes"], all([2, 1]));
    assert_eq!(upserted["by_collection"], json!({"c": all([1, 1]), "new": all([1, 0])}));
    let replaced = run("old.ndjson", "replace");
    assert_eq!(replaced["changes"], changed([0, 4, 0, 2]));
    assert_eq!(
        replaced["by_collection"],
        json!({"c": changed([0, 3, 0, 1]), "gone": changed([0, 1, 0, 0]), "new": changed([0, 0, 0, 1])})
    );
    let ran = yard.run(&["copy", "new.ndjson", &url, "--mode", "ignore"]).status(0);
    assert!(ran.err.contains("\n  2 new, nothing else changed\n  collection \"c\": 1 new\n"), "{}", ran.err);
    yard.run(&["copy", "new.ndjson", &url, "--overwrite"]).status(0);
    assert_eq!(yard.run(&["search", &url, "--count"]).status(0).out, "3\n");
}
