//! The API as a client sees it, over the stores of all kinds that need no server.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod aggregates;
mod answers;
mod browse;
mod conditions;
mod conformance;
mod documents;
mod forms;
mod guard;
mod html;
mod operate;
mod pages;
mod problems;
mod socket;
mod support;
mod tiles;
mod whole;
mod work;
mod writes;
mod writes_many;
mod writes_wrong;
