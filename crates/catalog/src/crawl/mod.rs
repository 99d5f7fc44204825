//! A static catalog, read by following its links.
//!
//! `options` says how, `address` is where a document is, `fetch` brings it, `page` is what it says, `spool` keeps the links that are still
//! to be followed, `ahead` has many under way at once, `walk` goes through all of them, and `source` hands on what it finds. `store` is the catalog.

mod address;
mod ahead;
mod fetch;
mod options;
mod page;
mod source;
mod spool;
mod store;
mod walk;

pub use self::options::{CrawlCounts, CrawlOptions};
pub use self::store::StaticCatalog;
