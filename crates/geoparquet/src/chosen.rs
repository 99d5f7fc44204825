//! Columns of chosen rows of a row group, out of the pages that hold them and no others.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use parquet::errors::Result;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::reader::ChunkReader;

use crate::bytes::Blocks;
use crate::damage::{damaged, guarded};
use crate::leaf::Column;
use crate::page::{self, Leaf, Page};
use crate::table::{Table, dictionary_range, page_locations};
use crate::tree::Node;

/// From so many pages on it is worth it to begin a thread.
const MANY: usize = 8;

/// The pages of some rows of a row group, fetched or kept from before.
pub(crate) struct Pages<'t> {
    table: &'t Table,
    group: &'t ParquetMetaData,
    rows: usize,
    nodes: &'t [Node],
    leaves: Vec<Leaf>,
    blocks: Blocks,
    /// Held here, as the cache may drop them meanwhile.
    kept: HashMap<u64, Arc<Page>>,
}

impl<'t> Pages<'t> {
    /// Whether all of these columns of a row group are in pages that are read here.
    pub(crate) fn are_known(group: &ParquetMetaData, leaves: &[usize]) -> bool {
        leaves.iter().all(|&leaf| {
            let chunk = group.row_group(0).column(leaf);
            page_locations(group, leaf).is_some()
                && page::is_known(chunk.compression())
                && chunk.encodings().all(page::is_known_encoding)
        })
    }

    /// Fetches what is not kept of the pages of the rows in some runs. `group`: a row group alone, with its indexes.
    /// With several threads pages are unpacked at once, and else when they are looked at.
    pub(crate) fn fetch(
        table: &'t Table,
        group: &'t ParquetMetaData,
        nodes: &'t [Node],
        runs: &[Range<usize>],
        threads: usize,
    ) -> Result<Self> {
        let rows = usize::try_from(group.row_group(0).num_rows()).unwrap_or(0);
        let mut leaves = Vec::new();
        nodes.iter().for_each(|node| node.each_leaf(&mut |leaf| leaves.push(*leaf)));
        let (mut kept, mut missing) = (HashMap::new(), Vec::new());
        for &leaf in &leaves {
            let Some(locations) = page_locations(group, leaf.number) else { continue };
            let dictionary = dictionary_range(group.row_group(0).column(leaf.number), locations);
            let chosen = chosen(locations, rows, runs)?;
            let chosen = chosen.iter().map(|chosen| (bytes_of(chosen.location), chosen.rows));
            for (range, rows) in dictionary.map(|range| (range, 0)).into_iter().chain(chosen) {
                match table.cache.page(range.start) {
                    Some(page) => drop(kept.insert(range.start, page)),
                    None => missing.push((leaf, range, rows)),
                }
            }
        }
        let blocks = table.file.fetch(missing.iter().map(|(_, range, _)| range.clone()).collect())?;
        let mut pages = Self { table, group, rows, nodes, leaves, blocks, kept };
        if threads > 1 && missing.len() >= MANY {
            let unpacked = pages.unpack(missing, threads)?;
            pages.kept.extend(unpacked);
        }
        Ok(pages)
    }

    fn unpack(&self, pages: Vec<(Leaf, Range<u64>, usize)>, threads: usize) -> Result<Vec<(u64, Arc<Page>)>> {
        let next = AtomicUsize::new(0);
        let some = || {
            guarded(|| {
                let mut unpacked = Vec::new();
                while let Some((leaf, range, rows)) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    unpacked.push((range.start, self.page(*leaf, range.clone(), *rows)?));
                }
                Ok(unpacked)
            })
        };
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(some)).collect();
            let mut unpacked = some()?;
            for other in others {
                unpacked.append(&mut other.join().map_err(|_| damaged("its parts contradict each other"))??);
            }
            Ok(unpacked)
        })
    }

    /// The columns of the rows in some of those runs.
    pub(crate) fn batch(&self, schema: &SchemaRef, runs: &[Range<usize>]) -> Result<RecordBatch> {
        let columns = self.leaves.iter().map(|leaf| self.column(*leaf, runs)).collect::<Result<Vec<_>>>()?;
        let mut columns = columns.into_iter();
        let arrays = self.nodes.iter().map(|node| node.array(&mut columns)).collect::<Result<_>>()?;
        let rows = runs.iter().map(Range::len).sum();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)?)
    }

    fn column(&self, leaf: Leaf, runs: &[Range<usize>]) -> Result<Column> {
        let locations = page_locations(self.group, leaf.number).unwrap_or_default();
        let dictionary = || {
            let range = dictionary_range(self.group.row_group(0).column(leaf.number), locations);
            self.page(leaf, range.ok_or_else(|| damaged("a column has lost its dictionary"))?, 0)
        };
        let mut column = Column::new(leaf.physical);
        for Chosen { location, rows, runs } in chosen(locations, self.rows, runs)? {
            let page = self.page(leaf, bytes_of(location), rows)?;
            let Page::Data(data) = &*page else { return Err(damaged("a dictionary stands among the pages")) };
            column.append(leaf, data, &runs, dictionary)?;
        }
        Ok(column)
    }

    /// `rows`: how many begin in it.
    fn page(&self, leaf: Leaf, range: Range<u64>, rows: usize) -> Result<Arc<Page>> {
        if let Some(page) = self.kept.get(&range.start) {
            return Ok(Arc::clone(page));
        }
        if let Some(page) = self.table.cache.page(range.start) {
            return Ok(page);
        }
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let bytes = self.blocks.get_bytes(range.start, length)?;
        let codec = self.group.row_group(0).column(leaf.number).compression();
        let page = Arc::new(Page::read(&bytes, codec, leaf, rows)?);
        self.table.cache.keep_page(range.start, Arc::clone(&page));
        Ok(page)
    }
}

fn bytes_of(location: &PageLocation) -> Range<u64> {
    let start = location.offset.cast_unsigned();
    start..start.saturating_add(u64::try_from(location.compressed_page_size).unwrap_or(0))
}

/// A page with some of its rows, counted from its first.
struct Chosen<'l> {
    location: &'l PageLocation,
    rows: usize,
    runs: Vec<Range<usize>>,
}

/// The pages that hold the rows of a row group that are in the runs.
fn chosen<'l>(locations: &'l [PageLocation], rows: usize, runs: &[Range<usize>]) -> Result<Vec<Chosen<'l>>> {
    let mut chosen = Vec::new();
    let mut runs = runs.iter().cloned().peekable();
    let starts =
        locations.iter().map(|location| usize::try_from(location.first_row_index).unwrap_or(usize::MAX));
    let ends = starts.clone().skip(1).chain([rows]);
    for ((location, start), end) in locations.iter().zip(starts).zip(ends) {
        if start > end || end > rows {
            return Err(damaged("the rows of its pages are out of order"));
        }
        let mut inside = Vec::new();
        while let Some(run) = runs.peek_mut().filter(|run| run.start < end) {
            inside.push(run.start.max(start) - start..run.end.min(end) - start);
            if run.end > end {
                run.start = end;
                break;
            }
            runs.next();
        }
        if !inside.is_empty() {
            chosen.push(Chosen { location, rows: end - start, runs: inside });
        }
    }
    if runs.peek().is_some() { Err(damaged("its pages hold not all of its rows")) } else { Ok(chosen) }
}
