//! The `stacyard` binary, as users and scripts meet it.

mod bad_input;
mod copy;
mod interrupt;
mod search;
mod support;
mod validate;
