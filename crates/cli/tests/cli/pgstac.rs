//! pgstac as a store, through the binary: what the library does with it is in its own tests.

use crate::support::{Yard, ids};

/// A database of this test's own, on the server that `make test` starts, and the package that its tables are made by.
fn fresh(yard: &Yard, name: &str) -> Option<(String, String)> {
    let (Ok(server), Ok(package)) =
        (std::env::var("STACYARD_TEST_DATABASE"), std::env::var("STACYARD_TEST_PYPGSTAC"))
    else {
        println!("skipped: no STACYARD_TEST_DATABASE or STACYARD_TEST_PYPGSTAC (make test has them)");
        return None;
    };
    let (place, _) = server.rsplit_once('/').unwrap();
    let place = place.trim_start_matches("postgis://");
    let database = format!("cli_pgstac_{name}_{}", std::process::id());
    let psql = std::process::Command::new("psql")
        .args([
            format!("postgresql://{place}/postgres"),
            "-qc".to_owned(),
            format!("CREATE DATABASE {database}"),
        ])
        .status();
    assert!(psql.is_ok_and(|status| status.success()));
    let url = format!("pgstac://{place}/{database}");
    let made = yard.run(&["init", &url, "--pgstac-package", &package]).status(0).out;
    assert_eq!(made, format!("{url}: pgstac 0.10.0 made\n"));
    Some((url, package))
}

fn item(id: &str, collection: &str, properties: &str) -> String {
    format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"{id}","collection":"{collection}","geometry":{{"type":"Point","coordinates":[10.0,20]}},"bbox":[10.0,20,10.0,20],"properties":{{"datetime":"2024-06-01T00:00:00Z"{properties}}},"links":[{{"rel":"collection","href":"c.json"}}],"assets":{{}}}}"#
    )
}

#[test]
fn items_go_into_pgstac_and_come_back() {
    let yard = Yard::new();
    let Some((url, package)) = fresh(&yard, "copy") else { return };
    assert_eq!(
        yard.run(&["init", &url, "--pgstac-package", &package]).status(0).out,
        format!("{url}: nothing to do, pgstac 0.10.0\n")
    );
    let items = [
        item("a", "one", r#","n":1e2,"updated":"2024-06-02T00:00:00Z""#),
        item("b", "one", r#","n":2,"updated":"2024-06-03T12:00:00Z""#),
        item("c", "two", ""),
    ];
    yard.write("a.ndjson", items.join("\n"));
    // Without their Collections none goes in.
    let said = yard.run(&["copy", "a.ndjson", &url, "--rejects", "r.ndjson"]).status(1).err;
    assert!(said.contains("3 rejected"), "{said}");
    assert!(
        yard.read("r.ndjson").contains("this Collection is not in the database"),
        "{}",
        yard.read("r.ndjson")
    );
    let said = yard.run(&["copy", "a.ndjson", &url, "--create-collections"]).status(0).err;
    assert!(said.contains("Collections: 2 new"), "{said}");
    let listed = yard.run(&["collections", &url, "get", "one"]).status(0).out;
    assert!(listed.contains("2024-06-01T00:00:00+00:00"), "{listed}");
    let wide = listed.replace("2024-06-01T00:00:00+00:00", "2020-01-01T00:00:00Z");
    yard.write("wide.json", wide);
    assert_eq!(yard.run(&["collections", &url, "put", "wide.json"]).status(0).out, "one: changed\n");
    let said = yard.run(&["collections", &url, "refresh", "one"]).status(0).out;
    assert_eq!(said, "one: changed\n");
    let listed = yard.run(&["collections", &url, "get", "one"]).status(0).out;
    let extent = r#""extent":{"spatial":{"bbox":[[10.0,20.0,10.0,20.0]]},"temporal":{"interval":[["2024-06-01T00:00:00Z","2024-06-01T00:00:00Z"]]}}"#;
    assert!(listed.contains(extent), "{listed}");
    let found = ids(&yard.run(&["search", &url, "--filter", "n < 50", "--bbox", "0,0,20,30"]).status(0).out);
    assert_eq!(found, ["b"]);
    let postgresql = url.replacen("pgstac", "postgresql", 1);
    assert_eq!(yard.run(&["search", &postgresql, "--count"]).status(0).out, "3\n");
    yard.run(&["copy", &postgresql, "b.ndjson", "--sortby", "id"]).status(0);
    let values = |name: &str| {
        let text = yard.read(name);
        text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(values("b.ndjson"), values("a.ndjson"));
    yard.run(&["copy", &url, "since.ndjson", "--updated-since", "2024-06-03T00:00:00Z"]).status(0);
    assert_eq!(ids(&yard.read("since.ndjson")), ["b"]);
    let wrong = yard.run(&["copy", &url, "x.ndjson", "--updated-since", "June"]).status(2).err;
    assert!(wrong.contains("is not an RFC 3339 date and time"), "{wrong}");
    yard.run(&["copy", &url, "c.parquet"]).status(0);
    yard.run(&["copy", "c.parquet", &url, "--mode", "delsert"]).status(0);
    let said = yard.run(&["copy", "c.parquet", &url, "--resume"]).status(0).err;
    assert!(said.contains("3 there already"), "{said}");
    yard.run(&["copy", "c.parquet", &url, "--overwrite"]).status(0);
    yard.run(&["validate", &url]).status(0);
    assert!(yard.run(&["info", &url]).status(0).out.contains("3 Items"));
    let both = url.replacen("pgstac", "postgis", 1);
    yard.run(&["init", &both]).status(0);
    let said = yard.run(&["info", &postgresql]).status(2).err;
    assert!(said.contains("has tables of Stacyard and of pgstac"), "{said}");
}

#[test]
fn what_is_asked_of_pgstac_and_is_not_there_is_said() {
    let yard = Yard::new();
    yard.write("no.whl", "no wheel");
    let of = |arguments: &[&str]| yard.run(arguments).status(2).err;
    insta::assert_snapshot!(of(&["init", "postgis://h/d", "--pgstac-version", "0.10.0"]));
    insta::assert_snapshot!(of(&["init", "pgstac://h/d", "--partition", "a"]));
    let broken = yard.run(&["init", "pgstac://h/d", "--pgstac-package", "no.whl"]).status(3).err;
    insta::assert_snapshot!(broken);
    let absent = yard.run(&["init", "pgstac://h/d", "--pgstac-package", "nowhere"]).status(3).err;
    insta::assert_snapshot!(absent);
    let Ok(server) = std::env::var("STACYARD_TEST_DATABASE") else {
        println!("skipped: no STACYARD_TEST_DATABASE (make test starts a server)");
        return;
    };
    let (place, _) = server.rsplit_once('/').unwrap();
    let postgres = format!("{}/postgres", place.replacen("postgis", "pgstac", 1));
    let said = yard.run(&["info", &postgres]).status(3).err;
    insta::assert_snapshot!(said.replace(&postgres, "URL"));
    let either = postgres.replacen("pgstac", "postgresql", 1);
    let said = yard.run(&["info", &either]).status(3).err;
    insta::assert_snapshot!(said.replace(&either, "URL"));
}
