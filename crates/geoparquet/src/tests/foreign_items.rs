//! What columns of other writers are in an Item, and that a search sees the same: nulls that no file counts, keys of maps,
//! boxes, what is missing, and our own files after another program has written them again.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, MapBuilder, StringBuilder};
use arrow_array::types::{ArrowPrimitiveType, Float16Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, Decimal128Array, Float32Array, Float64Array, Int64Array, ListArray,
    NullArray, RecordBatchReader, StringArray, StructArray, TimestampMillisecondArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};
use stacyard_model::json::Document;
use stacyard_store::Backend;
use stacyard_store::conformance::{self, Question};
use tempfile::NamedTempFile;

use crate::tests::foreign::{file, read, required};
use crate::tests::foreign_columns::wkb_point;
use crate::tests::search::write;
use crate::{GeoParquet, Options};

/// The columns of so many Items that pass the gate, and one more.
fn with(rows: usize, name: &'static str, column: ArrayRef) -> Vec<(&'static str, ArrayRef)> {
    let mut columns = required(rows);
    columns.push(("stac_version", Arc::new(StringArray::from(vec!["1.1.0"; rows]))));
    columns.push(("datetime", Arc::new(TimestampMillisecondArray::from(vec![0; rows]).with_timezone("UTC"))));
    columns.push((name, column));
    columns
}

/// What the Items of a file have in a property.
fn shown(file: &NamedTempFile, name: &str) -> Vec<Value> {
    read(file).unwrap().iter().map(|item| item["properties"][name].clone()).collect()
}

/// The ids of the Items that a search finds.
fn found(path: &Path, flags: &[(&'static str, &str)]) -> String {
    let store = GeoParquet::open(path, 1 << 20).unwrap();
    let (ids, count) = conformance::ask(&store, &Question::of(flags)).unwrap();
    assert_eq!(ids.len() as u64, count, "{flags:?}");
    ids.join(" ")
}

fn filtered(file: &NamedTempFile, filter: &str) -> String {
    found(file.path(), &[("filter", filter), ("sortby", "id")])
}

#[test]
fn numbers_that_are_not_finite_are_null() {
    let values = [1.0, f32::NAN, f32::INFINITY, 5.0];
    let halves = values.map(<<Float16Type as ArrowPrimitiveType>::Native>::from_f32);
    let columns: [ArrayRef; 3] = [
        Arc::new(Float64Array::from(values.map(f64::from).to_vec())),
        Arc::new(Float32Array::from(values.to_vec())),
        Arc::new(arrow_array::Float16Array::from(halves.to_vec())),
    ];
    for column in columns {
        let file = file(with(4, "x", column), &[]);
        assert_eq!(shown(&file, "x"), [json!(1.0), json!(null), json!(null), json!(5.0)]);
        for (filter, wanted) in [
            ("x IS NULL", "i1 i2"),
            ("x IS NOT NULL", "i0 i3"),
            ("x > 1", "i3"),
            ("NOT x > 1", "i0"),
            ("x < 1e300", "i0 i3"),
        ] {
            assert_eq!(filtered(&file, filter), wanted, "{filter}");
        }
        assert_eq!(found(file.path(), &[("sortby", "x,id")]), "i0 i3 i1 i2");
        assert_eq!(found(file.path(), &[("sortby", "-x,id")]), "i1 i2 i3 i0");
    }
}

#[test]
fn keys_of_maps_and_members_of_geometries_are_names() {
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for (key, value) in [("a", 3), ("a", 1), ("b.c", 2)] {
        map.keys().append_value(key);
        map.values().append_value(value);
        map.append(true).unwrap();
    }
    map.append(false).unwrap();
    let file = file(with(4, "m", Arc::new(map.finish())), &[]);
    assert_eq!(filtered(&file, "m.a > 0"), "i0 i1");
    assert_eq!(filtered(&file, "\"m.b.c\" = 2"), "i2");
    assert_eq!(filtered(&file, "m.a IS NULL"), "i2 i3");
    assert_eq!(found(file.path(), &[("sortby", "m.a,id")]), "i1 i0 i2 i3");
    let store = GeoParquet::open(file.path(), 1 << 20).unwrap();
    let unknown = conformance::ask(&store, &Question::of(&[("filter", "m.d = 1")])).unwrap_err();
    assert!(unknown.contains("no Item has a property \"m.d\""), "{unknown}");

    let points = BinaryArray::from_iter_values([wkb_point(1.0, 2.0)]);
    let file = crate::tests::foreign::file(with(1, "proj:geometry", Arc::new(points)), &[]);
    assert_eq!(filtered(&file, "\"proj:geometry.type\" = 'Point'"), "i0");
}

/// What old writers make of a column with NaN: bounds that are NaN. Such a bound says nothing.
#[test]
fn bounds_that_are_nan_say_nothing() {
    for bounds in [[f64::NAN, f64::NAN], [f64::NAN, 5.0], [1.0, f64::NAN]] {
        let file = file_with_bounds(&[f64::NAN, 1.0, 5.0], bounds);
        for (filter, wanted) in [("x IS NULL", "i0"), ("x >= 1", "i1 i2"), ("x < 2", "i1"), ("x > 4", "i2")] {
            assert_eq!(filtered(&file, filter), wanted, "{filter} {bounds:?}");
        }
    }
}

/// Items with a column of doubles whose statistics are these.
fn file_with_bounds(values: &[f64], [least, most]: [f64; 2]) -> NamedTempFile {
    let schema = "message schema {
        required binary id (string); required binary stac_version (string); required binary geometry;
        required int64 datetime (timestamp(millis, true)); required double x; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = NamedTempFile::new().unwrap();
    let mut writer = SerializedFileWriter::new(file.reopen().unwrap(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = |text: &dyn Fn(usize) -> Vec<u8>| -> Vec<ByteArray> {
        (0..values.len()).map(|row| text(row).into()).collect()
    };
    for column in [
        texts(&|row| format!("i{row}").into_bytes()),
        texts(&|_| b"1.1.0".to_vec()),
        texts(&|_| wkb_point(1.0, 2.0)),
    ] {
        let mut writer = group.next_column().unwrap().unwrap();
        writer.typed::<ByteArrayType>().write_batch(&column, None, None).unwrap();
        writer.close().unwrap();
    }
    let mut times = group.next_column().unwrap().unwrap();
    times.typed::<Int64Type>().write_batch(&vec![0; values.len()], None, None).unwrap();
    times.close().unwrap();
    let mut numbers = group.next_column().unwrap().unwrap();
    let typed = numbers.typed::<DoubleType>();
    typed.write_batch_with_statistics(values, None, None, Some(&least), Some(&most), None).unwrap();
    numbers.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    file
}

fn one_box(column: impl Fn(f64) -> ArrayRef, numbers: [f64; 4]) -> ArrayRef {
    let fields = ["xmin", "ymin", "xmax", "ymax"].into_iter().zip(numbers).map(|(name, number)| {
        let column = column(number);
        (Arc::new(Field::new(name, column.data_type().clone(), true)), column)
    });
    Arc::new(StructArray::from(fields.collect::<Vec<_>>()))
}

/// As stac-geoparquet writes boxes of whole numbers.
#[test]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
fn boxes_are_numbers_of_any_type() {
    let decimal = |number: f64| {
        let cents = Decimal128Array::from(vec![(number * 100.0).round() as i128]);
        Arc::new(cents.with_precision_and_scale(9, 2).unwrap()) as ArrayRef
    };
    for (column, wanted) in [
        (one_box(|n| Arc::new(Int64Array::from(vec![n as i64])), [1.0, 2.0, 1.0, 2.0]), "[1,2,1,2]"),
        (one_box(decimal, [0.5, 1.5, 1.25, 2.0]), "[0.50,1.50,1.25,2.00]"),
        (
            one_box(|n| Arc::new(Float32Array::from(vec![n as f32])), [0.5, 1.5, 1.25, 2.0]),
            "[0.5,1.5,1.25,2.0]",
        ),
        (one_box(|_| Arc::new(Float64Array::from(vec![f64::NAN])), [0.0; 4]), "null"),
    ] {
        let file = file(with(1, "bbox", column), &[("geo", covering())]);
        assert_eq!(read(&file).unwrap()[0]["bbox"].to_string(), wanted);
        assert_eq!(found(file.path(), &[("bbox", "1,2,1,2")]), "i0", "{wanted}");
    }
}

fn covering() -> Value {
    let side = |name: &str| json!(["bbox", name]);
    json!({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "geometry_types": [],
        "covering": {"bbox": {"xmin": side("xmin"), "ymin": side("ymin"), "xmax": side("xmax"), "ymax": side("ymax")}}}}})
}

/// A covering is what a writer says; the geometry is what the Item says, and decides.
#[test]
fn boxes_of_others_do_not_hide_geometries() {
    for numbers in [[1.0, 2.0, 1.0, 2.0], [-50.0, -50.0, -40.0, -40.0], [170.0, 2.0, -170.0, 2.0]] {
        let mut columns = with(1, "bbox", one_box(|n| Arc::new(Float64Array::from(vec![n])), numbers));
        columns[1].1 = Arc::new(BinaryArray::from_iter_values([wkb_point(1.000_4, 2.0)]));
        let file = file(columns, &[("geo", covering())]);
        assert_eq!(found(file.path(), &[("bbox", "1.0003,1,1.0005,3")]), "i0");
        assert_eq!(found(file.path(), &[("bbox", "1.0005,1,1.0006,3")]), "");
        assert_eq!(filtered(&file, "S_INTERSECTS(geometry, BBOX(1.0003,1,1.0005,3))"), "i0");
    }
}

#[test]
fn links_and_assets_that_parquet_cannot_say_are_empty() {
    let href = |nulls: Vec<bool>| {
        let hrefs: ArrayRef = Arc::new(StringArray::from(vec!["x"; nulls.len()]));
        let fields = vec![Field::new("href", DataType::Utf8, true)].into();
        StructArray::new(fields, vec![hrefs], Some(nulls.into()))
    };
    let asset: ArrayRef = Arc::new(href(vec![true, false]));
    let assets = StructArray::new(
        vec![Field::new("data", asset.data_type().clone(), true)].into(),
        vec![asset],
        Some(vec![true, false].into()),
    );
    let link = href(vec![true]);
    let field = Arc::new(Field::new("item", link.data_type().clone(), true));
    let links = ListArray::new(
        field,
        OffsetBuffer::from_lengths([1, 0]),
        Arc::new(link),
        Some(vec![true, false].into()),
    );
    let mut columns = with(2, "assets", Arc::new(assets));
    columns.push(("links", Arc::new(links)));
    let items = read(&file(columns, &[])).unwrap();
    assert_eq!(items[0]["assets"], json!({"data": {"href": "x"}}));
    assert_eq!(items[0]["links"], json!([{"href": "x"}]));
    assert_eq!((&items[1]["assets"], &items[1]["links"]), (&json!({}), &json!([])));
    for column in ["assets", "links"] {
        let file = file(with(2, column, Arc::new(NullArray::new(2))), &[]);
        let items = read(&file).unwrap();
        assert_eq!((&items[1]["assets"], &items[1]["links"]), (&json!({}), &json!([])));
        assert_eq!(filtered(&file, "id = 'i1'"), "i1");
    }
}

/// Our file as another program writes it again: without some of its columns and of its metadata.
fn rewritten(items: &[Document], without: &[&str], keys: &[&str]) -> NamedTempFile {
    let folder = tempfile::tempdir().unwrap();
    let ours = write(items, folder.path(), Options { threads: 1, ..Options::default() });
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(ours).unwrap()).unwrap();
    let columns = reader.schema().fields().iter().map(|field| field.name().as_str());
    let columns: Vec<&str> = columns.filter(|name| !without.contains(name)).collect();
    let mask = ProjectionMask::columns(reader.parquet_schema(), columns);
    let metadata = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let reader = reader.with_projection(mask).build().unwrap();
    let theirs = NamedTempFile::new().unwrap();
    let mut writer = ArrowWriter::try_new(theirs.reopen().unwrap(), reader.schema(), None).unwrap();
    for pair in metadata.into_iter().filter(|pair| keys.contains(&pair.key.as_str())) {
        writer.append_key_value_metadata(pair);
    }
    for batch in reader {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.close().unwrap();
    theirs
}

fn items_with_a_residual() -> [Document; 2] {
    [
        r#"{"type":"Feature","stac_version":"1.1.0","id":"a","geometry":{"type":"Point","coordinates":[1.5,2.5]},
            "bbox":[1.5,2.5,1.5,2.5],"properties":{"datetime":"2024-01-01T00:00:00Z","x":5,"y":1,"deep":{"n":1,"only":"here"}},
            "links":[{"href":"https://example.com","rel":"self","more":1}],"assets":{"d":{"href":"x.tif","n":1}}}"#,
        r#"{"type":"Feature","stac_version":"1.1.0","id":"b","geometry":{"type":"Point","coordinates":[3.5,4.5]},
            "bbox":[3.5,4.5,3.5,4.5],"properties":{"datetime":"2024-01-01T01:00:00+01:00","x":"five","y":2,"deep":{"n":"one"}},
            "links":[],"assets":{"d":{"href":"x.tif","n":"one"}}}"#,
    ]
    .map(|text| Document::parse(text).unwrap())
}

/// As GeoPandas leaves our file: a residual without the metadata that describe it, columns gone that it is about.
#[test]
fn a_residual_without_its_metadata_is_applied_where_it_can_be() {
    let items = items_with_a_residual();
    let file = rewritten(&items, &["bbox", "deep", "links"], &["geo"]);
    let read = read(&file).unwrap();
    assert_eq!(read[1]["id"], "b");
    assert_eq!(read[1]["properties"]["x"], "five");
    assert_eq!(read[1]["properties"]["datetime"], "2024-01-01T01:00:00+01:00");
    assert_eq!(read[1]["properties"].get("deep"), None);
    assert_eq!(read[1]["assets"]["d"]["n"], "one");
    assert_eq!(read[0]["properties"]["x"], 5);
    assert_eq!(read[0]["links"], json!([]));
    // The column says null of b: it is the residual that knows better.
    assert_eq!(filtered(&file, "x = 'five'"), "b");
    assert_eq!(filtered(&file, "x IS NULL"), "");
    assert_eq!(filtered(&file, "y = 2"), "b");
    assert_eq!(found(file.path(), &[("bbox", "3,4,5,6")]), "b");
    let caution = GeoParquet::open(file.path(), 0).unwrap().caution().unwrap();
    assert!(caution.contains("without the metadata"), "{caution}");
    let whole = rewritten(&items, &[], &["geo", "stac-geoparquet", "stacyard"]);
    assert_eq!(GeoParquet::open(whole.path(), 0).unwrap().caution(), None);
}

/// With its metadata, but without columns that its residual is about.
#[test]
fn columns_that_another_program_has_left_out_are_no_damage() {
    let file = rewritten(&items_with_a_residual(), &["deep", "links"], &["geo", "stacyard"]);
    let items = read(&file).unwrap();
    assert_eq!(items[0]["properties"], json!({"datetime": "2024-01-01T00:00:00Z", "x": 5, "y": 1}));
    assert_eq!(filtered(&file, "x = 'five'"), "b");
}

/// pandas puts the numbers of the rows that it has left into a column.
#[test]
fn row_numbers_of_pandas_are_not_properties() {
    let columns = || {
        let mut columns = with(2, "__index_level_0__", Arc::new(Int64Array::from(vec![7, 9])));
        columns.push(("named", Arc::new(Int64Array::from(vec![1, 2]))));
        columns
    };
    let pandas = json!({"index_columns": ["__index_level_0__", "named"], "columns": []});
    let pandas = file(columns(), &[("pandas", pandas)]);
    assert_eq!(shown(&pandas, "__index_level_0__"), [json!(null), json!(null)]);
    assert_eq!(shown(&pandas, "named"), [json!(1), json!(2)]);
    let store = GeoParquet::open(pandas.path(), 1 << 20).unwrap();
    let question = Question::of(&[("filter", "__index_level_0__ = 7")]);
    assert!(conformance::ask(&store, &question).unwrap_err().contains("no Item has a property"));
    let other = file(columns(), &[]);
    assert_eq!(shown(&other, "__index_level_0__"), [json!(7), json!(9)]);
}

/// An Item that the gate sets aside has no place in the order; whether it is there is asked all the same.
#[test]
fn items_that_are_not_valid_do_not_fail_a_search() {
    let texts = |texts: [&str; 2]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
    let mut columns = with(2, "start_datetime", texts(["2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z"]));
    columns.push(("end_datetime", texts(["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"])));
    let file = file(columns, &[]);
    assert_eq!(found(file.path(), &[("ids", "i0,none")]), "");
    assert_eq!(found(file.path(), &[("ids", "i0,i1")]), "i1");
    assert_eq!(found(file.path(), &[]), "i1");
}
