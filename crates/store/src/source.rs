//! Where Items come from: a stream of work that gives batches of JSON texts.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use crate::{Error, Fetched, Note};

/// A run of JSON texts, one a record, in one buffer.
#[derive(Debug, Default)]
pub struct Batch {
    /// The bytes of all records, and whatever stands between them.
    pub text: Vec<u8>,
    /// Where each record stands.
    pub records: Vec<Record>,
    /// Where `text` starts in the source's own plain file, if it is a copy of its bytes.
    pub file_offset: Option<u64>,
    /// What its records stand in, as messages call it, where that is a part of the source: one of several files, a page of an API.
    pub origin: Option<Arc<str>>,
}

/// One JSON text of a [`Batch`]. What it holds has not been looked at.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// First byte in the batch's text.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
    /// Where a user finds it.
    pub place: Place,
    /// Why it is not there whole, if so.
    pub fault: Option<Fault>,
    /// Whether the store knows that it has passed the gate on its way in: a search need not ask again.
    pub has_passed: bool,
}

impl Batch {
    /// How a record is found: the name of what it stands in, and its place there.
    pub(crate) fn named<'b>(&'b self, source: &'b str, place: Place) -> (&'b str, Place) {
        let source = self.origin.as_deref().unwrap_or(source);
        let Place::Document { start, end } = place else { return (source, place) };
        let name = self.text.get(start as usize..end as usize).and_then(|name| str::from_utf8(name).ok());
        (name.unwrap_or(source), Place::Whole)
    }
}

impl Record {
    /// Its text.
    pub(crate) fn of<'b>(&self, batch: &'b Batch) -> &'b [u8] {
        &batch.text[self.start as usize..self.end as usize]
    }
}

/// Where in its source a record stands, counted as people count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The line of a file of lines, from 1.
    Line(u64),
    /// The index of a feature in a collection or array, from 0, as in a JSON pointer.
    Feature(u64),
    /// The row of a table, from 1.
    Row(u64),
    /// The whole of a file.
    Whole,
    /// A document of its own, one of many that the source reads: where its name stands in the text of the batch.
    Document {
        /// The first byte of the name.
        start: u32,
        /// The byte after its last.
        end: u32,
    },
}

/// What is wrong with a record before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is longer than the limit; the batch holds only its beginning.
    TooLong {
        /// Its length.
        bytes: u64,
    },
    /// The store has a part of it twice, and the two differ.
    Disagrees {
        /// Where it has the second one.
        column: &'static str,
    },
    /// What leads to it leads to nothing that can be read; its text says why.
    Unread,
    /// It could not be made JSON of; its text says why.
    NotJson,
}

/// The part of reading that any core can do: decompressed lines as they are, row groups still to be decoded.
pub type Work = Box<dyn FnOnce() -> Result<Batch, Error> + Send>;

/// Collections by their id.
pub type Collections = BTreeMap<String, serde_json::Value>;

/// A stream of Items' texts, in the order of the source, in memory that does not grow with it.
pub trait Source: Send {
    /// As the user spelled it.
    fn name(&self) -> &str;

    /// How many bytes there are to read, where that is known: for progress only.
    fn size(&self) -> Option<u64>;

    /// How many of these bytes have been read.
    fn position(&self) -> u64;

    /// The plain file that [`Batch::file_offset`] refers to, if there is one. Its cursor is the source's own.
    fn plain_file(&self) -> Option<&File> {
        None
    }

    /// About how many bytes the work that was given last holds, where that can be many.
    fn held(&self) -> usize {
        0
    }

    /// What is to be said of it, once all work is done.
    fn notes(&self) -> Vec<Note> {
        Vec::new()
    }

    /// What it has fetched so far, where it asks a server for it.
    fn fetched(&self) -> Option<Fetched> {
        None
    }

    /// The next batch, or `None` at the end. Batches come in order; the work may be done in any.
    fn next(&mut self) -> Result<Option<Work>, Error>;
}

/// A source without Items.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Source for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn size(&self) -> Option<u64> {
        Some(0)
    }

    fn position(&self) -> u64 {
        0
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        Ok(None)
    }
}
