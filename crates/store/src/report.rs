//! What an operation tells about itself: counts, rejects, warnings, and how far it is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use stacyard_model::json::{Tape, push_string};
use stacyard_model::{Finding, ObjectKind, Rule, shown};

use crate::output::Output;
use crate::{Batch, Changes, CollectionChanges, Collections, Error, Fault, Landed, Place, Record, Remedy};

/// What has been done.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Records of the input that were read, whatever became of them.
    pub read: u64,
    /// Of a transfer: Items of the input that passed all that was asked of them (the gate, the search, the store). Where there is a
    /// store to write, it has them.
    pub written: u64,
    /// Of a search: Items that were found to answer it. Where only the first few are wanted, a store may look for no more.
    #[serde(skip)]
    pub answered: u64,
    /// Records of the input that were set aside.
    pub rejected: u64,
    /// Items of the input that were left out because the store has them already ([`Mode::Ignore`](crate::Mode::Ignore)).
    pub dropped: u64,
    /// Items of the input that were loaded before ([`Mode::Resume`](crate::Mode::Resume)).
    pub present: u64,
    /// Items of the input that the search does not want.
    pub filtered: u64,
    /// What became of the Items of the store that is written; `None` where nothing is written, and where what was replaced
    /// cannot be read.
    pub changes: Option<Changes>,
    /// The same by collection, those without one under the empty name; empty for more than [`MAX_COLLECTIONS`].
    ///
    /// [`MAX_COLLECTIONS`]: crate::MAX_COLLECTIONS
    pub by_collection: BTreeMap<String, Changes>,
    /// What became of the Collections.
    pub collections: CollectionChanges,
    /// Collections that a search has found among the records.
    #[serde(skip)]
    pub found_collections: Collections,
    /// Items, Collections and Catalogs that are valid, by what they are.
    pub objects: BTreeMap<String, u64>,
    /// How often each rule was broken by the records that were set aside; of one record up to 100 findings count.
    pub errors: BTreeMap<String, u64>,
    /// What was warned of, by rule.
    pub warnings: Warnings,
    /// What was fetched, of a copy from a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetched: Option<Fetched>,
    /// What the user should know of the stores themselves.
    pub notes: Vec<Note>,
    /// The size of the file that was written; of a database, how much went over the wire.
    pub bytes: u64,
    /// Wall time.
    pub seconds: f64,
    /// What a search left out where, a line each.
    #[serde(skip)]
    pub levels: Vec<String>,
}

impl Report {
    /// Counts a record that is set aside.
    pub(crate) fn count_reject(&mut self, findings: &Findings) {
        self.rejected += 1;
        for problem in &findings.problems {
            match self.errors.get_mut(&problem.rule) {
                Some(count) => *count += 1,
                None => _ = self.errors.insert(problem.rule.clone(), 1),
            }
        }
    }

    fn add_errors(&mut self, other: BTreeMap<String, u64>) {
        for (rule, count) in other {
            *self.errors.entry(rule).or_default() += count;
        }
    }

    /// What was done by a search whose answer was then written as `written` says.
    #[must_use]
    pub fn then(mut self, written: Self) -> Self {
        if self.read == 0 && self.notes.is_empty() {
            return written;
        }
        self.add_errors(written.errors);
        let mut warnings = self.warnings;
        warnings.append(written.warnings);
        let mut notes = self.notes;
        notes.extend(written.notes);
        Self {
            read: self.read,
            answered: self.answered,
            rejected: self.rejected + written.rejected,
            filtered: self.filtered,
            seconds: self.seconds + written.seconds,
            errors: self.errors,
            warnings,
            notes,
            levels: self.levels,
            ..written
        }
    }
}

impl Report {
    /// What was found in this and in another part of a store.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.read += other.read;
        self.written += other.written;
        self.rejected += other.rejected;
        self.answered += other.answered;
        self.levels.extend(other.levels);
        self.found_collections.extend(other.found_collections);
        self.filtered += other.filtered;
        for (kind, number) in other.objects {
            *self.objects.entry(kind).or_default() += number;
        }
        self.add_errors(other.errors);
        self.warnings.append(other.warnings);
        self.notes.extend(other.notes);
        self.seconds += other.seconds;
        self
    }
}

/// What a source has fetched from a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// Items, those too that came more than once. All count as read.
    pub items: u64,
    /// How many of them were skipped: the very same had come before.
    pub skipped: u64,
    /// How many of them an earlier run had fetched.
    pub resumed: u64,
    /// How many pages were asked for in this run.
    pub pages: u64,
    /// Into how many windows of time the answer was cut; 1: it was not.
    pub windows: u64,
}

/// Something that a user should know, though nothing has failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it is, on one line.
    pub message: String,
    /// What can be done.
    pub help: Remedy,
}

/// All warnings of one rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Warning {
    /// How many Items it was found in, counted once for each finding.
    pub count: u64,
    /// Where it was found first.
    pub first: String,
    /// What was found there.
    pub example: Finding,
}

/// Warnings by rule; those of an extension's schema by that extension.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Warnings(pub BTreeMap<String, Warning>);

impl Warnings {
    pub(crate) fn add(&mut self, count: u64, place: impl FnOnce() -> String, example: &Finding) {
        let key = match &example.extension {
            Some(extension) => format!("{} {extension}", example.rule.id()),
            None => example.rule.id().to_owned(),
        };
        self.0.entry(key).and_modify(|warning| warning.count += count).or_insert_with(|| Warning {
            count,
            first: place(),
            example: example.clone(),
        });
    }

    /// Counts more of a rule that has an example already.
    pub(crate) fn add_more(&mut self, rule: Rule, count: u64) {
        if let Some(warning) = self.0.get_mut(rule.id()) {
            warning.count += count;
        }
    }

    /// Adds those of what comes after.
    pub(crate) fn append(&mut self, later: Self) {
        for warning in later.0.into_values() {
            self.add(warning.count, || warning.first, &warning.example);
        }
    }
}

/// One thing that is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where in the record, as a JSON pointer (RFC 6901); empty for the record itself.
    pub pointer: String,
    /// The rule: one of the gate's, or `json`, `too-long`, `link`, `duplicate-id`, `migration`, `database`, `row`.
    pub rule: String,
    /// What is wrong, in words.
    pub message: String,
    /// The offending value as JSON, shortened.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// Where the rule stands.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub section: String,
}

impl Problem {
    /// One that is of the record as a whole.
    pub fn new(rule: &str, message: String) -> Self {
        let (pointer, value, section) = Default::default();
        Self { pointer, rule: rule.to_owned(), message, value, section }
    }
}

impl From<Finding> for Problem {
    fn from(finding: Finding) -> Self {
        Self {
            pointer: finding.pointer,
            rule: finding.rule.id().to_owned(),
            message: finding.message,
            value: finding.value,
            section: finding.extension.unwrap_or_else(|| finding.rule.section().to_owned()),
        }
    }
}

/// One line: where, what, the value, the rule and its section.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "{}: ", shown(&self.pointer))?;
        }
        f.write_str(&shown(&self.message))?;
        if !self.value.is_empty() {
            write!(f, "; found {}", self.value)?;
        }
        match self.section.as_str() {
            "" => write!(f, " [{}]", self.rule),
            section => write!(f, " [{}: {}]", self.rule, shown(section)),
        }
    }
}

/// What is wrong with a record that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// What it says it is.
    pub kind: Option<ObjectKind>,
    /// Its `id`, if it has one; the beginning of one that is very long.
    pub id: Option<String>,
    /// What is wrong: at least one thing.
    pub problems: Vec<Problem>,
    /// How many more things are wrong.
    pub more: u64,
}

impl Findings {
    /// About how many bytes it holds.
    pub(crate) fn weight(&self) -> usize {
        let of = |problem: &Problem| {
            let Problem { pointer, rule, message, value, section } = problem;
            size_of::<Problem>()
                + [pointer, rule, message, value, section].map(String::len).iter().sum::<usize>()
        };
        size_of::<Self>()
            + self.id.as_ref().map_or(0, String::len)
            + self.problems.iter().map(of).sum::<usize>()
    }
}

/// A record that was set aside.
#[derive(Debug, Clone, Copy)]
pub struct Reject<'a> {
    /// The source, as the user spelled it; where it has parts, the file, page or document that the record stands in.
    pub source: &'a str,
    /// Where it stands there.
    pub place: Place,
    /// All that is wrong with it.
    pub findings: &'a Findings,
    /// The record itself: nothing is lost. Of one that is too long, the beginning.
    pub text: &'a [u8],
    /// Whether that is all of it.
    pub is_whole: bool,
}

impl<'a> Reject<'a> {
    pub(crate) fn of(source: &'a str, batch: &'a Batch, record: Record, findings: &'a Findings) -> Self {
        let is_whole = !matches!(record.fault, Some(Fault::TooLong { .. } | Fault::Unread | Fault::NotJson));
        let text = record.of(batch);
        let (source, place) = batch.named(source, record.place);
        Self { source, place, findings, text, is_whole }
    }

    /// Writes it as one JSON object: `source`, `line`, `feature` or `row`, `errors`, `more` if there are more errors, and
    /// `item` (JSON, on one line), `text` or `base64`. It comes in pieces, so that a long record is not held twice.
    pub fn write_json(&self, write: &mut dyn FnMut(&str) -> Result<(), Error>) -> Result<(), Error> {
        let mut out = Vec::with_capacity(512);
        let member = |out: &mut Vec<u8>, name: &str| {
            out.push(b',');
            push_string(out, name);
            out.push(b':');
        };
        out.extend_from_slice(b"{\"source\":");
        push_string(&mut out, self.source);
        if let Some((name, number)) = match self.place {
            Place::Line(line) => Some(("line", line)),
            Place::Feature(index) => Some(("feature", index)),
            Place::Row(row) => Some(("row", row)),
            Place::Whole | Place::Document { .. } => None,
        } {
            member(&mut out, name);
            out.extend_from_slice(number.to_string().as_bytes());
        }
        member(&mut out, "errors");
        serde_json::to_writer(&mut out, &self.findings.problems)
            .map_err(|e| Error::failed("cannot write a reject").caused_by(e))?;
        if self.findings.more > 0 {
            member(&mut out, "more");
            out.extend_from_slice(self.findings.more.to_string().as_bytes());
        }
        self.write_record(&mut out, write)?;
        out.push(b'}');
        flush(&mut out, write)
    }

    /// Writes it where rejects go, and shows it.
    pub(crate) fn set_aside(
        &self,
        rejects: Option<&mut Output>,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        if let Some(output) = rejects {
            self.write_json(&mut |piece| output.append(piece.as_bytes()))?;
            output.append(b"\n")?;
        }
        observer.reject(self)
    }

    fn write_record(
        &self,
        out: &mut Vec<u8>,
        write: &mut dyn FnMut(&str) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let is_json = self.is_whole && self.findings.problems.iter().all(|problem| problem.rule != "json");
        let mut tape = Tape::new();
        if is_json && let Ok(value) = tape.parse(self.text) {
            out.extend_from_slice(b",\"item\":");
            value.write_compact(out);
            return Ok(());
        }
        let Ok(text) = std::str::from_utf8(self.text) else {
            out.extend_from_slice(b",\"base64\":\"");
            for piece in self.text.chunks(PIECE) {
                out.extend_from_slice(STANDARD.encode(piece).as_bytes());
                flush(out, write)?;
            }
            out.push(b'"');
            return Ok(());
        };
        out.extend_from_slice(b",\"text\":\"");
        let (mut rest, mut quoted) = (text, Vec::new());
        while !rest.is_empty() {
            let (piece, left) = rest.split_at(rest.floor_char_boundary(PIECE));
            rest = left;
            quoted.clear();
            push_string(&mut quoted, piece);
            out.extend_from_slice(&quoted[1..quoted.len() - 1]);
            if !rest.is_empty() {
                flush(out, write)?;
            }
        }
        out.push(b'"');
        Ok(())
    }
}

/// Whether a line begins as a reject does that [`Reject::write_json`] has written.
pub fn is_reject(line: &[u8]) -> bool {
    let errors = b"\"errors\":[{\"pointer\":";
    line.starts_with(b"{\"source\":\"") && line.windows(errors.len()).any(|part| part == errors)
}

/// How much of a record is quoted at once: whole groups of three, for base64.
const PIECE: usize = 3 << 16;

fn flush(out: &mut Vec<u8>, write: &mut dyn FnMut(&str) -> Result<(), Error>) -> Result<(), Error> {
    let text = std::str::from_utf8(out).map_err(|e| Error::failed("cannot write a reject").caused_by(e))?;
    write(text)?;
    out.clear();
    Ok(())
}

/// For people, in one line: `catalog.ndjson:17: item "S2A": 2 errors`.
impl fmt::Display for Reject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", Located(self.source, self.place))?;
        let Findings { kind, id, problems, more } = self.findings;
        if let Some(id) = id {
            let kind = kind.unwrap_or(ObjectKind::Item).to_string().to_lowercase();
            write!(f, "{kind} {id:?}: ")?;
        }
        let count = problems.len() as u64 + more;
        write!(f, "{count} error{}", if count == 1 { "" } else { "s" })
    }
}

/// A place as people are used to read it.
pub(crate) struct Located<'a>(pub(crate) &'a str, pub(crate) Place);

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Place::Line(line) => write!(f, "{}:{line}", self.0),
            Place::Feature(index) => write!(f, "{}: feature {index}", self.0),
            Place::Row(row) => write!(f, "{}: row {row}", self.0),
            Place::Whole | Place::Document { .. } => f.write_str(self.0),
        }
    }
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Records dealt with.
    pub read: u64,
    /// Records set aside.
    pub rejected: u64,
    /// Bytes of the source read.
    pub position: u64,
}

/// Who looks on while an operation runs.
pub trait Observer {
    /// A source is being read from its beginning; its size where that is known.
    fn begin(&mut self, source: &str, size: Option<u64>);

    /// Some more has been done.
    fn advance(&mut self, progress: Progress);

    /// A record was set aside.
    fn reject(&mut self, reject: &Reject<'_>) -> Result<(), Error>;

    /// Another process writes the same file, and is waited for.
    fn waits(&mut self, _path: &Path) {}

    /// Something that a user should know before the work begins.
    fn note(&mut self, _note: &Note) {}

    /// A store is about to be written. `landed`: what is in so far, of one that shows its batches before it is finished.
    fn writes(&mut self, _landed: Option<Arc<dyn Landed>>) {}

    /// All that was to be written is in its place.
    fn committed(&mut self) {}
}

/// Nobody looks on.
impl Observer for () {
    fn begin(&mut self, _: &str, _: Option<u64>) {}
    fn advance(&mut self, _: Progress) {}
    fn reject(&mut self, _: &Reject<'_>) -> Result<(), Error> {
        Ok(())
    }
}
