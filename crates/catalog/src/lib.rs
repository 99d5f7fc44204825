//! Static catalogs: JSON files that link to one another.
//!
//! `crawl` follows the links of one, as a store that is read; `write` makes one of Items. The two know nothing of each other.

mod assets;
mod crawl;
mod write;

pub use self::crawl::{CrawlCounts, CrawlOptions, StaticCatalog};
pub use self::write::{CatalogSink, Folders, Published, Template};
