//! What a writer says of its file, beside the file and the Items.

use std::fs;

use serde_json::{Value, json};
use stacyard_model::json::Document;
use stacyard_search::Extent;

use crate::tests::search::write_described;
use crate::{Ends, Options, Written};

fn item(number: usize, geometry: &Value, properties: &Value) -> Document {
    let item = json!({
        "type": "Feature", "stac_version": "1.1.0", "id": format!("i{number}"), "geometry": geometry,
        "properties": properties, "links": [], "assets": {},
    });
    Document::parse(item.to_string()).unwrap()
}

fn written(items: &[Document]) -> (u64, Written) {
    let folder = tempfile::tempdir().unwrap();
    // Several row groups, whose statistics are taken together.
    let options = Options { row_group_rows: 2, ..Options::default() };
    let (path, written) = write_described(items, folder.path(), options);
    (fs::metadata(path).unwrap().len(), written)
}

/// Nulls and ends of a column.
fn column(written: &Written, path: &[&str]) -> (Option<u64>, Option<Ends>) {
    let column = written.statistics.iter().find(|column| column.path == path).unwrap();
    (column.nulls, column.ends.clone())
}

#[test]
fn what_was_written_is_said() {
    let point = |x: f64, y: f64| json!({"type": "Point", "coordinates": [x, y]});
    let items = [
        item(
            0,
            &point(10.5, 50.0),
            &json!({"datetime": "2024-01-02T00:00:00Z", "gsd": 2.5, "n": 7, "on": true}),
        ),
        item(1, &point(-20.0, 40.0), &json!({"datetime": "2024-01-01T00:00:00Z", "gsd": 10.0, "n": -3})),
        item(2, &Value::Null, &json!({"datetime": "2024-03-01T12:00:00.25Z", "n": 0})),
        item(
            3,
            &point(0.0, 45.0),
            &json!({
                "datetime": null, "start_datetime": "2023-05-01T00:00:00Z", "end_datetime": "2024-06-01T00:00:00Z",
                "n": 1, "title": "t",
            }),
        ),
    ];
    let (bytes, written) = written(&items);
    assert_eq!((written.rows, written.bytes), (4, bytes));
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let interval = Some([time("2023-05-01T00:00:00Z"), time("2024-06-01T00:00:00Z")]);
    assert_eq!(written.extent, Some(Extent { bbox: Some([-20.0, 40.0, 10.5, 50.0]), interval }));
    assert_eq!(column(&written, &["n"]), (Some(0), Some(Ends::Integers([-3, 7]))));
    assert_eq!(column(&written, &["gsd"]), (Some(2), Some(Ends::Numbers([2.5, 10.0]))));
    assert_eq!(column(&written, &["bbox", "ymax"]), (Some(1), Some(Ends::Numbers([40.0, 50.0]))));
    assert_eq!(column(&written, &["on"]), (Some(3), Some(Ends::Booleans([true, true]))));
    let texts = |least: &str, most: &str| Some(Ends::Texts([least, most].map(str::to_owned)));
    assert_eq!(column(&written, &["id"]), (Some(0), texts("i0", "i3")));
    assert_eq!(column(&written, &["title"]), (Some(3), texts("t", "t")));
    let instants = ["2024-01-01T00:00:00Z", "2024-03-01T12:00:00.25Z"].map(time);
    assert_eq!(column(&written, &["datetime"]), (Some(1), Some(Ends::Instants(instants))));
    // Of geometries there are no statistics.
    assert_eq!(column(&written, &["geometry"]), (None, None));
}

#[test]
fn a_file_without_items_has_no_extent() {
    let (bytes, written) = written(&[]);
    assert_eq!((written.rows, written.bytes, written.extent), (0, bytes, None));
    assert!(written.statistics.iter().all(|column| column.ends.is_none()));
}
