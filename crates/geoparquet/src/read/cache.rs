//! What a file that stays open keeps: pages as they were unpacked, and Bloom filters, in bounded memory. Those that
//! are asked for again and again stay, whatever passes through between (quick_cache).

use std::sync::Arc;

use parquet::bloom_filter::Sbbf;
use parquet::errors::Result;
use quick_cache::Weighter;

use crate::read::page::Page;

/// By the file, and where they start in it.
type Inner = quick_cache::sync::Cache<(u64, u64), Kept, Weight>;

/// What is kept of one file. Clones share it; the memory is shared with the other files of a folder.
#[derive(Clone)]
pub(crate) struct Cache {
    kept: Arc<Inner>,
    file: u64,
}

#[derive(Clone)]
enum Kept {
    Page(Arc<Page>),
    BloomFilter(Arc<Sbbf>),
}

#[derive(Clone)]
struct Weight;

impl Weighter<(u64, u64), Kept> for Weight {
    fn weight(&self, _: &(u64, u64), kept: &Kept) -> u64 {
        let bytes = match kept {
            Kept::Page(page) => page.size(),
            // 32 bytes each (Parquet format, BloomFilter.md).
            Kept::BloomFilter(filter) => filter.num_blocks() * 32,
        };
        // What the cache itself needs for each.
        bytes as u64 + 200
    }
}

/// About what a page has, for the first size of the cache's table.
const PAGE_BYTES: usize = 16 << 10;

impl Cache {
    /// A cache of so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        let kept = Arc::new(Inner::with_weighter(bytes / PAGE_BYTES, bytes as u64, Weight));
        Self { kept, file: 0 }
    }

    /// The same memory, for another file: each has a number of its own.
    pub(crate) fn of_file(&self, file: u64) -> Self {
        Self { file, ..self.clone() }
    }

    /// The Bloom filter that starts at an offset; `read` reads it.
    pub(crate) fn bloom_filter(
        &self,
        offset: u64,
        read: impl FnOnce() -> Result<Option<Sbbf>>,
    ) -> Result<Option<Arc<Sbbf>>> {
        if let Some(Kept::BloomFilter(known)) = self.kept.get(&(self.file, offset)) {
            return Ok(Some(known));
        }
        let Some(filter) = read()?.map(Arc::new) else { return Ok(None) };
        self.kept.insert((self.file, offset), Kept::BloomFilter(Arc::clone(&filter)));
        Ok(Some(filter))
    }

    /// The page that starts at an offset, if it is kept.
    pub(crate) fn page(&self, offset: u64) -> Option<Arc<Page>> {
        match self.kept.get(&(self.file, offset))? {
            Kept::Page(page) => Some(page),
            Kept::BloomFilter(_) => None,
        }
    }

    pub(crate) fn keep_page(&self, offset: u64, page: Arc<Page>) {
        self.kept.insert((self.file, offset), Kept::Page(page));
    }
}
