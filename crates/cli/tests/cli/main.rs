//! The `stacyard` binary, as users and scripts meet it.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod bad_input;
mod copy;
mod geoparquet;
mod interrupt;
mod names;
mod postgis;
mod profiles;
mod rejects;
mod replacing;
mod search;
mod support;
mod usage;
mod validate;
mod writers;
