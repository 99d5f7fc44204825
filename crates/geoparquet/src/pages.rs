//! The pages of a Parquet file, looked at before they are decoded: two encodings begin with how many values there are,
//! for which the `parquet` crate reserves memory.

use std::fs::File;
use std::sync::Arc;

use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::Result;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

use crate::damage::damaged;
use crate::lengths::Walk;

/// All row groups of a file.
pub(crate) struct Groups {
    pub(crate) file: Arc<File>,
    pub(crate) metadata: Arc<ParquetMetaData>,
}

impl RowGroups for Groups {
    fn num_rows(&self) -> usize {
        usize::try_from(self.metadata.file_metadata().num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        let chunks = self.metadata.row_groups().iter().map(|group| group.column(leaf).clone());
        Ok(Box::new(Chunks { file: Arc::clone(&self.file), chunks: chunks.collect::<Vec<_>>().into_iter() }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// One column in all row groups.
struct Chunks {
    file: Arc<File>,
    chunks: std::vec::IntoIter<ColumnChunkMetaData>,
}

impl Iterator for Chunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let chunk = self.chunks.next()?;
        // The number of rows is for the page index, which is not used.
        let pages = SerializedPageReader::new(Arc::clone(&self.file), &chunk, 0, None);
        Some(pages.map(|pages| Box::new(Checked::new(Box::new(pages), &chunk)) as _))
    }
}

impl PageIterator for Chunks {}

/// The pages of one column chunk.
pub(crate) struct Checked {
    pages: Box<dyn PageReader>,
    /// Whether there are repetition and definition levels before the values.
    levels: [bool; 2],
}

impl Checked {
    pub(crate) fn new(pages: Box<dyn PageReader>, chunk: &ColumnChunkMetaData) -> Self {
        let column = chunk.column_descr();
        Self { pages, levels: [column.max_rep_level() > 0, column.max_def_level() > 0] }
    }

    /// Whether the values of a page can be as many as they say.
    fn is_plausible(&self, page: &Page) -> Option<()> {
        let mut walk = Walk { bytes: page.buffer() };
        let most = page.num_values().into();
        let lists = match page.encoding() {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
            Encoding::DELTA_BYTE_ARRAY => 2,
            _ => return Some(()),
        };
        match page {
            Page::DataPageV2 { rep_levels_byte_len, def_levels_byte_len, .. } => {
                walk.skip((*rep_levels_byte_len).into())?;
                walk.skip((*def_levels_byte_len).into())?;
            }
            // The older encoding of levels is older than these encodings of values.
            Page::DataPage { .. } => {
                for _ in self.levels.into_iter().filter(|has| *has) {
                    let (length, _) = walk.bytes.split_first_chunk()?;
                    walk.skip(4 + u64::from(u32::from_le_bytes(*length)))?;
                }
            }
            Page::DictionaryPage { .. } => return None,
        }
        (0..lists).try_for_each(|_| skip_integers(&mut walk, most))
    }
}

/// Skips a list of at most so many integers in DELTA_BINARY_PACKED.
fn skip_integers(walk: &mut Walk<'_>, most: u64) -> Option<()> {
    let (block, parts, count) = (walk.varint()?, walk.varint()?, walk.varint()?);
    let _first = walk.varint()?;
    let part = block.checked_div(parts).filter(|&part| part > 0)?;
    if count > most {
        return None;
    }
    let mut left = count.saturating_sub(1);
    while left > 0 {
        let _least = walk.varint()?;
        let widths = walk.bytes;
        walk.skip(parts)?;
        for &width in widths.iter().take(usize::try_from(parts).ok()?) {
            if left > 0 {
                walk.skip(u64::from(width).checked_mul(part)? / 8)?;
                left = left.saturating_sub(part);
            }
        }
    }
    Some(())
}

impl Iterator for Checked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Checked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        match page.as_ref().map(|page| self.is_plausible(page)) {
            Some(None) => Err(damaged("a page claims more values than it holds")),
            _ => Ok(page),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 128 integers in 4 parts: this many, the first of which is 0; then one block of widths 8, 0, 0, 0.
    fn integers(count: &[u8]) -> Vec<u8> {
        [&[128, 1, 4][..], count, &[0, 0, 8, 0, 0, 0], &[1; 32]].concat()
    }

    #[test]
    fn integers_are_as_many_as_they_say() {
        let left = |bytes: &[u8], most| {
            let mut walk = Walk { bytes };
            skip_integers(&mut walk, most).map(|()| walk.bytes.len())
        };
        assert_eq!(left(&integers(&[30]), 30), Some(0));
        assert_eq!(left(&[&integers(&[30])[..], &[7; 5]].concat(), 30), Some(5));
        assert_eq!(left(&[128, 1, 4, 1, 0], 1), Some(0));
        assert_eq!(left(&integers(&[30]), 29), None);
        assert_eq!(left(&integers(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), 30), None);
        // A second block, which is not there.
        assert_eq!(left(&integers(&[0x82, 1]), 1_000), None);
        assert_eq!(left(&[0, 0, 30, 0, 0], 30), None);
        assert_eq!(left(&[0, 1, 30, 0, 0], 30), None);
    }
}
