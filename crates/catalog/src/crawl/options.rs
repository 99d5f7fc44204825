//! How a static catalog is read: what a program or a command line can choose.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stacyard_http::HttpOptions;
use stacyard_objects::ObjectOptions;
use stacyard_store::RECORD_BYTES;

/// How a static catalog is read.
#[derive(Debug, Clone)]
pub struct CrawlOptions {
    /// How its server is asked.
    pub http: HttpOptions,
    /// How its object store is asked.
    pub objects: ObjectOptions,
    /// How many documents are asked for at once.
    pub concurrency: usize,
    /// How long after one request the next one begins, at least.
    pub delay: Duration,
    /// The longest Item, in bytes; longer ones are set aside.
    pub max_record_bytes: usize,
    /// Counts what is read of the catalog, for whoever looks on.
    pub counts: Arc<CrawlCounts>,
}

impl Default for CrawlOptions {
    fn default() -> Self {
        Self {
            http: HttpOptions::default(),
            objects: ObjectOptions::default(),
            concurrency: 64,
            delay: Duration::ZERO,
            max_record_bytes: RECORD_BYTES,
            counts: Arc::default(),
        }
    }
}

/// What has been read of a catalog so far.
#[derive(Debug, Default)]
pub struct CrawlCounts {
    pages: AtomicU64,
    links: AtomicU64,
}

impl CrawlCounts {
    /// Catalogs and Collections that have been read.
    pub fn pages(&self) -> u64 {
        self.pages.load(Ordering::Relaxed)
    }

    /// Links to Items that they have.
    pub fn links(&self) -> u64 {
        self.links.load(Ordering::Relaxed)
    }

    pub(crate) fn add_page(&self) {
        self.pages.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_items(&self, links: u64) {
        self.links.fetch_add(links, Ordering::Relaxed);
    }
}
