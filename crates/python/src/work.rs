//! Work that takes long, on a thread of its own, while the calling thread serves it: without the lock of the interpreter it waits, and takes it only to
//! answer: with the next Items of an iterator of the user's, with progress, and with the signals that came.
//!
//! Code of the user's (iterators, callbacks) so runs on the thread that has called, and nowhere else. Whatever it raises ends the work, and is what the
//! call raises. An interrupt ends it too; where it writes the call then waits until nothing is half-written, and a second one does not wait.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use stacyard::{Error, ErrorKind, Stop};
use stacyard_store::Batch;

use crate::error::OrRaise;
use crate::watch::Watch;

/// How long a signal waits at most.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// What the work asks of the calling thread.
pub(crate) enum Ask {
    /// The next Items; none: there are no more. Where it is dropped, the work has to end.
    Items(Sender<Batch>),
}

/// What gives Items out of Python, on the calling thread.
pub(crate) trait Feed {
    /// The next Items; a batch without any at the end. It does not wait for long for more than one.
    fn next(&mut self, py: Python<'_>) -> PyResult<Batch>;
}

/// No Items come out of Python.
pub(crate) struct NoFeed;

impl Feed for NoFeed {
    fn next(&mut self, _: Python<'_>) -> PyResult<Batch> {
        Ok(Batch::default())
    }
}

/// What an interrupt does with the work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// It reads alone: the call leaves it to end by itself, since a server may be slow to answer.
    AtOnce,
    /// It writes: the call waits until it has ended, so that nothing is half-written then.
    Whole,
}

/// Does something that takes long, reads alone, and needs nothing of Python.
pub(crate) fn run<T: Send + 'static>(
    py: Python<'_>,
    stop: &Stop,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    served(py, (stop, Ends::AtOnce), (&mut NoFeed, &mut Watch::nobody()), |_| work())
}

/// Does something that takes long, and changes a store.
pub(crate) fn change<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    let how = (&Stop::when_cancelled(), Ends::Whole);
    served(py, how, (&mut NoFeed, &mut Watch::nobody()), |_| work())
}

/// Does something that takes long, which asks for Items and is looked on.
pub(crate) fn served<T: Send + 'static>(
    py: Python<'_>,
    (stop, ends): (&Stop, Ends),
    (feed, watch): (&mut dyn Feed, &mut Watch),
    work: impl FnOnce(Sender<Ask>) -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    let (asks, asked) = bounded(0);
    // Else there would always be something to receive: that nobody asks any more.
    let _open = asks.clone();
    let (done, end) = bounded(1);
    let body = move || {
        let made = catch_unwind(AssertUnwindSafe(|| work(asks))).unwrap_or_else(|_| Err(fault()));
        // Nobody waits any more who has not waited for the end.
        let _ = done.send(made);
    };
    Builder::new()
        .name("stacyard".to_owned())
        .spawn(body)
        .map_err(|cause| Error::failed("the system gives no more threads").caused_by(cause))
        .or_raise(py)?;
    let ended = wait(py, (stop, ends), (feed, watch), &asked, &end);
    let told = watch.finish(py, ended.is_ok());
    let made = ended?;
    told?;
    made.or_raise(py)
}

/// Serves the work until it ends; gives what came of it.
fn wait<T: Send>(
    py: Python<'_>,
    (stop, ends): (&Stop, Ends),
    (feed, watch): (&mut dyn Feed, &mut Watch),
    asked: &Receiver<Ask>,
    end: &Receiver<Result<T, Error>>,
) -> PyResult<Result<T, Error>> {
    let mut failed: Option<PyErr> = None;
    let mut ahead = None;
    let mut interrupted = false;
    loop {
        let happened = py.detach(|| {
            crossbeam_channel::select! {
                recv(end) -> made => Happened::End(made.unwrap_or_else(|_| Err(fault()))),
                recv(asked) -> ask => ask.map_or(Happened::Nothing, Happened::Asked),
                default(TICK) => Happened::Nothing,
            }
        });
        let served = match happened {
            Happened::End(made) => return failed.map_or(Ok(made), Err),
            // What the user's code has raised once is not asked again.
            Happened::Asked(_) if failed.is_some() => Ok(()),
            Happened::Asked(Ask::Items(reply)) => answer(py, feed, &mut ahead, &reply, end),
            Happened::Nothing => Ok(()),
        };
        let signalled = py.check_signals().and_then(|()| cancelled().or_raise(py));
        let told = if failed.is_none() { watch.tell(py) } else { Ok(()) };
        // An interrupt is noticed once: it counts before what else has failed.
        if let Err(error) = signalled.and(served).and(told) {
            stop.cancel();
            let interrupts = error.is_instance_of::<PyKeyboardInterrupt>(py);
            if ends == Ends::AtOnce || interrupts && interrupted {
                return Err(error);
            }
            interrupted |= interrupts;
            failed.get_or_insert(error);
        }
    }
}

/// Gives the work its next Items, and makes those after them while it has these, not once it comes to ask.
fn answer<T>(
    py: Python<'_>,
    feed: &mut dyn Feed,
    ahead: &mut Option<Batch>,
    reply: &Sender<Batch>,
    end: &Receiver<Result<T, Error>>,
) -> PyResult<()> {
    let batch = match ahead.take() {
        Some(batch) => batch,
        None => feed.next(py)?,
    };
    let is_last = batch.records.is_empty();
    drop(reply.send(batch));
    if !is_last && end.is_empty() {
        *ahead = Some(feed.next(py)?);
    }
    Ok(())
}

enum Happened<T> {
    End(Result<T, Error>),
    Asked(Ask),
    Nothing,
}

thread_local! {
    /// What ends the work that this thread waits for.
    static CANCEL: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Fails where the work of this thread is not wanted any more.
pub(crate) fn cancelled() -> Result<(), Error> {
    let is_cancelled =
        CANCEL.with_borrow(|cancel| cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed)));
    if is_cancelled { Err(Error::new(ErrorKind::Cancelled, "the work was cancelled")) } else { Ok(()) }
}

/// Ends work that another thread waits for: what a task of asyncio needs that is cancelled.
#[pyclass(frozen, module = "stacyard._stacyard")]
pub(crate) struct Canceller(Arc<AtomicBool>);

#[pymethods]
impl Canceller {
    #[new]
    fn new() -> Self {
        Self(Arc::default())
    }

    /// Calls a function, whose work can be cancelled from then on.
    fn run<'py>(&self, function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let before = CANCEL.replace(Some(Arc::clone(&self.0)));
        // It may have waited for its thread until nobody wants it any more.
        let made = cancelled().or_raise(function.py()).and_then(|()| function.call0());
        CANCEL.set(before);
        made
    }

    /// Ends the work: it raises `errors.Cancelled`.
    fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The error of what is not foreseen.
pub(crate) fn fault() -> Error {
    Error::failed("a fault of stacyard, which has written what it was to standard error")
        .remedy("please report it, with what was called")
}
