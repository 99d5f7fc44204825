//! From page to page of an answer.

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use stacyard_http::{Http, Request, shown};
use stacyard_model::json::Value;
use stacyard_search::Stop;
use stacyard_store::{Error, ErrorKind};
use tokio::task::spawn_blocking;

use crate::page::Page;

/// So many pages without a record, one after another, are no answer any more.
const EMPTY: usize = 1_000;

/// Who asks, and until when.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) http: Http,
    pub(crate) stop: Stop,
    /// Whether Items get the `datetime` of null that the API has left out.
    pub(crate) mends: bool,
}

/// A walk over the pages that follow a request.
pub(crate) struct Walk {
    asker: Asker,
    /// Where on a page its records are.
    member: &'static str,
    /// What is asked for next; `None`: there is no more.
    asked: Option<Request>,
    /// Marks of what has been asked for.
    seen: HashSet<[u8; 32]>,
    /// How many of the last pages had no record.
    empty: usize,
}

impl Walk {
    /// Begins with a request.
    pub(crate) fn new(asker: Asker, first: Request, member: &'static str) -> Self {
        Self { asker, member, asked: Some(first), seen: HashSet::new(), empty: 0 }
    }

    /// The next page, `None` after the last, with what `each` has added of its records to `with`.
    pub(crate) async fn next<With: Send + 'static>(
        &mut self,
        mut with: With,
        each: fn(&mut With, Value<'_>),
    ) -> Result<Option<(Page, With)>, Error> {
        let Some(asked) = self.asked.clone() else { return Ok(None) };
        let body = asked.body.as_ref().map(ToString::to_string).unwrap_or_default();
        let mark: [u8; 32] = Sha256::digest(format!("{} {body}", asked.url)).into();
        if !self.seen.insert(mark) {
            let error = Error::new(
                ErrorKind::Damaged,
                &format!("the pages of {} go round in a circle", shown(&asked.url)),
            );
            return Err(error.remedy("the API is at fault: what came before is not all of the answer"));
        }
        let Asker { http, stop, mends } = &self.asker;
        let answer = http.ask(&asked, stop).await?;
        let (member, from, mends) = (self.member, shown(&asked.url), *mends);
        // To look through a large page takes a while, which would keep other connections waiting.
        let looked = spawn_blocking(move || {
            let page = Page::of(answer, &asked, (member, mends), |record| each(&mut with, record));
            page.map(|page| (page, with))
        });
        let looked = looked.await.map_err(|cause| Error::failed("a page was not read").caused_by(cause))?;
        let (page, with) = looked?;
        self.empty = if page.records.is_empty() { self.empty + 1 } else { 0 };
        if self.empty > EMPTY {
            return Err(Error::new(
                ErrorKind::Damaged,
                &format!("{from} gives one page without Items after another"),
            ));
        }
        self.asked.clone_from(&page.next);
        Ok(Some((page, with)))
    }
}
