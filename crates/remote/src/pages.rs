//! All pages of an answer, fetched before they are needed, as a source of Items.

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use stacyard_search::Stop;
use stacyard_store::{Batch, Error, ErrorKind, Note, Place, Record, Remedy, Source, Work};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;

use crate::page::Page;
use stacyard_http::{Http, Request, shown};

/// So many pages without a record, one after another, are no answer any more.
const EMPTY: usize = 1_000;

/// All pages that follow a request.
pub(crate) struct Pages {
    name: String,
    runtime: &'static Runtime,
    fetched: Receiver<Result<Page, Error>>,
    read: u64,
    bytes: u64,
    matched: Option<u64>,
    is_done: bool,
}

impl Pages {
    /// Begins to fetch them. `member` is where their records are, `ahead` how many pages are fetched before they are needed.
    pub(crate) fn of(
        (name, http, runtime): (&str, &Http, &'static Runtime),
        first: Request,
        member: &'static str,
        ahead: usize,
        stop: &Stop,
    ) -> Self {
        let (sender, fetched) = channel(ahead.max(1));
        let (http, stop) = (http.clone(), stop.clone());
        runtime.spawn(async move {
            if let Err(error) = fetch(&http, first, member, &stop, &sender).await {
                // Nobody may be there any more to hear it.
                let _ = sender.send(Err(error)).await;
            }
        });
        Self { name: name.to_owned(), runtime, fetched, read: 0, bytes: 0, matched: None, is_done: false }
    }

    /// The name of what is read.
    pub(crate) fn shown(&self) -> &str {
        &self.name
    }

    /// The next page.
    pub(crate) fn page(&mut self) -> Result<Option<Page>, Error> {
        let page = stacyard_runtime::wait(self.runtime, self.fetched.recv()).transpose()?;
        match &page {
            Some(page) => {
                self.read += page.records.len() as u64;
                self.bytes += page.text.len() as u64;
                self.matched = self.matched.or(page.matched);
            }
            None => self.is_done = true,
        }
        Ok(page)
    }
}

async fn fetch(
    http: &Http,
    first: Request,
    member: &'static str,
    stop: &Stop,
    sender: &Sender<Result<Page, Error>>,
) -> Result<(), Error> {
    let (mut asked, mut seen, mut empty) = (first, HashSet::new(), 0);
    loop {
        let body = asked.body.as_ref().map(ToString::to_string).unwrap_or_default();
        let mark: [u8; 32] = Sha256::digest(format!("{} {body}", asked.url)).into();
        if !seen.insert(mark) {
            let error = Error::new(
                ErrorKind::Damaged,
                &format!("the pages of {} go round in a circle", shown(&asked.url)),
            );
            return Err(error.remedy("the API is at fault: what came before is not all of the answer"));
        }
        let answer = http.ask(&asked, stop).await?;
        // To look through a large page takes a while, which would keep other connections waiting.
        let looked = spawn_blocking(move || {
            let page = Page::of(answer, &asked, member);
            page.map(|page| (page, asked))
        });
        let looked = looked.await.map_err(|cause| Error::failed("a page was not read").caused_by(cause))?;
        let (mut page, before) = looked?;
        empty = if page.records.is_empty() { empty + 1 } else { 0 };
        if empty > EMPTY {
            return Err(Error::new(
                ErrorKind::Damaged,
                &format!("{} gives one page without Items after another", shown(&before.url)),
            ));
        }
        let next = page.next.take();
        if sender.send(Ok(page)).await.is_err() {
            return Ok(());
        }
        let Some(next) = next else { return Ok(()) };
        asked = next;
    }
}

impl Source for Pages {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        self.bytes
    }

    fn notes(&self) -> Vec<Note> {
        let matched = self.matched.filter(|matched| self.is_done && *matched != self.read);
        let note = |matched| Note {
            message: format!("{} says that {matched} Items answer, and has given {}", self.name, self.read),
            help: Remedy::from(
                "Items may have come or gone meanwhile; else the API gives some twice or leaves some out",
            ),
        };
        matched.map(note).into_iter().collect()
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        let first = self.read;
        let Some(page) = self.page()? else { return Ok(None) };
        Ok(Some(Box::new(move || batch(page, first))))
    }
}

/// A page as a batch of records, which are counted from `first`.
pub(crate) fn batch(page: Page, first: u64) -> Result<Batch, Error> {
    let narrow = |at: usize| u32::try_from(at).map_err(|_| Error::failed("a page of more than 4 GiB"));
    let mut records = Vec::with_capacity(page.records.len());
    for (number, range) in (first + 1..).zip(&page.records) {
        let (start, end) = (narrow(range.start)?, narrow(range.end)?);
        records.push(Record { start, end, place: Place::Row(number), fault: None, has_passed: false });
    }
    Ok(Batch { text: page.text, records, ..Batch::default() })
}
