//! Rows that may answer, before they are read; and jobs on them, side by side.

use std::ops::{ControlFlow, Range};

use stacyard_store::{Error, in_order};

use crate::read::runs;

/// Rows of a row group.
pub(crate) struct Picked {
    pub(crate) group: usize,
    /// In runs, ascending.
    pub(crate) rows: Vec<Range<usize>>,
    pub(crate) known: Known,
}

/// What is known of some rows.
pub(crate) enum Known {
    /// These of them may answer, in runs, ascending; the others do.
    AllBut(Vec<Range<usize>>),
    /// They answer, and have these places in the order.
    Places(Vec<Vec<u8>>),
}

impl Picked {
    /// Rows that may answer.
    pub(crate) fn open(group: usize, rows: Vec<Range<usize>>) -> Self {
        Self { group, known: Known::AllBut(rows.clone()), rows }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        count(&self.rows)
    }

    /// The same in slices of so many rows, made as they are asked for.
    pub(crate) fn slices(self, length: usize) -> impl Iterator<Item = Self> + Send {
        let Self { group, rows, mut known } = self;
        runs::slices(rows, length).map(move |rows| {
            let known = match &mut known {
                Known::AllBut(open) => {
                    let span = rows.first().map_or(0, |run| run.start)..rows.last().map_or(0, |run| run.end);
                    Known::AllBut(runs::inside(open, &span).collect())
                }
                Known::Places(keys) => Known::Places(keys.drain(..count(&rows).min(keys.len())).collect()),
            };
            Self { group, rows, known }
        })
    }
}

fn count(rows: &[Range<usize>]) -> usize {
    rows.iter().map(Range::len).sum()
}

/// Maps the jobs side by side, and takes the results in order. A single one has all threads for itself.
pub(crate) fn each<Job: Send, State, Out: Send>(
    jobs: impl IntoIterator<Item = Job, IntoIter: Send>,
    threads: usize,
    state: impl Fn() -> State + Sync,
    map: impl Fn(&mut State, Job, usize) -> Result<Out, Error> + Sync,
    take: impl FnMut(Out) -> Result<(), Error>,
) -> Result<(), Error> {
    each_ahead(jobs, (threads, 1), state, map, take)
}

/// The same with so many results for each thread that wait to be taken, or are under way.
pub(crate) fn each_ahead<Job: Send, State, Out: Send>(
    jobs: impl IntoIterator<Item = Job, IntoIter: Send>,
    (threads, ahead): (usize, usize),
    state: impl Fn() -> State + Sync,
    map: impl Fn(&mut State, Job, usize) -> Result<Out, Error> + Sync,
    mut take: impl FnMut(Out) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut jobs = jobs.into_iter();
    let Some(first) = jobs.next() else { return Ok(()) };
    let Some(second) = jobs.next() else { return take(map(&mut state(), first, threads)?) };
    let mut jobs = [first, second].into_iter().chain(jobs);
    in_order(
        || Ok(jobs.next()),
        (threads, ahead),
        state,
        |state, job| map(state, job, 1),
        |out| take(out).map(ControlFlow::Continue),
    )
}
