//! One JSON text that holds many Items, or one: a FeatureCollection, an array, a bare object; split as it is read.
//!
//! Nothing but the features being cut out is held, wherever in the collection they stand. What stands around them
//! (the *shell*) is kept and checked as one JSON text when the end has come.

use stacyard_model::json::{SyntaxError, SyntaxErrorKind, Tape};
use std::fs::File;

use crate::input::Input;
use crate::lines::{BLOCK, KEPT_OF_TOO_LONG, MAX_RECORD_BYTES, MAX_RECORDS, is_blank, narrow};
use crate::scan::Scan;
use crate::url::StoreUrl;
use crate::{Batch, Error, ErrorKind, Fault, Place, Record, Remedy, Source, Work};

/// A source of the features of one JSON text.
pub struct Features {
    window: Window,
    phase: Phase,
    /// The text before the features; after the end, the text around them.
    shell: Vec<u8>,
    /// The index of the next feature.
    index: u64,
    /// The length of what was given out last.
    held: usize,
    limit: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Start,
    Features,
    Done,
}

/// The part of the text that is in memory.
struct Window {
    input: Input,
    bytes: Vec<u8>,
    /// What has been dealt with.
    at: usize,
    /// Where `bytes` starts in the whole text.
    offset: u64,
    ended: bool,
}

impl Window {
    /// Reads more; `false` when there is no more.
    fn fill(&mut self) -> Result<bool, Error> {
        if !self.ended {
            let read = self.input.append(&mut self.bytes, BLOCK)?;
            self.ended = read < BLOCK;
            return Ok(read > 0);
        }
        Ok(false)
    }

    /// The next byte that is not white space; `at` stands on it.
    fn token(&mut self) -> Result<Option<u8>, Error> {
        loop {
            while let Some(&byte) = self.bytes.get(self.at) {
                if !is_blank(byte) {
                    return Ok(Some(byte));
                }
                self.at += 1;
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// The end of the value at `at`, however much must be read for it (up to `limit`); `None` if it never comes.
    fn value_end(&mut self, limit: usize) -> Result<Option<usize>, Error> {
        let mut scan = Scan::new();
        let mut from = self.at;
        loop {
            if let Some(end) = scan.run(&self.bytes, from) {
                return Ok(Some(end));
            }
            from = self.bytes.len();
            if from - self.at > limit || !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Takes what has been dealt with out of the window.
    fn take(&mut self) -> Vec<u8> {
        let rest = self.bytes.split_off(self.at);
        self.offset += self.at as u64;
        self.at = 0;
        std::mem::replace(&mut self.bytes, rest)
    }

    fn position(&self) -> u64 {
        self.offset + self.at as u64
    }
}

impl Features {
    /// Opens a file, or standard input. Features of more than `limit` bytes (at most [`MAX_RECORD_BYTES`]) are faults.
    pub fn open(url: &StoreUrl, limit: usize) -> Result<Self, Error> {
        Ok(Self::new(Input::open(url)?, limit))
    }

    pub(crate) fn new(input: Input, limit: usize) -> Self {
        let window = Window { input, bytes: Vec::new(), at: 0, offset: 0, ended: false };
        let limit = limit.min(MAX_RECORD_BYTES);
        Self { window, phase: Phase::Start, shell: Vec::new(), index: 0, held: 0, limit }
    }

    /// Reads up to the first feature; what holds no features is one record.
    fn start(&mut self) -> Result<Option<Work>, Error> {
        self.phase = Phase::Done;
        let first = self.window.token()?;
        if self.window.bytes.starts_with(b"\xEF\xBB\xBF") {
            let name = self.window.input.name();
            return Err(Error::new(
                ErrorKind::Damaged,
                &format!("{name}: {}", SyntaxErrorKind::ByteOrderMark),
            )
            .remedy("remove its first three bytes: sed -i '1s/^\\xEF\\xBB\\xBF//' FILE"));
        }
        let has_features = match first {
            None => {
                let (name, size) = (self.window.input.name(), self.window.position());
                let what = if size == 0 { "no bytes at all" } else { "nothing but white space" };
                return Err(Error::new(ErrorKind::Damaged, &format!("{name} has {what}, which is not JSON"))
                    .remedy(
                        "write or fetch it again; a catalog without Items is an empty FeatureCollection",
                    ));
            }
            Some(b'[') => {
                self.window.at += 1;
                true
            }
            Some(b'{') => self.find_features()?,
            Some(_) => false,
        };
        if !has_features {
            return self.whole().map(Some);
        }
        self.shell = self.window.take();
        self.shell.pop();
        self.phase = Phase::Features;
        self.features()
    }

    /// Goes through the members of an object up to an array called `features`, and stands after its bracket then.
    /// Any oddness ends the search: then the text is one record, and the parser says what is wrong with it.
    fn find_features(&mut self) -> Result<bool, Error> {
        self.window.at += 1;
        loop {
            if self.window.token()? != Some(b'"') {
                return Ok(false);
            }
            let start = self.window.at;
            let Some(end) = self.window.value_end(self.limit)? else { return Ok(false) };
            self.window.at = end;
            let is_features = &self.window.bytes[start..end] == b"\"features\"";
            if self.window.token()? != Some(b':') {
                return Ok(false);
            }
            self.window.at += 1;
            if self.window.token()? == Some(b'[') && is_features {
                self.window.at += 1;
                return Ok(self.may_be_collection());
            }
            let Some(end) = self.window.value_end(self.limit)? else { return Ok(false) };
            self.window.at = end;
            if self.window.token()? != Some(b',') {
                return Ok(false);
            }
            self.window.at += 1;
        }
    }

    /// Whether the object whose members up to `"features":[` have been read may be a collection of features: its
    /// syntax is right so far, and it does not say that it is something else.
    fn may_be_collection(&self) -> bool {
        let mut text = self.window.bytes[..self.window.at].to_vec();
        text.extend_from_slice(b"]}");
        let mut tape = Tape::new();
        tape.parse(&text).is_ok_and(|value| {
            value.get("type").is_none_or(|kind| kind.as_str().as_deref() == Some("FeatureCollection"))
        })
    }

    /// The whole text as one record.
    fn whole(&mut self) -> Result<Work, Error> {
        while self.window.bytes.len() <= self.limit && self.window.fill()? {}
        let mut bytes = self.window.bytes.len() as u64;
        let mut fault = None;
        if self.window.bytes.len() > self.limit {
            self.window.bytes.truncate(KEPT_OF_TOO_LONG.min(self.limit));
            let mut rest = Vec::new();
            while !self.window.ended {
                rest.clear();
                let read = self.window.input.append(&mut rest, BLOCK)?;
                bytes += read as u64;
                self.window.ended = read < BLOCK;
            }
            fault = Some(Fault::TooLong { bytes });
        }
        self.window.at = self.window.bytes.len();
        let text = self.window.take();
        self.held = text.len();
        let end = narrow(text.len());
        let records = vec![Record { start: 0, end, place: Place::Whole, fault, has_passed: false }];
        let file_offset = self.window.input.plain_file().is_some().then_some(0);
        Ok(Box::new(move || Ok(Batch { text, records, file_offset, origin: None })))
    }

    /// Cuts out the features that are in memory, at least one.
    fn features(&mut self) -> Result<Option<Work>, Error> {
        let mut records = Vec::new();
        loop {
            let found = self.window.token()?.ok_or_else(|| self.broken("the text ends inside `features`"))?;
            let first = self.index == 0;
            match found {
                b']' => {
                    self.window.at += 1;
                    self.phase = Phase::Done;
                    let batch = self.batch(records);
                    self.check_shell()?;
                    return Ok(batch);
                }
                b',' if !first => {
                    self.window.at += 1;
                    match self.window.token()? {
                        None => return Err(self.broken("the text ends inside `features`")),
                        Some(b',' | b']' | b'}') => {
                            return Err(self.broken("no feature stands after a comma"));
                        }
                        Some(_) => {}
                    }
                }
                b',' | b':' | b'}' => return Err(self.broken("a feature is missing")),
                _ if first => {}
                _ => return Err(self.broken("neither `,` nor `]` stands after a feature")),
            }
            let start = self.window.at;
            if records.len() == MAX_RECORDS {
                self.window.at = self.comma_before(start);
                return Ok(self.batch(records));
            }
            let Some(end) = Scan::new().run(&self.window.bytes, start) else {
                if records.is_empty() {
                    return self.long_feature().map(Some);
                }
                // The comma is read again with the feature.
                self.window.at = self.comma_before(start);
                return Ok(self.batch(records));
            };
            let place = Place::Feature(self.index);
            let bytes = (end - start) as u64;
            let fault = (end - start > self.limit).then_some(Fault::TooLong { bytes });
            let kept = if fault.is_some() { start + KEPT_OF_TOO_LONG.min(self.limit) } else { end };
            records.push(Record { start: narrow(start), end: narrow(kept), place, fault, has_passed: false });
            self.index += 1;
            self.window.at = end;
        }
    }

    fn comma_before(&self, start: usize) -> usize {
        self.window.bytes[..start].iter().rposition(|&byte| byte == b',').unwrap_or(start)
    }

    /// A feature that ends outside of the window: reads on to its end, keeping no more than the limit.
    fn long_feature(&mut self) -> Result<Work, Error> {
        let start = self.window.at;
        let place = Place::Feature(self.index);
        if let Some(end) = self.window.value_end(self.limit)? {
            self.window.at = end;
            let fault = (end - start > self.limit).then_some(Fault::TooLong { bytes: (end - start) as u64 });
            let kept = if fault.is_some() { start + KEPT_OF_TOO_LONG.min(self.limit) } else { end };
            self.index += 1;
            let record = Record { start: narrow(start), end: narrow(kept), place, fault, has_passed: false };
            let batch = self.batch(vec![record]);
            return batch.ok_or_else(|| self.broken("a feature is missing"));
        }
        if self.window.ended && self.window.bytes.len() - start <= self.limit {
            return Err(self.broken("the text ends inside the feature"));
        }
        let mut scan = Scan::new();
        let mut from = start;
        let mut bytes = 0;
        let mut kept = Vec::new();
        loop {
            let end = scan.run(&self.window.bytes, from);
            let upto = end.unwrap_or(self.window.bytes.len());
            bytes += (upto - from) as u64;
            if kept.is_empty() {
                kept.extend_from_slice(&self.window.bytes[start..upto.min(start + KEPT_OF_TOO_LONG)]);
            }
            self.window.at = upto;
            self.window.take();
            if end.is_some() {
                break;
            }
            if !self.window.fill()? {
                return Err(self.broken("the text ends inside the feature"));
            }
            from = 0;
        }
        self.index += 1;
        let fault = Some(Fault::TooLong { bytes });
        let records = vec![Record { start: 0, end: narrow(kept.len()), place, fault, has_passed: false }];
        Ok(Box::new(move || Ok(Batch { text: kept, records, ..Batch::default() })))
    }

    fn batch(&mut self, records: Vec<Record>) -> Option<Work> {
        let file_offset = self.window.input.plain_file().is_some().then_some(self.window.offset);
        let text = self.window.take();
        self.held = text.len();
        if records.is_empty() {
            return None;
        }
        Some(Box::new(move || Ok(Batch { text, records, file_offset, origin: None })))
    }

    /// Reads what stands after the features, and checks it together with what stood before them.
    fn check_shell(&mut self) -> Result<(), Error> {
        let before = self.shell.len();
        let after = self.window.position();
        let is_object = self.shell.iter().find(|byte| !is_blank(**byte)) == Some(&b'{');
        self.shell.extend_from_slice(b"null");
        let mut scan = Scan::inside();
        let mut ended = !is_object;
        loop {
            if !ended {
                ended = scan.run(&self.window.bytes, 0).is_some();
            }
            self.window.at = self.window.bytes.len();
            let part = self.window.take();
            self.shell.extend_from_slice(&part);
            // A second text after the end is an error already: it need not be read.
            let trailing = ended && self.shell.len() > before + 4 + BLOCK;
            if self.shell.len() > self.limit || trailing || !self.window.fill()? {
                break;
            }
        }
        let mut tape = Tape::new();
        let is_too_long = self.shell.len() > self.limit;
        let value = match tape.parse(&self.shell) {
            Err(SyntaxError { kind: SyntaxErrorKind::Truncated, .. }) if is_too_long => {
                let (name, limit) = (self.window.input.name(), self.limit);
                let message = format!(
                    "{name}: what stands around its features has more than the {limit} bytes that a record may have"
                );
                return Err(Error::new(ErrorKind::Limit, &message).remedy(
                    Remedy::from("allow more with ")
                        .option("max-record-size")
                        .or("move these members out of the file"),
                ));
            }
            Ok(value) => value,
            Err(SyntaxError { kind, offset }) => {
                let offset =
                    if offset < before { offset as u64 } else { after + (offset - before - 4) as u64 };
                return Err(self.shell_error(&kind, offset));
            }
        };
        let kind = value.get("type").and_then(|kind| kind.as_str().map(std::borrow::Cow::into_owned));
        if is_object && kind.as_deref() != Some("FeatureCollection") {
            let message = format!(
                "{}: it has `features`, but its `type` is not FeatureCollection",
                self.window.input.name()
            );
            return Err(Error::new(ErrorKind::Damaged, &message)
                .remedy("give it \"type\": \"FeatureCollection\" (RFC 7946 section 3.3)"));
        }
        Ok(())
    }

    fn shell_error(&self, kind: &SyntaxErrorKind, offset: u64) -> Error {
        let name = self.window.input.name();
        let count = self.index;
        let message = format!("{name}: around its {count} features: {kind} (at byte {offset})");
        let error = Error::new(ErrorKind::Damaged, &message);
        match kind {
            SyntaxErrorKind::TrailingData => error.remedy(
                Remedy::from("a file of several JSON texts is read with ")
                    .option(("store-kind", "ndjson"))
                    .text(", one text a line"),
            ),
            SyntaxErrorKind::Truncated => error.remedy("the file is cut off: fetch or write it again"),
            _ => error.remedy("mend the file there"),
        }
    }

    /// The text is damaged so that the features that follow cannot be told apart.
    fn broken(&self, what: &str) -> Error {
        let (name, index, byte) = (self.window.input.name(), self.index, self.window.position());
        let message = format!("{name}: feature {index}: {what} (at byte {byte})");
        Error::new(ErrorKind::Damaged, &message)
            .remedy("mend the file there, or fetch it again: nothing after this place can be told apart")
    }
}

impl Source for Features {
    fn name(&self) -> &str {
        self.window.input.name()
    }

    fn size(&self) -> Option<u64> {
        self.window.input.size()
    }

    fn position(&self) -> u64 {
        self.window.input.position()
    }

    fn plain_file(&self) -> Option<&File> {
        self.window.input.plain_file()
    }

    fn held(&self) -> usize {
        self.held
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        match self.phase {
            Phase::Start => self.start(),
            Phase::Features => self.features(),
            Phase::Done => Ok(None),
        }
    }
}

#[cfg(test)]
#[path = "features_tests.rs"]
mod tests;
