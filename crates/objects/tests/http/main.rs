//! Files on servers of HTTP, over real connections: what is asked for, what comes back, and what is said where it fails.

#![allow(clippy::unwrap_used, reason = "tests")]

mod reads;
mod support;
mod writes;
