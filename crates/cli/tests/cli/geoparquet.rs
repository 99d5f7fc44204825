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
    yard.run(&["copy", "a.ndjson", "a.parquet"]).status(0);
    yard.run(&["copy", "a.parquet", "b.parquet"]).status(0);
    let back = yard.run(&["copy", "b.parquet", "-", "-q"]).status(0).out;
    let values = |text: &str| {
        text.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(values(&back), values(&yard.read("a.ndjson")));
    // Packed input is kept in between, and gives the same file.
    yard.run(&["copy", "a.ndjson", "a.geojson.gz"]).status(0);
    yard.run(&["copy", "a.geojson.gz", "c.parquet"]).status(0);
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
        ("text.parquet", b"{}".to_vec()),
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
    assert!(ran.err.contains("--fields would cut"), "{}", ran.err);
    assert_eq!(yard.read("a.ndjson"), lines(&["a", "b", "c"]));
}
