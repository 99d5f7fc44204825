//! A folder of an object store that a dataset stands in: what is new is put where nothing stands, on the condition that it is so.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error as Cause, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use stacyard_http::HttpOptions;
use stacyard_store::{Error, ErrorKind, Output, Ranges, Storage, StoredFile};

use crate::file::{AT_ONCE, ObjectFile};
use crate::place::Place;
use crate::told::told;
use crate::upload::{Uploading, state};

/// How often it is worth asking for a newer version: each look is a request.
const LOOK: Duration = Duration::from_secs(5);

/// How much of the end of a file is read when it is opened (64 KiB): most footers are in it, and of some files only the keys are wanted.
const TAIL: u64 = 64 << 10;

/// A folder of an object store.
pub(crate) struct ObjectStorage {
    place: Place,
    name: String,
    http: HttpOptions,
    scratch: PathBuf,
}

impl ObjectStorage {
    pub(crate) fn new(place: Place, http: HttpOptions) -> Self {
        let name = place.shown.to_string();
        let name = if name.ends_with('/') { name } else { name + "/" };
        Self { place, name, http, scratch: std::env::temp_dir() }
    }

    /// Where a file of it is.
    fn at(&self, path: &str) -> Place {
        let root = self.place.path.as_ref();
        let path = if root.is_empty() { path.to_owned() } else { format!("{root}/{path}") };
        self.place.at(Path::parse(&path).unwrap_or_else(|_| path.into()))
    }

    fn put(&self, path: &str, bytes: &[u8], mode: PutMode) -> Result<bool, Error> {
        let at = self.at(path);
        let payload = PutPayload::from(Bytes::copy_from_slice(bytes));
        let put = at.store.put_opts(&at.path, payload, PutOptions::from(mode));
        match stacyard_runtime::wait(at.runtime, put) {
            Ok(_) => Ok(true),
            Err(Cause::AlreadyExists { .. } | Cause::Precondition { .. }) => Ok(false),
            Err(Cause::NotImplemented { .. } | Cause::NotSupported { .. }) => {
                let message = format!(
                    "{} puts nothing on a condition, so that two writers of a dataset would not see each other",
                    self.name
                );
                Err(Error::new(ErrorKind::Unsupported, &message)
                    .remedy("use an object store that knows If-None-Match, or a folder of this machine"))
            }
            // It may be there: a request whose answer does not come may have been heard.
            Err(cause) => Err(told(&at, &cause).unsure()),
        }
    }
}

impl Storage for ObjectStorage {
    fn name(&self) -> &str {
        &self.name
    }

    fn list(&self, folder: &str) -> Result<Vec<StoredFile>, Error> {
        let at = if folder.is_empty() { self.place.clone() } else { self.at(folder) };
        let list = async { at.store.list(Some(&at.path)).try_collect::<Vec<_>>().await };
        let found = stacyard_runtime::wait(at.runtime, list).map_err(|cause| told(&at, &cause))?;
        let file = |file: object_store::ObjectMeta| {
            let below = file.location.prefix_match(&self.place.path)?;
            let path = below.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/");
            Some(StoredFile { path, size: file.size, modified: file.last_modified.timestamp_millis() })
        };
        let mut files: Vec<StoredFile> = found.into_iter().filter_map(file).collect();
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let at = self.at(path);
        let get = async { at.store.get(&at.path).await?.bytes().await };
        match stacyard_runtime::wait(at.runtime, get) {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(Cause::NotFound { .. }) => Ok(None),
            Err(cause) => Err(told(&at, &cause)),
        }
    }

    fn open(&self, path: &str, size: u64) -> Result<Box<dyn Ranges>, Error> {
        let at = self.at(path);
        let file = ObjectFile::open(&at, TAIL)?;
        if Ranges::len(&file) != size {
            let message =
                format!("{} has {} bytes, and {size} when it was written", at.shown, Ranges::len(&file));
            return Err(Error::new(ErrorKind::Damaged, &message)
                .remedy("it is damaged: bring it back from a copy, or read an earlier version"));
        }
        Ok(Box::new(file))
    }

    fn has(&self, path: &str) -> Result<bool, Error> {
        Ok(state(&self.at(path))?.is_some())
    }

    fn create(&self, path: &str, bytes: &[u8]) -> Result<bool, Error> {
        self.put(path, bytes, PutMode::Create)
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        self.put(path, bytes, PutMode::Overwrite).map(drop)
    }

    fn begin(&self, path: &str) -> Result<Output, Error> {
        let at = self.at(path);
        let upload = Uploading::begin(&at, &self.http, false)?;
        Output::elsewhere(&at.shown, Box::new(upload))
    }

    fn delete(&self, path: &str) -> Result<(), Error> {
        let at = self.at(path);
        match stacyard_runtime::wait(at.runtime, at.store.delete(&at.path)) {
            Ok(()) | Err(Cause::NotFound { .. }) => Ok(()),
            Err(cause) => Err(told(&at, &cause)),
        }
    }

    fn scratch(&self) -> &std::path::Path {
        &self.scratch
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn look(&self) -> Duration {
        LOOK
    }
}
