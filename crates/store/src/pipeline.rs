//! An ordered parallel map: one thread reads, all cores work, the calling thread takes the results in order.
//!
//! What is under way is bounded by the queue of tickets: the reader hands in a ticket before each piece of work and
//! waits while that queue is full. Workers answer on the ticket and so never wait for one another. Whoever stops,
//! drops its end, and all others notice at their next step; nobody waits for somebody who has gone.

use std::ops::ControlFlow;
use std::thread;

use crossbeam_channel::{Receiver, bounded};

use crate::{Batch, Error, Source, Work};

/// Batches under way for each worker: enough that none runs dry while one takes long.
const AHEAD: usize = 3;

/// How many threads to use when the user does not say.
pub fn default_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Maps the batches of `source` on `threads` threads with `map`, each of which owns a state made by `state`, and gives
/// the results to `take` in the order of the source, each with the source's position behind it.
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
    let next = || Ok(source.next()?.map(|work| (work, source.position())));
    let map = |state: &mut State, (work, position): (Work, u64)| Ok((map(state, work()?)?, position));
    in_order(next, (threads, AHEAD), state, map, |(out, position)| take(out, position))
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
    mut take: impl FnMut(Out) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let (threads, ahead) = (threads.max(1), ahead.max(1));
    thread::scope(|scope| {
        let (hand_in, tickets) = bounded::<Receiver<Result<Out, Error>>>(threads * ahead);
        // Never full: there are no more jobs than tickets, but for the one being handed in.
        let (give, jobs) = bounded(threads * ahead + 2);
        scope.spawn(move || {
            loop {
                let (answer, result) = bounded(1);
                let (job, last) = match next() {
                    Ok(Some(job)) => (Some(job), false),
                    Ok(None) => return,
                    Err(error) => {
                        let _ = answer.send(Err(error));
                        (None, true)
                    }
                };
                if hand_in.send(result).is_err() {
                    return;
                }
                if job.is_some_and(|job| give.send((job, answer)).is_err()) || last {
                    return;
                }
            }
        });
        for _ in 0..threads {
            let jobs = jobs.clone();
            let (state, map) = (&state, &map);
            scope.spawn(move || {
                let mut state = state();
                for (job, answer) in jobs {
                    // A ticket that nobody holds any more is no reason to stop: the queue ends with the reader.
                    let _ = answer.send(map(&mut state, job));
                }
            });
        }
        drop(jobs);
        for result in tickets {
            // Without an answer its worker has panicked; the scope passes that on.
            let out = result.recv().map_err(|_| Error::failed("a worker thread died"))??;
            if take(out)?.is_break() {
                break;
            }
        }
        Ok(())
    })
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
    fn the_first_error_ends_it_behind_all_results_before() {
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
