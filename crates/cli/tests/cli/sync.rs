//! `sync`: one store made to hold what another holds.

use crate::postgis::fresh;
use crate::support::{Yard, item_with, lines};

fn numbered(numbers: impl Iterator<Item = u32>, n: impl Fn(u32) -> u32) -> String {
    let item =
        |number| item_with(&format!("i{number}"), "2024-06-01T00:00:00Z", &format!(",\"n\":{}", n(number)));
    numbers.map(|number| item(number) + "\n").collect()
}

fn all(yard: &Yard, store: &str) -> Vec<serde_json::Value> {
    let found = yard.run(&["search", store, "--sortby", "id", "-q"]).status(0).out;
    found.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_store_becomes_what_another_is() {
    let server = fresh("sync");
    for to in ["b.ndjson", "b.geojson.gz", "b.parquet", "b/", "database"] {
        let yard = Yard::new();
        let to = match (to, &server) {
            ("database", None) => continue,
            ("database", Some(url)) => {
                yard.run(&["init", url]).status(0);
                url
            }
            _ => to,
        };
        yard.write("a.ndjson", numbered(0..100, |n| n));
        yard.run(&["sync", "a.ndjson", to]).status(0);
        assert_eq!(all(&yard, to), all(&yard, "a.ndjson"), "{to}");
        // 10 to 19 go, 100 to 104 come, every tenth differs.
        yard.write("a.ndjson", numbered((0..10).chain(20..105), |n| if n % 10 == 0 { n + 1000 } else { n }));
        let said = yard.run(&["sync", "a.ndjson", to]).status(0).err;
        assert_eq!(all(&yard, to), all(&yard, "a.ndjson"), "{to}");
        assert!(said.starts_with("14 Items written to "), "{said}");
        assert!(said.contains("81 there already") && said.contains("5 new, 9 replaced"), "{said}");
        assert!(said.contains("10 went"), "{said}");
        let before = yard.path(to).metadata().ok().map(|file| file.modified().unwrap());
        let said = yard.run(&["sync", "a.ndjson", to]).status(0).err;
        assert!(said.starts_with("0 Items written to ") && said.contains("95 there already"), "{said}");
        assert_eq!(
            yard.path(to).metadata().ok().map(|file| file.modified().unwrap()),
            before,
            "{to} is written anew"
        );
        if let Some(url) = server.as_ref().filter(|url| *url == to) {
            yard.run(&["sync", url, "c.parquet"]).status(0);
            yard.run(&["delete", url, "--filter", "n < 10", "--yes"]).status(0);
            yard.run(&["sync", url, "c.parquet"]).status(0);
            assert_eq!(all(&yard, "c.parquet"), all(&yard, url));
            assert!(yard.run(&["sync", url, "c.parquet"]).status(0).err.starts_with("0 Items written"));
        }
    }
}

/// Runs SQL in the schema of a URL.
fn sql(url: &str, text: &str) {
    let (server, schema) = url.split_once("?schema=").unwrap();
    let server = server.replace("postgis://", "postgresql://");
    let ran = std::process::Command::new("psql")
        .args([
            "-qX",
            "-v",
            "ON_ERROR_STOP=1",
            &server,
            "-c",
            &format!("SET search_path = {schema}, public; {text}"),
        ])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn of_a_database_only_what_was_written_since_is_read() {
    let Some(url) = fresh("since") else { return };
    let yard = Yard::new();
    let mark = |yard: &Yard| {
        let mut log: Vec<_> =
            std::fs::read_dir(yard.path("d/_delta_log")).unwrap().map(|file| file.unwrap().path()).collect();
        log.sort();
        std::fs::read_to_string(log.last().unwrap()).unwrap().contains("\"same_as\":\"pg1.")
    };
    let sync = |said: &str| {
        let err = yard.run(&["sync", &url, "d/"]).status(0).err;
        assert!(err.contains(said), "{err}");
        assert_eq!(all(&yard, "d/"), all(&yard, &url));
    };
    yard.run(&["init", &url]).status(0);
    yard.write("a.ndjson", numbered(0..100, |n| n));
    yard.run(&["copy", "a.ndjson", &url]).status(0);
    sync("100 Items written");
    assert!(mark(&yard));
    sync("0 Items written");
    // 3 new, 2 others, 10 gone.
    yard.write("b.ndjson", numbered((98..100).chain(200..203), |n| n + 1));
    yard.run(&["copy", "b.ndjson", &url, "--mode", "upsert"]).status(0);
    yard.run(&["delete", &url, "--filter", "n < 10", "--yes"]).status(0);
    sync("5 Items written");
    assert!(mark(&yard));
    sync("93 there already");
    // What no row says: a row keeps the number of the transaction that has written it, and a table that is made anew has other rows.
    sql(
        &url,
        "UPDATE items SET properties = properties || '{\"n\": 7}' WHERE id = 'i50'; DELETE FROM items WHERE id = 'i51'",
    );
    sync("1 Item written");
    // Rows that are written again and say the same are no Items that differ.
    sql(
        &url,
        "UPDATE items SET id = id WHERE id LIKE 'i8%'; UPDATE items SET properties = properties || '{\"n\": 9}' WHERE id = 'i70'",
    );
    sync("1 Item written");
    // One that the dataset lost is not told by the database, and comes all the same.
    yard.run(&["delete", "d/", "--ids", "i60", "--yes"]).status(0);
    assert!(!mark(&yard));
    sync("1 Item written");
    // What is not valid is told each time.
    sql(&url, "UPDATE items SET links = '[{}]' WHERE id = 'i61'");
    for _ in 0..2 {
        assert!(yard.run(&["sync", &url, "d/"]).status(1).err.contains("i61"));
    }
}

#[test]
fn what_is_not_valid_stays_as_it_is() {
    let yard = Yard::new();
    yard.write("b.ndjson", lines(&["a", "b", "c"]));
    // `b` is not valid any more, `c` is gone.
    let broken = lines(&["b"]).replace("\"geometry\"", "\"geometri\"");
    yard.write("a.ndjson", lines(&["a"]) + &broken);
    yard.run(&["sync", "a.ndjson", "b.ndjson", "--rejects", "r.ndjson"]).status(1);
    assert_eq!(yard.run(&["search", "b.ndjson", "--sortby", "id"]).status(0).ids(), ["a", "b"]);
    assert_eq!(yard.read("r.ndjson").lines().count(), 1);
    // A record without a name may be any Item: nothing goes.
    yard.write("a.ndjson", lines(&["a"]) + "{\"id\":");
    let said = yard.run(&["sync", "a.ndjson", "b.ndjson", "-q"]).status(1).err;
    assert_eq!(yard.run(&["search", "b.ndjson", "--sortby", "id"]).status(0).ids(), ["a", "b"]);
    insta::assert_snapshot!(said, @r"
    a.ndjson:2: 1 error
      the JSON ends too early, at column 7 [json]
      help: --rejects FILE keeps what was rejected, with the reasons
    warning: nothing was taken out of the target: a.ndjson has records of which nobody can tell what Items they are
      help: mend them, and run it again; stacyard validate STORE says what is wrong with them
    ");
}

#[test]
fn an_item_that_comes_twice_counts_once() {
    let yard = Yard::new();
    let (old, new) = (numbered(0..2, |n| n), numbered(0..1, |_| 7));
    yard.write("b.ndjson", &old);
    yard.write("a.ndjson", format!("{old}{new}"));
    yard.run(&["sync", "a.ndjson", "b.ndjson"]).status(1);
    assert_eq!(yard.read("b.ndjson"), old);
}

#[test]
fn nothing_replaces_nothing() {
    let yard = Yard::new();
    yard.write("b.ndjson", lines(&["a", "b"]));
    yard.write("a.ndjson", "");
    insta::assert_snapshot!(yard.run(&["sync", "a.ndjson", "b.ndjson"]).status(3).err, @r"
    error: there is no Item in the input, and nothing would be left in the target
      help: nothing was replaced; check the input; --allow-empty empties the target
    ");
    assert_eq!(yard.read("b.ndjson"), lines(&["a", "b"]));
    yard.run(&["sync", "a.ndjson", "b.ndjson", "--allow-empty"]).status(0);
    assert_eq!(yard.read("b.ndjson"), "");
    insta::assert_snapshot!(yard.run(&["sync", "a.ndjson", "./a.ndjson"]).status(2).err, @r"
    error: a.ndjson is both source and target
      help: name two stores
    ");
    insta::assert_snapshot!(yard.run(&["sync", "a.ndjson", "-"]).status(2).err, @r"
    error: standard output holds nothing that could be compared
      help: write to it with stacyard copy FROM -
    ");
    insta::assert_snapshot!(yard.run(&["sync", "a.ndjson", "http://127.0.0.1:9/stac"]).status(2).err, @r"
    error: http://127.0.0.1:9/stac is a STAC API, which is read only here
      help: name a file or a database
    ");
}

#[test]
fn collections_go_with_their_items() {
    let yard = Yard::new();
    let collection = |id: &str| {
        format!(
            r#"{{"type":"Collection","stac_version":"1.1.0","id":"{id}","description":"d","license":"other","extent":{{"spatial":{{"bbox":[[-180,-90,180,90]]}},"temporal":{{"interval":[[null,null]]}}}},"links":[]}}"#
        )
    };
    let of = |id: &str, collection: &str| {
        lines(&[id]).replace(r#""collection":"c""#, &format!(r#""collection":"{collection}""#))
    };
    yard.write("c.json", format!("[{},{}]", collection("one"), collection("two")));
    yard.write("d.json", format!("[{}]", collection("one")));
    yard.write("x.ndjson", of("a", "one") + &of("b", "two"));
    yard.write("y.ndjson", of("a", "one"));
    yard.run(&["copy", "x.ndjson", "to.parquet", "--collections-file", "c.json"]).status(0);
    yard.run(&["copy", "y.ndjson", "from.parquet", "--collections-file", "d.json"]).status(0);
    yard.run(&["sync", "from.parquet", "to.parquet"]).status(0);
    let kept = yard.run(&["collections", "to.parquet", "list"]).status(0).out;
    assert_eq!(kept.trim(), "one");
    assert_eq!(all(&yard, "to.parquet"), all(&yard, "from.parquet"));
}

#[test]
fn what_comes_and_goes_is_one_version_of_a_dataset() {
    let yard = Yard::new();
    yard.write("a.ndjson", numbered(0..50, |n| n));
    yard.run(&["sync", "a.ndjson", "data/"]).status(0);
    yard.write("a.ndjson", numbered(10..60, |n| if n < 15 { n + 100 } else { n }));
    yard.run(&["sync", "a.ndjson", "data/"]).status(0);
    yard.run(&["sync", "a.ndjson", "data/"]).status(0);
    assert_eq!(all(&yard, "data/"), all(&yard, "a.ndjson"));
    let history = yard.run(&["history", "data/", "--format", "json"]).status(0).out;
    let history: serde_json::Value = serde_json::from_str(&history).unwrap();
    let counts = |version: &serde_json::Value| {
        ["came", "replaced", "went"].map(|what| version["items"][what].as_u64().unwrap())
    };
    assert!(history[0]["command"].as_str().unwrap().starts_with("sync a.ndjson"), "{history}");
    assert_eq!(
        history.as_array().unwrap().iter().map(counts).collect::<Vec<_>>(),
        [[10, 5, 10], [50, 0, 0]],
        "{history}"
    );
}
