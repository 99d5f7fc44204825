//! What is said when work is done, and about what was set aside.

use std::fmt::Write as _;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};

use indicatif::{HumanBytes, HumanCount};
use serde_json::json;
use stacyard_store::{Changes, Error, Reject, Report, Warnings};

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

/// Prints to standard output.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Error> {
    let mut out = stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|e| Error::io("write", Path::new("standard output"), e))
}

/// Prints a failure: one line of cause and one of remedy.
pub(crate) fn error(error: &Error, json_log: bool) {
    if json_log {
        eprintln!("{}", json!({"event": "error", "message": error.to_string(), "help": error.advice()}));
        return;
    }
    eprintln!("error: {error}");
    if let Some(advice) = error.advice() {
        eprintln!("  help: {advice}");
    }
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
    pub(crate) fn show(&mut self, reject: &Reject) -> Result<(), Error> {
        match self {
            Self::Text => print(format!("{reject}\n").as_bytes())?,
            Self::Json(count) => {
                let mut text = if *count == 0 { Vec::new() } else { b",\n".to_vec() };
                *count += 1;
                reject.write_json(&mut text)?;
                print(&text)?;
            }
            Self::First(count) => {
                *count += 1;
                if *count <= SHOWN {
                    eprintln!("{reject}");
                }
            }
            Self::Log => {
                let mut text = Vec::new();
                reject.write_json(&mut text)?;
                eprintln!("{{\"event\":\"reject\",{}", String::from_utf8_lossy(&text[1..]));
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
                eprintln!("and {} more rejected", HumanCount(more));
            }
            eprintln!("  help: --rejects FILE keeps what was rejected, with the reasons");
        }
    }
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
pub(crate) fn warnings(warnings: &Warnings) -> String {
    let line = |(rule, warning): (&String, &stacyard_store::Warning)| {
        let (number, first) = (HumanCount(warning.count), &warning.first);
        format!("warning: {number} x {rule}, first at {first}: {}\n", warning.example)
    };
    warnings.0.iter().map(line).collect()
}

/// Says what a user should know, though nothing has failed.
pub(crate) fn warn(global: &Global, message: &str) {
    if global.json_log {
        eprintln!("{}", json!({"event": "warning", "message": message}));
    } else {
        eprintln!("warning: {message}");
    }
}

/// Says on standard error what a command has done whose output is something else.
pub(crate) fn done(report: &Report, what: &str, rejects_file: Option<&PathBuf>, json_log: bool) {
    if json_log {
        eprintln!("{}", json!({"event": "done", "report": report}));
        return;
    }
    let rules: Vec<String> = report
        .warnings
        .0
        .iter()
        .map(|(rule, warning)| format!("{} x {rule}", HumanCount(warning.count)))
        .collect();
    if !rules.is_empty() {
        eprintln!("warning: {}\n  help: stacyard validate tells more", rules.join(", "));
    }
    let mut line = format!("{} {what}", count(report.written, "Item"));
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
        let _ = write!(line, " (see {})", file.display());
    }
    eprintln!("{line}; {}, {:.1} s", HumanBytes(report.bytes), report.seconds);
    eprint!("{}", changes(report));
}

/// Of more collections than this only the sum is shown.
const MOST_LINES: usize = 10;

/// What became of the Items of the store, a line for all of them and for each of a few collections.
fn changes(report: &Report) -> String {
    let Some(all) = &report.changes else {
        return "  how many came and went is not known: what was replaced cannot be read\n".to_owned();
    };
    let mut lines = String::new();
    if report.by_collection.len() != 1 {
        let _ = writeln!(lines, "  {}", of_store(all));
    }
    if report.by_collection.len() <= MOST_LINES {
        for (name, changes) in &report.by_collection {
            let name =
                if name.is_empty() { "no collection".to_owned() } else { format!("collection {name:?}") };
            let _ = writeln!(lines, "  {name}: {}", of_store(changes));
        }
    }
    lines
}

/// `2 new, 1 replaced, 3 stayed, 4 went`, without what did not happen.
fn of_store(changes: &Changes) -> String {
    let Changes { came, replaced, stayed, went } = *changes;
    let parts =
        [(came, "new"), (replaced, "replaced"), (stayed.unwrap_or_default(), "stayed"), (went, "went")];
    let mut parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", HumanCount(*number)))
        .collect();
    if parts.is_empty() {
        parts.push("nothing new".to_owned());
    }
    if stayed.is_none() {
        parts.push("all others stayed".to_owned());
    }
    parts.join(", ")
}
