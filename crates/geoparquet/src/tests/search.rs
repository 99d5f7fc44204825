//! Searches in a file beside the reference: the evaluator on each Item, sorted by its keys. Same Items, same order. Here
//! for what the conformance suite has no place for: the layout, and files of others.

use arrow_array::RecordBatchReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::file::properties::WriterProperties;
use stacyard_model::json::Document;
use stacyard_store::conformance::{self, Question, catalog};
use stacyard_store::{Backend, Encoder, Output, Sink, Source};

use crate::{GeoParquet, GeoParquetSink, Options, Order};

pub(crate) fn write(items: &[Document], folder: &std::path::Path, options: Options) -> std::path::PathBuf {
    write_described(items, folder, options).0
}

/// The file, and what its writer says of it.
pub(crate) fn write_described(
    items: &[Document],
    folder: &std::path::Path,
    options: Options,
) -> (std::path::PathBuf, crate::Written) {
    let path = folder.join(format!("{:?}-{}.parquet", options.order, options.row_group_rows));
    let mut sink =
        GeoParquetSink::create(Output::file(&path, false, &mut |_| {}).unwrap(), folder, options).unwrap();
    let encoder = sink.encoder();
    for batch in items.chunks(100) {
        let mut chunk = crate::Shaped::default();
        for item in batch {
            encoder.item(item.root(), None, &mut chunk).unwrap();
        }
        sink.write(chunk).unwrap();
    }
    let (written, _) = sink.write_out().unwrap();
    (path, written)
}

fn documents(source: &mut dyn Source) -> Vec<Document> {
    let mut found = Vec::new();
    while let Some(work) = source.next().unwrap() {
        let batch = work().unwrap();
        let text = |record: &stacyard_store::Record| &batch.text[record.start as usize..record.end as usize];
        found.extend(batch.records.iter().map(|record| Document::parse_bytes(text(record)).unwrap()));
    }
    found
}

/// A row group of several pages, some of which are left out in between.
#[test]
fn pages_that_are_left_out_leave_the_others_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let item = |n: u32| {
        let text = format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"i{n}","geometry":null,"properties":{{"datetime":"2024-01-01T00:00:00Z","n":{n},"even":"{}"}},"links":[],"assets":{{}}}}"#,
            n.is_multiple_of(2)
        );
        Document::parse(text).unwrap()
    };
    let items: Vec<Document> = (0..4_000).map(item).collect();
    // All in one row group; and in some, of which each has many of those that answer or few.
    for row_group_rows in [10_000, 1_000] {
        let options = Options { order: Order::Input, threads: 1, row_group_rows, ..Options::default() };
        asks_of_numbers(&GeoParquet::open(&write(&items, folder.path(), options), 1 << 20).unwrap());
    }
}

fn asks_of_numbers(file: &GeoParquet) {
    // By hand: of each filter the first and the last Item in descending order, and how many there are.
    for (filter, first, last, count) in [
        ("n < 100 OR n > 3900", "i3999", "i0", 199),
        ("n BETWEEN 1500 AND 2500 AND even = 'true'", "i2500", "i1500", 501),
        ("even = 'true' AND n > 900", "i3998", "i902", 1_549),
        ("n < 1100", "i1099", "i0", 1_100),
        // One condition leaves few rows, for which the others are read.
        ("even = 'true' AND n BETWEEN 1500 AND 1600", "i1600", "i1500", 51),
    ] {
        let question = Question::of(&[("filter", filter), ("sortby", "-n")]);
        let (found, counted) = conformance::ask(file, &question).unwrap();
        assert_eq!((found.len(), counted), (count, count as u64), "{filter}");
        assert_eq!((found[0].as_str(), found[count - 1].as_str()), (first, last), "{filter}");
        let (some, _) = conformance::ask(file, &question.with("max-items", "50")).unwrap();
        assert_eq!(some, found[..50], "{filter}");
    }
    // Nothing is left; and what no column can hold needs none to be looked at.
    for filter in [
        "even = 'maybe' AND n BETWEEN 1500 AND 1600",
        "NOT NOT n = 0.5",
        "NOT n NOT IN (0.5, 1.5)",
        "NOT (n <> 0.5 AND n <> 1.5)",
        "NOT NOT datetime = TIMESTAMP('2024-01-01T00:00:00.0000001Z')",
    ] {
        let answer = conformance::ask(file, &Question::of(&[("filter", filter)])).unwrap();
        assert_eq!(answer, (Vec::new(), 0), "{filter}");
    }
}

/// What lies within the box answers without a look at its geometry; what lies on its edge does or does not, and what is empty never.
#[test]
fn geometries_within_a_box_on_its_edge_and_nowhere() {
    let item = |n: usize, geometry: &str, bbox: &str| {
        let text = format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"i{n}","geometry":{geometry},"bbox":{bbox},"properties":{{"datetime":"2024-01-01T00:00:00Z","n":{n}}},"links":[],"assets":{{}}}}"#
        );
        Document::parse(text).unwrap()
    };
    let kinds = [
        (r#"{"type":"Point","coordinates":[5.0,5.0]}"#, "[5.0,5.0,5.0,5.0]"),
        // Its box meets the one that is asked for, and it does not.
        (
            r#"{"type":"Polygon","coordinates":[[[9.5,20.0],[20.0,9.5],[20.0,20.0],[9.5,20.0]]]}"#,
            "[9.5,9.5,20.0,20.0]",
        ),
        (r#"{"type":"LineString","coordinates":[[9.0,5.0],[11.0,5.0]]}"#, "[9.0,5.0,11.0,5.0]"),
        (r#"{"type":"Point","coordinates":[50.0,5.0]}"#, "[50.0,5.0,50.0,5.0]"),
    ];
    let mut items: Vec<Document> = (0..400).map(|n| item(n, kinds[n % 4].0, kinds[n % 4].1)).collect();
    let question = Question::of(&[("bbox", "0,0,10,10"), ("filter", "n < 300"), ("sortby", "n")]);
    let expected: Vec<String> = (0..300).step_by(2).map(|n| format!("i{n}")).collect();
    let ask = |items: &[Document], question: &Question| {
        let folder = tempfile::tempdir().unwrap();
        let file = GeoParquet::open(&write(items, folder.path(), Options::default()), 1 << 20).unwrap();
        conformance::ask(&file, question).unwrap().0
    };
    assert_eq!(ask(&items, &question), expected);
    // What decides, and what the order goes by, need not be wanted.
    assert_eq!(ask(&items, &question.clone().with("fields", "id")), expected);
    items[298] = item(298, r#"{"type":"Polygon","coordinates":[]}"#, "[1.0,1.0,2.0,2.0]");
    assert_eq!(ask(&items, &question), expected[..149]);
    // Few rows are made at once.
    assert_eq!(ask(&items[290..], &question), ["i290", "i292", "i294", "i296"]);
    assert_eq!(ask(&items[..12], &question), expected[..6]);
}

/// The same Items in a file of another program: no `stacyard` key, so that what it wrote is all there is.
#[test]
fn files_of_others_answer_as_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let items = catalog(3, 400);
    let ours =
        write(&items, folder.path(), Options { threads: 2, order: Order::Input, ..Options::default() });
    let theirs = folder.path().join("theirs.parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(ours).unwrap()).unwrap();
    let geo = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let geo = geo.iter().find(|pair| pair.key == "geo").unwrap().clone();
    // What it has not understood it has left out.
    let columns = reader.schema().fields().iter().map(|field| field.name().as_str());
    let columns: Vec<&str> = columns.filter(|name| *name != crate::format::layout::RESIDUAL).collect();
    let mask = ProjectionMask::columns(reader.parquet_schema(), columns);
    let reader = reader.with_projection(mask);
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(100)).build();
    let reader = reader.build().unwrap();
    let to = std::fs::File::create(&theirs).unwrap();
    let mut writer = ArrowWriter::try_new(to, reader.schema(), Some(properties)).unwrap();
    writer.append_key_value_metadata(geo);
    for batch in reader {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.close().unwrap();
    let file = GeoParquet::open(&theirs, 1 << 20).unwrap();
    let gate = stacyard_model::Gate::default();
    let mut items = documents(file.items().unwrap().as_mut());
    items.retain(|item| gate.item(item.root()).errors.is_empty());
    assert!(items.len() > 300, "{}", items.len());
    conformance::compare(&file, &items);
}

/// The last day of the year 9999 is beyond the last instant, which its times mean.
#[test]
fn open_ends_are_one_instant() {
    let folder = tempfile::tempdir().unwrap();
    let item = |id: &str, end: &str| {
        let text = format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"{id}","geometry":null,"properties":{{"datetime":null,"start_datetime":"2024-01-01T00:00:00Z","end_datetime":"{end}"}},"links":[],"assets":{{}}}}"#
        );
        Document::parse(text).unwrap()
    };
    let items = [
        item("c", "9999-12-31T00:00:00Z"),
        item("b", "9999-12-31T23:59:59Z"),
        item("a", "2025-01-01T00:00:00Z"),
    ];
    let file = GeoParquet::open(&write(&items, folder.path(), Options::default()), 1 << 20).unwrap();
    for (filter, count) in [
        ("end_datetime = TIMESTAMP('9999-12-31T23:59:59Z')", 2),
        ("end_datetime <= TIMESTAMP('9999-12-31T00:00:00Z')", 3),
        ("end_datetime >= TIMESTAMP('9999-12-31T12:00:00Z')", 2),
        ("end_datetime < TIMESTAMP('9999-12-31T12:00:00Z')", 1),
    ] {
        assert_eq!(
            conformance::ask(&file, &Question::of(&[("filter", filter)])).unwrap().1,
            count,
            "{filter}"
        );
    }
    for (sortby, wanted) in [("end_datetime", ["a", "b"]), ("-end_datetime", ["b", "c"])] {
        let question = Question::of(&[("sortby", sortby), ("max-items", "2")]);
        let found = conformance::ask(&file, &question).unwrap().0;
        assert_eq!(found, wanted, "{sortby}");
    }
}
