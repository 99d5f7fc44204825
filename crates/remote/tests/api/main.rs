//! STAC APIs on loopback: our own server, and servers that fail in the ways of those in the field.

#![expect(clippy::unwrap_used, reason = "tests")]

mod conformance;
mod faults;
mod harvest;
mod support;
