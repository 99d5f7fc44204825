//! Files as other programs write them, whole and broken: what is read, and what is said of the others.

use std::fs::File;
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, MapBuilder, StringBuilder};
use arrow_array::types::{Float16Type, Int32Type, UInt8Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, Date32Array, Decimal128Array, Decimal256Array,
    DictionaryArray, FixedSizeBinaryArray, FixedSizeListArray, Float32Array, Int8Array, LargeBinaryArray,
    LargeListArray, LargeStringArray, NullArray, PrimitiveArray, RecordBatch, StringArray, StringViewArray,
    StructArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use arrow_buffer::i256;
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
use parquet::file::metadata::KeyValue;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{SchemaDescriptor, Type};
use serde_json::{Value, json};
use stacyard_store::{Backend, Error};
use tempfile::NamedTempFile;

use crate::GeoParquet;
use crate::read::footer::Footer;

/// The WKB of the point (1, 2).
pub(crate) fn point() -> Vec<u8> {
    [&[1, 1, 0, 0, 0][..], &1.0_f64.to_le_bytes(), &2.0_f64.to_le_bytes()].concat()
}

/// The columns `id` and `geometry` of so many rows: `i0`, `i1` and on, each at (1, 2).
pub(crate) fn required(rows: usize) -> Vec<(&'static str, ArrayRef)> {
    let ids: StringArray = (0..rows).map(|row| Some(format!("i{row}"))).collect();
    vec![("id", Arc::new(ids)), ("geometry", Arc::new(BinaryArray::from_iter_values(vec![point(); rows])))]
}

/// A Parquet file of these columns and key-value pairs.
pub(crate) fn file(columns: Vec<(&str, ArrayRef)>, metadata: &[(&str, Value)]) -> NamedTempFile {
    write(columns, metadata, ArrowWriterOptions::new())
}

fn write(
    columns: Vec<(&str, ArrayRef)>,
    metadata: &[(&str, Value)],
    options: ArrowWriterOptions,
) -> NamedTempFile {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    );
    let (file, batch) = (NamedTempFile::new().unwrap(), batch.unwrap());
    let mut writer =
        ArrowWriter::try_new_with_options(file.reopen().unwrap(), batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    for (key, value) in metadata {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        writer.append_key_value_metadata(KeyValue::new((*key).to_owned(), text));
    }
    writer.close().unwrap();
    file
}

/// The Items of a file, or the error.
pub(crate) fn read(file: &NamedTempFile) -> Result<Vec<Value>, Error> {
    let mut source = GeoParquet::open(file.path(), 1 << 20)?.items()?;
    let mut items = Vec::new();
    while let Some(work) = source.next()? {
        let batch = work()?;
        let text = |record: &stacyard_store::Record| &batch.text[record.start as usize..record.end as usize];
        items.extend(
            batch.records.iter().map(|record| serde_json::from_slice::<Value>(text(record)).unwrap()),
        );
    }
    Ok(items)
}

/// What is said of a file that cannot be read, the file's path as `FILE`.
fn refused(file: &NamedTempFile) -> String {
    let error = read(file).unwrap_err();
    let said = format!("{error}\nhelp: {}", error.advice().expect("each error says what can be done"));
    said.replace(file.path().to_str().unwrap(), "FILE")
}

/// What the only Item of a file has in this property.
fn property(column: ArrayRef) -> Value {
    let mut columns = required(column.len());
    columns.push(("x", column));
    read(&file(columns, &[])).unwrap().remove(0)["properties"].take()["x"].take()
}

fn geo() -> Value {
    json!({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}}})
}

/// How arrays lie in the writer's memory does not count, only what the Parquet types say.
#[test]
fn arrow_types_are_those_of_parquet() {
    let texts: [ArrayRef; 4] = [
        Arc::new(StringArray::from(vec!["a"])),
        Arc::new(LargeStringArray::from(vec!["a"])),
        Arc::new(StringViewArray::from(vec!["a"])),
        Arc::new(["a"].into_iter().collect::<DictionaryArray<Int32Type>>()),
    ];
    for column in texts {
        assert_eq!(property(column), "a");
    }
    let lists: [ArrayRef; 2] = [
        Arc::new(LargeListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), None])])),
        Arc::new(FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), None])], 2)),
    ];
    for column in lists {
        assert_eq!(property(column), json!([1, null]));
    }
    let geometries: [ArrayRef; 2] = [
        Arc::new(LargeBinaryArray::from_iter_values([point()])),
        Arc::new(BinaryViewArray::from_iter_values([point()])),
    ];
    for column in geometries {
        assert_eq!(property(column), json!({"type": "Point", "coordinates": [1.0, 2.0]}));
    }
}

#[test]
fn every_type_with_a_json_value_is_read() {
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    map.keys().append_value("a\"");
    map.values().append_value(1);
    map.keys().append_value("b");
    map.values().append_null();
    map.append(true).unwrap();
    let decimal = |unscaled, precision, scale| -> ArrayRef {
        Arc::new(Decimal128Array::from(vec![unscaled]).with_precision_and_scale(precision, scale).unwrap())
    };
    let wide = Decimal256Array::from(vec![i256::from_string(&"9".repeat(60)).unwrap()]);
    let nines = format!("{0}.{0}", "9".repeat(30));
    let cases: [(ArrayRef, &str); 13] = [
        (Arc::new(Date32Array::from(vec![19_875])), r#""2024-06-01""#),
        (Arc::new(Date32Array::from(vec![-1])), r#""1969-12-31""#),
        (decimal(150, 5, 2), "1.50"),
        (decimal(-5, 20, 3), "-0.005"),
        (decimal(-12, 3, 0), "-12"),
        (
            decimal(12_345_678_901_234_567_890_123_456_789_012_345_678, 38, 10),
            "1234567890123456789012345678.9012345678",
        ),
        (Arc::new(wide.with_precision_and_scale(60, 30).unwrap()), &nines),
        (Arc::new(map.finish()), r#"{"a\"":1,"b":null}"#),
        (Arc::new(Int8Array::from(vec![3]).unary::<_, Float16Type>(Into::into)), "3.0"),
        (Arc::new(PrimitiveArray::<UInt8Type>::from(vec![200])), "200"),
        (Arc::new(TimestampMillisecondArray::from(vec![-500])), r#""1969-12-31T23:59:59.5Z""#),
        (
            Arc::new(TimestampNanosecondArray::from(vec![1]).with_timezone("+02:00")),
            r#""1970-01-01T00:00:00.000000001Z""#,
        ),
        (Arc::new(NullArray::new(1)), "null"),
    ];
    for (column, text) in cases {
        assert_eq!(property(column).to_string(), text);
    }
}

#[test]
fn a_type_without_a_json_value_is_named() {
    let columns = |column: ArrayRef| {
        let mut columns = required(1);
        columns.push(("x", column));
        columns
    };
    let bytes = FixedSizeBinaryArray::try_from_iter([[7_u8; 16]].iter()).unwrap();
    insta::assert_snapshot!(refused(&file(columns(Arc::new(bytes)), &[])), @r"
    FILE cannot be read: column x is of type FixedSizeBinary(16), which cannot be read as a JSON value
    help: write the file again with that column as text, numbers, lists or structs, or without it
    ");
    let mut map = MapBuilder::new(None, Int32Builder::new(), Int32Builder::new());
    map.append(true).unwrap();
    insta::assert_snapshot!(refused(&file(columns(Arc::new(map.finish())), &[])), @r#"
    FILE cannot be read: column x is of type Map("entries": non-null Struct("keys": non-null Int32, "values": Int32), unsorted), which cannot be read as a JSON value
    help: write the file again with that column as text, numbers, lists or structs, or without it
    "#);
    insta::assert_snapshot!(refused(&file(columns(Arc::new(Date32Array::from(vec![i32::MAX]))), &[])), @r#"
    FILE: row 1: Item "i0": /properties/x: 2147483647 is not a time that RFC 3339 can write
    help: nothing was read in its place: repair the row, or write the file again without it
    "#);
}

/// As GDAL names them: `geom`, and `geom_bbox` for its covering.
#[test]
fn the_primary_column_and_its_covering_have_any_name() {
    let footer = |geo: &Value| {
        let mut columns = required(1);
        columns[1].0 = "geom";
        let bounds = |name: &str| (Arc::new(Field::new(name, DataType::Float32, true)), one(1.5));
        columns.push(("geom_bbox", Arc::new(StructArray::from(["w", "s", "e", "n"].map(bounds).to_vec()))));
        let file = file(columns, &[("geo", geo.clone())]);
        let reader = SerializedFileReader::new(File::open(file.path()).unwrap()).unwrap();
        (Footer::of(reader.metadata(), "FILE").unwrap(), read(&file).unwrap().remove(0))
    };
    let mut geo =
        json!({"version": "1.1.0", "primary_column": "geom", "columns": {"geom": {"encoding": "WKB"}}});
    let (without, item) = footer(&geo);
    assert_eq!(without.covering, None);
    assert_eq!(item["properties"], json!({"geom_bbox": {"w": 1.5, "s": 1.5, "e": 1.5, "n": 1.5}}));
    let path = |name: &str| ["geom_bbox".to_owned(), name.to_owned()];
    geo["columns"]["geom"]["covering"] =
        json!({"bbox": {"xmin": path("w"), "ymin": path("s"), "xmax": path("e"), "ymax": path("n")}});
    let (with, item) = footer(&geo);
    assert_eq!(with.covering, Some(["w", "s", "e", "n"].map(|name| path(name).to_vec())));
    assert_eq!(item["properties"], json!({}));
    assert_eq!(item["geometry"]["coordinates"], json!([1.0, 2.0]));
}

fn one(number: f32) -> ArrayRef {
    Arc::new(Float32Array::from(vec![number]))
}

#[test]
fn collections_of_every_version_of_stac_geoparquet() {
    let collection = json!({"type": "Collection", "id": "c"});
    for (stac, wanted) in [
        (json!({"version": "1.1.0", "collections": {"c": collection}}), 1),
        (json!({"version": "1.0.0", "collection": collection}), 1),
        (json!({"collection": collection}), 1),
        (json!({"version": "1.0.0"}), 0),
        (json!({}), 0),
    ] {
        let file = file(required(1), &[("stac-geoparquet", stac.clone())]);
        let collections = crate::GeoParquet::open(file.path(), 0).unwrap().collections().unwrap();
        assert_eq!(collections.len(), wanted, "{stac}");
        assert!(collections.get("c").is_none_or(|found| *found == collection), "{stac}");
    }
}

#[test]
fn files_that_are_no_whole_parquet() {
    let bytes = std::fs::read(file(required(3), &[("geo", geo())]).path()).unwrap();
    let cut = |bytes: &[u8]| {
        let cut = NamedTempFile::new().unwrap();
        std::fs::write(cut.path(), bytes).unwrap();
        refused(&cut)
    };
    insta::assert_snapshot!(cut(b""), @r"
    FILE cannot be read as Parquet: it is too short
    help: check that it is a whole Parquet file, or name the kind of store with `store-kind`
    ");
    insta::assert_snapshot!(cut(b"{\"type\": \"FeatureCollection\"}"), @r"
    FILE holds one FeatureCollection
    help: name it .geojson, or say `store-kind geojson`
    ");
    insta::assert_snapshot!(cut(&bytes[..bytes.len() / 2]), @r"
    FILE cannot be read as Parquet: its end is missing
    help: check that it is a whole Parquet file, or name the kind of store with `store-kind`
    ");
    insta::assert_snapshot!(cut(&bytes[bytes.len() / 2..]), @r"
    FILE cannot be read as Parquet: its beginning is missing
    help: check that it is a whole Parquet file, or name the kind of store with `store-kind`
    ");
}

/// What is said of a file with this `geo` metadata.
fn refused_geo(geo: Value) -> String {
    refused(&file(required(1), &[("geo", geo)]))
}

fn geo_with(name: &str, value: Value) -> Value {
    let mut geo = geo();
    geo["columns"]["geometry"][name] = value;
    geo
}

#[test]
fn geo_metadata_that_is_wrong() {
    insta::assert_snapshot!(refused_geo(json!("{")), @r"
    FILE: the `geo` metadata is not as its specification says: EOF while parsing an object at line 1 column 1
    help: write the file again with a program that follows the specification
    ");
    insta::assert_snapshot!(refused_geo(json!({"version": "1.1.0", "primary_column": "geometry"})), @r"
    FILE: the `geo` metadata is not as its specification says: missing field `columns` at line 1 column 47
    help: write the file again with a program that follows the specification
    ");
    let mut other = geo();
    other["primary_column"] = json!("place");
    insta::assert_snapshot!(refused_geo(other.clone()), @r#"
    FILE: the `geo` metadata does not describe its primary column "place"
    help: write the file again with a program that follows the specification
    "#);
    other["columns"]["place"] = json!({"encoding": "WKB"});
    insta::assert_snapshot!(refused_geo(other), @r#"
    FILE: column "place" of the geometries is missing
    help: a STAC Item is made from a geometry: name its column so, or write the file again with it
    "#);
    let file = file(required(1), &[("geo", geo()), ("stac-geoparquet", json!({"collections": []}))]);
    insta::assert_snapshot!(refused(&file), @r"
    FILE: the `stac-geoparquet` metadata is not as its specification says: invalid type: sequence, expected a map at line 1 column 15
    help: write the file again with a program that follows the specification
    ");
}

#[test]
fn geometries_that_are_no_wkb() {
    for encoding in ["point", "multipolygon"] {
        let said = refused_geo(geo_with("encoding", json!(encoding)));
        assert!(said.contains(&format!("column \"geometry\" has the encoding {encoding:?}")), "{said}");
    }
    insta::assert_snapshot!(refused_geo(geo_with("encoding", json!("polygon"))), @r#"
    FILE: column "geometry" has the encoding "polygon"
    help: only WKB is read: write the file again with that encoding
    "#);
    let mut texts = required(1);
    texts[1].1 = Arc::new(StringArray::from(vec!["POINT (1 2)"]));
    insta::assert_snapshot!(refused(&file(texts, &[])), @r"
    FILE cannot be read: column geometry is of type Utf8, which cannot be read as a geometry
    help: only WKB is read: write the file again with geometries as WKB
    ");
}

#[test]
fn a_broken_geometry_is_named_and_nothing_is_left_out() {
    let mut columns = required(3);
    let whole = point();
    columns[1].1 = Arc::new(BinaryArray::from_iter_values([&whole[..], &whole[..9], &whole[..]]));
    insta::assert_snapshot!(refused(&file(columns.clone(), &[])), @r#"
    FILE: row 2: Item "i1": /geometry: the WKB ends too early (at byte 5)
    help: nothing was read in its place: repair the row, or write the file again without it
    "#);
    columns[1].1 = Arc::new(BinaryArray::from_iter_values([&whole[..], &whole[..], b"POINT (1 2)"]));
    insta::assert_snapshot!(refused(&file(columns, &[])), @r#"
    FILE: row 3: Item "i2": /geometry: the bytes are not WKB, which begins with 0 or 1, not with 80
    help: nothing was read in its place: repair the row, or write the file again without it
    "#);
}

#[test]
fn columns_that_an_item_needs() {
    let without = |name: &str| {
        let columns = required(1).into_iter().filter(|column| column.0 != name).collect();
        refused(&file(columns, &[]))
    };
    insta::assert_snapshot!(without("id"), @r"
    FILE cannot be read: column id is missing
    help: Items are read from columns named as stac-geoparquet names them: rename those of the file
    ");
    insta::assert_snapshot!(without("geometry"), @r#"
    FILE: column "geometry" of the geometries is missing
    help: a STAC Item is made from a geometry: name its column so, or write the file again with it
    "#);
    // All others can be missing: it is for the gate to say what is wrong with such Items.
    let items = read(&file(required(1), &[])).unwrap();
    let geometry = json!({"type": "Point", "coordinates": [1.0, 2.0]});
    let empty = json!({"type": "Feature", "id": "i0", "geometry": geometry, "properties": {}, "links": [], "assets": {}});
    assert_eq!(items, [empty]);
}

const WKT2: &str = r#"GEOGCRS["WGS 84",ENSEMBLE["World Geodetic System 1984 ensemble",MEMBER["World Geodetic System 1984 (Transit)"],ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]],ENSEMBLEACCURACY[2.0]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],CS[ellipsoidal,2],AXIS["geodetic latitude (Lat)",north,ORDER[1],ANGLEUNIT["degree",0.0174532925199433]],AXIS["geodetic longitude (Lon)",east,ORDER[2],ANGLEUNIT["degree",0.0174532925199433]],USAGE[SCOPE["Horizontal component of 3D system."],AREA["World."],BBOX[-90,-180,90,180]],ID["EPSG",4326]]"#;

#[test]
fn every_version_of_geo_is_read() {
    let first = json!({"schema_version": "0.1.0", "creator": {"library": "geopandas", "version": "0.10.2"}, "primary_column": "geometry",
        "columns": {"geometry": {"crs": WKT2, "encoding": "WKB", "bbox": [1.0, 2.0, 1.0, 2.0]}}});
    let fourth = json!({"version": "0.4.0", "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_type": "Point", "edges": "planar"}}});
    let one = json!({"version": "1.0.0", "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Point"], "crs": null, "orientation": "counterclockwise"}}});
    for geo in [first, fourth, one, geo()] {
        assert_eq!(read(&file(required(2), &[("geo", geo.clone())])).unwrap().len(), 2, "{geo}");
    }
}

#[test]
fn reference_systems_of_longitude_and_latitude() {
    let projjson = |authority: &str, code: Value| json!({"type": "GeographicCRS", "name": "WGS 84", "id": {"authority": authority, "code": code}});
    for crs in [
        projjson("OGC", json!("CRS84")),
        projjson("EPSG", json!(4326)),
        projjson("EPSG", json!("4326")),
        json!("OGC:CRS84"),
        json!("EPSG:4326"),
        json!(WKT2),
        json!(r#"GEOGCS["WGS 84",DATUM["WGS_1984",AUTHORITY["EPSG","6326"]],AUTHORITY["EPSG","4326"]]"#),
    ] {
        assert_eq!(
            read(&file(required(1), &[("geo", geo_with("crs", crs.clone()))])).unwrap().len(),
            1,
            "{crs}"
        );
    }
}

#[test]
fn other_reference_systems_are_named() {
    let crs = |crs: Value| refused_geo(geo_with("crs", crs));
    let projected = json!({"type": "ProjectedCRS", "name": "WGS 84 / UTM zone 33N", "id": {"authority": "EPSG", "code": 32633}});
    insta::assert_snapshot!(crs(projected), @r#"
    FILE: column "geometry" is not in OGC:CRS84, but in EPSG:32633 (WGS 84 / UTM zone 33N)
    help: STAC geometries are longitudes and latitudes (OGC:CRS84): transform the file first
    "#);
    let said = |value: Value| crs(value).lines().next().unwrap().to_owned();
    insta::assert_snapshot!(said(json!({"type": "GeographicCRS", "name": "mine"})), @r#"
    FILE: column "geometry" is not in OGC:CRS84, but in "mine"
    "#);
    insta::assert_snapshot!(said(json!({"type": "GeographicCRS"})), @r#"
    FILE: column "geometry" is not in OGC:CRS84, but in one without a name
    "#);
    insta::assert_snapshot!(said(json!("EPSG:3857")), @r#"
    FILE: column "geometry" is not in OGC:CRS84, but in EPSG:3857
    "#);
    let unit =
        r#"GEOGCRS["NAD83",DATUM["North American Datum 1983"],ANGLEUNIT["degree",0.017,ID["EPSG",4326]]]"#;
    insta::assert_snapshot!(said(json!(unit)), @r#"
    FILE: column "geometry" is not in OGC:CRS84, but in "NAD83"
    "#);
    insta::assert_snapshot!(said(json!(WKT2.replace("4326]]", "4269]]"))), @r#"
    FILE: column "geometry" is not in OGC:CRS84, but in EPSG:4269 (WGS 84)
    "#);
    insta::assert_snapshot!(refused_geo(geo_with("edges", json!("spherical"))), @r#"
    FILE: the edges of column "geometry" are "spherical"
    help: the lines of GeoJSON are straight on the plane: write the file again with planar edges
    "#);
}

/// A file whose geometries have one of Parquet's own types, and no `geo` metadata.
fn native(names: [&str; 2], kind: &LogicalType, metadata: &[(&str, Value)]) -> NamedTempFile {
    let mut columns = required(2);
    let place = columns[1].1.clone();
    columns[1].0 = names[0];
    columns.push((names[1], place));
    let column = |name: &str, kind: Option<LogicalType>| {
        let column = Type::primitive_type_builder(name, PhysicalType::BYTE_ARRAY);
        Arc::new(column.with_repetition(Repetition::OPTIONAL).with_logical_type(kind).build().unwrap())
    };
    let columns_of_schema = vec![
        column("id", Some(LogicalType::String)),
        column(names[0], Some(kind.clone())),
        column(names[1], None),
    ];
    let schema = Type::group_type_builder("schema").with_fields(columns_of_schema).build().unwrap();
    let schema = SchemaDescriptor::new(Arc::new(schema));
    write(columns, metadata, ArrowWriterOptions::new().with_parquet_schema(schema))
}

#[test]
fn parquets_own_geometry_type_is_a_geometry() {
    let projjson = r#"{"type":"GeographicCRS","name":"WGS 84","id":{"authority":"EPSG","code":4326}}"#;
    for crs in
        [None, Some("OGC:CRS84"), Some("EPSG:4326"), Some("srid:4326"), Some(projjson), Some("projjson:here")]
    {
        for names in [["geometry", "x"], ["place", "x"]] {
            let kind = LogicalType::geometry(crs.map(str::to_owned));
            let items = read(&native(names, &kind, &[("here", json!(projjson))])).unwrap();
            assert_eq!(items[1]["geometry"]["coordinates"], json!([1.0, 2.0]), "{crs:?} {names:?}");
            assert!(items[1]["properties"].get(names[0]).is_none(), "{crs:?} {names:?}");
        }
    }
    // A column by that name is the geometry, whatever other columns are.
    let items = read(&native(["place", "geometry"], &LogicalType::geometry(None), &[])).unwrap();
    assert_eq!(items[1]["geometry"], items[1]["properties"]["place"]);
}

#[test]
fn parquets_own_types_that_are_no_geometry_of_geojson() {
    let said = |kind: &LogicalType| refused(&native(["geometry", "x"], kind, &[]));
    insta::assert_snapshot!(said(&LogicalType::geometry(Some("EPSG:3857".to_owned()))), @r#"
    FILE: column "geometry" is not in OGC:CRS84, but in EPSG:3857
    help: STAC geometries are longitudes and latitudes (OGC:CRS84): transform the file first
    "#);
    insta::assert_snapshot!(said(&LogicalType::geometry(Some("srid:3857".to_owned()))), @r#"
    FILE: column "geometry" is not in OGC:CRS84, but in EPSG:3857
    help: STAC geometries are longitudes and latitudes (OGC:CRS84): transform the file first
    "#);
    insta::assert_snapshot!(said(&LogicalType::geography(None, None)), @r#"
    FILE: the edges of column "geometry" are not planar (GEOGRAPHY)
    help: the lines of GeoJSON are straight on the plane: write the file again with planar edges
    "#);
    // The `geo` metadata do not speak for what the type itself says.
    let kind = LogicalType::geometry(Some("EPSG:3857".to_owned()));
    refused(&native(["geometry", "x"], &kind, &[("geo", geo())]));
}

#[test]
fn timestamps_of_96_bits_are_refused() {
    let column = |name: &str, kind| {
        let column = Type::primitive_type_builder(name, kind).with_repetition(Repetition::REQUIRED);
        Arc::new(column.build().unwrap())
    };
    let fields = vec![
        column("id", PhysicalType::BYTE_ARRAY),
        column("geometry", PhysicalType::BYTE_ARRAY),
        column("datetime", PhysicalType::INT96),
    ];
    let schema = Type::group_type_builder("schema").with_fields(fields).build().unwrap();
    let file = NamedTempFile::new().unwrap();
    let writer = SerializedFileWriter::new(file.reopen().unwrap(), Arc::new(schema), Arc::default()).unwrap();
    writer.close().unwrap();
    insta::assert_snapshot!(refused(&file), @r#"
    FILE: column "datetime" has timestamps of type INT96
    help: write the file again with timestamps in microseconds (Spark: outputTimestampType=TIMESTAMP_MICROS)
    "#);
}
