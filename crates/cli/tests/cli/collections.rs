//! Collections: in the input of a copy, beside the Items of a store, and out of it again as JSON.

use serde_json::Value;

use crate::postgis::fresh;
use crate::support::{Yard, item, item_with, lines};

/// A valid Collection; the number has more digits than a double.
fn collection(id: &str, title: &str) -> String {
    format!(
        r#"{{"type":"Collection","stac_version":"1.1.0","id":"{id}","title":"{title}","description":"d","license":"other","extent":{{"spatial":{{"bbox":[[-180,-90,180,90]]}},"temporal":{{"interval":[["2020-01-01T00:00:00Z",null]]}}}},"x:n":0.10000000000000000000001,"links":[]}}"#
    )
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The stores that keep Collections, each empty but for the Items a, b and c of the collection `c`.
fn stores(yard: &Yard, name: &str) -> Vec<String> {
    let mut stores = vec!["x.parquet".to_owned()];
    if let Some(url) = fresh(name) {
        yard.run(&["init", &url]).status(0);
        stores.push(url);
    }
    for store in &stores {
        yard.run(&["copy", "a.ndjson", store]).status(0);
    }
    stores
}

#[test]
fn collections_are_put_listed_printed_and_deleted() {
    let yard = Yard::with_items();
    for store in stores(&yard, "collections") {
        let run = |arguments: &[&str]| yard.run(&[&["collections", &store], arguments].concat());
        assert_eq!(run(&["list"]).status(0).out, "");
        yard.write("one.json", collection("c", "C"));
        yard.write(
            "two.json",
            format!(r#"{{"collections":[{},{}]}}"#, collection("c", "C"), collection("dd", "D")),
        );
        assert_eq!(run(&["put", "one.json"]).status(0).out, "c: new\n");
        assert_eq!(run(&["put", "two.json"]).status(0).out, "dd: new\nc: same as before\n");
        yard.write("array.json", format!("[{}]", collection("c", "New C")));
        assert_eq!(run(&["put", "array.json"]).status(0).out, "c: changed\n");
        let line = collection("e", "E");
        let said = yard.run_with_input(&["collections", &store, "put", "-", "--format", "json"], &line);
        assert_eq!(json(&said.status(0).out), json(r#"{"new":["e"],"changed":[],"same":[]}"#));
        assert_eq!(run(&["list"]).status(0).out, "c   New C\ndd  D\ne   E\n");
        // Every digit comes back.
        assert_eq!(json(&run(&["get", "e"]).status(0).out), json(&line));
        assert!(run(&["get", "e"]).out.contains("0.10000000000000000000001"));
        let all = json(&run(&["list", "--format", "json"]).status(0).out);
        assert_eq!(all["collections"][0]["title"], "New C");
        assert_eq!(all["collections"].as_array().unwrap().len(), 3);
        // What is not valid changes nothing, whatever stands beside it.
        yard.write(
            "wrong.ndjson",
            [collection("f", "F"), collection("g", "G").replace("\"d\"", "5")].join("\n"),
        );
        let wrong = run(&["put", "wrong.ndjson"]).status(2).err;
        assert!(wrong.contains("/description"), "{wrong}");
        yard.write("items.ndjson", lines(&["a"]));
        run(&["put", "items.ndjson"]).status(2);
        assert_eq!(run(&["list"]).out.lines().count(), 3);
        // The Items are as before, and searched as before.
        assert_eq!(yard.run(&["search", &store, "--sortby", "id"]).status(0).out, lines(&["a", "b", "c"]));
        yard.run(&["validate", &store]).status(0);
        let said = run(&["delete", "c"]).status(2).err.replace(&store, "STORE");
        assert!(
            said.starts_with("error: 3 Items of STORE belong to the Collection \"c\"\n  help: "),
            "{said}"
        );
        assert_eq!(run(&["delete", "dd"]).status(0).out, "dd: deleted\n");
        let gone = run(&["delete", "dd"]).status(2).err;
        assert!(
            gone.contains("has no Collection \"dd\"") && gone.contains("list says which it has"),
            "{gone}"
        );
        run(&["get", "dd"]).status(2);
        assert!(yard.run(&["info", &store]).status(0).out.contains("3 Items, 2 Collections\n"));
    }
    insta::assert_snapshot!(yard.run(&["collections", "a.ndjson", "list"]).status(2).err, @r"
    error: a.ndjson keeps no Collections beside its Items
      help: stores that do: .parquet, postgis:// and pgstac://; stacyard copy takes Collections that stand among the Items there
    ");
}

#[test]
fn extents_and_summaries_are_made_anew() {
    let yard = Yard::with_items();
    for store in stores(&yard, "refresh") {
        let items = [
            item_with(
                "a",
                "2024-06-01T00:00:00Z",
                r#","platform":"s2a","gsd":10.0,"n":1e1,"instruments":["msi"],"mixed":"one""#,
            ),
            item_with("b", "2024-06-02T00:00:00Z", r#","platform":"s2c","gsd":10,"n":-0.5,"mixed":["two"]"#),
            item_with("c", "2024-06-03T00:00:00Z", r#","platform":"s2b","gsd":20"#),
        ];
        yard.write("b.ndjson", items.join("\n"));
        yard.run(&["copy", "b.ndjson", &store, "--overwrite"]).status(0);
        let summaries = r#""summaries":{"platform":["s2b","s2x"],"gsd":[10],"n":{"minimum":0,"maximum":1},"instruments":["old"],"mixed":["old"],"none":{"minimum":0,"maximum":1},"x":{"type":"string"}},"links""#;
        yard.write("c.json", collection("c", "C").replace(r#""links""#, summaries));
        yard.run(&["collections", &store, "put", "c.json"]).status(0);
        assert_eq!(yard.run(&["collections", &store, "refresh"]).status(0).out, "c: changed\n");
        let now = json(&yard.run(&["collections", &store, "get", "c"]).status(0).out);
        assert_eq!(
            now["extent"]["temporal"]["interval"],
            json(r#"[["2024-06-01T00:00:00Z","2024-06-03T00:00:00Z"]]"#)
        );
        // What was there first, in its order; arrays cannot be listed, and of "none" there is nothing to say.
        let summaries = r#"{"platform":["s2b","s2a","s2c"],"gsd":[10,20],"n":{"minimum":-0.5,"maximum":10},"instruments":["old"],"mixed":["old"],"none":{"minimum":0,"maximum":1},"x":{"type":"string"}}"#;
        assert_eq!(now["summaries"], json(summaries));
        assert_eq!(yard.run(&["collections", &store, "refresh"]).status(0).out, "c: same as before\n");
    }
}

#[test]
fn the_rows_of_a_file_stay_byte_for_byte() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "x.parquet"]).status(0);
    let before = std::fs::read(yard.path("x.parquet")).unwrap();
    yard.write("c.json", collection("c", "C"));
    yard.run(&["collections", "x.parquet", "put", "c.json"]).status(0);
    let after = std::fs::read(yard.path("x.parquet")).unwrap();
    let footer =
        u32::from_le_bytes(before[before.len() - 8..before.len() - 4].try_into().unwrap()) as usize + 8;
    let rows = before.len() - footer;
    assert_eq!(after[..rows], before[..rows]);
    // Once more the same is no change.
    yard.run(&["collections", "x.parquet", "put", "c.json"]).status(0);
    assert_eq!(std::fs::read(yard.path("x.parquet")).unwrap(), after);
    // Without it the file is what it was.
    yard.run(&["copy", "a.ndjson", "b.parquet"]).status(0);
    yard.run(&["copy", "x.parquet", "back.ndjson"]).status(0);
    assert_eq!(yard.read("back.ndjson"), yard.read("a.ndjson"));
    assert_eq!(yard.names().len(), 5, "nothing is left behind: {:?}", yard.names());
}

/// The last line of a summary.
fn last(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or_default().trim()
}

#[test]
fn collections_of_an_input_go_along() {
    let yard = Yard::with_items();
    for store in stores(&yard, "mixed") {
        let copy = |from: &str, mode: &str| yard.run(&["copy", from, &store, "--mode", mode]).status(0).err;
        yard.write("mixed.ndjson", [collection("c", "C"), item("d"), collection("e", "E")].join("\n"));
        assert_eq!(last(&copy("mixed.ndjson", "insert")), "Collections: 2 new");
        yard.write("mixed.ndjson", [item("f"), collection("c", "New"), collection("e", "E")].join("\n"));
        let said = copy("mixed.ndjson", "insert");
        assert!(
            said.contains(
                "keeps its own Collections, which the input has otherwise: c; --mode upsert replaces"
            ),
            "{said}"
        );
        assert_eq!(last(&said), "Collections: 1 same as before, 1 ignored");
        let title = || json(&yard.run(&["collections", &store, "get", "c"]).status(0).out)["title"].clone();
        assert_eq!(title(), "C");
        assert_eq!(last(&copy("mixed.ndjson", "upsert")), "Collections: 1 changed, 1 same as before");
        assert_eq!(title(), "New");
        yard.write("part.json", format!("[{},{}]", item("a"), collection("c", "New")));
        assert_eq!(last(&copy("part.json", "replace")), "Collections: 1 same as before, 1 went");
        // An input that has none takes none away.
        assert_eq!(last(&copy("a.ndjson", "replace")), "collection \"c\": 2 new, 1 replaced");
        assert_eq!(title(), "New");
        // Twice in one input: the first counts, as of Items.
        yard.write("twice.ndjson", [collection("z", "1"), collection("z", "2"), item("z")].join("\n"));
        let twice = yard.run(&["copy", "twice.ndjson", &store, "--mode", "upsert"]).status(1).err;
        assert!(twice.contains("a Collection has the id \"z\" before this one"), "{twice}");
        // Catalogs are no part of a store.
        yard.write(
            "catalog.ndjson",
            r#"{"type":"Catalog","stac_version":"1.1.0","id":"x","description":"d","links":[]}"#,
        );
        let catalog = yard.run(&["copy", "catalog.ndjson", &store, "--mode", "insert"]).status(1).err;
        assert!(catalog.contains("stores have Items and Collections"), "{catalog}");
    }
}

#[test]
fn a_sorted_copy_takes_them_too_and_a_search_none() {
    let yard = Yard::new();
    yard.write("mixed.ndjson", [item("a"), collection("c", "C"), item("b")].join("\n"));
    let said = yard.run(&["copy", "mixed.ndjson", "x.parquet", "--sortby", "-id"]).status(0).err;
    assert_eq!(last(&said), "Collections: 1 new");
    assert_eq!(yard.run(&["search", "mixed.ndjson"]).status(0).out, lines(&["a", "b"]));
    assert_eq!(yard.run(&["search", "mixed.ndjson", "--count"]).status(0).out, "2\n");
    yard.run(&["search", "mixed.ndjson", "-o", "answer.parquet"]).status(0);
    assert_eq!(yard.run(&["collections", "answer.parquet", "list"]).status(0).out, "c  C\n");
    assert!(yard.run(&["info", "mixed.ndjson"]).status(0).out.contains("2 Items, 1 Collection\n"));
}

#[test]
fn collections_without_items_or_without_a_place() {
    let yard = Yard::with_items();
    yard.write("collections.ndjson", [collection("c", "C"), collection("e", "E")].join("\n"));
    let targets = ["x.parquet", "x.ndjson", "-"];
    let flags = [&[][..], &["--sortby", "id"], &["--max-items", "5"], &["--collections", "c"]];
    for (target, flags) in targets.into_iter().flat_map(|target| flags.map(|flags| (target, flags))) {
        let said = yard.run(&[&["copy", "collections.ndjson", target], flags].concat()).status(2);
        assert_eq!(said.out, "");
        insta::allow_duplicates! {
            insta::assert_snapshot!(said.err, @r"
            error: the input has 2 Collections and no Item, and a file of Items needs some
              help: copy Items with --collections-file FILE; into a .parquet file that is there: stacyard collections STORE put FILE
            ");
        }
        assert_eq!(yard.names(), ["a.ndjson", "collections.ndjson"]);
    }
    // A file that has Items takes them, and a database always.
    for store in stores(&yard, "alone") {
        let said = yard.run(&["copy", "collections.ndjson", &store, "--mode", "insert"]).status(0).err;
        assert_eq!(last(&said), "Collections: 2 new");
        let said = yard.run(&["copy", &store, "out.geojson", "--overwrite"]).status(0).err;
        assert!(
            said.contains("out.geojson has no place for Collections: c, e left out; stacyard collections "),
            "{said}"
        );
        // The command that is named prints them.
        let (_, command) = said.split_once("left out; stacyard ").unwrap();
        let (command, _) = command.split_once(" prints them").unwrap();
        let binary = assert_cmd::cargo::cargo_bin!("stacyard");
        let line = format!("{} {command}", binary.display());
        let ran = std::process::Command::new("bash")
            .arg("-c")
            .arg(line)
            .current_dir(yard.path(""))
            .output()
            .unwrap();
        assert_eq!(
            json(std::str::from_utf8(&ran.stdout).unwrap())["collections"].as_array().unwrap().len(),
            2
        );
    }
}

#[test]
fn what_a_store_keeps_is_validated() {
    let yard = Yard::with_items();
    let stores = stores(&yard, "kept");
    yard.write("c.json", collection("c", "C"));
    for store in &stores {
        yard.run(&["collections", store, "put", "c.json"]).status(0);
        let said = yard.run(&["validate", store]).status(0).out;
        assert!(said.contains("1 Collection, 3 Items valid, 0 rejected"), "{said}");
    }
    // One that another check finds wrong than the one it came in by.
    let extended = r#""stac_extensions":["https://example.org/x.json"],"links":[]"#;
    yard.write("extended.json", collection("c", "C").replace("\"links\":[]", extended));
    std::fs::create_dir(yard.path("schemas")).unwrap();
    yard.write("schemas/x.json", r#"{"$id":"https://example.org/x.json","required":["x:absent"]}"#);
    for store in &stores {
        yard.run(&["collections", store, "put", "extended.json"]).status(0);
        let said = yard.run(&["validate", store, "--schemas", "schemas"]).status(1).out;
        assert!(said.contains(": collection \"c\": 1 error\n  \"x:absent\" is a required"), "{said}");
        assert!(said.contains("3 Items valid, 1 rejected"), "{said}");
    }
}

#[test]
fn a_store_that_is_copied_onto_itself_keeps_its_collections() {
    let yard = Yard::with_items();
    yard.write("mixed.ndjson", [collection("c", "C"), item("d")].join("\n"));
    let before = yard.read("mixed.ndjson");
    for flags in [&[][..], &["--rejects", "r.ndjson"], &["--rejects", "r.ndjson", "--sortby", "id"]] {
        let ran =
            yard.run(&[&["copy", "mixed.ndjson", "mixed.ndjson", "--overwrite"], flags].concat()).status(3);
        assert!(ran.err.contains("Collections that have no place would be gone for good: c"), "{}", ran.err);
        assert_eq!(yard.read("mixed.ndjson"), before);
    }
}

/// What a file may be, standard input may be too, and the bytes say what it is.
#[test]
fn collections_come_in_any_form() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "x.parquet"]).status(0);
    let [c, d] = [collection("c", "C"), collection("d", "D")];
    let pretty = |text: &str| format!("{:#}\n", json(text));
    let both = format!(r#"{{"collections":[{c},{d}]}}"#);
    let packed = {
        yard.write("both.json", &both);
        assert!(std::process::Command::new("gzip").arg(yard.path("both.json")).status().unwrap().success());
        std::fs::read(yard.path("both.json.gz")).unwrap()
    };
    for (form, text) in [
        ("one", c.clone().into_bytes()),
        ("one over several lines", pretty(&c).into_bytes()),
        ("lines", format!("{c}\n{d}\n").into_bytes()),
        ("an array", format!("[{c},{d}]").into_bytes()),
        ("an array over several lines", pretty(&format!("[{c},{d}]")).into_bytes()),
        ("an answer of an API", both.clone().into_bytes()),
        ("the same over several lines", pretty(&both).into_bytes()),
        ("with separators", format!("\u{1e}{}\u{1e}{d}\n", pretty(&c)).into_bytes()),
        ("packed", packed),
    ] {
        yard.run_with_input(&["collections", "x.parquet", "put", "-"], &text).status(0);
        let copy = &["copy", "a.ndjson", "y.parquet", "--overwrite", "--collections-file", "-"];
        yard.run_with_input(copy, &text).status(0);
        for store in ["x.parquet", "y.parquet"] {
            let listed = yard.run(&["collections", store, "list"]).status(0).out;
            assert!(listed.starts_with("c  C\n"), "{form}: {listed}");
        }
        // A file may have any name, but one that says how it is packed.
        let name = if form == "packed" { "any.gz" } else { "any" };
        yard.write(name, &text);
        yard.run(&["collections", "x.parquet", "put", name]).status(0);
        if form != "packed" {
            for name in ["any.json", "any.ndjson"] {
                yard.write(name, &text);
                yard.run(&["collections", "x.parquet", "put", name]).status(0);
            }
        }
    }
    // What cannot be taken is said without what cannot be done about it.
    let put = |text: &str| yard.run_with_input(&["collections", "x.parquet", "put", "-"], text).status(2).err;
    insta::assert_snapshot!(put(&format!("[{c},{}]", d.replace("\"d\",\"license", "5,\"license"))), @r#"
    error: standard input: the Collection "d": /description: must be a string, not a number; found 5 [basics: Common Metadata: Basics]
      help: mend it first; nothing was changed
    "#);
    insta::assert_snapshot!(put(&format!("{c}\n{c}\n")), @r#"
    error: standard input: the Collection "c": it is there twice
      help: mend it first; nothing was changed
    "#);
    insta::assert_snapshot!(put(""), @r"
    error: standard input: there is no Collection in it
      help: give it one or more
    ");
    insta::assert_snapshot!(put("{\"a\""), @r"
    error: standard input: not JSON: the JSON ends too early (at byte 4)
      help: mend it first; nothing was changed
    ");
    let long = [&["collections", "x.parquet", "put", "-", "--max-record-size", "100"][..]].concat();
    insta::assert_snapshot!(yard.run_with_input(&long, format!("{c}\n{c}\n")).status(2).err, @r"
    error: standard input: a record of 250 bytes is more than one may have (max-record-size)
      help: mend it first; nothing was changed
    ");
    let copy = &["copy", "-", "z.parquet", "--collections-file", "-"];
    insta::assert_snapshot!(yard.run_with_input(copy, &c).status(2).err, @r"
    error: both the Items and the Collections cannot come from standard input
      help: write one of them to a file, and name that
    ");
    insta::assert_snapshot!(yard.run(&["collections", "x.parquet", "put", "y.parquet"]).status(2).err, @r"
    error: y.parquet: Collections are taken from a file of JSON
      help: write them to one first: stacyard collections y.parquet list --format json > FILE.json
    ");
}
