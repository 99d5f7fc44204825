//! A search in a GeoParquet file: row groups, pages and rows are left out as early as the file allows; the evaluator
//! of `stacyard-search` decides on the rest, first on the few columns that it needs, and the wide columns are read
//! only for the rows that answer.

use std::ops::Range;
use std::sync::Arc;

use parquet::errors::ParquetError;
use stacyard_model::json::{Tape, Value};
use stacyard_search::{Aggregation, Compiled};
use stacyard_store::{Error, Hits, Sorter};

use crate::format::scope::Scope;
use crate::read::damage::damaged;
use crate::read::decode::Items;
use crate::read::decode_error::DecodeError;
use crate::read::opened::Opened;
use crate::read::runs;
use crate::read::source::rows_within;
use crate::read::table::{Columns, Table};
use crate::search::condition::Conditions;
use crate::search::levels::{Levels, add};
use crate::search::needed::Needed;
use crate::search::picked::{Picked, Waves, each};
use crate::search::pruned::Pruned;
use crate::search::rank::{Rank, Ranked};

/// Rows that one core decodes at a time, and about how many bytes of their columns.
pub(crate) const SLICE: usize = 1_024;
const SLICE_BYTES: u64 = 16 << 20;

/// Rows whose columns of conditions are in memory at a time, and about how many bytes of them: among them can be the
/// geometries.
pub(crate) const NARROW: usize = 1 << 16;
const NARROW_BYTES: u64 = 64 << 20;

/// From so many rows on a wave of row groups is full.
const WAVE: usize = 1 << 20;

/// Of so few rows whole Items are decoded at once, without a look at the columns that decide before.
const FEW: usize = 16;

/// Of how many Items at most a search keeps the places to read only the first; those who want more get them sorted.
pub(crate) const MAX_FIRST: u64 = 100_000;

fn contradiction() -> ParquetError {
    damaged("a column has another number of rows, or another type, than the footer says")
}

/// One search in one file.
pub(crate) struct Ask {
    pub(crate) file: Arc<Opened>,
    pub(crate) search: Arc<Compiled>,
    conditions: Conditions,
    pub(crate) rank: Option<Rank>,
    /// The row groups that may answer.
    pub(crate) groups: Vec<usize>,
    /// Items up to this place in the order are left out.
    pub(crate) after: Option<Vec<u8>>,
    /// The columns of the conditions, and with those of the rank; those that decide; those that the answer is made of.
    narrow: Columns,
    ranked: Columns,
    exact: Columns,
    wide: Columns,
    pub(crate) levels: Levels,
    /// Rows whose columns of conditions and rank are in memory at a time.
    narrow_rows: usize,
}

impl Ask {
    pub(crate) fn new(
        pruned: Pruned,
        search: &Arc<Compiled>,
        after: Option<Vec<u8>>,
        wanted: &[Aggregation],
    ) -> Self {
        let Pruned { file, conditions, rank, groups } = pruned;
        let (table, footer) = (&file.table, &file.footer);
        let request = search.request();
        let mut narrow = Vec::new();
        conditions.all.each_column(&mut |column| narrow.push(column.path.as_slice()));
        let mut ranked = narrow.clone();
        ranked.extend(rank.iter().flat_map(Rank::columns).map(|column| column.path.as_slice()));
        let needed = Needed::of(search, wanted, footer);
        let fields = &request.fields;
        let ranked = table.columns(|path| ranked.contains(&path));
        Self {
            narrow: table.columns(|path| narrow.contains(&path)),
            narrow_rows: rows_within(&table.metadata, NARROW_BYTES, Some(ranked.leaves())).min(NARROW),
            ranked,
            exact: table.columns(|path| needed.has(path)),
            // Items of others go through the gate, which wants them whole.
            wide: table
                .columns(|path| !footer.is_ours || needed.has(path) || fields.may_want(&footer.place(path))),
            search: Arc::clone(search),
            conditions,
            rank,
            groups,
            after,
            levels: Levels::default(),
            file,
        }
    }

    /// The rows of the next wave.
    pub(crate) fn next(&self, waves: &mut Waves, threads: usize) -> Result<Option<Vec<Picked>>, Error> {
        if let Some(first) = waves.first.take() {
            return Ok(Some(first));
        }
        let Some(groups) = self.wave(waves) else { return Ok(None) };
        let mut found = Vec::new();
        each(
            groups,
            threads,
            || (),
            |(), group, threads| {
                let mut rows = Vec::new();
                self.narrow(group, None, threads, |_, run| runs::push(&mut rows, run))?;
                Ok(Picked { group, rows, keys: None })
            },
            |picked| {
                found.push(picked);
                Ok(())
            },
        )?;
        Ok(Some(found))
    }

    /// The row groups of the next wave.
    pub(crate) fn wave(&self, waves: &mut Waves) -> Option<Vec<usize>> {
        let mut rows = 0;
        let mut groups = Vec::new();
        while rows < WAVE {
            let Some(group) = waves.groups.next() else { break };
            rows = rows.saturating_add(self.table().rows(group));
            groups.push(group);
        }
        (!groups.is_empty()).then_some(groups)
    }

    /// Gives the rows of a row group that pages and columns leave, ascending, with their ranks, the lowest of all where
    /// there are none. Says whether rows of higher ranks than those that are wanted were left out; of the others some may be
    /// given all the same.
    pub(crate) fn narrow(
        &self,
        group: usize,
        wanted: Option<Ranked<'_>>,
        threads: usize,
        mut found: impl FnMut(i64, Range<usize>),
    ) -> Result<bool, Error> {
        let table = self.table();
        let failed = |cause: ParquetError| self.file.damaged(&cause);
        let total = table.rows(group);
        add(&self.levels.rows, total);
        let columns = if wanted.is_some() { &self.ranked } else { &self.narrow };
        if columns.is_empty() {
            add(&self.levels.after_columns, total);
            found(i64::MIN, 0..total);
            return Ok(false);
        }
        self.search.check_stop()?;
        let mut is_beyond = false;
        let mut looked_at = Vec::new();
        self.conditions.all.each_column(&mut |column| looked_at.push(column));
        looked_at.extend(wanted.iter().flat_map(|wanted| wanted.rank.columns()));
        let (pages, counts) = table
            .rows_of_pages(group, &looked_at, |row| {
                if !table.page_may_hold(group, &self.conditions.all, row)? {
                    return Ok(false);
                }
                let Some(Ranked { rank, least, most }) = wanted else { return Ok(true) };
                let [low, high] = rank.span(|column| table.page_numbers(group, column, row))?;
                is_beyond |= low > most;
                Ok(low <= most && high >= least)
            })
            .map_err(failed)?;
        add(&self.levels.stretches, counts[0]);
        add(&self.levels.after_pages, counts[1]);
        // The numbers of the rows that are read.
        let mut numbers = pages.iter().cloned().flatten();
        for batch in table.read(group, columns, &pages, (self.narrow_rows, threads)).map_err(failed)? {
            let batch = batch.map_err(failed)?;
            self.search.check_stop()?;
            let ranks = wanted.map(|wanted| wanted.rank.ranks(&batch).ok_or_else(contradiction));
            let ranks = ranks.transpose().map_err(failed)?;
            let rows: Vec<usize> = numbers.by_ref().take(batch.num_rows()).collect();
            if rows.len() < batch.num_rows() {
                return Err(failed(contradiction()));
            }
            let left = self.conditions.all.rows(&batch);
            add(&self.levels.after_columns, left.count_set_bits());
            for place in left.set_indices() {
                let row = rows[place];
                found(ranks.as_ref().map_or(i64::MIN, |ranks| ranks[place]), row..row + 1);
            }
        }
        if numbers.next().is_some() { Err(failed(contradiction())) } else { Ok(is_beyond) }
    }

    /// Of some rows those that answer, by the columns that decide; each with its key.
    pub(crate) fn exact(
        &self,
        tape: &mut Tape,
        picked: &Picked,
        mut found: impl FnMut(usize, Vec<u8>),
    ) -> Result<(), Error> {
        self.matching(tape, picked, |row, item| {
            let mut key = Vec::new();
            self.search.sort_key(item, &mut key).map_err(|e| self.file.unreadable(e))?;
            if !self.is_passed(&key) {
                found(row, key);
            }
            Ok(())
        })
    }

    /// Of some rows those that answer, by the columns that decide; whatever their place in the order.
    pub(crate) fn matching(
        &self,
        tape: &mut Tape,
        picked: &Picked,
        mut found: impl FnMut(usize, Value<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let inner = &self.file;
        let failed = |cause: ParquetError| inner.damaged(&cause);
        let mut rows = picked.rows.iter().cloned().flatten();
        let mut text = Vec::new();
        for batch in inner.table.read(picked.group, &self.exact, &picked.rows, (SLICE, 1)).map_err(failed)? {
            let batch = batch.map_err(failed)?;
            self.search.check_stop()?;
            let mut items =
                Items::new(&batch, &inner.footer.names, Scope::Some).map_err(|e| inner.unreadable(e))?;
            for index in 0..batch.num_rows() {
                text.clear();
                items.write(index, &mut text).map_err(|e| inner.unreadable(e))?;
                let item = tape.parse(&text).map_err(|e| inner.unreadable(e))?;
                let Some(row) = rows.next() else { return Err(failed(contradiction())) };
                if self.search.matches(item).map_err(|e| inner.unmatched(e))? {
                    found(row, item)?;
                }
            }
        }
        if rows.next().is_some() { Err(failed(contradiction())) } else { Ok(()) }
    }

    pub(crate) fn slice(&self) -> usize {
        rows_within(&self.file.table.metadata, SLICE_BYTES, None).min(SLICE)
    }

    /// Whether an Item answers: no more is read than it takes to find one. It need not be valid, and so may have no place in
    /// the order.
    pub(crate) fn any(&self) -> Result<bool, Error> {
        let mut tape = Tape::new();
        for &group in &self.groups {
            let mut rows = Vec::new();
            self.narrow(group, None, 1, |_, run| runs::push(&mut rows, run))?;
            for slice in (Picked { group, rows, keys: None }).slices(SLICE) {
                let mut any = false;
                self.matching(&mut tape, &slice, |_, _| {
                    any = true;
                    Ok(())
                })?;
                if any {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Hands over the Items of some rows that answer; says how many.
    pub(crate) fn answer(&self, mut waves: Waves, threads: usize, sorter: &mut Sorter) -> Result<u64, Error> {
        let length = self.slice();
        let mut count = 0;
        while let Some(rows) = self.next(&mut waves, threads)? {
            each(
                rows.into_iter().flat_map(|picked| picked.slices(length)),
                threads,
                Tape::new,
                |tape, slice, threads| self.hits(tape, slice, threads),
                |hits: Hits| {
                    count += hits.len() as u64;
                    sorter.push(hits)
                },
            )?;
        }
        Ok(count)
    }

    /// The Items of some rows that answer, with their places in the order.
    fn hits(&self, tape: &mut Tape, slice: Picked, threads: usize) -> Result<Hits, Error> {
        let (rows, keys) = match slice.keys {
            Some(keys) => (slice.rows, keys),
            None if slice.len() <= FEW => return self.hits_of_few(tape, &slice, threads),
            None => {
                let (mut rows, mut keys) = (Vec::new(), Vec::new());
                self.exact(tape, &slice, |row, key| {
                    runs::push(&mut rows, row..row + 1);
                    keys.push(key);
                })?;
                add(&self.levels.after_exact, keys.len());
                (rows, keys)
            }
        };
        let mut hits = Hits::default();
        let more = keys.len().saturating_sub(1);
        let mut keys = keys.into_iter();
        self.wide((slice.group, &rows), threads, |items, index, row| {
            let key = keys.next().unwrap_or_default();
            hits.try_push(&key, |text| items.write(index, text).map_err(|e| self.row_error(row, e)))?;
            if hits.len() == 1 {
                hits.reserve(more);
            }
            Ok(())
        })?;
        Ok(hits)
    }

    /// The same, by the columns of the answer, which those that decide are among.
    fn hits_of_few(&self, tape: &mut Tape, slice: &Picked, threads: usize) -> Result<Hits, Error> {
        let inner = &self.file;
        let mut hits = Hits::default();
        let (mut text, mut key) = (Vec::new(), Vec::new());
        self.wide((slice.group, &slice.rows), threads, |items, index, row| {
            text.clear();
            key.clear();
            items.write(index, &mut text).map_err(|e| self.row_error(row, e))?;
            let item = tape.parse(&text).map_err(|e| inner.unreadable(e))?;
            if self.search.matches(item).map_err(|e| inner.unmatched(e))? {
                self.search.sort_key(item, &mut key).map_err(|e| inner.unreadable(e))?;
                if self.is_passed(&key) {
                    return Ok(());
                }
                hits.try_push(&key, |out| {
                    out.extend_from_slice(&text);
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        add(&self.levels.after_exact, hits.len());
        Ok(hits)
    }

    pub(crate) fn table(&self) -> &Table {
        &self.file.table
    }

    /// The error of a file whose pages cannot be read.
    pub(crate) fn damaged(&self, cause: &ParquetError) -> Error {
        self.file.damaged(cause)
    }

    /// What the file is called.
    pub(crate) fn name(&self) -> &str {
        &self.file.name
    }

    /// Whether a place in the order is not after the page before.
    fn is_passed(&self, key: &[u8]) -> bool {
        self.after.as_deref().is_some_and(|after| key <= after)
    }

    fn row_error(&self, row: u64, cause: DecodeError) -> Error {
        cause.into_error(format!("{}: row {row}", self.file.name))
    }

    /// Decodes all columns that the answer is made of.
    pub(crate) fn wide(
        &self,
        (group, rows): (usize, &[Range<usize>]),
        threads: usize,
        mut item: impl FnMut(&mut Items, usize, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        add(&self.levels.wide, rows.iter().map(Range::len).sum());
        let inner = &self.file;
        let failed = |cause: ParquetError| inner.damaged(&cause);
        let scope = if inner.footer.is_ours { Scope::Some } else { Scope::All };
        let table = &inner.table;
        let before: usize = (0..group).map(|group| table.rows(group)).sum();
        let mut rows_left = rows.iter().cloned().flatten().map(|row| (before + row) as u64);
        for batch in table.read(group, &self.wide, rows, (self.slice(), threads)).map_err(failed)? {
            let batch = batch.map_err(failed)?;
            self.search.check_stop()?;
            let mut items = Items::new(&batch, &inner.footer.names, scope)
                .map_err(|cause| cause.into_error(format!("{} cannot be read", inner.name)))?;
            for (index, row) in (0..batch.num_rows()).zip(&mut rows_left) {
                item(&mut items, index, row)?;
            }
        }
        if rows_left.next().is_some() { Err(failed(contradiction())) } else { Ok(()) }
    }
}
