//! All rows of a table, as they are at one moment: part by part, several at once. A server makes the texts of rows with one process for each
//! connection, which takes it longer than it takes to read them.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::{try_join, try_join_all};
use stacyard_search::Stop;
use stacyard_store::Error;
use tokio::sync::mpsc::Sender;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::connect::fault;
use crate::connect::pool::Link;
use crate::connect::timed::Unanswered;
use crate::search::source::{Rows, pass_on};

/// So many parts are read at once, each over a connection of its own.
const READERS: usize = 4;

/// A part has so many pages at most (4 MiB, without what PostgreSQL keeps apart from rows).
const PAGES: usize = 512;

/// The tables that rows lie in, and how many pages these have. One that is not cut is no tree.
const TABLES: &str = "WITH tree AS (SELECT relid, isleaf FROM pg_partition_tree($1::text::regclass)) \
     SELECT lies::text, pg_relation_size(lies) / current_setting('block_size')::bigint \
     FROM (SELECT relid AS lies FROM tree WHERE isleaf UNION ALL SELECT $1::text::regclass WHERE NOT EXISTS (SELECT FROM tree)) AS tables \
     ORDER BY 1";

/// All see the same.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Hands on all rows of a table, which its columns may call `items`.
pub(super) async fn read(
    link: &Link,
    (table, columns): (&str, &str),
    sender: &Sender<Rows>,
) -> Result<(), Error> {
    let failed = |cause| fault::failed(&format!("read {}", link.address.shown()), cause);
    let first = link.connect().await?;
    let begun = async {
        first.batch_execute(BEGIN).await?;
        let snapshot: String = first.query_typed_one("SELECT pg_export_snapshot()", &[]).await?.get(0);
        // Looked up after that moment: none that has rows then is missing.
        let tables = first.query_typed(TABLES, &[(&table, Type::TEXT)]).await?;
        Ok((snapshot, tables))
    };
    let (snapshot, tables) = begun.await.map_err(failed)?;
    let parts: Vec<String> = tables.iter().flat_map(|table| parts(table, columns)).collect();
    let next = AtomicUsize::new(0);
    let reader = async |client: &Client| {
        while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let rows = client.query_typed_raw::<&str, _>(part, []).await?;
            match pass_on(rows, &Stop::default(), sender, &mut false).await {
                Ok(true) => {}
                Ok(false) | Err(Unanswered::Stopped) => break,
                Err(Unanswered::Failed(cause)) => return Err(cause),
            }
        }
        Ok(())
    };
    // They help where they can: one that gets no connection, or one to another server, leaves its parts to the others.
    let helper = async || {
        let Ok(client) = link.connect().await else { return Ok(()) };
        let begin = format!("{BEGIN}; SET TRANSACTION SNAPSHOT '{snapshot}'");
        if client.batch_execute(&begin).await.is_err() {
            return Ok(());
        }
        reader(&client).await
    };
    let helpers = (1..READERS.min(parts.len())).map(|_| helper());
    try_join(reader(&first), try_join_all(helpers)).await.map(drop).map_err(failed)
}

/// The queries for the parts of a table, as [`TABLES`] gives it.
fn parts(table: &Row, columns: &str) -> Vec<String> {
    let (name, pages): (&str, Option<i64>) = (table.get(0), table.get(1));
    let starts: Vec<i64> = (0..pages.unwrap_or(0).max(1)).step_by(PAGES).collect();
    let all = format!("SELECT {columns} FROM {name} AS items WHERE true");
    let part = |start: i64, next: Option<&i64>| {
        let from = if start == 0 { String::new() } else { format!(" AND ctid >= '({start},0)'") };
        // The last one has no end: the table may have grown.
        let to = next.map_or_else(String::new, |next| format!(" AND ctid < '({next},0)'"));
        format!("{all}{from}{to}")
    };
    starts.iter().enumerate().map(|(index, start)| part(*start, starts.get(index + 1))).collect()
}
