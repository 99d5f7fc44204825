//! The file with the tokens of `serve` and `token`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use stacyard_server::Bearers;
use stacyard_store::{Error, read_side_text};

use crate::console::say;

/// The tokens of a file.
pub(crate) fn read(path: &Path) -> Result<Bearers, Error> {
    parsed(path, &read_side_text(path)?)
}

fn parsed(path: &Path, text: &str) -> Result<Bearers, Error> {
    Bearers::parse(text).map_err(|error| error.detail(&format!("in {}", say::path(path))))
}

/// Adds a line to the file, in one piece; a new one only its owner may read. One that has something else than tokens stays as it is.
pub(crate) fn add(path: &Path, line: &str) -> Result<(), Error> {
    let is_new = std::fs::symlink_metadata(path).is_err_and(|cause| cause.kind() == ErrorKind::NotFound);
    let before = if is_new { String::new() } else { read_side_text(path)? };
    if !before.trim().is_empty() {
        parsed(path, &before)?;
    }
    let separator = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    options.mode(0o600);
    let failed = |cause| Error::io("write", path, cause);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(format!("{separator}{line}\n").as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}
