//! Where the rows of a search went, level by level: what `--explain` prints.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many files, row groups, pages and rows are left after each level.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    pub(crate) files: AtomicU64,
    pub(crate) files_after_statistics: AtomicU64,
    pub(crate) files_after_bloom: AtomicU64,
    /// Files that have been asked, as the others come after those that are wanted.
    pub(crate) files_asked: AtomicU64,
    pub(crate) groups: AtomicU64,
    pub(crate) after_statistics: AtomicU64,
    pub(crate) after_bloom: AtomicU64,
    pub(crate) stretches: AtomicU64,
    pub(crate) after_pages: AtomicU64,
    pub(crate) rows: AtomicU64,
    pub(crate) after_columns: AtomicU64,
    pub(crate) after_exact: AtomicU64,
    pub(crate) wide: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) requests: AtomicU64,
}

pub(crate) fn add(counter: &AtomicU64, number: usize) {
    add_to(counter, number as u64);
}

pub(crate) fn add_to(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

impl Levels {
    /// A line for each level.
    pub(crate) fn lines(&self) -> Vec<String> {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let files = format!(
            "files       {} -> {} by statistics -> {} by Bloom filters -> {} by the order",
            of(&self.files),
            of(&self.files_after_statistics),
            of(&self.files_after_bloom),
            of(&self.files_asked)
        );
        let rows = [
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
            format!("read        {} bytes with {} requests", of(&self.bytes), of(&self.requests)),
        ];
        // Of a store of one file there is nothing to say.
        (of(&self.files) > 1).then_some(files).into_iter().chain(rows).collect()
    }

    /// Adds all that was counted in some files.
    pub(crate) fn append_all(&self, other: &Self) {
        self.append(other);
        let pairs = [
            (&self.files, &other.files),
            (&self.files_after_statistics, &other.files_after_statistics),
            (&self.files_after_bloom, &other.files_after_bloom),
            (&self.files_asked, &other.files_asked),
            (&self.groups, &other.groups),
            (&self.after_statistics, &other.after_statistics),
            (&self.after_bloom, &other.after_bloom),
        ];
        for (all, some) in pairs {
            add_to(all, some.load(Ordering::Relaxed));
        }
    }

    /// Adds what was counted in a file.
    pub(crate) fn append(&self, other: &Self) {
        let pairs = [
            (&self.stretches, &other.stretches),
            (&self.after_pages, &other.after_pages),
            (&self.rows, &other.rows),
            (&self.after_columns, &other.after_columns),
            (&self.after_exact, &other.after_exact),
            (&self.wide, &other.wide),
        ];
        for (all, some) in pairs {
            all.fetch_add(some.load(Ordering::Relaxed), Ordering::Relaxed);
        }
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
