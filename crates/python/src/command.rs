//! The command of the package: the very one, with the arguments that Python has been started with.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command; gives its exit status.
#[pyfunction]
pub(crate) fn command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| stacyard_cli::command(arguments))
}
