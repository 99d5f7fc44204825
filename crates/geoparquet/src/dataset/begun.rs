//! A mark in a folder whose first version is on its way: what a killed writer leaves there is not read as a folder of Parquet files, and the next
//! writer may go on in it.

use stacyard_store::{Error, ErrorKind, Storage};

/// Where it is. In the log other programs would take it for one.
const MARK: &str = "_stacyard/begun";

/// Puts the mark, before the first file of the first version.
pub(crate) fn mark(storage: &dyn Storage) -> Result<(), Error> {
    storage.create(MARK, b"the first version of a dataset is being written\n").map(drop)
}

/// Takes it away: there is a version, or nothing that is of use. One that stays harms nobody.
pub(crate) fn unmark(storage: &dyn Storage) {
    let _ = storage.delete(MARK);
}

/// Whether a folder without a version is a dataset all the same.
///
/// # Errors
/// It cannot be asked.
pub fn is_begun(storage: &dyn Storage) -> Result<bool, Error> {
    storage.has(MARK)
}

/// The error of a dataset that cannot be read yet.
pub fn unfinished(name: &str) -> Error {
    let message = format!(
        "{name} is a dataset without a version yet: what writes the first is at work, or was broken off"
    );
    Error::new(ErrorKind::NotFound, &message)
        .remedy("wait for it, or run it again: it begins anew, and a vacuum removes what was left")
}
