//! What the command says when something is wrong, all in one place, so that it can be read in one go.

use crate::support::{Yard, item, lines};

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
        "validate s3://bucket/a.parquet",
        "copy a.ndjson a.parquet.gz",
        "copy a.ndjson - --format geoparquet",
        "init a.ndjson",
        "optimize a.ndjson",
        "collections a.ndjson list",
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
    .map(|line| {
        let words: Vec<String> = line.split(' ').map(|word| word.replace('\u{a0}', " ")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = yard.run(&words);
        format!("$ stacyard {line}\n{}{}[{}]\n", ran.out, ran.err, ran.status).replace('\u{a0}', " ")
    });
    let folder = yard.path("");
    insta::assert_snapshot!(said.join("\n").replace(folder.to_str().unwrap(), "FOLDER/"));
}
