//! Deletions: the Items of a store that answer a search go.

use stacyard_model::json::{Tape, Value};
use stacyard_search::{Query, Search};
use stacyard_store::{
    ETag, Error, ErrorKind, ItemKey, Location, Mode, Remedy, Run, Store, StoreUrl, Wants, When,
};

use crate::copy::Copying;
use crate::dataset::DatasetTarget;
use crate::open::Open;
use crate::target::Layout;

/// How many Items of a database go in one transaction.
pub(crate) const AT_ONCE: usize = 1000;

/// What a deletion is to do.
pub struct Deleting {
    /// How the store is opened.
    pub open: Open,
    /// Which Items go: all that answer. It has conditions, and neither an order nor a number of Items.
    pub query: Query,
    /// How a file is laid out that is written anew.
    pub layout: Layout,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// How many Items went.
    pub gone: u64,
    /// How many answered, and were changed by others or gone before their turn: they were left as they are.
    pub changed: u64,
    /// How many records of a file were set aside, as they are not valid.
    pub rejected: u64,
}

/// Takes the Items away that answer. A file is written anew without them, as a whole; of a database they go in transactions of 1,000, of a dataset as one version, each Item only if
/// it still is as it was when it answered.
///
/// # Errors
/// A query without a condition; a store that cannot be changed; records of a file that are not valid, and would be gone for good, unless `run` has rejects.
pub fn delete(store: &StoreUrl, deleting: Deleting, run: Run<'_>) -> Result<Deleted, Error> {
    deleting.check(store)?;
    let Deleting { open, query, layout } = deleting;
    if store.kind().is_file() && !store.is_folder() {
        let copying = Copying {
            open,
            mode: Some(Mode::Replace),
            may_end_empty: true,
            query: Some(query),
            wants: Wants::Others,
            layout,
            ..Copying::default()
        };
        let report = copying.run(store, store, run)?;
        return Ok(Deleted { gone: report.filtered, changed: 0, rejected: report.rejected });
    }
    if store.is_folder() {
        // What cannot be written says why.
        DatasetTarget::begin(store, &open)?;
    }
    // Each transaction is a version of a dataset.
    let at_once = if store.is_folder() { usize::MAX } else { AT_ONCE };
    from_opened(&open.url(store)?, &query, at_once, run)
}

impl Deleting {
    /// Whether it can be made.
    ///
    /// # Errors
    /// Standard input; a query without a condition, or one for a number of Items, or parts of them.
    pub fn check(&self, store: &StoreUrl) -> Result<(), Error> {
        if *store.location() == Location::Stdio {
            return Err(Error::usage("standard input cannot be changed", "name a file or a database"));
        }
        let search = self.query.search();
        let no_condition = Search {
            sortby: search.sortby.clone(),
            fields: search.fields.clone(),
            limit: search.limit,
            max_items: search.max_items,
            ..Search::default()
        };
        if *search == no_condition {
            let remedy = Remedy::from("say so with ")
                .option("ids")
                .text(", ")
                .option("collections")
                .text(", ")
                .option("filter")
                .text(" or another condition")
                .also(Remedy::from("all Items answer ").option(("filter", "TRUE")));
            return Err(Error::usage("nothing says which Items are to go", remedy));
        }
        if no_condition != Search::default() {
            return Err(Error::usage(
                "all Items that answer go: an order, parts of Items or a number of them have no meaning here",
                "leave them out, and name the Items by a condition",
            ));
        }
        Ok(())
    }
}

fn from_opened(store: &Store, query: &Query, at_once: usize, mut run: Run<'_>) -> Result<Deleted, Error> {
    let edit = store.edit()?;
    let (mut found, _) = store.find(query, run.part())?;
    let mut deleted = Deleted { gone: 0, changed: 0, rejected: 0 };
    let (mut tape, mut some) = (Tape::new(), Vec::new());
    loop {
        let entry = found.entry()?;
        let is_over = entry.is_none();
        if let Some(entry) = entry {
            let item = tape.parse(&entry.text).map_err(|cause| {
                Error::new(ErrorKind::Damaged, "the store has given an Item that is not JSON")
                    .caused_by(cause)
            })?;
            some.push((name(item), When::Matches(ETag::of(&entry.text))));
        }
        if some.len() == at_once || is_over && !some.is_empty() {
            run.stop.check()?;
            let gone = edit.delete_items(&some)?;
            deleted.gone += gone;
            deleted.changed += some.len() as u64 - gone;
            some.clear();
        }
        if is_over {
            return Ok(deleted);
        }
    }
}

fn name(item: Value<'_>) -> ItemKey {
    let text = |member| item.get(member).and_then(Value::as_str).map(std::borrow::Cow::into_owned);
    ItemKey { collection: text("collection"), id: text("id").unwrap_or_default() }
}
