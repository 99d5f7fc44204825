//! Looking on while work is done on another thread: what it says is noted there, and told to Python by the thread that has called.

use std::mem::take;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use serde_json::{Value, json};
use stacyard::{Error, Observer, Parts, Remedy, Report};
use stacyard_model::shown;
use stacyard_store::{Note, Place, Progress, Reject, without_passwords};

use crate::error::raised;
use crate::{json, words};

/// How often progress is told at most.
const EVERY: Duration = Duration::from_millis(100);

/// How many rejects are logged one by one.
const LOGGED: usize = 20;

/// What is to be warned of: messages, and what can be done.
pub(crate) type Warned = Vec<(String, Option<String>)>;

/// What has been seen of the work.
#[derive(Default)]
struct Seen {
    source: String,
    size: Option<u64>,
    progress: Progress,
    is_new: bool,
    /// Lines for the log.
    said: Vec<String>,
    notes: Vec<Note>,
    rejects: Vec<Value>,
}

fn locked(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The side of the thread that has called.
pub(crate) struct Watch {
    seen: Arc<Mutex<Seen>>,
    callback: Option<Py<PyAny>>,
    last: Option<Instant>,
}

/// The side of the work.
pub(crate) struct Looker {
    seen: Arc<Mutex<Seen>>,
    /// How many rejects are kept.
    most: usize,
}

impl Watch {
    /// Nobody looks on.
    pub(crate) fn nobody() -> Self {
        Self::new(None)
    }

    /// `callback` is called with a dictionary of how far the work is.
    pub(crate) fn new(callback: Option<Py<PyAny>>) -> Self {
        Self { seen: Arc::default(), callback, last: None }
    }

    /// What is to be warned of beside what the work says.
    pub(crate) fn warn(&self, messages: &[String]) {
        let notes = messages.iter().map(|message| Note { message: message.clone(), help: Remedy::default() });
        locked(&self.seen).notes.extend(notes);
    }

    /// Warns of names of parts that no Item has had, once so many have been written.
    pub(crate) fn missing(&self, parts: Option<&Parts>, written: u64) {
        let missing = parts.filter(|_| written > 0).map(Parts::missing).unwrap_or_default();
        if !missing.is_empty() {
            self.warn(&[format!(
                "fields: no Item that was written has {}; check the spelling",
                missing.join(", ")
            )]);
        }
    }

    /// What the work tells; it keeps so many rejects.
    pub(crate) fn looker(&self, most: usize) -> Looker {
        Looker { seen: Arc::clone(&self.seen), most }
    }

    /// Tells what is new.
    pub(crate) fn tell(&mut self, py: Python<'_>) -> PyResult<()> {
        if self.last.is_some_and(|last| last.elapsed() < EVERY) {
            return Ok(());
        }
        self.log(py)?;
        self.call(py)
    }

    /// Tells what is left, at the end. The user's code is called only where nothing has failed: what it has raised once is not asked again.
    pub(crate) fn finish(&mut self, py: Python<'_>, is_well: bool) -> PyResult<()> {
        self.log(py)?;
        if is_well { self.call(py) } else { Ok(()) }
    }

    fn log(&self, py: Python<'_>) -> PyResult<()> {
        let said = take(&mut locked(&self.seen).said);
        if !said.is_empty() {
            let logger = py.import("logging")?.call_method1("getLogger", ("stacyard",))?;
            for line in said {
                logger.call_method1("warning", ("%s", line))?;
            }
        }
        Ok(())
    }

    fn call(&mut self, py: Python<'_>) -> PyResult<()> {
        let news = {
            let mut seen = locked(&self.seen);
            let Seen { source, size, progress, .. } = &*seen;
            let told = json!({
                "source": source, "size": size,
                "read": progress.read, "rejected": progress.rejected, "position": progress.position,
            });
            take(&mut seen.is_new).then_some(told)
        };
        self.last = Some(Instant::now());
        if let (Some(callback), Some(news)) = (&self.callback, news) {
            callback.call1(py, (json::loaded(py, &news.to_string())?,))?;
        }
        Ok(())
    }

    /// What was done, as a dictionary: the report, with `notes` (message and help) and `rejects`.
    pub(crate) fn told<'py>(&self, py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyAny>> {
        let mut seen = locked(&self.seen);
        let notes = take(&mut seen.notes).into_iter().chain(report.notes.iter().cloned());
        let notes =
            notes.map(|Note { message, help }| json!({"message": message, "help": words::remedy(&help)}));
        let mut told = serde_json::to_value(report)
            .map_err(|cause| raised(py, &Error::failed("a report cannot be told").caused_by(cause)))?;
        told["notes"] = notes.collect();
        told["reject_list"] = take(&mut seen.rejects).into();
        json::loaded(py, &told.to_string())
    }

    /// What is to be warned of, apart from a report: messages, and what can be done.
    pub(crate) fn notes(&self, report: &Report) -> Warned {
        let mut notes = take(&mut locked(&self.seen).notes);
        notes.extend(report.notes.iter().cloned());
        if report.rejected > 0 {
            let message =
                format!("{} records of the store are not valid, and so were not searched", report.rejected);
            notes.push(Note {
                message,
                help: Remedy::call("validate", &["STORE"]).text(" says what is wrong with them"),
            });
        }
        notes.into_iter().map(|Note { message, help }| (message, words::remedy(&help))).collect()
    }
}

impl Looker {
    fn say(&self, line: String) {
        locked(&self.seen).said.push(line);
    }
}

impl Observer for Looker {
    fn begin(&mut self, source: &str, size: Option<u64>) {
        let mut seen = locked(&self.seen);
        source.clone_into(&mut seen.source);
        seen.size = size;
        seen.progress = Progress::default();
        seen.is_new = true;
    }

    fn advance(&mut self, progress: Progress) {
        let mut seen = locked(&self.seen);
        seen.progress = progress;
        seen.is_new = true;
    }

    fn reject(&mut self, reject: &Reject<'_>) -> Result<(), Error> {
        let mut seen = locked(&self.seen);
        if seen.rejects.len() < LOGGED.min(self.most) && self.most < usize::MAX {
            seen.said.push(shown(&without_passwords(&reject.to_string())).into_owned());
        }
        if seen.rejects.len() < self.most {
            seen.rejects.push(told(reject));
        }
        Ok(())
    }

    fn waits(&mut self, path: &Path) {
        self.say(format!("{}: another process is writing this file; waiting for it", path.display()));
    }

    fn note(&mut self, note: &Note) {
        locked(&self.seen).notes.push(note.clone());
    }
}

/// A reject without its text: where it is, and all that is wrong with it.
fn told(reject: &Reject<'_>) -> Value {
    let (line, feature, row) = match reject.place {
        Place::Line(line) => (Some(line), None, None),
        Place::Feature(index) => (None, Some(index), None),
        Place::Row(row) => (None, None, Some(row)),
        Place::Whole | Place::Document { .. } => (None, None, None),
    };
    json!({
        "source": reject.source, "line": line, "feature": feature, "row": row,
        "kind": reject.findings.kind.map(|kind| kind.to_string()),
        "id": reject.findings.id,
        "findings": reject.findings.problems,
        "more": reject.findings.more,
    })
}
