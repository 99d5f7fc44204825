//! A replacement of the whole content: one transaction, visible at its end. Rows that the input has too are updated or
//! left as they are, never deleted first, so that rows of others that refer to them stay.

use std::sync::atomic::Ordering;

use stacyard_store::{Before, CollectionChanges, Collections, Counts, Error, Remedy};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::connect::counts::counts;
use crate::own::collections;
use crate::own::load::target::{STAGING, Target};
use crate::own::session::notify;

/// The keys of the input.
const KEYS: &str = "pg_temp.stacyard_keys";

/// One under way.
pub(crate) struct Replacement {
    /// The rows that the table had. Without any, what it has in the end has come with the input.
    had: Counts,
}

impl Replacement {
    /// Begins it: from here on other writers wait, other replacements too; readers do not.
    ///
    /// Without the lock a load whose batches go in meanwhile could wait for rows of this transaction while this one waits
    /// for rows of the load, and what it brings would be deleted at the end. Loads hold locks on one of the two tables at a
    /// time.
    pub(crate) async fn begin(client: &Client, target: &Target) -> Result<Self, Error> {
        let (schema, staging, lock) = (&target.schema, target.staging(), collections::lock(&target.schema));
        let begin = format!(
            "{}; {lock}; {staging}; \
             CREATE TEMPORARY TABLE stacyard_keys ON COMMIT DROP AS \
             SELECT collection, id FROM {schema}.items WITH NO DATA",
            target.begin()
        );
        client.batch_execute(&begin).await.map_err(|cause| target.failed(cause))?;
        let had =
            counts(client, "", &format!("{schema}.items")).await.map_err(|cause| target.failed(cause))?;
        target.has_met_old.store(had.total() > 0, Ordering::Relaxed);
        Ok(Self { had })
    }

    /// Deletes what the input does not have, and makes all of it visible.
    pub(crate) async fn finish(
        self,
        client: &Client,
        target: &Target,
        collections: &Collections,
    ) -> Result<(Before, CollectionChanges), Error> {
        self.complete(client, target, collections).await.map_err(|cause| {
            let is_referred_to = cause.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION);
            let error = target.failed(cause);
            if !is_referred_to {
                return error;
            }
            error.remedy(
                Remedy::from(
                    "nothing was replaced: delete the rows of other tables that refer to Items which the input does not have",
                )
                .or(Remedy::from("use ").option(("mode", "upsert")).text(", which keeps these Items")),
            )
        })
    }

    async fn complete(
        self,
        client: &Client,
        target: &Target,
        kept: &Collections,
    ) -> Result<(Before, CollectionChanges), tokio_postgres::Error> {
        let schema = &target.schema;
        let mut rows = target.replaced.load(Ordering::Relaxed);
        let mut went = Counts::default();
        if self.had.total() > 0 {
            client.batch_execute(&format!("ANALYZE {KEYS}")).await?;
            let delete = format!(
                "WITH gone AS (DELETE FROM {schema}.items AS item WHERE NOT EXISTS (SELECT FROM {KEYS} AS kept \
                 WHERE kept.collection = item.collection AND kept.id = item.id) RETURNING item.collection)"
            );
            went = counts(client, &delete, "gone").await?;
            rows += usize::try_from(went.total()).unwrap_or(usize::MAX);
        }
        let changes = collections::put(client, schema, kept, target.mode).await?;
        // As `merged` has it: an input without Collections leaves those of the store.
        if !kept.is_empty() {
            let delete = format!("DELETE FROM {schema}.collections WHERE id <> ALL ($1)");
            let ids: Vec<&String> = kept.keys().collect();
            client.execute_typed(&delete, &[(&ids, Type::TEXT_ARRAY)]).await?;
        }
        notify(client, &target.schema, rows).await?;
        target.loaded.commit(client, rows.max(1)).await?;
        Ok((Before { replaced: self.had.without(&went), went, has_others: false }, changes))
    }
}

/// Notes the keys of a batch that has gone in by way of the temporary table.
pub(crate) async fn note(client: &Client) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(&format!("INSERT INTO {KEYS} SELECT collection, id FROM {STAGING}")).await
}
