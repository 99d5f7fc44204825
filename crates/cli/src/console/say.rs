//! The ways out to people and logs. Nothing else in the program writes to standard output or standard error.
//!
//! What is said to people is said a line at a time, and what a line holds is escaped here: text from data can neither
//! add a line nor write on the terminal. What looks like a password is hidden, there and in what is logged as JSON; records are
//! data, and are as they are. A log that cannot be written is no reason to stop: what is written to standard
//! error may be lost. Standard output is what a command is for: where it cannot be written, that is an error.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};
use std::path::Path;

use serde_json::Value;
use stacyard_model::{shown, shown_json};
use stacyard_store::{Error, without_password, without_passwords};

/// Text for people, a line at a time.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    /// Adds a line.
    pub(crate) fn line(&mut self, line: impl Display) {
        self.0.push_str(&shown(&without_passwords(&line.to_string())));
        self.0.push('\n');
    }

    /// Prints it to standard output.
    pub(crate) fn print(self) -> Result<(), Error> {
        data(self.0.as_bytes())
    }

    /// Prints it to standard error.
    pub(crate) fn log(self) {
        write_log(self.0.as_bytes());
    }
}

/// Prints a line to standard error.
pub(crate) fn line(line: impl Display) {
    let mut text = Text::default();
    text.line(line);
    text.log();
}

/// Prints a line of JSON to standard error.
pub(crate) fn event(mut event: Value) {
    hide_passwords(&mut event);
    write_log(format!("{}\n", shown_json(&event.to_string())).as_bytes());
}

fn hide_passwords(value: &mut Value) {
    match value {
        Value::String(text) => *text = without_passwords(text).into_owned(),
        Value::Array(list) => list.iter_mut().for_each(hide_passwords),
        Value::Object(members) => members.values_mut().for_each(hide_passwords),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Prints a part of a long line of JSON to standard error.
pub(crate) fn part_of_event(part: &str) {
    write_log(shown_json(part).as_bytes());
}

/// Prints JSON to standard output.
pub(crate) fn json(text: &str) -> Result<(), Error> {
    data(shown_json(text).as_bytes())
}

/// Prints bytes to standard output as they are: Items, SQL, scripts.
pub(crate) fn data(bytes: &[u8]) -> Result<(), Error> {
    let mut out = stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|e| Error::io("write", Path::new("standard output"), e))
}

/// In one piece, so that lines of several processes do not mix.
fn write_log(bytes: &[u8]) {
    let _ = stderr().lock().write_all(bytes);
}

/// The name of a file for people: it may be a URL that was meant for another flag.
pub(crate) fn path(path: &Path) -> String {
    without_password(&path.to_string_lossy())
}
