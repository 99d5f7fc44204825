//! Row groups of files that are asked, in waves: of so many at a time that the rows that may answer are in memory together.

use stacyard_model::json::Tape;
use stacyard_store::{Error, Hits, Sorter};

use crate::search::ask::Ask;
use crate::search::picked::{Picked, each, each_ahead};

/// From so many rows on a wave is full.
const ROWS: usize = 1 << 20;

/// Fewer rows are not worth a thread: to begin with all columns takes as long as to read some rows.
const SHARE: usize = 128;

/// So many row groups at most are one job: most have few rows that may answer, and to hand over a job takes nearly as long as to look at them.
const GROUPS: usize = 8;

/// So many of these jobs are ahead of each thread, as they take unlike times, and have little to hand over.
const AHEAD: usize = 4;

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
pub(crate) fn picked(wave: Vec<(&Ask, usize)>, threads: usize) -> Result<Vec<(&Ask, Picked)>, Error> {
    let mut found = Vec::new();
    each(
        wave,
        threads,
        || (),
        |(), (ask, group), threads| Ok((ask, ask.pick(group, threads)?)),
        |picked| {
            found.push(picked);
            Ok(())
        },
    )?;
    Ok(found)
}

/// What was found in a row group.
enum Found {
    Hits(Hits),
    /// More rows than one thread should read.
    Rows(Picked),
}

/// Hands over the Items of some row groups that answer; says how many.
pub(crate) fn answer<'a>(
    groups: impl Iterator<Item = (&'a Ask, usize)>,
    threads: usize,
    sorter: &mut Sorter,
) -> Result<u64, Error> {
    let mut groups = groups.peekable();
    let mut count = 0;
    while groups.peek().is_some() {
        let wave = wave(&mut groups);
        let some = (wave.len() / (threads.max(1) * 8)).clamp(1, GROUPS);
        let mut rest = Vec::new();
        each_ahead(
            wave.chunks(some),
            (threads, AHEAD),
            Tape::new,
            |tape, groups, threads| {
                let found = groups.iter().map(|&(ask, group)| {
                    let picked = ask.pick(group, threads)?;
                    // All jobs that are ahead of a thread have no more than a slice.
                    let found = if picked.len() <= (ask.rows_at_once / (GROUPS * AHEAD)).min(SHARE) {
                        Found::Hits(ask.hits(tape, picked, threads)?)
                    } else {
                        Found::Rows(picked)
                    };
                    Ok((ask, found))
                });
                found.collect::<Result<Vec<_>, Error>>()
            },
            |found| {
                for (ask, found) in found {
                    match found {
                        Found::Hits(hits) => {
                            count += hits.len() as u64;
                            sorter.push(hits)?;
                        }
                        Found::Rows(picked) => rest.push((ask, picked)),
                    }
                }
                Ok(())
            },
        )?;
        count += read(rest, threads, sorter)?;
    }
    Ok(count)
}

/// Hands over the Items of some rows that answer; says how many.
pub(crate) fn read(rows: Vec<(&Ask, Picked)>, threads: usize, sorter: &mut Sorter) -> Result<u64, Error> {
    let total: usize = rows.iter().map(|(_, picked)| picked.len()).sum();
    // So that each thread has something to do, and not too little. Where requests take long, many threads wait for one page.
    let share = if threads > 1 { (total / (2 * threads)).max(SHARE) } else { usize::MAX };
    let length = |ask: &Ask| if ask.is_far() { ask.slice() } else { ask.slice().min(share) };
    let mut count = 0;
    each(
        rows.into_iter().flat_map(|(ask, picked)| picked.slices(length(ask)).map(move |slice| (ask, slice))),
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
