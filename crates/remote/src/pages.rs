//! All pages of an answer, fetched before they are needed, as a source of Items.

use stacyard_http::Request;
use stacyard_store::{Batch, Error, Note, Place, Record, Remedy, Source, Work};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::page::Page;
use crate::walk::{Asker, Walk};

/// All pages that follow a request.
pub(crate) struct Pages {
    name: String,
    runtime: &'static Runtime,
    fetched: Receiver<Result<Page, Error>>,
    count: u64,
    read: u64,
    bytes: u64,
    matched: Option<u64>,
    mended: u64,
    is_done: bool,
}

impl Pages {
    /// Begins to fetch them. `member` is where their records are, `ahead` how many pages are fetched before they are needed.
    pub(crate) fn of(
        (name, runtime): (&str, &'static Runtime),
        asker: Asker,
        (first, member): (Request, &'static str),
        ahead: usize,
    ) -> Self {
        let (sender, fetched) = channel(ahead.max(1));
        let walk = Walk::new(asker, first, member);
        runtime.spawn(async move {
            if let Err(error) = fetch(walk, &sender).await {
                // Nobody may be there any more to hear it.
                let _ = sender.send(Err(error)).await;
            }
        });
        Self {
            name: name.to_owned(),
            runtime,
            fetched,
            count: 0,
            read: 0,
            bytes: 0,
            matched: None,
            mended: 0,
            is_done: false,
        }
    }

    /// How many pages have been read.
    pub(crate) const fn pages(&self) -> u64 {
        self.count
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
                self.count += 1;
                self.read += page.records.len() as u64;
                self.bytes += page.text.len() as u64;
                self.matched = self.matched.or(page.matched);
                self.mended += page.mended;
            }
            None => self.is_done = true,
        }
        Ok(page)
    }
}

async fn fetch(mut walk: Walk, sender: &Sender<Result<Page, Error>>) -> Result<(), Error> {
    while let Some((page, ())) = walk.next((), |(), _| ()).await? {
        if sender.send(Ok(page)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
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
        matched.map(note).into_iter().chain(mended(&self.name, self.mended)).collect()
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        let Some(page) = self.page()? else { return Ok(None) };
        let number = self.count;
        Ok(Some(Box::new(move || batch(page, number))))
    }
}

/// What is said of Items that have got the `datetime` which the API has left out.
pub(crate) fn mended(api: &str, items: u64) -> Option<Note> {
    (items > 0).then(|| Note {
        message: format!(
            "{api} has left out the `datetime` of {items} Items with a begin and an end: it is null there, as STAC wants, and was written"
        ),
        help: Remedy::from("it may leave out other members that are null: servers over pgstac do"),
    })
}

/// A page as a batch of records, which are counted by page.
pub(crate) fn batch(page: Page, number: u64) -> Result<Batch, Error> {
    let origin = Some(origin(&page.from, number).into());
    let narrow = |at: usize| u32::try_from(at).map_err(|_| Error::failed("a page of more than 4 GiB"));
    let mut records = Vec::with_capacity(page.records.len());
    for (row, range) in (1..).zip(&page.records) {
        let (start, end) = (narrow(range.start)?, narrow(range.end)?);
        records.push(Record { start, end, place: Place::Row(row), fault: None, has_passed: false });
    }
    Ok(Batch { text: page.text, records, file_offset: None, origin })
}

/// How a page is named: its URL is shown without what tells it from the others.
pub(crate) fn origin(from: &str, number: u64) -> String {
    format!("{from} (page {number})")
}
