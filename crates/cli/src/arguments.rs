//! The arguments of the command, as they were given to it: those of the process are others where Python has started it.

use std::ffi::OsString;
use std::sync::OnceLock;

static ARGUMENTS: OnceLock<Vec<OsString>> = OnceLock::new();

/// Keeps them. There is one command in a process: the first ones stay.
pub(crate) fn keep(arguments: &[OsString]) {
    ARGUMENTS.get_or_init(|| arguments.to_vec());
}

/// The name of the command, and what stands behind it.
pub(crate) fn all() -> impl Iterator<Item = String> {
    ARGUMENTS.get().into_iter().flatten().map(|argument| argument.to_string_lossy().into_owned())
}
