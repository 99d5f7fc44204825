//! Columns of chosen rows of a row group, out of the pages that hold them and no others.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::errors::Result;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::reader::ChunkReader;

use crate::read::bytes::{Blocks, Counted};
use crate::read::cache::Cache;
use crate::read::damage::{damaged, guarded};
use crate::read::flat::{Flat, Flats};
use crate::read::leaf::Column;
use crate::read::page::{self, Leaf, Page};
use crate::read::places::{dictionary_range, page_locations};
use crate::read::tree::Node;

/// From so many pages on it is worth it to begin a thread.
const MANY: usize = 8;

/// The pages of some rows of a row group, fetched or kept from before.
pub(crate) struct Pages<'t> {
    cache: &'t Cache,
    group: &'t ParquetMetaData,
    nodes: &'t [Node],
    leaves: Vec<Leaf>,
    /// A batch each.
    plans: Vec<Plan>,
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

    /// Fetches what is not kept of the pages of the rows in some batches of runs. `group`: a row group alone, with its
    /// indexes. With several threads pages are unpacked at once, and else when they are looked at.
    pub(crate) fn fetch(
        file: &Arc<Counted>,
        cache: &'t Cache,
        group: &'t ParquetMetaData,
        nodes: &'t [Node],
        batches: &[Vec<Range<usize>>],
        threads: usize,
    ) -> Result<Self> {
        let rows = usize::try_from(group.row_group(0).num_rows()).unwrap_or(0);
        let mut leaves = Vec::new();
        for node in nodes {
            node.each_leaf(&mut |leaf| leaves.push(*leaf));
        }
        let locations = |leaf: &Leaf| page_locations(group, leaf.number).unwrap_or_default();
        let plans = batches.iter().map(|runs| plan(leaves.iter().map(locations), rows, runs));
        let plans: Vec<Plan> = plans.collect::<Result<_>>()?;
        let (mut kept, mut missing) = (HashMap::new(), Vec::new());
        let mut need = |leaf: Leaf, range: Range<u64>, rows: usize| match cache.page(range.start) {
            Some(page) => drop(kept.insert(range.start, page)),
            None => missing.push((leaf, range, rows)),
        };
        for (index, leaf) in leaves.iter().enumerate() {
            let locations = locations(leaf);
            if let Some(dictionary) = dictionary_range(group.row_group(0).column(leaf.number), locations) {
                need(*leaf, dictionary, 0);
            }
            // The last page of a batch can be the first of the next.
            let mut chosen: Vec<_> = plans.iter().flat_map(|plan| &*plan[index]).collect();
            chosen.dedup_by_key(|chosen| chosen.page);
            for chosen in chosen {
                need(*leaf, bytes_of(&locations[chosen.page]), chosen.rows);
            }
        }
        let blocks = file.fetch(missing.iter().map(|(_, range, _)| range.clone()).collect())?;
        let mut pages = Self { cache, group, nodes, leaves, plans, blocks, kept };
        if threads > 1 && missing.len() >= MANY {
            let unpacked = pages.unpack(&missing, threads)?;
            pages.kept.extend(unpacked);
        }
        Ok(pages)
    }

    fn unpack(&self, pages: &[(Leaf, Range<u64>, usize)], threads: usize) -> Result<Vec<(u64, Arc<Page>)>> {
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
            // Where the system gives no more threads, those that are there do all of it.
            let others = (1..threads).map_while(|_| thread::Builder::new().spawn_scoped(scope, some).ok());
            let others: Vec<_> = others.collect();
            let mut unpacked = some()?;
            for other in others {
                unpacked.append(&mut other.join().map_err(|_| damaged("its parts contradict each other"))??);
            }
            Ok(unpacked)
        })
    }

    /// The columns of one batch.
    pub(crate) fn batch(&self, schema: &SchemaRef, batch: usize) -> Result<RecordBatch> {
        let chosen = &self.plans[batch];
        let columns = self.leaves.iter().zip(chosen).map(|(leaf, chosen)| self.column(*leaf, chosen));
        let mut columns = columns.collect::<Result<Vec<_>>>()?.into_iter();
        let arrays = self.nodes.iter().map(|node| node.array(&mut columns)).collect::<Result<_>>()?;
        Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
    }

    fn column(&self, leaf: Leaf, chosen: &[Chosen]) -> Result<Column> {
        let locations = page_locations(self.group, leaf.number).unwrap_or_default();
        let known = OnceCell::new();
        let dictionary = || {
            if let Some(known) = known.get() {
                return Ok(Arc::clone(known));
            }
            let range = dictionary_range(self.group.row_group(0).column(leaf.number), locations);
            let page =
                self.page(leaf, range.ok_or_else(|| damaged("the dictionary of a column is missing"))?, 0)?;
            Ok(Arc::clone(known.get_or_init(|| page)))
        };
        let mut column = Column::new(leaf.physical);
        let mut pages = Vec::with_capacity(chosen.len());
        for Chosen { page, rows, runs } in chosen {
            let page = self.page(leaf, bytes_of(&locations[*page]), *rows)?;
            let Page::Data(data) = &*page else { return Err(damaged("a dictionary stands among the pages")) };
            let places = column.append_levels(leaf, data, runs)?;
            pages.push((page, places));
        }
        column.append_values(&pages, dictionary)?;
        Ok(column)
    }

    /// The columns of the only batch, which is all rows; each is one of one value a row.
    pub(crate) fn flats(&self) -> Result<Flats> {
        let rows = usize::try_from(self.group.row_group(0).num_rows()).unwrap_or(0);
        let mut columns = Vec::new();
        for (leaf, chosen) in self.leaves.iter().zip(self.plans.iter().flatten()) {
            let locations = page_locations(self.group, leaf.number).unwrap_or_default();
            let dictionary = dictionary_range(self.group.row_group(0).column(leaf.number), locations);
            let dictionary = dictionary.map(|range| self.page(*leaf, range, 0)).transpose()?;
            let pages = chosen.iter().map(|one| self.page(*leaf, bytes_of(&locations[one.page]), one.rows));
            let pages = pages.collect::<Result<_>>()?;
            columns.push((leaf.number, Flat::new(pages, dictionary, leaf.definition, rows)?));
        }
        Ok(Flats::new(columns))
    }

    /// `rows`: how many begin in it.
    fn page(&self, leaf: Leaf, range: Range<u64>, rows: usize) -> Result<Arc<Page>> {
        if let Some(page) = self.kept.get(&range.start) {
            return Ok(Arc::clone(page));
        }
        if let Some(page) = self.cache.page(range.start) {
            return Ok(page);
        }
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let bytes = self.blocks.get_bytes(range.start, length)?;
        let codec = self.group.row_group(0).column(leaf.number).compression();
        let page = Arc::new(Page::read(&bytes, codec, leaf, rows)?);
        self.cache.keep_page(range.start, Arc::clone(&page));
        Ok(page)
    }
}

fn bytes_of(location: &PageLocation) -> Range<u64> {
    let start = location.offset.cast_unsigned();
    start..start.saturating_add(u64::try_from(location.compressed_page_size).unwrap_or(0))
}

/// A page of a column with some of its rows, counted from its first.
struct Chosen {
    page: usize,
    rows: usize,
    runs: Vec<Range<usize>>,
}

/// Of each leaf column the pages that hold the rows of a batch.
type Plan = Vec<Arc<[Chosen]>>;

fn plan<'l>(
    columns: impl Iterator<Item = &'l [PageLocation]>,
    rows: usize,
    runs: &[Range<usize>],
) -> Result<Plan> {
    let mut plan = Plan::new();
    let mut last: &[PageLocation] = &[];
    for locations in columns {
        // Many columns have pages of the same rows.
        let starts = |locations: &'l [PageLocation]| locations.iter().map(|page| page.first_row_index);
        let chosen = match plan.last() {
            Some(known) if starts(last).eq(starts(locations)) => Arc::clone(known),
            _ => chosen(locations, rows, runs)?,
        };
        plan.push(chosen);
        last = locations;
    }
    Ok(plan)
}

/// The pages that hold the rows of a row group that are in the runs.
fn chosen(locations: &[PageLocation], rows: usize, runs: &[Range<usize>]) -> Result<Arc<[Chosen]>> {
    let mut chosen = Vec::new();
    let mut runs = runs.iter().cloned().peekable();
    let starts =
        locations.iter().map(|location| usize::try_from(location.first_row_index).unwrap_or(usize::MAX));
    let ends = starts.clone().skip(1).chain([rows]);
    if starts.clone().next() != Some(0) {
        return Err(damaged("its first page is not that of its first row"));
    }
    for (page, (start, end)) in starts.zip(ends).enumerate() {
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
            chosen.push(Chosen { page, rows: end - start, runs: inside });
        }
    }
    if runs.peek().is_some() {
        return Err(damaged("its pages do not hold all of its rows"));
    }
    Ok(chosen.into())
}
