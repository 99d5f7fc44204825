//! What the command says when something is wrong, all in one place, so that it can be read in one go.

use crate::postgis::fresh;
use crate::support::{Yard, item, lines};

const COLLECTION: &str = r#"{"type":"Collection","stac_version":"1.1.0","id":"c","description":"d","license":"other","extent":{"spatial":{"bbox":[[-180,-90,180,90]]},"temporal":{"interval":[[null,null]]}},"links":[]}"#;

#[test]
fn messages_read_well() {
    let yard = Yard::with_items();
    yard.write("empty.ndjson", "");
    yard.write("broken.ndjson", "{\"id\":\n");
    yard.write("bom.json", b"\xEF\xBB\xBF{}");
    yard.write("cut.json", "{\"type\":\"FeatureCollection\",\"features\":[{\"id\":1}");
    yard.write("other.json", "{\"type\":\"Features\",\"features\":[]}");
    yard.write("twice.ndjson", lines(&["a", "a"]));
    yard.write("old.ndjson", item("o").replace("1.1.0", "1.0.0-rc.2"));
    yard.write("plain.ndjson.gz", item("a"));
    yard.write("plain.parquet", item("a"));
    yard.write("list.json", format!("[{}]", item("a")));
    yard.write("list.ndjson", format!("[{}]", item("a")));
    yard.run(&["copy", "a.ndjson", "a.parquet"]).status(0);
    let said = [
        // Names of stores
        "validate missing.ndjson",
        "validate a.txt",
        "validate ftp://host/a",
        "validate s3://bucket/a",
        "copy a.ndjson a.parquet.gz",
        "copy a.ndjson - --format geoparquet",
        "init a.ndjson",
        "optimize a.ndjson",
        "collections a.ndjson list",
        // Addresses of databases
        "search postgis://127.0.0.1:1/db",
        "search postgis://h:x/db",
        "search postgis://h/db?schema",
        "search postgis://h/db?user=%f",
        "search postgis://h/db?schema=pg_x",
        "search postgis://h/db?shema=x",
        "search postgis://h/db?zzz=x",
        "search postgis://h/db?a-b=x",
        "search postgis://h/db?sslmode=on",
        "search postgis://h/db?sslmode=require&sslrootcert=system",
        "search postgis://h/db?sslmode=require&sslrootcert=missing.crt",
        "search postgis://h/db?sslcert=missing.crt&sslmode=require",
        // What files hold
        "validate empty.ndjson",
        "validate broken.ndjson",
        "validate bom.json",
        "validate cut.json",
        "validate other.json",
        "validate old.ndjson",
        "validate plain.ndjson.gz",
        "validate plain.parquet",
        "validate list.ndjson",
        "validate a.ndjson --max-record-size 100",
        // Targets
        "copy a.ndjson a.parquet",
        "copy broken.ndjson a.parquet --overwrite",
        "copy empty.ndjson a.parquet --overwrite",
        "copy a.ndjson a.parquet --mode insert -q",
        "copy twice.ndjson new.ndjson -q",
        "copy a.ndjson missing/new.ndjson",
        "copy a.ndjson a.parquet --mode upsert --fields id",
        "copy a.ndjson new.parquet --fields id",
        "copy a.ndjson new.ndjson --rejects a.ndjson",
        // Searches
        "search a.ndjson --bbox 1,2,3",
        "search a.ndjson --bbox 1,x,3,4",
        "search a.ndjson --intersects {}",
        "search a.ndjson --intersects POINT(1\u{a0}2)",
        "search a.ndjson --bbox 1,2,3,4 --intersects {}",
        "search a.ndjson --datetime yesterday",
        "search a.ndjson --ids a,,b",
        "search a.ndjson --sortby geometry",
        "search a.ndjson --sortby datetime:desc",
        "search a.ndjson --fields ,",
        "search a.ndjson --limit 0",
        "search a.ndjson --query 5",
        "search a.ndjson --query {\"gsd\":{\"less\":1}}",
        "search a.ndjson --query {\"gsd\":5}",
        "search a.ndjson --filter a\u{a0}==\u{a0}1",
        "search a.ndjson --filter a",
        "search a.ndjson --filter a=",
        "search a.ndjson --filter {\"op\":\"=\"}",
        "search a.ndjson --filter datetime='x'",
        "search a.ndjson --filter assets.x=1",
        "search a.ndjson --filter clod=1",
        "search a.ndjson --filter datetme='x'",
        "search a.ndjson --filter collection=c",
        "search a.ndjson --collections x",
        "search a.ndjson --collections d",
        "search a.ndjson --collections c,nothing",
        "search a.ndjson --ids nothing",
        "search a.ndjson --timeout 0.000001",
    ]
    .map(|line| said(&yard, line, ""));
    let folder = yard.path("");
    insta::assert_snapshot!(said.join("\n").replace(folder.to_str().unwrap(), "FOLDER/"));
}

/// A line of words, a `\u{a0}` for a space within one, and what the command says to it. `URL` is a database.
fn said(yard: &Yard, line: &str, url: &str) -> String {
    let words: Vec<String> =
        line.split(' ').map(|word| word.replace('\u{a0}', " ").replace("URL", url)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ran = yard.run(&words);
    format!("$ stacyard {line}\n{}{}[{}]\n", ran.out, ran.err, ran.status).replace('\u{a0}', " ")
}

#[test]
fn messages_about_a_database_read_well() {
    let Some(url) = fresh("messages") else { return };
    let yard = Yard::with_items();
    yard.write("collection.json", COLLECTION);
    yard.write("member.ndjson", item("m"));
    yard.write("nul.ndjson", item("n").replace("\"n\"", "\"n\\u0000\""));
    yard.write("profile.toml", "[fields.gsd]\ntype = \"number\"\n");
    yard.write("taken.toml", "[fields.x]\ntype = \"number\"\ncolumn = \"links\"\n");
    yard.write(
        "absent.toml",
        "[fields.x]\ntype = \"number\"\nreferences = { table = \"nowhere\", column = \"id\" }\n",
    );
    let lines = [
        "init URL --dry-run --partition a",
        "init URL",
        "init URL --profile taken.toml",
        "init URL --profile absent.toml",
        "init URL --partition a\u{a0}b --partition ,",
        "copy a.ndjson URL -q",
        "copy a.ndjson URL -q",
        "copy nul.ndjson URL -q",
        "copy empty.ndjson URL --mode replace -q",
        "copy a.ndjson URL --profile profile.toml",
        "copy a.ndjson URL --mode replace --resume",
        "collections URL put collection.json",
        "copy member.ndjson URL -q",
        "collections URL delete c",
        "collections URL delete nothing",
        "search URL --filter clod=1",
        "search URL --collections x",
        "search URL --ids nothing",
        "optimize URL",
        "validate URL --migrate",
    ];
    yard.write("empty.ndjson", "");
    let said = lines.map(|line| said(&yard, line, &url)).join("\n");
    let shown = stacyard_store::without_password(&url);
    let schema = url.split_once("schema=").unwrap().1;
    insta::assert_snapshot!(said.replace(&url, "URL").replace(&shown, "URL").replace(schema, "SCHEMA"));
}
