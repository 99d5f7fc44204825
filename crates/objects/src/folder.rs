//! A folder of an object store.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error as Cause, ObjectMeta, ObjectStoreExt};
use stacyard_store::{Directory, Error, ErrorKind, FileEntry, Ranges, Wanted};

use crate::file::{AT_ONCE, ObjectFile, TAIL, tried};
use crate::place::Place;
use crate::told::told;

/// How much of their ends all files of a folder may keep together (64 MiB), and the least of one (16 KiB).
const TAILS: u64 = 64 << 20;
const LEAST_TAIL: u64 = 16 << 10;

/// How often it is listed, at most: for each thousand files that is a request.
const LOOK: Duration = Duration::from_secs(5);

/// A folder of an object store: all files whose names begin with its own.
pub(crate) struct ObjectFolder {
    place: Place,
}

impl ObjectFolder {
    pub(crate) const fn new(place: Place) -> Self {
        Self { place }
    }

    fn is_there(&self, file: &FileEntry) -> Result<bool, Error> {
        let Place { store, path, runtime, .. } = &self.at(file);
        match stacyard_runtime::wait(runtime, store.head(path)) {
            Ok(_) => Ok(true),
            Err(Cause::NotFound { .. }) => Ok(false),
            Err(cause) => Err(told(&self.place, &cause)),
        }
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

    fn list(&self, wanted: &Wanted<'_>) -> Result<Vec<FileEntry>, Error> {
        let Place { store, path, shown, .. } = &self.place;
        if self.place.is_plain() {
            let message =
                format!("{shown} is a folder on a server of HTTP, which does not say what is in it");
            return Err(Error::new(ErrorKind::Unsupported, &message).remedy("name a file of it"));
        }
        // Most of a bucket may be other files: they are not kept.
        let once = async || -> object_store::Result<Result<Vec<FileEntry>, Error>> {
            let (mut names, mut files) = (store.list(Some(path)), Vec::new());
            while let Some(file) = names.try_next().await? {
                let Some(below) = below(&file, path) else { continue };
                match wanted(&below) {
                    Ok(true) => files.push(entry(&file, below)),
                    Ok(false) => {}
                    Err(error) => return Ok(Err(error)),
                }
            }
            Ok(Ok(files))
        };
        let files = stacyard_runtime::wait(self.place.runtime, tried(once, is_passing));
        let listed = without_marks(files.map_err(|cause| told(&self.place, &cause))??);
        let mut files = Vec::with_capacity(listed.len());
        for file in listed {
            // A folder without files may be marked, too.
            if file.size > 0 || self.is_there(&file)? {
                files.push(file);
            }
        }
        match files.windows(2).find(|two| two[0].path == two[1].path) {
            None => Ok(files),
            Some(two) => {
                let message = format!("{shown} has two files of the name {}", two[0].path.display());
                Err(Error::new(ErrorKind::Unsupported, &message).remedy("give one of them another name"))
            }
        }
    }

    fn ready(&self) -> Result<(), Error> {
        let Place { store, path, runtime, .. } = &self.place;
        let first = stacyard_runtime::wait(runtime, async { store.list(Some(path)).try_next().await });
        first.map(drop).map_err(|cause| told(&self.place, &cause))
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

/// In order, without what some programs put where a folder is: `a.parquet/`, which is empty, beside `a.parquet/part-0.parquet`.
fn without_marks(mut files: Vec<FileEntry>) -> Vec<FileEntry> {
    let folders: HashSet<PathBuf> =
        files.iter().flat_map(|file| file.path.ancestors().skip(1)).map(ToOwned::to_owned).collect();
    files.retain(|file| file.size > 0 || !folders.contains(&file.path));
    files.sort_unstable_by(|a, b| (&a.path, b.size).cmp(&(&b.path, a.size)));
    files.dedup_by(|next, file| next.size == 0 && next.path == file.path);
    files
}

/// The path of a file below the folder at `path`.
fn below(file: &ObjectMeta, path: &Path) -> Option<PathBuf> {
    Some(file.location.prefix_match(path)?.map(|part| part.as_ref().to_owned()).collect())
}

fn entry(file: &ObjectMeta, path: PathBuf) -> FileEntry {
    // What an object store says of its files in a list, and what it says of one, is not written in the same way everywhere: this is compared
    // with other lists only.
    let state = format!(
        "{} {} {}",
        file.e_tag.as_deref().unwrap_or_default(),
        file.version.as_deref().unwrap_or_default(),
        file.last_modified
    );
    FileEntry { path, size: file.size, state }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_marks_a_folder_is_no_file() {
        let file = |(path, size): (&str, u64)| FileEntry { path: path.into(), size, state: String::new() };
        let left = |files: &[(&str, u64)]| -> Vec<String> {
            let files = without_marks(files.iter().copied().map(file).collect());
            files.iter().map(|file| format!("{} {}", file.path.display(), file.size)).collect()
        };
        assert_eq!(
            left(&[
                ("b.parquet/part.parquet", 5),
                ("a.parquet", 7),
                ("a.parquet", 0),
                ("b.parquet", 0),
                ("c.parquet", 0)
            ]),
            ["a.parquet 7", "b.parquet/part.parquet 5", "c.parquet 0"],
        );
        // Two that say something: which one is meant cannot be known.
        assert_eq!(left(&[("a.parquet", 7), ("a.parquet", 8)]), ["a.parquet 8", "a.parquet 7"]);
    }
}
