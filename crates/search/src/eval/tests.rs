//! What filters mean, by hand from the standard; and the OGC abstract test suite over its own data.

use std::collections::HashMap;

use proptest::prelude::*;
use stacyard_model::json::Document;

use super::*;
use crate::cql2::Expr;
use crate::error::SearchError;
use crate::stop::Stop;

const ITEM: &str = r#"{"type":"Feature","id":"a","collection":"c",
  "geometry":{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]]]},
  "properties":{"datetime":"2024-06-01T12:00:00Z","cloud":12.5,"big":9007199254740993,"name":"Élan vital","none":null,
    "yes":true,"tags":["x","y"],"nums":[1,2.0],"day":"2024-06-01","start":"2024-01-01T00:00:00Z","end":"2024-12-31T23:59:59Z",
    "nested":{"deep":7},"dotted.key":8,"spot":{"type":"Point","coordinates":[5,5]},"mixed":"20"}}"#;

fn eval(filter: &str, item: &str) -> Option<bool> {
    let expr = Expr::parse(filter).unwrap_or_else(|error| panic!("{filter}\n{error}"));
    let predicate = compile(&expr).unwrap_or_else(|error| panic!("{filter}\n{error:?}"));
    let document = Document::parse(item).unwrap();
    predicate.holds(&Context::new(document.root(), &Stop::default())).unwrap()
}

#[test]
fn true_of_the_item() {
    for filter in [
        "id = 'a' AND collection = 'c'",
        "cloud < 20",
        "cloud = 12.50",
        "properties.cloud >= 12.5",
        "nested.deep = 7",
        "dotted.key = 8",
        "big = 9007199254740993",
        "big > 9007199254740992",
        "big + 1 = 9007199254740994",
        "cloud BETWEEN 12.5 AND 13",
        "cloud NOT IN (1, 2)",
        "name LIKE 'É%'",
        "CASEI(name) LIKE CASEI('éLAN%')",
        "ACCENTI(name) = 'Elan vital'",
        "lower(name) = 'élan vital'",
        "none IS NULL",
        "absent IS NULL",
        "geometry IS NOT NULL",
        "yes",
        "yes = TRUE",
        "NOT yes IS NULL",
        "(cloud > 100) = FALSE",
        "(absent = 1) IS NULL",
        "datetime >= DATE('2024-06-01')",
        "datetime = TIMESTAMP('2024-06-01T14:00:00+02:00')",
        "datetime < TIMESTAMP('2024-06-01T12:00:00.000000001Z')",
        "day = DATE('2024-06-01')",
        "day IN (DATE('2024-06-01'))",
        "start < end",
        "T_DURING(datetime, INTERVAL('2024-06-01', '2024-06-01'))",
        "T_DURING(datetime, DATE('2024-06-01'))",
        "T_INTERSECTS(INTERVAL(start, end), DATE('2024-12-31'))",
        "T_AFTER(datetime, INTERVAL('..', '2024-05-31'))",
        "A_CONTAINS(tags, ('y'))",
        "A_EQUALS(tags, ('y', 'x', 'x'))",
        "A_CONTAINEDBY(tags, ('x','y','z'))",
        "A_OVERLAPS(nums, (2, 3))",
        "A_EQUALS(nums, (1.0, 2))",
        "S_INTERSECTS(geometry, POINT(10 10))",
        "S_INTERSECTS(geometry, BBOX(10,10,20,20))",
        "S_TOUCHES(geometry, BBOX(10,0,20,10))",
        "S_WITHIN(spot, geometry)",
        "S_CONTAINS(geometry, POINT(5 5))",
        "S_EQUALS(geometry, POLYGON((10 0,10 10,0 10,0 5,0 0,10 0)))",
        "S_CROSSES(LINESTRING(-5 5,15 5), geometry)",
        "S_OVERLAPS(geometry, BBOX(5,5,15,15))",
        "S_DISJOINT(geometry, BBOX(170,-10,-170,10))",
        "S_INTERSECTS(geometry, BBOX(170,-10,1,10))",
        "cloud * 2 = 25",
        "cloud % 5 = 2.5",
        "-cloud = -12.5",
        "7 div 2 = 3",
        "2 ^ 3 = 8",
        "cloud - 0.1 - 0.2 = 12.2",
    ] {
        assert_eq!(eval(filter, ITEM), Some(true), "{filter}");
    }
}

#[test]
fn false_of_the_item() {
    for filter in [
        "id = 'A'",
        "big = 9007199254740992",
        "cloud IN (12.4, 12.6)",
        "name LIKE 'E%'",
        "geometry IS NULL",
        "datetime = DATE('2024-06-01')",
        "absent = 1 AND id = 'b'",
        "S_INTERSECTS(geometry, POINT(10.0000001 10))",
        "S_INTERSECTS(geometry, POINT EMPTY)",
        "A_CONTAINS(tags, ('z'))",
        "T_BEFORE(datetime, DATE('2024-06-01'))",
        "NOT yes",
        "S_WITHIN(geometry, spot)",
        "S_TOUCHES(spot, geometry)",
        "T_AFTER(datetime, DATE('2024-06-01'))",
    ] {
        assert_eq!(eval(filter, ITEM), Some(false), "{filter}");
    }
}

#[test]
fn unknown_of_the_item() {
    for filter in [
        "absent = 1",
        "none = 1",
        "NOT none = 1",
        "absent <> 1",
        "absent = absent",
        "absent IN (1)",
        "cloud IN (1, absent)",
        "absent LIKE '%'",
        "none BETWEEN 1 AND 2",
        "mixed > 5",
        "mixed = 20",
        "cloud = '12.5'",
        "yes = 'true'",
        "cloud",
        "name > DATE('2024-01-01')",
        "T_AFTER(absent, DATE('2024-01-01'))",
        "T_INTERSECTS(INTERVAL(end, start), DATE('2024-06-01'))",
        "A_CONTAINS(name, ('x'))",
        "S_INTERSECTS(absent, POINT(1 1))",
        "S_INTERSECTS(name, POINT(1 1))",
        "absent = 1 OR id = 'b'",
        "absent = 1 AND id = 'a'",
        "cloud / 0 = 1",
        "absent + 1 = 1",
        "CASEI(cloud) = 'x'",
        "nested = 7",
    ] {
        assert_eq!(eval(filter, ITEM), None, "{filter}");
    }
    assert_eq!(eval("absent = 1 OR id = 'a'", ITEM), Some(true));
}

#[test]
fn a_null_geometry_is_unknown_to_spatial_predicates() {
    let item = r#"{"id":"a","geometry":null,"properties":{}}"#;
    for op in ["S_INTERSECTS", "S_DISJOINT", "S_EQUALS", "NOT S_INTERSECTS"] {
        assert_eq!(eval(&format!("{op}(geometry, BBOX(-180,-90,180,90))"), item), None, "{op}");
    }
}

#[test]
fn malformed_geometry_is_an_error_where_it_is_looked_at() {
    let item = Document::parse(r#"{"id":"a","geometry":{"type":"Point","coordinates":[1]},"properties":{}}"#)
        .unwrap();
    let run = |filter: &str| {
        compile(&Expr::parse(filter).unwrap())
            .unwrap()
            .holds(&Context::new(item.root(), &Stop::default()))
            .map_err(|e| e.to_string())
    };
    insta::assert_snapshot!(run("S_INTERSECTS(geometry, POINT(1 1))").unwrap_err(), @r#"the Item "a" cannot be searched: /geometry: a position of one number"#);
    assert_eq!(run("S_INTERSECTS(geometry, POINT(1 1)) AND id = 'b'"), Ok(Some(false)));
}

#[test]
fn what_is_not_supported_is_named() {
    let fault = |filter: &str| SearchError::from(compile(&Expr::parse(filter).unwrap()).unwrap_err());
    insta::assert_snapshot!(fault("S_WITHIN(geometry, Buffer(geometry, 10))"), @r"
    filter: the function Buffer is not supported; beside those of CQL2 there are lower and upper
      S_WITHIN(geometry, Buffer(geometry, 10))
    ");
    insta::assert_snapshot!(fault("avg(a) < 4"), @r"
    filter: the function avg is not supported; beside those of CQL2 there are lower and upper
      avg(a) < 4
    ");
    insta::assert_snapshot!(fault("a = 1 OR cloud + 1 > 'x'"), @r#"
    filter: a computed number is compared with the string "x", which is never true
      cloud + 1 > 'x'
    "#);
    insta::assert_snapshot!(fault("id = 5"), @r#"
    filter: the property "id" is compared with the number 5, which is never true
      id = 5
    "#);
    insta::assert_snapshot!(fault("geometry = 'x'"), @r#"
    filter: the property "geometry" has no comparisons; there are the S_ and A_ predicates
      geometry = 'x'
    "#);
    insta::assert_snapshot!(fault("1 + 1"), @r"
    filter: a computed number stands where something true or false is expected
      1 + 1
    ");
    insta::assert_snapshot!(fault("a = POINT(1 1)"), @r"
    filter: a geometry can only stand in the spatial predicates, such as S_INTERSECTS
      a = POINT(1 1)
    ");
    insta::assert_snapshot!(fault("T_AFTER(datetime, '2024-01-01')"), @r#"
    filter: the string "2024-01-01" stands where a DATE, TIMESTAMP, INTERVAL or property is expected
      T_AFTER(datetime, '2024-01-01')
    "#);
    insta::assert_snapshot!(fault("a + 'x' = 1"), @r#"
    filter: the string "x" stands where a number is expected
      a + 'x' = 1
    "#);
    insta::assert_snapshot!(fault("S_INTERSECTS(geometry, 'POINT(1 1)')"), @r#"
    filter: the string "POINT(1 1)" stands where a geometry is expected; write it without the quotes: POINT(1 1)
      S_INTERSECTS(geometry, 'POINT(1 1)')
    "#);
    insta::assert_snapshot!(fault("a LIKE b"), @r"
    filter: the pattern of LIKE must be a string, or CASEI or ACCENTI of one; a string goes in single quotes, such as LIKE 'S2A%'
      a LIKE b
    ");
    insta::assert_snapshot!(fault("T_DURING(a, INTERVAL('2024-02-01','2024-01-01'))"), @r"
    filter: an INTERVAL starts after its end
      T_DURING(a, INTERVAL('2024-02-01', '2024-01-01'))
    ");
}

/// Whether an Item answers, with a queryable `seen` that is a date and time where `declared`.
fn answers(filter: &str, properties: &str, declared: bool) -> bool {
    let search = crate::Search { filter: Some(crate::parse_filter(filter).unwrap()), ..Default::default() };
    let search = search.with_instants(|name| declared && name == "seen");
    let item = Document::parse(format!(r#"{{"id":"a","properties":{{{properties}}}}}"#)).unwrap();
    crate::Compiled::new(&search).unwrap().matches(item.root()).unwrap()
}

#[test]
fn dates_and_times_compare_as_instants() {
    // Each is a moment after the one before, but not as a text.
    let properties = r#""created":"2024-01-01T02:00:00+02:00","updated":"2024-01-01T01:00:00Z","published":"2023-12-31T20:30:00-05:00",
        "expires":"2024-01-01","seen":"2024-01-01T00:00:00.000Z","other":"2024-01-01T00:00:00Z""#;
    for filter in [
        "created < updated",
        "updated < published",
        "created = '2024-01-01T00:00:00Z'",
        "created IN ('2024-01-01T00:00:00.0Z')",
        "created = other",
        "NOT created > other",
        "published BETWEEN updated AND '2024-01-01T01:30:00Z'",
        "'2024-01-01T01:00:00.00Z' BETWEEN created AND published",
        "'2024-01-01T01:00:00.00Z' IN (created, updated)",
        "(created = '2024-01-01T00:00:00Z') = TRUE",
        "created LIKE '2024-01-01T02%' AND CASEI(created) = CASEI('2024-01-01t02:00:00+02:00')",
        "expires = TIMESTAMP('2024-01-01T00:00:00Z')",
        "seen = '2024-01-01T00:00:00.000Z'",
    ] {
        assert!(answers(filter, properties, false), "{filter}");
        assert!(answers(filter, properties, true), "{filter}");
    }
    for filter in ["seen = '2024-01-01T00:00:00Z'", "seen = created", "seen IN ('2024-01-01T01:00:00+01:00')"]
    {
        assert!(answers(filter, properties, true), "{filter}");
    }
    // Without a declaration it is a text like any other.
    assert!(!answers("seen = '2024-01-01T00:00:00Z'", properties, false));
    assert!(answers("seen <> '2024-01-01T00:00:00Z'", properties, false));
    // What is none after all is a text, which nothing but a text compares with.
    let soon = r#""published":"soon","other":"soon""#;
    assert!(answers("published = other", soon, false));
    for filter in ["published > '2024-01-01T00:00:00Z'", "published <= '2024-01-01T00:00:00Z'"] {
        assert!(!answers(filter, soon, false), "{filter}");
    }
    let place = |filter: &str| crate::parse_filter(filter).unwrap_err().to_string();
    insta::assert_snapshot!(place("gsd = 10 AND NOT datetime BETWEEN '2024-01-01T00:00:00Z' AND 'June'"), @r#"
    filter: "datetime" is a date and time, and is compared with the string "June"; write one of RFC 3339, such as '2024-06-01T00:00:00Z'
      gsd = 10 AND NOT datetime BETWEEN '2024-01-01T00:00:00Z' AND 'June'
                       ^
    "#);
    for filter in
        ["'June' IN (created, updated)", "created IN ('June')", "'June' BETWEEN created AND updated"]
    {
        assert!(place(filter).contains("\"created\" is a date and time"), "{filter}");
    }
    insta::assert_snapshot!(place("updated > '2024-06-01'"), @r#"
    filter: "updated" is a date and time, and is compared with the string "2024-06-01"; write '2024-06-01T00:00:00Z', or DATE('2024-06-01') in a filter
      updated > '2024-06-01'
      ^
    "#);
    insta::assert_snapshot!(crate::parse_query(r#"{"created":{"in":["x"]}}"#).unwrap_err(), @r#"
    query created: "created" is a date and time, and is compared with the string "x"; write one of RFC 3339, such as '2024-06-01T00:00:00Z'
    "#);
}

/// The OGC abstract test suite (21-065r2 annex C) over Natural Earth: every filter with its number of features.
#[test]
fn the_abstract_test_suite() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/cql2");
    let Ok(cases) = std::fs::read_to_string(format!("{root}/ats_expected.ndjson")) else {
        eprintln!("skipped: no ../shared/data");
        return;
    };
    let mut sources: HashMap<String, Vec<Document>> = HashMap::new();
    let (mut passed, mut wrong) = (0, Vec::new());
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let filter =
            case["filter"].as_str().unwrap().replace("(geom,", "(geometry,").replace(",geom)", ",geometry)");
        let source = case["source"].as_str().unwrap();
        let items = sources.entry(source.to_owned()).or_insert_with(|| {
            let text = std::fs::read_to_string(format!("{root}/{source}.stac.ndjson")).unwrap();
            text.lines().map(|line| Document::parse(line).unwrap()).collect()
        });
        let expr = Expr::parse(&filter).unwrap_or_else(|error| panic!("{filter}\n{error}"));
        let predicate = compile(&expr).unwrap_or_else(|error| panic!("not supported: {filter}: {error:?}"));
        let count = items
            .iter()
            .filter(|item| {
                predicate.holds(&Context::new(item.root(), &Stop::default())).unwrap() == Some(true)
            })
            .count();
        if case["expected"] == count {
            passed += 1;
        } else {
            wrong.push(format!("{filter}: {count}, not {}", case["expected"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(passed, 211);
}

/// Filters of a small language, as text.
fn any_filter() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("cloud < 20".to_owned()),
        Just("cloud > 20".to_owned()),
        Just("absent = 1".to_owned()),
        Just("none IS NULL".to_owned()),
        Just("S_INTERSECTS(geometry, BBOX(5,5,6,6))".to_owned()),
        Just("name LIKE 'x%'".to_owned()),
        Just("yes".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("NOT ({a})")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|list| format!("({})", list.join(" AND "))),
            prop::collection::vec(inner, 2..4).prop_map(|list| format!("({})", list.join(" OR "))),
        ]
    })
}

proptest! {
    #[test]
    fn logic_keeps_its_laws(a in any_filter(), b in any_filter()) {
        let run = |filter: String| eval(&filter, ITEM);
        let (x, y) = (run(a.clone()), run(b.clone()));
        prop_assert_eq!(run(format!("NOT (NOT ({a}))")), x);
        prop_assert_eq!(run(format!("NOT (({a}) AND ({b}))")), run(format!("(NOT ({a})) OR (NOT ({b}))")));
        prop_assert_eq!(run(format!("({a}) AND ({b})")), run(format!("({b}) AND ({a})")));
        let and = match (x, y) { (Some(false), _) | (_, Some(false)) => Some(false), (Some(true), Some(true)) => Some(true), _ => None };
        prop_assert_eq!(run(format!("({a}) AND ({b})")), and);
    }
}
