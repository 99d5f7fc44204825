//! What is shown while work goes on: a bar on a terminal, a line now and then elsewhere, JSON for machines.

use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use serde_json::json;
use stacyard::CrawlCounts;
use stacyard_model::shown;
use stacyard_store::{Error, Landed, Mode, Note, Observer, Progress, Reject, StoreUrl};

use crate::console::interrupt::{self, Unfinished};
use crate::console::report::{self, Rejects};
use crate::console::say;
use crate::flags::Global;

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// Shows progress, and passes rejects on to those who show them.
pub(crate) struct Console {
    style: Style,
    rejects: Rejects,
    source: String,
    size: Option<u64>,
    started: Instant,
    last: Instant,
    json_log: bool,
    /// The copy that it is of.
    unfinished: Option<Unfinished>,
    /// What has been read of a static catalog.
    counts: Arc<CrawlCounts>,
}

enum Style {
    Quiet,
    Bar(ProgressBar),
    Lines,
    Json,
}

impl Console {
    pub(crate) fn new(global: &Global, rejects: Rejects) -> Self {
        let style = if global.json_log {
            Style::Json
        } else if global.quiet {
            Style::Quiet
        } else if stderr().is_terminal() {
            Style::Bar(ProgressBar::hidden())
        } else {
            Style::Lines
        };
        let now = Instant::now();
        Self {
            style,
            rejects,
            source: String::new(),
            size: None,
            started: now,
            last: now,
            json_log: global.json_log,
            unfinished: None,
            counts: Arc::default(),
        }
    }

    /// A static catalog may be read: what has been read of it is said too.
    pub(crate) fn crawls(&mut self, counts: Arc<CrawlCounts>) {
        self.counts = counts;
    }

    /// A copy is to be made: whatever ends it before its time says what is in and how to go on.
    pub(crate) fn copies(&mut self, target: &StoreUrl, mode: Mode) {
        self.unfinished = Unfinished::new(target, mode, self.json_log);
    }

    /// Adds what is in to an error of the copy.
    pub(crate) fn failed(&self, error: Error) -> Error {
        match &self.unfinished {
            Some(unfinished) => unfinished.failed(error),
            None => error,
        }
    }

    /// Ends the show, and says where to find what was not shown.
    pub(crate) fn finish(self) {
        self.clear();
        self.rejects.remark();
    }

    /// Says something beside the bar.
    fn aside(&self, say: impl FnOnce()) {
        match &self.style {
            Style::Bar(bar) => bar.suspend(say),
            _ => say(),
        }
    }

    fn clear(&self) {
        if let Style::Bar(bar) = &self.style {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Observer for Console {
    fn begin(&mut self, source: &str, size: Option<u64>) {
        source.clone_into(&mut self.source);
        self.size = size;
        self.started = Instant::now();
        if let Style::Bar(bar) = &mut self.style {
            bar.finish_and_clear();
            *bar = ProgressBar::new(size.unwrap_or(0));
            let template = if size.is_some() {
                "{prefix} {wide_bar} {percent:>3}% {binary_bytes_per_sec} {msg} eta {eta}"
            } else {
                "{prefix} {spinner} {binary_bytes} {binary_bytes_per_sec} {msg}"
            };
            let style =
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style);
            bar.set_prefix(shown(source).into_owned());
        }
    }

    fn advance(&mut self, progress: Progress) {
        let read = HumanCount(progress.read);
        let pages = match self.counts.pages() {
            0 => String::new(),
            pages => format!(
                " of {} in {} Catalogs and Collections",
                HumanCount(self.counts.links()),
                HumanCount(pages)
            ),
        };
        let rejected = match progress.rejected {
            0 => String::new(),
            count => format!(", {} rejected", HumanCount(count)),
        };
        if let Style::Bar(bar) = &self.style {
            bar.set_position(progress.position);
            bar.set_message(format!("{read} Items{pages}{rejected}"));
            return;
        }
        if self.last.elapsed() < EVERY {
            return;
        }
        self.last = Instant::now();
        match &self.style {
            Style::Quiet | Style::Bar(_) => {}
            Style::Lines => {
                let of = self.size.map(|size| format!(" of {}", HumanBytes(size))).unwrap_or_default();
                let position = match progress.position {
                    0 => String::new(),
                    position => format!(", {}{of}", HumanBytes(position)),
                };
                say::line(format_args!("{}: {read} Items{pages}{position}{rejected}", self.source));
            }
            Style::Json => {
                say::event(json!({
                    "event": "progress", "source": self.source, "read": progress.read,
                    "rejected": progress.rejected, "position": progress.position, "size": self.size,
                    "seconds": self.started.elapsed().as_secs_f64(),
                }));
            }
        }
    }

    fn reject(&mut self, reject: &Reject<'_>) -> Result<(), Error> {
        match &self.style {
            Style::Bar(bar) => bar.suspend(|| self.rejects.show(reject)),
            _ => self.rejects.show(reject),
        }
    }

    fn waits(&mut self, path: &Path) {
        let json_log = self.json_log;
        self.aside(|| report::waits(path, json_log));
    }

    fn note(&mut self, note: &Note) {
        let json_log = self.json_log;
        self.aside(|| report::note(note, json_log));
    }

    fn writes(&mut self, landed: Option<Arc<dyn Landed>>) {
        if let Some(unfinished) = &mut self.unfinished {
            unfinished.landed = landed;
            unfinished.begin();
        }
    }

    fn committed(&mut self) {
        interrupt::committed();
    }
}
