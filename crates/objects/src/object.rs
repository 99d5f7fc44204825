//! A file or folder on a server or in an object store, by its URL.

use std::sync::Arc;

use reqwest::Url;
use stacyard_store::{Directory, Error, Opener, Ranges, Storage, Upload};

use crate::file::{ObjectFile, TAIL, whole};
use crate::folder::ObjectFolder;
use crate::options::ObjectOptions;
use crate::place::{Place, path};
use crate::storage::ObjectStorage;
use crate::stream;
use crate::upload::{Uploading, state};

/// A file or folder on a server or in an object store. Nothing is asked before it is used.
#[derive(Debug, Clone)]
pub struct Object {
    place: Place,
    options: ObjectOptions,
}

impl Object {
    /// What a URL names: `s3://bucket/path`, `gs://bucket/path`, `az://container/path` or `https://host/path`.
    ///
    /// # Errors
    /// A URL that is none; settings that the object store does not know, or with which it cannot be asked.
    pub fn at(url: &str, options: &ObjectOptions) -> Result<Self, Error> {
        Ok(Self { place: Place::of(url, options)?, options: options.clone() })
    }

    /// Its URL, without what may be secret.
    pub fn shown(&self) -> &str {
        &self.place.shown
    }

    /// Opens the file to be read in any order.
    ///
    /// # Errors
    /// A file that is not there, or may not be read; a server that gives no parts of files.
    pub fn ranges(&self) -> Result<Box<dyn Ranges>, Error> {
        Ok(Box::new(ObjectFile::open(&self.place, TAIL)?))
    }

    /// Another file of the same store, by its URL.
    ///
    /// # Errors
    /// A URL that names no file.
    pub fn other(&self, url: &Url) -> Result<Self, Error> {
        Ok(Self { place: self.place.at(path(url)?), options: self.options.clone() })
    }

    /// All of the file, where it has so many bytes at `most`; for those who wait in a task.
    ///
    /// # Errors
    /// As [`Object::ranges`]; a file that has more.
    pub async fn whole(&self, most: u64) -> Result<Vec<u8>, Error> {
        whole(&self.place, most).await
    }

    /// What opens the file to be read from its beginning.
    pub fn opener(&self) -> Opener {
        let place = self.place.clone();
        Arc::new(move || stream::open(&place))
    }

    /// Begins to write the file. One that only appears later is replaced if this `overwrites`.
    ///
    /// # Errors
    /// A place that cannot be asked what stands there.
    pub fn upload(&self, overwrites: bool) -> Result<Box<dyn Upload>, Error> {
        Ok(Box::new(Uploading::begin(&self.place, &self.options.http, overwrites)?))
    }

    /// Whether there is such a file.
    ///
    /// # Errors
    /// As [`Object::upload`].
    pub fn exists(&self) -> Result<bool, Error> {
        Ok(state(&self.place)?.is_some())
    }

    /// The folder of this name: all files below it.
    pub fn folder(&self) -> Box<dyn Directory> {
        Box::new(ObjectFolder::new(self.place.clone()))
    }

    /// The folder of this name, where a dataset stands in it; `None`: it is on a server that is no object store.
    pub fn storage(&self) -> Option<Arc<dyn Storage>> {
        let storage = || ObjectStorage::new(self.place.clone(), self.options.http.clone());
        (!self.place.is_plain()).then(|| Arc::new(storage()) as Arc<dyn Storage>)
    }
}
