//! Searches that would take long: a deadline ends them, and lists and geometries are looked up.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::support::{Yard, item};

/// Items with polygons, in a row.
fn squares(number: usize) -> String {
    (0..number).fold(String::new(), |mut text, n| {
        let mut one: serde_json::Value = serde_json::from_str(&item(&format!("i{n}"))).unwrap();
        let x = f64::from(u32::try_from(n % 300).unwrap()) - 150.0;
        one["geometry"] = serde_json::json!({"type": "Polygon", "coordinates":
            [[[x, -60.0], [x + 20.0, -60.0], [x + 20.0, 60.0], [x, 60.0], [x, -60.0]]]});
        one["bbox"] = serde_json::json!([x, -60.0, x + 20.0, 60.0]);
        writeln!(text, "{one}").unwrap();
        text
    })
}

/// A ring around the origin, going out and in.
fn star(points: u32) -> String {
    let at = |n: u32| {
        let (far, angle) = (
            if n.is_multiple_of(2) { 85.0 } else { 40.0 },
            f64::from(n) / f64::from(points) * std::f64::consts::TAU,
        );
        format!("{} {}", far * angle.cos(), far * angle.sin())
    };
    let ring: Vec<String> = (0..points).map(at).chain([at(0)]).collect();
    format!("POLYGON(({}))", ring.join(", "))
}

#[test]
fn a_deadline_ends_a_search_and_nothing_is_written() {
    let yard = Yard::new();
    // A fast machine works ten times as long at it as is allowed.
    yard.write("in.ndjson", squares(30_000));
    // Hundreds of crossings of each Item, ten times over.
    let hard = format!("S_TOUCHES(geometry, {})", star(1_000));
    yard.write("hard.cql2", vec![hard; 10].join(" OR "));
    yard.run(&["copy", "in.ndjson", "in.parquet", "-q"]).status(0);
    for (store, out) in [("in.ndjson", "out.ndjson"), ("in.parquet", "out.parquet")] {
        for arguments in [
            &["search", store, "-o", out, "--filter", "@hard.cql2", "--timeout", "1s"][..],
            &["search", store, "--count", "--filter", "@hard.cql2", "--timeout", "1s"],
            &["copy", store, out, "--filter", "@hard.cql2", "--timeout", "1s"],
            &["copy", store, out, "--sortby", "id", "--filter", "@hard.cql2", "--timeout", "1000ms"],
        ] {
            let started = Instant::now();
            let ran = yard.run(arguments).status(3);
            // The filter itself is read before; the time is that of a build that is not optimised.
            assert!(started.elapsed() < Duration::from_secs(20), "{arguments:?}: {:?}", started.elapsed());
            assert!(ran.err.contains("the search took longer than 1 s"), "{}", ran.err);
            assert!(ran.err.contains("--timeout"), "{}", ran.err);
            assert!(!yard.path(out).exists(), "{arguments:?}");
        }
    }
    // One that is over in time.
    yard.run(&["search", "in.ndjson", "--count", "--ids", "i1", "--timeout", "5m"]).status(0);
    for wrong in ["", "5", "s", "-1s", "0s", "1d", "1e300h"] {
        yard.run(&["search", "in.ndjson", "--timeout", wrong]).status(2);
    }
}

/// A comb of long slanting teeth: whether it is valid takes long to say (without a bound, minutes).
#[test]
fn a_deadline_holds_while_a_filter_is_compiled() {
    let yard = Yard::new();
    yard.write("in.ndjson", squares(3));
    let tooth = |n: u32| format!("{0} 0, {1} 50, ", f64::from(n) / 1e5, f64::from(n) / 1e5 + 50.0);
    let comb: String = (0..40_000).map(tooth).collect();
    let comb = format!("S_TOUCHES(geometry, POLYGON(({comb}60 -1, 0 0)))");
    yard.write("comb.cql2", vec![comb; 2].join(" OR "));
    let ran =
        yard.run(&["search", "in.ndjson", "--count", "--filter", "@comb.cql2", "--timeout", "1ms"]).status(3);
    assert!(ran.err.contains("the search took longer than 0.001 s"), "{}", ran.err);
}

#[test]
fn a_polygon_without_an_inside_is_said() {
    let yard = Yard::new();
    yard.write("in.ndjson", squares(3));
    let filter = |op: &str| format!("{op}(geometry, POLYGON((0 0, 10 10, 10 0, 0 10, 0 0)))");
    for op in ["S_WITHIN", "S_TOUCHES", "S_CONTAINS", "S_EQUALS", "S_OVERLAPS", "S_CROSSES"] {
        let ran = yard.run(&["search", "in.ndjson", "--filter", &filter(op)]).status(2);
        assert!(ran.err.contains("the geometry has a ring that crosses itself near 5 5"), "{}", ran.err);
        assert!(ran.err.contains("ST_MakeValid"), "{}", ran.err);
    }
    for op in ["S_INTERSECTS", "S_DISJOINT"] {
        yard.run(&["search", "in.ndjson", "--filter", &filter(op)]).status(0);
    }
}

/// Each in less than a second; one by one, for each Item 60,000 comparisons, it would take much longer than is allowed.
#[test]
fn long_lists_and_chains_are_looked_up_in_every_file() {
    let yard = Yard::new();
    let items = squares(10_000).replace("\"properties\":{", "\"properties\":{\"n\":7,\"flag\":true,");
    yard.write("in.ndjson", items);
    yard.run(&["copy", "in.ndjson", "in.parquet", "-q"]).status(0);
    let list = |value: &dyn Fn(u32) -> String| (0..60_000).map(value).collect::<Vec<_>>().join(", ");
    let chain = |link: &dyn Fn(u32) -> String, by: &str| (0..60_000).map(link).collect::<Vec<_>>().join(by);
    for (filter, count) in [
        (format!("n IN ({})", list(&|n| format!("{n}.5"))), "0"),
        (format!("n IN ({})", list(&|n| format!("{n}.0"))), "10000"),
        (chain(&|n| format!("id = 'i{}'", 2 * n), " OR "), "5000"),
        (chain(&|n| format!("n <> {}", n + 8), " AND "), "10000"),
        (format!("n IN ({}, 'a', TRUE)", list(&|n| format!("{n}"))), "10000"),
        (
            chain(&|n| format!("flag = {}", if n.is_multiple_of(2) { "TRUE" } else { "FALSE" }), " OR "),
            "10000",
        ),
    ] {
        yard.write("filter.cql2", &filter);
        for store in ["in.ndjson", "in.parquet"] {
            let search = ["search", store, "--count", "-q", "--filter", "@filter.cql2", "--timeout", "20s"];
            let ran = yard.run(&search).status(0);
            assert_eq!(ran.out.trim(), count, "{store} {}", &filter[..40]);
        }
    }
}
