//! Names that say another kind than the bytes: one error with the way out, and no thousands of rejects.

use std::process::Command;

use crate::postgis::fresh;
use crate::support::{Yard, item, lines};

fn collection(ids: &[&str]) -> String {
    let features: Vec<String> = ids.iter().map(|id| item(id)).collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

/// A text over several lines that says the same.
fn pretty(text: &str) -> String {
    format!("{:#}\n", serde_json::from_str::<serde_json::Value>(text).unwrap())
}

/// What is said about a file of this name and these bytes, whatever is done with it.
fn said(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let yard = Yard::new();
    yard.write(name, bytes);
    let said = yard.run(&["validate", name]).status(2);
    assert_eq!(said.out, "");
    for arguments in [&["copy", name, "out.ndjson"][..], &["search", name], &["info", name]] {
        assert_eq!(yard.run(arguments).status(2).err, said.err);
    }
    assert_eq!(yard.names(), [name], "nothing is written");
    said.err
}

#[test]
fn json_in_another_form_than_the_name_says() {
    insta::assert_snapshot!(said("x.json", lines(&["a", "b"])), @r"
    error: x.json holds one JSON object a line
      help: name it .ndjson, or say --store-kind ndjson
    ");
    insta::assert_snapshot!(said("x.geojson", format!("\u{1e}{}\u{1e}{}", pretty(&item("a")), item("b"))), @r"
    error: x.geojson holds records with separators (RFC 8142)
      help: name it .ndjson, or say --store-kind ndjson
    ");
    insta::assert_snapshot!(said("x.ndjson", collection(&["a", "b"])), @r"
    error: x.ndjson holds one FeatureCollection
      help: name it .geojson, or say --store-kind geojson
    ");
    insta::assert_snapshot!(said("x.jsonl", pretty(&collection(&["a"]))), @r"
    error: x.jsonl holds one FeatureCollection
      help: name it .geojson, or say --store-kind geojson
    ");
    insta::assert_snapshot!(said("x.ndjson", pretty(&item("a"))), @r"
    error: x.ndjson holds one JSON object over several lines
      help: name it .geojson, or say --store-kind geojson
    ");
    insta::assert_snapshot!(said("x.ndjson", format!("[{}]", item("a"))), @r"
    error: x.ndjson holds one JSON array
      help: name it .geojson, or say --store-kind geojson
    ");
    insta::assert_snapshot!(said("my x.ndjson", pretty(&item("a")) + &pretty(&item("b"))), @r"
    error: my x.ndjson holds several JSON objects, each over several lines
      help: write one Item a line: jq -c . 'my x.ndjson' > NEW.ndjson
    ");
    insta::assert_snapshot!(said("x.ndjson", [collection(&["a"]), collection(&["b"])].join("\n")), @r"
    error: x.ndjson holds several FeatureCollections
      help: write one Item a line: jq -c '.features[]' x.ndjson > NEW.ndjson
    ");
    // The features are longer than what is looked at.
    let many: Vec<String> = (0..5000).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(said("x.ndjson", collection(&many)).contains("one FeatureCollection"));
    assert!(
        said("x.ndjson", collection(&many).replacen(":[{", ":[\n{", 1)).contains("one FeatureCollection")
    );
}

#[test]
fn the_way_out_leads_out() {
    let yard = Yard::new();
    yard.write("x.json", lines(&["a", "b"]));
    yard.run(&["validate", "x.json", "--store-kind", "ndjson"]).status(0);
    yard.write("x.ndjson", collection(&["a", "b"]));
    yard.run(&["validate", "x.ndjson", "--store-kind", "geojson"]).status(0);
    yard.run(&["copy", "x.json", "x.parquet", "--store-kind", "ndjson"]).status(0);
    std::fs::rename(yard.path("x.parquet"), yard.path("p.geojson")).unwrap();
    yard.run(&["validate", "p.geojson", "--store-kind", "geoparquet"]).status(0);
}

#[test]
fn what_is_right_is_read() {
    let yard = Yard::new();
    let damaged = format!("{}\n{}", &item("x")[..100], lines(&["a"]));
    for (name, text, status) in [
        ("one.ndjson", item("a"), 0),
        ("one.json", item("a"), 0),
        ("white.ndjson", format!(" \r\n\n{}", item("a")), 0),
        ("white.json", format!(" \r\n\n{}", pretty(&item("a"))), 0),
        ("line.json", collection(&["a"]), 0),
        ("array.json", format!("[{}]\n", item("a")), 0),
        ("sequence.ndjson", format!("\u{1e}{}\u{1e}{}", pretty(&item("a")), pretty(&item("b"))), 0),
        // Records that are wrong are rejected as ever, and the others go on.
        ("damaged.ndjson", damaged, 1),
        ("array_first.ndjson", format!("[]\n{}", item("a")), 1),
        ("collection_first.ndjson", format!("{}\n{}", collection(&["a"]), item("a")), 1),
    ] {
        yard.write(name, text);
        yard.run(&["validate", name]).status(status);
    }
}

#[test]
fn formats_that_are_no_json() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "a.parquet"]).status(0);
    let parquet = std::fs::read(yard.path("a.parquet")).unwrap();
    for name in ["x.geojson", "x.ndjson", "x.ndjson.gz"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(said(name, &parquet).replace(name, "FILE"), @r"
            error: FILE is a Parquet file
              help: name it .parquet, or say --store-kind geoparquet
            ");
        }
    }
    insta::assert_snapshot!(yard.run_with_input(&["validate", "-"], &parquet).status(2).err, @r"
    error: standard input is a Parquet file
      help: write it to a file, and name that: Parquet is not read in order
    ");
    insta::assert_snapshot!(yard.run_with_input(&["validate", "-"], pretty(&collection(&["a"]))).status(2).err, @r"
    error: standard input holds one FeatureCollection
      help: say --store-kind geojson
    ");
    insta::assert_snapshot!(said("x.json", b"PK\x03\x04rest"), @r"
    error: x.json is a zip archive
      help: unpack it first
    ");
    insta::assert_snapshot!(said("x.json", "<!DOCTYPE html>\n<p>Not found"), @r"
    error: x.json holds HTML or XML, not JSON
      help: look into it: the answer of a server that has failed looks so
    ");
    insta::assert_snapshot!(said("x.parquet", lines(&["a", "b"])), @r"
    error: x.parquet holds one JSON object a line
      help: name it .ndjson, or say --store-kind ndjson
    ");
    insta::assert_snapshot!(said("x.parquet", pretty(&collection(&["a"]))), @r"
    error: x.parquet holds one FeatureCollection
      help: name it .geojson, or say --store-kind geojson
    ");
    yard.run(&["copy", "a.ndjson", "a.ndjson.gz"]).status(0);
    let packed = std::fs::read(yard.path("a.ndjson.gz")).unwrap();
    insta::assert_snapshot!(said("x.parquet", &packed), @r"
    error: x.parquet is packed with gzip
      help: unpack it first: GeoParquet is compressed inside
    ");
    // What is packed is looked at too.
    insta::assert_snapshot!(said("x.json.gz", &packed), @r"
    error: x.json.gz holds one JSON object a line
      help: name it .ndjson.gz, or say --store-kind ndjson
    ");
    insta::assert_snapshot!(said("x.json", &packed), @r"
    error: x.json: its name says plain, its bytes say gzip
      help: rename it: .gz for gzip, .zst for zstd, neither for plain text
    ");
}

#[test]
fn the_schemes_of_postgresql_open_a_database() {
    let Some(url) = fresh("schemes") else { return };
    let yard = Yard::with_items();
    let (_, place) = url.split_once("://").unwrap();
    let (postgres, postgresql) = (format!("postgres://{place}"), format!("postgresql://{place}"));
    let neither = yard.run(&["copy", "a.ndjson", &postgres]).status(3).err;
    assert!(neither.contains("has neither tables of Stacyard nor of pgstac"), "{neither}");
    let early = yard.run(&["copy", "a.ndjson", &url]).status(3).err;
    assert!(early.contains("there are no Stacyard tables in the schema"), "{early}");
    // The command that is suggested can be pasted.
    let (_, command) = early.split_once("make its tables: stacyard").unwrap();
    let (command, _) = command.split_once(", or name").unwrap();
    let binary = assert_cmd::cargo::cargo_bin!("stacyard");
    let made =
        Command::new("bash").arg("-c").arg(format!("{} {command}", binary.display())).output().unwrap();
    assert!(made.status.success(), "{command}: {made:?}");
    yard.run(&["copy", "a.ndjson", &postgresql]).status(0);
    assert_eq!(yard.run(&["search", &url, "--count"]).status(0).out, "3\n");
    // Another schema is where it is not: it is said where it is.
    let server = url.split_once('?').unwrap().0;
    let other = yard.run(&["info", &format!("{server}?schema=cli_nowhere")]).status(3).err;
    assert!(
        other.contains("or name another schema: ?schema=")
            && other.contains("(where this database has them)"),
        "{other}"
    );
    let mistyped = yard.run(&["info", &format!("{server}?shema=x")]).status(2).err;
    assert!(mistyped.contains("did you mean `schema`?"), "{mistyped}");
}
