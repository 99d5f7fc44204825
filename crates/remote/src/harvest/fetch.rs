//! Windows, fetched at the same time, page by page.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use stacyard_http::Request;
use stacyard_store::{Error, ErrorKind, Marker};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::harvest::lines::Lines;
use crate::page::Page;
use crate::walk::{Asker, Walk};

/// So often a window is begun anew, because the API does not know any more what it has said itself.
const ANEW: usize = 2;

/// A window that is to be fetched.
pub(super) struct Job {
    pub(super) window: usize,
    pub(super) first: Request,
    /// Where a run that was broken off was, and how many pages it had; `None`: at the beginning.
    pub(super) next: Option<(Request, u64)>,
}

/// What is told of a window.
pub(super) enum Said {
    /// A page has come.
    Came(Box<Came>),
    /// The API does not know what comes next: the window is begun anew.
    Anew(usize),
}

/// A page that has come.
pub(super) struct Came {
    pub(super) window: usize,
    pub(super) lines: Lines,
    /// How many pages of the window there are with it.
    pub(super) number: u64,
    pub(super) from: String,
    pub(super) matched: Option<u64>,
    pub(super) mended: u64,
    pub(super) next: Option<Request>,
}

/// Begins to fetch windows, so many at once; so many pages wait until they are taken, at most, beside one of each that is under way.
pub(super) fn fetch(
    (runtime, asker): (&'static Runtime, Asker),
    jobs: VecDeque<Job>,
    (connections, ahead): (usize, usize),
    marker: &Marker,
) -> Receiver<Result<Said, Error>> {
    let (sender, said) = channel(ahead.max(1));
    let connections = connections.clamp(1, jobs.len().max(1));
    let jobs = Arc::new(Mutex::new(jobs));
    for _ in 0..connections {
        let (jobs, sender) = (Arc::clone(&jobs), sender.clone());
        let (asker, marker) = (asker.clone(), marker.clone());
        runtime.spawn(async move {
            // Where nobody is there any more to take it, nothing else is asked for.
            while !sender.is_closed() {
                let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(job) = job else { return };
                if let Err(error) = window(&asker, job, &marker, &sender).await {
                    // Nobody may be there any more to hear it.
                    let _ = sender.send(Err(error)).await;
                    return;
                }
            }
        });
    }
    said
}

async fn window(
    asker: &Asker,
    job: Job,
    marker: &Marker,
    sender: &Sender<Result<Said, Error>>,
) -> Result<(), Error> {
    let Job { window, first, next } = job;
    let begin = |request: &Request| Walk::new(asker.clone(), request.clone(), "features");
    let (mut walk, mut number) = match &next {
        Some((next, pages)) => (begin(next), *pages),
        None => (begin(&first), 0),
    };
    let mut anew = 0;
    loop {
        let said = match walk.next(Lines::new(marker), Lines::push).await {
            Ok(None) => return Ok(()),
            Ok(Some((Page { from, matched, mended, next, .. }, lines))) => {
                number += 1;
                Said::Came(Box::new(Came { window, lines, number, from, matched, mended, next }))
            }
            Err(error) if number > 0 && anew < ANEW && is_forgotten(&error) => {
                (walk, number, anew) = (begin(&first), 0, anew + 1);
                Said::Anew(window)
            }
            Err(error) => return Err(error),
        };
        if sender.send(Ok(said)).await.is_err() {
            return Ok(());
        }
    }
}

/// Whether an API says of a page that it knows of no such.
fn is_forgotten(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Usage | ErrorKind::NotFound)
}
