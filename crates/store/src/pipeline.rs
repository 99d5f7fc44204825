//! An ordered parallel map: one thread reads, all cores work, the calling thread takes the results in order.
//!
//! What is under way is bounded by the queue of tickets: the reader hands in a ticket before each piece of work and
//! waits while that queue is full. Workers answer on the ticket and so never wait for one another. Whoever stops,
//! drops its end, and all others notice at their next step; nobody waits for somebody who has gone.

use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{Batch, Error, ErrorKind, Source, Work};

/// Batches under way for each worker: enough that none runs dry while one takes long.
const AHEAD: usize = 3;

/// Batches under way at most, each of as many bytes as most have ([`UNIT`]), however many workers there are.
const MOST_AHEAD: usize = 96;

/// What is counted as one batch; one of a long record counts as many.
const UNIT: usize = crate::lines::BLOCK;

/// How many threads to use when the user does not say.
pub fn default_threads() -> usize {
    // To ask the system means to read files of it.
    static THREADS: LazyLock<usize> =
        LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));
    *THREADS
}

/// Maps the batches of `source` on `threads` threads with `map`, each of which owns a state made by `state`, and gives
/// the results to `take` in the order of the source, each with the source's position after it. One thread is the caller's own.
///
/// The first error ends everything; so does `take` with `Break`.
///
/// # Errors
/// Those of the source, of `map` and of `take`, whichever comes first in the order of the source.
pub(crate) fn ordered<State, Out: Send>(
    source: &mut dyn Source,
    threads: usize,
    state: impl Fn() -> State + Sync,
    map: impl Fn(&mut State, Batch) -> Result<Out, Error> + Sync,
    mut take: impl FnMut(Out, u64) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let next = || {
        Ok(source.next()?.map(|work| {
            let weight = source.held() / UNIT;
            ((work, source.position()), weight)
        }))
    };
    let map = |state: &mut State, (work, position): (Work, u64)| Ok((map(state, work()?)?, position));
    let most = (threads.max(1) * AHEAD).min(MOST_AHEAD);
    weighed(next, (threads, most), state, map, |(out, position)| take(out, position))
}

/// Maps the jobs that `next` gives until it gives `None` on `threads` threads, each of which owns a state, and gives the
/// results to `take` in order. No more than `ahead` jobs for each thread are under way or done and not yet taken.
///
/// # Errors
/// Those of `next`, of `map` and of `take`, whichever comes first in the order of the jobs.
pub fn in_order<Job: Send, State, Out: Send>(
    mut next: impl FnMut() -> Result<Option<Job>, Error> + Send,
    (threads, ahead): (usize, usize),
    state: impl Fn() -> State + Sync,
    map: impl Fn(&mut State, Job) -> Result<Out, Error> + Sync,
    take: impl FnMut(Out) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let most = threads.max(1).saturating_mul(ahead.max(1));
    weighed(|| Ok(next()?.map(|job| (job, 1))), (threads, most), state, map, take)
}

/// The same with jobs of different weight (0 counts as 1): what is under way or done and not yet taken has `most` at most.
/// One that has more waits until it is alone.
fn weighed<Job: Send, State, Out: Send>(
    mut next: impl FnMut() -> Result<Option<(Job, usize)>, Error> + Send,
    (threads, most): (usize, usize),
    state: impl Fn() -> State + Sync,
    map: impl Fn(&mut State, Job) -> Result<Out, Error> + Sync,
    mut take: impl FnMut(Out) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    if threads <= 1 {
        let mut state = state();
        while let Some((job, _)) = next()? {
            if take(map(&mut state, job)?)?.is_break() {
                break;
            }
        }
        return Ok(());
    }
    thread::scope(|scope| {
        // Each holds room for its weight from before it is handed in until it has been taken.
        let (hold, room) = bounded::<()>(most);
        let (hand_in, tickets) = bounded::<(Receiver<Result<Out, Error>>, usize)>(most);
        // Never full: there are no more jobs than tickets, but for the one being handed in. `None` sends a worker away.
        let (give, jobs) = bounded::<Option<(Job, Sender<Result<Out, Error>>)>>(most + 2);
        let dismiss = give.clone();
        let reader = move || {
            loop {
                let (answer, result) = bounded(1);
                let (job, weight) = match next() {
                    Ok(Some((job, weight))) => (Some(job), weight.clamp(1, most)),
                    Ok(None) => return,
                    Err(error) => {
                        let _ = answer.send(Err(error));
                        (None, 1)
                    }
                };
                let is_last = job.is_none();
                let has_room = (0..weight).all(|_| hold.send(()).is_ok());
                if !has_room || hand_in.send((result, weight)).is_err() {
                    return;
                }
                if job.is_some_and(|job| give.send(Some((job, answer))).is_err()) || is_last {
                    return;
                }
            }
        };
        thread::Builder::new().spawn_scoped(scope, reader).map_err(no_thread)?;
        for started in 0..threads.clamp(1, most) {
            let jobs = jobs.clone();
            let (state, map) = (&state, &map);
            let worker = move || {
                let mut state = state();
                while let Ok(Some((job, answer))) = jobs.recv() {
                    // A ticket that nobody holds any more is no reason to stop: the queue ends with the reader.
                    let _ = answer.send(map(&mut state, job));
                }
            };
            match thread::Builder::new().spawn_scoped(scope, worker) {
                Ok(_) => {}
                Err(cause) if started == 0 => return Err(no_thread(cause)),
                // Fewer do all of it. Half of them leave, so that there is room for their work.
                Err(_) => {
                    (0..started / 2).for_each(|_| drop(dismiss.send(None)));
                    break;
                }
            }
        }
        drop((jobs, dismiss));
        // Whoever waits for room sees that nobody is left to make it.
        let room = room;
        for (result, weight) in tickets {
            // Without an answer its worker has panicked; the scope passes that on.
            let out = result.recv().map_err(|_| Error::failed("a worker thread died"))??;
            if take(out)?.is_break() {
                break;
            }
            room.try_iter().take(weight).for_each(drop);
        }
        Ok(())
    })
}

fn no_thread(cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the system starts no more threads")
        .remedy("allow more threads (ulimit -u) or memory (ulimit -v)")
        .caused_by(cause)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Numbers {
        next: u64,
        end: u64,
        fails_at: u64,
    }

    impl Source for Numbers {
        fn name(&self) -> &'static str {
            "numbers"
        }
        fn size(&self) -> Option<u64> {
            None
        }
        fn position(&self) -> u64 {
            self.next
        }
        fn next(&mut self) -> Result<Option<Work>, Error> {
            let number = self.next;
            if number == self.end {
                return Ok(None);
            }
            if number == self.fails_at {
                return Err(Error::failed("no more"));
            }
            self.next += 1;
            Ok(Some(Box::new(move || {
                if number.is_multiple_of(7) {
                    thread::sleep(Duration::from_micros(300));
                }
                Ok(Batch { text: number.to_string().into_bytes(), ..Batch::default() })
            })))
        }
    }

    fn run(fails_at: u64, broken: &str, stop: usize) -> (Vec<String>, Result<(), Error>) {
        let mut taken = Vec::new();
        let mut source = Numbers { next: 0, end: 500, fails_at };
        let result = ordered(
            &mut source,
            4,
            || (),
            |(), batch| match String::from_utf8(batch.text) {
                Ok(text) if text == broken => Err(Error::failed("broken")),
                other => Ok(other.unwrap()),
            },
            |text, position| {
                assert_eq!(position.to_string(), (text.parse::<u64>().unwrap() + 1).to_string());
                taken.push(text);
                Ok(if taken.len() == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            },
        );
        (taken, result)
    }

    #[test]
    fn results_come_in_order() {
        let (taken, result) = run(u64::MAX, "", 0);
        result.unwrap();
        assert_eq!(taken, (0..500).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_error_ends_it_after_all_results_before() {
        let (taken, result) = run(300, "", 0);
        assert_eq!((taken.len(), result.unwrap_err().to_string()), (300, "no more".to_owned()));
        let (taken, result) = run(300, "77", 0);
        assert_eq!((taken.len(), result.unwrap_err().to_string()), (77, "broken".to_owned()));
    }

    #[test]
    fn a_consumer_that_stops_leaves_nobody_waiting() {
        for stop in [1, 2, 50] {
            let (taken, result) = run(u64::MAX, "", stop);
            result.unwrap();
            assert_eq!(taken.len(), stop);
        }
        let mut source = Numbers { next: 0, end: 500, fails_at: u64::MAX };
        let failing = |_: Batch, _| Err(Error::failed("full"));
        let result = ordered(&mut source, 2, || (), |(), batch| Ok(batch), failing);
        assert_eq!(result.unwrap_err().to_string(), "full");
    }
}
