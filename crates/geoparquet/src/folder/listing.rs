//! Which files of a folder are its data.

use std::ffi::OsStr;
use std::path::Path;

use stacyard_store::{Directory, Error, ErrorKind, FileEntry};

/// The table of Delta Lake, in whose folder files stand that are no longer part of it.
const DELTA: &str = "_delta_log";

/// All files whose names end in `.parquet` or `.geoparquet`, in the order of their paths, without those of folders that are not of the data.
///
/// # Errors
/// A folder that cannot be listed, or has no such file.
pub(super) fn list(folder: &dyn Directory) -> Result<Vec<FileEntry>, Error> {
    let files = folder.list(&|path| Ok(are_data(path, folder.name())? && is_parquet(path)))?;
    if files.is_empty() {
        return Err(has_none(folder.name()));
    }
    Ok(files)
}

/// Whether all names of a path below a folder of this `name` are of the data: those that begin with a dot or an underscore are not, as
/// programs agree that write such folders.
///
/// # Errors
/// A table of Delta Lake.
fn are_data(path: &Path, folder: &str) -> Result<bool, Error> {
    path.iter().try_fold(true, |are, name| Ok(are && is_data(name, folder)?))
}

/// The same for one name.
pub(super) fn is_data(name: &OsStr, folder: &str) -> Result<bool, Error> {
    if name == DELTA {
        return Err(is_delta(folder));
    }
    Ok(!matches!(name.as_encoded_bytes().first(), Some(b'.' | b'_')))
}

/// Whether its name is that of a Parquet file.
pub(super) fn is_parquet(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["parquet", "geoparquet"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn has_none(folder: &str) -> Error {
    let message = format!("{folder} is a folder without Parquet files");
    Error::new(ErrorKind::NotFound, &message).remedy(
        "a folder is read as the .parquet and .geoparquet files in it; name a file of another kind by itself",
    )
}

fn is_delta(folder: &str) -> Error {
    let message =
        format!("{folder} is a dataset (a Delta table) inside of a folder, and is a store of its own");
    Error::new(ErrorKind::Unsupported, &message)
        .remedy("name it by itself: among the files in it are some that are no longer part of it")
}
