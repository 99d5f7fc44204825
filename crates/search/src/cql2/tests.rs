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

/// What users of other languages write, and what they should.
#[test]
fn common_slips_have_a_remedy() {
    for (filter, remedy) in [
        ("platform = sentinel-2a", "a string goes in single quotes: 'sentinel-2a'"),
        ("datetime > 2024-01-01T00:00:00Z", "a string goes in single quotes: '2024-01-01T00:00:00Z'"),
        ("platform = landsat 8", "join two predicates with AND or OR; a string goes in single quotes"),
        ("a == 1", "write ="),
        ("a != 1", "write <>"),
        ("a =< 1", "write <="),
        ("a => 1", "write >="),
        ("a = 1 && b = 2", "write AND"),
        ("a = 1 || b = 2", "write OR"),
        ("!(a = 1)", "write NOT"),
        ("a = 1; b = 2", "join two predicates with AND or OR"),
        ("a IN [1, 2]", "lists and arrays go in parentheses, such as IN ('a', 'b')"),
        ("a IN ['x']", "lists and arrays go in parentheses, such as IN ('a', 'b')"),
        ("a IN 'x'", "the list of IN goes in parentheses, such as IN ('a', 'b')"),
        ("a = 'x", "close it with ', and double a quote within it, such as 'it''s'"),
        ("a = 'it's'", "close it with ', and double a quote within it, such as 'it''s'"),
        ("a = \u{2018}x\u{2019}", "put strings in straight single quotes, such as 'sentinel-2a'"),
        ("`a` = 1", "put names in double quotes, strings in single ones"),
        ("a ILIKE 'x%'", "write CASEI(name) LIKE CASEI('pattern%')"),
        ("a LIKE \"x%\"", "a string goes in single quotes, such as LIKE 'S2A%'"),
        ("datetime > 2024-01-01", "write an instant in single quotes, such as '2024-06-01T00:00:00Z'"),
        (r#"{"gsd": {"lt": 20}}"#, r#"conditions such as {"gsd": {"lt": 20}} go to query, not to filter"#),
    ] {
        let found = match crate::parse_filter(filter).unwrap_err() {
            crate::SearchError::Filter(error) => error.remedy,
            other => panic!("{filter}: {other:?}"),
        };
        assert_eq!(found.as_deref(), Some(remedy), "{filter}");
    }
    for filter in ["a = 1 and b = 2 or not c is null", "a in (1) And b between 1 and 2", "a like 'x%'"] {
        assert!(crate::parse_filter(filter).is_ok(), "{filter}");
    }
}

/// `identifierStart` and `identifierPart` of OGC 21-065r2, annex B, as they stand there.
const STARTS: [(u32, u32); 16] = [
    (0x3A, 0x3A),
    (0x5F, 0x5F),
    (0x41, 0x5A),
    (0x61, 0x7A),
    (0xC0, 0xD6),
    (0xD8, 0xF6),
    (0xF8, 0x2FF),
    (0x370, 0x37D),
    (0x37F, 0x1FFE),
    (0x200C, 0x200D),
    (0x2070, 0x218F),
    (0x2C00, 0x2FEF),
    (0x3001, 0xD7FF),
    (0xF900, 0xFDCF),
    (0xFDF0, 0xFFFD),
    (0x10000, 0xEFFFF),
];
const MORE_PARTS: [(u32, u32); 4] = [(0x2E, 0x2E), (0x30, 0x39), (0x300, 0x36F), (0x203F, 0x2040)];

#[test]
fn names_are_those_of_annex_b() {
    let is_in = |ranges: &[(u32, u32)], c: u32| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
    let ends = STARTS.iter().chain(&MORE_PARTS).flat_map(|(low, high)| [low - 1, *low, *high, high + 1]);
    for c in ends.filter_map(char::from_u32) {
        let code = u32::from(c);
        let (start, part) = (is_in(&STARTS, code), is_in(&STARTS, code) || is_in(&MORE_PARTS, code));
        let named = |name: &str| Expr::parse(&format!("{name} = 1")).ok();
        let wanted = |name: &str| {
            let property = Expr::Property(Property::parse(name).unwrap());
            let one = Expr::Literal(Literal::Number(NumberLiteral::new("1").unwrap()));
            Some(Expr::Compare(CompareOp::Equal, property.into(), one.into()))
        };
        for (name, is_plain) in [(format!("{c}a"), start), (format!("a{c}b"), part)] {
            let is_read = named(&name) == wanted(&name);
            assert_eq!(is_read, is_plain, "U+{code:04X} in {name:?}");
            // What is not read as it is goes in quotes, and nothing else does.
            let printed = wanted(&name).unwrap().to_text().unwrap();
            assert_eq!(!printed.starts_with('"'), is_plain, "U+{code:04X}: {printed}");
            assert_eq!(Expr::parse(&printed).ok(), wanted(&name), "U+{code:04X}: {printed}");
        }
    }
    for name in ["n\u{303}ame", "\u{646}\u{200C}\u{645}", "\u{1D400}x", "\u{1F6F0}", "\u{5B57}.\u{5B57}"] {
        assert!(Expr::parse(&format!("{name} IS NULL")).is_ok(), "{name}");
    }
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
    filter: a string that does not end; close it with ', and double a quote within it, such as 'it''s'
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
    insta::assert_snapshot!(fault(r#"{"op":"and","args":[true,{"op":"=","args":[{"prop":"a"},1]}]}"#), @r#"filter: an object that is no part of CQL2: it has none of op, property, date, timestamp, interval, bbox, type (at /args/1/args/0); conditions such as {"gsd": {"lt": 20}} go to query, not to filter"#);
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
