//! `search`, `copy` with search flags, and `info`.

use crate::support::{Yard, ids, item, item_with, lines};

/// Five Items, one a day, with falling cloud cover; the third has none.
fn yard() -> Yard {
    let yard = Yard::new();
    let cloud =
        |day: u32| if day == 3 { String::new() } else { format!(r#","eo:cloud_cover":{}"#, 60 - day * 10) };
    let line =
        |day: u32| item_with(&format!("i{day}"), &format!("2024-06-0{day}T00:00:00Z"), &cloud(day)) + "\n";
    yard.write("s.ndjson", [2, 4, 1, 5, 3].map(line).concat());
    yard.run(&["copy", "s.ndjson", "s.geojson"]).status(0);
    yard
}

#[test]
fn the_same_answer_from_every_store() {
    let yard = yard();
    for store in ["s.ndjson", "s.geojson"] {
        let ask = |flags: &[&str]| yard.run(&[&["search", store], flags].concat()).status(0).ids();
        assert_eq!(ask(&[]), ["i5", "i4", "i3", "i2", "i1"]);
        assert_eq!(ask(&["--filter", "eo:cloud_cover < 35"]), ["i5", "i4"]);
        assert_eq!(ask(&["--query", r#"{"eo:cloud_cover":{"lt":35,"gt":10}}"#]), ["i4"]);
        assert_eq!(ask(&["--filter", "id <> 'i4'", "--query", r#"{"eo:cloud_cover":{"lt":35}}"#]), ["i5"]);
        yard.write("filter.txt", "eo:cloud_cover < 35\n");
        assert_eq!(ask(&["--filter", "@filter.txt"]), ["i5", "i4"]);
        assert_eq!(ask(&["--q", "nothing"]), Vec::<String>::new());
        assert_eq!(ask(&["--sortby", "eo:cloud_cover"]), ["i5", "i4", "i2", "i1", "i3"]);
        assert_eq!(ask(&["--sortby", "-properties.eo:cloud_cover", "--max-items", "2"]), ["i3", "i1"]);
        assert_eq!(ask(&["--ids", "i1,i2", "--datetime", "2024-06-02T00:00:00Z/.."]), ["i2"]);
        assert_eq!(ask(&["--bbox", "-10,40,10,50", "--collections", "c", "--max-items", "1"]), ["i5"]);
        assert_eq!(ask(&["--bbox", "-10,40,0,50"]), Vec::<String>::new());
        yard.write("shape.json", r#"{"type":"Polygon","coordinates":[[[7,46],[8,46],[8,47],[7,46]]]}"#);
        assert_eq!(ask(&["--intersects", "@shape.json", "--limit", "1"]).len(), 5);
        assert_eq!(
            yard.run(&["search", store, "--filter", "eo:cloud_cover < 35", "--count"]).status(0).out,
            "2\n"
        );
    }
}

#[test]
fn queryables_are_json_schema() {
    let yard = yard();
    let found: serde_json::Value =
        serde_json::from_str(&yard.run(&["info", "s.ndjson", "--queryables"]).status(0).out).unwrap();
    assert_eq!(found["properties"]["eo:cloud_cover"], serde_json::json!({"type": "integer"}));
    assert_eq!(found["properties"]["id"]["type"], "string");
}

#[test]
fn fields() {
    let yard = yard();
    let ran =
        yard.run(&["search", "s.ndjson", "--max-items", "1", "--fields", "id,properties.datetime"]).status(0);
    insta::assert_snapshot!(ran.out, @r#"{"id":"i5","collection":"c","properties":{"datetime":"2024-06-05T00:00:00Z"}}"#);
}

#[test]
fn an_answer_goes_to_any_file() {
    let yard = yard();
    yard.run(&["search", "s.ndjson", "--max-items", "2", "-o", "answer.geojson"]).status(0);
    assert_eq!(ids(&yard.run(&["copy", "answer.geojson", "-"]).out), ["i5", "i4"]);
    let ran = yard.run(&["search", "s.ndjson", "-o", "answer.geojson"]).status(2);
    insta::assert_snapshot!(ran.err, @r"
    error: answer.geojson exists already
      help: --overwrite replaces it
    ");
    yard.run(&["search", "s.ndjson", "-o", "answer.geojson", "--overwrite"]).status(0);
}

#[test]
fn a_copy_of_what_answers_keeps_the_order_of_the_source() {
    let yard = yard();
    let copy = |flags: &[&str]| ids(&yard.run(&[&["copy", "s.ndjson", "-"], flags].concat()).status(0).out);
    assert_eq!(copy(&["--filter", "eo:cloud_cover >= 20"]), ["i2", "i4", "i1"]);
    assert_eq!(copy(&["--sortby", "id"]), ["i1", "i2", "i3", "i4", "i5"]);
    assert_eq!(copy(&["--max-items", "2"]), ["i5", "i4"]);
}

#[test]
fn a_question_that_is_wrong_is_not_answered() {
    let yard = yard();
    for command in ["search", "copy"] {
        let target: &[&str] = if command == "copy" { &["-"] } else { &[] };
        let ask = |flags: &[&str]| yard.run(&[&[command, "s.ndjson"], target, flags].concat());
        insta::allow_duplicates! {
            let ran = ask(&["--filter", "eo:cloudcover < 3"]).status(2);
            insta::assert_snapshot!(ran.err, @r#"
            error: no Item has a property "eo:cloudcover"
              help: did you mean eo:cloud_cover? --filter-lenient takes it as null everywhere
            "#);
        }
        assert_eq!(ask(&["--filter", "eo:cloudcover < 3", "--filter-lenient"]).status(0).out, "");
        for wrong in [
            ["--bbox", "1,2,3"],
            ["--datetime", "June"],
            ["--filter", "id ="],
            ["--sortby", ","],
            ["--intersects", "{}"],
            ["--limit", "0"],
            ["--ids", ","],
        ] {
            let ran = ask(&wrong).status(2);
            assert!(
                ran.err.starts_with("error: ") && ran.err.contains("\n  help: "),
                "{wrong:?}: {}",
                ran.err
            );
            assert_eq!(ran.out, "");
        }
    }
    assert_eq!(
        yard.run(&["search", "s.ndjson", "--filter", "eo:cloudcover < 3", "--count"]).status(2).out,
        ""
    );
}

#[test]
fn items_that_are_not_valid_are_reported() {
    let yard = Yard::new();
    yard.write(
        "s.ndjson",
        format!("{}{}\n", lines(&["a"]), item("b").replace("\"assets\":{}", "\"assets\":3")),
    );
    let ran = yard.run(&["search", "s.ndjson"]).status(1);
    assert_eq!(ran.ids(), ["a"]);
    insta::assert_snapshot!(ran.err, @r#"
    s.ndjson:2: item "b": 1 error
      /assets: must be an object of assets, not a number; found 3 [assets: STAC Item: Item Fields, assets]
      help: --rejects FILE keeps what was rejected, with the reasons
    warning: 1 record of s.ndjson not valid, and so not searched
    "#);
}

#[test]
fn the_plan() {
    let yard = yard();
    let flags =
        ["search", "s.ndjson", "--filter", "id = 'x'", "--max-items", "3", "--explain", "--threads", "2"];
    insta::assert_snapshot!(yard.run(&flags).status(0).out, @r"
    store       s.ndjson (ndjson), on 2 threads
    rows        5 -> 0: every Item was read
    order       -datetime, then collection, id, the first 3
    ");
}

#[test]
fn info() {
    let yard = yard();
    insta::assert_snapshot!(yard.run(&["info", "s.ndjson"]).status(0).out, @r"
    s.ndjson: 5 Items
    layout       ndjson, 1.34 KiB
    bbox         7.5,46.5,7.5,46.5
    datetime     2024-06-01T00:00:00Z/2024-06-05T00:00:00Z
    collections
      c            5
    STAC versions
      1.1.0            5
    properties
      datetime                  5  string
      eo:cloud_cover            4  integer
    ");
    let ran = yard.run(&["info", "s.geojson", "--format", "json"]).status(0);
    let info: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(info["items"], 5);
    assert_eq!(info["properties"]["eo:cloud_cover"]["types"]["integer"], 4);
}
