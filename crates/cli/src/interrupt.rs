//! What is said of a copy that ends before its time: what is in, what is not, and how to go on.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use serde_json::json;
use stacyard_postgis::Loaded;
use stacyard_store::{Error, Mode, abandon_and_exit, quoted, without_password};

use crate::say::{self, Text};

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
    pub(crate) loaded: Option<Arc<Loaded>>,
    pub(crate) json_log: bool,
}

impl Unfinished {
    /// From here on an interrupt says what became of this copy.
    pub(crate) fn begin(&self) {
        *COPY.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clone());
    }

    /// Adds what holds to an error of the copy.
    pub(crate) fn failed(&self, error: Error) -> Error {
        let Some(items) = self.loaded.as_ref().map(|loaded| loaded.items()).filter(|items| *items > 0) else {
            return error;
        };
        if self.mode == Mode::Replace {
            return error;
        }
        let advice = error.advice().map(|advice| format!("{advice}; ")).unwrap_or_default();
        error.remedy(format!(
            "{advice}{} in and stay, and this goes on from there: {}",
            are(items),
            self.command()
        ))
    }

    /// What holds, and the command that goes on.
    fn said(&self) -> (String, String) {
        let target = &self.target;
        let Some(loaded) = &self.loaded else {
            return (
                format!("interrupted: {target} is as it was"),
                format!("begin again: {}", self.command()),
            );
        };
        let known = loaded.stop();
        let holds = match (self.mode, known) {
            (Mode::Replace, Some(0)) => format!("nothing of {target} was replaced"),
            (Mode::Replace, Some(_)) => format!("all of {target} was replaced"),
            (_, Some(0)) => format!("nothing is in {target}"),
            (_, Some(items)) => format!("{} in {target}, the rest is not", are(items)),
            (_, None) => format!("{} in {target}; the last batch may be", are(loaded.items())),
        };
        (format!("interrupted: {holds}"), format!("go on with: {}", self.command()))
    }

    /// The command line that goes on, as a shell takes it.
    fn command(&self) -> String {
        let mut words: Vec<String> = std::env::args_os()
            .map(|word| quoted(&without_password(&word.to_string_lossy())).into_owned())
            .collect();
        let is_resumable = self.loaded.is_some() && self.mode == Mode::Insert;
        if is_resumable {
            words.push("--resume".to_owned());
        }
        words.join(" ")
    }
}

/// `1 Item is`, `2 Items are`.
fn are(items: u64) -> String {
    format!("{} {}", crate::report::count(items, "Item"), if items == 1 { "is" } else { "are" })
}

/// How long a reader of standard error may take: an interrupt ends the program all the same.
const PATIENCE: Duration = Duration::from_secs(2);

/// Ends the program: what the handler of an interrupt does.
pub(crate) fn end() -> ! {
    let copy = COPY.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(copy) = copy {
        let (holds, advice) = copy.said();
        let (done, is_done) = channel();
        let say = move || {
            if copy.json_log {
                say::event(&json!({"event": "interrupted", "message": holds, "help": advice}));
            } else {
                let mut text = Text::default();
                if stderr().is_terminal() {
                    // The bar has no end of line.
                    text.line("");
                }
                text.line(holds);
                text.line(format!("  help: {advice}"));
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
