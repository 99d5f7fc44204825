//! A page of the answer of several stores: theirs, merged by the places of their Items in the order.

use std::sync::Arc;

use stacyard_model::json::Tape;
use stacyard_search::{Compiled, PageSize};
use stacyard_store::{Error, Page, PageItem};

/// A page of an answer, taken one Item at a time.
pub(crate) struct Answer {
    parts: Vec<Part>,
    keys: Arc<Compiled>,
    /// How many Items it still has at most.
    left: u32,
    tape: Tape,
}

/// The page of one store.
struct Part {
    page: Page,
    /// Its next Item, with the place in the order.
    next: Option<(Vec<u8>, PageItem)>,
    /// Whether Items come after its page. A page is asked for that once.
    has_more: Option<bool>,
}

impl Part {
    fn has_more(&mut self) -> Result<bool, Error> {
        let known = self.has_more.map_or_else(|| self.page.has_more(), Ok)?;
        self.has_more = Some(known);
        Ok(known)
    }
}

impl Answer {
    /// Of the pages of the stores, each as long as this one may be.
    pub(super) fn new(pages: Vec<Page>, keys: Arc<Compiled>, size: PageSize) -> Result<Self, Error> {
        let parts = pages.into_iter().map(|page| Part { page, next: None, has_more: None }).collect();
        let mut answer = Self { parts, keys, left: size.get(), tape: Tape::new() };
        if answer.is_merged() {
            (0..answer.parts.len()).try_for_each(|part| answer.advance(part))?;
        }
        Ok(answer)
    }

    fn is_merged(&self) -> bool {
        self.parts.len() > 1
    }

    /// The next Item.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub(crate) fn next(&mut self) -> Result<Option<PageItem>, Error> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        if !self.is_merged() {
            return self.parts.first_mut().and_then(|part| part.page.next()).transpose();
        }
        let heads = self.parts.iter().enumerate();
        let heads = heads.filter_map(|(at, part)| part.next.as_ref().map(|(key, _)| (key, at)));
        let Some((_, first)) = heads.min() else { return Ok(None) };
        let Some((key, item)) = self.parts[first].next.take() else { return Ok(None) };
        self.advance(first)?;
        for other in 0..self.parts.len() {
            while self.parts[other].next.as_ref().is_some_and(|(next, _)| *next == key) {
                self.advance(other)?;
            }
        }
        Ok(Some(item))
    }

    /// Whether Items come after the page, once all of it has been taken.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub(crate) fn has_more(&mut self) -> Result<bool, Error> {
        for part in &mut self.parts {
            if part.next.is_some() || part.has_more()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the next Item of a store.
    fn advance(&mut self, part: usize) -> Result<(), Error> {
        let Some(item) = self.parts[part].page.next().transpose()? else {
            // Its page is at an end and its Items are not: what comes after here would come before some of them.
            if self.parts[part].has_more()? {
                self.left = 0;
            }
            self.parts[part].next = None;
            return Ok(());
        };
        let root = self.tape.parse(&item.text).map_err(|fault| damaged(&fault))?;
        let mut key = Vec::new();
        self.keys.sort_key(root, &mut key)?;
        self.parts[part].next = Some((key, item));
        Ok(())
    }
}

/// An Item that a store has given and that is not JSON.
fn damaged(fault: &stacyard_model::json::SyntaxError) -> Error {
    Error::new(stacyard_store::ErrorKind::Damaged, &format!("an Item that is not JSON: {fault}"))
}
