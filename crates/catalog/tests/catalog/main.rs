//! Static catalogs, read from servers on loopback and from folders.

#![expect(clippy::unwrap_used, reason = "tests")]

mod crawl;
mod support;
