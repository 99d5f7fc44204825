//! What the gate says: findings, and the verdict that gathers them.

use std::fmt;

use serde::Serialize;

use super::rule::Rule;
use crate::json::Value;
use crate::shown::{shown, shown_json};

/// One thing that is wrong, or worth a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where, as a JSON pointer (RFC 6901); empty for the object itself. Of a member that is missing, its parent.
    pub pointer: String,
    /// The rule.
    pub rule: Rule,
    /// What is wrong, in words.
    pub message: String,
    /// The offending value as JSON, shortened to about 80 characters; empty where a member is missing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// The extension whose schema the finding comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
}

/// One line: where, what, the value, the rule and its section.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "(top level)" } else { &self.pointer };
        write!(f, "{}: {}", shown(pointer), self.message)?;
        if !self.value.is_empty() {
            write!(f, "; found {}", self.value)?;
        }
        let section = self.extension.as_deref().unwrap_or(self.rule.section());
        write!(f, " [{}: {}]", self.rule, shown(section))
    }
}

/// So many errors of an object, and so many warnings, are kept. Of more only the number is.
pub(super) const MOST: usize = 100;

/// What the gate finds in one object: everything in one go, the first 100 errors and warnings of it in full.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Why the object is refused; empty where it is not.
    pub errors: Vec<Finding>,
    /// How many errors there are beside these.
    pub more_errors: u64,
    /// What a reader may stumble over.
    pub warnings: Vec<Finding>,
    /// How many warnings there are beside these, by rule. Of each rule one is among these.
    pub more_warnings: Vec<(Rule, u64)>,
}

impl Verdict {
    /// Whether the object passes the gate.
    pub fn is_accepted(&self) -> bool {
        self.errors.is_empty()
    }

    /// `Err` with the errors of an object that is refused.
    pub fn into_result(self) -> Result<(), Refusal> {
        if self.is_accepted() { Ok(()) } else { Err(Refusal { errors: self.errors, more: self.more_errors }) }
    }

    /// How many errors there are.
    pub(super) fn error_count(&self) -> u64 {
        self.errors.len() as u64 + self.more_errors
    }

    /// Whether a finding has to be kept; else it has been counted.
    pub(super) fn keeps(&mut self, is_error: bool, rule: Rule) -> bool {
        if is_error {
            let keeps = self.errors.len() < MOST;
            self.more_errors += u64::from(!keeps);
            return keeps;
        }
        if self.warnings.len() < MOST || self.warnings.iter().all(|finding| finding.rule != rule) {
            return true;
        }
        match self.more_warnings.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, count)) => *count += 1,
            None => self.more_warnings.push((rule, 1)),
        }
        false
    }

    /// Adds what has been found in a part of the object.
    pub(crate) fn append(&mut self, part: Self, pointer: &str) {
        let below = |mut finding: Finding| {
            finding.pointer.insert_str(0, pointer);
            finding
        };
        for finding in part.errors {
            if self.keeps(true, finding.rule) {
                self.errors.push(below(finding));
            }
        }
        for finding in part.warnings {
            if self.keeps(false, finding.rule) {
                self.warnings.push(below(finding));
            }
        }
        self.more_errors += part.more_errors;
        for (rule, count) in part.more_warnings {
            match self.more_warnings.iter_mut().find(|(known, _)| *known == rule) {
                Some((_, known)) => *known += count,
                None => self.more_warnings.push((rule, count)),
            }
        }
    }
}

/// The errors of an object that the gate refuses; prints one a line, and how many more there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// At least one.
    pub errors: Vec<Finding>,
    /// How many there are beside these.
    pub more: u64,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, finding) in self.errors.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{finding}")?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}
impl std::error::Error for Refusal {}

/// How many characters of an offending value are shown.
const SHOWN: usize = 80;

/// A value's JSON text on one line, cut to [`SHOWN`] characters.
pub(crate) fn shorten(value: Value<'_>) -> String {
    let raw = value.raw();
    if raw.len() <= 2 * SHOWN {
        let mut compact = Vec::new();
        value.write_compact(&mut compact);
        return shorten_text(&String::from_utf8_lossy(&compact));
    }
    // Only the start is shown, and it may be white space for long: that is taken out up to the first line of text.
    let mut start: String = raw.chars().take(8 * SHOWN).collect();
    if value.kind() != crate::json::Kind::String {
        start.retain(|c| !matches!(c, '\n' | '\r' | '\t'));
    }
    start.push('…');
    shorten_text(&start)
}

/// The same of a text that is JSON already.
pub(super) fn shorten_text(text: &str) -> String {
    let cut = match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", text[..cut].trim_end_matches('…')),
        None => text.to_owned(),
    };
    shown_json(&cut).into_owned()
}
