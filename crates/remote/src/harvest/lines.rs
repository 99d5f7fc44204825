//! The Items of a page, one a line.

use std::ops::Range;

use stacyard_model::json::{Tape, Value};
use stacyard_store::{Batch, Error, Marker, Marks, Place, Record, Repeat, Repeats};

use crate::harvest::journal::damaged;

/// Items, one a line, with what they are known by.
#[derive(Default)]
pub(super) struct Lines {
    marker: Marker,
    pub(super) text: Vec<u8>,
    rows: Vec<(Range<usize>, Option<Marks>)>,
}

/// How many Items of a page came for the first time, and not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Came {
    /// All of them.
    pub(super) items: u64,
    /// Those whose very same had come before.
    pub(super) same: u64,
    /// Those of which another version had.
    pub(super) changed: u64,
}

impl Lines {
    /// None yet.
    pub(super) fn new(marker: &Marker) -> Self {
        Self { marker: marker.clone(), ..Self::default() }
    }

    /// Adds an Item: as it is written, unless that takes more than a line.
    pub(super) fn push(&mut self, item: Value<'_>) {
        let (start, raw) = (self.text.len(), item.raw().as_bytes());
        if raw.contains(&b'\n') || raw.contains(&b'\r') {
            item.write_compact(&mut self.text);
        } else {
            self.text.extend_from_slice(raw);
        }
        // What is written counts: it is what is read when the journal is gone on with.
        self.rows.push((start..self.text.len(), self.marker.marks(item, &self.text[start..])));
        self.text.push(b'\n');
    }

    /// Reads lines again.
    ///
    /// # Errors
    /// Lines that are no JSON.
    pub(super) fn again(marker: &Marker, text: Vec<u8>) -> Result<Self, Error> {
        let (mut tape, mut rows, mut start) = (Tape::new(), Vec::new(), 0);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let end = start + line.len();
            let item = tape.parse(line).map_err(|cause| damaged("an Item in it").caused_by(cause))?;
            rows.push((start..end - 1, marker.marks(item, &text[start..end - 1])));
            start = end;
        }
        Ok(Self { marker: marker.clone(), text, rows })
    }

    /// Those that have not come before in the same words, as records of the page of this name.
    pub(super) fn batch(self, origin: String, repeats: &mut Repeats) -> Result<(Batch, Came), Error> {
        let narrow = |at: usize| u32::try_from(at).map_err(|_| Error::failed("a page of more than 4 GiB"));
        let (mut records, mut came) = (Vec::with_capacity(self.rows.len()), Came::default());
        for (row, (range, marks)) in (1..).zip(self.rows) {
            came.items += 1;
            // One that cannot be told from others is none that has come before.
            match marks.map_or(Ok(Repeat::New), |marks| repeats.add(marks))? {
                Repeat::New => {}
                Repeat::Changed => came.changed += 1,
                Repeat::Same => {
                    came.same += 1;
                    continue;
                }
            }
            let (start, end) = (narrow(range.start)?, narrow(range.end)?);
            records.push(Record { start, end, place: Place::Row(row), fault: None, has_passed: false });
        }
        Ok((Batch { text: self.text, records, file_offset: None, origin: Some(origin.into()) }, came))
    }
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;

    #[test]
    fn items_are_lines_and_come_back_as_they_were() {
        let marker = Marker::default();
        let page = "[{\"id\":\"a\", \"n\":1.0}, {\n \"id\":\"b\"\n}, {\"n\":2}]";
        let page = Document::parse_bytes(page.as_bytes()).unwrap();
        let mut lines = Lines::new(&marker);
        page.root().elements().unwrap().for_each(|item| lines.push(item));
        let text = "{\"id\":\"a\", \"n\":1.0}\n{\"id\":\"b\"}\n{\"n\":2}\n";
        assert_eq!(String::from_utf8_lossy(&lines.text), text);
        let mut repeats = Repeats::default();
        let places = |batch: &Batch| batch.records.iter().map(|record| record.place).collect::<Vec<_>>();
        let (batch, came) = lines.batch("page".to_owned(), &mut repeats).unwrap();
        assert_eq!(places(&batch), [1, 2, 3].map(Place::Row));
        assert_eq!(came, Came { items: 3, same: 0, changed: 0 });
        // The one without an id comes again, and one that has changed does.
        let text = text.replace("{\"id\":\"b\"}", "{\"id\":\"b\",\"n\":3}");
        let lines = Lines::again(&marker, text.into_bytes()).unwrap();
        let (batch, came) = lines.batch("page".to_owned(), &mut repeats).unwrap();
        assert_eq!(places(&batch), [2, 3].map(Place::Row));
        assert_eq!(came, Came { items: 3, same: 1, changed: 1 });
    }
}
