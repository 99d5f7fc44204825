//! A file of an object store, read in any order: one state of it, or an error.

use std::io;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::{Error as Cause, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStoreExt};
use stacyard_store::{Error, ErrorKind, Ranges};

use crate::place::Place;
use crate::told::{changed, told, wrong};

/// How much of the end is read at first (256 KiB): there are the footers of Parquet.
pub(crate) const TAIL: u64 = 256 << 10;

/// How many parts are asked for at once by one call, and how many calls are worth while at once. How many parts there are in all, the
/// place says.
pub(crate) const AT_ONCE: usize = 16;

/// How often a part is asked for that does not come as it was asked for.
const TRIES: u32 = 3;

/// A range that is longer is asked for in parts of this length, at once.
const PART: u64 = 4 << 20;

/// Up to so many bytes that nobody wants (16 KiB) are read along. More would take longer than another request, since many are under way at once.
const GAP: u64 = 16 << 10;

/// How often it is looked whether the file is still the same, at most: each look is a request.
const LOOK: Duration = Duration::from_secs(5);

/// A file as it was when it was opened.
pub(crate) struct ObjectFile {
    place: Place,
    state: State,
    length: u64,
    /// The last bytes, and where they start.
    tail: (u64, Bytes),
    looked: Mutex<Instant>,
}

/// What tells a file from one that has taken its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) tag: Option<String>,
    pub(crate) version: Option<String>,
    size: u64,
    /// Where there is no tag. In seconds: that is what HTTP has.
    changed: Option<i64>,
}

impl State {
    pub(crate) fn of(meta: &ObjectMeta) -> Self {
        Self {
            tag: meta.e_tag.clone(),
            version: meta.version.clone(),
            size: meta.size,
            changed: meta.e_tag.is_none().then(|| meta.last_modified.timestamp()),
        }
    }

    /// The tag, where a server can be asked to look at it: weak ones never match (RFC 9110, section 13.1.1).
    pub(crate) fn strong(&self) -> Option<String> {
        self.tag.clone().filter(|tag| !tag.starts_with("W/"))
    }
}

impl ObjectFile {
    /// Opens a file: one request gives its state and its last bytes, so many of them.
    pub(crate) fn open(place: &Place, tail: u64) -> Result<Self, Error> {
        let (meta, tail) = stacyard_runtime::wait(place.runtime, end(place, tail))?;
        let start = meta.size.checked_sub(tail.len() as u64);
        let start = start.ok_or_else(|| wrong(place, "gives more bytes than it says it has"))?;
        let state = State::of(&meta);
        let looked = Mutex::new(Instant::now());
        Ok(Self { place: place.clone(), state, length: meta.size, tail: (start, tail), looked })
    }

    /// A part of the file; one that came in another length is asked for again.
    async fn part(&self, range: Range<u64>) -> Result<Bytes, Error> {
        tried(async || self.part_once(range.clone()).await, is_wrong).await
    }

    async fn part_once(&self, range: Range<u64>) -> Result<Bytes, Error> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        if range.start >= self.tail.0 {
            let at = |place: u64| usize::try_from(place - self.tail.0).unwrap_or(usize::MAX);
            return Ok(self.tail.1.slice(at(range.start)..at(range.end)));
        }
        if range.end > self.tail.0 {
            // The last bytes are known.
            let known = usize::try_from(range.end - self.tail.0).unwrap_or(usize::MAX);
            let before = self.asked(range.start..self.tail.0).await?;
            return Ok([&before[..], &self.tail.1[..known]].concat().into());
        }
        self.asked(range).await
    }

    async fn asked(&self, range: Range<u64>) -> Result<Bytes, Error> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            if_match: self.state.strong(),
            ..GetOptions::default()
        };
        let Place { store, path, room, .. } = &self.place;
        let failed = |cause| match cause {
            // It was there.
            Cause::NotFound { .. } => changed(&self.place),
            cause => told(&self.place, &cause),
        };
        // It is never closed.
        let _room = room.acquire().await;
        let answer = store.get_opts(path, options).await.map_err(failed)?;
        if State::of(&answer.meta) != self.state {
            return Err(changed(&self.place));
        }
        if answer.range != range {
            return Err(wrong(&self.place, &format!("has given other bytes than {range:?}")));
        }
        body(answer, &self.place).await
    }

    async fn whole(&self, range: &Range<u64>) -> Result<Bytes, Error> {
        let end = range.end.min(self.length);
        if end.saturating_sub(range.start) <= PART {
            return self.part(range.start..end).await;
        }
        let starts = (range.start..end).step_by(usize::try_from(PART).unwrap_or(usize::MAX));
        let parts =
            stream::iter(starts.map(|start| self.part(start..end.min(start + PART)))).buffered(AT_ONCE);
        let parts: Vec<Bytes> = parts.try_collect().await?;
        Ok(parts.concat().into())
    }
}

/// Asks again where what went wrong may go well another time.
pub(crate) async fn tried<T, E>(
    ask: impl AsyncFn() -> Result<T, E>,
    is_passing: impl Fn(&E) -> bool,
) -> Result<T, E> {
    for _ in 1..TRIES {
        match ask().await {
            Err(error) if is_passing(&error) => {}
            answer => return answer,
        }
    }
    ask().await
}

/// Whether something came, and not as it was asked for.
fn is_wrong(error: &Error) -> bool {
    error.kind() == ErrorKind::Damaged
}

/// What an answer brings: as much as it says, however much is sent.
async fn body(answer: GetResult, place: &Place) -> Result<Bytes, Error> {
    let wanted = answer.range.end - answer.range.start;
    // What is said may be a lie.
    let mut bytes = Vec::with_capacity(usize::try_from(wanted.min(PART)).unwrap_or(0));
    let mut pieces = answer.into_stream();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            // It is all there; what its length promised beyond does not come.
            Err(_) if bytes.len() as u64 == wanted => break,
            Err(cause) => return Err(told(place, &cause)),
        }
        if bytes.len() as u64 > wanted {
            break;
        }
    }
    if bytes.len() as u64 != wanted {
        return Err(wrong(place, &format!("gives another number of bytes than the {wanted} that it says")));
    }
    Ok(bytes.into())
}

/// All bytes of a file, where it has so many at `most`.
pub(crate) async fn whole(place: &Place, most: u64) -> Result<Vec<u8>, Error> {
    let answer = place.store.get_opts(&place.path, GetOptions::default()).await;
    let answer = answer.map_err(|cause| told(place, &cause))?;
    if answer.meta.size > most {
        let message = format!("{} has more than {} MiB", place.shown, most >> 20);
        return Err(Error::new(ErrorKind::Limit, &message));
    }
    Ok(body(answer, place).await?.into())
}

/// The state of a file, and its last bytes.
async fn end(place: &Place, tail: u64) -> Result<(ObjectMeta, Bytes), Error> {
    tried(async || end_once(place, tail).await, is_wrong).await
}

async fn end_once(place: &Place, tail: u64) -> Result<(ObjectMeta, Bytes), Error> {
    let Place { store, path, .. } = place;
    let of = |range| GetOptions { range: Some(range), ..GetOptions::default() };
    let failed = |cause| told(place, &cause);
    let refused = match store.get_opts(path, of(GetRange::Suffix(tail))).await {
        Ok(answer) => {
            let meta = answer.meta.clone();
            return Ok((meta, body(answer, place).await?));
        }
        Err(
            cause @ (Cause::NotFound { .. } | Cause::PermissionDenied { .. } | Cause::Unauthenticated { .. }),
        ) => {
            return Err(failed(cause));
        }
        Err(cause) => cause,
    };
    // Some do not know how to count from the end, and an empty file has no range at all.
    let meta = store.head(path).await.map_err(failed)?;
    if meta.size == 0 {
        return Ok((meta, Bytes::new()));
    }
    if !matches!(refused, Cause::NotSupported { .. }) {
        return Err(failed(refused));
    }
    let range = meta.size.saturating_sub(tail)..meta.size;
    let answer = store.get_opts(path, of(GetRange::Bounded(range))).await.map_err(failed)?;
    if State::of(&answer.meta) != State::of(&meta) {
        return Err(changed(place));
    }
    Ok((meta, body(answer, place).await?))
}

impl Ranges for ObjectFile {
    fn len(&self) -> u64 {
        self.length
    }

    fn read(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
        let read = stream::iter(ranges.iter().map(|range| self.whole(range))).buffered(AT_ONCE).try_collect();
        stacyard_runtime::wait(self.place.runtime, read).map_err(io::Error::other)
    }

    fn gap(&self) -> u64 {
        GAP
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn renewed(&self) -> Result<Option<Box<dyn Ranges>>, Error> {
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.elapsed() < LOOK {
                return Ok(None);
            }
            *looked = Instant::now();
        }
        let Place { store, path, .. } = &self.place;
        match stacyard_runtime::wait(self.place.runtime, store.head(path)) {
            Ok(meta) if State::of(&meta) == self.state => Ok(None),
            Ok(_) => Ok(Some(Box::new(Self::open(&self.place, TAIL)?))),
            Err(Cause::NotFound { .. }) => Ok(None),
            Err(cause) => Err(told(&self.place, &cause)),
        }
    }
}
