//! The first Items of a search: rows are ranked over all row groups before any is evaluated.

use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};

use stacyard_model::json::Tape;
use stacyard_store::Error;

use crate::read::runs;
use crate::search::ask::{Ask, NARROW, SLICE};
use crate::search::levels::add;
use crate::search::picked::{Known, Picked, each};
use crate::search::rank::Ranked;
use crate::search::wave::{picked, wave};

/// Of so many rows at most the ranks are held; where more do not answer, all are evaluated in waves.
const MAX_REACH: usize = 1 << 20;

/// An Item among the first, by its key.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    key: Vec<u8>,
    /// Of several files, the number of its file.
    file: usize,
    group: usize,
    row: usize,
}

/// So many Items at most, the first of all that were seen.
pub(crate) struct First {
    wanted: usize,
    items: BinaryHeap<Found>,
}

impl First {
    pub(crate) fn new(wanted: usize) -> Self {
        Self { wanted, items: BinaryHeap::new() }
    }

    pub(crate) const fn wanted(&self) -> usize {
        self.wanted
    }

    /// Adds those of another file.
    pub(crate) fn append(&mut self, file: usize, other: Self) {
        other.items.into_iter().for_each(|found| self.add(Found { file, ..found }));
    }

    /// Adds an Item of which only the place in the order is wanted.
    pub(crate) fn add_key(&mut self, key: &[u8]) {
        self.add(Found { key: key.to_vec(), file: usize::MAX, group: 0, row: 0 });
    }

    /// The key of the last of them, where there are as many as are wanted: what comes after it is of no use.
    pub(crate) fn end(&self) -> Option<&[u8]> {
        self.items.peek().filter(|_| self.items.len() >= self.wanted).map(|last| last.key.as_slice())
    }

    fn add(&mut self, found: Found) {
        if self.items.len() < self.wanted || self.items.peek().is_some_and(|last| found < *last) {
            self.items.push(found);
        }
        if self.items.len() > self.wanted {
            self.items.pop();
        }
    }

    /// The rows of each of so many files, with their places in the order.
    pub(crate) fn rows_by_file(&self, files: usize) -> Vec<Vec<Picked>> {
        let mut found: Vec<&Found> = self.items.iter().collect();
        found.sort_unstable_by_key(|found| (found.file, found.group, found.row));
        let mut rows: Vec<Vec<Picked>> = Vec::new();
        rows.resize_with(files, Vec::new);
        for Found { key, file, group, row } in found {
            let Some(of_file) = rows.get_mut(*file) else { continue };
            match of_file.last_mut() {
                Some(Picked { group: last, rows, known: Known::Places(keys) }) if last == group => {
                    runs::push(rows, *row..row + 1);
                    keys.push(key.clone());
                }
                _ => of_file.push(Picked {
                    group: *group,
                    rows: std::iter::once(*row..row + 1).collect(),
                    known: Known::Places(vec![key.clone()]),
                }),
            }
        }
        rows
    }
}

/// Of the rows of a row group those of the best ranks, with all of equal rank.
struct Best {
    /// Rows of lower ranks come before the page; of higher ones there are enough others.
    least: i64,
    worst: i64,
    reach: usize,
    rows: Vec<(i64, Range<usize>)>,
    /// How many runs may be held until those of no use are dropped.
    room: usize,
    are_all: bool,
}

impl Best {
    fn new(reach: usize, least: i64, worst: i64) -> Self {
        Self { least, worst, reach, rows: Vec::new(), room: NARROW.max(reach), are_all: true }
    }

    fn add(&mut self, rank: i64, rows: Range<usize>) {
        if rank < self.least {
            return;
        }
        if rank > self.worst {
            self.are_all = false;
            return;
        }
        match self.rows.last_mut() {
            Some((last, run)) if *last == rank && run.end == rows.start => run.end = rows.end,
            _ => self.rows.push((rank, rows)),
        }
        if self.rows.len() > self.room {
            self.drop_worst();
            self.room = self.room.max(2 * self.rows.len());
        }
    }

    fn drop_worst(&mut self) {
        if self.rows.len() > self.reach {
            let mut ranks: Vec<i64> = self.rows.iter().map(|(rank, _)| *rank).collect();
            self.worst = self.worst.min(*ranks.select_nth_unstable(self.reach - 1).1);
        }
        let count = self.rows.len();
        self.rows.retain(|(rank, _)| *rank <= self.worst);
        self.are_all &= self.rows.len() == count;
    }
}

impl Ask {
    /// The first Items.
    pub(crate) fn first(&self, wanted: usize, threads: usize) -> Result<First, Error> {
        let mut first = First::new(wanted);
        if wanted == 0 {
            return Ok(first);
        }
        // Most often the rows that rank first are those that answer; if they do not, more are looked at.
        let mut reach = wanted;
        while reach <= MAX_REACH {
            self.levels.again();
            let (rows, are_all) = self.best(reach, threads)?;
            first.items.clear();
            self.first_of(rows, &mut first, threads)?;
            if are_all || first.items.len() == wanted {
                return Ok(first);
            }
            reach = reach.saturating_mul(8);
        }
        self.levels.again();
        first.items.clear();
        let mut groups = self.groups().peekable();
        while groups.peek().is_some() {
            let rows = picked(wave(&mut groups), threads)?.into_iter().map(|(_, rows)| rows);
            self.first_of(rows.collect(), &mut first, threads)?;
        }
        Ok(first)
    }

    /// Of the rows that may answer so many of the best ranks, with all of equal rank; and whether these are all.
    fn best(&self, reach: usize, threads: usize) -> Result<(Vec<Picked>, bool), Error> {
        let rank = self.rank.as_ref();
        let table = self.table();
        let after = rank.zip(self.after.as_deref());
        let least = after.map_or(i64::MIN, |(rank, after)| rank.after(&self.search, after));
        // The row groups that can hold the first ones come first.
        let mut ranked: Vec<(i64, usize)> = Vec::new();
        for &group in &self.groups {
            let span = rank.map(|rank| rank.span(|column| Ok(table.group_numbers(group, column))));
            let [low, high] = span.transpose().map_err(|e| self.damaged(&e))?.unwrap_or([i64::MIN, i64::MAX]);
            if high >= least {
                ranked.push((low.max(least), group));
            }
        }
        ranked.sort_unstable();
        // The rank of the last of the best ones, so far: what ranks after it need not be looked at.
        let worst = AtomicI64::new(i64::MAX);
        let mut ranks: BinaryHeap<i64> = BinaryHeap::new();
        let mut found = Vec::new();
        let mut are_all = true;
        each(
            ranked,
            threads,
            || (),
            |(), (best, group), threads| {
                let worst = worst.load(Ordering::Relaxed);
                let mut rows = Best::new(reach, least, worst);
                if best > worst {
                    rows.are_all = false;
                } else {
                    let wanted = rank.map(|rank| Ranked { rank, least, most: worst });
                    let is_beyond =
                        self.narrow(group, wanted, threads, |rank, run, _| rows.add(rank, run))?;
                    rows.are_all &= !is_beyond;
                    rows.drop_worst();
                }
                Ok((group, rows))
            },
            |(group, best)| {
                are_all &= best.are_all;
                for (rank, rows) in &best.rows {
                    for _ in rows.clone().take(reach) {
                        if ranks.len() < reach {
                            ranks.push(*rank);
                        } else if ranks.peek().is_some_and(|last| rank < last) {
                            ranks.pop();
                            ranks.push(*rank);
                        }
                    }
                }
                if ranks.len() == reach {
                    worst.store(ranks.peek().copied().unwrap_or(i64::MAX), Ordering::Relaxed);
                }
                found.push((group, best.rows));
                Ok(())
            },
        )?;
        let worst = worst.into_inner();
        let mut picked = Vec::new();
        for (group, ranked) in found {
            let mut rows = Vec::new();
            for (_, run) in ranked.iter().filter(|(rank, _)| *rank <= worst) {
                runs::push(&mut rows, run.clone());
            }
            are_all &= ranked.iter().all(|(rank, _)| *rank <= worst);
            if !rows.is_empty() {
                picked.push(Picked::open(group, rows));
            }
        }
        Ok((picked, are_all))
    }

    /// Of some rows, in any order, those that answer.
    fn first_of(&self, rows: Vec<Picked>, first: &mut First, threads: usize) -> Result<(), Error> {
        let wanted = first.wanted;
        each(
            rows.into_iter().flat_map(|picked| picked.slices(SLICE)),
            threads,
            Tape::new,
            |tape, slice, _| {
                let mut first = First::new(wanted);
                let group = slice.group;
                self.exact(tape, group, &slice.rows, |row, key| {
                    add(&self.levels.after_exact, 1);
                    first.add(Found { key, file: 0, group, row });
                })?;
                Ok(first)
            },
            |of_slice| {
                of_slice.items.into_iter().for_each(|found| first.add(found));
                Ok(())
            },
        )
    }
}
