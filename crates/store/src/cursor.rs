//! A place in the order of a query, as a text that can be handed out and taken back.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use stacyard_model::json::Value;
use stacyard_search::{Compiled, Query, Search};

use crate::Error;

/// The place of an Item in the order of a query. As a text it stands in a link to the next page; it says nothing to whoever reads it
/// but may hold the values that the Item is sorted by. It is not signed: who must not go to other places has to be kept from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Of which query it is.
    query: Mark,
    /// [`Compiled::sort_key`](stacyard_search::Compiled::sort_key)
    place: Vec<u8>,
}

/// What tells queries apart that have other Items or another order.
pub(crate) type Mark = [u8; 8];

/// The version of the text: one that is not known is refused.
const VERSION: u8 = 1;

/// The mark of a query. Parts of it that do not say which Items there are or how they are sorted have none in it.
pub(crate) fn mark(query: &Query) -> Mark {
    let Search { collections, ids, area, datetime, text, filter, sortby, .. } = query.search();
    // As a program shows it to its makers: cursors need not outlive the version of the program.
    let shown = format!("{collections:?} {ids:?} {area:?} {datetime:?} {text:?} {filter:?} {sortby:?}");
    let digest: [u8; 32] = Sha256::digest(shown).into();
    let mut mark = Mark::default();
    mark.copy_from_slice(&digest[..8]);
    mark
}

impl Cursor {
    pub(crate) const fn new(query: Mark, place: Vec<u8>) -> Self {
        Self { query, place }
    }

    /// The place of an Item in the order of a query, whether it answers it or not.
    ///
    /// # Errors
    /// A query that cannot be asked.
    pub fn at(query: &Query, item: Value<'_>) -> Result<Self, Error> {
        let mut place = Vec::new();
        Compiled::new(query.search())?.sort_key(item, &mut place)?;
        Ok(Self::new(mark(query), place))
    }

    /// Of its text.
    ///
    /// # Errors
    /// A text that is none, or that another version of Stacyard has made.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let parts = bytes.as_deref().and_then(|bytes| {
            let (query, place) = bytes.strip_prefix(&[VERSION])?.split_first_chunk()?;
            Some(Self::new(*query, place.to_vec()))
        });
        parts
            .ok_or_else(|| Error::usage("this is not the token of a page", "begin with the first page again"))
    }

    /// The place, if it is one of this query.
    pub(crate) fn of(&self, query: Mark) -> Result<&[u8], Error> {
        if self.query == query {
            return Ok(&self.place);
        }
        Err(Error::usage(
            "the token of the page belongs to another search",
            "ask for the next page with the same search, or begin with the first page again",
        ))
    }
}

/// A place in the order as one in the opposite order, and back ([`Query::backwards`]).
pub(crate) fn inverted(place: &[u8]) -> Vec<u8> {
    place.iter().map(|byte| !byte).collect()
}

/// The text.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[VERSION][..], &self.query, &self.place].concat();
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use stacyard_search::SortKey;

    use super::*;

    #[test]
    fn a_cursor_is_of_one_query() {
        let search = Search { ids: vec!["a".into()], ..Search::default() };
        let of = |search: &Search| mark(&search.clone().into());
        let cursor = Cursor::new(of(&search), vec![1, 2, 255]);
        let back = Cursor::parse(&cursor.to_string()).unwrap();
        assert_eq!(back, cursor);
        // What does not matter for the order may change from page to page.
        let same = Search { max_items: Some(3), ..search.clone() };
        assert_eq!(back.of(of(&same)).unwrap(), [1, 2, 255]);
        let sorted = Search { sortby: SortKey::parse_list("id").unwrap(), ..search };
        insta::assert_snapshot!(back.of(of(&sorted)).unwrap_err(), @"the token of the page belongs to another search");
        assert!(back.of(of(&Search::default())).is_err());
        for text in ["", "A", "?", "AAAAAAAAAAAA", &cursor.to_string()[..7]] {
            assert!(Cursor::parse(text).is_err(), "{text}");
        }
    }
}
