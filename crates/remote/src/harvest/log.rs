//! What a journal says of a harvest: lines of JSON, each of which is there whole or not at all.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stacyard_http::Request;
use stacyard_store::Error;

use crate::harvest::journal::damaged;

/// The version of the lines.
pub(super) const VERSION: u32 = 1;

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    /// The first one: whose journal it is.
    Harvest { version: u32, mark: String, since: Option<String> },
    /// How the time is cut.
    Plan(Plan),
    /// A page has come.
    Page { window: usize, segment: Segment, next: Next },
    /// What has come of a window is void: it is fetched anew.
    Anew { window: usize },
}

/// How the time is cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// How many Items answer, as the API says.
    pub(super) matched: Option<u64>,
    /// The windows, as `datetime` is asked for them; a single `None`: it is not cut.
    pub(super) windows: Vec<Option<String>>,
}

/// A page among the Items of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Segment {
    /// Its first byte.
    pub(super) start: u64,
    /// The byte after its last.
    pub(super) end: u64,
    /// How many pages of the window there are with it.
    pub(super) number: u64,
    /// The URL of the page, as it is shown.
    pub(super) from: String,
    /// How many Items the API says that the window has.
    pub(super) matched: Option<u64>,
}

/// What comes after a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Next {
    /// Nothing.
    End,
    /// Another page.
    Page { url: String, body: Option<Value> },
    /// Another page, that cannot be asked for without what may be a secret.
    Untold,
}

impl Next {
    /// What is kept of a link: nothing that looks as if it were a secret. These are words of the URL of the API that are not shown.
    pub(super) fn of(link: Option<&Request>, secrets: &[String]) -> Self {
        let Some(Request { url, body, headers }) = link else { return Self::End };
        let text = format!("{url} {}", body.as_ref().map(ToString::to_string).unwrap_or_default());
        let has_secret = !headers.is_empty()
            || !url.username().is_empty()
            || url.password().is_some()
            || secrets.iter().any(|secret| {
                text.contains(secret.as_str())
                    || url.query_pairs().any(|(_, value)| value.contains(secret.as_str()))
            });
        if has_secret { Self::Untold } else { Self::Page { url: url.to_string(), body: body.clone() } }
    }

    /// The request, where it is known.
    pub(super) fn request(self) -> Option<Request> {
        let Self::Page { url, body } = self else { return None };
        Some(Request { url: url.parse().ok()?, body, headers: Vec::new() })
    }
}

/// What is known of a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// The pages that have come.
    pub(super) segments: Vec<Segment>,
    /// What comes next; `None`: its first page.
    pub(super) next: Option<Next>,
}

/// What a journal says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) mark: Option<String>,
    /// What whoever harvests has kept with it.
    pub(super) since: Option<String>,
    pub(super) plan: Option<Plan>,
    pub(super) windows: Vec<Window>,
    /// How many bytes of Items it speaks of.
    pub(super) items: u64,
    /// How many bytes of it are whole lines.
    pub(super) whole: u64,
}

impl Past {
    /// Reads a log. What follows the last whole line is of a run that was broken off in the midst of it.
    ///
    /// # Errors
    /// What is none, or of another version.
    pub(super) fn read(log: &[u8]) -> Result<Self, Error> {
        let mut past = Self::default();
        for (number, line) in (1..).zip(log.split_inclusive(|byte| *byte == b'\n')) {
            if line.last() != Some(&b'\n') {
                break;
            }
            let wrong = || damaged(&format!("line {number} of its log"));
            let entry = serde_json::from_slice(line).map_err(|cause| wrong().caused_by(cause))?;
            past.add(entry).ok_or_else(wrong)?;
            past.whole += line.len() as u64;
        }
        Ok(past)
    }

    /// Adds a line; `None`: it does not fit to those before.
    fn add(&mut self, entry: Entry) -> Option<()> {
        match entry {
            Entry::Harvest { version, mark, since } => {
                self.since = since;
                self.mark = Some(mark).filter(|_| version == VERSION && self.mark.is_none());
                self.mark.as_ref()?;
            }
            Entry::Plan(plan) => {
                self.windows = plan.windows.iter().map(|_| Window::default()).collect();
                self.plan = Some(plan);
            }
            Entry::Page { window, segment, next } => {
                let window = self.windows.get_mut(window)?;
                (segment.start == self.items && segment.end >= segment.start).then_some(())?;
                self.items = segment.end;
                window.segments.push(segment);
                window.next = Some(next);
            }
            Entry::Anew { window } => *self.windows.get_mut(window)? = Window::default(),
        }
        Some(())
    }
}
