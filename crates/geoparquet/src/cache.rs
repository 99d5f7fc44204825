//! What a file that stays open keeps: pages as they were unpacked, and Bloom filters, in bounded memory. Those that
//! are asked for again and again stay, whatever passes through between (quick_cache).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parquet::bloom_filter::Sbbf;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::Result;
use parquet::file::serialized_reader::SerializedPageReader;
use quick_cache::Weighter;

use crate::bytes::Blocks;

/// By where they start in the file.
type Inner = quick_cache::sync::Cache<u64, Kept, Weight>;

/// Clones share what is kept.
#[derive(Clone)]
pub(crate) struct Cache(Arc<Inner>);

#[derive(Clone)]
enum Kept {
    Page(Page),
    BloomFilter(Arc<Sbbf>),
}

#[derive(Clone)]
struct Weight;

impl Weighter<u64, Kept> for Weight {
    fn weight(&self, _: &u64, kept: &Kept) -> u64 {
        let bytes = match kept {
            Kept::Page(page) => page.buffer().len(),
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
        Self(Arc::new(Inner::with_weighter(bytes / PAGE_BYTES, bytes as u64, Weight)))
    }

    /// The Bloom filter that starts at an offset; `read` reads it.
    pub(crate) fn bloom_filter(
        &self,
        offset: u64,
        read: impl FnOnce() -> Result<Option<Sbbf>>,
    ) -> Result<Option<Arc<Sbbf>>> {
        if let Some(Kept::BloomFilter(known)) = self.0.get(&offset) {
            return Ok(Some(known));
        }
        let Some(filter) = read()?.map(Arc::new) else { return Ok(None) };
        self.0.insert(offset, Kept::BloomFilter(Arc::clone(&filter)));
        Ok(Some(filter))
    }

    /// The page that starts at an offset, if it is kept.
    pub(crate) fn page(&self, offset: u64) -> Option<Page> {
        match self.0.get(&offset)? {
            Kept::Page(page) => Some(page),
            Kept::BloomFilter(_) => None,
        }
    }
}

/// Pages that need not be fetched, by where they start.
pub(crate) type KeptPages = HashMap<u64, Page>;

/// The pages of a column chunk, those that are kept from there.
pub(crate) struct CachedPages {
    inner: SerializedPageReader<Blocks>,
    cache: Cache,
    /// Held here, as the cache may drop them meanwhile.
    kept: Arc<KeptPages>,
    /// Where the pages to come start, the dictionary first.
    offsets: VecDeque<u64>,
}

impl CachedPages {
    /// `offsets`: where all its pages start.
    pub(crate) fn new(
        inner: SerializedPageReader<Blocks>,
        cache: Cache,
        kept: Arc<KeptPages>,
        offsets: VecDeque<u64>,
    ) -> Self {
        Self { inner, cache, kept, offsets }
    }
}

impl Iterator for CachedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CachedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(offset) = self.offsets.pop_front() else { return Ok(None) };
        if let Some(page) = self.kept.get(&offset) {
            self.inner.skip_next_page()?;
            return Ok(Some(page.clone()));
        }
        let page = self.inner.get_next_page()?;
        if let Some(page) = &page {
            self.cache.0.insert(offset, Kept::Page(page.clone()));
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.offsets.pop_front();
        self.inner.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.inner.at_record_boundary()
    }
}
