//! Where the pages of a row group stand.

use std::ops::Range;

use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::page_index::offset_index::PageLocation;

/// `None` where the file has no such index, or one that says nothing.
pub(crate) fn page_locations(group: &ParquetMetaData, leaf: usize) -> Option<&[PageLocation]> {
    let pages = group.offset_index()?.first()?.get(leaf)?.page_locations();
    (!pages.is_empty()).then_some(pages.as_slice())
}

/// What stands before the first page of a column chunk is its dictionary.
pub(crate) fn dictionary_range(chunk: &ColumnChunkMetaData, pages: &[PageLocation]) -> Option<Range<u64>> {
    let (start, first) = (chunk.byte_range().0, pages.first()?.offset.cast_unsigned());
    (first > start).then_some(start..first)
}
