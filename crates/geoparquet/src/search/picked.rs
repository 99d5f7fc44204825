//! Rows that may answer, before they are read; and jobs on them, side by side.

use std::ops::{ControlFlow, Range};
use std::vec;

use stacyard_store::{Error, in_order};

use crate::read::runs;

/// Rows of a row group.
pub(crate) struct Picked {
    pub(crate) group: usize,
    /// In runs, ascending.
    pub(crate) rows: Vec<Range<usize>>,
    /// The places in the order of those that are known to answer.
    pub(crate) keys: Option<Vec<Vec<u8>>>,
}

impl Picked {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        count(&self.rows)
    }

    /// The same in slices of so many rows, made as they are asked for.
    pub(crate) fn slices(self, length: usize) -> impl Iterator<Item = Self> + Send {
        let group = self.group;
        let mut keys = self.keys.map(Vec::into_iter);
        runs::slices(self.rows, length).map(move |rows| {
            let keys = keys.as_mut().map(|keys| keys.take(count(&rows)).collect());
            Self { group, rows, keys }
        })
    }
}

fn count(rows: &[Range<usize>]) -> usize {
    rows.iter().map(Range::len).sum()
}

/// All rows that may answer, in waves: of so many row groups at a time that their rows are in memory together.
pub(crate) struct Waves {
    /// Where only the first are wanted, these.
    pub(crate) first: Option<Vec<Picked>>,
    /// The row groups that have not been looked at.
    pub(crate) groups: vec::IntoIter<usize>,
}

impl Waves {
    /// Those of some row groups.
    pub(crate) fn all(groups: Vec<usize>) -> Self {
        Self { first: None, groups: groups.into_iter() }
    }
}

/// Maps the jobs side by side, and takes the results in order. A single one has all threads for itself.
pub(crate) fn each<Job: Send, State, Out: Send>(
    jobs: impl IntoIterator<Item = Job, IntoIter: Send>,
    threads: usize,
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
        (threads, 1),
        state,
        |state, job| map(state, job, 1),
        |out| take(out).map(ControlFlow::Continue),
    )
}
