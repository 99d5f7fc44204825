//! Items into the table: by COPY into a temporary table, and from there in one statement. Each batch is one
//! transaction.

use std::collections::{HashSet, VecDeque};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::{BufMut, BytesMut};
use futures_util::SinkExt;
use stacyard_store::{Collections, Error, Mode, Problem, Refused, Sink};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::connect::{Address, Database};
use crate::encode::{COLUMNS, RowEncoder, Rows};
use crate::fault;
use crate::ident::Ident;
use crate::migrate;

/// The signature of COPY's binary format, its flags and the length of its extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Where a batch stands before it goes in.
const STAGING: &str = "pg_temp.stacyard_batch";

/// Batches that go in side by side, each over a connection of its own: the server is what takes the time.
const LOADERS: usize = 2;

/// A table being loaded.
pub struct PostGisSink {
    database: Database,
    target: Target,
    /// They go in last: an input that cannot be read changes none.
    collections: Collections,
    idle: Vec<Client>,
    /// Batches under way, oldest first.
    loading: VecDeque<JoinHandle<Loaded>>,
    /// What came of those that are done, oldest first.
    done: VecDeque<Vec<Refused>>,
    bytes: u64,
}

/// A connection after its batch, and what was refused.
type Loaded = (Client, Result<Vec<Refused>, Error>);

/// What is loaded, and how.
#[derive(Clone)]
struct Target {
    schema: Ident,
    mode: Mode,
    shown: Arc<str>,
    /// Whether an Item was met that is there already: then batches go through the temporary table.
    has_met_old: Arc<AtomicBool>,
    /// How many Items a replacement has taken so far: it is one transaction, and notifies once.
    replaced: Arc<AtomicUsize>,
}

impl Target {
    fn failed(&self, cause: tokio_postgres::Error) -> Error {
        fault::failed(&format!("load into {}", self.shown), cause)
    }

    /// Prepares a connection.
    async fn begin(&self, client: &Client) -> Result<(), Error> {
        let schema = &self.schema;
        // Not LIKE: columns that users have added, and what these demand, are none of ours.
        let mut prepare = format!(
            "CREATE TEMPORARY TABLE stacyard_batch ON COMMIT DELETE ROWS AS \
             SELECT {COLUMNS} FROM {schema}.items WITH NO DATA;"
        );
        if self.mode == Mode::Replace {
            let _ = write!(prepare, "BEGIN; DELETE FROM {schema}.items; DELETE FROM {schema}.collections;");
        }
        client.batch_execute(&prepare).await.map_err(|cause| self.failed(cause))
    }

    async fn put_collections(&self, client: &Client, collections: &Collections) -> Result<(), Error> {
        // As with the Items: those of the store stay, unless the input is to replace them.
        let conflict = match self.mode {
            Mode::Upsert | Mode::Replace => "DO UPDATE SET content = excluded.content",
            Mode::Insert | Mode::Ignore => "DO NOTHING",
        };
        let put = format!(
            "INSERT INTO {}.collections (id, content) VALUES ($1, $2::text::json) ON CONFLICT (id) {conflict}",
            self.schema
        );
        for (id, content) in collections {
            client.execute(&put, &[id, &content.to_string()]).await.map_err(|cause| self.failed(cause))?;
        }
        Ok(())
    }

    /// Takes a chunk; where some of its rows are refused, the others by themselves.
    async fn load(&self, client: &mut Client, rows: &Rows) -> Result<Vec<Refused>, Error> {
        let mut refused = Vec::new();
        let all = 0..rows.ends.len();
        let mut left = vec![all];
        while let Some(range) = left.pop() {
            let is_direct = !self.has_met_old.load(Ordering::Relaxed);
            match self.batch(client, rows, range.clone()).await {
                Ok(mut known) => refused.append(&mut known),
                Err(cause) if is_direct && fault::is_duplicate(&cause) => {
                    self.has_met_old.store(true, Ordering::Relaxed);
                    left.push(range);
                }
                Err(cause) if !fault::is_of_rows(&cause) => return Err(self.failed(cause)),
                Err(cause) if range.len() == 1 => {
                    let message = cause.as_db_error().map_or_else(String::new, |db| {
                        let detail = db.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
                        format!("the database refuses it: {}{detail}", db.message())
                    });
                    refused.push(Refused { item: range.start, why: Some(Problem::new("database", message)) });
                }
                Err(_) => {
                    let middle = range.start + range.len() / 2;
                    left.push(middle..range.end);
                    left.push(range.start..middle);
                }
            }
        }
        refused.sort_by_key(|refused| refused.item);
        Ok(refused)
    }

    /// Notifies of rows that have come or changed; of a replacement at its end.
    async fn tell(&self, client: &Client, items: usize) -> Result<(), tokio_postgres::Error> {
        if self.mode == Mode::Replace {
            self.replaced.fetch_add(items, Ordering::Relaxed);
            return Ok(());
        }
        notify(client, &self.schema, items).await
    }

    /// One transaction; of a replacement, which is one as a whole, a part.
    async fn batch(
        &self,
        client: &mut Client,
        rows: &Rows,
        range: Range<usize>,
    ) -> Result<Vec<Refused>, tokio_postgres::Error> {
        if self.mode == Mode::Replace {
            client.batch_execute("SAVEPOINT batch").await?;
            let inserted = insert(client, self, rows, range).await;
            let end = match &inserted {
                Ok(_) => "RELEASE SAVEPOINT batch; TRUNCATE pg_temp.stacyard_batch",
                Err(_) => "ROLLBACK TO SAVEPOINT batch",
            };
            client.batch_execute(end).await?;
            return inserted;
        }
        let transaction = client.transaction().await?;
        let refused = insert(transaction.client(), self, rows, range).await?;
        transaction.commit().await?;
        Ok(refused)
    }
}

impl PostGisSink {
    /// Connects, and checks that the tables are there. With [`Mode::Replace`] all goes in as one transaction.
    pub fn create(address: &Address, mode: Mode, collections: &Collections) -> Result<Self, Error> {
        let database = address.connect()?;
        let target = Target {
            schema: address.schema().clone(),
            mode,
            shown: address.shown().into(),
            has_met_old: Arc::default(),
            replaced: Arc::default(),
        };
        let mut idle = Vec::new();
        for _ in 0..if mode == Mode::Replace { 1 } else { LOADERS } {
            idle.push(database.own_client()?);
        }
        database.wait(async {
            for client in &idle {
                migrate::check(client, address).await?;
                target.begin(client).await?;
            }
            Ok::<_, Error>(())
        })?;
        let (loading, done, collections) = (VecDeque::new(), VecDeque::new(), collections.clone());
        Ok(Self { database, target, collections, idle, loading, done, bytes: 0 })
    }

    /// Waits for the oldest batch.
    fn wait_for_one(&mut self) -> Result<(), Error> {
        let Some(loading) = self.loading.pop_front() else { return Ok(()) };
        let (client, refused) = self
            .database
            .wait(loading)
            .map_err(|cause| Error::failed("the loader of a batch has died").caused_by(cause))?;
        self.idle.push(client);
        self.done.push_back(refused?);
        Ok(())
    }
}

/// Copies rows into the table; where some of them may be there, by way of the temporary one. Those that are there already
/// are refused.
async fn insert(
    client: &Client,
    target: &Target,
    rows: &Rows,
    range: Range<usize>,
) -> Result<Vec<Refused>, tokio_postgres::Error> {
    let (schema, mode) = (&target.schema, target.mode);
    if !target.has_met_old.load(Ordering::Relaxed) {
        copy(client, &format!("{schema}.items"), rows, range.clone()).await?;
        target.tell(client, range.len()).await?;
        return Ok(Vec::new());
    }
    copy(client, STAGING, rows, range.clone()).await?;
    let from = format!("SELECT {COLUMNS} FROM {STAGING} ORDER BY collection, id");
    let conflict = match mode {
        Mode::Upsert => {
            format!("ON CONFLICT (collection, id) DO UPDATE SET {} WHERE {}", SETS, changed())
        }
        Mode::Insert | Mode::Ignore | Mode::Replace => "ON CONFLICT (collection, id) DO NOTHING".to_owned(),
    };
    let insert =
        format!("INSERT INTO {schema}.items AS old ({COLUMNS}) {from} {conflict} RETURNING collection, id");
    let taken = client.query(&insert, &[]).await?;
    target.tell(client, taken.len()).await?;
    if mode == Mode::Upsert || taken.len() == range.len() {
        return Ok(Vec::new());
    }
    let taken: HashSet<(&str, &str)> = taken.iter().map(|row| (row.get(0), row.get(1))).collect();
    let missing = range.filter(|&row| {
        let (collection, id) = &rows.keys[row];
        !taken.contains(&(collection.as_str(), id.as_str()))
    });
    Ok(missing.map(|item| Refused { item, why: None }).collect())
}

/// Copies rows into a table in the order of their keys: loaders that wait for each other's rows never do so in a circle.
async fn copy(
    client: &Client,
    table: &str,
    rows: &Rows,
    range: Range<usize>,
) -> Result<(), tokio_postgres::Error> {
    let mut order: Vec<usize> = range.collect();
    order.sort_unstable_by_key(|&row| &rows.keys[row]);
    let bytes_of = |row: usize| {
        let start = row.checked_sub(1).map_or(0, |before| rows.ends[before]);
        &rows.bytes[start..rows.ends[row]]
    };
    let length: usize = order.iter().map(|&row| bytes_of(row).len()).sum();
    let mut bytes = BytesMut::with_capacity(HEADER.len() + length + 2);
    bytes.put_slice(HEADER);
    for row in order {
        bytes.put_slice(bytes_of(row));
    }
    bytes.put_i16(-1);
    let copy = client.copy_in(&format!("COPY {table} ({COLUMNS}) FROM STDIN (FORMAT binary)")).await?;
    let mut copy = std::pin::pin!(copy);
    copy.send(bytes.freeze()).await?;
    copy.as_mut().finish().await?;
    Ok(())
}

/// Tells those who listen how many rows have come or changed.
async fn notify(client: &Client, schema: &Ident, items: usize) -> Result<(), tokio_postgres::Error> {
    let notify =
        "SELECT pg_notify('stacyard', json_build_object('schema', $1::text, 'items', $2::text::int8)::text)";
    client.query(notify, &[&schema.name(), &items.to_string()]).await?;
    Ok(())
}

/// What an upsert writes.
const SETS: &str = "datetime = excluded.datetime, start_datetime = excluded.start_datetime, \
    end_datetime = excluded.end_datetime, extent_start = excluded.extent_start, extent_end = excluded.extent_end, \
    geometry = excluded.geometry, bbox = excluded.bbox, stac_version = excluded.stac_version, \
    stac_extensions = excluded.stac_extensions, geometry_text = excluded.geometry_text, \
    properties = excluded.properties, links = excluded.links, assets = excluded.assets, others = excluded.others, \
    verbatim = excluded.verbatim";

/// Whether an upsert changes anything: rows that would stay the same are not written again. As texts, since 1 and 1.0
/// are equal as `jsonb`.
fn changed() -> String {
    let all = |name: &str| {
        let columns = [
            "bbox::text",
            "stac_version",
            "stac_extensions::text",
            "geometry_text",
            "properties::text",
            "links::text",
            "assets::text",
            "others::text",
            "verbatim",
        ];
        columns.map(|column| format!("{name}.{column}")).join(", ")
    };
    format!("({}) IS DISTINCT FROM ({})", all("old"), all("excluded"))
}

impl Sink for PostGisSink {
    type Encoder = RowEncoder;

    fn encoder(&self) -> Arc<RowEncoder> {
        RowEncoder::shared()
    }

    fn write(&mut self, chunk: Rows) -> Result<(), Error> {
        if self.idle.is_empty() {
            self.wait_for_one()?;
        }
        let Some(mut client) = self.idle.pop() else {
            return Err(Error::failed("all connections to the database are lost"));
        };
        self.bytes += chunk.bytes.len() as u64;
        let target = self.target.clone();
        self.loading.push_back(self.database.runtime().spawn(async move {
            let refused =
                if chunk.ends.is_empty() { Ok(Vec::new()) } else { target.load(&mut client, &chunk).await };
            (client, refused)
        }));
        Ok(())
    }

    fn is_gradual(&self) -> bool {
        self.target.mode != Mode::Replace
    }

    fn settled(&mut self, wait: bool) -> Result<Option<Vec<Refused>>, Error> {
        if self.done.is_empty() && (wait || self.loading.front().is_some_and(JoinHandle::is_finished)) {
            self.wait_for_one()?;
        }
        Ok(self.done.pop_front())
    }

    fn finish(mut self) -> Result<u64, Error> {
        while !self.loading.is_empty() {
            self.wait_for_one()?;
        }
        let Some(client) = self.idle.first() else { return Ok(self.bytes) };
        self.database.wait(async {
            self.target.put_collections(client, &self.collections).await?;
            if self.target.mode == Mode::Replace {
                let items = self.target.replaced.load(Ordering::Relaxed);
                notify(client, &self.target.schema, items)
                    .await
                    .map_err(|cause| self.target.failed(cause))?;
                client.batch_execute("COMMIT").await.map_err(|cause| self.target.failed(cause))?;
            }
            Ok(self.bytes)
        })
    }
}
