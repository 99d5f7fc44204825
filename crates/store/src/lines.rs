//! Files of lines: NDJSON and RFC 8142 text sequences, read in blocks that workers cut into records.

use memchr::{memchr, memchr_iter, memrchr};
use std::collections::VecDeque;
use std::fs::File;

use crate::input::Input;
use crate::url::StoreUrl;
use crate::{Batch, Error, Fault, Place, Record, Source, Work};

/// How much is read at once: large enough to keep a worker busy, small enough to stay in its cache.
pub(crate) const BLOCK: usize = 1 << 20;

/// How many bytes a record may have if nobody says otherwise (64 MiB); longer ones are set aside.
pub const RECORD_BYTES: usize = 64 << 20;

/// The most that may be said: places in a batch have 32 bits (512 MiB).
pub const MAX_RECORD_BYTES: usize = 512 << 20;

/// How many records a batch has at most: what is known of each takes memory too. Items are longer than [`BLOCK`] has room
/// for so many.
pub(crate) const MAX_RECORDS: usize = 4096;

/// How much of a record that is too long is kept, to show it.
pub(crate) const KEPT_OF_TOO_LONG: usize = 4096;

/// RFC 8142: the byte that starts a record.
const RECORD_SEPARATOR: u8 = 0x1E;

/// A source of one JSON text a line, or a record.
pub struct Lines {
    input: Input,
    /// Read, and not given out yet: it starts where a record starts.
    rest: Vec<u8>,
    /// Parts of a block with many records, before `rest`.
    parts: VecDeque<Vec<u8>>,
    /// Where `parts`, or `rest`, start in the plain bytes.
    offset: u64,
    /// The line that they start in.
    line: u64,
    /// The length of what was given out last.
    held: usize,
    /// What separates records: known from the first byte that is not blank.
    separator: Option<u8>,
    limit: usize,
    ended: bool,
}

impl Lines {
    /// Opens a file, or standard input. Records of more than `limit` bytes (at most [`MAX_RECORD_BYTES`]) are faults.
    pub fn open(url: &StoreUrl, limit: usize) -> Result<Self, Error> {
        Ok(Self::new(Input::open(url)?, limit))
    }

    pub(crate) fn new(input: Input, limit: usize) -> Self {
        let limit = limit.min(MAX_RECORD_BYTES);
        let (rest, parts) = (Vec::new(), VecDeque::new());
        Self { input, rest, parts, offset: 0, line: 1, held: 0, separator: None, limit, ended: false }
    }

    /// Reads until the buffer holds a whole record, the end, or more than a record may have.
    fn fill(&mut self, block: &mut Vec<u8>) -> Result<Cut, Error> {
        let mut seen = 0;
        loop {
            if self.input.append(block, BLOCK)? < BLOCK {
                self.ended = true;
                return Ok(Cut::At(block.len()));
            }
            let separator = *self.separator.get_or_insert_with(|| separator_of(block));
            if separator == b'\n' {
                if let Some(found) = memrchr(b'\n', &block[seen..]) {
                    return Ok(Cut::At(seen + found + 1));
                }
            } else if let Some(found) = memrchr(separator, &block[seen.max(1)..]) {
                return Ok(Cut::At(seen.max(1) + found));
            }
            if block.len() > self.limit {
                return Ok(Cut::TooLong);
            }
            seen = block.len();
        }
    }

    /// Skips what is left of a record that is too long, without keeping it.
    fn too_long(&mut self, mut block: Vec<u8>) -> Result<Work, Error> {
        let separator = self.separator.unwrap_or(b'\n');
        let line = self.line;
        let mut bytes = block.len() as u64;
        self.held = 0;
        self.line += newlines(&block);
        let mut chunk = Vec::new();
        block.truncate(KEPT_OF_TOO_LONG);
        block.shrink_to_fit();
        while !self.ended {
            chunk.clear();
            self.ended = self.input.append(&mut chunk, BLOCK)? < BLOCK;
            if let Some(found) = memchr(separator, &chunk) {
                let next = if separator == b'\n' { found + 1 } else { found };
                self.line += newlines(&chunk[..next]);
                self.rest = chunk.split_off(next);
                bytes += found as u64;
                self.offset += (next - found) as u64;
                break;
            }
            self.line += newlines(&chunk);
            bytes += chunk.len() as u64;
        }
        self.offset += bytes;
        let records = vec![Record {
            start: 0,
            end: narrow(block.len()),
            place: Place::Line(line),
            fault: Some(Fault::TooLong { bytes }),
            has_passed: false,
        }];
        Ok(Box::new(move || Ok(Batch { text: block, records, ..Batch::default() })))
    }
}

impl Lines {
    /// The work of cutting out the records of a block, or of a part of one that starts with a separator.
    fn work(&mut self, block: Vec<u8>) -> Work {
        let (line, limit) = (self.line, self.limit);
        let separator = self.separator.unwrap_or(b'\n');
        let file_offset = self.input.plain_file().is_some().then_some(self.offset);
        self.line += newlines(&block);
        self.offset += block.len() as u64;
        self.held = block.len();
        Box::new(move || Ok(cut_records(block, separator, line, limit, file_offset)))
    }
}

/// Where a block ends.
enum Cut {
    At(usize),
    TooLong,
}

impl Source for Lines {
    fn name(&self) -> &str {
        self.input.name()
    }

    fn size(&self) -> Option<u64> {
        self.input.size()
    }

    fn position(&self) -> u64 {
        self.input.position()
    }

    fn plain_file(&self) -> Option<&File> {
        self.input.plain_file()
    }

    fn held(&self) -> usize {
        self.held
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        if let Some(part) = self.parts.pop_front() {
            return Ok(Some(self.work(part)));
        }
        let mut block = std::mem::take(&mut self.rest);
        if self.ended && block.is_empty() {
            return Ok(None);
        }
        let cut = if self.ended { Cut::At(block.len()) } else { self.fill(&mut block)? };
        let cut = match cut {
            Cut::At(0) => return Ok(None),
            Cut::At(cut) => cut,
            Cut::TooLong => return self.too_long(block).map(Some),
        };
        self.rest = block.split_off(cut);
        let separator = *self.separator.get_or_insert_with(|| separator_of(&block));
        let mut start = 0;
        for end in memchr_iter(separator, &block).skip(MAX_RECORDS).step_by(MAX_RECORDS) {
            self.parts.push_back(block[start..end].to_vec());
            start = end;
        }
        if start > 0 {
            self.parts.push_back(block.split_off(start));
        }
        let first = self.parts.pop_front().unwrap_or(block);
        Ok(Some(self.work(first)))
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

fn separator_of(block: &[u8]) -> u8 {
    let first = block.iter().find(|byte| !is_blank(**byte));
    if first == Some(&RECORD_SEPARATOR) { RECORD_SEPARATOR } else { b'\n' }
}

pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Blocks are at most a block longer than a record may be, which is far below 4 GiB.
#[expect(clippy::cast_possible_truncation, reason = "bounded by MAX_RECORD_BYTES and BLOCK")]
pub(crate) const fn narrow(offset: usize) -> u32 {
    offset as u32
}

/// Cuts a block into records; what is blank is none.
fn cut_records(text: Vec<u8>, separator: u8, mut line: u64, limit: usize, file_offset: Option<u64>) -> Batch {
    let mut records = Vec::with_capacity(text.len() / 8192 + 4);
    let mut add = |start: usize, end: usize, line: u64| {
        let mut end = end;
        while end > start && is_blank(text[end - 1]) {
            end -= 1;
        }
        if end == start {
            return;
        }
        let bytes = (end - start) as u64;
        let fault = (end - start > limit).then_some(Fault::TooLong { bytes });
        let end = if fault.is_some() { start + KEPT_OF_TOO_LONG.min(limit) } else { end };
        records.push(Record {
            start: narrow(start),
            end: narrow(end),
            place: Place::Line(line),
            fault,
            has_passed: false,
        });
    };
    let mut start = 0;
    for end in memchr_iter(separator, &text).chain([text.len()]) {
        // A record of several lines is found where its text starts.
        add(start, end, line);
        line += if separator == b'\n' { 1 } else { newlines(&text[start..end]) };
        start = end + 1;
    }
    Batch { text, records, file_offset, origin: None }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use proptest::prelude::*;

    use super::*;

    pub(super) fn all(mut source: impl Source) -> Vec<(u64, String, Option<Fault>)> {
        let mut found = Vec::new();
        while let Some(work) = source.next().unwrap() {
            let batch = work().unwrap();
            for record in &batch.records {
                let Place::Line(line) = record.place else { panic!("lines have lines") };
                let text = &batch.text[record.start as usize..record.end as usize];
                found.push((line, String::from_utf8_lossy(text).into_owned(), record.fault));
            }
        }
        found
    }

    fn read(text: &str) -> Vec<(u64, String)> {
        let source = Lines::new(Input::from_reader(Cursor::new(text.to_owned())), MAX_RECORD_BYTES);
        all(source).into_iter().map(|(line, text, _)| (line, text)).collect()
    }

    #[test]
    fn blank_lines_and_line_ends_of_all_sorts() {
        let expected = [(1, "a"), (3, "b"), (5, " c")].map(|(line, text)| (line, text.to_owned()));
        assert_eq!(read("a\n\nb\r\n\r\n c"), expected);
        assert_eq!(read("a\n\nb\n \t\n c\n\n"), expected);
        assert_eq!(read(""), []);
        assert_eq!(read("\n\n"), []);
    }

    #[test]
    fn records_of_rfc_8142_may_have_several_lines() {
        assert_eq!(
            read("\u{1e}{\n1}\n\u{1e}2\n\u{1e}\n\u{1e}3"),
            [(1, "{\n1}"), (3, "2"), (5, "3")].map(|(line, text)| (line, text.to_owned()))
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_not_kept_and_the_rest_goes_on() {
        let long = 5 * BLOCK as u64;
        let text = Cursor::new("a\n").chain(std::io::repeat(b'x').take(long)).chain(Cursor::new("\nb\n\nc"));
        let found = all(Lines::new(Input::from_reader(text), 2 * BLOCK));
        assert_eq!(found.len(), 4);
        assert_eq!((found[1].0, found[1].2), (2, Some(Fault::TooLong { bytes: long })));
        assert_eq!(found[1].1.len(), KEPT_OF_TOO_LONG);
        assert_eq!((found[2].0, found[2].1.as_str()), (3, "b"));
        assert_eq!((found[3].0, found[3].1.as_str()), (5, "c"));
    }

    #[test]
    fn offsets_lead_back_into_the_file() {
        let text = (0..100_000).map(|i| format!("line {i}\r\n")).collect::<Vec<_>>().concat();
        let mut source = Lines::new(Input::from_reader(Cursor::new(text.clone())), MAX_RECORD_BYTES);
        let mut count = 0;
        while let Some(work) = source.next().unwrap() {
            let batch = work().unwrap();
            let offset = usize::try_from(batch.file_offset.unwrap()).unwrap();
            assert_eq!(&text.as_bytes()[offset..offset + batch.text.len()], batch.text);
            count += batch.records.len();
        }
        assert_eq!(count, 100_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn lines_are_the_lines_wherever_blocks_end(lengths in prop::collection::vec(0..400_000_usize, 1..14)) {
            let lines: Vec<String> = lengths.iter().map(|&n| "x".repeat(n)).collect();
            let expected: Vec<(u64, usize)> =
                (1..).zip(&lengths).filter(|(_, n)| **n > 0).map(|(line, n)| (line, *n)).collect();
            let found: Vec<(u64, usize)> =
                read(&lines.join("\n")).into_iter().map(|(line, text)| (line, text.len())).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
