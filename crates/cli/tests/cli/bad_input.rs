//! What bad input gets: a clear error, and nothing lost.

use std::io::Write;

use crate::support::{Yard, ids, item, lines};

/// Copies two good lines around a bad one; gives what is said about the bad one and asserts that it is kept.
fn between(bad: &[u8]) -> String {
    let yard = Yard::new();
    let text = [lines(&["a"]).as_bytes(), bad, b"\n", lines(&["b"]).as_bytes()].concat();
    yard.write("in.ndjson", &text);
    let ran = yard.run(&["copy", "in.ndjson", "out.ndjson", "-q"]).status(1);
    assert_eq!(ids(&yard.read("out.ndjson")), ["a", "b"]);
    yard.run(&["copy", "in.ndjson", "out.ndjson", "--overwrite", "--rejects", "r.ndjson"]).status(1);
    let reject: serde_json::Value = serde_json::from_str(&yard.read("r.ndjson")).unwrap();
    assert_eq!((&reject["source"], &reject["line"]), (&"in.ndjson".into(), &2.into()));
    assert!(["item", "text", "base64"].iter().any(|name| reject.get(name).is_some()), "{reject}");
    ran.err
}

#[test]
fn truncated_json() {
    insta::assert_snapshot!(between(&item("x").as_bytes()[..100]), @r"
    in.ndjson:2: 1 error
      the JSON ends too early, at column 101 [json]
      help: --rejects FILE keeps what was rejected, with the reasons
    ");
}

#[test]
fn a_nul_byte() {
    insta::assert_snapshot!(between(b"{\"id\":\0}"), @r"
    in.ndjson:2: 1 error
      a NUL byte where a value is expected, at column 7 [json]
      help: --rejects FILE keeps what was rejected, with the reasons
    ");
    insta::assert_snapshot!(between(b"{\"id\":\"\0\"}"), @r"
    in.ndjson:2: 1 error
      a NUL byte in a string, at column 8 [json]
      help: --rejects FILE keeps what was rejected, with the reasons
    ");
}

#[test]
fn invalid_utf8() {
    insta::assert_snapshot!(between(b"{\"id\":\"\xFF\"}"), @r"
    in.ndjson:2: 1 error
      the text is not UTF-8, at column 8; convert the file to UTF-8 [json]
      help: --rejects FILE keeps what was rejected, with the reasons
    ");
}

#[test]
fn duplicate_keys() {
    insta::assert_snapshot!(between(br#"{"id":"x","i\u0064":"y"}"#), @r#"
    in.ndjson:2: 1 error
      the name "id" occurs twice in one object, at column 11 [json]
      help: --rejects FILE keeps what was rejected, with the reasons
    "#);
}

#[test]
fn deep_nesting() {
    insta::assert_snapshot!(between(format!("{}{}", "[".repeat(129), "]".repeat(129)).as_bytes()), @r"
    in.ndjson:2: 1 error
      more than 128 levels of nesting, at column 129 [json]
      help: --rejects FILE keeps what was rejected, with the reasons
    ");
}

#[test]
fn nan_and_infinity() {
    insta::assert_snapshot!(between(br#"{"id":NaN}"#), @r"
    in.ndjson:2: 1 error
      NaN and Infinity are not JSON, at column 7; write null, or leave the member out [json]
      help: --rejects FILE keeps what was rejected, with the reasons
    ");
    insta::assert_snapshot!(between(br#"{"id":-Infinity}"#), @r"
    in.ndjson:2: 1 error
      NaN and Infinity are not JSON, at column 7; write null, or leave the member out [json]
      help: --rejects FILE keeps what was rejected, with the reasons
    ");
}

#[test]
fn duplicate_ids() {
    insta::assert_snapshot!(between(item("a").as_bytes()), @r#"
    in.ndjson:2: item "a": 1 error
      /id: an Item of the collection "c" has the id "a" before this one [duplicate-id]
      help: --rejects FILE keeps what was rejected, with the reasons
    "#);
}

#[test]
fn numbers_beyond_f64_are_kept_as_they_are() {
    let yard = Yard::new();
    let text = crate::support::item_with(
        "a",
        "2024-06-01T00:00:00Z",
        r#","x":1e400,"y":123456789012345678901234567890,"z":0.10000000000000000000001"#,
    );
    yard.write("in.ndjson", format!("{text}\n"));
    yard.run(&["copy", "in.ndjson", "out.ndjson"]).status(0);
    assert_eq!(yard.read("out.ndjson"), format!("{text}\n"));
}

#[test]
fn a_byte_order_mark() {
    let yard = Yard::new();
    yard.write("in.ndjson", format!("\u{feff}{}", lines(&["a", "b"])));
    let ran = yard.run(&["copy", "in.ndjson", "out.ndjson", "-q"]).status(1);
    insta::assert_snapshot!(ran.err, @r"
    in.ndjson:1: 1 error
      the text starts with a byte order mark (U+FEFF), at column 1; remove the first three bytes of the file [json]
      help: --rejects FILE keeps what was rejected, with the reasons
    ");
    assert_eq!(ids(&yard.read("out.ndjson")), ["b"]);
    yard.write("in.json", format!("\u{feff}[{}]", item("a")));
    insta::assert_snapshot!(yard.run(&["validate", "in.json"]).status(3).err, @r#"
    error: in.json: the text starts with a byte order mark (U+FEFF)
      help: remove its first three bytes: sed -i '1s/^\xEF\xBB\xBF//' FILE
    "#);
}

#[test]
fn lines_of_windows_are_lines() {
    let yard = Yard::new();
    yard.write("in.ndjson", lines(&["a", "b"]).replace('\n', "\r\n\r\n"));
    yard.run(&["copy", "in.ndjson", "out.ndjson"]).status(0);
    assert_eq!(yard.read("out.ndjson"), lines(&["a", "b"]));
}

#[test]
fn a_line_that_is_too_long() {
    let yard = Yard::new();
    let long = format!("{{\"id\":\"{}\"}}", "x".repeat(5_000_000));
    yard.write("in.ndjson", format!("{}{long}\n{}", lines(&["a"]), lines(&["b"])));
    let limited = ["--max-record-size", "2000000", "-q"];
    let ran = yard.run(&[&["copy", "in.ndjson", "out.ndjson"], &limited[..]].concat()).status(1);
    insta::assert_snapshot!(ran.err, @r"
    in.ndjson:2: 1 error
      it has 5000009 bytes, more than max-record-size allows; only its beginning is kept [too-long]
      help: --rejects FILE keeps what was rejected, with the reasons
    ");
    assert_eq!(ids(&yard.read("out.ndjson")), ["a", "b"]);
    yard.write("in.json", format!("[{},{long},{}]", item("a"), item("b")));
    let ran = yard.run(&[&["copy", "in.json", "out2.ndjson"], &limited[..]].concat()).status(1);
    assert!(ran.err.starts_with("in.json: feature 1: 1 error"), "{}", ran.err);
    assert_eq!(ids(&yard.read("out2.ndjson")), ["a", "b"]);
}

#[test]
fn no_lines_are_an_empty_store() {
    let yard = Yard::new();
    yard.write("in.ndjson", "");
    insta::assert_snapshot!(yard.run(&["validate", "in.ndjson"]).status(0).out, @"in.ndjson: no Items");
    yard.run(&["copy", "in.ndjson", "out.geojson"]).status(0);
    assert_eq!(yard.read("out.geojson"), "{\"type\":\"FeatureCollection\",\"features\":[\n]}\n");
    insta::assert_snapshot!(yard.run(&["validate", "absent.ndjson"]).status(3).err, @r"
    error: cannot open absent.ndjson: No such file or directory (os error 2)
      help: check the path
    ");
}

#[test]
fn a_folder_where_a_file_is_meant() {
    let yard = Yard::with_items();
    std::fs::create_dir(yard.path("d.ndjson")).unwrap();
    insta::assert_snapshot!(yard.run(&["validate", "d.ndjson"]).status(2).err, @r"
    error: d.ndjson is a folder, not a file
      help: name a file inside it
    ");
    std::fs::create_dir(yard.path("dataset")).unwrap();
    insta::assert_snapshot!(yard.run(&["validate", "dataset"]).status(3).err, @r#"
    error: dataset is a folder without Parquet files
      help: a folder is read as the .parquet and .geoparquet files in it; name a file of another kind by itself
    "#);
    insta::assert_snapshot!(yard.run(&["search", "nowhere/"]).status(3).err, @r#"
    error: cannot read nowhere/: No such file or directory (os error 2)
      help: check the path
    "#);
    insta::assert_snapshot!(yard.run(&["copy", "a.ndjson", "d.ndjson"]).status(2).err, @r"
    error: d.ndjson is a folder, not a file
      help: name a file inside it
    ");
}

#[test]
fn a_full_disk() {
    let yard = Yard::with_items();
    let ran = yard.run(&["copy", "a.ndjson", "/dev/full", "--format", "ndjson"]).status(3);
    insta::assert_snapshot!(ran.err, @r"
    error: cannot write /dev/full: No space left on device (os error 28)
      help: free some space, or write elsewhere
    ");
}

#[test]
fn an_unknown_extension() {
    let yard = Yard::with_items();
    insta::assert_snapshot!(yard.run(&["copy", "a.ndjson", "b.csv"]).status(2).err, @r"
    error: b.csv: the extension `.csv` says nothing about what it holds
      help: known are .json .geojson .ndjson .jsonl .geojsonl (each also with .gz or .zst), .parquet .geoparquet, postgis:// and pgstac:// (each user@host:port/database), https:// of a STAC API, and `-`; files may be on s3://, gs://, az:// and https://, too; or say it with --store-kind (of an output, with --format)
    ");
    yard.run(&["copy", "a.ndjson", "b.txt", "--format", "geojson"]).status(0);
    yard.run(&["validate", "b.txt", "--store-kind", "geojson"]).status(0);
}

#[test]
fn damaged_collections() {
    let yard = Yard::new();
    let text = format!("{{\"type\":\"FeatureCollection\",\"features\":[{},{}]}}", item("a"), item("b"));
    yard.write("in.json", &text[..text.len() - 40]);
    insta::assert_snapshot!(yard.run(&["copy", "in.json", "out.ndjson"]).status(3).err, @r"
    error: in.json: feature 1: the text ends inside the feature (at byte 298)
      help: mend the file there, or fetch it again: nothing after this place can be told apart
    ");
    assert_eq!(yard.names(), ["in.json"]);
    let damaged = text.replacen("\"id\":\"a\"", "\"id\":a", 1);
    yard.write("in.json", damaged);
    insta::assert_snapshot!(yard.run(&["copy", "in.json", "out.ndjson", "-q"]).status(1).err, @r"
    in.json: feature 0: 1 error
      `a` where a value is expected, at column 47 [json]
      help: --rejects FILE keeps what was rejected, with the reasons
    ");
    assert_eq!(ids(&yard.read("out.ndjson")), ["b"]);
}

#[test]
fn packed_files_that_are_cut_off_or_wrongly_named() {
    let yard = Yard::with_items();
    for packed in ["a.ndjson.gz", "a.ndjson.zst"] {
        yard.run(&["copy", "a.ndjson", packed]).status(0);
        yard.run(&["validate", packed]).status(0);
        let bytes = std::fs::read(yard.path(packed)).unwrap();
        yard.write(packed, &bytes[..bytes.len() - 9]);
        let ran = yard.run(&["validate", packed]).status(3);
        assert!(ran.err.contains(packed) && ran.err.contains("cut off"), "{}", ran.err);
        let mut plain = std::fs::File::create(yard.path("b.ndjson")).unwrap();
        plain.write_all(&bytes).unwrap();
        let ran = yard.run(&["validate", "b.ndjson"]).status(2);
        assert!(ran.err.contains("its name says plain"), "{}", ran.err);
    }
    yard.write("c.ndjson.gz", lines(&["a"]));
    insta::assert_snapshot!(yard.run(&["validate", "c.ndjson.gz"]).status(2).err, @r"
    error: c.ndjson.gz: its name says gzip, its bytes say plain
      help: rename it: .gz for gzip, .zst for zstd, neither for plain text
    ");
}
