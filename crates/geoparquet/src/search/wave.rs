//! Row groups of files that are asked, in waves: of so many at a time that the rows that may answer are in memory together.

use stacyard_model::json::Tape;
use stacyard_store::{Error, Hits, Sorter};

use crate::read::runs;
use crate::search::ask::Ask;
use crate::search::picked::{Known, Picked, each};

/// From so many rows on a wave is full.
const ROWS: usize = 1 << 20;

/// Fewer rows are not worth a thread: to begin with all columns takes as long as to read some rows.
const SHARE: usize = 128;

/// The next of some row groups; none where there are no more.
pub(crate) fn wave<'a>(groups: &mut impl Iterator<Item = (&'a Ask, usize)>) -> Vec<(&'a Ask, usize)> {
    let mut rows = 0_usize;
    let mut wave = Vec::new();
    while rows < ROWS
        && let Some((ask, group)) = groups.next()
    {
        rows = rows.saturating_add(ask.table().rows(group));
        wave.push((ask, group));
    }
    wave
}

/// The rows of a wave that may answer.
pub(crate) fn picked<'a>(
    wave: Vec<(&'a Ask, usize)>,
    threads: usize,
) -> Result<Vec<(&'a Ask, Picked)>, Error> {
    let mut found = Vec::new();
    each(
        wave,
        threads,
        || (),
        |(), (ask, group), threads| {
            let (mut rows, mut open) = (Vec::new(), Vec::new());
            ask.narrow(group, None, threads, |_, run, is_sure| {
                if !is_sure {
                    runs::push(&mut open, run.clone());
                }
                runs::push(&mut rows, run);
            })?;
            Ok((ask, Picked { group, rows, known: Known::AllBut(open) }))
        },
        |picked| {
            found.push(picked);
            Ok(())
        },
    )?;
    Ok(found)
}

/// Hands over the Items of some rows that answer; says how many.
pub(crate) fn answer<'a>(
    rows: Vec<(&'a Ask, Picked)>,
    threads: usize,
    sorter: &mut Sorter,
) -> Result<u64, Error> {
    let total: usize = rows.iter().map(|(_, picked)| picked.len()).sum();
    // So that each thread has something to do, and not too little.
    let share = (total / (2 * threads.max(1))).max(SHARE);
    let mut count = 0;
    each(
        rows.into_iter().flat_map(|(ask, picked)| {
            picked.slices(ask.slice().min(share)).map(move |slice| (ask, slice))
        }),
        threads,
        Tape::new,
        |tape, (ask, slice), threads| ask.hits(tape, slice, threads),
        |hits: Hits| {
            count += hits.len() as u64;
            sorter.push(hits)
        },
    )?;
    Ok(count)
}
