//! The first Items in an order that the API knows: no more pages are fetched than the answer needs.
//!
//! Which Items come first is decided here. The API is believed that what it has not given yet stands not before what it has given, as long as
//! that is so of all that it gives, and only of instants and numbers: servers have orders of their own for strings, and for Items without a value.

use std::collections::BinaryHeap;
use std::sync::Arc;

use stacyard_model::json::Tape;
use stacyard_search::{Compiled, Datum, MatchError};
use stacyard_store::{Batch, Error, ErrorKind, Find, Hits, Record, Report, Sorted, Sorter};

use crate::pages::{Pages, batch};
use crate::pushdown::TIES;

/// What comes of a search for the first Items.
pub(crate) enum First {
    Found(Box<(Sorted, Report)>),
    /// The API does not keep to the order.
    Disordered,
}

/// The first Items of pages in the order of a search.
pub(crate) fn first(find: &mut Find<'_>, wanted: u64, pages: &mut Pages) -> Result<First, Error> {
    let search = Arc::clone(&find.search);
    let mut sorter = Sorter::new(find.run.memory, Some(wanted)).until(search.stop());
    let mut report = Report::default();
    let mut tape = Tape::new();
    // The keys of the first ones so far, the last on top.
    let (mut best, mut before) = (BinaryHeap::new(), None::<Vec<u8>>);
    while let Some(page) = pages.page()? {
        search.check_stop()?;
        let Batch { text, records, origin, .. } = batch(page, pages.pages())?;
        let mut refused = Batch { origin, ..Batch::default() };
        for record in records {
            report.read += 1;
            let text = &text[record.start as usize..record.end as usize];
            let item = tape
                .parse(text)
                .map_err(|cause| Error::new(ErrorKind::Damaged, "an Item cannot be read").caused_by(cause))?;
            if find.check.gate.as_ref().is_some_and(|gate| !gate.item(item).errors.is_empty()) {
                let start = refused.text.len();
                refused.text.extend_from_slice(text);
                let at = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                refused.records.push(Record { start: at(start), end: at(refused.text.len()), ..record });
                continue;
            }
            let mut key = Vec::new();
            search.sort_key(item, &mut key).map_err(|cause| unreadable(cause.into()))?;
            let is_clear = is_clear(&search, &key);
            if !is_clear || before.as_ref().is_some_and(|before| is_before(&search, &key, before)) {
                return Ok(First::Disordered);
            }
            before = Some(key.clone());
            let is_after = find.after.as_ref().is_none_or(|after| key > *after);
            if !is_after || !search.matches(item).map_err(unreadable)? {
                continue;
            }
            let mut hits = Hits::default();
            hits.try_push(&key, |out| {
                item.write_compact(out);
                Ok(())
            })?;
            sorter.push(hits)?;
            best.push(key);
            if best.len() as u64 > wanted {
                best.pop();
            }
        }
        report.rejected += refused.records.len() as u64;
        find.set_aside(pages.shown(), &refused)?;
        let is_whole = best.len() as u64 == wanted;
        if let (true, Some(last), Some(before)) = (is_whole, best.peek(), &before)
            && is_before(&search, last, before)
        {
            break;
        }
    }
    report.answered = best.len() as u64;
    report.filtered = report.read - report.rejected - report.answered;
    Ok(First::Found(Box::new((sorter.finish(pages.shown())?, report))))
}

/// Whether all servers have one order of what is sorted by.
fn is_clear(search: &Compiled, key: &[u8]) -> bool {
    let place = search.place(key);
    let keys = search.order().len() - TIES;
    place.len() >= keys
        && place.iter().take(keys).all(|value| matches!(value, Datum::Instant(_) | Datum::Number(_)))
}

/// Whether one key stands before another one by what is sorted by, whatever settles ties.
fn is_before(search: &Compiled, one: &[u8], other: &[u8]) -> bool {
    let sorted_by = |key: &[u8]| {
        let mut place = search.place(key);
        place.truncate(place.len().saturating_sub(TIES));
        place
    };
    one < other && sorted_by(one) != sorted_by(other)
}

fn unreadable(cause: MatchError) -> Error {
    match cause {
        MatchError::Stopped(stopped) => stopped.into(),
        other => Error::new(ErrorKind::Damaged, &format!("an Item cannot be read: {other}")),
    }
}
