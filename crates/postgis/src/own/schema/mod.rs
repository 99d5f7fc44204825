//! The schema: `migrate` makes the tables and brings them up to date, `profile` and `partition` change them as the user wants, each
//! as SQL in `step`s that can be read first. `found` says what a schema holds, `absent` what to do where it holds nothing of ours.
//! Used by all of `own`.

mod absent;
pub(crate) mod found;
pub(crate) mod migrate;
mod partition;
pub(crate) mod profile;
mod step;
