//! Where the rows of a search went, level by level: what `--explain` prints.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many row groups, pages and rows are left after each level.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    pub(crate) groups: AtomicU64,
    pub(crate) after_statistics: AtomicU64,
    pub(crate) after_bloom: AtomicU64,
    pub(crate) stretches: AtomicU64,
    pub(crate) after_pages: AtomicU64,
    pub(crate) rows: AtomicU64,
    pub(crate) after_columns: AtomicU64,
    pub(crate) after_exact: AtomicU64,
    pub(crate) wide: AtomicU64,
}

pub(crate) fn add(counter: &AtomicU64, number: usize) {
    counter.fetch_add(number as u64, Ordering::Relaxed);
}

impl Levels {
    /// A line for each level.
    pub(crate) fn lines(&self) -> Vec<String> {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        vec![
            format!(
                "row groups  {} -> {} by statistics -> {} by Bloom filters",
                of(&self.groups),
                of(&self.after_statistics),
                of(&self.after_bloom)
            ),
            format!("pages       {} -> {} by the page index", of(&self.stretches), of(&self.after_pages)),
            format!(
                "rows        {} -> {} by their columns -> {} by the search itself",
                of(&self.rows),
                of(&self.after_columns),
                of(&self.after_exact)
            ),
            format!("decoded     {} whole Items", of(&self.wide)),
        ]
    }

    /// Forgets what is counted within row groups, which are looked at once more.
    pub(crate) fn again(&self) {
        for counter in
            [&self.stretches, &self.after_pages, &self.rows, &self.after_columns, &self.after_exact]
        {
            counter.store(0, Ordering::Relaxed);
        }
    }
}
