//! Files and stores that the flags name. Uses `flags` and `console`; used by `command`.

pub(crate) mod open;
pub(crate) mod pypgstac;
pub(crate) mod rejects;
pub(crate) mod schemas;
pub(crate) mod tokens;
