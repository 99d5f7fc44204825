//! When a piece of work has to end: at a time, or as soon as somebody says so. What takes long asks as it goes on.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// When a piece of work has to end. The default is never. Clones are one and the same.
#[derive(Debug, Clone, Default)]
pub struct Stop(Option<Arc<Limits>>);

#[derive(Debug)]
struct Limits {
    /// `None`: there is no such time, or it is so far away that the clock cannot say it.
    at: Option<Instant>,
    allowed: Option<Duration>,
    is_cancelled: AtomicBool,
}

impl Stop {
    /// Whenever [`cancel`](Self::cancel) is called.
    pub fn when_cancelled() -> Self {
        Self::new(None)
    }

    /// So long from now, or when [`cancel`](Self::cancel) is called before.
    pub fn after(allowed: Duration) -> Self {
        Self::new(Some(allowed))
    }

    fn new(allowed: Option<Duration>) -> Self {
        let at = allowed.and_then(|allowed| Instant::now().checked_add(allowed));
        Self(Some(Arc::new(Limits { at, allowed, is_cancelled: AtomicBool::new(false) })))
    }

    /// Ends the work, from any thread: it fails at its next look. Of a work that never ends this does nothing.
    pub fn cancel(&self) {
        if let Some(limits) = &self.0 {
            limits.is_cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it can end at all.
    pub const fn is_never(&self) -> bool {
        self.0.is_none()
    }

    /// How much time is left, where there is a limit.
    pub fn left(&self) -> Option<Duration> {
        let at = self.0.as_ref()?.at?;
        Some(at.saturating_duration_since(Instant::now()))
    }

    /// Fails when the work has to end.
    ///
    /// # Errors
    /// Its time is over, or it was cancelled.
    pub fn check(&self) -> Result<(), Stopped> {
        let Some(limits) = &self.0 else { return Ok(()) };
        if limits.is_cancelled.load(Ordering::Relaxed) {
            return Err(Stopped::Cancelled);
        }
        match (self.left(), limits.allowed) {
            (Some(Duration::ZERO), Some(allowed)) => Err(Stopped::Late { allowed }),
            _ => Ok(()),
        }
    }
}

/// Why a piece of work has ended before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Its time is over.
    Late {
        /// How long it was allowed to take.
        allowed: Duration,
    },
    /// Whoever wanted it wants it no more.
    Cancelled,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late { allowed } => write!(f, "the search took longer than {} s", allowed.as_secs_f64()),
            Self::Cancelled => f.write_str("the search was cancelled"),
        }
    }
}
impl std::error::Error for Stopped {}

/// Steps of work between two looks at the clock: some microseconds.
const STEPS: u32 = 256;

/// Counts steps of work, and asks now and then whether it has to end.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    stop: Stop,
    steps: Cell<u32>,
}

impl Clock {
    pub(crate) fn new(stop: &Stop) -> Self {
        Self { stop: stop.clone(), steps: Cell::new(0) }
    }

    /// One step more.
    pub(crate) fn step(&self) -> Result<(), Stopped> {
        if self.stop.is_never() {
            return Ok(());
        }
        let steps = self.steps.get() + 1;
        self.steps.set(steps % STEPS);
        if steps < STEPS { Ok(()) } else { self.stop.check() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_at_its_time_or_when_it_is_cancelled() {
        let never = Stop::default();
        never.cancel();
        assert_eq!((never.check(), never.left()), (Ok(()), None));
        let cancelled = Stop::when_cancelled();
        assert_eq!(cancelled.check(), Ok(()));
        cancelled.clone().cancel();
        assert_eq!(cancelled.check(), Err(Stopped::Cancelled));
        let allowed = Duration::ZERO;
        assert_eq!(Stop::after(allowed).check(), Err(Stopped::Late { allowed }));
        assert_eq!(Stop::after(Duration::MAX).check(), Ok(()));
    }
}
