//! The gate against real data, the official JSON Schemas, and hand-written objects. What needs `../shared/data` says
//! `skipped` where that folder is absent.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests, their helpers included")]
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#![expect(clippy::format_push_string, reason = "short reports")]

mod bases;
mod data;
mod differential;
mod extensions;
mod messages;
mod migrated;
mod mutations;
mod real;
