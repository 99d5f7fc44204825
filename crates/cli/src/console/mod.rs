//! What people and programs see of a command: reports, progress, warnings, errors, and what an interrupt says. `say` is the only
//! way out. Uses `flags`; used by `files` and `command`.

pub(crate) mod fault;
pub(crate) mod interrupt;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod say;
pub(crate) mod usage;
pub(crate) mod words;
