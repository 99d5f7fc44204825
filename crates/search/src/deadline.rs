//! When a search has to have ended. What takes long looks at the clock as it goes on.

use std::cell::Cell;
use std::fmt;
use std::time::{Duration, Instant};

/// The end of the time that a search may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// `None`: so far away that the clock cannot say it.
    at: Option<Instant>,
    allowed: Duration,
}

impl Deadline {
    /// So long from now.
    pub fn after(allowed: Duration) -> Self {
        Self { at: Instant::now().checked_add(allowed), allowed }
    }

    /// How much time is left.
    pub fn left(&self) -> Duration {
        self.at.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()))
    }

    /// Fails when the time is over.
    pub fn check(&self) -> Result<(), Late> {
        if self.left().is_zero() { Err(Late { allowed: self.allowed }) } else { Ok(()) }
    }
}

/// The time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// How long the search was allowed to take.
    pub allowed: Duration,
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the search took longer than {} s", self.allowed.as_secs_f64())
    }
}
impl std::error::Error for Late {}

/// Steps of work between two looks at the clock: some microseconds.
const STEPS: u32 = 256;

/// Counts steps of work, and looks at the clock now and then.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    deadline: Option<Deadline>,
    steps: Cell<u32>,
}

impl Clock {
    pub(crate) const fn new(deadline: Option<Deadline>) -> Self {
        Self { deadline, steps: Cell::new(0) }
    }

    /// One step more.
    pub(crate) fn step(&self) -> Result<(), Late> {
        let Some(deadline) = &self.deadline else { return Ok(()) };
        let steps = self.steps.get() + 1;
        self.steps.set(steps % STEPS);
        if steps < STEPS { Ok(()) } else { deadline.check() }
    }
}
