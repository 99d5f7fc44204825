//! What is said of a copy that ends before its time: what is in, what is not, and how to go on.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use serde_json::json;
use stacyard_store::{
    Error, Landed, Location, Mode, StoreUrl, abandon_and_exit, quoted, without_password, without_passwords,
};

use crate::arguments;
use crate::console::say::{self, Text};

/// What a shell calls a program that an interrupt has ended: 128 and the signal.
const INTERRUPTED: i32 = 130;

/// The copy under way.
static COPY: Mutex<Option<Unfinished>> = Mutex::new(None);

/// A copy that is not done.
#[derive(Clone)]
pub(crate) struct Unfinished {
    /// The target as the user spelled it.
    pub(crate) target: String,
    pub(crate) mode: Mode,
    /// Of a database, what is in so far.
    pub(crate) landed: Option<Arc<dyn Landed>>,
    pub(crate) json_log: bool,
    /// Whether all is in its place, and only what is told of it is to come.
    pub(crate) is_done: bool,
}

/// From here on an interrupt says that the copy under way is done.
pub(crate) fn committed() {
    if let Some(copy) = COPY.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        copy.is_done = true;
    }
}

impl Unfinished {
    /// A copy to `target`; nothing is said of one to standard output.
    pub(crate) fn new(target: &StoreUrl, mode: Mode, json_log: bool) -> Option<Self> {
        let is_kept = *target.location() != Location::Stdio;
        is_kept.then(|| Self { target: target.to_string(), mode, landed: None, json_log, is_done: false })
    }

    /// From here on an interrupt says what became of this copy.
    pub(crate) fn begin(&self) {
        *COPY.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clone());
    }

    /// Adds what holds to an error of the copy.
    pub(crate) fn failed(&self, error: Error) -> Error {
        let Some(items) = self.landed.as_ref().map(|landed| landed.items()).filter(|items| *items > 0) else {
            return error;
        };
        if self.mode == Mode::Replace {
            return error;
        }
        let least = if error.is_unsure() { "at least " } else { "" };
        error.also(format!(
            "{least}{} in and stay, and this goes on from there: {}",
            are(items),
            self.command()
        ))
    }

    /// What holds, and the command that goes on where there is more to do.
    fn said(&self) -> (String, Option<String>) {
        let target = &self.target;
        if self.is_done {
            let holds =
                format!("interrupted: all is in {target}, but its summary and rejects may be missing");
            return (holds, None);
        }
        let Some(landed) = &self.landed else {
            return (
                format!("interrupted: {target} is as it was"),
                Some(format!("begin again: {}", self.command())),
            );
        };
        let known = landed.stop();
        let holds = match (self.mode, known) {
            (Mode::Replace, Some(0)) => format!("nothing of {target} was replaced"),
            (Mode::Replace, Some(_)) => return (format!("interrupted: all of {target} was replaced"), None),
            (Mode::Replace, None) => {
                format!("it is not known whether {target} was replaced: this was being committed")
            }
            (_, Some(0)) => format!("nothing is in {target}"),
            (_, Some(items)) => format!("{} in {target}, the rest is not", are(items)),
            (_, None) => format!("{} in {target}; the last batch may be", are(landed.items())),
        };
        let goes_on = if self.mode == Mode::Replace { "begin again" } else { "go on with" };
        (format!("interrupted: {holds}"), Some(format!("{goes_on}: {}", self.command())))
    }

    /// The command line that goes on.
    fn command(&self) -> String {
        let is_resumable = self.landed.is_some() && self.mode == Mode::Insert;
        command(arguments::all().chain(is_resumable.then(|| "--resume".to_owned())))
    }
}

/// Words as a shell takes them. The URL of a database with a password in it is not shown, nor is a password in another
/// word; everything else is, as it is.
fn command(words: impl Iterator<Item = String>) -> String {
    let is_secret_url = |word: &str| {
        let url = StoreUrl::parse(word, None);
        url.is_ok_and(|url| matches!(url.location(), Location::Database(_))) && without_password(word) != word
    };
    let (mut has_url, mut has_other) = (false, false);
    let mut shown = Vec::new();
    for word in words {
        if is_secret_url(&word) {
            has_url = true;
            shown.push("URL".to_owned());
            continue;
        }
        let open = without_passwords(&word);
        has_other |= open != word;
        shown.push(quoted(&open).into_owned());
    }
    let shown = shown.join(" ");
    match (has_url, has_other) {
        (false, false) => shown,
        (true, false) => format!("{shown} (with the same URL)"),
        (false, true) => format!("{shown} (with what *** hides)"),
        (true, true) => format!("{shown} (with the same URL, and what *** hides)"),
    }
}

/// `1 Item is`, `2 Items are`.
fn are(items: u64) -> String {
    format!("{} {}", crate::console::report::count(items, "Item"), if items == 1 { "is" } else { "are" })
}

/// How long a reader of standard error may take: an interrupt ends the program all the same.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a command ends that runs until an interrupt.
static SERVICE: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

/// From here on the first interrupt calls `end`, and the command ends by itself; the second one ends the program.
pub(crate) fn end_by(end: impl FnOnce() + Send + 'static) {
    *SERVICE.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(end));
}

/// What the handler of an interrupt does.
pub(crate) fn interrupted() {
    let service = SERVICE.lock().unwrap_or_else(PoisonError::into_inner).take();
    match service {
        Some(end) => end(),
        None => end(),
    }
}

/// Ends the program.
fn end() -> ! {
    let copy = COPY.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(copy) = copy {
        let (holds, advice) = copy.said();
        let (done, is_done) = channel();
        let say = move || {
            if copy.json_log {
                say::event(json!({"event": "interrupted", "message": holds, "help": advice}));
            } else {
                let mut text = Text::default();
                if stderr().is_terminal() {
                    // The bar has no end of line.
                    text.line("");
                }
                text.line(holds);
                if let Some(advice) = advice {
                    text.line(format!("  help: {advice}"));
                }
                text.log();
            }
            let _ = done.send(());
        };
        if Builder::new().spawn(say).is_ok() {
            let _ = is_done.recv_timeout(PATIENCE);
        }
    }
    abandon_and_exit(INTERRUPTED)
}

#[cfg(test)]
mod tests {
    use stacyard_store::quoted;

    use super::command;

    #[test]
    fn a_command_can_be_pasted_and_shows_no_password() {
        let of = |words: &[&str]| command(words.iter().map(|word| (*word).to_owned()));
        let filter = "title = \"a:b@c\" AND url = \"https://me@h/\"";
        assert_eq!(
            of(&["stacyard", "copy", "a.ndjson", "postgis://me@h/db", "--filter", filter]),
            format!("stacyard copy a.ndjson postgis://me@h/db --filter {}", quoted(filter))
        );
        assert_eq!(
            of(&["stacyard", "copy", "a.ndjson", "postgis://me:secret@h/db", "--resume"]),
            "stacyard copy a.ndjson URL --resume (with the same URL)"
        );
        assert_eq!(
            of(&["stacyard", "copy", "a", "b", "--filter", "u = 'https://me:secret@h/'"]),
            format!("stacyard copy a b --filter {} (with what *** hides)", quoted("u = 'https://me:***@h/'"))
        );
    }
}
