//! The Items of a harvest as a source: those that a run which was broken off has kept, and those that come.

use std::collections::VecDeque;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use stacyard_http::Request;
use stacyard_model::Interval;
use stacyard_search::Compiled;
use stacyard_store::{Error, ErrorKind, Fetched, Marker, Note, Repeats, Source, Work};
use tokio::sync::mpsc::Receiver;

use crate::api::Api;
use crate::harvest::fetch::{Came, Job, Said, fetch};
use crate::harvest::journal::Journal;
use crate::harvest::lines::Lines;
use crate::harvest::log::{Entry, Next, Past, Plan, Segment, Window};
use crate::harvest::split::{Ends, ends, windows};
use crate::harvest::told::Tally;
use crate::pages::origin;
use crate::pushdown::{interval, with};

/// So many pages are made safe together, where they have come at the same time.
const TOGETHER: usize = 16;

/// So many pages without a new Item, one after another, are no answer any more. Windows that touch may give many again.
const IDLE: usize = 1_000;

/// All Items that may answer a search, each once, in the order in which they come.
pub(crate) struct Harvest {
    api: Api,
    search: Arc<Compiled>,
    request: Request,
    journal: Option<Journal>,
    /// What a run that was broken off has left, until the first Item is asked for.
    past: Option<Past>,
    windows: Vec<Window>,
    said: Option<Receiver<Result<Said, Error>>>,
    /// Pages that were kept and are to be read again, and those that have come.
    kept: VecDeque<Segment>,
    came: VecDeque<Box<Came>>,
    marker: Marker,
    repeats: Repeats,
    /// How many of the last pages had no new Item.
    idle: usize,
    tally: Tally,
    bytes: u64,
    notes: Vec<Note>,
}

impl Harvest {
    /// Prepares to harvest what a request asks for; the journal is opened, and nothing is asked yet.
    ///
    /// # Errors
    /// A journal that cannot be used.
    pub(crate) fn new(api: &Api, search: &Arc<Compiled>, request: Request) -> Result<Self, Error> {
        let body = request.body.as_ref().map(ToString::to_string).unwrap_or_default();
        let mark = Sha256::digest(format!("{} {} {body}", api.shown(), request.url));
        let mark = mark.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let opened =
            api.options().journal.as_ref().map(|journal| Journal::open(journal, &mark)).transpose()?;
        let (journal, past) = opened.unzip();
        Ok(Self {
            api: api.clone(),
            search: Arc::clone(search),
            request,
            journal,
            past: Some(past.unwrap_or_default()),
            windows: Vec::new(),
            said: None,
            kept: VecDeque::new(),
            came: VecDeque::new(),
            marker: Marker::default(),
            repeats: Repeats::default(),
            idle: 0,
            tally: Tally::default(),
            bytes: 0,
            notes: Vec::new(),
        })
    }

    /// Begins to fetch what is not there yet.
    fn start(&mut self, past: Past) -> Result<(), Error> {
        let plan = match past.plan {
            Some(plan) => plan,
            None => {
                let plan = self.plan()?;
                self.journal.as_mut().map_or(Ok(()), |journal| journal.plan(&plan))?;
                plan
            }
        };
        self.tally.matched = plan.matched;
        self.tally.fetched.windows = plan.windows.len() as u64;
        self.windows = past.windows;
        self.windows.resize(plan.windows.len(), Window::default());
        let (mut jobs, mut forgotten) = (VecDeque::new(), Vec::new());
        for (window, (known, times)) in self.windows.iter_mut().zip(&plan.windows).enumerate() {
            let first = times.as_ref().map_or_else(
                || self.request.clone(),
                |times| with(&self.request, "datetime", times.as_str().into()),
            );
            let pages = known.segments.len() as u64;
            let next = match known.next.clone() {
                Some(Next::End) => {
                    self.kept.extend(known.segments.drain(..));
                    continue;
                }
                Some(next) => next.request().map(|next| (next, pages)),
                None => None,
            };
            if next.is_none() && pages > 0 {
                forgotten.push(Entry::Anew { window });
                known.segments.clear();
            }
            jobs.push_back(Job { window, first, next });
        }
        if let Some(journal) = self.journal.as_mut().filter(|_| !forgotten.is_empty()) {
            journal.keep(&forgotten)?;
        }
        let (runtime, options) = (self.api.runtime(), self.api.options());
        let asker = self.api.asker(self.search.stop());
        self.said = Some(fetch((runtime, asker), jobs, (options.connections, options.ahead), &self.marker));
        Ok(())
    }

    /// How the time is cut: not at all, unless there are many Items and the API says so.
    fn plan(&self) -> Result<Plan, Error> {
        let options = self.api.options();
        let whole = Plan { matched: None, windows: vec![None] };
        if options.connections <= 1 {
            return Ok(whole);
        }
        let Some(matched) = self.api.matched(&self.request, self.search.stop())? else { return Ok(whole) };
        if matched <= options.split {
            return Ok(Plan { matched: Some(matched), ..whole });
        }
        let text = |(start, end): Ends| Interval::new(start, end).map(interval).ok();
        let found = windows(ends(self.search.request().datetime), matched, options.split, |ends| {
            let Some(times) = text(ends) else { return Ok(None) };
            self.api.matched(&with(&self.request, "datetime", times.into()), self.search.stop())
        })?;
        // As it was asked for.
        let windows = if found.len() == 1 { vec![None] } else { found.into_iter().map(text).collect() };
        Ok(Plan { matched: Some(matched), windows })
    }

    /// Waits for pages, and keeps them; says whether there are any more.
    fn receive(&mut self) -> Result<bool, Error> {
        let Some(said) = &mut self.said else { return Ok(false) };
        let Some(first) = stacyard_runtime::wait(self.api.runtime(), said.recv()) else { return Ok(false) };
        let (mut all, mut failed) = (Vec::new(), None);
        let mut next = Some(first);
        while let Some(one) = next {
            match one {
                Ok(one) => all.push(one),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
            next = if all.len() < TOGETHER { said.try_recv().ok() } else { None };
        }
        self.keep(all)?;
        failed.map_or(Ok(true), Err)
    }

    /// Takes what has come, and keeps it where there is a journal.
    fn keep(&mut self, all: Vec<Said>) -> Result<(), Error> {
        let mut entries = Vec::new();
        let secrets = self.api.secrets();
        for one in all {
            match one {
                Said::Came(came) => {
                    let Some(window) = self.windows.get_mut(came.window) else { continue };
                    // That the next page has come shows that those before are not void.
                    self.kept.extend(window.segments.drain(..));
                    let next = Next::of(came.next.as_ref(), &secrets);
                    window.next = Some(next.clone());
                    self.tally.fetched.pages += 1;
                    self.tally.mended += came.mended;
                    if let Some(journal) = &mut self.journal {
                        let (start, end) = journal.write(&came.lines.text)?;
                        let Came { window, number, matched, .. } = *came;
                        let from = came.from.clone();
                        let segment = Segment { start, end, number, from, matched };
                        entries.push(Entry::Page { window, segment, next });
                    }
                    self.came.push_back(came);
                }
                Said::Anew(window) => {
                    self.tally.anew += 1;
                    if let Some(known) = self.windows.get_mut(window) {
                        *known = Window::default();
                    }
                    entries.push(Entry::Anew { window });
                }
            }
        }
        match &mut self.journal {
            Some(journal) if !entries.is_empty() => journal.keep(&entries),
            _ => Ok(()),
        }
    }

    /// Gives the Items of a page on.
    fn give(
        &mut self,
        lines: Lines,
        (from, number, matched): (&str, u64, Option<u64>),
        is_kept: bool,
    ) -> Result<Work, Error> {
        self.bytes += lines.text.len() as u64;
        if self.tally.fetched.windows == 1 {
            self.tally.matched = self.tally.matched.or(matched);
        }
        let (batch, came) = lines.batch(origin(from, number), &mut self.repeats)?;
        let Fetched { items, skipped, resumed, .. } = &mut self.tally.fetched;
        *items += came.items;
        *skipped += came.same;
        *resumed += if is_kept { came.items } else { 0 };
        self.tally.changed += came.changed;
        self.idle = if came.items > came.same { 0 } else { self.idle + 1 };
        if self.idle > IDLE {
            let message = format!("{from} gives one page without a new Item after another");
            return Err(Error::new(ErrorKind::Damaged, &message)
                .remedy("the API is at fault: what came before may not be all of the answer"));
        }
        Ok(Box::new(move || Ok(batch)))
    }

    /// What is to be known of the whole.
    fn conclude(&mut self) -> Result<(), Error> {
        if self.windows.iter().any(|window| window.next != Some(Next::End)) {
            return Err(Error::new(ErrorKind::Failed, "a harvest has ended before it was done"));
        }
        self.said = None;
        self.notes.extend(self.tally.notes(self.api.shown()));
        self.notes.extend(self.api.named(&self.search, self.tally.fetched.items)?);
        Ok(())
    }
}

impl Source for Harvest {
    fn name(&self) -> &str {
        self.api.shown()
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        self.bytes
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }

    fn fetched(&self) -> Option<Fetched> {
        Some(self.tally.fetched)
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        if let Some(past) = self.past.take() {
            self.start(past)?;
        }
        loop {
            if let (Some(segment), Some(journal)) = (self.kept.pop_front(), &self.journal) {
                let lines = Lines::again(&self.marker, journal.read(&segment)?)?;
                let Segment { number, from, matched, .. } = segment;
                return self.give(lines, (&from, number, matched), true).map(Some);
            }
            if let Some(came) = self.came.pop_front() {
                let Came { lines, from, number, matched, .. } = *came;
                return self.give(lines, (&from, number, matched), false).map(Some);
            }
            if self.said.is_none() {
                return Ok(None);
            }
            if !self.receive()? {
                self.conclude()?;
            }
        }
    }
}
