//! The commands, a file for each: flags are read, the library does it, and what came of it is said. They know everybody else, and
//! not each other.

pub(crate) mod collections;
pub(crate) mod copy;
pub(crate) mod delete;
pub(crate) mod help;
pub(crate) mod info;
pub(crate) mod init;
mod look;
pub(crate) mod map;
pub(crate) mod optimize;
mod parts;
mod plot;
pub(crate) mod search;
pub(crate) mod serve;
pub(crate) mod sync;
pub(crate) mod token;
pub(crate) mod validate;
pub(crate) mod versions;
