//! STAC APIs as stores, over a server of our own.

use crate::serve::Serving;
use crate::support::{Yard, ids, item_with};

#[test]
fn an_api_is_read_as_every_store() {
    let yard = Yard::new();
    let items: Vec<String> = (0..25)
        .map(|n| {
            item_with(
                &format!("i{n:02}"),
                &format!("2024-06-{:02}T00:00:00Z", n + 1),
                &format!(r#","n":{n}"#),
            )
        })
        .collect();
    yard.write("a.ndjson", items.join("\n"));
    yard.run(&["copy", "a.ndjson", "a.parquet"]).status(0);
    let serving = Serving::start(yard.command(&["serve", "a.parquet", "--bind", "127.0.0.1:0"]));
    let url = format!("http://{}/", serving.address);
    // In pages of seven.
    let run = |arguments: &[&str]| yard.run(&[arguments, &["--page-size", "7"]].concat());
    assert_eq!(run(&["search", &url, "--count"]).status(0).out, "25\n");
    assert_eq!(ids(&run(&["search", &url, "--filter", "n < 3"]).status(0).out), ["i02", "i01", "i00"]);
    assert_eq!(ids(&run(&["search", &url, "--max-items", "2"]).status(0).out), ["i24", "i23"]);
    let wrong = run(&["search", &url, "--filter", "m < 3"]).status(2).err.replace(&url, "URL/");
    insta::assert_snapshot!(wrong);
    let wrong = run(&["search", &url, "--collections", "d"]).status(2).err.replace(&url, "URL/");
    insta::assert_snapshot!(wrong);
    run(&["copy", &url, "b.ndjson", "--sortby", "id"]).status(0);
    assert_eq!(ids(&yard.read("b.ndjson")).len(), 25);
    run(&["validate", &url]).status(0);
    assert!(run(&["info", &url]).status(0).out.contains("25 Items"));
    assert!(run(&["collections", &url, "list"]).status(0).out == "c\n");
    let wrong = run(&["copy", "a.ndjson", &url]).status(2).err.replace(&url, "URL/");
    insta::assert_snapshot!(wrong);
}

#[test]
fn headers_that_are_none_are_told() {
    let yard = Yard::new();
    let of = |header: &str| yard.run(&["info", "http://127.0.0.1:9/", "--header", header]).status(2).err;
    insta::assert_snapshot!(of("no header"));
    insta::assert_snapshot!(of("a b: c"));
    yard.write("headers", "X-Api-Key: secret\nsecret\n");
    insta::assert_snapshot!(of("@headers"));
}
