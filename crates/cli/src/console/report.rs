//! What is said when work is done, and about what was set aside.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use indicatif::{HumanBytes, HumanCount};
use serde_json::{Value, json};
use stacyard_store::{Changes, CollectionChanges, Error, Fetched, Note, Reject, Remedy, Report, Warnings};

use crate::console::say::{self, Text};
use crate::console::words;
use crate::flags::Global;

/// How an operation ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Done,
    SomeRejected,
}

impl Status {
    pub(crate) const fn of(rejected: u64) -> Self {
        if rejected == 0 { Self::Done } else { Self::SomeRejected }
    }
}

/// The exit status of what could not be done.
pub(crate) const FAILED: u8 = 3;

/// Prints a failure: one line of cause, what it is about, and one of remedy.
pub(crate) fn error(error: &Error, json_log: bool) {
    if json_log {
        let lines = error.details().iter().map(|line| format!("\n  {line}"));
        let message = error.to_string() + &lines.collect::<String>();
        return say::event(
            json!({"event": "error", "message": message, "help": error.advice().map(words::remedy)}),
        );
    }
    let mut text = Text::default();
    text.line(format_args!("error: {error}"));
    error.details().iter().for_each(|line| text.line(format_args!("  {line}")));
    if let Some(advice) = error.advice() {
        text.line(format_args!("  help: {}", words::remedy(advice)));
    }
    text.log();
}

/// How many rejects are shown in full where they are not the report itself.
const SHOWN: u64 = 20;

/// Where rejects are shown as they come.
pub(crate) enum Rejects {
    /// All of them on standard output, for people.
    Text,
    /// All of them on standard output, as the elements of a JSON array; how many there have been.
    Json(u64),
    /// The first ones on standard error; how many there have been.
    First(u64),
    /// All of them on standard error, as JSON lines.
    Log,
    /// Not at all: they are in a file.
    File,
}

impl Rejects {
    /// What a command shows whose output is something else.
    pub(crate) const fn aside(file: Option<&PathBuf>, json_log: bool) -> Self {
        match (json_log, file) {
            (true, _) => Self::Log,
            (false, Some(_)) => Self::File,
            (false, None) => Self::First(0),
        }
    }

    /// Shows one.
    pub(crate) fn show(&mut self, reject: &Reject<'_>) -> Result<(), Error> {
        match self {
            Self::Text => for_people(reject).print()?,
            Self::Json(count) => {
                if *count > 0 {
                    say::json(",\n")?;
                }
                *count += 1;
                reject.write_json(&mut say::json)?;
            }
            Self::First(count) => {
                *count += 1;
                if *count <= SHOWN {
                    for_people(reject).log();
                }
            }
            Self::Log => {
                let mut line = String::new();
                reject.write_json(&mut |piece| {
                    if line.is_empty() {
                        line.push_str("{\"event\":\"reject\",");
                        // The brace stands there already.
                        line.push_str(&piece[1..]);
                    } else {
                        say::part_of_event(&line);
                        piece.clone_into(&mut line);
                    }
                    Ok(())
                })?;
                line.push('\n');
                say::part_of_event(&line);
            }
            Self::File => {}
        }
        Ok(())
    }

    /// Says where the others are, if not all were shown.
    pub(crate) fn remark(&self) {
        if let Self::First(count) = self
            && *count > 0
        {
            let more = count.saturating_sub(SHOWN);
            if more > 0 {
                say::line(format_args!("and {} more rejected", HumanCount(more)));
            }
            say::line("  help: --rejects FILE keeps what was rejected, with the reasons");
        }
    }
}

/// A reject and what is wrong with it, a line each.
fn for_people(reject: &Reject<'_>) -> Text {
    let mut text = Text::default();
    text.line(reject);
    reject.findings.problems.iter().for_each(|problem| text.line(format_args!("  {problem}")));
    if reject.findings.more > 0 {
        text.line(format_args!("  and {} more", HumanCount(reject.findings.more)));
    }
    text
}

/// `1 Item`, `2,000 Items`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let (stem, plural) = match noun.strip_suffix('y') {
        Some(stem) => (stem, "ies"),
        None => (noun, "s"),
    };
    if number == 1 { format!("1 {noun}") } else { format!("{} {stem}{plural}", HumanCount(number)) }
}

/// The warnings, a line for each rule.
pub(crate) fn warnings(warnings: &Warnings, text: &mut Text) {
    for (rule, warning) in &warnings.0 {
        let (number, first) = (HumanCount(warning.count), &warning.first);
        text.line(format_args!("warning: {number} x {rule}, first at {first}: {}", warning.example));
    }
}

/// Says what was done.
pub(crate) fn say(global: &Global, message: &str) {
    match (global.quiet, global.json_log) {
        (true, _) => {}
        (false, true) => say::event(json!({"event": "done", "message": message})),
        (false, false) => say::line(message),
    }
}

/// Says what a user should know, though nothing has failed.
pub(crate) fn warn(global: &Global, message: &str) {
    note(&Note { message: message.to_owned(), help: Remedy::default() }, global.json_log);
}

/// The same, with what can be done, if there is anything.
pub(crate) fn note(Note { message, help }: &Note, json_log: bool) {
    let (help, is_alone) = (words::remedy(help), help.is_empty());
    match (json_log, is_alone) {
        (true, true) => say::event(json!({"event": "warning", "message": message})),
        (true, false) => say::event(json!({"event": "warning", "message": message, "help": help})),
        (false, _) => {
            say::line(format_args!("warning: {message}"));
            if !is_alone {
                say::line(format_args!("  help: {help}"));
            }
        }
    }
}

/// Says that another process writes the same file.
pub(crate) fn waits(path: &Path, json_log: bool) {
    let message = format!("{}: another process is writing this file; waiting for it", path.display());
    note(&Note { message, help: Remedy::default() }, json_log);
}

/// Says what is to be known of the stores, once they have been read and written.
pub(crate) fn notes(report: &Report, json_log: bool) {
    report.notes.iter().for_each(|one| note(one, json_log));
}

/// Says on standard error what a command has done, with so many Items, whose output is something else.
pub(crate) fn done(report: &Report, items: u64, what: &str, rejects_file: Option<&PathBuf>, global: &Global) {
    notes(report, global.json_log);
    if global.quiet {
        return;
    }
    if global.json_log {
        return say::event(json!({"event": "done", "report": json(report)}));
    }
    let rules: Vec<String> = report
        .warnings
        .0
        .iter()
        .map(|(rule, warning)| format!("{} x {rule}", HumanCount(warning.count)))
        .collect();
    if !rules.is_empty() {
        say::line(format_args!("warning: {}", rules.join(", ")));
        say::line("  help: stacyard validate tells more");
    }
    let mut line = format!("{} {what}", count(items, "Item"));
    let mut also = |number: u64, what: &str| {
        if number > 0 {
            let _ = write!(line, ", {} {what}", HumanCount(number));
        }
    };
    also(report.filtered, "not asked for");
    also(report.dropped, "left out as duplicates");
    also(report.present, "there already");
    also(report.rejected, "rejected");
    if let Some(file) = rejects_file.filter(|_| report.rejected > 0) {
        let _ = write!(line, " (see {})", say::path(file));
    }
    say::line(format_args!("{line}; {}, {:.1} s", HumanBytes(report.bytes), report.seconds));
    if let Some(fetched) = &report.fetched {
        say::line(harvested(fetched));
    }
    changes(report).log();
    if let Some(line) = collections(&report.collections) {
        say::line(line);
    }
}

/// A report as it stands in the output.
pub(crate) fn json(report: &Report) -> Value {
    let mut json = json!(report);
    let notes = report.notes.iter();
    json["notes"] = notes
        .map(|Note { message, help }| json!({"message": message, "help": words::remedy(help)}))
        .collect();
    json
}

/// Of more collections than this only the sum is shown.
const MOST_LINES: usize = 10;

/// What became of the Items of the store, a line for all of them and for each of a few collections.
fn changes(report: &Report) -> Text {
    let mut lines = Text::default();
    let Some(all) = &report.changes else {
        lines.line("  how many came and went is not known: what was replaced cannot be read");
        return lines;
    };
    // Of a database it is not known whether there are others.
    let has_others = all.stayed.is_none();
    if report.by_collection.len() != 1 {
        lines.line(format_args!("  {}", of_store(all, has_others)));
    }
    if report.by_collection.len() <= MOST_LINES {
        for (name, changes) in &report.by_collection {
            let name =
                if name.is_empty() { "no collection".to_owned() } else { format!("collection {name:?}") };
            let is_all = report.by_collection.len() == 1;
            lines.line(format_args!("  {name}: {}", of_store(changes, has_others && is_all)));
        }
    }
    lines
}

/// What came from a server, a line: `fetched 1,200 Items on 3 pages of 2 windows, 500 of them by an earlier run; 10 came twice`.
fn harvested(fetched: &Fetched) -> String {
    let Fetched { items, skipped, resumed, pages, windows } = *fetched;
    let mut line = format!("  fetched {} on {}", count(items, "Item"), count(pages, "page"));
    if windows > 1 {
        let _ = write!(line, " of {windows} windows of time");
    }
    if resumed > 0 {
        let _ = write!(line, ", {} of them by an earlier run", HumanCount(resumed));
    }
    if skipped > 0 {
        let _ = write!(line, "; {} skipped, as the very same had come before", HumanCount(skipped));
    }
    line
}

/// What became of the Collections, a line.
fn collections(changes: &CollectionChanges) -> Option<String> {
    let CollectionChanges { new, changed, same, ignored, went, left_out } = changes;
    let parts = [
        (new, "new"),
        (changed, "changed"),
        (same, "same as before"),
        (ignored, "ignored"),
        (went, "went"),
        (left_out, "left out"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(ids, _)| !ids.is_empty())
        .map(|(ids, what)| format!("{} {what}", HumanCount(ids.len() as u64)))
        .collect();
    (!parts.is_empty()).then(|| format!("  Collections: {}", parts.join(", ")))
}

/// `2 new, 1 replaced, 3 stayed, 4 went`, without what did not happen; whether to speak of what is not counted.
fn of_store(changes: &Changes, has_others: bool) -> String {
    let Changes { came, replaced, stayed, went } = *changes;
    let parts =
        [(came, "new"), (replaced, "replaced"), (stayed.unwrap_or_default(), "stayed"), (went, "went")];
    let mut parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", HumanCount(*number)))
        .collect();
    match (parts.is_empty(), has_others) {
        (true, true) => return "nothing changed".to_owned(),
        (true, false) => return "nothing new".to_owned(),
        (false, true) => parts.push("nothing else changed".to_owned()),
        (false, false) => {}
    }
    parts.join(", ")
}
