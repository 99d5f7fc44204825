//! Files and stores that the flags name. Who lives here knows the flags and the console, and no command.

pub(crate) mod open;
pub(crate) mod rejects;
pub(crate) mod schemas;
