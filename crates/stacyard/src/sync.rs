//! What makes a store hold what another holds, with as little written as there is that differs.

use stacyard_store::{
    Collections, Comparison, Deletion, Error, ErrorKind, Location, Mode, Note, Remedy, Report, Run, Store,
    StoreKind, StoreUrl, When,
};

use crate::collections::delete_collection;
use crate::copy::Copying;
use crate::delete::AT_ONCE;
use crate::open::is_same;

/// Makes the target hold what the source holds: Items that differ are written, and those that the source does not have go, as do their Collections. Of
/// the report, `written` are Items that are new or differed, `present` those that were the same.
/// An Item of the source that is not valid is set aside, and stays as it is in the target. A file is written anew as a whole where anything differs; in a
/// database Items come and go in batches, so that one that was broken off goes on when it is run again.
///
/// # Errors
/// As [`copy`](crate::copy); a source without Items, unless `copying` says that the target may end empty.
pub fn sync(from: &StoreUrl, to: &StoreUrl, copying: Copying, mut run: Run<'_>) -> Result<Report, Error> {
    refuse_others(from, to)?;
    let store = match copying.open.url(to).and_then(|store| store.ready().map(|()| store)) {
        Err(error) if to.kind().is_file() && error.kind() == ErrorKind::NotFound => {
            return Copying { compares: true, ..copying }.run(from, to, run);
        }
        opened => opened?,
    };
    let source = copying.open_source.as_ref().unwrap_or(&copying.open).url(from)?;
    let source_collections = source.collections()?;
    let threads = run.threads;
    let copying = Copying { mode: Some(Mode::Upsert), compares: true, ..copying };
    let (mut report, comparison) = copying.run_compared(from, to, run.part())?;
    let Some(comparison) = comparison else { return Ok(report) };
    if comparison.keeps_all() {
        report.notes.push(kept(from));
        return Ok(report);
    }
    if to.kind().is_database() {
        let gone = take_away(&store, &comparison, &mut run)?;
        if let Some(changes) = report.changes.as_mut().filter(|_| gone > 0) {
            changes.went += gone;
            // Of which collections they were is not counted.
            report.by_collection.clear();
        }
    }
    report.collections.went.extend(without_collections(to, &store, &source_collections, threads)?);
    Ok(report)
}

/// Takes the Items out of a database whose names have not come.
fn take_away(store: &Store, comparison: &Comparison, run: &mut Run<'_>) -> Result<u64, Error> {
    let edit = store.edit()?;
    let mut gone = 0;
    comparison.leaving(store.keys()?.as_mut(), run, |keys| {
        let keys: Vec<_> = keys.into_iter().map(|key| (key, When::Always)).collect();
        for some in keys.chunks(AT_ONCE) {
            gone += edit.delete_items(some)?;
        }
        Ok(())
    })?;
    Ok(gone)
}

/// Takes the Collections out that the source does not have, and to which no Item belongs any more. A source without any says nothing of them.
fn without_collections(
    to: &StoreUrl,
    store: &Store,
    source: &Collections,
    threads: usize,
) -> Result<Vec<String>, Error> {
    if source.is_empty() || !to.kind().keeps_collections() {
        return Ok(Vec::new());
    }
    let mut gone = Vec::new();
    for id in store.collections()?.into_keys().filter(|id| !source.contains_key(id)) {
        if delete_collection(to, &id, threads, &mut |_| {})? == Deletion::Done {
            gone.push(id);
        }
    }
    Ok(gone)
}

fn refuse_others(from: &StoreUrl, to: &StoreUrl) -> Result<(), Error> {
    if is_same(from, to)? {
        return Err(Error::usage(format!("{from} is both source and target"), "name two stores"));
    }
    if *to.location() == Location::Stdio {
        return Err(Error::usage(
            "standard output holds nothing that could be compared",
            Remedy::from("write to it with ").command("copy", &["FROM", "-"]),
        ));
    }
    if to.kind().is_database() || to.kind().is_file() {
        return Ok(());
    }
    let what = match to.kind() {
        StoreKind::Api => "a STAC API, which is read only here",
        _ => "a static catalog, which is written as a whole",
    };
    let error = Error::new(ErrorKind::Unsupported, &format!("{to} is {what}"));
    Err(error.remedy("name a file or a database"))
}

/// What is said where nothing went.
fn kept(from: &StoreUrl) -> Note {
    Note {
        message: format!(
            "nothing was taken out of the target: {from} has records of which nobody can tell what Items they are"
        ),
        help: Remedy::from("mend them, and run it again; ")
            .command("validate", &["STORE"])
            .text(" says what is wrong with them"),
    }
}
