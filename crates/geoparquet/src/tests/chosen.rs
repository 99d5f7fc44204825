//! Chosen rows as they are read here, beside what the `parquet` crate makes of the same pages.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::prelude::*;
use stacyard_model::json::Document;
use tempfile::NamedTempFile;

use crate::format::layout::Layout;
use crate::format::schema;
use crate::read::bytes::Counted;
use crate::read::chosen::Pages;
use crate::read::local::LocalFile;
use crate::read::table::Table;
use crate::write::item_shape::ItemShape;
use crate::write::rows::Rows;
use crate::write::shape::Declared;

/// Properties of any shape that a column can have.
pub(super) fn properties() -> impl Strategy<Value = String> {
    let text = || prop_oneof![3 => "[a-c]{0,3}", 1 => "[a-zé]{0,40}"];
    let flag = prop_oneof![Just(""), Just("\"flag\":true,"), Just("\"flag\":false,"), Just("\"flag\":null,")];
    let number = prop_oneof![Just(String::new()), (0..5).prop_map(|n| format!("\"n\":{n},"))];
    let double =
        prop_oneof![2 => any::<i16>().prop_map(|n| format!("\"d\":{n}.25,")), 1 => Just(String::new())];
    let deep = prop::collection::vec(prop::collection::vec(0..9, 0..3), 0..4);
    let deep =
        prop_oneof![1 => Just(String::new()), 3 => deep.prop_map(|lists| format!("\"deep\":{lists:?},"))];
    let band = (text(), prop::option::of(text())).prop_map(|(name, other)| match other {
        Some(other) => format!(r#"{{"name":"{name}","other":"{other}"}}"#),
        None => format!(r#"{{"name":"{name}"}}"#),
    });
    let bands =
        prop::collection::vec(band, 0..4).prop_map(|bands| format!("\"bands\":[{}],", bands.join(",")));
    let bands = prop_oneof![1 => Just(String::new()), 3 => bands];
    let nested = prop::option::of(prop::option::of(text())).prop_map(|nested| match nested {
        None => String::new(),
        Some(None) => "\"nested\":{},".to_owned(),
        Some(Some(text)) => format!("\"nested\":{{\"inner\":{{\"text\":\"{text}\"}}}},"),
    });
    (flag, number, double, deep, bands, nested).prop_map(|(flag, number, double, deep, bands, nested)| {
        format!("{flag}{number}{double}{deep}{bands}{nested}\"datetime\":\"2024-06-01T00:00:00Z\"")
    })
}

pub(super) fn written(
    items: &[String],
    dictionary: bool,
    version: WriterVersion,
    codec: Compression,
    page: usize,
) -> Table {
    let items: Vec<Document> = items
        .iter()
        .enumerate()
        .map(|(row, properties)| {
            let text = format!(
                r#"{{"type":"Feature","stac_version":"1.1.0","id":"i{row}","geometry":{{"type":"Point","coordinates":[{row},1]}},"properties":{{{properties}}},"links":[],"assets":{{}}}}"#
            );
            Document::parse(text).unwrap()
        })
        .collect();
    let mut shape = ItemShape::default();
    for item in &items {
        shape.add(item.root(), &Declared::default(), &mut Vec::new());
    }
    let layout = Arc::new(Layout::of(&shape, &Declared::default()));
    let schema = Arc::new(schema::schema(&layout));
    let mut rows = Rows::new(&layout, &schema);
    for item in &items {
        rows.add(item.root());
    }
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(dictionary)
        .set_writer_version(version)
        .set_compression(codec)
        .set_write_batch_size(page)
        .set_data_page_row_count_limit(page)
        .set_max_row_group_row_count(Some(40))
        // What the newer version would choose is not read here.
        .set_encoding(parquet::basic::Encoding::PLAIN)
        .build();
    let file = NamedTempFile::new().unwrap();
    let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), schema, Some(properties)).unwrap();
    writer.write(&rows.finish().unwrap()).unwrap();
    writer.close().unwrap();
    Table::open(&Arc::new(Counted::new(Box::new(LocalFile::open(file.path()).unwrap()))), 4 << 10).unwrap()
}

pub(super) fn joined(
    batches: impl Iterator<Item = parquet::errors::Result<RecordBatch>>,
) -> Vec<RecordBatch> {
    let rows = batches
        .map(Result::unwrap)
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| batch.slice(row, 1)).collect::<Vec<_>>());
    rows.collect()
}

proptest! {
    #[test]
    fn rows_are_what_the_parquet_crate_reads(
        items in prop::collection::vec(properties(), 1..60),
        (dictionary, newer, packed) in any::<(bool, bool, bool)>(),
        (page, batch, threads) in (1_usize..9, 1_usize..50, 1_usize..3),
        chosen in prop::collection::vec(any::<bool>(), 60),
        wanted in any::<u32>(),
    ) {
        let version = if newer { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
        let codec = if packed { Compression::ZSTD(ZstdLevel::default()) } else { Compression::UNCOMPRESSED };
        let table = written(&items, dictionary, version, codec, page);
        let mut number = 0;
        let columns = table.columns(|_| {
            number += 1;
            wanted >> (number % 32) & 1 == 1
        });
        for group in 0..table.metadata.num_row_groups() {
            let rows = (0..table.rows(group)).filter(|row| chosen[group * 20 + row]);
            let runs: Vec<Range<usize>> = rows.map(|row| row..row + 1).collect();
            if columns.is_empty() || runs.is_empty() {
                continue;
            }
            let metadata = table.indexed(group).unwrap();
            prop_assert!(Pages::are_known(metadata, columns.leaves()));
            let here = table.read(group, &columns, &runs, (batch, threads)).unwrap();
            let there = table.read_others(metadata, &columns, &runs, batch).unwrap();
            prop_assert_eq!(joined(here), joined(there));
        }
    }
}
