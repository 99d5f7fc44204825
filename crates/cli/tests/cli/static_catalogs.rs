//! Static catalogs, written to folders and crawled.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Yard, ids, item, item_with, lines};

fn collection(id: &str) -> Value {
    json!({
        "type": "Collection", "stac_version": "1.1.0", "id": id, "title": format!("The {id}"), "description": "d", "license": "other",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[null, null]]}},
        "links": [{"rel": "self", "href": "https://old/c"}, {"rel": "license", "href": "https://l/"}, {"rel": "items", "href": "https://old/items"}],
        "summaries": {"n": {"minimum": 1.0, "maximum": 2}},
    })
}

/// All files of a folder, with paths told from it.
fn files(folder: &Path) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn json_of(yard: &Yard, path: &str) -> Value {
    serde_json::from_str(&yard.read(path)).unwrap()
}

/// An Item without the links that say where it is, as text in a fixed order of members.
fn placeless(line: &str) -> String {
    let mut item: Value = serde_json::from_str(line).unwrap();
    let is_kept =
        |link: &Value| !["self", "root", "parent", "collection"].contains(&link["rel"].as_str().unwrap());
    item["links"].as_array_mut().unwrap().retain(is_kept);
    item.to_string()
}

/// What a document says of itself, and its links.
fn told(yard: &Yard, path: &str) -> String {
    let document = json_of(yard, &format!("cat/{path}"));
    let of = |value: &Value, names: &[&str]| {
        let member = |name: &&str| value.get(name).map(|member| format!("{name}={member}"));
        names.iter().filter_map(member).collect::<Vec<_>>().join(" ")
    };
    let mut lines = vec![
        path.to_owned(),
        of(&document, &["type", "id", "title", "description", "license", "collection"]),
    ];
    let links = document["links"].as_array().unwrap().iter();
    lines.extend(links.map(|link| format!("  {}", of(link, &["rel", "href", "type", "title"]))));
    lines.join("\n")
}

#[test]
fn a_store_becomes_a_catalog_and_a_store_again() {
    let yard = Yard::new();
    let items = [
        item_with("a", "2023-12-31T23:30:00-01:00", r#","title":"An Item","n":1.0"#),
        item_with("b", "2024-06-01T00:00:00Z", r#","null":null"#),
        item_with("x", "2024-06-02T00:00:00Z", "")
            .replace(r#""collection":"c","#, "")
            .replace(r#"{"rel":"collection","href":"./c.json"}"#, ""),
        item_with("d", "2024-06-02T00:00:00Z", "")
            .replace(r#""collection":"c""#, r#""collection":"e/f""#)
            .replace(
                r#""links":["#,
                r#""links":[{"rel":"via","href":"https://v/"},{"rel":"self","href":"https://old/d"},"#,
            ),
    ];
    yard.write(
        "a.ndjson",
        [&[collection("c").to_string(), collection("empty").to_string()], &items[..]].concat().join("\n"),
    );
    yard.run(&["copy", "a.ndjson", "cat/", "--layout", "${collection}/${year}/${month}"]).status(0);
    insta::assert_snapshot!(files(&yard.path("cat")).join("\n"));
    let shown = [
        "catalog.json",
        "c/collection.json",
        "c/2024/catalog.json",
        "c/2024/01/a/a.json",
        "e~2Ff/2024/06/d/d.json",
    ];
    insta::assert_snapshot!(shown.map(|path| told(&yard, path)).join("\n"));
    assert_eq!(yard.names(), ["a.ndjson", "cat"]);

    // Crawled, they are the same, and so are the Collections.
    yard.run(&["crawl", "cat/catalog.json", "b.parquet"]).status(0);
    yard.run(&["copy", "b.parquet", "b.ndjson"]).status(0);
    let sorted = |text: &str| {
        let mut all: Vec<String> = text.lines().map(placeless).collect();
        all.sort();
        all
    };
    assert_eq!(sorted(&yard.read("b.ndjson")), sorted(&items.join("\n")));
    let kept = yard.run(&["collections", "b.parquet", "get", "c"]).status(0).out;
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap()["summaries"], collection("c")["summaries"]);
    // It is a store that is asked as all are.
    let asked = yard.run(&["search", "cat", "--store-kind", "catalog", "--filter", "n = 1"]).status(0);
    assert_eq!(asked.ids(), ["a"]);
    yard.run(&["validate", "cat", "--store-kind", "catalog"]).status(0);
}

#[test]
fn what_is_published_says_where() {
    let yard = Yard::with_items();
    let hrefs = |flags: &[&str], path: &str| {
        let to = format!("cat{}/", flags.len() + flags.concat().len());
        if !yard.path(&to).exists() {
            yard.run(
                &[&["copy", "a.ndjson", &to, "--layout", "${collection}", "--catalog-id", "root"], flags]
                    .concat(),
            )
            .status(0);
        }
        let links = json_of(&yard, &format!("{to}{path}"))["links"].as_array().unwrap().clone();
        links
            .iter()
            .map(|link| format!("{} {}", link["rel"].as_str().unwrap(), link["href"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    let relative = ["--published", "relative", "--root-url", "https://h/x"];
    assert_eq!(
        hrefs(&relative, "catalog.json"),
        ["root ./catalog.json", "self https://h/x/catalog.json", "child ./c/catalog.json"]
    );
    assert_eq!(hrefs(&relative, "c/a/a.json"), ["root ../../catalog.json", "parent ../catalog.json"]);
    let absolute = ["--published", "absolute", "--root-url", "https://h/x/"];
    assert_eq!(
        hrefs(&absolute, "c/a/a.json"),
        ["root https://h/x/catalog.json", "parent https://h/x/c/catalog.json", "self https://h/x/c/a/a.json"]
    );
    assert_eq!(hrefs(&absolute, "catalog.json")[2], "child https://h/x/c/catalog.json");
    assert_eq!(
        yard.run(&["copy", "a.ndjson", "n/", "--layout", "x", "--published", "absolute"])
            .status(2)
            .err
            .lines()
            .count(),
        6
    );
}

#[test]
fn nasty_names_stay_in_the_folder_and_apart() {
    let yard = Yard::new();
    let long = "l".repeat(300);
    let names = [
        "../../x",
        "a/b",
        "CON",
        &long,
        "é/ü",
        ".",
        "..",
        "A",
        "a",
        "catalog.json",
        "a~2Fb",
        "a\\\\b",
        " ",
        "nul.json",
        "x%2Fy",
        "-rf",
    ];
    let mut items: Vec<String> = names.iter().map(|name| item(name)).collect();
    // The same id in another collection, in the same folder.
    items.push(item("a").replace(r#""collection":"c""#, r#""collection":"C""#));
    items.push(item_with("p", "2024-06-01T00:00:00Z", r#","eo:platform":"../up""#));
    yard.write("a.ndjson", items.join("\n"));
    for layout in ["all", "${collection}", "${eo:platform}/${collection}x/${day}"] {
        let layout = layout.replace("/${collection}x", "");
        fs::remove_dir_all(yard.path("cat")).ok();
        yard.run(&["copy", "a.ndjson", "cat/", "--layout", &layout]).status(0);
        assert_eq!(yard.names(), ["a.ndjson", "cat"]);
        let found = files(&yard.path("cat"));
        let lower: std::collections::BTreeSet<String> =
            found.iter().map(|path| path.to_lowercase()).collect();
        assert_eq!(lower.len(), found.len());
        assert!(
            found.iter().all(|path| path.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/".contains(&b))),
            "{found:?}"
        );
        let crawled = yard.run(&["crawl", "cat", "-"]).status(0);
        let (mut back, mut all) = (crawled.ids(), ids(&items.join("\n")));
        back.sort();
        all.sort();
        assert_eq!(back, all, "{layout}");
    }
    insta::assert_snapshot!(files(&yard.path("cat")).join("\n"));
}

#[test]
fn what_cannot_be_written_is_told_and_nothing_is_left() {
    let yard = Yard::with_items();
    let told = |arguments: &[&str], status: i32| {
        yard.run(&[&["copy", "a.ndjson"], arguments].concat()).status(status).err
    };
    let mut all = vec![
        told(&["cat/", "--layout", "${year}/${collection}"], 2),
        told(&["cat/", "--layout", "${collection}/${eo:platfrom}"], 2),
        told(&["b.ndjson", "--layout", "${collection}"], 2),
        told(&["cat/", "--format", "catalog"], 2),
        told(&["cat/", "--layout", "x", "--fields", "id"], 2),
        told(&["nowhere/cat/", "--layout", "x"], 3),
    ];
    assert_eq!(yard.names(), ["a.ndjson"]);
    told(&["cat/", "--layout", "x"], 0);
    all.push(told(&["cat/", "--layout", "x"], 2));
    all.push(told(&["cat/", "--layout", "x", "--mode", "upsert"], 2));
    fs::create_dir(yard.path("mine")).unwrap();
    yard.write("mine/data", "");
    all.push(told(&["mine/", "--layout", "x", "--mode", "replace"], 2));
    let all = all.join("\n").replace(&format!("{}/", yard.path("x").parent().unwrap().display()), "FOLDER/");
    insta::assert_snapshot!(all);
    assert_eq!(yard.read("mine/data"), "");
    // A replacement keeps nothing of the old one.
    yard.write("b.ndjson", lines(&["z"]));
    // Nor is anything lost that is none: it is said first.
    yard.write("cat/data.tif", "");
    let said = yard.run(&["copy", "b.ndjson", "cat/", "--layout", "y", "--mode", "replace"]).status(2).err;
    assert!(said.contains("cat/data.tif is in it, which is not of a static catalog"), "{said}");
    fs::remove_file(yard.path("cat/data.tif")).unwrap();
    yard.write("cat/stray.json", "");
    let said = yard.run(&["copy", "b.ndjson", "cat/", "--layout", "y", "--mode", "replace"]).status(0).err;
    assert!(said.contains("1 new, 3 went"), "{said}");
    assert_eq!(files(&yard.path("cat")), ["catalog.json", "y/catalog.json", "y/z/z.json"]);
    assert_eq!(yard.names(), ["a.ndjson", "b.ndjson", "cat", "mine"]);
}

#[test]
fn collections_without_a_folder_are_said_to_be_left_out() {
    let yard = Yard::with_items();
    yard.write("c.json", collection("c").to_string());
    let said = yard
        .run(&["copy", "a.ndjson", "cat/", "--layout", "${year}", "--collections-file", "c.json"])
        .status(0)
        .err;
    assert!(said.contains("has no place for Collections: c left out"), "{said}");
}

#[test]
fn each_collection_may_have_its_items_in_one_file() {
    let yard = Yard::new();
    let other = item("o").replace(r#""collection":"c""#, r#""collection":"d""#);
    yard.write(
        "a.ndjson",
        [collection("c").to_string(), collection("d").to_string(), item("a"), other, item("b")].join("\n"),
    );
    yard.run(&["copy", "a.ndjson", "cat/", "--layout", "${collection}/${year}", "--items-parquet"]).status(0);
    let asset = &json_of(&yard, "cat/c/collection.json")["assets"]["items-parquet"];
    assert_eq!(
        *asset,
        json!({"href": "./items.parquet", "title": "Items as GeoParquet", "type": "application/vnd.apache.parquet", "roles": ["collection-mirror"]})
    );
    assert_eq!(yard.run(&["search", "cat/c/items.parquet", "--sortby", "id"]).status(0).ids(), ["a", "b"]);
    assert_eq!(yard.run(&["search", "cat/d/items.parquet"]).status(0).ids(), ["o"]);
    assert_eq!(yard.run(&["collections", "cat/d/items.parquet", "list"]).status(0).out, "d  The d\n");
    // Beside it nothing is left of its making.
    assert!(!files(&yard.path("cat")).iter().any(|path| path.contains(".tmp")));
}

#[test]
fn a_killed_process_leaves_nothing_in_sight() {
    let yard = Yard::new();
    let items: Vec<String> = (0..1_500).map(|n| item(&format!("i{n}"))).collect();
    yard.write("a.ndjson", items.join("\n"));
    let mut was_hit = false;
    for signal in ["-INT", "-KILL"] {
        let mut child = yard.command(&["copy", "a.ndjson", "cat/", "--layout", "x"]).spawn().unwrap();
        // Until it has begun to write files.
        let is_writing = |yard: &Yard| {
            let hidden = yard.names().into_iter().find(|name| name.starts_with(".cat."));
            hidden.is_some_and(|name| yard.path(&name).join("x").exists())
        };
        while !is_writing(&yard) && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Command::new("kill").args([signal, &child.id().to_string()]).output().unwrap();
        let status = child.wait().unwrap();
        if status.success() {
            fs::remove_dir_all(yard.path("cat")).unwrap();
        }
        assert!(!yard.path("cat").exists());
        let is_hidden = yard.names().iter().any(|name| name.starts_with(".cat."));
        assert_eq!(is_hidden, signal == "-KILL" && !status.success(), "{signal}");
        was_hit |= !status.success();
    }
    assert!(was_hit, "it was done each time before it could be killed");
    yard.run(&["copy", "a.ndjson", "cat/", "--layout", "x"]).status(0);
    assert_eq!(yard.names(), ["a.ndjson", "cat"]);
}

#[test]
fn a_crawl_sets_aside_what_is_wrong_and_names_it() {
    let yard = Yard::new();
    fs::create_dir(yard.path("cat")).unwrap();
    let links =
        ["a.json", "bad.json", "gone.json", "a2.json"].map(|href| json!({"rel": "item", "href": href}));
    let root =
        json!({"type": "Catalog", "stac_version": "1.1.0", "id": "r", "description": "d", "links": links});
    yard.write("cat/catalog.json", root.to_string());
    yard.write("cat/a.json", item("a"));
    yard.write("cat/a2.json", item("a"));
    yard.write("cat/bad.json", r#"{"type":"Feature","stac_version":"1.1.0","id":"bad"}"#);
    let ran = yard.run(&["crawl", "cat/catalog.json", "-", "--rejects", "r.ndjson"]).status(1);
    assert_eq!(ran.ids(), ["a"]);
    let sources: Vec<String> = yard
        .read("r.ndjson")
        .lines()
        .map(|line| {
            let reject: Value = serde_json::from_str(line).unwrap();
            format!(
                "{} {}",
                reject["source"].as_str().unwrap(),
                reject["errors"][0]["rule"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(sources, ["cat/bad.json geometry", "cat/gone.json link", "cat/a2.json duplicate-id"]);
    let shown = yard.run(&["crawl", "cat/catalog.json", "-"]).status(1).err;
    let shown: Vec<&str> = shown.lines().take_while(|line| !line.contains("copied to")).collect();
    let folder = format!("{}/", yard.path("x").parent().unwrap().display());
    insta::assert_snapshot!(shown.join("\n").replace(&folder, "FOLDER/"));
    insta::assert_snapshot!(yard.run(&["crawl", "cat/a.json", "-"]).status(2).err);
}

#[test]
fn what_is_in_the_folder_that_is_replaced_is_not_read_or_written_beside() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "cat/", "--layout", "x"]).status(0);
    yard.write("cat/mine.json", "[]");
    let copy = ["copy", "a.ndjson", "cat/", "--layout", "x", "--overwrite"];
    for more in [["--rejects", "cat/r.ndjson"], ["--collections-file", "cat/mine.json"]] {
        let said = yard.run(&[&copy[..], &more].concat()).status(2).err;
        assert!(
            said.contains(&format!("{}: the folder that it is in is replaced as a whole", more[1])),
            "{said}"
        );
    }
    assert_eq!(yard.read("cat/mine.json"), "[]");
    yard.run(&[&copy[..], &["--rejects", "r.ndjson"]].concat()).status(0);
}
