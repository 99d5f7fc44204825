//! A folder of an object store.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error as Cause, ObjectMeta};
use stacyard_store::{Directory, Error, ErrorKind, FileEntry, Ranges};

use crate::file::{AT_ONCE, ObjectFile, TAIL, tried};
use crate::place::Place;
use crate::told::told;

/// How much of their ends all files of a folder may keep together (64 MiB), and the least of one (16 KiB).
const TAILS: u64 = 64 << 20;
const LEAST_TAIL: u64 = 16 << 10;

/// How often it is listed, at most: for each thousand files that is a request.
const LOOK: Duration = Duration::from_secs(30);

/// A folder of an object store: all files whose names begin with its own.
pub(crate) struct ObjectFolder {
    place: Place,
}

impl ObjectFolder {
    pub(crate) const fn new(place: Place) -> Self {
        Self { place }
    }

    /// Where a file of it is.
    fn at(&self, file: &FileEntry) -> Place {
        let below = file.path.to_string_lossy();
        let path = if self.place.path.is_root() {
            below.into_owned()
        } else {
            format!("{}/{below}", self.place.path)
        };
        // As it was listed: a name that has a percent sign in it has no other spelling.
        self.place.at(Path::parse(&path).unwrap_or_else(|_| path.into()))
    }
}

impl Directory for ObjectFolder {
    fn name(&self) -> &str {
        &self.place.shown
    }

    fn list(&self) -> Result<Vec<FileEntry>, Error> {
        let Place { store, path, shown, .. } = &self.place;
        if self.place.is_plain() {
            let message =
                format!("{shown} is a folder on a server of HTTP, which does not say what is in it");
            return Err(Error::new(ErrorKind::Unsupported, &message).remedy("name a file of it"));
        }
        let found: Vec<ObjectMeta> = stacyard_runtime::wait(
            self.place.runtime,
            tried(async || store.list(Some(path)).try_collect().await, is_passing),
        )
        .map_err(|cause| told(&self.place, &cause))?;
        let mut files: Vec<FileEntry> = found.into_iter().filter_map(|file| entry(&file, path)).collect();
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    fn open(&self, file: &FileEntry, many: usize) -> Result<Box<dyn Ranges>, Error> {
        let tail = (TAILS / many.max(1) as u64).clamp(LEAST_TAIL, TAIL);
        Ok(Box::new(ObjectFile::open(&self.at(file), tail)?))
    }

    fn name_of(&self, file: &FileEntry) -> String {
        self.at(file).shown.as_ref().to_owned()
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn look(&self) -> Duration {
        LOOK
    }
}

/// A list that breaks off is not asked for again by `object_store`.
fn is_passing(cause: &Cause) -> bool {
    matches!(cause, Cause::Generic { .. })
}

/// A file below the folder at `path`.
fn entry(file: &ObjectMeta, path: &Path) -> Option<FileEntry> {
    let path: PathBuf = file.location.prefix_match(path)?.map(|part| part.as_ref().to_owned()).collect();
    // What an object store says of its files in a list, and what it says of one, is not written in the same way everywhere: this is compared
    // with other lists only.
    let state = format!(
        "{} {} {}",
        file.e_tag.as_deref().unwrap_or_default(),
        file.version.as_deref().unwrap_or_default(),
        file.last_modified
    );
    Some(FileEntry { path, size: file.size, state })
}
