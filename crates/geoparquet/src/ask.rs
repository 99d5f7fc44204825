//! A search in a GeoParquet file: row groups, pages and rows are left out as early as the file allows; the evaluator
//! of `stacyard-search` decides on the rest, first on the few columns that it needs, and the wide columns are read
//! only for the rows that answer.

use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use parquet::errors::ParquetError;
use stacyard_model::json::Tape;
use stacyard_search::{Compiled, FREE_TEXT_PROPERTIES, Place};
use stacyard_store::{Batch, Error, Hits, Sorted, Sorter, Source, Work, in_order};

use crate::condition::{Conditions, Maker};
use crate::damage::damaged;
use crate::decode::{DecodeError, Items, Scope};
use crate::rank::Rank;
use crate::source::{rows_within, write_record};
use crate::store::GeoParquet;
use crate::table::{Columns, runs};

/// Rows that one core decodes at a time, and about how many bytes of their columns.
const SLICE: usize = 1_024;
const SLICE_BYTES: u64 = 16 << 20;

/// Rows whose columns of conditions are in memory at a time.
const NARROW: usize = 1 << 16;

/// Of so few rows whole Items are decoded at once, without a look at the columns that decide before.
const FEW: usize = 16;

/// How many rows at most a search keeps the places of to read only the first; those who want more get them sorted.
const MAX_FIRST: u64 = 100_000;

/// Where the rows of a search went, level by level.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    groups: AtomicU64,
    after_statistics: AtomicU64,
    after_bloom: AtomicU64,
    stretches: AtomicU64,
    after_pages: AtomicU64,
    rows: AtomicU64,
    after_columns: AtomicU64,
    after_exact: AtomicU64,
    wide: AtomicU64,
}

fn contradiction() -> ParquetError {
    damaged("its columns have not as many rows, or other types, than it says")
}

fn add(counter: &AtomicU64, number: usize) {
    counter.fetch_add(number as u64, Ordering::Relaxed);
}

impl Levels {
    /// A line for each level.
    pub(crate) fn lines(&self) -> Vec<String> {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        vec![
            format!(
                "row groups  {} -> {} by statistics -> {} by Bloom filters",
                of(&self.groups),
                of(&self.after_statistics),
                of(&self.after_bloom)
            ),
            format!("pages       {} -> {} by the page index", of(&self.stretches), of(&self.after_pages)),
            format!(
                "rows        {} -> {} by their columns -> {} by the search itself",
                of(&self.rows),
                of(&self.after_columns),
                of(&self.after_exact)
            ),
            format!("decoded     {} whole Items", of(&self.wide)),
        ]
    }
}

/// One search in one file.
pub(crate) struct Ask {
    store: GeoParquet,
    search: Arc<Compiled>,
    conditions: Conditions,
    rank: Option<Rank>,
    /// Items up to this place in the order are left out.
    after: Option<Vec<u8>>,
    /// The columns of the conditions, and with those of the rank; those that decide; those that the answer is made of.
    narrow: Columns,
    ranked: Columns,
    exact: Columns,
    wide: Columns,
    pub(crate) levels: Levels,
}

/// Rows of a row group, ascending.
pub(crate) struct Chosen {
    group: usize,
    rows: Vec<u32>,
    /// The places in the order of those that are known to answer.
    keys: Option<Vec<Vec<u8>>>,
}

impl Ask {
    pub(crate) fn new(store: &GeoParquet, search: &Arc<Compiled>, after: Option<Vec<u8>>) -> Self {
        let (table, footer) = (&store.inner.table, &store.inner.footer);
        let maker = Maker { table, footer };
        let request = search.request();
        let conditions = maker.conditions(request);
        let rank = Rank::of(&maker, search);
        let mut narrow = Vec::new();
        conditions.all.each_column(&mut |column| narrow.push(column.path.as_slice()));
        let mut ranked = narrow.clone();
        ranked.extend(rank.iter().flat_map(Rank::columns).map(|column| column.path.as_slice()));
        let needed = Needed::of(search, footer);
        let fields = &request.fields;
        Self {
            narrow: table.columns(|path| narrow.contains(&path)),
            ranked: table.columns(|path| ranked.contains(&path)),
            exact: table.columns(|path| needed.has(path)),
            // Items of others go through the gate, which wants them whole.
            wide: table
                .columns(|path| !footer.is_ours || needed.has(path) || fields.may_want(&footer.place(path))),
            store: store.clone(),
            search: Arc::clone(search),
            conditions,
            rank,
            after,
            levels: Levels::default(),
        }
    }

    /// The rows that may answer, of all row groups; where only the first few Items are wanted, no more than these.
    pub(crate) fn rows(&self, first: Option<u64>, threads: usize) -> Result<Vec<Chosen>, Error> {
        let groups = self.groups()?;
        // Of an Item that the gate refuses another takes the place: then all must be looked at.
        if let Some(first) = first.filter(|&first| first <= MAX_FIRST && self.store.inner.footer.is_ours) {
            return self.first(&groups, usize::try_from(first).unwrap_or(usize::MAX), threads);
        }
        let mut found = Vec::new();
        each(
            groups,
            threads,
            || (),
            |(), group, threads| {
                let rows = self.narrow(group, None, threads)?.into_iter().map(|(_, row)| row).collect();
                Ok(Chosen { group, rows, keys: None })
            },
            |rows| {
                found.push(rows);
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(found)
    }

    /// The row groups that statistics and Bloom filters leave.
    fn groups(&self) -> Result<Vec<usize>, Error> {
        let inner = &self.store.inner;
        let all = 0..inner.table.metadata.num_row_groups();
        add(&self.levels.groups, all.len());
        let condition = &self.conditions.all;
        let left: Vec<usize> = all.filter(|&group| inner.table.group_may_hold(group, condition)).collect();
        add(&self.levels.after_statistics, left.len());
        let mut open = Vec::new();
        for group in left {
            if inner.table.group_may_have(group, condition).map_err(|e| inner.damaged(&e))? {
                open.push(group);
            }
        }
        add(&self.levels.after_bloom, open.len());
        Ok(open)
    }

    /// The rows of a row group that pages and columns leave, with their ranks, the lowest of all where there are none.
    fn narrow(&self, group: usize, rank: Option<&Rank>, threads: usize) -> Result<Vec<(i64, u32)>, Error> {
        let inner = &self.store.inner;
        let table = &inner.table;
        let failed = |cause: ParquetError| inner.damaged(&cause);
        let total = table.rows(group);
        add(&self.levels.rows, total);
        let columns = if rank.is_some() { &self.ranked } else { &self.narrow };
        if columns.is_empty() {
            add(&self.levels.after_columns, total);
            return Ok((0..u32::try_from(total).unwrap_or(u32::MAX)).map(|row| (i64::MIN, row)).collect());
        }
        let (pages, counts) = table.rows_of_pages(group, &self.conditions.all).map_err(failed)?;
        add(&self.levels.stretches, counts[0]);
        add(&self.levels.after_pages, counts[1]);
        // The numbers of the rows that are read.
        let numbers: Vec<usize> = pages.iter().cloned().flatten().collect();
        let mut found = Vec::new();
        let mut before = 0;
        for batch in table.read(group, columns, &pages, (NARROW, threads)).map_err(failed)? {
            let batch = batch.map_err(failed)?;
            let ranks =
                rank.map(|rank| rank.ranks(&batch).ok_or_else(contradiction)).transpose().map_err(failed)?;
            for place in self.conditions.all.rows(&batch).set_indices() {
                let row = numbers.get(before + place).and_then(|&row| u32::try_from(row).ok());
                let row =
                    row.ok_or_else(|| failed(ParquetError::EOF("more rows than there are".to_owned())))?;
                found.push((ranks.as_ref().map_or(i64::MIN, |ranks| ranks[place]), row));
            }
            before += batch.num_rows();
        }
        if before != numbers.len() {
            return Err(failed(ParquetError::EOF("fewer rows than there should be".to_owned())));
        }
        add(&self.levels.after_columns, found.len());
        Ok(found)
    }

    /// Of some rows those that answer, by the columns that decide; each with its key.
    fn exact(
        &self,
        tape: &mut Tape,
        (group, rows): (usize, &[u32]),
        mut found: impl FnMut(u32, Vec<u8>),
    ) -> Result<(), Error> {
        let inner = &self.store.inner;
        let failed = |cause: ParquetError| inner.damaged(&cause);
        let chosen = runs(rows);
        let mut rows = rows.iter();
        let mut text = Vec::new();
        for batch in inner.table.read(group, &self.exact, &chosen, (SLICE, 1)).map_err(failed)? {
            let batch = batch.map_err(failed)?;
            let mut items =
                Items::new(&batch, &inner.footer.names, Scope::Some).map_err(|e| inner.unreadable(e))?;
            for index in 0..batch.num_rows() {
                text.clear();
                items.write(index, &mut text).map_err(|e| inner.unreadable(e))?;
                let item = tape.parse(&text).map_err(|e| inner.unreadable(e))?;
                let Some(&row) = rows.next() else { return Err(failed(contradiction())) };
                if self.search.matches(item).map_err(|e| inner.unreadable(e))? {
                    let mut key = Vec::new();
                    self.search.sort_key(item, &mut key).map_err(|e| inner.unreadable(e))?;
                    if !self.is_passed(&key) {
                        found(row, key);
                    }
                }
            }
        }
        if rows.next().is_some() { Err(failed(contradiction())) } else { Ok(()) }
    }

    /// The rows of the first Items.
    fn first(&self, groups: &[usize], wanted: usize, threads: usize) -> Result<Vec<Chosen>, Error> {
        if wanted == 0 {
            return Ok(Vec::new());
        }
        // Most often the rows that rank first are those that answer; if they do not, more are looked at.
        let mut reach = wanted;
        let mut found = loop {
            let (rows, are_all) = self.best(groups, reach, threads)?;
            let found = self.first_of(rows, wanted, threads)?;
            if are_all || found.len() == wanted {
                break found;
            }
            reach = reach.saturating_mul(8);
        };
        found.sort_unstable_by_key(|found| (found.group, found.row));
        let groups = found.chunk_by_mut(|a, b| a.group == b.group);
        Ok(groups
            .map(|found| Chosen {
                group: found[0].group,
                rows: found.iter().map(|found| found.row).collect(),
                keys: Some(found.iter_mut().map(|found| std::mem::take(&mut found.key)).collect()),
            })
            .collect())
    }

    /// Of the rows that may answer so many of the best ranks, with all of equal rank; and whether these are all.
    fn best(&self, groups: &[usize], reach: usize, threads: usize) -> Result<(Vec<Chosen>, bool), Error> {
        let table = &self.store.inner.table;
        let levels = &self.levels;
        for counter in
            [&levels.stretches, &levels.after_pages, &levels.rows, &levels.after_columns, &levels.after_exact]
        {
            counter.store(0, Ordering::Relaxed);
        }
        // The row groups that can hold the first ones come first.
        let best = |group| self.rank.as_ref().map_or(i64::MIN, |rank| rank.best(table, group));
        let mut groups: Vec<(i64, usize)> = groups.iter().map(|&group| (best(group), group)).collect();
        groups.sort_unstable();
        let behind = self.rank.as_ref().zip(self.after.as_deref());
        let behind = behind.map_or(i64::MIN, |(rank, after)| rank.behind(&self.search, after));
        // The rank of the last of the best ones, so far: what ranks behind it need not be looked at.
        let worst = AtomicI64::new(i64::MAX);
        let mut ranks: BinaryHeap<i64> = BinaryHeap::new();
        let mut found = Vec::new();
        let mut are_all = true;
        each(
            groups,
            threads,
            || (),
            |(), (best, group), threads| {
                if best > worst.load(Ordering::Relaxed) {
                    return Ok((group, Vec::new(), false));
                }
                let mut rows = self.narrow(group, self.rank.as_ref(), threads)?;
                rows.retain(|row| row.0 >= behind);
                let count = rows.len();
                if count > reach {
                    let mut ranks: Vec<i64> = rows.iter().map(|row| row.0).collect();
                    let (_, last, _) = ranks.select_nth_unstable(reach - 1);
                    rows.retain(|row| row.0 <= *last);
                }
                let are_all = rows.len() == count;
                Ok((group, rows, are_all))
            },
            |(group, rows, all_of_group)| {
                are_all &= all_of_group;
                for (rank, _) in &rows {
                    if ranks.len() < reach || ranks.peek().is_some_and(|last| rank < last) {
                        ranks.push(*rank);
                    }
                    if ranks.len() > reach {
                        ranks.pop();
                    }
                }
                if ranks.len() == reach {
                    worst.store(ranks.peek().copied().unwrap_or(i64::MAX), Ordering::Relaxed);
                }
                found.push((group, rows));
                Ok(ControlFlow::Continue(()))
            },
        )?;
        let worst = worst.into_inner();
        let chosen = found.into_iter().map(|(group, mut rows)| {
            let count = rows.len();
            rows.retain(|row| row.0 <= worst);
            are_all &= rows.len() == count;
            Chosen { group, rows: rows.into_iter().map(|(_, row)| row).collect(), keys: None }
        });
        let chosen = chosen.filter(|chosen| !chosen.rows.is_empty()).collect();
        Ok((chosen, are_all))
    }

    /// The first Items of those of some rows that answer, in any order.
    fn first_of(&self, rows: Vec<Chosen>, wanted: usize, threads: usize) -> Result<Vec<Found>, Error> {
        fn keep(first: &mut BinaryHeap<Found>, found: Found, wanted: usize) {
            if first.len() < wanted || first.peek().is_some_and(|last| found < *last) {
                first.push(found);
            }
            if first.len() > wanted {
                first.pop();
            }
        }
        let mut first = BinaryHeap::new();
        each(
            slices(rows, SLICE),
            threads,
            Tape::new,
            |tape, slice, _| {
                let mut first = BinaryHeap::new();
                self.exact(tape, (slice.group, &slice.rows), |row, key| {
                    add(&self.levels.after_exact, 1);
                    keep(&mut first, Found { key, group: slice.group, row }, wanted);
                })?;
                Ok(first.into_vec())
            },
            |found: Vec<Found>| {
                for found in found {
                    keep(&mut first, found, wanted);
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(first.into_vec())
    }

    fn slice(&self) -> usize {
        rows_within(&self.store.inner.table.metadata, SLICE_BYTES).min(SLICE)
    }

    /// How many of the rows answer.
    pub(crate) fn count(&self, rows: Vec<Chosen>, threads: usize) -> Result<u64, Error> {
        let slices = slices(rows, SLICE * 8);
        let mut count = 0;
        each(
            slices,
            threads,
            Tape::new,
            |tape, slice, _| {
                let mut number = 0;
                self.exact(tape, (slice.group, &slice.rows), |_, _| number += 1)?;
                Ok(number)
            },
            |number: u64| {
                count += number;
                Ok(ControlFlow::Continue(()))
            },
        )?;
        self.levels.after_exact.fetch_add(count, Ordering::Relaxed);
        Ok(count)
    }

    /// The Items that answer, in order.
    pub(crate) fn answer(
        &self,
        rows: Vec<Chosen>,
        (memory, threads): (usize, usize),
        first: Option<u64>,
    ) -> Result<(Sorted, u64), Error> {
        let slices = slices(rows, self.slice());
        let mut sorter = Sorter::new(memory, first);
        let mut count = 0;
        each(
            slices,
            threads,
            Tape::new,
            |tape, slice, threads| self.hits(tape, slice, threads),
            |hits: Hits| {
                count += hits.len() as u64;
                sorter.push(hits)?;
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok((sorter.finish(&self.store.inner.name)?, count))
    }

    /// The Items of some rows that answer, with their places in the order.
    fn hits(&self, tape: &mut Tape, slice: Chosen, threads: usize) -> Result<Hits, Error> {
        let (rows, keys) = match slice.keys {
            Some(keys) => (slice.rows, keys),
            None if slice.rows.len() <= FEW => return self.hits_of_few(tape, &slice, threads),
            None => {
                let (mut rows, mut keys) = (Vec::new(), Vec::new());
                self.exact(tape, (slice.group, &slice.rows), |row, key| {
                    rows.push(row);
                    keys.push(key);
                })?;
                add(&self.levels.after_exact, rows.len());
                (rows, keys)
            }
        };
        let mut hits = Hits::default();
        let mut keys = keys.into_iter();
        self.wide((slice.group, &rows), threads, |items, index, row| {
            let key = keys.next().unwrap_or_default();
            hits.try_push(&key, |text| items.write(index, text).map_err(|e| self.row_error(row, e)))?;
            if hits.len() == 1 {
                hits.reserve(rows.len() - 1);
            }
            Ok(())
        })?;
        Ok(hits)
    }

    /// The same, by the columns of the answer, which those that decide are among.
    fn hits_of_few(&self, tape: &mut Tape, slice: &Chosen, threads: usize) -> Result<Hits, Error> {
        let inner = &self.store.inner;
        let mut hits = Hits::default();
        let (mut text, mut key) = (Vec::new(), Vec::new());
        self.wide((slice.group, &slice.rows), threads, |items, index, row| {
            text.clear();
            key.clear();
            items.write(index, &mut text).map_err(|e| self.row_error(row, e))?;
            let item = tape.parse(&text).map_err(|e| inner.unreadable(e))?;
            if self.search.matches(item).map_err(|e| inner.unreadable(e))? {
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

    /// Whether a place in the order is not behind the page before.
    fn is_passed(&self, key: &[u8]) -> bool {
        self.after.as_deref().is_some_and(|after| key <= after)
    }

    fn row_error(&self, row: u64, cause: DecodeError) -> Error {
        cause.into_error(format!("{}: row {row}", self.store.inner.name))
    }

    /// Decodes all columns that the answer is made of.
    fn wide(
        &self,
        (group, rows): (usize, &[u32]),
        threads: usize,
        mut item: impl FnMut(&mut Items, usize, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        add(&self.levels.wide, rows.len());
        let inner = &self.store.inner;
        let failed = |cause: ParquetError| inner.damaged(&cause);
        let scope = if inner.footer.is_ours { Scope::Some } else { Scope::All };
        let table = &inner.table;
        let before: usize = (0..group).map(|group| table.rows(group)).sum();
        let mut rows_left = rows.iter().map(|&row| before as u64 + u64::from(row));
        for batch in table.read(group, &self.wide, &runs(rows), (self.slice(), threads)).map_err(failed)? {
            let batch = batch.map_err(failed)?;
            let mut items = Items::new(&batch, &inner.footer.names, scope)
                .map_err(|cause| cause.into_error(format!("{} cannot be read", inner.name)))?;
            for (index, row) in (0..batch.num_rows()).zip(&mut rows_left) {
                item(&mut items, index, row)?;
            }
        }
        if rows_left.next().is_some() { Err(failed(contradiction())) } else { Ok(()) }
    }
}

/// An Item among the first, by its key.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    key: Vec<u8>,
    group: usize,
    row: u32,
}

/// Maps the jobs side by side, and takes the results in order. A single one has all threads for itself.
fn each<Job: Send, State, Out: Send>(
    mut jobs: Vec<Job>,
    threads: usize,
    state: impl Fn() -> State + Sync,
    map: impl Fn(&mut State, Job, usize) -> Result<Out, Error> + Sync,
    mut take: impl FnMut(Out) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    if jobs.len() <= 1 {
        return jobs.pop().map_or(Ok(()), |job| take(map(&mut state(), job, threads)?).map(|_| ()));
    }
    let mut jobs = jobs.into_iter();
    in_order(|| Ok(jobs.next()), (threads, 1), state, |state, job| map(state, job, 1), take)
}

fn slices(rows: Vec<Chosen>, length: usize) -> Vec<Chosen> {
    let mut slices = Vec::new();
    for mut one in rows {
        while one.rows.len() > length {
            let rows = one.rows.split_off(one.rows.len() - length);
            let keys = one.keys.as_mut().map(|keys| keys.split_off(keys.len() - length));
            slices.push(Chosen { group: one.group, rows, keys });
        }
        slices.push(one);
    }
    slices
}

/// Which columns decide whether an Item answers, and where it stands in the order.
struct Needed {
    roots: Vec<String>,
}

impl Needed {
    fn of(search: &Compiled, footer: &crate::file::Footer) -> Self {
        let mut roots: Vec<String> = ["id", "collection"].map(str::to_owned).into();
        roots.extend(footer.names.conventions.residual.clone());
        let request = search.request();
        if request.datetime.is_some() || request.sortby.is_empty() {
            roots.extend(["datetime", "start_datetime", "end_datetime"].map(str::to_owned));
        }
        if request.area.is_some() {
            roots.push(footer.names.geometry.clone());
        }
        if !request.text.is_empty() {
            roots.extend(FREE_TEXT_PROPERTIES.map(str::to_owned));
        }
        request.each_property(&mut |property| match property.place() {
            Place::Geometry => roots.push(footer.names.geometry.clone()),
            // A name with dots may be nested at any of them.
            Place::Properties => {
                let key = property.key();
                roots.extend(key.match_indices('.').map(|(dot, _)| key[..dot].to_owned()));
                roots.push(key.to_owned());
            }
            Place::Id | Place::Collection => {}
        });
        Self { roots }
    }

    fn has(&self, path: &[String]) -> bool {
        path.first().is_some_and(|root| self.roots.contains(root))
    }
}

/// The rows that may answer, as a source of Items: for files whose Items have not passed the gate.
pub(crate) struct Candidates {
    ask: Arc<Ask>,
    slices: std::vec::IntoIter<Chosen>,
}

impl Candidates {
    pub(crate) fn new(ask: Arc<Ask>, rows: Vec<Chosen>) -> Self {
        let slices = slices(rows, ask.slice()).into_iter();
        Self { ask, slices }
    }
}

impl Source for Candidates {
    fn name(&self) -> &str {
        &self.ask.store.inner.name
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        0
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        let Some(slice) = self.slices.next() else { return Ok(None) };
        let ask = Arc::clone(&self.ask);
        Ok(Some(Box::new(move || {
            let mut batch = Batch::default();
            ask.wide((slice.group, &slice.rows), 1, |items, index, row| {
                write_record(items, index, row, &ask.store.inner.name, &mut batch)
            })?;
            Ok(batch)
        })))
    }
}
