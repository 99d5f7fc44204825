//! The parser against what RFC 8259 says, and against serde_json.

use proptest::prelude::*;

use super::{Document, MAX_DEPTH, SyntaxErrorKind as E, Tape};

fn compact(text: &str) -> String {
    let mut out = Vec::new();
    Document::parse(text).unwrap().root().write_compact(&mut out);
    String::from_utf8(out).unwrap()
}

fn fails(text: &[u8]) -> (E, usize) {
    let error = Tape::new().parse(text).unwrap_err();
    (error.kind, error.offset)
}

#[test]
fn values_are_found_where_they_stand() {
    let document = Document::parse(r#" {"a": [1, {"b": "x\ny"}], "c/d~": null, "é": true} "#).unwrap();
    let root = document.root();
    assert_eq!(root.pointer("/a/0").unwrap().raw(), "1");
    assert_eq!(root.pointer("/a/1/b").unwrap().as_str().unwrap(), "x\ny");
    assert!(root.pointer("/a/1/b").unwrap().as_plain_str().is_none());
    assert!(root.pointer("/c~1d~0").unwrap().is_null());
    assert_eq!(root.get("é").unwrap().as_bool(), Some(true));
    assert_eq!(root.get("a").unwrap().offset(), 7);
    assert!(root.pointer("/a/2").is_none());
}

#[test]
fn writing_compact_keeps_every_token() {
    for (text, wanted) in [
        (r#"{ "a" : [ 1.10 , -0 , 1e400 ] , "b" : { } }"#, r#"{"a":[1.10,-0,1e400],"b":{}}"#),
        ("[[ ],[1],[ {\"x y\": \"p q\"}]]", r#"[[],[1],[{"x y":"p q"}]]"#),
        (r#"[{"a":1}, {"b":2}]"#, r#"[{"a":1},{"b":2}]"#),
        (r#""\u00e9""#, r#""\u00e9""#),
    ] {
        assert_eq!(compact(text), wanted);
    }
}

#[test]
fn each_fault_has_its_kind_and_place() {
    assert_eq!(fails(b""), (E::Empty, 0));
    assert_eq!(fails(b" \n"), (E::Empty, 2));
    assert_eq!(fails(b"\xEF\xBB\xBF{}"), (E::ByteOrderMark, 0));
    assert_eq!(fails(b"[\"\xFF\"]"), (E::InvalidUtf8, 2));
    assert_eq!(fails(b"{\"a\":1"), (E::Truncated, 6));
    assert_eq!(fails(b"{\"a\":tr"), (E::Truncated, 7));
    assert_eq!(fails(b"\"abc"), (E::Truncated, 4));
    assert_eq!(fails(b"[1,]"), (E::Unexpected { found: b']', expected: "a value" }, 3));
    assert_eq!(fails(b"{\"a\":1,}"), (E::Unexpected { found: b'}', expected: "a name in quotes" }, 7));
    assert_eq!(fails(b"[1 2]"), (E::Unexpected { found: b'2', expected: "`,` or `]`" }, 3));
    assert_eq!(fails(b"\0"), (E::Unexpected { found: 0, expected: "a value" }, 0));
    assert_eq!(fails(b"[NaN]"), (E::NotANumber, 1));
    assert_eq!(fails(b"[nan]"), (E::NotANumber, 1));
    assert_eq!(fails(b"[-Infinity]"), (E::NotANumber, 1));
    assert_eq!(fails(b"[01]"), (E::InvalidNumber, 2));
    assert_eq!(fails(b"\"a\0b\""), (E::ControlCharacter(0), 2));
    assert_eq!(fails(b"\"0123456789\n\""), (E::ControlCharacter(b'\n'), 11));
    assert_eq!(fails(br#""\x""#), (E::InvalidEscape, 1));
    assert_eq!(fails(br#""\ud800""#), (E::LoneSurrogate, 1));
    assert_eq!(fails(br#""\udc00\ud800""#), (E::LoneSurrogate, 1));
    assert_eq!(fails(b"{} {}"), (E::TrailingData, 3));
}

#[test]
fn duplicate_names_are_found_in_small_and_large_objects_and_behind_escapes() {
    assert_eq!(fails(br#"{"a":1,"b":{"a":2},"a":3}"#), (E::DuplicateKey("a".into()), 19));
    assert_eq!(fails(br#"{"ab":1,"a\u0062":3}"#), (E::DuplicateKey("ab".into()), 8));
    let many: Vec<String> = (0..100).map(|i| format!("\"k{i}\":{{\"k{i}\":0}}")).collect();
    assert!(Tape::new().parse(format!("{{{}}}", many.join(",")).as_bytes()).is_ok());
    let twice = format!("{{{},\"k50\":1}}", many.join(","));
    assert_eq!(fails(twice.as_bytes()).0, E::DuplicateKey("k50".into()));
}

#[test]
fn the_depth_is_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Tape::new().parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(fails(nested(MAX_DEPTH + 1).as_bytes()), (E::TooDeep, MAX_DEPTH));
    assert_eq!(fails("[{\"a\":".repeat(1_000_000).as_bytes()).0, E::TooDeep);
}

#[test]
fn the_same_value_is_equal_and_a_near_one_is_not() {
    let equal = |a: &str, b: &str| Document::parse(a).unwrap() == Document::parse(b).unwrap();
    assert!(equal(r#"{"a":1,"b":[1.10,"\u0041"]}"#, r#"{ "b" : [1.1, "A"], "a": 1 }"#));
    for (a, b) in [
        ("1", "1.0"),
        ("null", "{}"),
        (r#"{"a":null}"#, "{}"),
        ("[1,2]", "[2,1]"),
        ("[1]", "[1,1]"),
        ("true", "false"),
    ] {
        assert!(!equal(a, b), "{a} {b}");
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_filter_map("finite", |f| serde_json::Number::from_f64(f).map(Into::into)),
        "\\PC*|[\\x00-\\x1f\"\\\\]*".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::btree_map("[a-z\"\\\\é]{0,3}", inner, 0..20)
                .prop_map(|m| m.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_prints_is_read_the_same(value in any_json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let back: serde_json::Value = serde_json::from_str(&compact(&text)).unwrap();
        prop_assert_eq!(back, value);
    }

    #[test]
    fn bytes_are_taken_exactly_when_serde_json_takes_them(bytes in "[\\[\\]{}:,\"a0-9eE.+\\- tnulrfs\\\\]{0,12}") {
        let ours = Tape::new().parse(bytes.as_bytes()).is_ok();
        // serde_json lets the last of two equal names win; ours refuses.
        let theirs = serde_json::from_str::<serde_json::Value>(&bytes).is_ok();
        prop_assert!(ours == theirs || (theirs && bytes.contains('{')), "{} {}", ours, theirs);
    }

    #[test]
    fn strings_are_written_as_they_are_read(text in "\\PC*|[\\x00-\\x7f]*") {
        let mut out = Vec::new();
        super::push_string(&mut out, &text);
        let document = Document::parse_bytes(&out).unwrap();
        prop_assert_eq!(document.root().as_str().unwrap(), text);
    }
}
