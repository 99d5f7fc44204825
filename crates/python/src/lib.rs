//! The extension module of the Python package `stacyard`: its functions and classes, each a call of the facade crate. What they are called and how they are
//! documented for users stands in `python/stacyard`.
//!
//! `work` runs what takes long, `error` and `words` say what went wrong, `json` goes between dictionaries and JSON text, `input` takes what people have;
//! `store`, `items`, `arrow`, `copy`, `validate`, `profile` and `command` are what can be called.

mod arrow;
mod command;
mod copy;
mod delete;
mod error;
mod gate;
mod input;
mod items;
mod json;
mod layout;
mod open;
mod options;
mod profile;
mod query;
mod store;
mod validate;
mod watch;
mod words;
mod work;

use pyo3::prelude::*;

/// Columns are large and come and go: the system's allocator hands their pages back and asks for them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[pymodule]
mod _stacyard {
    #[pymodule_export]
    use super::arrow::Arrow;
    #[pymodule_export]
    use super::command::command;
    #[pymodule_export]
    use super::copy::{commit, copy, save};
    #[pymodule_export]
    use super::delete::delete;
    #[pymodule_export]
    use super::items::Items;
    #[pymodule_export]
    use super::json::{dumps, loads};
    #[pymodule_export]
    use super::profile::Profile;
    #[pymodule_export]
    use super::query::Query;
    #[pymodule_export]
    use super::store::{Store, init};
    #[pymodule_export]
    use super::validate::validate;
    #[pymodule_export]
    use super::words::shown;
    #[pymodule_export]
    use super::work::Canceller;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init_module(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
