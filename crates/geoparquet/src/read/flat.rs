//! Columns of one value a row, of a whole row group, as their pages have them.

use std::sync::Arc;

use parquet::errors::{ParquetError, Result};

use crate::read::damage::damaged;
use crate::read::page::{Data, Page, Values};

/// Some columns of a row group.
pub(crate) struct Flats(Vec<(usize, Flat)>);

impl Flats {
    /// Each with its number among the leaf columns.
    pub(crate) fn new(columns: Vec<(usize, Flat)>) -> Self {
        Self(columns)
    }

    /// By its number among the leaf columns.
    pub(crate) fn of(&self, leaf: usize) -> Result<&Flat> {
        let found = self.0.iter().find(|(known, _)| *known == leaf);
        found.map(|(_, flat)| flat).ok_or_else(|| damaged("a column has no pages"))
    }
}

/// A column of a row group.
pub(crate) struct Flat {
    pages: Vec<Arc<Page>>,
    dictionary: Option<Arc<Page>>,
    /// The definition level of a value.
    pub(crate) whole: u8,
    pub(crate) rows: usize,
}

impl Flat {
    /// Of all pages of a column of a row group. `whole`: the definition level of a value.
    pub(crate) fn new(
        pages: Vec<Arc<Page>>,
        dictionary: Option<Arc<Page>>,
        whole: u8,
        rows: usize,
    ) -> Result<Self> {
        let flat = Self { pages, dictionary, whole, rows };
        let mut entries = 0;
        for data in flat.data() {
            entries += data?.entries;
        }
        if entries == rows { Ok(flat) } else { Err(contradiction()) }
    }

    /// Its pages in order.
    pub(crate) fn data(&self) -> impl Iterator<Item = Result<&Data>> {
        self.pages.iter().map(|page| match &**page {
            Page::Data(data) if data.starts.is_empty() => Ok(data),
            _ => Err(damaged("a dictionary or a list stands among the pages")),
        })
    }

    pub(crate) fn dictionary(&self) -> Result<Option<&Values>> {
        match self.dictionary.as_deref() {
            None => Ok(None),
            Some(Page::Dictionary(values)) => Ok(Some(values)),
            Some(Page::Data(_)) => Err(contradiction()),
        }
    }
}

pub(crate) fn contradiction() -> ParquetError {
    damaged("a page holds less than it says, or values of another type")
}
