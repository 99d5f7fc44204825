//! Row groups of which rows were cut out, beside what the `parquet` crate reads of those rows in the file that they come from.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::ChunkReader;
use parquet::file::writer::SerializedFileWriter;
use proptest::prelude::*;
use tempfile::NamedTempFile;

use super::chosen::{joined, properties, written};
use crate::dataset::ends::Summary;
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

/// What the `parquet` crate says of some rows that it writes.
fn said_of(rows: &RecordBatch) -> ParquetMetaData {
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, rows.schema(), None).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
    ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(out)).unwrap()
}

/// The ends of a column and how many nulls it has, whatever is said of how exact they are.
fn ends(chunk: &ColumnChunkMetaData) -> Option<[Option<Vec<u8>>; 3]> {
    let statistics = chunk.statistics()?;
    let [least, most] =
        [statistics.min_bytes_opt(), statistics.max_bytes_opt()].map(|end| end.map(<[u8]>::to_vec));
    Some([least, most, statistics.null_count_opt().map(|nulls| nulls.to_le_bytes().to_vec())])
}

/// Whether the statistics of all columns, and of all of their pages, are those that the `parquet` crate writes. Long texts may be
/// cut in another way.
fn check_statistics(table: &Table, rows: &RecordBatch) -> Result<(), TestCaseError> {
    let expected = said_of(rows);
    for (leaf, chunk) in table.group(0).columns().iter().enumerate() {
        let is_long = |end: &Option<Vec<u8>>| end.as_ref().is_some_and(|end| end.len() > 60);
        let of_all = ends(expected.row_group(0).column(leaf)).unwrap();
        if !of_all.iter().any(is_long) {
            prop_assert_eq!(ends(chunk).unwrap(), of_all, "{}", chunk.column_path());
        }
        let (pages, index) = table.pages(0, leaf).unwrap().unwrap();
        for (number, page) in pages.iter().enumerate() {
            let at = |page: &PageLocation| usize::try_from(page.first_row_index).unwrap();
            let (start, end) = (at(page), pages.get(number + 1).map_or(rows.num_rows(), at));
            let expected = said_of(&rows.slice(start, end - start));
            let said =
                Summary::of_page(index, number, usize::MAX).unwrap().statistics(chunk.column_type()).unwrap();
            let said = [said.min_bytes_opt(), said.max_bytes_opt()].map(|end| end.map(<[u8]>::to_vec));
            let [least, most, nulls] = ends(expected.row_group(0).column(leaf)).unwrap();
            if is_long(&least) || is_long(&most) {
                prop_assert!(
                    said[0] <= least && said[1] >= most,
                    "page {} of {}",
                    number,
                    chunk.column_path()
                );
            } else {
                prop_assert_eq!(said, [least, most], "page {} of {}", number, chunk.column_path());
            }
            prop_assert_eq!(index.null_count(number).map(|nulls| nulls.to_le_bytes().to_vec()), nulls);
        }
    }
    Ok(())
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
            let whole = again.read_others(again.indexed(0).unwrap(), &columns, std::slice::from_ref(&all), 100).unwrap().next();
            check_statistics(&again, &whole.unwrap().unwrap())?;
            for chunk in again.group(0).columns() {
                prop_assert!(chunk.num_values().unsigned_abs() >= all.len() as u64);
            }
        }
    }
}
