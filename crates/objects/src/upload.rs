//! A file that goes to an object store once it is whole.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::Arc;

use bytes::Bytes;
use object_store::{
    Error as Cause, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion,
    WriteMultipart,
};
use stacyard_http::HttpOptions;
use stacyard_store::{Error, ErrorKind, Upload};

use crate::file::State;
use crate::http_put;
use crate::place::Place;
use crate::told::told;

/// Larger files (32 MiB) go in parts.
const ONE_REQUEST: u64 = 32 << 20;

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
        let part = usize::try_from(PART.max(size.div_ceil(PARTS))).unwrap_or(usize::MAX);
        let upload = store.put_multipart(path).await.map_err(failed)?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, part);
        let put = async {
            let mut file = file;
            loop {
                writer.wait_for_capacity(AT_ONCE).await.map_err(failed)?;
                let piece = piece(&mut file, part).map_err(|e| {
                    Error::io("read a temporary file for", self.place.shown.as_ref().as_ref(), e)
                })?;
                if piece.is_empty() {
                    break;
                }
                writer.put(piece);
            }
            // No condition can be set on the last request: this is as near to it as can be.
            self.still(store).await
        };
        match put.await {
            Ok(()) => writer.finish().await.map(drop).map_err(failed),
            Err(error) => {
                // Whoever pays for it does not pay for parts of nothing.
                let _ = writer.abort().await;
                Err(error)
            }
        }
    }

    /// An error where something else stands there than at the beginning.
    async fn still(&self, store: &Arc<dyn ObjectStore>) -> Result<(), Error> {
        let now = match store.head(&self.place.path).await {
            Ok(meta) => Some(State::of(&meta)),
            Err(Cause::NotFound { .. }) => None,
            Err(cause) => return Err(told(&self.place, &cause)),
        };
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
        let read = |cause| Error::io("read a temporary file for", self.place.shown.as_ref().as_ref(), cause);
        let size = file.metadata().map_err(read)?.len();
        file.rewind().map_err(read)?;
        self.check()?;
        if self.place.is_plain() {
            let condition = (self.old.as_ref(), self.overwrites);
            return http_put::put(&self.place, &self.http, (file, size), condition);
        }
        if size <= ONE_REQUEST {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(read)?;
            return match stacyard_runtime::wait(self.place.runtime, self.in_one(bytes)) {
                Err(Cause::Precondition { .. }) => {
                    let message = format!("{} has changed since this began", self.place.shown);
                    Err(Error::new(ErrorKind::Conflict, &message).remedy("nothing was written: do it again"))
                }
                put => put.map_err(|cause| told(&self.place, &cause)),
            };
        }
        stacyard_runtime::wait(self.place.runtime, self.in_parts(file, size))
    }
}

/// What stands there; `None`: nothing.
pub(crate) fn state(place: &Place) -> Result<Option<State>, Error> {
    match stacyard_runtime::wait(place.runtime, place.store.head(&place.path)) {
        Ok(meta) => Ok(Some(State::of(&meta))),
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
