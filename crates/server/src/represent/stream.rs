//! Answers that are made part by part, as the client takes them. A part is made while the one before is on its way, so that both go on;
//! a slow client holds no thread, and one that takes nothing for a while is let go.

use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use futures_util::stream::unfold;
use stacyard_search::Stop;
use stacyard_store::Error;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::timeout;

use crate::problem::{Failure, Problem};
use crate::work::Job;

/// A client is handed so many bytes at a time at most: what it takes of them shows that it is there.
const CHUNK: usize = 256 << 10;

/// So many chunks wait for the client at most.
const WAITING: usize = 4;

/// A client that takes no chunk for so long has gone.
const GONE: Duration = Duration::from_mins(1);

/// What gives the chunks of an answer, some at a time.
pub(super) trait Parts: Send + 'static {
    /// The next chunks; `None`: that was all.
    fn part(&mut self, stop: &Stop) -> Result<Option<Vec<Bytes>>, Error>;
}

/// A chunk; `None` is the end, which is said: an answer that just stops has broken off.
type Sent = Result<Option<Bytes>, Failure>;

/// The body of an answer of which some chunks are made already.
pub(super) fn streamed(job: Job, begun: Vec<Bytes>, parts: impl Parts) -> Result<Body, Problem> {
    let open = job.open()?;
    let (sender, receiver) = channel::<Sent>(WAITING);
    tokio::spawn(handed_out(job, begun, parts, sender, open));
    let body = unfold(Some(receiver), |receiver| async {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Ok(Some(chunk))) => Some((Ok(chunk), Some(receiver))),
            Some(Ok(None)) => None,
            // The connection breaks, which is all that HTTP has for it.
            Some(Err(failure)) => Some((Err(BoxError::from(failure)), None)),
            None => Some((Err("the answer broke off".into()), None)),
        }
    });
    // Whoever packs it asks once more after its end.
    Ok(Body::from_stream(body.fuse()))
}

async fn handed_out(
    job: Job,
    begun: Vec<Bytes>,
    mut parts: impl Parts,
    sender: Sender<Sent>,
    _open: OwnedSemaphorePermit,
) {
    let mut chunks = begun;
    loop {
        for mut chunk in chunks {
            while !chunk.is_empty() {
                let some = chunk.split_to(CHUNK.min(chunk.len()));
                if !has_sent(&sender, Ok(Some(some))).await {
                    return;
                }
            }
        }
        let made = job.part(move |stop| {
            let made = parts.part(stop)?;
            Ok((made, parts))
        });
        // Where the client goes away, `job` is dropped, which ends the work.
        let made = tokio::select! {
            made = made => made,
            () = sender.closed() => return,
        };
        let (made, rest) = match made {
            Ok(made) => made,
            Err(problem) => {
                has_sent(&sender, Err(Failure::late(problem))).await;
                return;
            }
        };
        parts = rest;
        let Some(made) = made else {
            has_sent(&sender, Ok(None)).await;
            return;
        };
        chunks = made;
    }
}

async fn has_sent(sender: &Sender<Sent>, chunk: Sent) -> bool {
    matches!(timeout(GONE, sender.send(chunk)).await, Ok(Ok(())))
}
