//! The two encodings against each other, against the examples of the standard, and against bad input.

use super::*;
use crate::property::Property;

/// The `cql2` crate reads the same filters as the same expressions.
#[test]
fn another_parser_agrees() {
    for filter in [
        "a = 1 OR b = 2 AND NOT c = 3",
        "a + 2 * 3 - 1 = 7",
        "a - 1 - 2 > b / 2 / 2",
        "-a * 2.5 <= b",
        "a NOT BETWEEN 1 AND 2 AND b",
        "name NOT LIKE 'x%' OR CASEI(name) IN (CASEI('a'), 'it''s')",
        "a IS NOT NULL",
        "A_CONTAINS(tags, ('a'))",
        "a div 2 = 1",
        "S_INTERSECTS(geometry, POLYGON((0 0, 1 0, 1 1, 0 0)))",
        "S_WITHIN(geometry, BBOX(0, 1, 2, 3))",
        "S_EQUALS(geometry, MULTIPOINT((1 2), (3 4)))",
        "T_DURING(datetime, INTERVAL('2024-01-01T00:00:00Z', '..'))",
        "T_AFTER(datetime, DATE('2024-01-01'))",
        "datetime < TIMESTAMP('2024-01-01T00:00:00Z')",
        "\"x y\" = TRUE",
        "eo:cloud_cover < 20 AND (a = 1 OR b = 2)",
        "Foo(a, 1) = 'b'",
    ] {
        let theirs = cql2::parse_text(filter).unwrap().to_json().unwrap();
        assert_eq!(json(&theirs), text(filter), "{filter}");
    }
}

fn text(filter: &str) -> Expr {
    parse_text(filter).unwrap_or_else(|error| panic!("{filter}\n{error}"))
}

fn json(filter: &str) -> Expr {
    parse_json(filter).unwrap_or_else(|error| panic!("{filter}\n{error}"))
}

#[expect(clippy::unnecessary_box_returns, reason = "expressions hold their operands in boxes")]
fn property(name: &str) -> Box<Expr> {
    Expr::Property(Property::parse(name).unwrap()).into()
}

#[expect(clippy::unnecessary_box_returns, reason = "expressions hold their operands in boxes")]
fn number(text: &str) -> Box<Expr> {
    Expr::Literal(Literal::Number(NumberLiteral::new(text).unwrap())).into()
}

#[test]
fn operators_bind_as_the_grammar_says() {
    assert_eq!(text("a = 1 OR b = 2 AND NOT c = 3"), text("(a = 1) OR ((b = 2) AND (NOT (c = 3)))"));
    assert_eq!(text("a + 2 * 3 = 7"), text("(a + (2 * 3)) = 7"));
    assert_eq!(text("a - 1 - 2 = 7"), text("((a - 1) - 2) = 7"));
    assert_eq!(text("a * 2 ^ 3 > 1"), text("(a * (2 ^ 3)) > 1"));
    assert_eq!(text("-2 ^ 2 = 4"), text("(-2) ^ 2 = 4"), "the sign belongs to the operand");
    assert_eq!(
        text("a-1=0"),
        Expr::Compare(
            CompareOp::Equal,
            Expr::Arithmetic(ArithmeticOp::Subtract, property("a"), number("1")).into(),
            number("0")
        )
    );
    assert_eq!(text("a NOT BETWEEN 1 AND 2 AND b"), text("(NOT (a BETWEEN 1 AND 2)) AND b"));
    assert_eq!(
        text("a div 2 = 1"),
        json(r#"{"op":"=","args":[{"op":"div","args":[{"property":"a"},2]},1]}"#)
    );
}

#[test]
fn no_digit_is_lost() {
    let big = "900719925474099312345678901234567890.000000000000000000001";
    let wanted = Expr::Compare(CompareOp::Less, property("n"), number(big));
    assert_eq!(text(&format!("n < {big}")), wanted);
    assert_eq!(json(&format!(r#"{{"op":"<","args":[{{"property":"n"}},{big}]}}"#)), wanted);
    assert_ne!(text("n = 9007199254740993"), text("n = 9007199254740992"));
    for (loose, strict) in
        [("007", "7"), ("5.", "5"), (".5", "0.5"), ("+5", "5"), ("1E+3", "1000"), ("-00.50", "-0.5")]
    {
        assert_eq!(
            text(&format!("n = {loose}")),
            Expr::Compare(CompareOp::Equal, property("n"), number(strict)),
            "{loose}"
        );
    }
}

#[test]
fn quotes_and_names() {
    let literal = |filter: &str| match text(filter) {
        Expr::Compare(_, _, right) => *right,
        other => panic!("{other:?}"),
    };
    assert_eq!(literal("a = 'it''s'"), Expr::Literal(Literal::Text("it's".into())));
    assert_eq!(literal(r"a = 'it\'s'"), Expr::Literal(Literal::Text("it's".into())));
    assert_eq!(literal(r"a = 'a\_b'"), Expr::Literal(Literal::Text(r"a\_b".into())));
    assert_eq!(literal(r#"a = "and ""x""""#), *property(r#"and "x""#));
    assert_eq!(literal("a = properties.eo:cloud_cover"), *property("properties.eo:cloud_cover"));
    assert_eq!(literal("a = notes"), *property("notes"));
    assert_eq!(literal("a = point"), *property("point"), "no geometry follows");
}

#[test]
fn each_fault_is_shown_where_it_is() {
    let fault = |filter: &str| parse_text(filter).unwrap_err().to_string();
    insta::assert_snapshot!(fault("eo:cloud_cover < 20 AND"), @r"
    filter: the end of the filter where a value, a property or a predicate is expected
      eo:cloud_cover < 20 AND
                             ^
    ");
    insta::assert_snapshot!(fault("a = 1 = 2"), @r"
    filter: comparisons do not chain; join two of them with AND
      a = 1 = 2
            ^
    ");
    insta::assert_snapshot!(fault("a\n  = 'x"), @r"
    filter: a string that does not end; close it with '
        = 'x
          ^
    ");
    insta::assert_snapshot!(fault("t_after(datetime, DATE('2024-02-30'))"), @r#"
    filter: "2024-02-30" is not a date such as 2024-06-01
      t_after(datetime, DATE('2024-02-30'))
                        ^
    "#);
    insta::assert_snapshot!(fault("s_intersects(geometry, POLYGON((0 0, 1 0, 1 1)))"), @r"
    filter: a ring needs four positions or more, the last the same as the first
      s_intersects(geometry, POLYGON((0 0, 1 0, 1 1)))
                                     ^
    ");
    insta::assert_snapshot!(fault("s_within(geometry)"), @r"
    filter: s_within takes 2 argument(s), not 1
      s_within(geometry)
      ^
    ");
    assert!(fault("a != 1").contains("write <>"));
    assert!(fault("a = NULL").contains("IS NULL"));
    assert!(fault("").contains("the end of the filter"));
    assert!(fault("a = 1 b").contains("`b` where AND, OR or the end"));
    let fault = |filter: &str| parse_json(filter).unwrap_err().to_string();
    insta::assert_snapshot!(fault(r#"{"op":"and","args":[true,{"op":"=","args":[{"prop":"a"},1]}]}"#), @"filter: an object that is no part of CQL2: it has none of op, property, date, timestamp, interval, bbox, type (at /args/1/args/0)");
    insta::assert_snapshot!(fault(r#"{"op":"in","args":[{"property":"a"},1]}"#), @"filter: the second argument of in is an array of one value or more");
    insta::assert_snapshot!(fault(r#"{"op":"="#), @r#"
    filter: not JSON: the JSON ends too early
      {"op":"=
              ^
    "#);
}

#[test]
fn depth_and_length_are_bounded() {
    for open in ["(", "NOT ", "-", "f(", "a IN (", "a_equals(("] {
        let bomb = open.repeat(100_000);
        let error = parse_text(&bomb).unwrap_err();
        let wanted = if open == "-" { "more than 50 arithmetic" } else { "deeper than 60" };
        assert!(error.reason.contains(wanted), "{open}: {}", error.reason);
    }
    let chain = format!("a = 1{}", " + 1".repeat(10_000));
    assert!(parse_text(&chain).unwrap_err().reason.contains("more than 50 arithmetic"));
    // Chains within chains add up: the expression would be far deeper than the parentheses.
    let within = format!("a = {}1{}", "(".repeat(30), ") * 1 * 1 + 1".repeat(30));
    assert!(parse_text(&within).unwrap_err().reason.contains("more than 50 arithmetic"));
    assert!(parse_text(&"1 + (".repeat(100_000)).is_err());
    let nested = format!("{}true{}", r#"{"op":"not","args":["#.repeat(10_000), "]}".repeat(10_000));
    assert!(parse_json(&nested).unwrap_err().reason.contains("deeper than 60"));
    let nested = format!("{}true{}", r#"{"op":"not","args":["#.repeat(59), "]}".repeat(59));
    assert!(parse_json(&nested).is_ok());
    let wide = vec!["a = 1"; 10_000].join(" OR ");
    assert!(matches!(parse_text(&wide), Ok(Expr::Or(list)) if list.len() == 10_000));
    assert!(parse_text(&" ".repeat(MAX_FILTER_BYTES + 1)).unwrap_err().reason.contains("limit"));
}

/// The examples of the standard: each parses, and the two encodings of one are the same expression.
#[test]
fn the_examples_of_the_standard() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/cql2/schema/examples");
    let Ok(folder) = std::fs::read_dir(format!("{root}/text")) else {
        eprintln!("skipped: no ../shared/data");
        return;
    };
    let mut pairs = 0;
    for entry in folder {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let from_text = text(&std::fs::read_to_string(&path).unwrap());
        // `-alt01` is another spelling of the same filter.
        let pair = name.split("-alt").next().unwrap();
        let from_json = json(&std::fs::read_to_string(format!("{root}/json/{pair}.json")).unwrap());
        assert_eq!(from_text, from_json, "{name}");
        pairs += 1;
    }
    assert!(pairs >= 120, "{pairs}");
}
