//! `--profile`: one declaration for the gate, the columns and the queryables.

use serde_json::{Value, json};

use crate::support::{Yard, item_with};

const PROFILE: &str = r#"
[fields."mars:rate"]
type = "number"
description = "Emission rate"
unit = "kg/h"
minimum = 0

[fields."mars:kind"]
type = "string"
enum = ["point", "area"]
required = true

[fields."mars:note"]
type = "string"
queryable = false
"#;

fn yard() -> Yard {
    let yard = Yard::new();
    yard.write("profile.toml", PROFILE);
    let item = |id: &str, properties: &str| item_with(id, "2024-06-01T00:00:00Z", properties);
    let items = [
        item("good", r#","mars:rate":5,"mars:kind":"point","mars:note":"x""#),
        item("none", ""),
        item("wrong", r#","mars:rate":-1,"mars:kind":"line""#),
    ];
    yard.write("a.ndjson", items.join("\n"));
    yard.write("good.ndjson", &items[0]);
    yard
}

#[test]
fn the_gate_checks_the_fields_of_a_profile() {
    let yard = yard();
    yard.run(&["validate", "a.ndjson"]).status(0);
    insta::assert_snapshot!(yard.run(&["validate", "a.ndjson", "--profile", "profile.toml"]).status(1).out, @r#"
    a.ndjson:2: item "none": 1 error
      /properties: "mars:kind" is missing [profile-required: the profile]
    a.ndjson:3: item "wrong": 2 errors
      /properties/mars:kind: must be one of "point", "area"; found "line" [profile-enum: the profile]
      /properties/mars:rate: must be at least 0 (kg/h); found -1 [profile-range: the profile]
    errors: 1 x profile-enum, 1 x profile-range, 1 x profile-required
    a.ndjson: 1 Item valid, 2 rejected
    "#);
    yard.run(&["copy", "a.ndjson", "b.parquet", "--profile", "profile.toml", "--rejects", "r.ndjson"])
        .status(1);
    assert_eq!(yard.read("r.ndjson").lines().count(), 2);
    yard.write("broken.toml", "[fields.x]\ntype = 'text'\n");
    insta::assert_snapshot!(yard.run(&["validate", "a.ndjson", "--profile", "broken.toml"]).status(2).err, @r"
    error: broken.toml: line 2, column 8: unknown variant `text`, expected one of `string`, `integer`, `number`, `boolean`, `datetime`
      type = 'text'
             ^^^^^^
      help: stacyard help profile says what a profile holds
    ");
    let missing = yard.run(&["validate", "a.ndjson", "--profile", "nowhere.toml"]).status(3).err;
    assert!(missing.contains("nowhere.toml"), "{missing}");
}

/// The file says what its Items meet, to whoever adds to it, asks it or copies it.
#[test]
fn a_geoparquet_file_keeps_its_profile() {
    let yard = yard();
    yard.run(&["copy", "good.ndjson", "b.parquet", "--profile", "profile.toml"]).status(0);
    let added = yard.run(&["copy", "a.ndjson", "b.parquet", "--mode", "ignore"]).status(1).err;
    assert!(added.contains("2 rejected"), "{added}");
    yard.run(&["copy", "b.parquet", "c.parquet"]).status(0);
    yard.run(&["optimize", "c.parquet"]).status(0);
    yard.run(&["search", "c.parquet", "-o", "d.parquet"]).status(0);
    for file in ["b.parquet", "d.parquet"] {
        let queryables: Value =
            serde_json::from_str(&yard.run(&["info", "--queryables", file]).status(0).out).unwrap();
        let of = |name: &str| queryables["properties"].get(name).cloned();
        let rate =
            json!({"type": "number", "description": "Emission rate", "x-ogc-unit": "kg/h", "minimum": 0});
        assert_eq!(of("mars:rate"), Some(rate), "{file}");
        assert_eq!(of("mars:kind"), Some(json!({"type": "string", "enum": ["point", "area"]})));
        assert_eq!(of("mars:note"), None);
    }
    // Another profile for all of it: what is there has to meet it as well.
    yard.write("other.toml", "[fields.gsd]\ntype = 'number'\nrequired = true\n");
    yard.write("gsd.ndjson", item_with("gsd", "2024-06-01T00:00:00Z", r#","gsd":10"#));
    let ran = yard.run(&["copy", "gsd.ndjson", "b.parquet", "--mode", "upsert", "--profile", "other.toml"]);
    assert!(ran.status(3).err.contains("gsd"));
}

#[test]
fn a_database_checks_by_its_profile() {
    let Some(url) = crate::postgis::fresh("profile") else { return };
    let yard = yard();
    yard.run(&["init", &url]).status(0);
    insta::assert_snapshot!(
        yard.run(&["copy", "a.ndjson", &url, "--profile", "profile.toml"]).status(2).err.replace(&url, "URL"), @r"
    error: URL does not have the columns of this profile
      help: make them first: stacyard init with the same URL and --profile
    ");
    yard.run(&["copy", "a.ndjson", &url]).status(0);
    insta::assert_snapshot!(
        yard.run(&["init", &url, "--profile", "profile.toml"]).status(3).err.replace(&url, "URL"), @r#"
    error: cannot change the tables: check constraint "items_mars_kind_profile" of relation "items" is violated by some row
      help: nothing was changed; stacyard validate 'URL' --profile FILE names the Items that do not meet it
    "#);
    yard.run(&["copy", "good.ndjson", &url, "--mode", "replace"]).status(0);
    insta::assert_snapshot!(
        yard.run(&["init", &url, "--profile", "profile.toml"]).status(0).out.replace(&url, "URL"), @r#"
    URL: version 4
      columns added, which writes the table anew: "mars_kind" (string), "mars_note" (string), "mars_rate" (number)
      column "mars_kind": values checked
      column "mars_kind": index made
      column "mars_kind": comment set
      column "mars_note": values checked
      column "mars_note": comment set
      column "mars_rate": values checked
      column "mars_rate": index made
      column "mars_rate": comment set
      profile stored
    "#);
    let again = yard.run(&["init", &url, "--profile", "profile.toml"]).status(0).out;
    assert!(again.contains("nothing to do"), "{again}");
    yard.run(&["copy", "a.ndjson", &url, "--mode", "ignore", "--rejects", "r.ndjson"]).status(1);
    assert!(yard.read("r.ndjson").contains("profile-enum"), "{}", yard.read("r.ndjson"));
    yard.run(&["validate", &url]).status(0);
    yard.run(&["copy", &url, "e.parquet"]).status(0);
    assert!(yard.run(&["info", "--queryables", "e.parquet"]).status(0).out.contains("kg/h"));
}

/// An order or a number of Items leaves no check out.
#[test]
fn a_copy_of_the_first_is_checked_as_any() {
    let yard = yard();
    yard.run(&["copy", "a.ndjson", "plain.parquet"]).status(0);
    for source in ["a.ndjson", "plain.parquet"] {
        for more in [["--max-items", "10"], ["--sortby", "id"]] {
            let mut copy = vec!["copy", source, "out.parquet", "--profile", "profile.toml", "--overwrite"];
            copy.extend(more);
            let ran = yard.run(&copy).status(1).err;
            assert!(ran.contains("2 rejected"), "{source} {more:?}: {ran}");
        }
    }
}
