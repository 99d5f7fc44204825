//! Row groups of which rows were cut out, beside what the `parquet` crate reads of those rows in the file that they come from.

use std::ops::Range;
use std::sync::Arc;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::ChunkReader;
use parquet::file::writer::SerializedFileWriter;
use proptest::prelude::*;
use tempfile::NamedTempFile;

use super::chosen::{joined, properties, written};
use crate::dataset::rewrite::Chunk;
use crate::dataset::splice::splice;
use crate::read::bytes::Counted;
use crate::read::local::LocalFile;
use crate::read::table::Table;

/// A file of some rows of a row group, all columns of which are cut.
fn cut(table: &Table, group: usize, kept: &[Range<usize>]) -> NamedTempFile {
    let schema = table.metadata.file_metadata().schema_descr().root_schema_ptr();
    let file = NamedTempFile::new().unwrap();
    let mut out =
        SerializedFileWriter::new(file.reopen().unwrap(), schema, Arc::new(WriterProperties::default()))
            .unwrap();
    let indexed = table.indexed(group).unwrap();
    let mut to = out.next_row_group().unwrap();
    for field in 0..table.fields.len() {
        for leaf in table.leaves(field).unwrap() {
            let (start, length) = table.group(group).column(leaf.number).byte_range();
            let bytes = table.file.get_bytes(start, usize::try_from(length).unwrap()).unwrap();
            let (bytes, close) = splice(indexed, leaf, &bytes, kept).unwrap();
            to.append_column(&Chunk { start: 0, bytes }, close).unwrap();
        }
    }
    to.close().unwrap();
    out.close().unwrap();
    file
}

proptest! {
    #[test]
    fn what_is_left_is_as_it_was(
        items in prop::collection::vec(properties(), 1..60),
        (dictionary, newer, packed) in any::<(bool, bool, bool)>(),
        page in 1_usize..9,
        gone in prop::collection::vec(prop::bool::weighted(0.2), 60),
    ) {
        let version = if newer { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
        let codec = if packed { Compression::ZSTD(ZstdLevel::default()) } else { Compression::UNCOMPRESSED };
        let table = written(&items, dictionary, version, codec, page);
        for group in 0..table.metadata.num_row_groups() {
            let rows = (0..table.rows(group)).filter(|row| !gone[group * 20 + row]);
            let kept: Vec<Range<usize>> = rows.map(|row| row..row + 1).collect();
            if kept.is_empty() {
                continue;
            }
            let columns = table.columns(|_| true);
            let before = table.read_others(table.indexed(group).unwrap(), &columns, &kept, 100).unwrap();
            let before = joined(before);
            let file = cut(&table, group, &kept);
            let after = ParquetRecordBatchReaderBuilder::try_new(file.reopen().unwrap()).unwrap();
            let after = after.build().unwrap().map(|batch| batch.map_err(ParquetError::from));
            prop_assert_eq!(&before, &joined(after));
            // By its page index, too.
            let local = LocalFile::open(file.path()).unwrap();
            let again = Table::open(&Arc::new(Counted::new(Box::new(local))), 0).unwrap();
            let all = 0..again.rows(0);
            let by_pages = again.read(0, &columns, std::slice::from_ref(&all), (100, 1)).unwrap();
            prop_assert_eq!(&before, &joined(by_pages));
            for chunk in again.group(0).columns() {
                prop_assert!(chunk.num_values().unsigned_abs() >= all.len() as u64);
            }
        }
    }
}
