//! A batch of rows: partition by partition, each in one transaction, always in the same order, so that loaders never wait for each other
//! in a circle.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::PoisonError;

use stacyard_store::{Error, ErrorKind, Mode, Refused, Why};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error as Failed};

use crate::connect::change::Fault;
use crate::connect::fault::{self, Attempts};
use crate::copy::stream::{self, Columns};
use crate::pgstac::encode::{COLUMNS, PgStacRows, RowKey};
use crate::pgstac::homes::Cut;
use crate::pgstac::load::partition::{Bucket, check};
use crate::pgstac::load::target::Target;
use crate::sql::ident::literal;

/// Whoever may put an Item into another partition than the one it is in waits for others of its collection: partitions know ids each by
/// itself, so that an Item of two times at once would be in two of them.
pub(crate) const TURN: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 8471))";

/// Where rows stand before they go in.
const STAGING: &str = "pg_temp.stacyard_batch";

/// A value that is bound, with its type.
type Bound<'v> = (&'v (dyn ToSql + Sync), Type);

/// What has come of some rows.
#[derive(Default)]
struct Done {
    refused: Vec<Refused>,
    updated: u64,
}

impl Target {
    /// Takes a chunk; gives the Items that have not gone in.
    pub(crate) async fn load(&self, client: &Client, rows: &PgStacRows) -> Result<Vec<Refused>, Error> {
        let mut refused = rows.refused.clone();
        let unsayable: HashSet<usize> = refused.iter().map(|refused| refused.item).collect();
        let mut buckets: BTreeMap<Bucket, (Cut, bool, Vec<usize>)> = BTreeMap::new();
        for (row, key) in rows.keys.iter().enumerate().filter(|(row, _)| !unsayable.contains(row)) {
            let Some(home) = self.homes.get(&key.collection) else { continue };
            let bucket = Bucket::of(&key.collection, home.cut, key.start);
            buckets.entry(bucket).or_insert_with(|| (home.cut, home.is_empty, Vec::new())).2.push(row);
        }
        for (bucket, (cut, is_new, mut numbers)) in buckets {
            numbers.sort_unstable_by(|one, other| rows.keys[*one].id.cmp(&rows.keys[*other].id));
            if !is_new {
                self.is_mixed_from_now_on(&bucket);
            }
            let done = self.load_bucket(client, rows, (&bucket, cut), &numbers).await?;
            refused.extend(done.refused);
            if done.updated > 0 {
                let mut updated = self.updated.lock().unwrap_or_else(PoisonError::into_inner);
                updated.add(&bucket.collection, done.updated);
            }
        }
        refused.sort_by_key(|refused| refused.item);
        Ok(refused)
    }

    /// Has the partition made ready for one row; gives its name.
    pub(crate) async fn ready(&self, client: &Client, rows: &PgStacRows) -> Result<String, Failed> {
        let [key] = rows.keys.as_slice() else { return Ok(String::new()) };
        let bucket = self.bucket(key);
        check(client, &bucket, ((key.start, key.start), (key.end, key.end))).await
    }

    /// Puts this row, within the same transaction; gives it back where it is not taken.
    pub(crate) async fn put(
        &self,
        client: &Client,
        rows: &PgStacRows,
        partition: &str,
    ) -> Result<Vec<Refused>, Failed> {
        let [key] = rows.keys.as_slice() else { return Ok(Vec::new()) };
        let done = self.merge(client, rows, (&self.bucket(key), partition), &[0]).await?;
        // As pgstac's own trigger does, which does not see rows that go straight into a partition.
        let update = "SELECT pgstac.update_partition_stats_q($1, true)";
        client.query_typed(update, &[(&partition, Type::TEXT)]).await?;
        Ok(done.refused)
    }

    fn bucket(&self, key: &RowKey) -> Bucket {
        let cut = self.homes.get(&key.collection).map_or(Cut::Whole, |home| home.cut);
        Bucket::of(&key.collection, cut, key.start)
    }

    async fn load_bucket(
        &self,
        client: &Client,
        rows: &PgStacRows,
        (bucket, cut): (&Bucket, Cut),
        numbers: &[usize],
    ) -> Result<Done, Error> {
        let times = |time: fn(&RowKey) -> i64| {
            let times = || numbers.iter().map(|&row| time(&rows.keys[row]));
            (times().min().unwrap_or(0), times().max().unwrap_or(0))
        };
        let (starts, ends) = (times(|key| key.start), times(|key| key.end));
        let mut attempts = Attempts::default();
        loop {
            let is_direct = cut == Cut::Whole && !self.is_mixed(bucket);
            let tried = async {
                let name = self.partition(client, (bucket, cut), (starts, ends)).await?;
                self.transaction(client, rows, (bucket, cut, &name, is_direct), numbers).await
            };
            let cause = match tried.await {
                Ok(done) => return Ok(done),
                Err(Fault::Refused(error)) => return Err(error),
                Err(Fault::Raced) => return Err(Error::failed("a row was changed meanwhile")),
                Err(Fault::Failed(cause)) => cause,
            };
            // Another connection may have met the same meanwhile.
            if fault::is_duplicate(&cause) && is_direct {
                self.is_mixed_from_now_on(bucket);
                continue;
            }
            // Others have narrowed the constraint meanwhile: pypgstac does at the end of each of its batches.
            if is_of_constraint(&cause) {
                self.partitions.lock().await.remove(bucket);
            } else if !fault::is_conflict(&cause) && !is_in_the_way(&cause) {
                return Err(self.failed(cause));
            }
            if !attempts.wait().await {
                return Err(self.failed(cause));
            }
        }
    }

    async fn transaction(
        &self,
        client: &Client,
        rows: &PgStacRows,
        (bucket, cut, name, is_direct): (&Bucket, Cut, &str, bool),
        numbers: &[usize],
    ) -> Result<Done, Fault> {
        client.batch_execute(&self.begin()).await?;
        let done = async {
            let done = if is_direct {
                // What fails within COPY ends the connection: what others hold is waited for before.
                client
                    .batch_execute(&format!("LOCK TABLE {} IN ROW EXCLUSIVE MODE", partition(name)))
                    .await?;
                copy(client, &partition(name), rows, numbers).await?;
                Done::default()
            } else {
                if cut != Cut::Whole {
                    client.query_typed(TURN, &[(&bucket.collection, Type::TEXT)]).await?;
                }
                self.merge(client, rows, (bucket, name), numbers).await?
            };
            self.is_home_still(client, &bucket.collection).await?;
            Ok::<_, Fault>(done)
        };
        match done.await {
            Ok(done) => {
                self.loaded.commit(client, numbers.len() - done.refused.len()).await?;
                Ok(done)
            }
            Err(cause) => {
                let _ = client.batch_execute("ROLLBACK").await;
                Err(cause)
            }
        }
    }

    /// Looks whether the Collection is the one that the rows were made for, and keeps it so until the end of the transaction. It is the last
    /// thing that is locked, as in pgstac's own triggers.
    async fn is_home_still(&self, client: &Client, collection: &str) -> Result<(), Fault> {
        // From 0.10 on each row says itself what it was made for.
        let base = if self.version.has_base_items { "NULL" } else { "base_item::text" };
        let sql =
            format!("SELECT key, partition_trunc, {base} FROM pgstac.collections WHERE id = $1 FOR SHARE");
        let rows = client.query_typed(&sql, &[(&collection, Type::TEXT)]).await?;
        let is_same = rows.first().zip(self.homes.get(collection)).is_some_and(|(row, home)| {
            let base: Option<&str> = row.get(2);
            row.get::<_, i64>(0) == home.key
                && Cut::of(row.get(1)) == home.cut
                && base.is_none_or(|base| base == home.base.text())
        });
        if is_same {
            return Ok(());
        }
        let message = format!("the Collection {collection:?} was changed while Items were loaded into it");
        let error = Error::new(ErrorKind::Conflict, &message);
        Err(error.remedy(self.again("")).into())
    }

    /// By way of a temporary table, beside rows that are there.
    async fn merge(
        &self,
        client: &Client,
        rows: &PgStacRows,
        (bucket, name): (&Bucket, &str),
        numbers: &[usize],
    ) -> Result<Done, Failed> {
        let staging = format!(
            "CREATE TEMPORARY TABLE stacyard_batch ON COMMIT DROP AS SELECT {COLUMNS} FROM pgstac.items WITH NO DATA"
        );
        client.batch_execute(&staging).await?;
        copy(client, STAGING, rows, numbers).await?;
        let collection: [Bound<'_>; 1] = [(&bucket.collection, Type::TEXT)];
        // Of all partitions of the collection: the time of an Item may have changed. As a value for each row it is looked up by the index.
        let there = "(SELECT old.tableoid FROM pgstac.items AS old WHERE old.collection = $1 AND old.id = new.id LIMIT 1)";
        let known = format!(
            "SELECT id, part <> to_regclass({}) FROM (SELECT id, {there} AS part FROM {STAGING} AS new) AS found WHERE part IS NOT NULL",
            literal(&partition(name))
        );
        let known = client.query_typed(&known, &collection).await?;
        let known: HashMap<&str, bool> = known.iter().map(|row| (row.get(0), row.get(1))).collect();
        let table = partition(name);
        if self.mode == Mode::Upsert {
            let moved: Vec<&str> = known.iter().filter(|(_, moved)| **moved).map(|(id, _)| *id).collect();
            if !moved.is_empty() {
                // What others keep in `private` goes along.
                let keep = format!(
                    "UPDATE {STAGING} AS new SET private = nullif((old.private - 'stacyard') || coalesce(new.private, '{{}}'), '{{}}') \
                     FROM pgstac.items AS old WHERE old.collection = $1 AND old.id = new.id AND jsonb_typeof(old.private) = 'object'"
                );
                client.execute_typed(&keep, &[collection[0].clone()]).await?;
                let delete = "DELETE FROM pgstac.items WHERE collection = $1 AND id = ANY($2)";
                let ids: Bound<'_> = (&moved, Type::TEXT_ARRAY);
                client.execute_typed(delete, &[collection[0].clone(), ids]).await?;
            }
            let written = self.upsert(client, &table).await?;
            self.forget_formatted(client, bucket, &written).await?;
            return Ok(Done { refused: Vec::new(), updated: known.len() as u64 });
        }
        let insert = format!(
            "INSERT INTO {table} ({COLUMNS}) SELECT {COLUMNS} FROM {STAGING} AS new WHERE NOT (id = ANY($1)) ORDER BY id \
             ON CONFLICT DO NOTHING RETURNING id"
        );
        let ids: Vec<&str> = known.keys().copied().collect();
        let written = client.query_typed(&insert, &[(&ids, Type::TEXT_ARRAY)]).await?;
        let written: HashSet<&str> = written.iter().map(|row| row.get(0)).collect();
        let same = if self.mode == Mode::Resume && written.len() < numbers.len() {
            self.same(client, bucket).await?
        } else {
            HashSet::new()
        };
        let refused = numbers.iter().filter_map(|&item| {
            let id = rows.keys[item].id.as_str();
            let why = if same.contains(id) { Why::Present } else { Why::Taken };
            (!written.contains(id)).then_some(Refused { item, why })
        });
        Ok(Done { refused: refused.collect(), updated: 0 })
    }

    /// Puts the rows of the temporary table into a partition; those that stay the same are not written. Gives the ids of the others.
    async fn upsert(&self, client: &Client, table: &str) -> Result<Vec<String>, Failed> {
        // What others keep in `private` stays.
        let private = "CASE WHEN old.private IS NULL OR excluded.private IS NULL AND jsonb_typeof(old.private) <> 'object' \
             THEN coalesce(excluded.private, old.private) \
             WHEN jsonb_typeof(old.private) = 'object' \
             THEN nullif((old.private - 'stacyard') || coalesce(excluded.private, '{}'), '{}') ELSE excluded.private END";
        let upsert = format!(
            "INSERT INTO {table} AS old ({COLUMNS}) SELECT {COLUMNS} FROM {STAGING} ORDER BY id \
             ON CONFLICT (id) DO UPDATE SET datetime = excluded.datetime, end_datetime = excluded.end_datetime, \
             geometry = excluded.geometry, content = excluded.content, private = {private} WHERE {} RETURNING id",
            self.differs("excluded")
        );
        Ok(client.query_typed(&upsert, &[]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// SQL that is true where the row `old` is of another Item than another row. As texts, since 1 and 1.0 are equal as `jsonb`; but first
    /// as `jsonb`, which costs less where they differ.
    fn differs(&self, new: &str) -> String {
        let all = |row: &str| {
            format!(
                "{row}.datetime, {row}.end_datetime, {}.ST_AsEWKB({row}.geometry, 'NDR'), {row}.content::text, \
                 ({row}.private -> 'stacyard')::text",
                self.postgis
            )
        };
        format!("(old.content <> {new}.content OR ({}) IS DISTINCT FROM ({}))", all("old"), all(new))
    }

    /// The ids of rows of the temporary table whose Items are there as they are.
    async fn same(&self, client: &Client, bucket: &Bucket) -> Result<HashSet<String>, Failed> {
        let same = format!(
            "SELECT id FROM {STAGING} AS new WHERE NOT (SELECT {} FROM pgstac.items AS old \
             WHERE old.collection = $1 AND old.id = new.id)",
            self.differs("new")
        );
        let rows = client.query_typed(&same, &[(&bucket.collection, Type::TEXT)]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// pgstac may keep Items as it has given them out, and forgets them only where a change comes by the table of all partitions.
    async fn forget_formatted(&self, client: &Client, bucket: &Bucket, ids: &[String]) -> Result<(), Failed> {
        if ids.is_empty() {
            return Ok(());
        }
        let there = "SELECT to_regclass('pgstac.format_item_cache') IS NOT NULL";
        if client.query_typed_one(there, &[]).await?.get(0) {
            let delete = "DELETE FROM pgstac.format_item_cache WHERE collection = $1 AND id = ANY($2)";
            client
                .execute_typed(delete, &[(&bucket.collection, Type::TEXT), (&ids, Type::TEXT_ARRAY)])
                .await?;
        }
        Ok(())
    }
}

/// The name of a partition in SQL.
fn partition(name: &str) -> String {
    format!("pgstac.\"{}\"", name.replace('"', "\"\""))
}

async fn copy(client: &Client, table: &str, rows: &PgStacRows, numbers: &[usize]) -> Result<(), Failed> {
    let columns = Columns { table, names: COLUMNS };
    stream::send(client, columns, numbers.iter().map(|&row| rows.row(row))).await
}

/// Whether the constraint of a partition does not have the times of a row, or the partition is no longer there.
pub(crate) fn is_of_constraint(cause: &Failed) -> bool {
    [&SqlState::CHECK_VIOLATION, &SqlState::UNDEFINED_TABLE].iter().any(|code| cause.code() == Some(code))
}

/// Whether another session changes the partition.
fn is_in_the_way(cause: &Failed) -> bool {
    [&SqlState::LOCK_NOT_AVAILABLE, &SqlState::OBJECT_IN_USE].iter().any(|code| cause.code() == Some(code))
}
