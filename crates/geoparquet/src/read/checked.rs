//! The pages of a Parquet file, looked at before they are decoded: two encodings begin with how many values there are,
//! for which the `parquet` crate reserves memory.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::Result;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::Length;
use parquet::file::serialized_reader::SerializedPageReader;

use crate::read::bytes::{Ahead, Blocks, Counted};
use crate::read::damage::damaged;
use crate::read::lengths::Walk;

/// Bytes of a column chunk that are read at a time at most, and of all columns together.
const STEP: u64 = 1 << 20;
const STEPS: u64 = 32 << 20;

/// Bytes of a column chunk that are read at a time at least.
const LEAST_STEP: u64 = 16 << 10;

/// Row groups that have been begun for some columns and not for others, at most.
const MAX_BEGUN: usize = 2;

/// Some columns of all row groups of a file, read from its beginning to its end.
pub(crate) struct Groups {
    begun: Arc<Begun>,
}

impl Groups {
    pub(crate) fn new(file: &Arc<Counted>, metadata: &Arc<ParquetMetaData>, mask: &ProjectionMask) -> Self {
        let leaves = 0..metadata.file_metadata().schema_descr().num_columns();
        let leaves: Vec<usize> = leaves.filter(|&leaf| mask.leaf_included(leaf)).collect();
        let step = (STEPS / (leaves.len() as u64).max(1)).clamp(LEAST_STEP, STEP);
        let (file, metadata) = (Arc::clone(file), Arc::clone(metadata));
        Self { begun: Arc::new(Begun { file, metadata, leaves, step, fetched: Mutex::default() }) }
    }
}

impl RowGroups for Groups {
    fn num_rows(&self) -> usize {
        usize::try_from(self.begun.metadata.file_metadata().num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        let groups = 0..self.begun.metadata.num_row_groups();
        Ok(Box::new(Chunks { begun: Arc::clone(&self.begun), leaf, groups }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.begun.metadata.row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.begun.metadata
    }
}

/// One column in all row groups.
struct Chunks {
    begun: Arc<Begun>,
    leaf: usize,
    groups: Range<usize>,
}

impl Iterator for Chunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.groups.next()?;
        let chunk = self.begun.metadata.row_group(group).column(self.leaf);
        let pages = self.begun.chunk(group, self.leaf).and_then(|bytes| {
            // The number of rows is for the page index, which is not used.
            SerializedPageReader::new(Arc::new(bytes), chunk, 0, None)
        });
        Some(pages.map(|pages| Box::new(Checked::new(Box::new(pages), chunk)) as _))
    }
}

impl PageIterator for Chunks {}

/// The beginnings of column chunks. Those of a row group are fetched together, when the first of its columns is begun.
struct Begun {
    file: Arc<Counted>,
    metadata: Arc<ParquetMetaData>,
    leaves: Vec<usize>,
    /// How many bytes of a column chunk are read at a time.
    step: u64,
    fetched: Mutex<Fetched>,
}

#[derive(Default)]
struct Fetched {
    /// The first row group that no column has begun.
    next: usize,
    groups: VecDeque<FetchedGroup>,
}

struct FetchedGroup {
    number: usize,
    blocks: Blocks,
    /// How many columns have not begun it.
    left: usize,
}

impl Begun {
    /// A column chunk, ready to be read.
    fn chunk(&self, group: usize, leaf: usize) -> Result<Ahead> {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        if group >= fetched.next {
            fetched.next = group + 1;
            // Where row groups are small, a column runs through many before the next begins the first of them.
            fetched.groups.truncate(MAX_BEGUN - 1);
            let blocks = self.fetch(group)?;
            fetched.groups.push_front(FetchedGroup { number: group, blocks, left: self.leaves.len() });
        }
        let part = part(self.metadata.row_group(group).column(leaf));
        let known = fetched.groups.iter_mut().find(|known| known.number == group);
        let ahead = |blocks| Ahead::new(&self.file, part.clone(), self.step, blocks);
        let Some(known) = known else { return Ok(ahead(None)) };
        known.left = known.left.saturating_sub(1);
        let chunk = ahead(Some(&known.blocks));
        fetched.groups.retain(|known| known.left > 0);
        Ok(chunk)
    }

    fn fetch(&self, group: usize) -> Result<Blocks> {
        let group = self.metadata.row_group(group);
        let size = Length::len(&*self.file);
        let ranges = self.leaves.iter().map(|&leaf| {
            let Range { start, end } = part(group.column(leaf));
            start.min(size)..end.min(size).min(start.saturating_add(self.step))
        });
        self.file.fetch(ranges.filter(|range| !range.is_empty()).collect())
    }
}

/// Where a column chunk stands.
fn part(chunk: &ColumnChunkMetaData) -> Range<u64> {
    let (start, length) = chunk.byte_range();
    start..start.saturating_add(length)
}

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
