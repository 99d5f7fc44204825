//! What a search or a profile names and no Item has: said, not answered by nothing.

use crate::postgis::fresh;
use crate::support::{Yard, item_with};

/// The same Items in a store of each kind.
fn yard(name: &str) -> (Yard, Vec<String>) {
    let yard = Yard::new();
    let item = |id: &str, collection: &str| {
        item_with(id, "2024-06-01T00:00:00Z", r#","eo:cloud_cover":7,"platform":"landsat-8""#)
            .replace(r#""collection":"c""#, &format!(r#""collection":"{collection}""#))
            .replace("/c\"", &format!("/{collection}\""))
    };
    yard.write("a.ndjson", [item("one", "landsat-c2"), item("two", "sentinel-2")].join("\n"));
    let mut stores = vec!["a.ndjson".to_owned(), "b.geojson".to_owned(), "c.parquet".to_owned()];
    if let Some(url) = fresh(name) {
        yard.run(&["init", &url]).status(0);
        stores.push(url);
    }
    for store in &stores[1..] {
        yard.run(&["copy", "a.ndjson", store]).status(0);
    }
    (yard, stores)
}

#[test]
fn a_collection_that_there_is_not() {
    let (yard, stores) = yard("silent_collections");
    for store in &stores {
        for count in [&[][..], &["--count"], &["--max-items", "1"]] {
            let ask = |flags: &[&str]| yard.run(&[&["search", store], flags, count].concat());
            let none = ask(&["--collections", "landsat-c3,nothing"]).status(2);
            assert!(
                none.err.contains("no Item is of the collections \"landsat-c3\", \"nothing\"\n  help: did you mean landsat-c2?"),
                "{store}: {}",
                none.err
            );
            let lenient = ask(&["--collections", "landsat-c3", "--filter-lenient"]).status(0);
            assert!(
                lenient.err.contains("warning: no Item is of the collection \"landsat-c3\""),
                "{store}: {}",
                lenient.err
            );
            let some = ask(&["--collections", "landsat-c2,nothing"]).status(0);
            assert!(
                some.err.contains("warning: no Item is of the collection \"nothing\""),
                "{store}: {}",
                some.err
            );
            assert!(!some.out.is_empty());
            let all = ask(&["--collections", "landsat-c2,sentinel-2"]).status(0);
            assert_eq!(all.err, "", "{store}");
            // Nothing answers, but the collection is there.
            assert_eq!(
                ask(&["--collections", "sentinel-2", "--filter", "eo:cloud_cover > 50"]).status(0).err,
                ""
            );
        }
        let copied =
            yard.run(&["copy", store, "x.ndjson", "--overwrite", "--collections", "landsat-c3"]).status(2);
        assert!(copied.err.contains("did you mean landsat-c2?"), "{}", copied.err);
        let some = ["copy", store, "x.ndjson", "--overwrite", "--collections", "landsat-c2,nothing"];
        let some = yard.run(&some).status(0);
        assert!(some.err.contains("warning: no Item is of the collection \"nothing\""), "{}", some.err);
    }
}

#[test]
fn ids_that_there_are_not() {
    let (yard, stores) = yard("silent_ids");
    for store in &stores {
        for count in [&[][..], &["--count"]] {
            let ask = |ids: &str| yard.run(&[&["search", store, "--ids", ids], count].concat()).status(0).err;
            assert_eq!(
                ask("three,four"),
                "warning: no Item has the ids \"three\", \"four\"\n  help: check how they are spelled\n",
                "{store}"
            );
            assert_eq!(ask("three,one"), "", "{store}");
        }
    }
}

#[test]
fn a_comparison_that_is_never_true() {
    let (yard, stores) = yard("silent_types");
    for store in &stores {
        for count in [&[][..], &["--count"], &["--max-items", "1"]] {
            let ask = |filter: &str, more: &[&str]| {
                yard.run(&[&["search", store, "--filter", filter], more, count].concat())
            };
            let error = ask("eo:cloud_cover < '20'", &[]).status(2).err;
            assert_eq!(
                error,
                "error: \"eo:cloud_cover\" is a number in all Items that have it, and the filter takes it for a string: this is never true\n  \
                 help: write numbers without quotes; --filter-lenient takes it all the same\n",
                "{store}"
            );
            ask("eo:cloud_cover < '20'", &["--filter-lenient"]).status(0);
            // Both types are asked for: one of them is there.
            ask("eo:cloud_cover < '20' OR eo:cloud_cover < 20", &[]).status(0);
            let unquoted = ask("platform = landsat", &[]).status(2).err;
            assert!(unquoted.contains("help: a string goes in single quotes: 'landsat'"), "{unquoted}");
        }
    }
}

#[test]
fn a_profile_of_collections_that_there_are_not() {
    let (yard, _) = yard("silent_profile");
    let profile = |collections: &str| {
        yard.write("p.toml", format!("collections = [{collections}]\n[fields.\"x:a\"]\ntype = \"string\"\n"));
    };
    let said = "warning: the profile names the collection \"landsat\", to which no valid Item belongs\n";
    profile("\"landsat\", \"sentinel-2\"");
    let validated = yard.run(&["validate", "a.ndjson", "--profile", "p.toml"]).status(0);
    assert!(validated.err.contains(said), "{}", validated.err);
    let copied = yard.run(&["copy", "a.ndjson", "x.parquet", "--profile", "p.toml"]).status(0);
    assert!(copied.err.contains(said), "{}", copied.err);
    // A profile that a store keeps is not about this one input.
    let again = yard.run(&["copy", "x.parquet", "y.parquet"]).status(0);
    assert!(!again.err.contains("warning"), "{}", again.err);
    profile("\"sentinel-2\"");
    assert!(
        !yard
            .run(&["validate", "a.ndjson", "--profile", "p.toml"])
            .status(0)
            .err
            .contains("warning: the profile")
    );
}

/// Two spellings of one instant, and a later one.
#[test]
fn dates_and_times_of_a_profile_are_instants() {
    let yard = Yard::new();
    let item = |id: &str, seen: &str| {
        item_with(id, "2024-06-01T00:00:00.000000Z", &format!(r#","x:seen":"{seen}""#))
    };
    let items = [
        item("a", "2026-04-01T00:00:00Z"),
        item("b", "2026-04-01T02:00:00.000000+02:00"),
        item("c", "2026-04-01T01:00:00Z"),
    ];
    yard.write("a.ndjson", items.join("\n"));
    yard.write("p.toml", "[fields.\"x:seen\"]\ntype = \"datetime\"\n");
    let mut stores = vec!["b.parquet".to_owned()];
    if let Some(url) = fresh("instants") {
        yard.run(&["init", &url, "--profile", "p.toml"]).status(0);
        stores.push(url);
    }
    let query = r#"{"x:seen":{"eq":"2026-04-01T00:00:00.000Z"}}"#;
    let day = r#"{"datetime":{"eq":"2024-06-01T00:00:00Z"}}"#;
    for store in &stores {
        yard.run(&["copy", "a.ndjson", store, "--profile", "p.toml"]).status(0);
        let ask = |flags: &[&str]| yard.run(&[&["search", store], flags].concat()).status(0).ids();
        assert_eq!(ask(&["--query", query]), ["a", "b"], "{store}");
        assert_eq!(ask(&["--filter", "x:seen > '2026-04-01T00:00:00.5Z'"]), ["c"], "{store}");
        assert_eq!(ask(&["--sortby", "x:seen"]), ["a", "b", "c"], "{store}");
        assert_eq!(ask(&["--sortby", "x:seen", "--max-items", "2"]), ["a", "b"], "{store}");
        assert_eq!(ask(&["--query", day, "--sortby", "id"]).len(), 3, "{store}");
        assert_eq!(yard.run(&["search", store, "--count", "--query", query]).status(0).out, "2\n");
        let wrong = yard.run(&["search", store, "--query", r#"{"x:seen":{"eq":"June"}}"#]).status(2).err;
        assert!(wrong.contains("\"x:seen\" is a date and time"), "{wrong}");
    }
    // A profile that is named with a copy says what the filter means, too.
    yard.run(&["copy", "a.ndjson", "c.ndjson", "--profile", "p.toml", "--query", query]).status(0);
    assert_eq!(yard.read("c.ndjson").lines().count(), 2);
    // Without a profile it is a text.
    assert_eq!(yard.run(&["search", "a.ndjson", "--query", query]).status(0).ids(), Vec::<String>::new());
    assert_eq!(yard.run(&["search", "a.ndjson", "--query", day]).status(0).ids().len(), 3);
}
