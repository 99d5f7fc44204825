//! The answer to a query as a file of columns that somebody takes away: it has no place, and nothing is replaced by it.

use std::env::temp_dir;
use std::fs::File;
use std::sync::Arc;

use stacyard_geoparquet::{ArrowSink, GeoParquetSink, Options, Order};
use stacyard_model::Profile;
use stacyard_search::Query;
use stacyard_store::{
    Collections, Error, Input, Known, Mode, Old, Output, Remedy, Report, Run, Sink, Store, Transfer,
};

/// What an answer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// A GeoParquet file, as [`copy`](crate::copy) makes it.
    GeoParquet,
    /// The same columns as a stream of Arrow (IPC), not packed.
    ArrowStream,
}

/// Writes the Items that answer to an open file, with the Collections that the store keeps of those that are asked for. Where the query
/// has no order, they are laid out as a copy lays them out. The file has the columns of the profile, and keeps it.
///
/// # Errors
/// A query for parts of Items; a store that cannot be read, a file that cannot be written.
pub fn export(
    (store, profile): (&Store, Option<&Arc<Profile>>),
    query: &Query,
    (to, columns): (&File, Columns),
    mut run: Run<'_>,
) -> Result<Report, Error> {
    let search = query.search();
    if !search.fields.is_all() {
        let remedy = Remedy::from("leave ").option("fields").text(" out");
        return Err(Error::usage("columns hold whole Items, and parts of them are asked for", remedy));
    }
    let mut collections = store.collections()?;
    if !search.collections.is_empty() {
        collections.retain(|id, _| search.collections.contains(id));
    }
    let input = store.answer(query, run.part())?.into_input();
    let output = Output::to(to, "the answer")?;
    let is_in_order = !search.sortby.is_empty() || search.max_items.is_some();
    let options = Options {
        source: input.source.plain_file().and_then(|file| file.try_clone().ok()),
        threads: run.threads,
        order: if is_in_order { Order::Input } else { Order::default() },
        memory: run.memory,
        profile: profile.cloned(),
        ..Options::default()
    };
    match columns {
        Columns::GeoParquet => {
            write(input, collections, GeoParquetSink::create(output, &temp_dir(), options)?, run)
        }
        Columns::ArrowStream => {
            write(input, collections, ArrowSink::create(output, &temp_dir(), options)?, run)
        }
    }
}

fn write(input: Input, collections: Collections, sink: impl Sink, run: Run<'_>) -> Result<Report, Error> {
    let Input { source, check, search, rejected } = input;
    let transfer = Transfer {
        check,
        search,
        known: Known::default(),
        mode: Mode::Replace,
        unique: false,
        must_lose_nothing: false,
        collections,
        old_collections: Collections::new(),
        run,
    };
    let report = transfer.run(source, Old::Nothing, sink)?;
    Ok(Report { rejected: report.rejected + rejected, ..report })
}
