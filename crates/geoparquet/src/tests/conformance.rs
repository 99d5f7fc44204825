//! The conformance suite over files of every layout.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use stacyard_model::Profile;
use stacyard_model::json::Document;
use stacyard_store::{Backend, Record, conformance};

use crate::tests::search::write;
use crate::{GeoParquet, Options, Order};

fn check(options: impl Fn() -> Options) {
    check_file(options, |path| path);
}

fn check_file(options: impl Fn() -> Options, rewrite: impl Fn(PathBuf) -> PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::check(&mut |items| {
        number += 1;
        let folder = folder.path().join(number.to_string());
        std::fs::create_dir(&folder).unwrap();
        let path = rewrite(write(items, &folder, options()));
        GeoParquet::open(&path, 1 << 20).unwrap().into()
    });
}

/// The same file with pages of so few rows that there are many in a row group.
fn in_small_pages(path: &Path) -> PathBuf {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let metadata = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let metadata = metadata.into_iter().filter(|pair| pair.key != "ARROW:schema").collect();
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(metadata))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_data_page_row_count_limit(7)
        .set_write_batch_size(7);
    let small = path.with_extension("small.parquet");
    let to = File::create(&small).unwrap();
    let mut writer = ArrowWriter::try_new(to, reader.schema().clone(), Some(properties.build())).unwrap();
    for batch in reader.build().unwrap() {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.close().unwrap();
    small
}

#[test]
fn rows_in_space_and_time_in_small_row_groups() {
    check(|| Options { row_group_rows: 20, threads: 2, ..Options::default() });
}

#[test]
fn rows_by_time_in_one_row_group() {
    check(|| Options { order: Order::Time, threads: 1, ..Options::default() });
}

/// Pages that are unpacked in another way, and rows as they came.
#[test]
fn rows_in_the_order_of_the_input_packed_by_another_codec() {
    let compression = crate::parse_compression("snappy").unwrap();
    check(|| Options {
        order: Order::Input,
        row_group_rows: 50,
        compression,
        threads: 1,
        ..Options::default()
    });
}

#[test]
fn rows_in_small_pages() {
    check_file(
        || Options { threads: 2, order: Order::Time, ..Options::default() },
        |path| in_small_pages(&path),
    );
}

/// Types that many values are not of: these live in the residual.
const DECLARED: &str = r#"
    [fields.cloud]
    type = "integer"
    [fields.platform]
    type = "boolean"
    [fields.flag]
    type = "string"
    [fields.count]
    type = "number"
    [fields.updated]
    type = "datetime"
    [fields.title]
    type = "integer"
    [fields.keywords]
    type = "datetime"
    [fields.nowhere]
    type = "number"
"#;

#[test]
fn columns_of_declared_types() {
    let profile = Arc::new(Profile::parse(DECLARED).unwrap());
    check(|| Options { profile: Some(Arc::clone(&profile)), row_group_rows: 50, ..Options::default() });
}

/// A column has the declared type, whether a value is of it or not, and Items come back as they were.
#[test]
fn declared_columns_are_exact() {
    let profile = Arc::new(Profile::parse(DECLARED).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let items = conformance::catalog(7, 200);
    let options = Options { profile: Some(Arc::clone(&profile)), order: Order::Input, ..Options::default() };
    let path = write(&items, folder.path(), options);
    let schema =
        ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap().schema().clone();
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    for (name, data_type) in [
        ("cloud", DataType::Int64),
        ("platform", DataType::Boolean),
        ("flag", DataType::Utf8),
        ("count", DataType::Float64),
        ("updated", instant.clone()),
        ("title", DataType::Int64),
        ("keywords", instant),
        ("nowhere", DataType::Float64),
    ] {
        assert_eq!(schema.field_with_name(name).unwrap().data_type(), &data_type, "{name}");
    }
    let store = GeoParquet::open(&path, 1 << 20).unwrap();
    assert_eq!(store.profile(), Some(&profile));
    let mut source = store.items().unwrap();
    let mut back = Vec::new();
    while let Some(work) = source.next().unwrap() {
        let batch = work().unwrap();
        let text = |record: &Record| &batch.text[record.start as usize..record.end as usize];
        back.extend(batch.records.iter().map(|record| Document::parse_bytes(text(record)).unwrap()));
    }
    assert!(back == items);
}
