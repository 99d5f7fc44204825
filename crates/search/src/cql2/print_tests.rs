//! What is printed is read as the same expression, in both encodings, and by another parser.

use geo_types::{Geometry, line_string, point, polygon};
use proptest::prelude::*;

use super::build;
use super::*;
use crate::bbox::SearchBox;
use crate::property::Property;

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z'\\\\\" %_é]{0,8}", "\\PC{0,6}"]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z][a-z0-9_:.]{0,6}",
        1 => prop::sample::select(vec!["and", "Point", "date", "true", "a b", "it\"s", "0", "eo:cloud_cover", "É"])
            .prop_map(str::to_owned),
    ]
}

fn geometry() -> impl Strategy<Value = Geometry<f64>> {
    let simple = vec![
        point!(x: 1.5, y: -2.0).into(),
        line_string![(x: 0.0, y: 0.0), (x: 1e-7, y: 1e-21)].into(),
        polygon!(exterior: [(x: 0., y: 0.), (x: 9., y: 0.), (x: 9., y: 9.)], interiors: [[(x: 1., y: 1.), (x: 2., y: 1.), (x: 2., y: 2.)]]).into(),
        geo_types::MultiPoint(vec![point!(x: 1., y: 2.), point!(x: 3., y: 4.)]).into(),
        geo_types::MultiPoint::<f64>(Vec::new()).into(),
        geo_types::MultiLineString(vec![line_string![(x: 0., y: 0.), (x: 1., y: 1.)]]).into(),
        geo_types::MultiPolygon(vec![polygon![(x: 0., y: 0.), (x: 9., y: 0.), (x: 9., y: 9.)]]).into(),
    ];
    let collection = Geometry::GeometryCollection(simple.clone().into());
    prop::sample::select(simple.into_iter().chain([collection]).collect::<Vec<_>>())
}

fn literal() -> impl Strategy<Value = Literal> {
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>()
            .prop_filter("finite", |n| n.is_finite())
            .prop_map(|n| serde_json::to_string(&n).unwrap()),
        Just("-0.50e+3".to_owned()),
        Just("90071992547409931234567890.000000000000000001".to_owned()),
    ];
    // Up to the ends of what RFC 3339 can say, offsets counted.
    let instant = (-62_167_305_540_i64..253_402_207_200, prop_oneof![Just(0), 0..1_000_000_000_i32])
        .prop_map(|(second, nano)| jiff::Timestamp::new(second, nano).unwrap());
    prop_oneof![
        1 => Just(Literal::Null),
        1 => any::<bool>().prop_map(Literal::Bool),
        3 => number.prop_map(|text| Literal::Number(NumberLiteral::new(&text).unwrap())),
        3 => text().prop_map(Literal::Text),
        1 => instant.prop_map(Literal::Timestamp),
        1 => (0_i16..9999, 1_i8..13, 1_i8..29).prop_map(|(y, m, d)| Literal::Date(jiff::civil::date(y, m, d))),
        1 => geometry().prop_map(Literal::Geometry),
        1 => (-180.0..180.0, -90.0..0.0, -180.0..180.0, 0.0..90.0)
            .prop_map(|(w, s, e, n): (f64, f64, f64, f64)| Literal::Box(SearchBox::new(w, s, e, n).unwrap())),
    ]
}

fn bound() -> impl Strategy<Value = Bound> {
    let instant = (0_i64..2_000_000_000).prop_map(|second| jiff::Timestamp::from_second(second).unwrap());
    prop_oneof![
        Just(Bound::Open),
        instant.prop_map(Bound::Timestamp),
        Just(Bound::Date(jiff::civil::date(2024, 2, 29))),
        name().prop_map(|name| Bound::Expr(Expr::Property(Property::parse(&name).unwrap()))),
    ]
}

fn op<T: Clone + std::fmt::Debug + 'static>(all: Vec<T>) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        2 => literal().prop_map(Expr::Literal),
        2 => name().prop_map(|name| Expr::Property(Property::parse(&name).unwrap())),
        1 => (bound(), bound()).prop_map(|(start, end)| build::interval(start, end)),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let list = |least| prop::collection::vec(inner.clone(), least..4);
        let two = || (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        prop_oneof![
            list(2).prop_map(Expr::and),
            list(2).prop_map(Expr::or),
            inner.clone().prop_map(|inner| Expr::Not(inner.into())),
            inner.clone().prop_map(|inner| Expr::IsNull(inner.into())),
            inner.clone().prop_map(|inner| Expr::Casei(inner.into())),
            inner.clone().prop_map(|inner| Expr::Accenti(inner.into())),
            (op(build::COMPARISON.to_vec()), two()).prop_map(|(op, (a, b))| Expr::Compare(op.1, a, b)),
            (op(build::ARITHMETIC.to_vec()), two()).prop_map(|(op, (a, b))| Expr::Arithmetic(op.1, a, b)),
            (op(build::SPATIAL.to_vec()), two()).prop_map(|(op, (a, b))| Expr::Spatial(op.1, a, b)),
            (op(build::TEMPORAL.to_vec()), two()).prop_map(|(op, (a, b))| Expr::Temporal(op.1, a, b)),
            (op(build::ARRAY.to_vec()), two()).prop_map(|(op, (a, b))| Expr::ArrayPredicate(op.1, a, b)),
            two().prop_map(|(a, b)| Expr::Like(a, b)),
            (inner.clone(), list(1)).prop_map(|(value, list)| Expr::In(value.into(), list)),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| Expr::Between(Box::new([a, b, c]))),
            list(0).prop_map(Expr::Array),
            ("f[a-z]{0,3}", list(0)).prop_map(|(name, list)| Expr::Function(name, list)),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(expr in expr()) {
        let json = expr.to_json().to_string();
        prop_assert_eq!(parse_json(&json), Ok(expr.clone()), "{}", json);
        match expr.to_text() {
            Ok(text) => prop_assert_eq!(parse_text(&text), Ok(expr), "{}", text),
            Err(reason) => prop_assert!(!reason.to_string().is_empty()),
        }
    }

    #[test]
    fn texts_and_names_are_quoted(text in text(), name in name()) {
        prop_assume!(!text.ends_with('\\'));
        let property = Expr::Property(Property::parse(&name).unwrap());
        let expr = Expr::Compare(CompareOp::Equal, property.into(), Expr::Literal(Literal::Text(text)).into());
        prop_assert_eq!(parse_text(&expr.to_text().unwrap()), Ok(expr));
    }
}

#[test]
fn what_text_cannot_say_is_said_so() {
    let fault = |json: &str| parse_json(json).unwrap().to_text().unwrap_err().to_string();
    insta::assert_snapshot!(fault(r#"{"op":"=","args":[{"property":"a"},null]}"#), @"CQL2 text cannot say null; write the filter in CQL2 JSON");
    insta::assert_snapshot!(fault(r#"{"op":"=","args":[{"property":"a"},"x\\"]}"#), @"CQL2 text cannot say a string that ends with a backslash; write the filter in CQL2 JSON");
    insta::assert_snapshot!(fault(r#"{"op":"=","args":[{"property":"a"},["x"]]}"#), @"CQL2 text cannot say an array of one value in this place; write the filter in CQL2 JSON");
}

#[test]
fn parentheses_stand_only_where_they_must() {
    for filter in [
        "a = 1 OR b = 2 AND NOT c = 3",
        "(a = 1 OR b = 2) AND c = 3",
        "NOT (a = 1 AND b = 2)",
        "a - (b - c) * 2 ^ (d + 1) > -1",
        "(a = 1) = TRUE",
        "(a + 1) IS NULL OR a BETWEEN 1 AND 2 + 3",
        "A_CONTAINS(tags, ('a'))",
        "CASEI(name) IN ('it''s', CASEI('b'))",
        "T_DURING(datetime, INTERVAL('2024-01-01', '..'))",
        "S_INTERSECTS(geometry, POLYGON((0 0, 1 0, 1 1, 0 0)))",
        "\"x y\" = DATE('2024-01-01')",
    ] {
        let wanted = filter.replace("(a + 1) IS NULL", "a + 1 IS NULL");
        assert_eq!(parse_text(filter).unwrap().to_text().unwrap(), wanted);
    }
}

/// Another parser reads the examples of the standard, printed, as the same filters.
#[test]
fn another_parser_reads_what_is_printed() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/cql2/schema/examples/json");
    let Ok(folder) = std::fs::read_dir(root) else {
        eprintln!("skipped: no ../shared/data");
        return;
    };
    let mut read = 0;
    for entry in folder {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let expr = parse_json(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(parse_json(&expr.to_json().to_string()), Ok(expr.clone()));
        let text = expr.to_text().unwrap();
        assert_eq!(parse_text(&text), Ok(expr.clone()), "{text}");
        if let Ok(theirs) = cql2::parse_text(&text) {
            assert_eq!(parse_json(&theirs.to_json().unwrap()), Ok(expr), "{text}");
            read += 1;
        }
    }
    assert!(read >= 90, "{read}");
}
