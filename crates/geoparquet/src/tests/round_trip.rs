//! The codec alone: Items to a record batch and back, equal as JSON values.

use std::sync::Arc;

use proptest::prelude::*;
use stacyard_model::json::{Document, Tape};

use crate::format::layout::Layout;
use crate::format::metadata::Conventions;
use crate::format::schema;
use crate::format::scope::Scope;
use crate::read::decode::Items;
use crate::read::names::Names;
use crate::write::item_shape::ItemShape;
use crate::write::rows::Rows;
use crate::write::shape::Declared;

fn names(layout: &Layout) -> Names {
    // Through its text, as it goes through a file.
    let text = serde_json::to_string(&Conventions::of(layout)).unwrap();
    let conventions = serde_json::from_str(&text).unwrap();
    Names { conventions, geometry: "geometry".to_owned(), ..Names::default() }
}

fn round_trip_within(items: &[Document], max_columns: usize) -> (Layout, Vec<Document>) {
    let declared = Declared { max_columns, ..Declared::default() };
    let mut shape = ItemShape::default();
    for half in items.chunks(items.len().div_ceil(2).max(1)) {
        let mut part = ItemShape::default();
        for item in half {
            part.add(item.root(), &declared, &mut Vec::new());
        }
        shape.merge(part, &declared);
    }
    let layout = Arc::new(Layout::of(&shape, &declared));
    let mut rows = Rows::new(&layout, &Arc::new(schema::schema(&layout)));
    for item in items {
        rows.add(item.root());
    }
    let batch = rows.finish().unwrap();
    let mut decoder = Items::new(&batch, &names(&layout), Scope::All).unwrap();
    let back = (0..items.len()).map(|row| {
        let mut out = Vec::new();
        decoder.write(row, &mut out).unwrap();
        Document::parse_bytes(&out).unwrap()
    });
    let back = back.collect();
    (Layout::clone(&layout), back)
}

fn assert_exact(texts: &[String]) -> Layout {
    let items: Vec<Document> = texts.iter().map(|text| Document::parse(text.as_str()).unwrap()).collect();
    let (layout, back) = round_trip_within(&items, 1_000);
    for (item, back) in items.iter().zip(&back) {
        assert!(item == back, "{}\n{}", item.text(), back.text());
    }
    layout
}

fn item(properties: &str) -> String {
    with("", properties)
}

fn with(members: &str, properties: &str) -> String {
    format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"a","geometry":{{"type":"Point","coordinates":[1,2.5]}},"bbox":[1,2.5,1,2.5],"properties":{{"datetime":"2024-06-01T00:00:00Z",{properties}}},"links":[],"assets":{{"a":{{"href":"x"}}}}{members}}}"#
    )
}

#[test]
fn ordinary_items_need_no_residual() {
    let layout = assert_exact(&[
        item(r#""gsd":10,"x":1.5"#),
        item(r#""gsd":20,"x":2,"y":null"#),
        item(r#""x":3,"y":null"#),
    ]);
    assert!(layout.residual, "y is absent once and null twice");
    let layout = assert_exact(&[item(r#""gsd":10,"x":1.5"#), item(r#""gsd":20,"x":2"#), item(r#""x":3.25"#)]);
    assert!(!layout.residual);
}

#[test]
fn nothing_that_is_odd_is_lost() {
    for odd in [
        r#""x":9007199254740993"#,
        r#""x":1e400"#,
        r#""x":-0"#,
        r#""x":-0.0"#,
        r#""x":1.0"#,
        r#""x":"text""#,
        r#""x":[]"#,
        r#""x":{}"#,
        r#""x":[{}]"#,
        r#""x":[null,1,"a",[2]]"#,
        r#""x":{"y":{}}"#,
        r#""x":[[1],[2.5,"a"]]"#,
        r#""x":true"#,
        r#""x":null"#,
        r#""x":18446744073709551615"#,
        r#""":1"#,
        r#""id":5"#,
        r#""geometry":{"a":1}"#,
        r#""properties":1"#,
        r#""type":"T""#,
        r#""created":"2024-06-01T00:00:00.123456789Z""#,
        r#""created":"2024-06-01t00:00:00z""#,
        r#""created":"soon""#,
        r#""created":5"#,
        r#""a/b~c":{"d/e":1}"#,
        r#""\u0041\"":"\ud83d\ude00\u0000""#,
        r#""stacyard:residual":1"#,
        r#""proj:geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#,
        r#""proj:geometry":{"type":"Nothing"}"#,
        r#""proj:geometry":null"#,
        r#""created":"0000-01-01T00:00:00Z""#,
        r#""created":"9999-12-31T23:59:59.999999Z""#,
    ] {
        assert_exact(&[item(odd)]);
        assert_exact(&[
            item(r#""x":1"#),
            item(odd),
            item(r#""x":2,"created":"2024-06-01T00:00:00.000Z""#),
            item(r#""x":2,"created":"2024-06-01T00:00:00.000Z""#),
        ]);
        assert_exact(&[item(r#""x":{"y":1.5}"#), item(odd), item(r#""x":{"y":2.5}"#)]);
    }
}

#[test]
fn members_boxes_and_geometries_of_all_kinds_come_back() {
    let geometry = |geometry: &str, bbox: &str| {
        format!(
            r#"{{"type":"Feature","stac_version":"1.0.0","stac_extensions":[],"id":"a","geometry":{geometry},{bbox}"properties":{{"datetime":null}},"links":[{{"rel":"self","href":"x","n":1}}],"assets":{{}}}}"#
        )
    };
    let items = [
        geometry("null", ""),
        geometry(r#"{"type":"Point","coordinates":[1,2,3]}"#, r#""bbox":[1,2,3,1,2,3],"#),
        geometry(r#"{"type":"Point","coordinates":[1.5,2.5]}"#, r#""bbox":[1.5,2.5,1.5,2.5],"#),
        geometry(r#"{"type":"Point","coordinates":[1.5,2.5]}"#, r#""bbox":[1,2,2,2.4],"#),
        geometry(r#"{"type":"Point","coordinates":[1.5,2.5]}"#, ""),
        geometry(r#"{"type":"Point","coordinates":[1.5,2.5],"crs":{"x":[1]}}"#, r#""bbox":[1.0,2,2,3],"#),
        geometry(
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1.5,2.5]},{"coordinates":[[0,1],[2,3.5]],"type":"LineString"}]}"#,
            r#""bbox":[0,1,2,3.5],"#,
        ),
        geometry(r#"{"type":"Polygon","coordinates":[]}"#, r#""bbox":[1,2,2,3],"#),
        with(r#","foreign":{"a":[]},"collection":"c""#, r#""x":1"#),
        with(r#","collection":null"#, r#""x":1"#),
    ];
    assert_exact(&items);
    for item in items {
        assert_exact(&[item]);
    }
}

#[test]
fn deep_values_live_in_the_residual() {
    for depth in [1, 31, 32, 33, 60, 120] {
        let lists = item(&format!(r#""x":{}1{}"#, "[".repeat(depth), "]".repeat(depth)));
        let objects = item(&format!(r#""x":{}1{}"#, "{\"a\":".repeat(depth), "}".repeat(depth)));
        for text in [lists, objects] {
            let layout = assert_exact(&[text]);
            assert_eq!(layout.residual, depth > 31, "{depth}");
        }
    }
}

#[test]
fn names_behind_escapes_are_the_same_names() {
    let plain = with(r#","collection":"c""#, r#""x":1"#);
    let escaped =
        ["id", "bbox", "geometry", "properties", "collection"].iter().fold(plain.clone(), |text, name| {
            let first = name.chars().next().map(u32::from).unwrap_or_default();
            text.replace(&format!("\"{name}\":"), &format!("\"\\u{first:04x}{}\":", &name[1..]))
        });
    assert!(escaped.contains("\\u0062box"), "{escaped}");
    assert_exact(std::slice::from_ref(&escaped));
    assert_exact(&[escaped, plain]);
}

#[test]
fn a_residual_that_is_missing_or_of_another_type_is_no_empty_one() {
    let items = [item(r#""x":1"#), item(r#""x":"a""#), item(r#""x":2"#)];
    let items = items.map(|text| Document::parse(text).unwrap());
    let mut shape = ItemShape::default();
    for item in &items {
        shape.add(item.root(), &Declared::default(), &mut Vec::new());
    }
    let layout = Arc::new(Layout::of(&shape, &Declared::default()));
    let mut rows = Rows::new(&layout, &Arc::new(schema::schema(&layout)));
    for item in &items {
        rows.add(item.root());
    }
    let batch = rows.finish().unwrap();
    let last = batch.num_columns() - 1;
    assert_eq!(batch.schema().field(last).name(), "stacyard:residual");
    let without = batch.project(&(0..last).collect::<Vec<_>>()).unwrap();
    let error = Items::new(&without, &names(&layout), Scope::All).err().unwrap();
    assert_eq!(error.to_string(), "column stacyard:residual is missing");

    let numbers = arrow_array::Int64Array::from_iter_values(0..3);
    let mut columns = batch.columns().to_vec();
    columns[last] = Arc::new(numbers);
    let mut fields: Vec<_> = batch.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    fields[last] = arrow_schema::Field::new("stacyard:residual", arrow_schema::DataType::Int64, true);
    let schema = Arc::new(arrow_schema::Schema::new(fields));
    let batch = arrow_array::RecordBatch::try_new(schema, columns).unwrap();
    let error = Items::new(&batch, &names(&layout), Scope::All).err().unwrap();
    assert_eq!(
        error.to_string(),
        "column stacyard:residual is of type Int64, which cannot be read as a JSON value"
    );
}

#[test]
fn too_many_fields_live_in_the_residual() {
    let items: Vec<String> =
        (0..50).map(|i| item(&format!(r#""common":{i},"rare{i}":{{"a":{i},"b":[{i}]}}"#))).collect();
    let items: Vec<Document> = items.iter().map(|text| Document::parse(text.as_str()).unwrap()).collect();
    let (layout, back) = round_trip_within(&items, 20);
    // 20 leaves: id, stac_version, links, datetime, common, and two in each of the first seven rare ones, one in the eighth.
    let names: Vec<&str> = layout.properties.iter().map(|field| &*field.name).collect();
    let rare = ["rare0", "rare1", "rare2", "rare3", "rare4", "rare5", "rare6", "rare7"];
    assert_eq!(names, [&["datetime", "common"][..], &rare].concat());
    assert_eq!((layout.left_out.leaves, layout.left_out.of), (86, 106));
    assert!(items.iter().zip(&back).all(|(a, b)| a == b));
}

#[test]
fn every_real_item_comes_back() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let (mut count, mut files) = (0, Vec::new());
    for folder in [format!("{folder}/items"), format!("{folder}/items_legacy")] {
        let Ok(entries) = std::fs::read_dir(folder) else {
            println!("skipped: no ../shared/data");
            return;
        };
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let items: Vec<Document> = text.lines().map(|line| Document::parse(line).unwrap()).collect();
        count += items.len();
        let (_, back) = round_trip_within(&items, 1_000);
        for (item, back) in items.iter().zip(&back) {
            assert!(item == back, "{}: {}\n{}", file.display(), item.text(), back.text());
        }
        all.extend(items);
    }
    let (_, back) = round_trip_within(&all, 1_000);
    assert!(all.iter().zip(&back).all(|(a, b)| a == b), "all in one file");
    assert_eq!(count, 816);
}

/// Values that STAC Items hold, the odd ones often enough.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("1.0".to_owned()),
        Just("{}".to_owned()),
        Just("[]".to_owned()),
        any::<i8>().prop_map(|n| n.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_filter_map("finite", |n| n.is_finite().then(|| format!("{n:?}"))),
        "-?[1-9][0-9]{0,25}(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?",
        "20[0-9]{2}-0[1-9]-[0-3][0-9]T1[0-9]:30:00(\\.[0-9]{1,10})?(Z|z|\\+00:00|-05:30)"
            .prop_map(|s| format!("{s:?}")),
        "[a-c\"\\\\é\n]{0,4}".prop_map(|s| serde_json::to_string(&s).unwrap()),
        Just(r#"{"type":"Point","coordinates":[1,2]}"#.to_owned()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[{}]", v.join(","))),
            members(inner, 4).prop_map(|m| format!("{{{m}}}")),
        ]
    })
}

fn members(value: impl Strategy<Value = String>, most: usize) -> impl Strategy<Value = String> {
    let name = prop_oneof![
        4 => "[a-d]", 1 => Just("created".to_owned()), 1 => Just("datetime".to_owned()), 1 => Just("proj:geometry".to_owned()),
        1 => Just("id".to_owned()), 1 => Just("a/~\\\"".to_owned()), 1 => Just(String::new()),
    ];
    prop::collection::btree_map(name, value, 0..most).prop_map(|members| {
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!("{}:{value}", serde_json::to_string(name).unwrap()))
            .collect();
        members.join(",")
    })
}

fn any_item() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        (-170_i32..170).prop_map(|n| n.to_string()),
        (-170.0..170.0_f64).prop_map(|n| format!("{n:?}"))
    ];
    let position = prop::collection::vec(number.clone(), 2..4).prop_map(|p| format!("[{}]", p.join(",")));
    let geometry = prop_oneof![
        Just("null".to_owned()),
        position.clone().prop_map(|p| format!(r#"{{"type":"Point","coordinates":{p}}}"#)),
        prop::collection::vec(position, 2..5)
            .prop_map(|p| format!(r#"{{"coordinates":[{}],"type":"LineString"}}"#, p.join(","))),
    ];
    let bbox = prop_oneof![Just(4), Just(6), Just(0)]
        .prop_flat_map(move |n| prop::collection::vec(number.clone(), n));
    (geometry, bbox, members(value(), 6), members(members(value(), 4).prop_map(|m| format!("{{{m}}}")), 4), value(), any::<bool>()).prop_map(
        |(geometry, bbox, properties, assets, foreign, extra)| {
            let bbox = if bbox.is_empty() { String::new() } else { format!(r#""bbox":[{}],"#, bbox.join(",")) };
            let foreign = if extra { format!(r#","more":{foreign}"#) } else { String::new() };
            format!(
                r#"{{"id":"i","type":"Feature","stac_version":"1.0.0","geometry":{geometry},{bbox}"properties":{{{properties}}},"assets":{{{assets}}},"links":[{{"rel":"a","href":"b"}}]{foreign}}}"#
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_items_come_back(texts in prop::collection::vec(any_item(), 1..6), max_leaves in prop_oneof![Just(1_000_usize), 1_usize..20]) {
        let items: Vec<Document> = texts.iter().map(|text| Document::parse(text.as_str()).unwrap()).collect();
        let (_, back) = round_trip_within(&items, max_leaves);
        for (item, back) in items.iter().zip(&back) {
            prop_assert!(item == back, "{}\n{}", item.text(), back.text());
            prop_assert!(Tape::new().parse(back.text().as_bytes()).is_ok());
        }
    }
}
