//! A file of an object store, read from its beginning.

use std::io::{self, Read};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use futures_util::future::join;
use object_store::{GetOptions, ObjectStoreExt};
use stacyard_store::{Error, Remedy};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;

use crate::place::Place;
use crate::told::{told, wrong};

/// So long it is waited for what only says how long the file is.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many pieces are fetched before they are wanted.
const AHEAD: usize = 16;

/// Begins to fetch a file; gives its size too. An answer that breaks off is gone on with where it broke off, as long as the file is the same.
pub(crate) fn open(place: &Place) -> Result<(Box<dyn Read + Send>, Option<u64>), Error> {
    let Place { store, path, .. } = place;
    // Where an answer says that it has less than there is, its end would look like that of the file: the two have to agree.
    let (answer, state) = stacyard_runtime::wait(place.runtime, async {
        join(store.get_opts(path, GetOptions::default()), timeout(PATIENCE, store.head(path))).await
    });
    let answer = answer.map_err(|cause| told(place, &cause))?;
    let size = answer.meta.size;
    // Some servers do not answer such a question, or say nothing by it.
    if let Ok(Ok(state)) = state
        && state.size != size
        && state.size > 0
    {
        let what = format!("has {size} bytes by one answer and {} by another", state.size);
        let remedy = Remedy::from("ask again, should it just have changed")
            .or("try another way to it: the server is at fault");
        return Err(wrong(place, &what).remedy(remedy));
    }
    let (sender, pieces) = channel(AHEAD);
    let of = place.clone();
    place.runtime.spawn(async move {
        let mut stream = answer.into_stream();
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|cause| io::Error::other(told(&of, &cause)));
            let is_last = piece.is_err();
            if sender.send(piece).await.is_err() || is_last {
                return;
            }
        }
    });
    Ok((Box::new(Reading { runtime: place.runtime, pieces, piece: Bytes::new(), left: size }), Some(size)))
}

struct Reading {
    runtime: &'static Runtime,
    pieces: Receiver<io::Result<Bytes>>,
    piece: Bytes,
    /// How many bytes have not come yet.
    left: u64,
}

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            let Some(piece) = stacyard_runtime::wait(self.runtime, self.pieces.recv()) else {
                // What ends too early is not the end.
                return if self.left == 0 { Ok(0) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            };
            self.piece = piece?;
            self.left = self.left.saturating_sub(self.piece.len() as u64);
        }
        let length = into.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut into[..length]);
        Ok(length)
    }
}
