//! GeoParquet through the binary: there and back, merged, broken.

use std::fs;

use crate::support::{Yard, ids, item, item_with, lines};

/// A Collection with this title.
fn collection(title: &str) -> String {
    format!(
        r#"{{"type":"Collection","stac_version":"1.1.0","id":"c","title":"{title}","description":"d","license":"MIT","extent":{{"spatial":{{"bbox":[[0,0,1,1]]}},"temporal":{{"interval":[[null,null]]}}}},"links":[]}}"#
    )
}

#[test]
fn there_and_back_is_the_same() {
    let yard = Yard::with_items();
    let odd =
        item_with("odd", "2024-06-01T00:00:00.123456789Z", r#","x":1e400,"y":{},"z":[1,"a",null],"id":5"#);
    let other = item_with("other", "2024-06-01T00:00:00Z", r#","x":"text","only-here":-0.0"#);
    yard.write("a.ndjson", format!("{}{odd}\n{other}\n", lines(&["a", "b"])));
    yard.run(&["copy", "a.ndjson", "a.parquet", "--sort", "input"]).status(0);
    yard.run(&["copy", "a.parquet", "b.parquet", "--sort", "input"]).status(0);
    let back = yard.run(&["copy", "b.parquet", "-", "-q"]).status(0).out;
    let values = |text: &str| {
        text.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(values(&back), values(&yard.read("a.ndjson")));
    // Packed input is kept in between, and gives the same file.
    yard.run(&["copy", "a.ndjson", "a.geojson.gz"]).status(0);
    yard.run(&["copy", "a.geojson.gz", "c.parquet", "--sort", "input"]).status(0);
    assert_eq!(fs::read(yard.path("c.parquet")).unwrap(), fs::read(yard.path("a.parquet")).unwrap());
    assert_eq!(yard.names().len(), 5, "{:?}", yard.names());
}

#[test]
fn an_empty_store_is_a_store() {
    let yard = Yard::new();
    yard.write("a.ndjson", "");
    yard.run(&["copy", "a.ndjson", "a.parquet"]).status(0);
    assert_eq!(yard.run(&["copy", "a.parquet", "-", "-q"]).status(0).out, "");
    assert_eq!(yard.run(&["search", "a.parquet", "--count"]).status(0).out, "0\n");
}

#[test]
fn modes_merge_items_and_collections() {
    for (mode, status, wanted, title) in [
        ("insert", 1, vec!["a", "b", "c", "d"], "old"),
        ("ignore", 0, vec!["a", "b", "c", "d"], "old"),
        ("upsert", 0, vec!["b", "d", "a", "c"], "new"),
        ("replace", 0, vec!["b", "d"], "new"),
    ] {
        let yard = Yard::with_items();
        yard.write("old.json", collection("old"));
        yard.write("new.json", collection("new"));
        yard.write("new.ndjson", lines(&["b", "d"]));
        yard.run(&["copy", "a.ndjson", "a.parquet", "--collections-file", "old.json"]).status(0);
        yard.run(&["copy", "new.ndjson", "new.parquet", "--collections-file", "new.json"]).status(0);
        yard.run(&["copy", "new.parquet", "a.parquet", "--mode", mode, "-q"]).status(status);
        assert_eq!(ids(&yard.run(&["copy", "a.parquet", "-", "-q"]).status(0).out), wanted, "{mode}");
        let bytes = fs::read(yard.path("a.parquet")).unwrap();
        let titled = |title: &str| {
            bytes.windows(title.len() + 2).any(|part| part == format!("\"{title}\"").as_bytes())
        };
        assert_eq!([titled("old"), titled("new")], [title == "old", title == "new"], "{mode}");
    }
}

#[test]
fn what_has_no_place_is_named() {
    let yard = Yard::with_items();
    yard.write("c.json", collection("c"));
    let ran = yard.run(&["copy", "a.ndjson", "b.ndjson", "--collections-file", "c.json", "-q"]).status(0);
    assert_eq!(ran.err, "warning: b.ndjson has no place for Collections: c left out\n");
}

#[test]
fn files_that_are_no_geoparquet() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "a.parquet"]).status(0);
    let whole = fs::read(yard.path("a.parquet")).unwrap();
    for (name, bytes) in [
        ("text.parquet", b"some text".to_vec()),
        ("empty.parquet", Vec::new()),
        ("cut.parquet", whole[..whole.len() / 2].to_vec()),
        ("tail.parquet", whole[whole.len() / 2..].to_vec()),
    ] {
        yard.write(name, bytes);
        let ran = yard.run(&["copy", name, "out.ndjson"]).status(3);
        assert!(ran.err.starts_with("error: ") && ran.err.contains(name), "{name}: {}", ran.err);
        assert!(ran.err.contains("\n  help: "), "{name}: {}", ran.err);
        assert!(!yard.path("out.ndjson").exists());
    }
    yard.run(&["copy", "a.ndjson", "/dev/full", "--format", "geoparquet"]).status(3);
    yard.run(&["search", "-", "--store-kind", "geoparquet"]).status(2);
}

#[test]
fn a_damaged_page_is_one_error() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "a.parquet"]).status(0);
    let mut bytes = fs::read(yard.path("a.parquet")).unwrap();
    // In the header of the first page, where `parquet` panics over it.
    assert_eq!(std::mem::replace(&mut bytes[12], 0), 2);
    yard.write("a.parquet", bytes);
    insta::assert_snapshot!(yard.run(&["copy", "a.parquet", "b.ndjson"]).status(3).err, @r"
    error: cannot read a.parquet: its parts contradict each other
      help: the file is damaged: fetch or write it again
    ");
    assert!(!yard.path("b.ndjson").exists());
}

#[test]
fn one_search_one_answer_from_every_store() {
    let yard = Yard::new();
    let items: String = (0..40)
        .map(|i| {
            let cloud =
                if i % 7 == 0 { String::new() } else { format!(r#","eo:cloud_cover":{}"#, (i * 13) % 100) };
            item_with(&format!("i{i:02}"), &format!("2024-0{}-1{}T00:00:00Z", 1 + i % 9, i % 3), &cloud)
                + "\n"
        })
        .collect();
    yard.write("a.ndjson", items);
    yard.run(&["copy", "a.ndjson", "a.geojson"]).status(0);
    yard.run(&["copy", "a.ndjson", "a.parquet"]).status(0);
    for flags in [
        &["--filter", "eo:cloud_cover < 50"][..],
        &["--filter", "eo:cloud_cover IS NULL OR id = 'i03'", "--sortby=-id"],
        &["--datetime", "2024-03-01/2024-05-31", "--sortby", "eo:cloud_cover"],
        &["--bbox", "7,46,8,47", "--max-items", "7"],
        &["--ids", "i01,i02,i99"],
    ] {
        let answer = |store: &str| yard.run(&[&["search", store][..], flags].concat()).status(0).out;
        let wanted = answer("a.ndjson");
        assert!(!wanted.is_empty(), "{flags:?}");
        assert_eq!(ids(&answer("a.geojson")), ids(&wanted), "{flags:?}");
        assert_eq!(ids(&answer("a.parquet")), ids(&wanted), "{flags:?}");
    }
}

#[test]
fn the_rejects_never_take_the_place_of_a_store() {
    let yard = Yard::with_items();
    for spelled in ["out.ndjson", "./out.ndjson", "../out.ndjson"] {
        let spelled =
            spelled.replace("..", &format!("../{}", yard.path("").file_name().unwrap().to_string_lossy()));
        yard.run(&["copy", "a.ndjson", "out.ndjson", "--rejects", &spelled]).status(2);
    }
    assert!(!yard.path("out.ndjson").exists());
}

#[test]
fn a_merge_does_not_cut_what_is_there() {
    let yard = Yard::with_items();
    yard.write("new.ndjson", item("d"));
    let ran = yard.run(&["copy", "new.ndjson", "a.ndjson", "--mode", "upsert", "--fields", "id"]).status(2);
    assert!(ran.err.contains("some fields alone would cut"), "{}", ran.err);
    assert_eq!(yard.read("a.ndjson"), lines(&["a", "b", "c"]));
}

/// How `info` describes a file.
fn described(yard: &Yard, name: &str) -> serde_json::Value {
    let info: serde_json::Value =
        serde_json::from_str(&yard.run(&["info", name, "--format", "json", "-q"]).status(0).out).unwrap();
    info["file"].clone()
}

#[test]
fn optimize_rewrites_a_file_and_loses_nothing() {
    let yard = Yard::new();
    yard.write("a.ndjson", lines(&["a", "b", "c", "d", "e"]));
    yard.write("c.json", collection("kept"));
    let layout = ["--sort", "input", "--row-group-rows", "2", "--compression", "snappy"];
    let copy = ["copy", "a.ndjson", "a.parquet", "--collections-file", "c.json"];
    yard.run(&[&copy[..], &layout[..]].concat()).status(0);
    let before = described(&yard, "a.parquet");
    assert_eq!((&before["row_groups"], &before["row_group_rows"]), (&3.into(), &serde_json::json!([1, 2])));
    assert!(before["compression"].get("SNAPPY").is_some(), "{before}");
    yard.run(&["optimize", "a.parquet"]).status(0);
    let after = described(&yard, "a.parquet");
    assert_eq!(after["row_groups"], 1);
    assert!(
        after["compression"].as_object().unwrap().keys().all(|codec| codec.starts_with("ZSTD")),
        "{after}"
    );
    assert_eq!(after["groups_in_one_degree"], serde_json::json!([1.0, 1.0]));
    let found = ids(&yard.run(&["copy", "a.parquet", "-", "-q"]).status(0).out);
    assert_eq!(found, ["a", "b", "c", "d", "e"]);
    assert!(String::from_utf8_lossy(&fs::read(yard.path("a.parquet")).unwrap()).contains("kept"));
    insta::assert_snapshot!(yard.run(&["optimize", "a.ndjson"]).status(2).err, @r"
    error: a.ndjson is ndjson, and has no layout to choose
      help: copy it to a .parquet file
    ");
}

#[test]
fn a_search_says_what_it_left_out() {
    let yard = Yard::new();
    let items: Vec<String> = (0..100)
        .map(|number| item_with(&format!("i{number}"), "2024-06-01T00:00:00Z", &format!(",\"n\":{number}")))
        .collect();
    yard.write("a.ndjson", items.join("\n"));
    yard.run(&["copy", "a.ndjson", "a.parquet", "--sort", "input", "--row-group-rows", "10"]).status(0);
    let explain =
        |flags: &[&str]| yard.run(&[&["search", "a.parquet", "--explain"], flags].concat()).status(0).out;
    let shown = |text: String| text.lines().skip(1).take(4).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(shown(explain(&["--filter", "n < 15"])), @r"
    row groups  10 -> 2 by statistics -> 2 by Bloom filters
    pages       2 -> 2 by the page index
    rows        20 -> 16 by their columns -> 15 by the search itself
    decoded     16 whole Items
    ");
    insta::assert_snapshot!(shown(explain(&["--ids", "i42"])), @r"
    row groups  10 -> 2 by statistics -> 1 by Bloom filters
    pages       1 -> 1 by the page index
    rows        10 -> 1 by their columns -> 1 by the search itself
    decoded     1 whole Items
    ");
    let newest = explain(&["--sortby=-n", "--max-items", "3"]);
    assert!(newest.contains("decoded     3 whole Items"), "{newest}");
}

/// Ranges that are null everywhere say nothing, and must not stand in the way of those who look for instants.
#[test]
fn times_that_are_all_null_do_not_hinder() {
    let yard = Yard::new();
    let nulls = r#","start_datetime":null,"end_datetime":null"#;
    let items: Vec<String> = (10..30)
        .map(|day| item_with(&format!("i{day}"), &format!("2024-06-{day}T00:00:00Z"), nulls))
        .collect();
    yard.write("a.ndjson", items.join("\n"));
    yard.run(&["copy", "a.ndjson", "a.parquet", "--sort", "input", "--row-group-rows", "1"]).status(0);
    let explain =
        |flags: &[&str]| yard.run(&[&["search", "a.parquet", "--explain"], flags].concat()).status(0).out;
    let instant = explain(&["--datetime", "2024-06-17T00:00:00Z"]);
    assert!(instant.contains("row groups  20 -> 1 by statistics"), "{instant}");
    // Row groups that are begun before the first ones are done are looked at in vain.
    let newest = explain(&["--max-items", "2", "--threads", "1"]);
    let rows = newest.lines().find_map(|line| line.strip_prefix("rows        ")).unwrap();
    let looked_at: u32 = rows.split_once(' ').unwrap().0.parse().unwrap();
    assert!(looked_at < 8, "{newest}");
    let found = ids(&yard.run(&["search", "a.parquet", "--max-items", "2"]).status(0).out);
    assert_eq!(found, ["i29", "i28"]);
}

#[test]
fn layouts_that_are_none_are_said() {
    let yard = Yard::with_items();
    for (flags, wanted) in [
        (["--sort", "nonsense"], "there is no order \"nonsense\": write space-time, time or input"),
        (
            ["--compression", "lzo"],
            "write zstd, gzip, brotli (each also with a level, such as zstd(9)), snappy, lz4 or none",
        ),
        (["--row-group-rows", "0"], "0 is not in 1.."),
        (["--memory", "1K"], "at least 16M are needed"),
        (["--memory", "much"], "write a number of bytes, such as 512M or 2G"),
    ] {
        let ran = yard.run(&[&["copy", "a.ndjson", "x.parquet"], &flags[..]].concat()).status(2);
        assert!(ran.err.contains(wanted), "{}", ran.err);
    }
    yard.run(&["copy", "a.ndjson", "x.parquet", "--memory", "16M", "--compression", "zstd(9)"]).status(0);
}
