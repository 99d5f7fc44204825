//! The `stacyard` binary, as users and scripts meet it.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#![expect(clippy::format_collect, reason = "short inputs")]

mod bad_input;
mod bounds;
mod collections;
mod columns;
mod copy;
mod dataset;
mod delete;
mod folder;
mod geoparquet;
mod harvest;
mod injection;
mod interrupt;
mod limits;
mod map;
mod memory;
mod messages;
mod names;
mod pgstac;
mod postgis;
mod profiles;
mod rejects;
mod remote;
mod replacing;
mod search;
mod serve;
mod serve_writes;
mod silent;
mod static_catalogs;
mod support;
mod sync;
mod usage;
mod validate;
mod writers;
