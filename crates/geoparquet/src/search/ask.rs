//! A search in a GeoParquet file: row groups, pages and rows are left out as early as the file allows; the evaluator
//! of `stacyard-search` decides on the rest, unless their columns say that they answer: first on the few columns that it needs, and the wide
//! columns are read only for the rows that answer.

use std::ops::Range;
use std::sync::Arc;

use parquet::errors::ParquetError;
use stacyard_model::json::{Tape, Value};
use stacyard_search::{Aggregation, Compiled};
use stacyard_store::{Error, Hits};

use crate::format::scope::Scope;
use crate::read::damage::damaged;
use crate::read::decode::Items;
use crate::read::decode_error::DecodeError;
use crate::read::opened::Opened;
use crate::read::runs;
use crate::read::source::rows_within;
use crate::read::table::{Columns, Table};
use crate::search::condition::{Condition, Conditions, Maker};
use crate::search::lead::Lead;
use crate::search::levels::{Levels, add};
use crate::search::needed::Needed;
use crate::search::picked::{Known, Picked};
use crate::search::pruned::Pruned;
use crate::search::rank::{Rank, Ranked};

/// Rows that one core decodes at a time, and about how many bytes of their columns.
pub(crate) const SLICE: usize = 1_024;
const SLICE_BYTES: u64 = 16 << 20;

/// Rows whose columns of conditions are in memory at a time, and about how many bytes of them: among them can be the
/// geometries.
pub(crate) const NARROW: usize = 1 << 16;
const NARROW_BYTES: u64 = 64 << 20;

/// Of so few rows whole Items are decoded at once, without a look at the columns that decide before.
const FEW: usize = 16;

/// Of how many Items at most a search keeps the places to read only the first; those who want more get them sorted.
pub(crate) const MAX_FIRST: u64 = 100_000;

/// Adds an Item that was made already.
fn push(hits: &mut Hits, key: &[u8], text: &[u8]) -> Result<(), Error> {
    hits.try_push(key, |out| {
        out.extend_from_slice(text);
        Ok(())
    })
}

fn contradiction() -> ParquetError {
    damaged("a column has another number of rows, or another type, than the footer says")
}

/// One search in one file.
pub(crate) struct Ask {
    pub(crate) file: Arc<Opened>,
    pub(crate) search: Arc<Compiled>,
    conditions: Conditions,
    lead: Option<Lead>,
    /// Rows that meet it answer.
    sure: Option<Condition>,
    pub(crate) rank: Option<Rank>,
    /// The row groups that may answer.
    pub(crate) groups: Vec<usize>,
    /// Items up to this place in the order are left out.
    pub(crate) after: Option<Vec<u8>>,
    /// The columns of the conditions, and with those of the rank; those that decide; those that the answer is made of, and with those that
    /// decide.
    narrow: Columns,
    ranked: Columns,
    exact: Columns,
    wide: Columns,
    whole: Columns,
    pub(crate) levels: Levels,
    /// Rows whose columns of conditions and rank are in memory at a time.
    narrow_rows: usize,
    /// Rows of which one core may have all columns in memory.
    pub(crate) rows_at_once: usize,
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
        let maker = Maker { table, footer };
        let sure = maker.sure(request);
        // To ask a server once more takes longer than to read all at once, and files of others may have to be unpacked twice.
        let first = groups.first().filter(|_| footer.is_ours && table.file.at_once() == 1);
        let lead = first.and_then(|&group| Lead::of(&conditions.all, table, group));
        let mut narrow = Vec::new();
        conditions.all.each_column(&mut |column| narrow.push(column.path.as_slice()));
        let mut ranked = narrow.clone();
        if let Some(sure) = &sure {
            sure.each_column(&mut |column| narrow.push(column.path.as_slice()));
        }
        ranked.extend(rank.iter().flat_map(Rank::columns).map(|column| column.path.as_slice()));
        let (needed, to_sort) = (Needed::of(search, wanted, footer), Needed::to_sort(search, footer));
        let fields = &request.fields;
        let ranked = table.columns(|path| ranked.contains(&path));
        Self {
            narrow: table.columns(|path| narrow.contains(&path)),
            narrow_rows: rows_within(&table.metadata, NARROW_BYTES, Some(ranked.leaves())).min(NARROW),
            rows_at_once: rows_within(&table.metadata, SLICE_BYTES, None),
            ranked,
            exact: table.columns(|path| needed.has(path)),
            wide: table.columns(|path| to_sort.has(path) || fields.may_want(&footer.place(path))),
            // Items of others go through the gate, which wants all of them.
            whole: table
                .columns(|path| !footer.is_ours || needed.has(path) || fields.may_want(&footer.place(path))),
            lead,
            sure,
            search: Arc::clone(search),
            conditions,
            rank,
            groups,
            after,
            levels: Levels::default(),
            file,
        }
    }

    /// Its row groups that may answer.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&Self, usize)> {
        self.groups.iter().map(move |&group| (self, group))
    }

    /// The rows of a row group that may answer.
    pub(crate) fn pick(&self, group: usize, threads: usize) -> Result<Picked, Error> {
        let (mut rows, mut open) = (Vec::new(), Vec::new());
        self.narrow(group, None, threads, |_, run, is_sure| {
            if !is_sure {
                runs::push(&mut open, run.clone());
            }
            runs::push(&mut rows, run);
        })?;
        Ok(Picked { group, rows, known: Known::AllBut(open) })
    }

    /// Gives the rows of a row group that pages and columns leave, ascending, with their ranks, the lowest of all where
    /// there are none; and, where no rank is wanted, whether they are known to answer. Says whether rows of higher ranks
    /// than those that are wanted were left out; of the others some may be given all the same.
    pub(crate) fn narrow(
        &self,
        group: usize,
        wanted: Option<Ranked<'_>>,
        threads: usize,
        mut found: impl FnMut(i64, Range<usize>, bool),
    ) -> Result<bool, Error> {
        let table = self.table();
        let sure = self.sure.as_ref().filter(|_| wanted.is_none());
        let failed = |cause: ParquetError| self.file.damaged(&cause);
        let total = table.rows(group);
        add(&self.levels.rows, total);
        let columns = if wanted.is_some() { &self.ranked } else { &self.narrow };
        if columns.is_empty() {
            add(&self.levels.after_columns, total);
            found(i64::MIN, 0..total, sure.is_some_and(Condition::is_always));
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
        let pages = match &self.lead {
            Some(lead) if lead.leaves_few(table, group) => self.led(lead, group, &pages, threads)?,
            _ => pages,
        };
        if pages.is_empty() {
            return Ok(is_beyond);
        }
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
            let sure = sure.map(|sure| sure.rows(&batch));
            for place in left.set_indices() {
                let row = rows[place];
                let is_sure = sure.as_ref().is_some_and(|sure| sure.value(place));
                found(ranks.as_ref().map_or(i64::MIN, |ranks| ranks[place]), row..row + 1, is_sure);
            }
        }
        if numbers.next().is_some() { Err(failed(contradiction())) } else { Ok(is_beyond) }
    }

    /// Of some rows of a row group those that meet the condition that leads.
    fn led(
        &self,
        lead: &Lead,
        group: usize,
        rows: &[Range<usize>],
        threads: usize,
    ) -> Result<Vec<Range<usize>>, Error> {
        let failed = |cause: ParquetError| self.file.damaged(&cause);
        let mut left = Vec::new();
        let mut numbers = rows.iter().cloned().flatten();
        let batches = self.table().read(group, &lead.columns, rows, (self.narrow_rows, threads));
        for batch in batches.map_err(failed)? {
            let batch = batch.map_err(failed)?;
            self.search.check_stop()?;
            for meets in &lead.condition.rows(&batch) {
                let row = numbers.next().ok_or_else(contradiction).map_err(failed)?;
                if meets {
                    runs::push(&mut left, row..row + 1);
                }
            }
        }
        if numbers.next().is_some() { Err(failed(contradiction())) } else { Ok(left) }
    }

    /// Of some rows those that answer, by the columns that decide; each with its key.
    pub(crate) fn exact(
        &self,
        tape: &mut Tape,
        group: usize,
        rows: &[Range<usize>],
        mut found: impl FnMut(usize, Vec<u8>),
    ) -> Result<(), Error> {
        self.matching(tape, group, rows, |row, item| {
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
        group: usize,
        rows: &[Range<usize>],
        mut found: impl FnMut(usize, Value<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let inner = &self.file;
        let failed = |cause: ParquetError| inner.damaged(&cause);
        let mut numbers = rows.iter().cloned().flatten();
        let mut text = Vec::new();
        for batch in inner.table.read(group, &self.exact, rows, (SLICE, 1)).map_err(failed)? {
            let batch = batch.map_err(failed)?;
            self.search.check_stop()?;
            let mut items =
                Items::new(&batch, &inner.footer.names, Scope::Some).map_err(|e| inner.unreadable(e))?;
            for index in 0..batch.num_rows() {
                text.clear();
                items.write(index, &mut text).map_err(|e| inner.unreadable(e))?;
                let item = tape.parse(&text).map_err(|e| inner.unreadable(e))?;
                let Some(row) = numbers.next() else { return Err(failed(contradiction())) };
                if self.search.matches(item).map_err(|e| inner.unmatched(e))? {
                    found(row, item)?;
                }
            }
        }
        if numbers.next().is_some() { Err(failed(contradiction())) } else { Ok(()) }
    }

    /// Whether each request takes long.
    pub(crate) fn is_far(&self) -> bool {
        self.table().file.at_once() > 1
    }

    pub(crate) fn slice(&self) -> usize {
        self.rows_at_once.min(SLICE)
    }

    /// Whether an Item answers: no more is read than it takes to find one. It need not be valid, and so may have no place in
    /// the order.
    pub(crate) fn any(&self) -> Result<bool, Error> {
        let mut tape = Tape::new();
        for &group in &self.groups {
            let mut rows = Vec::new();
            self.narrow(group, None, 1, |_, run, _| runs::push(&mut rows, run))?;
            for slice in runs::slices(rows, SLICE) {
                let mut any = false;
                self.matching(&mut tape, group, &slice, |_, _| {
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

    /// The Items of some rows that answer, with their places in the order.
    pub(crate) fn hits(&self, tape: &mut Tape, slice: Picked, threads: usize) -> Result<Hits, Error> {
        let is_few = slice.len() <= FEW;
        let Picked { group, mut rows, known } = slice;
        // Those whose place is known, and what it is.
        let mut placed: Vec<(usize, Vec<u8>)> = Vec::new();
        let are_placed = matches!(known, Known::Places(_));
        match known {
            Known::Places(keys) => placed = rows.iter().cloned().flatten().zip(keys).collect(),
            Known::AllBut(open) if open.is_empty() => {}
            Known::AllBut(_) if is_few => return self.hits_of_few(tape, (group, &rows), threads),
            Known::AllBut(open) => {
                self.exact(tape, group, &open, |row, key| placed.push((row, key)))?;
                let mut answers = runs::without(&rows, &open);
                answers.extend(placed.iter().map(|(row, _)| *row..row + 1));
                answers.sort_unstable_by_key(|run| run.start);
                rows.clear();
                for run in answers {
                    runs::push(&mut rows, run);
                }
            }
        }
        let mut hits = Hits::default();
        let more = rows.iter().map(Range::len).sum::<usize>().saturating_sub(1);
        let mut placed = placed.into_iter().peekable();
        let mut numbers = rows.iter().cloned().flatten();
        let (mut text, mut key) = (Vec::new(), Vec::new());
        self.decode(&self.wide, (group, &rows), threads, |items, index, row| {
            let number = numbers.next();
            let mut write = |text: &mut Vec<u8>| items.write(index, text).map_err(|e| self.row_error(row, e));
            if let Some((_, key)) = placed.next_if(|(row, _)| Some(*row) == number) {
                hits.try_push(&key, write)?;
            } else {
                text.clear();
                key.clear();
                write(&mut text)?;
                let item = tape.parse(&text).map_err(|e| self.file.unreadable(e))?;
                self.search.sort_key(item, &mut key).map_err(|e| self.file.unreadable(e))?;
                if self.is_passed(&key) {
                    return Ok(());
                }
                push(&mut hits, &key, &text)?;
            }
            if hits.len() == 1 {
                hits.reserve(more);
            }
            Ok(())
        })?;
        add(&self.levels.after_exact, if are_placed { 0 } else { hits.len() });
        Ok(hits)
    }

    /// The same, by all columns at once.
    fn hits_of_few(
        &self,
        tape: &mut Tape,
        rows: (usize, &[Range<usize>]),
        threads: usize,
    ) -> Result<Hits, Error> {
        let inner = &self.file;
        let mut hits = Hits::default();
        let (mut text, mut key) = (Vec::new(), Vec::new());
        self.decode(&self.whole, rows, threads, |items, index, row| {
            text.clear();
            key.clear();
            items.write(index, &mut text).map_err(|e| self.row_error(row, e))?;
            let item = tape.parse(&text).map_err(|e| inner.unreadable(e))?;
            if self.search.matches(item).map_err(|e| inner.unmatched(e))? {
                self.search.sort_key(item, &mut key).map_err(|e| inner.unreadable(e))?;
                if !self.is_passed(&key) {
                    push(&mut hits, &key, &text)?;
                }
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

    /// All columns that the answer is made of, and that decide.
    pub(crate) fn whole(
        &self,
        rows: (usize, &[Range<usize>]),
        item: impl FnMut(&mut Items, usize, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.decode(&self.whole, rows, 1, item)
    }

    /// Makes Items of some columns.
    fn decode(
        &self,
        columns: &Columns,
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
        for batch in table.read(group, columns, rows, (self.slice(), threads)).map_err(failed)? {
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
