//! A page of an answer: its Items one by one, each with its place.

use crate::cursor::{Cursor, Mark};
use crate::sort::Entry;
use crate::{Error, Report, Sorted};

/// A page of an answer, read one Item at a time.
pub struct Page {
    answer: Sorted,
    query: Mark,
    /// How many Items it still has at most.
    left: u64,
    is_first: bool,
    /// Whether Items come after it, once that is known.
    has_more: Option<bool>,
    /// How it was made.
    pub report: Report,
}

impl Page {
    /// Of an answer that begins with the page, with one Item more if there are more.
    pub(crate) fn after((answer, report): (Sorted, Report), query: Mark, size: u64, is_first: bool) -> Self {
        Self { answer, query, left: size, is_first, has_more: None, report }
    }

    /// Of an answer that is the page, before the place of an Item.
    pub(crate) fn before((answer, report): (Sorted, Report), query: Mark, size: u64, is_first: bool) -> Self {
        Self { answer, query, left: size, is_first, has_more: Some(true), report }
    }

    /// Whether no Item comes before the page.
    pub const fn is_first(&self) -> bool {
        self.is_first
    }

    /// Whether Items come after the page, once all of it has been taken.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub fn has_more(&mut self) -> Result<bool, Error> {
        let has_more = match self.has_more {
            Some(known) => known,
            None => self.answer.entry()?.is_some(),
        };
        self.has_more = Some(has_more);
        Ok(has_more)
    }
}

/// An Item of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageItem {
    /// Its JSON text.
    pub text: Vec<u8>,
    /// The place after which the rest of the answer stands.
    pub cursor: Cursor,
}

/// The Items of the page, in order. What fails is a temporary file that cannot be read; nothing comes after it.
impl Iterator for Page {
    type Item = Result<PageItem, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        match self.answer.entry() {
            Ok(Some(Entry { key, text })) => {
                Some(Ok(PageItem { text, cursor: Cursor::new(self.query, key) }))
            }
            ended => {
                self.left = 0;
                ended.err().map(Err)
            }
        }
    }
}
