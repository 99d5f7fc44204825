//! The Parquet files of a folder on disk. The listing of an object store would be another one.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use stacyard_store::{Error, ErrorKind};

use crate::read::local::State;

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Listed {
    /// Its path from the folder on.
    pub(crate) relative: PathBuf,
    /// What is there.
    pub(crate) state: State,
}

/// The table of Delta Lake, in whose folder files stand that are no longer part of it.
const DELTA: &str = "_delta_log";

/// All files whose names end in `.parquet` or `.geoparquet`, in the order of their paths. What begins with a dot or an underscore is not of
/// the data, as programs agree that write such folders. A folder or file that links lead to is taken once, where it stands itself.
///
/// # Errors
/// A folder that cannot be read, or has no such file.
pub(crate) fn list(folder: &Path) -> Result<Vec<Listed>, Error> {
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    let mut folders = vec![PathBuf::new()];
    // Links are followed when all that stands there itself is known.
    let mut links: Vec<PathBuf> = Vec::new();
    loop {
        let (relative, is_link) = match (folders.pop(), links.pop()) {
            (Some(relative), link) => {
                links.extend(link);
                (relative, false)
            }
            (None, Some(link)) => (link, true),
            (None, None) => break,
        };
        let path = if relative.as_os_str().is_empty() { folder.to_owned() } else { folder.join(&relative) };
        let failed = |cause| Error::io("read", &path, cause);
        let there = match fs::metadata(&path) {
            // A link to nothing: only data would be missed.
            Err(cause) if is_link && cause.kind() == io::ErrorKind::NotFound && !is_parquet(&path) => {
                continue;
            }
            there => there.map_err(failed)?,
        };
        if !there.is_dir() {
            if is_parquet(&path) && seen.insert(identity(&there)) {
                files.push(Listed { relative, state: (&there).into() });
            }
            continue;
        }
        if !seen.insert(identity(&there)) {
            continue;
        }
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let relative = relative.join(&name);
            if name == DELTA {
                return Err(is_delta(&path));
            }
            if matches!(name.as_encoded_bytes().first(), Some(b'.' | b'_')) {
                continue;
            }
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_symlink() {
                links.push(relative);
            } else if kind.is_dir() || is_parquet(&relative) {
                folders.push(relative);
            }
        }
        links.sort_by(|a, b| b.cmp(a));
    }
    if files.is_empty() {
        return Err(has_none(folder));
    }
    files.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(files)
}

fn identity(there: &Metadata) -> (u64, u64) {
    (there.dev(), there.ino())
}

fn is_parquet(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["parquet", "geoparquet"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn has_none(folder: &Path) -> Error {
    let message = format!("{} is a folder without Parquet files", folder.display());
    Error::new(ErrorKind::NotFound, &message).remedy(
        "a folder is read as the .parquet and .geoparquet files in it; name a file of another kind by itself",
    )
}

fn is_delta(folder: &Path) -> Error {
    let message = format!("{} is a Delta table, which this version does not read yet", folder.display());
    Error::new(ErrorKind::Unsupported, &message).remedy(
        "export what it holds to Parquet files: among those in it are some that are no longer part of it",
    )
}
