//! Static catalogs: JSON files that link to one another.
//!
//! `crawl` follows the links of one, as a store that is read.

mod assets;
mod crawl;

pub use self::crawl::{CrawlCounts, CrawlOptions, StaticCatalog};
