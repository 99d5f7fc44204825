//! The part of a copy that is a harvest of a STAC API: where it is kept, and from when on an update asks.

use std::path::{Path, PathBuf};

use stacyard_remote::{JournalOptions, forget_journal, journal_since};
use stacyard_search::Search;
use stacyard_store::{Error, Mode, Note, Remedy, Report, Run, Store, StoreKind, StoreUrl};

use crate::copy::Copying;
use crate::update::Since;

impl Copying {
    /// Fails where an update is asked for that cannot be made.
    fn refuse_update(&self, from: &StoreUrl, to: &StoreUrl) -> Result<(), Error> {
        if !self.update {
            return Ok(());
        }
        if from.kind() != StoreKind::Api {
            let remedy = Remedy::from("say since when with ").option(("updated-since", "INSTANT"));
            return Err(no_update("is of what comes from a STAC API", remedy));
        }
        if self.query.as_ref().is_some_and(|query| is_sorted(query.search())) {
            return Err(no_update(
                "has all that has changed, in no order",
                "leave the order and the number of Items out",
            ));
        }
        if !matches!(self.mode, None | Some(Mode::Upsert)) {
            let remedy = Remedy::from("leave ").option("mode").text(" out");
            return Err(no_update("puts Items in the place of those that are there", remedy));
        }
        if to.kind().is_database() && self.journal.is_none() {
            let remedy = Remedy::from("name a folder with ").option(("journal", "FOLDER"));
            return Err(no_update(
                "of a database that is broken off leaves later Items in it than some that have not come, and needs a journal to go on",
                remedy,
            ));
        }
        Ok(())
    }

    /// The mode. Items that a run which was broken off has put into a database are no duplicates.
    pub(crate) fn loaded_before(&self, to: &StoreUrl, journal: Option<&Path>) -> Result<Mode, Error> {
        let mode = self.mode.unwrap_or_default();
        let goes_on = || journal.map_or(Ok(None), journal_since).map(|known| known.is_some());
        Ok(if mode == Mode::Insert && to.kind().is_database() && goes_on()? { Mode::Resume } else { mode })
    }

    /// Narrows the query of an update, and sees to it that what comes is kept; gives what is to be said of that.
    pub(crate) fn prepare(
        &mut self,
        stores: (&StoreUrl, &StoreUrl),
        old: Option<&Store>,
        journal: Option<&Path>,
        run: &mut Run<'_>,
    ) -> Result<Vec<Note>, Error> {
        let since = if self.update { self.since(stores, old, journal, run)? } else { None };
        if let Some(since) = &since {
            self.query = Some(since.narrow(&self.query.take().unwrap_or_default())?);
        }
        let kept = since.as_ref().map(ToString::to_string);
        self.open.api.journal =
            journal.map(|folder| JournalOptions { folder: folder.to_owned(), since: kept });
        Ok(since.iter().map(Since::note).collect())
    }

    /// From when on is asked for what has changed; `None`: there is no target yet.
    fn since(
        &self,
        (from, to): (&StoreUrl, &StoreUrl),
        old: Option<&Store>,
        journal: Option<&Path>,
        run: &mut Run<'_>,
    ) -> Result<Option<Since>, Error> {
        // What a run that was broken off has written already must not be taken for all that there was until then.
        if let Some(known) = journal.map(journal_since).transpose()?.flatten() {
            return Ok(known.map(|since| since.parse()).transpose()?);
        }
        let target = match old {
            Some(old) => old.clone(),
            None if to.kind().is_database() => Self::opened(&self.open, to, run)?,
            None => return Ok(None),
        };
        let query = self.query.clone().unwrap_or_default();
        Since::of(&target, &query, self.open.api(from)?.takes_filters(), run).map(Some)
    }

    /// Where a harvest of the source is kept.
    pub(crate) fn journal(&self, from: &StoreUrl, to: &StoreUrl) -> Result<Option<PathBuf>, Error> {
        self.refuse_update(from, to)?;
        let is_sorted = self.query.as_ref().is_some_and(|query| is_sorted(query.search()));
        let why = match from.kind() {
            StoreKind::Api if !is_sorted => {
                // Beside a pipe or a device there is no place.
                let beside = to.path().filter(|path| !path.exists() || path.is_file() || path.is_dir());
                let beside = beside.map(|path| {
                    // Without a slash at its end: beside a folder, not in it.
                    let mut beside = path.components().as_path().as_os_str().to_owned();
                    beside.push(".harvest");
                    beside.into()
                });
                return Ok(self.journal.clone().or(beside));
            }
            StoreKind::Api => {
                "a search with an order of its own, or for some Items only, is not kept in a journal"
            }
            _ => "only what comes from a STAC API is kept in a journal",
        };
        match self.journal {
            None => Ok(None),
            Some(_) => Err(Error::usage(why, Remedy::from("leave ").option("journal").text(" out"))),
        }
    }
}

/// Whether a search has an order of its own, or wants the first Items.
pub(crate) fn is_sorted(search: &Search) -> bool {
    !search.sortby.is_empty() || search.max_items.is_some()
}

/// The error of an update that cannot be made.
fn no_update(why: &str, remedy: impl Into<Remedy>) -> Error {
    Error::usage(format!("an update {why}"), remedy)
}

/// What has come of a copy. Once it is written the journal goes; until then the same copy goes on with it.
pub(crate) fn done(written: Result<Report, Error>, journal: Option<&Path>) -> Result<Report, Error> {
    let Some(journal) = journal else { return written };
    let written = written.map_err(|error| {
        if !journal.exists() {
            return error;
        }
        let journal = journal.display();
        error.detail(&format!(
            "what has come is kept in {journal}: the same copy, made again, goes on from there"
        ))
    })?;
    forget_journal(journal)?;
    Ok(written)
}
