//! A file that goes to an object store once it is whole.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, TryStreamExt};
use object_store::{
    Error as Cause, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion,
};
use stacyard_http::HttpOptions;
use stacyard_store::{Error, ErrorKind, Upload};

use crate::file::State;
use crate::http_put;
use crate::place::Place;
use crate::told::{innermost, told};

/// Larger files (8 MiB) go in parts: a request has to be made within the time for an answer.
const ONE_REQUEST: u64 = 8 << 20;

/// How long a part is at least, and how many a file has at most: S3 takes 10,000.
const PART: u64 = 8 << 20;
const PARTS: u64 = 9_000;

/// How many parts are under way at once.
const AT_ONCE: usize = 4;

/// A file about to be put.
#[derive(Debug)]
pub(crate) struct Uploading {
    place: Place,
    http: HttpOptions,
    /// What stood there at the beginning.
    old: Option<State>,
    /// Whether a file may be replaced that was not there at the beginning.
    overwrites: bool,
}

impl Uploading {
    pub(crate) fn begin(place: &Place, http: &HttpOptions, overwrites: bool) -> Result<Self, Error> {
        Ok(Self { place: place.clone(), http: http.clone(), old: state(place)?, overwrites })
    }

    async fn in_one(&self, bytes: Vec<u8>) -> object_store::Result<()> {
        let Place { store, path, .. } = &self.place;
        let payload = PutPayload::from(Bytes::from(bytes));
        let mode = match &self.old {
            Some(State { tag, version, .. }) if tag.is_some() || version.is_some() => {
                PutMode::Update(UpdateVersion { e_tag: tag.clone(), version: version.clone() })
            }
            None if !self.overwrites => PutMode::Create,
            _ => PutMode::Overwrite,
        };
        let put = store.put_opts(path, payload.clone(), PutOptions::from(mode)).await;
        match put {
            // It knows no conditions: that it is as it was has been looked at before.
            Err(Cause::NotImplemented { .. } | Cause::NotSupported { .. }) => {
                store.put(path, payload).await.map(drop)
            }
            put => put.map(drop),
        }
    }

    /// Puts the parts; nothing is there to be seen before the last request.
    async fn in_parts(&self, file: &File, size: u64) -> Result<(), Error> {
        let Place { store, path, .. } = &self.place;
        let failed = |cause| told(&self.place, &cause);
        let length = usize::try_from(PART.max(size.div_ceil(PARTS))).unwrap_or(usize::MAX);
        let mut upload = store.put_multipart(path).await.map_err(failed)?;
        let put = async {
            let (mut file, mut under_way) = (file, FuturesUnordered::new());
            loop {
                let piece = piece(&mut file, length).map_err(|cause| self.unread(cause))?;
                if piece.is_empty() {
                    break;
                }
                if under_way.len() >= AT_ONCE {
                    under_way.next().await.transpose().map_err(failed)?;
                }
                under_way.push(upload.put_part(piece.into()));
            }
            under_way.try_collect::<()>().await.map_err(failed)?;
            // No condition can be set on the last request: this is as near to it as can be.
            self.still(store).await
        };
        if let Err(error) = put.await {
            // Whoever pays for it does not pay for parts of nothing.
            let _ = upload.abort().await;
            return Err(error);
        }
        upload.complete().await.map(drop).map_err(|cause| self.doubtful(&cause))
    }

    /// The error of a file that was made here and cannot be read.
    fn unread(&self, cause: io::Error) -> Error {
        Error::io("read a temporary file for", self.place.shown.as_ref().as_ref(), cause)
    }

    /// The error of a request that may have been answered by somebody who was not heard: made again, it finds what the first has written.
    fn doubtful(&self, cause: &Cause) -> Error {
        let error = match cause {
            Cause::Precondition { .. } | Cause::AlreadyExists { .. } => Error::new(
                ErrorKind::Conflict,
                &format!("{} is another one than at the beginning", self.place.shown),
            ),
            cause => told(&self.place, cause),
        };
        error.remedy("look what is there before doing it again").unsure()
    }

    /// An error where something else stands there than at the beginning.
    async fn still(&self, store: &Arc<dyn ObjectStore>) -> Result<(), Error> {
        let now = there(&self.place, store.head(&self.place.path).await)?;
        let shown = &self.place.shown;
        match (&self.old, &now) {
            (None, None) => Ok(()),
            (None, Some(_)) if self.overwrites => Ok(()),
            (None, Some(_)) => {
                Err(told(&self.place, &Cause::AlreadyExists { path: String::new(), source: "".into() }))
            }
            (old, now) if old == now => Ok(()),
            _ => Err(Error::new(ErrorKind::Conflict, &format!("{shown} has changed since this began"))
                .remedy("nothing was written: do it again")),
        }
    }
}

impl Upload for Uploading {
    fn replaces(&self) -> bool {
        self.old.is_some()
    }

    fn check(&self) -> Result<(), Error> {
        stacyard_runtime::wait(self.place.runtime, self.still(&self.place.store))
    }

    fn put(&mut self, mut file: &File) -> Result<(), Error> {
        let size = file.metadata().map_err(|cause| self.unread(cause))?.len();
        file.rewind().map_err(|cause| self.unread(cause))?;
        self.check()?;
        if self.place.is_plain() {
            let condition = (self.old.as_ref(), self.overwrites);
            return http_put::put(&self.place, &self.http, (file, size), condition);
        }
        if size <= ONE_REQUEST {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(|cause| self.unread(cause))?;
            let put = stacyard_runtime::wait(self.place.runtime, self.in_one(bytes));
            return put.map_err(|cause| self.doubtful(&cause));
        }
        stacyard_runtime::wait(self.place.runtime, self.in_parts(file, size))
    }
}

/// What stands there; `None`: nothing.
pub(crate) fn state(place: &Place) -> Result<Option<State>, Error> {
    there(place, stacyard_runtime::wait(place.runtime, place.store.head(&place.path)))
}

/// What an answer says that stands there.
fn there(place: &Place, answer: object_store::Result<ObjectMeta>) -> Result<Option<State>, Error> {
    match answer {
        Ok(meta) => Ok(Some(State::of(&meta))),
        // A server that does not answer such a question has said nothing.
        Err(cause @ Cause::NotFound { .. }) if place.is_plain() && innermost(&cause).contains("405") => {
            let message = format!("{} does not say what stands there", place.shown);
            Err(Error::new(ErrorKind::Unsupported, &message)
                .remedy("write to this machine, and bring it there in another way"))
        }
        Err(Cause::NotFound { .. }) => Ok(None),
        Err(cause) => Err(told(place, &cause)),
    }
}

/// The next bytes of a file; fewer only at its end.
pub(crate) fn piece(file: &mut &File, length: usize) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    file.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}
