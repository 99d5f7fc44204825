//! Slips on the command line: each gets an error that says what to write; and the help.

use crate::support::{Yard, item_with};

/// What clap's error says before the usage.
fn cause(yard: &Yard, arguments: &[&str]) -> String {
    let said = yard.run(arguments).status(2).err;
    said.split("\n\nUsage:").next().unwrap().to_owned()
}

#[test]
fn values_with_spaces() {
    let yard = Yard::with_items();
    insta::assert_snapshot!(cause(&yard, &["search", "a.ndjson", "--bbox", "0", "40", "10", "50"]), @r"
    error: unexpected argument '40' found

      tip: write the numbers of a box with commas between: --bbox 0,40,10,50
    ");
    for arguments in [
        &["search", "--bbox", "0", "40", "10", "50", "a.ndjson"][..],
        &["search", "--bbox=0", "40", "10", "50", "a.ndjson"],
        &["search", "a.ndjson", "--bbox", "0,", "40,", "10,", "50"],
        &["copy", "a.ndjson", "b.ndjson", "--bbox", "0", "40", "10", "50"],
    ] {
        let said = cause(&yard, arguments);
        assert!(
            said.contains("tip: write the numbers of a box with commas between: --bbox 0,40,10,50"),
            "{said}"
        );
    }
    let west = cause(&yard, &["search", "a.ndjson", "--bbox", "-10", "-40", "10", "50"]);
    assert!(west.contains("--bbox -10,-40,10,50"), "{west}");
    insta::assert_snapshot!(yard.run(&["search", "a.ndjson", "--bbox", "0 40 10 50"]).status(2).err, @r#"
    error: bbox "0 40 10 50": spaces stand between its numbers, not commas
      help: write WEST,SOUTH,EAST,NORTH in degrees, such as 5.9,45.8,10.5,47.8
    "#);
    let ids = cause(&yard, &["search", "a.ndjson", "--ids", "a", "b"]);
    assert!(ids.contains("tip: write names with commas between and no spaces: --ids a,b"), "{ids}");
    let fields = cause(&yard, &["search", "a.ndjson", "--fields=id,", "geometry"]);
    assert!(fields.contains("--fields id,geometry"), "{fields}");
}

#[test]
fn several_stores_where_one_is_asked_for() {
    let yard = Yard::with_items();
    insta::assert_snapshot!(cause(&yard, &["search", "a.ndjson", "b.ndjson"]), @r"
    error: unexpected argument 'b.ndjson' found

      tip: search asks one store: copy several into one first, or ask one after the other
    ");
    let copy = cause(&yard, &["copy", "a.ndjson", "b.ndjson", "c.parquet", "--overwrite"]);
    assert!(copy.contains("copy several one after the other with --mode insert"), "{copy}");
    assert!(cause(&yard, &["info", "a.ndjson", "b.ndjson"]).contains("tip: one store at a time"));
    assert_eq!(yard.names(), ["a.ndjson"]);
}

#[test]
fn a_file_that_is_named_without_its_sign() {
    let yard = Yard::with_items();
    yard.write("my area.geojson", r#"{"type":"Point","coordinates":[7.5,46.5]}"#);
    yard.write("f.cql2", "id = 'a'");
    insta::assert_snapshot!(yard.run(&["search", "a.ndjson", "--intersects", "my area.geojson"]).status(2).err, @r"
    error: --intersects: my area.geojson is the name of a file
      help: write --intersects @'my area.geojson' to take what it holds
    ");
    insta::assert_snapshot!(yard.run(&["search", "a.ndjson", "--filter", "f.cql2"]).status(2).err, @r"
    error: --filter: f.cql2 is the name of a file
      help: write --filter @f.cql2 to take what it holds
    ");
    assert_eq!(
        yard.run(&["search", "a.ndjson", "--intersects", "@my area.geojson", "--count"]).status(0).out,
        "3\n"
    );
    assert_eq!(yard.run(&["search", "a.ndjson", "--filter", "@f.cql2", "--count"]).status(0).out, "1\n");
}

#[test]
fn what_other_flags_take_is_said() {
    let yard = Yard::with_items();
    let said = |arguments: &[&str]| yard.run(&[&["search", "a.ndjson"], arguments].concat()).status(2).err;
    insta::assert_snapshot!(said(&["--intersects", "nofile.json"]), @r"
    error: --intersects: nofile.json is no GeoJSON, and there is no file of that name
      help: give a GeoJSON geometry or Feature, or --intersects @FILE with one in it
    ");
    insta::assert_snapshot!(said(&["--intersects", "POINT(7.5 46.5)"]), @r"
    error: intersects: WKT is not taken here
      help: give a GeoJSON geometry, or put the WKT into a filter: S_INTERSECTS(geometry, POINT(7 46))
    ");
    insta::assert_snapshot!(said(&["--query", "gsd<20"]), @r#"
    error: query: not JSON: `g` where a value is expected (at byte 0)
      help: --query takes JSON such as '{"gsd": {"lte": 10}}'; CQL2 such as 'gsd <= 10' goes into --filter
    "#);
    insta::assert_snapshot!(said(&["--sortby", "datetime:desc"]), @r#"
    error: no Item has a property "datetime:desc"
      help: the sign before a name says the direction: --sortby -datetime
    "#);
    insta::assert_snapshot!(said(&["--bbox", "46,7,47,100"]), @r#"
    error: bbox "46,7,47,100": 100 stands where a latitude does, and is beyond 90
      help: write WEST,SOUTH,EAST,NORTH in degrees, such as 5.9,45.8,10.5,47.8
    "#);
    insta::assert_snapshot!(said(&["--filter", "S_INTERSECTS(geometry,'POINT(7 46)')"]), @r#"
    error: filter: the string "POINT(7 46)" stands where a geometry is expected
      S_INTERSECTS(geometry,'POINT(7 46)')
      ^
      help: write it without the quotes: POINT(7 46)
    "#);
    insta::assert_snapshot!(said(&["--filter", "datetime > '2024-01-01'"]), @r#"
    error: filter: "datetime" is a date and time, and is compared with the string "2024-01-01"
      datetime > '2024-01-01'
      ^
      help: write '2024-01-01T00:00:00Z', or DATE('2024-01-01') in a filter
    "#);
    insta::assert_snapshot!(said(&["--filter", "id = 'x' OR CASEI(title) = 'Plume''s'"]), @r#"
    error: filter: CASEI never gives "Plume's"
      id = 'x' OR CASEI(title) = 'Plume''s'
                  ^
      help: write CASEI('Plume''s') there too
    "#);
    insta::assert_snapshot!(said(&["--filter", "lower(id) IN ('a', 'B')"]), @r#"
    error: filter: lower never gives "B"
      lower(id) IN ('a', 'B')
      ^
      help: write lower('B') there too
    "#);
    for right in [
        "CASEI(id) = 'a'",
        "CASEI(id) = CASEI('A')",
        "lower(id) LIKE 'a%'",
        "CASEI(id) > 'A'",
        "upper(id) = 'A'",
    ] {
        assert_ne!(
            yard.run(&["search", "a.ndjson", "--filter", right, "--count"]).status(0).out,
            "0\n",
            "{right}"
        );
    }
}

#[test]
fn a_page_and_names_that_lead_to_nothing_are_warned_of() {
    let yard = Yard::with_items();
    for command in [&["search", "a.ndjson", "-o", "b.ndjson"][..], &["copy", "a.ndjson", "b.ndjson", "-q"]] {
        let ran = yard.run(&[command, &["--overwrite", "--limit", "2"]].concat()).status(0);
        insta::allow_duplicates! {
            insta::assert_snapshot!(ran.err, @r"
            warning: --limit is the size of a page, and there are no pages here: all that answers is taken; --max-items 2 takes the first 2
            ");
        }
        let ran =
            yard.run(&[command, &["--overwrite", "--limit", "2", "--max-items", "2"]].concat()).status(0);
        assert_eq!(ran.err, "");
        let ran = yard
            .run(&[command, &["--overwrite", "--fields", "id,-asets,bbox,properties.datetime,gsd"]].concat());
        insta::allow_duplicates! {
            insta::assert_snapshot!(ran.status(0).err, @r#"
            warning: --fields: no Item that was written has "gsd", "asets"; check the spelling
            "#);
        }
    }
    let ran =
        yard.run(&["search", "a.ndjson", "--ids", "nobody", "--filter-lenient", "--fields", "gsd"]).status(0);
    assert!(!ran.err.contains("--fields"), "no Item, no name: {}", ran.err);
}

#[test]
fn rejects_are_no_input_and_no_stream() {
    let yard = Yard::with_items();
    yard.write("bad.ndjson", "{}\n{\n");
    yard.run(&["validate", "bad.ndjson", "--rejects", "my rejects.ndjson"]).status(1);
    for command in [&["copy", "my rejects.ndjson", "b.ndjson"][..], &["validate", "my rejects.ndjson"]] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(yard.run(command).status(2).err, @r"
            error: my rejects.ndjson holds rejects, with the record of each in its `item`
              help: take the records out of it: jq -c '.item // empty' 'my rejects.ndjson' > NEW.ndjson
            ");
        }
    }
    let ran = yard.run_with_input(&["copy", "-", "b.ndjson"], yard.read("my rejects.ndjson")).status(2);
    assert!(ran.err.ends_with("help: take the records out of it: jq -c '.item // empty'\n"), "{}", ran.err);
    insta::assert_snapshot!(yard.run(&["validate", "a.ndjson", "--rejects", "-"]).status(2).err, @r"
    error: --rejects takes the name of a file, and `-` is none
      help: name a file; /dev/stdout is standard output
    ");
    assert_eq!(yard.names(), ["a.ndjson", "bad.ndjson", "my rejects.ndjson"]);
}

#[test]
fn an_answer_never_takes_the_place_of_its_store() {
    let yard = Yard::with_items();
    let before = yard.read("a.ndjson");
    std::os::unix::fs::symlink("a.ndjson", yard.path("link.ndjson")).unwrap();
    for output in ["a.ndjson", "./a.ndjson", "link.ndjson"] {
        for more in [&["--overwrite"][..], &[]] {
            let said = yard.run(&[&["search", "a.ndjson", "-o", output], more].concat()).status(2).err;
            assert!(said.contains("is the store that is asked") && said.contains("another file"), "{said}");
        }
    }
    assert_eq!(yard.read("a.ndjson"), before);
}

#[test]
fn commands_that_are_suggested_can_be_pasted() {
    let yard = Yard::new();
    yard.write("my items.ndjson", [item_with("a", "2024-06-01", "")].concat());
    yard.write("b.ndjson", crate::support::lines(&["b"]));
    // The target's own Item is not valid.
    let said = yard.run(&["copy", "b.ndjson", "my items.ndjson", "--mode", "insert"]).status(3).err;
    assert!(said.contains("stacyard copy 'my items.ndjson' NEW --rejects REJECTS"), "{said}");
}

#[test]
fn help_is_found() {
    let yard = Yard::with_items();
    let all = yard.run(&["--help"]).status(0).out;
    for word in ["postgis://", "stacyard help filter", "Exit status"] {
        assert!(all.contains(word), "{word} in {all}");
    }
    assert_eq!(yard.run(&["help"]).status(0).out, all);
    for command in ["copy", "search", "validate", "init", "help"] {
        assert_eq!(
            yard.run(&["help", command]).status(0).out,
            yard.run(&[command, "--help"]).status(0).out,
            "{command}"
        );
    }
    let profile = yard.run(&["help", "profile"]).status(0).out;
    let (_, example) = profile.split_once(":\n\n").unwrap();
    let (example, _) = example.split_once("\nAlso for each field").unwrap();
    yard.write("profile.toml", example);
    yard.run(&["validate", "a.ndjson", "--profile", "profile.toml"]).status(0);
    let unknown = yard.run(&["help", "serch"]).status(2).err;
    assert!(unknown.contains("there is no command \"serch\"") && unknown.contains("search, "), "{unknown}");
}

#[test]
fn filters_fit_on_one_screen_and_are_right() {
    let yard = Yard::new();
    let properties = r#","gsd":10,"eo:cloud_cover":5,"platform":"it's","title":"Sentinel","my name":2,"keywords":["a","b","c"]"#;
    yard.write("a.ndjson", item_with("a", "2024-06-01T00:00:00Z", properties));
    let text = yard.run(&["help", "filter"]).status(0).out;
    assert!(text.lines().count() <= 30, "a screen");
    assert!(text.lines().all(|line| line.chars().count() <= 110));
    // All that stands in the second column, and answers.
    for (filter, answers) in [
        ("eo:cloud_cover < 20", true),
        ("gsd BETWEEN 10 AND 30", true),
        ("platform IN ('sentinel-2a', 'sentinel-2b')", false),
        ("title IS NULL", false),
        ("title IS NOT NULL", true),
        ("NOT (gsd > 10 AND gsd < 30) OR id = 'a'", true),
        ("platform = 'it''s'", true),
        ("title LIKE 'Sentinel%'", true),
        ("CASEI(title) = CASEI('STRASSE')", false),
        ("\"my name\" > 1", true),
        ("datetime >= TIMESTAMP('2024-06-01T00:00:00Z')", true),
        ("datetime < DATE('2024-07-01')", true),
        ("T_INTERSECTS(datetime, INTERVAL('2024-06-01', '..'))", true),
        ("S_INTERSECTS(geometry, BBOX(0, 40, 10, 50))", true),
        ("S_WITHIN(geometry, POLYGON((0 40, 10 40, 10 50, 0 50, 0 40)))", true),
        ("A_CONTAINS(keywords, ('a', 'b'))", true),
        ("gsd * 2 + 1 <= 61", true),
    ] {
        assert!(text.contains(filter), "{filter}");
        let count = yard.run(&["search", "a.ndjson", "--count", "--filter", filter]).status(0).out;
        assert_eq!(count == "1\n", answers, "{filter}");
    }
    for name in text
        .split_whitespace()
        .filter(|word| word.starts_with("T_") || word.starts_with("S_") || word.starts_with("A_"))
    {
        let name = name.split('(').next().unwrap();
        let other = match &name[..2] {
            "T_" => "(INTERVAL('2024-05-01', '2024-06-01'), INTERVAL('2024-06-01', '..'))",
            "S_" => "(geometry, POINT(1 2))",
            _ => "(keywords, ('a'))",
        };
        yard.run(&["search", "a.ndjson", "--count", "--filter", &format!("{name}{other}")]).status(0);
    }
}

#[test]
fn manual_pages() {
    let yard = Yard::new();
    let said = yard.run(&["man", "my pages"]).status(0).out;
    assert_eq!(said, "read them with: man 'my pages/stacyard.1'\n");
    let page = yard.read("my pages/stacyard-copy.1");
    assert!(page.starts_with(".ie") || page.contains(".TH stacyard-copy 1"), "{page}");
    assert!(page.contains("\\-\\-mode"), "{page}");
}
