//! A replacement of the whole content: one transaction, visible at its end. Rows that the input has too are updated or
//! left as they are, never deleted first, so that rows of others that refer to them stay.

use std::sync::atomic::Ordering;

use stacyard_store::{Collections, Error};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::batch::{STAGING, Target};

/// The keys of the input.
const KEYS: &str = "pg_temp.stacyard_keys";

/// One under way.
pub(crate) struct Replacement {
    /// Whether the table had rows. Else what it has in the end has come with the input.
    had_rows: bool,
}

impl Replacement {
    /// Begins it: from here on other writers wait, other replacements too; readers do not.
    ///
    /// Without the lock a load whose batches go in meanwhile could wait for rows of this transaction while this one waits
    /// for rows of the load, and what it brings would be deleted at the end. Loads hold locks on one of the two tables at a
    /// time.
    pub(crate) async fn begin(client: &Client, target: &Target) -> Result<Self, Error> {
        let (schema, staging) = (&target.schema, target.staging());
        let begin = format!(
            "BEGIN; LOCK TABLE {schema}.items, {schema}.collections IN SHARE ROW EXCLUSIVE MODE; {staging}; \
             CREATE TEMPORARY TABLE stacyard_keys ON COMMIT DROP AS \
             SELECT collection, id FROM {schema}.items WITH NO DATA"
        );
        client.batch_execute(&begin).await.map_err(|cause| target.failed(cause))?;
        let query = format!("SELECT EXISTS (SELECT FROM {schema}.items)");
        let row = client.query_typed_one(&query, &[]).await.map_err(|cause| target.failed(cause))?;
        let had_rows = row.get(0);
        target.has_met_old.store(had_rows, Ordering::Relaxed);
        Ok(Self { had_rows })
    }

    /// Deletes what the input does not have, and makes all of it visible.
    pub(crate) async fn finish(
        self,
        client: &Client,
        target: &Target,
        collections: &Collections,
    ) -> Result<(), Error> {
        self.complete(client, target, collections).await.map_err(|cause| {
            let is_referred_to = cause.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION);
            let error = target.failed(cause);
            if !is_referred_to {
                return error;
            }
            error.remedy(
                "nothing was replaced: delete the rows of yours that refer to Items which the input does not have, or use \
                 --mode upsert, which keeps these Items",
            )
        })
    }

    async fn complete(
        self,
        client: &Client,
        target: &Target,
        collections: &Collections,
    ) -> Result<(), tokio_postgres::Error> {
        let schema = &target.schema;
        let mut rows = target.replaced.load(Ordering::Relaxed);
        if self.had_rows {
            client.batch_execute(&format!("ANALYZE {KEYS}")).await?;
            let delete = format!(
                "DELETE FROM {schema}.items AS old WHERE NOT EXISTS (SELECT FROM {KEYS} AS new \
                 WHERE new.collection = old.collection AND new.id = old.id)"
            );
            rows += usize::try_from(client.execute_typed(&delete, &[]).await?).unwrap_or(usize::MAX);
        }
        target.put_collections(client, collections).await?;
        let delete = format!("DELETE FROM {schema}.collections WHERE id <> ALL ($1)");
        let ids: Vec<&String> = collections.keys().collect();
        client.execute_typed(&delete, &[(&ids, Type::TEXT_ARRAY)]).await?;
        target.notify(client, rows).await?;
        client.batch_execute("COMMIT").await
    }
}

/// Notes the keys of a batch that has gone in by way of the temporary table.
pub(crate) async fn note(client: &Client) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(&format!("INSERT INTO {KEYS} SELECT collection, id FROM {STAGING}")).await
}
