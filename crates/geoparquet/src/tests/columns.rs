//! Which columns there are, and that they, and not an older residual, say what an Item is.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow_array::{
    Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use stacyard_model::json::Document;

use crate::format::layout::{Column, Field, Layout};
use crate::format::metadata::Conventions;
use crate::format::schema;
use crate::format::scope::Scope;
use crate::read::decode::Items;
use crate::read::names::Names;
use crate::write::item_shape::ItemShape;
use crate::write::rows::Rows;
use crate::write::shape::Declared;

/// Items with some properties and assets.
fn item(collection: &str, id: usize, properties: &str, assets: &str) -> Document {
    let text = format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"{id}","collection":"{collection}","geometry":{{"type":"Point","coordinates":[1.5,2.5]}},"bbox":[1.5,2.5,1.5,2.5],"properties":{{{properties}}},"links":[],"assets":{{{assets}}}}}"#
    );
    Document::parse(text).unwrap()
}

fn layout_of(items: &[Document], max_columns: usize) -> Layout {
    let declared = Declared { max_columns, ..Declared::default() };
    let mut shape = ItemShape::default();
    for batch in items.chunks(100) {
        let mut part = ItemShape::default();
        for item in batch {
            part.add(item.root(), &declared, &mut Vec::new());
        }
        shape.merge(part, &declared);
    }
    Layout::of(&shape, &declared)
}

fn write(layout: &Layout, items: &[Document]) -> (RecordBatch, Names) {
    let layout = Arc::new(layout.clone());
    let mut rows = Rows::new(&layout, &Arc::new(schema::schema(&layout)));
    for item in items {
        rows.add(item.root());
    }
    let conventions = serde_json::to_string(&Conventions::of(&layout)).unwrap();
    let conventions = serde_json::from_str(&conventions).unwrap();
    (rows.finish().unwrap(), Names { conventions, geometry: "geometry".to_owned(), ..Names::default() })
}

fn read(batch: &RecordBatch, names: &Names) -> Vec<Document> {
    let mut items = Items::new(batch, names, Scope::All).unwrap();
    let rows = (0..batch.num_rows()).map(|row| {
        let mut out = Vec::new();
        items.write(row, &mut out).unwrap();
        Document::parse_bytes(&out).unwrap()
    });
    rows.collect()
}

fn assert_exact(layout: &Layout, items: &[Document]) {
    let (batch, names) = write(layout, items);
    for (item, back) in items.iter().zip(read(&batch, &names)) {
        assert!(*item == back, "{}\n{}", item.text(), back.text());
    }
    assert_eq!(names.edits.load(Ordering::Relaxed), 0);
}

fn fields<'a>(fields: &'a [Field], path: &[&str]) -> Vec<&'a str> {
    let Some((name, rest)) = path.split_first() else {
        return fields.iter().map(|field| &*field.name).collect();
    };
    let Some(field) = fields.iter().find(|field| &*field.name == *name) else { return Vec::new() };
    let Column::Struct(inner) = &field.column else { panic!("{name} is no struct") };
    self::fields(inner, rest)
}

#[test]
fn an_asset_has_all_of_its_href_or_no_column() {
    // Ten collections, each with assets of its own, full of details.
    let items: Vec<Document> = (0..100)
        .map(|id| {
            let collection = id % 10;
            let asset = |name: &str| {
                let details: Vec<String> = (0..5).map(|n| format!(r#""d{n}":{n}"#)).collect();
                format!(
                    r#""{name}{collection}":{{"href":"{id}","type":"t","title":"t","roles":["r"],"{name}{collection}:x":1,{}}}"#,
                    details.join(",")
                )
            };
            let own = format!(r#""datetime":"2024-06-01T00:00:00Z","own{collection}:a":1,"own{collection}:b":{{"x":"y"}}"#);
            item(&collection.to_string(), id, &own, &["one", "two"].map(asset).join(","))
        })
        .collect();
    // 5 members, 20 properties of the collections, 20 hrefs, and 9 details of each asset.
    let all = 5 + 20 + 20 * 10_usize;
    for (max, hrefs, types) in [(1_000, 20, 20), (65, 20, 7), (45, 20, 0), (35, 10, 0), (15, 0, 0)] {
        let layout = layout_of(&items, max);
        assert_exact(&layout, &items);
        let properties = fields(&layout.properties, &[]);
        assert_eq!(properties.len(), 21.min(max - 4), "{max}: {properties:?}");
        let assets = fields(&layout.members, &["assets"]);
        let with = |leaf: &str| {
            let has = |asset: &&&str| {
                **asset != "data" && fields(&layout.members, &["assets", asset]).contains(&leaf)
            };
            assets.iter().filter(has).count()
        };
        assert_eq!([with("href"), with("type")], [hrefs, types], "{max}: {assets:?}");
        // Where there is none, there is a column that says so.
        assert_eq!(assets.len(), hrefs.max(1), "{max}: {assets:?}");
        assert_eq!((layout.left_out.of, layout.left_out.leaves), (all, all.saturating_sub(max)), "{max}");
    }
}

#[test]
fn a_dictionary_among_the_properties_does_not_take_the_place_of_assets() {
    let items: Vec<Document> = (0..200)
        .map(|id| {
            let properties = format!(r#""datetime":"2024-06-01T00:00:00Z","dictionary":{{"key{id}":1}}"#);
            item("c", id, &properties, r#""data":{"href":"x"}"#)
        })
        .collect();
    let layout = layout_of(&items, 100);
    assert_exact(&layout, &items);
    assert_eq!(fields(&layout.members, &["assets", "data"]), ["href"]);
}

#[test]
fn items_without_assets_say_so_in_a_column() {
    let items: Vec<Document> =
        (0..3).map(|id| item("c", id, r#""datetime":"2024-06-01T00:00:00Z""#, "")).collect();
    let layout = layout_of(&items, 1_000);
    assert!(!layout.residual);
    assert_exact(&layout, &items);
    let (batch, _) = write(&layout, &items);
    let assets = batch.column_by_name("assets").unwrap();
    assert_eq!((assets.null_count(), fields(&layout.members, &["assets", "data"]).len()), (0, 4));
}

#[test]
fn times_are_spelled_as_their_collection_spells_them() {
    let spelled = [
        "2024-06-01T10:00:00Z",
        "2024-06-01T10:00:00.000Z",
        "2024-06-01T12:00:00+02:00",
        "2024-06-01T10:00:00.5Z",
    ];
    let items: Vec<Document> = (0..400)
        .map(|id| {
            let (collection, time) = (id % 4, spelled[id % 4]);
            item(&format!("c/{collection}"), id, &format!(r#""datetime":"{time}","created":"{time}""#), "")
        })
        .collect();
    let layout = layout_of(&items, 1_000);
    assert!(!layout.residual && layout.spells_by_collection());
    assert_exact(&layout, &items);
    assert_eq!(Conventions::of(&layout).version, 2);
    // One more that does not do as its collection does, one without a collection, and one of a collection like no other.
    let mut more = items;
    for text in [
        r#""collection":"c/1""#,
        r#""x":1"#,
        r#""collection":"c/9""#,
        r#""collection":null"#,
        r#""collection":"c\/0""#,
    ] {
        for time in spelled {
            let other = item("C", 1, &format!(r#""datetime":"{time}""#), "");
            more.push(Document::parse(other.text().replace(r#""collection":"C""#, text)).unwrap());
        }
    }
    let layout = layout_of(&more, 1_000);
    assert!(layout.residual);
    assert_exact(&layout, &more);
    // All of them alike: as in files before.
    let alike: Vec<Document> =
        (0..4).map(|id| item("c", id, r#""datetime":"2024-06-01T10:00:00Z""#, "")).collect();
    assert_eq!(Conventions::of(&layout_of(&alike, 1_000)).version, 1);
}

#[test]
fn without_a_column_of_collections_no_time_is_spelled_by_it() {
    let mut items: Vec<Document> = Vec::new();
    for id in 0..9 {
        let time = ["2024-06-01T10:00:00Z", "2024-06-01T10:00:00.000Z"][id % 2];
        let text = item("c", id, &format!(r#""datetime":"{time}""#), "").text().to_owned();
        let collection = if id < 6 { "5".to_owned() } else { format!(r#""{}""#, id % 2) };
        items.push(
            Document::parse(text.replace(r#""collection":"c""#, &format!(r#""collection":{collection}"#)))
                .unwrap(),
        );
    }
    assert_exact(&layout_of(&items, 1_000), &items);
}

/// More names than are counted, in one batch and in all, among the properties, in assets, and in objects.
#[test]
fn ever_new_names_are_not_counted_for_ever() {
    let names = |id: usize| {
        let properties: Vec<String> = (0..200).map(|n| format!(r#""k{}":{n}"#, id * 200 + n)).collect();
        let inner: Vec<String> = (0..30).map(|n| format!(r#""i{}":{{"x":{n}}}"#, id * 30 + n)).collect();
        let assets: Vec<String> =
            (0..10).map(|n| format!(r#""a{}":{{"href":"{n}","x":{{"y{id}":1}}}}"#, id * 10 + n)).collect();
        let counted_first = match id {
            0 => r#""mid":1,"#,
            150 => r#""mid":"text","#,
            _ => "",
        };
        let rare =
            if id % 100 == 99 { r#""created":"2024-06-01T00:00:00Z","late:common":"text","# } else { "" };
        let properties = format!(
            r#""datetime":"2024-06-01T00:00:00Z","common":{id},{counted_first}{rare}{},"list":[{{{}}}]"#,
            properties.join(","),
            inner.join(",")
        );
        item("c", id, &properties, &assets.join(","))
    };
    let items: Vec<Document> = (0..400).map(names).collect();
    let layout = layout_of(&items, 50);
    assert_exact(&layout, &items);
    let properties = fields(&layout.properties, &[]);
    // What searches rely on, and what many Items have, is there.
    assert!(["datetime", "created", "common"].iter().all(|name| properties.contains(name)), "{properties:?}");
    assert!(layout.left_out.more && layout.left_out.of < 40_000, "{:?}", layout.left_out);
    // Of this one a text went uncounted: nobody may prune by it.
    let partial = |name: &str| layout.properties.iter().find(|f| &*f.name == name).map(|f| f.partial);
    assert_eq!(partial("mid"), Some(true));
    assert_eq!(["datetime", "created", "common"].map(partial), [Some(false); 3]);
}

fn replaced(batch: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let at = batch.schema().index_of(name).unwrap();
    let mut columns = batch.columns().to_vec();
    columns[at] = column;
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

/// What another program does to columns, and knows nothing of the residual.
#[test]
fn a_column_that_has_changed_wins_over_an_older_residual() {
    let properties = [
        r#""datetime":"2024-06-01T10:00:00.123456789Z","eo:cloud_cover":10,"name":"a","n":null"#,
        r#""datetime":"2024-06-01T10:00:00Z","eo:cloud_cover":10.000000000000000000001,"name":5"#,
        r#""datetime":"2024-06-01T10:00:00Z","eo:cloud_cover":"much","name":"c""#,
        r#""datetime":"2024-06-01T10:00:00Z","eo:cloud_cover":20.5,"name":"d","n":1"#,
        r#""datetime":"2024-06-01T10:00:00Z","eo:cloud_cover":20.5,"name":"e","n":2"#,
    ];
    let items: Vec<Document> = properties
        .iter()
        .enumerate()
        .map(|(id, properties)| item("c", id, properties, r#""a":{"href":"x"}"#))
        .collect();
    let layout = layout_of(&items, 1_000);
    assert_exact(&layout, &items);
    let (batch, names) = write(&layout, &items);
    let edited = |name: &str, column: ArrayRef| {
        let before = names.edits.load(Ordering::Relaxed);
        let items = read(&replaced(&batch, name, column), &names);
        (items, names.edits.load(Ordering::Relaxed) - before)
    };
    let shown = |items: &[Document], name: &str| {
        let texts = items.iter().map(|item| {
            let properties = item.root().get("properties").unwrap();
            properties.get(name).map_or("absent", |value| value.raw()).to_owned()
        });
        texts.collect::<Vec<_>>()
    };
    // The residual has 10.000000000000000000001 and "much".
    let covers = |covers: [Option<f64>; 5]| Arc::new(Float64Array::from(covers.to_vec())) as ArrayRef;
    let (changed, count) =
        edited("eo:cloud_cover", covers([Some(10.0), Some(10.0), None, Some(20.5), Some(20.5)]));
    assert!(changed.iter().zip(&items).all(|(a, b)| a == b));
    assert_eq!(count, 0);
    let (changed, count) =
        edited("eo:cloud_cover", covers([Some(55.0), Some(11.0), Some(12.0), Some(1.0), None]));
    assert_eq!(shown(&changed, "eo:cloud_cover"), ["55", "11", "12", "1", "absent"]);
    assert_eq!(count, 2, "those that had a residual");
    let (changed, _) = edited("eo:cloud_cover", covers([None, None, None, Some(20.5), Some(20.5)]));
    assert_eq!(shown(&changed, "eo:cloud_cover")[..2], ["absent", "absent"]);

    let micros = 1_717_236_000_123_456;
    let times = |first: Option<i64>| {
        let whole = Some(1_717_236_000_000_000);
        let times = TimestampMicrosecondArray::from(vec![first, whole, whole, whole, whole]);
        Arc::new(times.with_timezone("UTC")) as ArrayRef
    };
    let (changed, count) = edited("datetime", times(Some(micros)));
    assert_eq!((shown(&changed, "datetime")[0].as_str(), count), (r#""2024-06-01T10:00:00.123456789Z""#, 0));
    let (changed, count) = edited("datetime", times(Some(micros + 1_000_000)));
    assert_eq!((shown(&changed, "datetime")[0].as_str(), count), (r#""2024-06-01T10:00:01.123456Z""#, 1));
    let (changed, count) = edited("datetime", times(None));
    assert_eq!((shown(&changed, "datetime")[0].as_str(), count), ("null", 1));

    let texts = StringArray::from(vec![Some("a"), Some("b"), Some("c"), None, Some("e")]);
    let (changed, count) = edited("name", Arc::new(texts));
    assert_eq!(shown(&changed, "name"), [r#""a""#, r#""b""#, r#""c""#, "absent", r#""e""#]);
    assert_eq!(count, 1);
    let (changed, count) =
        edited("n", Arc::new(Int64Array::from(vec![Some(7), None, None, Some(1), Some(2)])));
    assert_eq!((shown(&changed, "n")[0].as_str(), count), ("7", 1));
}

#[test]
fn lists_boxes_and_geometries_that_have_changed_win_too() {
    let texts = [
        r#"{"type":"Feature","stac_version":"1.1.0","id":"a","geometry":{"type":"Point","coordinates":[1.5,2.5]},"bbox":[170.5,2,-170.5,3],"properties":{"datetime":null,"list":[1.5,"a",2.5]},"links":[],"assets":{}}"#,
        r#"{"type":"Feature","stac_version":"1.1.0","id":"b","geometry":{"type":"Point","coordinates":[1,2.5]},"bbox":[1.5,2.5,1.5,2.5],"properties":{"datetime":null,"list":[3.5,4.5]},"links":[],"assets":{}}"#,
        r#"{"type":"Feature","stac_version":"1.1.0","id":"c","geometry":{"type":"Point","coordinates":[1.0,2.5]},"properties":{"datetime":null,"list":[3.5,4.5]},"links":[],"assets":{}}"#,
    ];
    let items = texts.map(|text| Document::parse(text).unwrap());
    let layout = layout_of(&items, 1_000);
    assert_exact(&layout, &items);
    let (batch, names) = write(&layout, &items);
    // The column as it is of these rows.
    let moved = |name: &str, rows: [usize; 3]| {
        let others = rows.map(|row| Document::parse(items[row].text()).unwrap());
        let column = write(&layout, &others).0.column_by_name(name).unwrap().clone();
        read(&replaced(&batch, name, column), &names)
    };
    let changed = moved("list", [1, 1, 2]);
    assert_eq!(changed[0].root().pointer("/properties/list").unwrap().raw(), "[3.5,4.5]");
    let changed = moved("bbox", [1, 2, 2]);
    assert_eq!(
        changed[0].root().get("bbox").unwrap().raw(),
        "[1.5,2.5,1.5,2.5]".replace("1.5,2.5", "1.0,2.5")
    );
    assert!(changed[2] == items[2], "it has no box, and its column is the same");
    let changed = moved("geometry", [0, 0, 0]);
    assert_eq!(changed[1].root().pointer("/geometry/coordinates").unwrap().raw(), "[1.5,2.5]");
}

/// Layout 1 left the column of assets out where there are none, and did not say what a box is in the place of.
#[test]
fn files_of_the_first_layout_come_back() {
    let box_of = |id: usize, bbox: &str| {
        let text = item("c", id, r#""datetime":"2024-06-01T10:00:00Z""#, "");
        Document::parse(text.text().replace(r#""bbox":[1.5,2.5,1.5,2.5]"#, &format!(r#""bbox":{bbox}"#)))
            .unwrap()
    };
    let items =
        [box_of(0, "[170.5,2,-170.5,3]"), box_of(1, "[1.5,2.5,1.5,2.5]"), box_of(2, "[1,2.5,1.0,2.5]")];
    let layout = layout_of(&items, 1_000);
    let (batch, names) = write(&layout, &items);
    let assets = r#"{"op":"add","path":"/assets","value":{}}]"#;
    let before = StringArray::from(vec![
        format!(r#"[{{"op":"add","path":"/bbox","value":[170.5,2,-170.5,3]}},{assets}"#),
        format!("[{assets}"),
        format!(r#"[{{"op":"add","path":"/bbox","value":[1,2.5,1.0,2.5]}},{assets}"#),
    ]);
    let batch = replaced(&batch, "stacyard:residual", Arc::new(before));
    let assets = batch.schema().index_of("assets").unwrap();
    let others: Vec<usize> = (0..batch.num_columns()).filter(|&column| column != assets).collect();
    let back = read(&batch.project(&others).unwrap(), &names);
    for (item, back) in items.iter().zip(back) {
        assert!(*item == back, "{}\n{}", item.text(), back.text());
    }
}
