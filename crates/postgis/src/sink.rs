//! Items into the table: by COPY into a temporary table, and from there in one statement. Each batch is one
//! transaction.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use futures_util::SinkExt;
use stacyard_store::{Collections, Error, Mode, Problem, Refused, Sink};
use tokio_postgres::{Client, Transaction};

use crate::connect::{Address, Database};
use crate::encode::{COLUMNS, RowEncoder, Rows};
use crate::fault;
use crate::ident::Ident;
use crate::migrate;

/// The signature of COPY's binary format, its flags and the length of its extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Where a batch stands before it goes in.
const STAGING: &str = "pg_temp.stacyard_batch";

/// A table being loaded.
pub struct PostGisSink {
    database: Database,
    client: Client,
    schema: Ident,
    mode: Mode,
    bytes: u64,
}

impl PostGisSink {
    /// Connects, and checks that the tables are there. With [`Mode::Replace`] all goes in as one transaction.
    pub fn create(address: &Address, mode: Mode, collections: &Collections) -> Result<Self, Error> {
        let database = address.connect()?;
        let client = database.own_client()?;
        let schema = address.schema().clone();
        let sink = Self { database, client, schema, mode, bytes: 0 };
        sink.database.wait(sink.begin(collections))?;
        Ok(sink)
    }

    fn failed(&self, cause: tokio_postgres::Error) -> Error {
        fault::failed(&format!("load into {}", self.database.address().shown()), cause)
    }

    async fn begin(&self, collections: &Collections) -> Result<(), Error> {
        migrate::check(&self.client, self.database.address()).await?;
        let schema = &self.schema;
        let mut prepare =
            format!("CREATE TEMPORARY TABLE stacyard_batch (LIKE {schema}.items) ON COMMIT DELETE ROWS;");
        if self.mode == Mode::Replace {
            let _ = write!(prepare, "BEGIN; DELETE FROM {schema}.items; DELETE FROM {schema}.collections;");
        }
        self.client.batch_execute(&prepare).await.map_err(|cause| self.failed(cause))?;
        // As with the Items: those of the store stay, unless the input is to replace them.
        let conflict = match self.mode {
            Mode::Upsert | Mode::Replace => "DO UPDATE SET content = excluded.content",
            Mode::Insert | Mode::Ignore => "DO NOTHING",
        };
        let put = format!(
            "INSERT INTO {schema}.collections (id, content) VALUES ($1, $2::text::jsonb) ON CONFLICT (id) {conflict}"
        );
        for (id, content) in collections {
            self.client
                .execute(&put, &[id, &content.to_string()])
                .await
                .map_err(|cause| self.failed(cause))?;
        }
        Ok(())
    }

    /// Takes some rows of a chunk; where some of them are refused, the others by themselves.
    async fn load(
        &mut self,
        rows: &Rows,
        range: Range<usize>,
        refused: &mut Vec<Refused>,
    ) -> Result<(), Error> {
        let mut left = vec![range];
        while let Some(range) = left.pop() {
            match self.batch(rows, range.clone()).await {
                Ok(mut known) => refused.append(&mut known),
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
        Ok(())
    }

    /// One transaction; within one that is open already, a part of it.
    async fn batch(
        &mut self,
        rows: &Rows,
        range: Range<usize>,
    ) -> Result<Vec<Refused>, tokio_postgres::Error> {
        let (mode, schema) = (self.mode, self.schema.clone());
        if mode == Mode::Replace {
            self.client.batch_execute("SAVEPOINT batch").await?;
            return match insert(&self.client, mode, &schema, rows, range).await {
                Ok(refused) => {
                    self.client
                        .batch_execute("RELEASE SAVEPOINT batch; TRUNCATE pg_temp.stacyard_batch")
                        .await?;
                    Ok(refused)
                }
                Err(cause) => {
                    self.client.batch_execute("ROLLBACK TO SAVEPOINT batch").await?;
                    Err(cause)
                }
            };
        }
        let transaction: Transaction<'_> = self.client.transaction().await?;
        let refused = insert(transaction.client(), mode, &schema, rows, range).await?;
        transaction.commit().await?;
        Ok(refused)
    }
}

/// Copies rows into the temporary table, and from there into the real one; those that are there already are refused.
async fn insert(
    client: &Client,
    mode: Mode,
    schema: &Ident,
    rows: &Rows,
    range: Range<usize>,
) -> Result<Vec<Refused>, tokio_postgres::Error> {
    let start = range.start.checked_sub(1).map_or(0, |before| rows.ends[before]);
    let end = rows.ends[range.end - 1];
    let mut bytes = BytesMut::with_capacity(HEADER.len() + end - start + 2);
    bytes.put_slice(HEADER);
    bytes.put_slice(&rows.bytes[start..end]);
    bytes.put_i16(-1);
    let copy = client.copy_in(&format!("COPY {STAGING} ({COLUMNS}) FROM STDIN (FORMAT binary)")).await?;
    let mut copy = std::pin::pin!(copy);
    copy.send(bytes.freeze()).await?;
    copy.as_mut().finish().await?;
    // In one order everywhere: loaders that wait for each other's rows never do so in a circle.
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
    let notify =
        "SELECT pg_notify('stacyard', json_build_object('schema', $1::text, 'items', $2::text::int8)::text)";
    client.query(notify, &[&schema.name(), &taken.len().to_string()]).await?;
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

    fn write(&mut self, chunk: Rows) -> Result<Vec<Refused>, Error> {
        let mut refused = Vec::new();
        if chunk.ends.is_empty() {
            return Ok(refused);
        }
        let database = self.database.clone();
        database.wait(self.load(&chunk, 0..chunk.ends.len(), &mut refused))?;
        refused.sort_by_key(|refused| refused.item);
        self.bytes += chunk.bytes.len() as u64;
        Ok(refused)
    }

    fn finish(self) -> Result<u64, Error> {
        if self.mode == Mode::Replace {
            let commit = self.database.wait(self.client.batch_execute("COMMIT"));
            commit.map_err(|cause| self.failed(cause))?;
        }
        Ok(self.bytes)
    }
}
