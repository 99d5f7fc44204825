//! `delete`: what answers goes, from each kind of store.

use crate::postgis::fresh;
use crate::support::{Yard, ids, item, item_with, lines};

/// Items i1 to i9 with `n` of 1 to 9.
fn numbered(yard: &Yard) {
    let items = (1..10)
        .map(|n| item_with(&format!("i{n}"), &format!("2024-06-0{n}T00:00:00Z"), &format!(",\"n\":{n}")));
    yard.write("a.ndjson", items.map(|item| item + "\n").collect::<String>());
}

#[test]
fn items_of_files_go() {
    for name in ["b.ndjson", "b.geojson", "b.ndjson.gz", "b.parquet"] {
        let yard = Yard::new();
        numbered(&yard);
        yard.run(&["copy", "a.ndjson", name]).status(0);
        let said = yard.run(&["delete", name, "--filter", "n >= 7", "--yes"]).status(0).err;
        assert_eq!(said, format!("3 Items deleted from {name}\n"));
        let left = yard.run(&["search", name, "--sortby", "n"]).status(0);
        assert_eq!(left.ids(), ["i1", "i2", "i3", "i4", "i5", "i6"], "{name}");
        yard.run(&["delete", name, "-y", "--filter", "TRUE"]).status(0);
        assert_eq!(yard.run(&["search", name, "--count"]).status(0).out, "0\n", "{name}");
        assert_eq!(yard.names(), ["a.ndjson", name]);
    }
}

#[test]
fn nothing_goes_by_mistake() {
    let yard = Yard::new();
    numbered(&yard);
    let before = yard.read("a.ndjson");
    insta::assert_snapshot!(yard.run(&["delete", "a.ndjson", "--yes"]).status(2).err, @r"
    error: nothing says which Items are to go
      help: say so with --ids, --collections, --filter or another condition; all Items answer --filter TRUE
    ");
    insta::assert_snapshot!(yard.run(&["delete", "a.ndjson", "--ids", "i1", "--max-items", "1", "--yes"]).status(2).err, @r"
    error: all Items that answer go: an order, parts of Items or a number of them have no meaning here
      help: leave them out, and name the Items by a condition
    ");
    insta::assert_snapshot!(yard.run(&["delete", "a.ndjson", "--filter", "n > 7"]).status(2).err, @r"
    error: 2 Items of a.ndjson would be deleted, and there is no terminal to ask on
      help: --yes deletes without asking; stacyard search with the same flags shows them
    ");
    insta::assert_snapshot!(yard.run(&["delete", "a.ndjson", "--filter", "m > 7", "--yes"]).status(2).err, @r#"
    error: no Item has a property "m"
      help: a string goes in single quotes, a name such as "a-b" in double quotes; --filter-lenient takes it as null everywhere
    "#);
    insta::assert_snapshot!(yard.run(&["delete", "a.ndjson", "--filter", "n > 70", "--yes"]).status(0).err, @r"no Item of a.ndjson answers: nothing is deleted");
    insta::assert_snapshot!(yard.run(&["delete", "-", "--ids", "i1", "--yes"]).status(2).err, @r"
    error: standard input cannot be changed
      help: name a file or a database
    ");
    assert_eq!(yard.read("a.ndjson"), before);
}

#[test]
fn records_that_are_not_valid_are_not_lost() {
    let yard = Yard::new();
    yard.write("a.ndjson", format!("{}{{\"type\":\"Feature\"}}\n", lines(&["a", "b"])));
    let before = yard.read("a.ndjson");
    insta::assert_snapshot!(yard.run(&["delete", "a.ndjson", "--ids", "a", "--yes", "-q"]).status(3).err, @r#"
    a.ndjson:3: 6 errors
      "stac_version" is missing [stac-version: STAC Item, Collection and Catalog: Fields, stac_version]
      "id" is missing [id: STAC Item, Collection and Catalog: Fields, id]
      "geometry" is missing [geometry: RFC 7946, section 3.1]
      "properties" is missing [properties: STAC Item: Properties Object]
      "links" is missing [links: STAC Item, Collection and Catalog: Fields, links]
      "assets" is missing [assets: STAC Item: Item Fields, assets]
    error: the 1 record that cannot stay (not valid, or there twice) would be gone for good
      help: nothing was replaced; --rejects FILE keeps what is set aside, with the reasons
    "#);
    assert_eq!(yard.read("a.ndjson"), before);
    yard.run(&["delete", "a.ndjson", "--ids", "a", "--yes", "--rejects", "r.ndjson"]).status(1);
    assert_eq!(ids(&yard.read("a.ndjson")), ["b"]);
    assert_eq!(yard.read("r.ndjson").lines().count(), 1);
}

#[test]
fn items_of_a_database_go() {
    let Some(url) = fresh("delete") else { return };
    let yard = Yard::new();
    yard.run(&["init", &url]).status(0);
    let many = |from: usize, to: usize| (from..to).map(|n| item(&format!("i{n}")) + "\n").collect::<String>();
    yard.write("a.ndjson", many(0, 2500));
    yard.run(&["copy", "a.ndjson", &url]).status(0);
    assert!(yard.run(&["delete", &url, "--ids", "i7"]).status(2).err.contains("1 Item of "));
    yard.run(&["delete", &url, "--ids", "i7,i8", "--yes"]).status(0);
    assert_eq!(yard.run(&["search", &url, "--count"]).status(0).out, "2498\n");
    let said =
        yard.run(&["delete", &url, "--filter", "id LIKE 'i%' AND NOT id = 'i9'", "--yes"]).status(0).err;
    assert!(said.starts_with("2,497 Items deleted from postgis://"), "{said}");
    assert_eq!(yard.run(&["search", &url]).status(0).ids(), ["i9"]);
}

#[test]
fn items_of_a_dataset_go_as_one_version() {
    let yard = Yard::new();
    numbered(&yard);
    yard.run(&["copy", "a.ndjson", "data/"]).status(0);
    yard.run(&["delete", "data/", "--filter", "n >= 7", "--yes"]).status(0);
    assert_eq!(
        yard.run(&["search", "data/", "--sortby", "n"]).status(0).ids(),
        ["i1", "i2", "i3", "i4", "i5", "i6"]
    );
    assert_eq!(yard.run(&["search", "data/?version=0", "--count"]).status(0).out, "9\n");
    let history = yard.run(&["history", "data/"]).status(0).out;
    assert!(history.contains("3 deleted; files +1 -1; delete"), "{history}");
    insta::assert_snapshot!(yard.run(&["delete", "data/?version=0", "--ids", "i1", "--yes"]).status(2).err, @r"
    error: data/?version=0 is a version of a dataset, which stays as it is
      help: write to the dataset itself: leave out what stands from the question mark on
    ");
}
