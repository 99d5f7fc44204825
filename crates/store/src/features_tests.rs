//! The splitter, with texts of all shapes cut at all places.

use std::io::{Cursor, Read};

use proptest::prelude::*;

use super::*;

fn read_limited(text: impl Read + Send + 'static, limit: usize) -> Result<Vec<(Place, String, bool)>, Error> {
    let mut source = Features::new(Input::from_reader(text), limit);
    let mut found = Vec::new();
    while let Some(work) = source.next()? {
        let batch = work()?;
        for record in &batch.records {
            let text = &batch.text[record.start as usize..record.end as usize];
            found.push((record.place, String::from_utf8_lossy(text).into_owned(), record.fault.is_some()));
        }
    }
    Ok(found)
}

fn read(text: &str) -> Result<Vec<String>, Error> {
    let found = read_limited(Cursor::new(text.to_owned()), MAX_RECORD_BYTES)?;
    Ok(found.into_iter().map(|(_, text, _)| text).collect())
}

fn error(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn collections_in_any_key_order_arrays_and_bare_objects() {
    for text in [
        r#"{"type":"FeatureCollection","features":[{"a":"]"}, {"b":[1]}]}"#,
        r#"{"features":[{"a":"]"},{"b":[1]}],"x":{"features":[3]},"type":"FeatureCollection"} "#,
        r#" { "x" : [{"y":"}"}] , "features" : [ {"a":"]"} , {"b":[1]} ] , "type":"FeatureCollection" } "#,
        r#"[{"a":"]"},{"b":[1]}]"#,
    ] {
        assert_eq!(read(text).unwrap(), [r#"{"a":"]"}"#, r#"{"b":[1]}"#], "{text}");
    }
    for empty in ["[]", " [ ] ", r#"{"type":"FeatureCollection","features":[]}"#] {
        assert_eq!(read(empty).unwrap(), Vec::<String>::new(), "{empty:?}");
    }
    for whole in [r#"{"type":"Feature","features":[1]}"#, "{}", "{\"a\":1", r#"{"a":1}{"b":2}"#, "nonsense"] {
        assert_eq!(read(whole).unwrap(), [whole]);
    }
}

#[test]
fn nothing_is_not_json() {
    insta::assert_snapshot!(error(""), @"test has no bytes at all, which is not JSON");
    insta::assert_snapshot!(error("  \n"), @"test has nothing but white space, which is not JSON");
}

#[test]
fn damage_around_features_is_an_error_with_its_place() {
    insta::assert_snapshot!(error(r#"{"features":[{"a":1},"#), @"test: feature 1: the text ends inside `features` (at byte 21)");
    insta::assert_snapshot!(error(r#"{"features":[{"a":1"#), @"test: feature 0: the text ends inside the feature (at byte 13)");
    insta::assert_snapshot!(error(r#"{"features":[{"a":1} {"b":1}]}"#), @"test: feature 1: neither `,` nor `]` stands after a feature (at byte 21)");
    insta::assert_snapshot!(error(r#"{"features":[{"a":1},]}"#), @"test: feature 1: no feature stands after a comma (at byte 21)");
    insta::assert_snapshot!(error(r#"{"features":[,{"a":1}]}"#), @"test: feature 0: a feature is missing (at byte 13)");
    insta::assert_snapshot!(error(r#"{"features":[{"a":1}],"x":tru}"#), @"test: around its 1 features: `t` where a value is expected (at byte 26)");
    insta::assert_snapshot!(error(r#"{"features":[{"a":1}],"features":[]}"#), @r#"test: around its 1 features: the name "features" occurs twice in one object (at byte 22)"#);
    insta::assert_snapshot!(error(r#"{"features":[{"a":1}]}"#), @"test: it has `features`, but its `type` is not FeatureCollection");
    insta::assert_snapshot!(error(r#"{"type":"FeatureCollection","features":[]"#), @"test: around its 0 features: the JSON ends too early (at byte 41)");
    insta::assert_snapshot!(error("[1]\n[2]"), @"test: around its 1 features: something follows the JSON value (at byte 4)");
    insta::assert_snapshot!(error("\u{feff}[1]"), @"test: the text starts with a byte order mark (U+FEFF)");
}

#[test]
fn a_feature_that_is_too_long_is_set_aside_and_the_rest_goes_on() {
    let long = 3 * BLOCK;
    for limit in [100, BLOCK, 2 * BLOCK] {
        let text = Cursor::new("[{},\"")
            .chain(std::io::repeat(b'x').take(long as u64))
            .chain(Cursor::new("\" , {\"b\":1}]"));
        let found = read_limited(text, limit).unwrap();
        assert_eq!(
            found.iter().map(|(_, _, fault)| *fault).collect::<Vec<_>>(),
            [false, true, false],
            "{limit}"
        );
        assert_eq!(found[2].1, "{\"b\":1}");
        assert_eq!(found[2].0, Place::Feature(2));
    }
}

#[test]
fn offsets_lead_back_into_the_file() {
    let features: Vec<String> =
        (0..30_000).map(|i| format!("{{\"id\":\"{i}\",\"pad\":\"{}\"}}", "x".repeat(i % 97))).collect();
    let text = format!("{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", features.join(" ,\n"));
    let mut source = Features::new(Input::from_reader(Cursor::new(text.clone())), MAX_RECORD_BYTES);
    let mut index = 0;
    while let Some(work) = source.next().unwrap() {
        let batch = work().unwrap();
        for record in &batch.records {
            let offset = usize::try_from(batch.file_offset.unwrap()).unwrap();
            assert_eq!(&text[offset + record.start as usize..offset + record.end as usize], features[index]);
            index += 1;
        }
    }
    assert_eq!(index, features.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn features_are_the_features_wherever_blocks_end(lengths in prop::collection::vec(0..500_000_usize, 1..12), gap in 0..3_usize) {
        let features: Vec<String> = lengths.iter().map(|&n| format!("{{\"[\\\"{{\":\"{}\"}}", "\\\\".repeat(n))).collect();
        let text = format!("{{\"features\":[{}],\"type\":\"FeatureCollection\"}}", features.join([",", " ,", ",\n "][gap]));
        prop_assert!(read(&text).unwrap() == features);
    }
}

#[test]
fn what_stands_around_the_features_may_be_too_long() {
    let around = format!(r#"{{"features":[1],"x":"{}","type":"FeatureCollection"}}"#, "x".repeat(3 * BLOCK));
    let error = read_limited(Cursor::new(around.clone()), 100).unwrap_err();
    assert!(error.to_string().contains("around its features has more than the 100 bytes"), "{error}");
    assert!(format!("{error:?}").contains("max-record-size"), "{error:?}");
    assert_eq!(read(&around).unwrap(), ["1"]);
}
