//! How an operation is run, apart from what it does.

use stacyard_search::Stop;

use crate::output::Output;
use crate::pipeline::default_threads;
use crate::report::Observer;

/// How many bytes of Items are held in memory while they are sorted (128 MiB).
pub const SORT_MEMORY: usize = 128 << 20;

/// How an operation is run. The default uses all cores and tells nobody.
pub struct Run<'a> {
    /// How many threads work on it. One thread is the caller's own: none is started, but where files are elsewhere, for which more wait.
    pub threads: usize,
    /// How many bytes of Items are held while they are sorted: [`SORT_MEMORY`].
    pub memory: usize,
    /// When it has to end before it is done.
    pub stop: Stop,
    /// Where records that are set aside are written to, one JSON object a line.
    pub rejects: Option<&'a mut Output>,
    /// Who looks on.
    pub observer: &'a mut dyn Observer,
}

impl Default for Run<'_> {
    fn default() -> Self {
        // A unit takes no memory, so that nothing is leaked.
        let observer = Box::leak(Box::new(()));
        Self {
            threads: default_threads(),
            memory: SORT_MEMORY,
            stop: Stop::default(),
            rejects: None,
            observer,
        }
    }
}

impl Run<'_> {
    /// The same for a part of the operation.
    pub fn part(&mut self) -> Run<'_> {
        Run {
            threads: self.threads,
            memory: self.memory,
            stop: self.stop.clone(),
            rejects: self.rejects.as_deref_mut(),
            observer: &mut *self.observer,
        }
    }

    /// On the caller's own thread.
    pub fn in_place() -> Self {
        Self { threads: 1, ..Self::default() }
    }
}
