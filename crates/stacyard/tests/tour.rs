//! The example does what it says.

#[expect(dead_code, reason = "the test has a main of its own")]
#[path = "../examples/tour.rs"]
mod example;

use std::fmt::Write as _;

use stacyard::{Query, Run, Search, StoreUrl, Wanted, create, open, parse_filter};

#[test]
fn the_tour_copies_asks_and_edits() {
    let Ok(server) = std::env::var("STACYARD_TEST_DATABASE") else {
        eprintln!("skipped: no STACYARD_TEST_DATABASE");
        return;
    };
    let database = format!("{server}?schema=tour_{}", std::process::id());
    create(&StoreUrl::parse(&database, None).unwrap(), Wanted::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("items.ndjson");
    let mut items = String::new();
    // No sensor sees nothing: a gsd of 0 is none.
    for number in 1..=25 {
        writeln!(
            items,
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"{number}","geometry":null,"properties":{{"datetime":"2024-06-01T00:00:00Z","gsd":{number}}},"links":[],"assets":{{}}}}"#
        )
        .unwrap();
    }
    std::fs::write(&file, items).unwrap();
    example::tour(file.to_str().unwrap(), &database).unwrap();
    let checked = Search { filter: Some(parse_filter("checked = TRUE").unwrap()), ..Search::default() };
    let count = open(&database).unwrap().count(&Query::from(checked), Run::default()).unwrap();
    assert_eq!(count.answered, 19);
}
