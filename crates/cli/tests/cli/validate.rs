//! `validate` and its reports.

use crate::support::{Yard, item, lines};

#[test]
fn the_report_for_people() {
    let yard = Yard::with_items();
    let bad =
        item("bad").replace("2024-06-01T00:00:00Z", "yesterday").replace("\"assets\":{}", "\"assets\":[]");
    let unlinked = item("d").replace(r#"{"rel":"collection","href":"./c.json"}"#, "");
    yard.write("b.ndjson", format!("{}{bad}\n{unlinked}\n{}", lines(&["a"]), lines(&["a"])));
    let ran = yard.run(&["validate", "a.ndjson", "b.ndjson"]).status(1);
    insta::assert_snapshot!(ran.out, @r#"
    b.ndjson:2: item "bad": 2 errors
      /properties/datetime: must be a date and time of RFC 3339, such as 2024-06-01T12:00:00Z; found "yesterday" [datetime-format: Common Metadata: Date and Time; RFC 3339, section 5.6]
      /assets: must be an object of assets, not an array; found [] [assets: STAC Item: Item Fields, assets]
    b.ndjson:4: item "a": 1 error
      /id: an Item of the collection "c" has the id "a" before this one [duplicate-id]
    a.ndjson: 3 Items valid, 0 rejected
    warning: 1 x collection-link, first at b.ndjson:3: /collection: the Item has no link with rel "collection"; found "c" [collection-link: STAC Item: Relation types, collection]
    errors: 1 x assets, 1 x datetime-format, 1 x duplicate-id
    b.ndjson: 2 Items valid, 2 rejected
    "#);
    assert_eq!(ran.err, "");
    let strict = yard.run(&["validate", "b.ndjson", "--strict", "--rejects", "r.ndjson"]).status(1);
    assert!(strict.out.ends_with("b.ndjson: 1 Item valid, 3 rejected\n"), "{}", strict.out);
    assert_eq!(yard.read("r.ndjson").lines().count(), 3);
}

#[test]
fn the_report_for_programs() {
    let yard = Yard::with_items();
    yard.write("b.ndjson", format!("{}\n[1]\n{{\n", item("a").replace("1.1.0", "7")));
    let ran = yard.run(&["validate", "a.ndjson", "b.ndjson", "--format", "json"]).status(1);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["stores"][0]["store"], "a.ndjson");
    assert_eq!(report["stores"][0]["objects"]["Item"], 3);
    assert_eq!((&report["stores"][1]["read"], &report["stores"][1]["rejected"]), (&3.into(), &3.into()));
    assert_eq!(report["rejects"].as_array().unwrap().len(), 3);
    assert_eq!(report["rejects"][0]["errors"][0]["pointer"], "/stac_version");
    assert_eq!(report["rejects"][2]["text"], "{");
}

#[test]
fn collections_and_catalogs_in_files_are_validated_too() {
    let yard = Yard::new();
    yard.write(
        "catalog.json",
        r#"{"type":"Catalog","stac_version":"1.0.0","id":"c","description":"d","links":[]}"#,
    );
    yard.write("collection.json", r#"{"type":"Collection","stac_version":"1.0.0","id":"c","links":[]}"#);
    let ran = yard.run(&["validate", "catalog.json", "collection.json"]).status(1);
    insta::assert_snapshot!(ran.out, @r#"
    collection.json: collection "c": 3 errors
      "description" is missing [basics: Common Metadata: Basics]
      "license" is missing [license: Common Metadata: Licensing; STAC Collection: Collection Fields, license]
      "extent" is missing [extent: STAC Collection: Extent Object]
    catalog.json: 1 Catalog valid, 0 rejected
    collection.json: nothing valid, 1 rejected
    "#);
}

#[test]
fn extensions_against_schemas_in_a_folder() {
    let yard = Yard::new();
    let url = "https://example.org/x/v1.0.0/schema.json";
    std::fs::create_dir_all(yard.path("schemas/deep")).unwrap();
    yard.write(
        "schemas/deep/x.json",
        format!(r#"{{"$id":"{url}","properties":{{"properties":{{"required":["x:a"]}}}}}}"#),
    );
    let extended = item("a").replace(r#""id":"#, &format!(r#""stac_extensions":["{url}"],"id":"#));
    let missing = extended.replace("/x/", "/y/").replace(r#""id":"a""#, r#""id":"b""#);
    yard.write("in.ndjson", format!("{extended}\n{missing}\n"));
    let ran = yard.run(&["validate", "in.ndjson", "--schemas", "schemas"]).status(1);
    assert!(ran.out.contains("in.ndjson: 1 Item valid, 1 rejected"), "{}", ran.out);
    assert!(ran.out.contains("warning: 1 x "), "{}", ran.out);
    let required = ["validate", "in.ndjson", "--schemas", "schemas", "--require-schemas"];
    assert!(yard.run(&required).status(1).out.contains("nothing valid, 2 rejected"));
    yard.run(&["validate", "in.ndjson", "--schemas", "nowhere"]).status(3);
    yard.run(&["validate", "in.ndjson", "--require-schemas"]).status(2);
}

#[test]
fn usage() {
    let yard = Yard::with_items();
    yard.run(&["validate"]).status(2);
    yard.run(&["nonsense"]).status(2);
    yard.run(&["--help"]).status(0);
    assert!(yard.run(&["completions", "bash"]).status(0).out.contains("stacyard"));
    let ran = yard.run(&["validate", "a.ndjson", "--rejects", "a.ndjson"]).status(2);
    insta::assert_snapshot!(ran.err, @r"
    error: a.ndjson: the rejects would overwrite a store
      help: give --rejects a file of its own
    ");
    let ran = yard.run(&["--json-log", "validate", "x.y"]).status(2);
    insta::assert_snapshot!(ran.err, @r#"{"event":"error","message":"x.y: the extension `.y` says nothing about what it holds","help":"known are .json .geojson .ndjson .jsonl .geojsonl (each also with .gz or .zst), .parquet .geoparquet, postgis:// and pgstac:// (each user@host:port/database), https:// of a STAC API, and `-`; files may be on s3://, gs://, az:// and https://, too; or say it with --store-kind (of an output, with --format)"}"#);
}

#[test]
fn the_rules_are_counted_at_the_end() {
    let yard = Yard::with_items();
    let bad = |from: &str, to: &str| crate::support::item("x").replace(from, to) + "\n";
    let date = bad("2024-06-01T00:00:00Z", "2024-06-31T00:00:00Z");
    yard.write(
        "bad.ndjson",
        [bad("[7.5,46.5,7.5,46.5]", "[7.5]"), date.clone(), date.clone(), "{\n".to_owned()].concat(),
    );
    let ran = yard.run(&["validate", "bad.ndjson", "a.ndjson"]).status(1);
    assert!(ran.out.ends_with(
        "errors: 2 x datetime-format, 1 x bbox, 1 x json\nbad.ndjson: nothing valid, 4 rejected\na.ndjson: 3 Items valid, 0 rejected\n"
    ), "{}", ran.out);
    let report = yard.run(&["validate", "bad.ndjson", "--format", "json"]).status(1).out;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        report["stores"][0]["errors"],
        serde_json::json!({"datetime-format": 2, "bbox": 1, "json": 1})
    );
    // Of one reject all has been said.
    yard.write("bad.ndjson", date);
    assert!(!yard.run(&["validate", "bad.ndjson"]).status(1).out.contains("errors:"));
}
