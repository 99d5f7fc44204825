//! A replacement of the whole content: one transaction, visible at its end. The rows wait in a temporary table until all are there.

use stacyard_store::{Before, CollectionChanges, Collections, Counts, Error, Mode, Refused};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::connect::counts::counts;
use crate::copy::stream::{self, Columns};
use crate::pgstac::collections;
use crate::pgstac::encode::{COLUMNS, PgStacRows};
use crate::pgstac::load::target::Target;

/// Where the rows wait.
const STAGING: &str = "pg_temp.stacyard_all";

/// Begins it, and puts the Collections. Other replacements wait, and whoever puts or takes out Collections.
pub(super) async fn begin(
    client: &mut Client,
    target: &Target,
    kept: &Collections,
) -> Result<CollectionChanges, Error> {
    let begin = format!(
        "{}; SET LOCAL timezone TO 'UTC'; LOCK TABLE pgstac.collections IN SHARE ROW EXCLUSIVE MODE; \
         CREATE TEMPORARY TABLE stacyard_all ON COMMIT DROP AS SELECT {COLUMNS} FROM pgstac.items WITH NO DATA",
        target.begin()
    );
    client.batch_execute(&begin).await.map_err(|cause| target.failed(cause))?;
    collections::put(client, &target.version, kept, Mode::Replace).await
}

impl Target {
    /// Takes a chunk; gives the Items that have no place.
    pub(super) async fn stage(&self, client: &Client, rows: &PgStacRows) -> Result<Vec<Refused>, Error> {
        let into = Columns { table: STAGING, names: COLUMNS };
        let sent = stream::send(client, into, (0..rows.ends.len()).map(|row| rows.row(row)));
        sent.await.map_err(|cause| self.failed(cause))?;
        Ok(rows.refused.clone())
    }

    /// Puts the rows in the place of those that are there, and makes all of it visible.
    pub(super) async fn replace(
        &self,
        client: &Client,
        kept: &Collections,
    ) -> Result<Before, tokio_postgres::Error> {
        client
            .batch_execute(&format!("CREATE INDEX ON {STAGING} (collection, id); ANALYZE {STAGING}"))
            .await?;
        let had = counts(client, "", "pgstac.items").await?;
        let gone = format!(
            "(SELECT collection FROM pgstac.items AS old WHERE NOT EXISTS \
             (SELECT FROM {STAGING} AS new WHERE new.collection = old.collection AND new.id = old.id)) AS gone"
        );
        let went = if had.total() > 0 { counts(client, "", &gone).await? } else { Counts::default() };
        client.batch_execute("DELETE FROM pgstac.items").await?;
        // As `merged` has it: an input without Collections leaves those of the store.
        if !kept.is_empty() {
            let ids: Vec<&String> = kept.keys().collect();
            let delete = format!(
                "DELETE FROM pgstac.collections AS old WHERE id <> ALL ($1) AND NOT EXISTS (SELECT FROM {STAGING} WHERE collection = old.id)"
            );
            client.execute_typed(&delete, &[(&ids, Type::TEXT_ARRAY)]).await?;
        }
        // As pgstac's own trigger makes them ready (items_staging_triggerfunc).
        let partitions = format!(
            "SELECT pgstac.check_partition(collection, starts, ends) FROM (SELECT new.collection, \
             coalesce(date_trunc(partition_trunc, new.datetime), '-infinity') AS part, \
             tstzrange(min(new.datetime), max(new.datetime), '[]') AS starts, \
             tstzrange(min(new.end_datetime), max(new.end_datetime), '[]') AS ends \
             FROM {STAGING} AS new JOIN pgstac.collections AS home ON home.id = new.collection \
             GROUP BY 1, 2 ORDER BY 1, 2) AS parts"
        );
        let made = client.query_typed(&partitions, &[]).await?;
        let insert = format!(
            "INSERT INTO pgstac.items ({COLUMNS}) SELECT {COLUMNS} FROM {STAGING} ORDER BY collection, datetime, id"
        );
        let rows = client.execute_typed(&insert, &[]).await?;
        for row in &made {
            let name: &str = row.get(0);
            client.query_typed("SELECT pgstac.update_partition_stats_q($1)", &[(&name, Type::TEXT)]).await?;
        }
        self.loaded.commit(client, usize::try_from(rows).unwrap_or(usize::MAX)).await?;
        Ok(Before { replaced: had.without(&went), went, has_others: false })
    }
}
