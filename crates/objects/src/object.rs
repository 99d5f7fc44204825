//! A file or folder on a server or in an object store, by its URL.

use std::sync::Arc;

use stacyard_store::{Error, Opener, Ranges, Upload};

use crate::file::ObjectFile;
use crate::listing;
use crate::options::ObjectOptions;
use crate::place::Place;
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
        Ok(Box::new(ObjectFile::open(&self.place)?))
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

    /// The files below the folder: their paths in it, in order.
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub fn files(&self) -> Result<Vec<(String, Self)>, Error> {
        let files = listing::files(&self.place)?.into_iter();
        Ok(files
            .map(|(name, path)| (name, Self { place: self.place.at(path), options: self.options.clone() }))
            .collect())
    }
}
