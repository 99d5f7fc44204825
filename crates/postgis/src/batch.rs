//! A batch of rows into the table: by COPY straight into it, or by way of a temporary table and one statement from there.
//! All that is prepared ends with the transaction, so that a pooler may give the connection to others between two.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut, BytesMut};
use futures_util::SinkExt;
use stacyard_model::json::Document;
use stacyard_store::{CollectionChanges, Collections, Counts, Error, Mode, Refused, Remedy, Why};
use tokio::sync::OnceCell;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::collections;
use crate::connect::Address;
use crate::encode::{BY_COPY, COLUMNS, Rows};
use crate::explain::{Explainer, odd};
use crate::fault::{self, Attempts};
use crate::ident::Ident;
use crate::loaded::Loaded;
use crate::replacement;
use crate::rows::{BY_SQL, COLLECTION, ID, ODD, SELECTED, write_item_at};
use crate::sieve::sieve;

/// The signature of COPY's binary format, its flags and the length of its extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Where a batch stands before it goes in.
pub(crate) const STAGING: &str = "pg_temp.stacyard_batch";

/// What is loaded, and how.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) schema: Ident,
    pub(crate) mode: Mode,
    pub(crate) shown: Arc<str>,
    /// Whether triggers of the user may change rows on their way in.
    pub(crate) has_triggers: bool,
    /// Whether an Item was met that is there already: then batches go through the temporary table.
    pub(crate) has_met_old: Arc<AtomicBool>,
    /// Whether rows of the last batch were refused that can be found in sets: then those of the next are looked for first.
    has_met_wrong: Arc<AtomicBool>,
    /// What is known of the table, once something was refused.
    explainer: Arc<OnceCell<Explainer>>,
    /// What has gone in.
    pub(crate) loaded: Arc<Loaded>,
    /// How many rows a replacement has written so far: it is one transaction, and notifies once.
    pub(crate) replaced: Arc<AtomicUsize>,
    /// The Items that an upsert has put others in the place of.
    pub(crate) updated: Arc<Mutex<Counts>>,
}

impl Target {
    pub(crate) fn new(address: &Address, mode: Mode) -> Self {
        Self {
            schema: address.schema().clone(),
            mode,
            shown: address.shown().into(),
            has_triggers: true,
            has_met_old: Arc::default(),
            has_met_wrong: Arc::default(),
            explainer: Arc::default(),
            loaded: Arc::default(),
            replaced: Arc::default(),
            updated: Arc::default(),
        }
    }

    /// The error of a load. What there is of it whoever called it can say ([`Loaded`]).
    pub(crate) fn failed(&self, cause: tokio_postgres::Error) -> Error {
        let is_unsure = fault::is_lost(&cause) && self.loaded.is_unsure();
        let error = fault::failed(&format!("load into {}", self.shown), cause);
        if is_unsure {
            let what = if self.mode == Mode::Replace { "all was replaced" } else { "the last batch is in" };
            let remedy = Remedy::from(format!(
                "it is not known whether {what}, since the connection was lost while this was committed: "
            ));
            return error.unsure().remedy(match self.mode {
                Mode::Replace => remedy
                    .command("info", &[])
                    .text(" says what is there, and to replace it again does no harm"),
                Mode::Insert | Mode::Resume => {
                    remedy.text("with ").option("resume").text(", what is in is not loaded again")
                }
                Mode::Upsert | Mode::Ignore => remedy.text("run it again, what is in is not written again"),
            });
        }
        if self.mode != Mode::Replace {
            return error;
        }
        error.also("nothing was replaced")
    }

    /// What makes the temporary table, for one transaction.
    pub(crate) fn staging(&self) -> String {
        // Not LIKE: columns that users have added, and what these demand, are none of ours. Values that are compressed
        // there are taken over as they are, so it has to be done as in the table.
        format!(
            "SET LOCAL default_toast_compression = lz4; CREATE TEMPORARY TABLE stacyard_batch ON COMMIT DROP AS \
             SELECT {COLUMNS} FROM {}.items WITH NO DATA",
            self.schema
        )
    }

    /// What begins a transaction.
    pub(crate) fn begin(&self) -> String {
        format!("BEGIN; {}", loading(self.has_triggers))
    }

    /// Takes a chunk; where some of its rows are refused, the others without them.
    pub(crate) async fn load(&self, client: &Client, rows: &Rows) -> Result<Vec<Refused>, Error> {
        let mut refused = Vec::new();
        let all: Vec<usize> = (0..rows.ends.len()).collect();
        let mut is_sieved = false;
        let mut has_failed = false;
        let mut left = if self.has_met_wrong.load(Ordering::Relaxed) {
            vec![self.sieved(client, (rows, all), &mut is_sieved, &mut refused).await]
        } else {
            vec![all]
        };
        let mut attempts = Attempts::default();
        // Rows that refer to Items: these may be others of the same chunk.
        let (mut waiting, mut has_new) = (Vec::new(), false);
        loop {
            let Some(set) = left.pop() else {
                if !has_new || waiting.is_empty() {
                    break;
                }
                left.push(waiting.drain(..).map(|refused: Refused| refused.item).collect());
                has_new = false;
                continue;
            };
            if set.is_empty() {
                continue;
            }
            let is_direct = !self.has_met_old.load(Ordering::Relaxed);
            let cause = match self.batch(client, rows, &set).await {
                Ok(mut known) => {
                    has_new |= known.len() < set.len();
                    refused.append(&mut known);
                    attempts = Attempts::default();
                    continue;
                }
                Err(cause) => cause,
            };
            if is_direct && fault::is_duplicate(&cause) {
                self.has_met_old.store(true, Ordering::Relaxed);
                left.push(set);
                continue;
            }
            if self.may_try_again(&cause) && attempts.wait().await {
                left.push(set);
                continue;
            }
            let Some(db) = cause.as_db_error().filter(|_| fault::is_of_rows(&cause)) else {
                return Err(self.failed(cause));
            };
            if let [item] = set[..] {
                let explainer = self.explainer(client).await;
                let why = Why::Wrong(explainer.problem(db, rows.row(item)));
                let is_waiting = explainer.is_of_items(db);
                if is_waiting { &mut waiting } else { &mut refused }.push(Refused { item, why });
                continue;
            }
            if !std::mem::replace(&mut has_failed, true) {
                let number = set.len();
                // Values that no type of PostgreSQL holds are seen without it: each of these rows is tried by itself.
                let (suspects, mut rest): (Vec<usize>, Vec<usize>) =
                    set.iter().partition(|&&row| odd(rows.row(row)).is_some());
                if !is_sieved {
                    rest = self.sieved(client, (rows, rest), &mut is_sieved, &mut refused).await;
                }
                if rest.len() < number {
                    left.push(rest);
                    left.extend(suspects.into_iter().map(|row| vec![row]));
                    continue;
                }
            }
            let (first, second) = set.split_at(set.len() / 2);
            left.extend([second.to_vec(), first.to_vec()]);
        }
        refused.append(&mut waiting);
        refused.sort_by_key(|refused| refused.item);
        Ok(refused)
    }

    /// A set without the rows that are found to be refused; `is_sieved`: whether they could be looked for.
    async fn sieved(
        &self,
        client: &Client,
        (rows, set): (&Rows, Vec<usize>),
        is_sieved: &mut bool,
        refused: &mut Vec<Refused>,
    ) -> Vec<usize> {
        let explainer = self.explainer(client).await;
        let Some(found) = sieve(client, self, explainer, (rows, &set)).await else { return set };
        *is_sieved = true;
        self.has_met_wrong.store(!found.is_empty(), Ordering::Relaxed);
        let known: HashSet<usize> = found.iter().map(|refused| refused.item).collect();
        refused.extend(found);
        set.into_iter().filter(|row| !known.contains(row)).collect()
    }

    /// What is known of the table; where it cannot be asked, nothing.
    async fn explainer(&self, client: &Client) -> &Explainer {
        let ask = async {
            let is_within = self.mode == Mode::Replace;
            if is_within && client.batch_execute("SAVEPOINT explain").await.is_err() {
                return Explainer::default();
            }
            let found = Explainer::of(client, &self.schema).await;
            if is_within {
                let back = if found.is_ok() { "" } else { "ROLLBACK TO SAVEPOINT explain; " };
                let _ = client.batch_execute(&format!("{back}RELEASE SAVEPOINT explain")).await;
            }
            found.unwrap_or_default()
        };
        self.explainer.get_or_init(|| ask).await
    }

    /// Whether Items that are there stay, so that new ones with their keys are not looked at.
    pub(crate) const fn keeps_old(&self) -> bool {
        matches!(self.mode, Mode::Insert | Mode::Resume | Mode::Ignore)
    }

    /// SQL that is true of rows whose Item the table has.
    pub(crate) fn is_there(&self, name: &str) -> String {
        format!(
            "EXISTS (SELECT FROM {}.items AS old WHERE old.collection = {name}.collection AND old.id = {name}.id)",
            self.schema
        )
    }

    /// Whether what failed may go well the next time: another session was in the way. A replacement, which is one transaction,
    /// has the same snapshot each time.
    fn may_try_again(&self, cause: &tokio_postgres::Error) -> bool {
        match self.mode {
            Mode::Replace => cause.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED),
            _ => fault::is_conflict(cause),
        }
    }

    /// One transaction; of a replacement, which is one as a whole, a part.
    async fn batch(
        &self,
        client: &Client,
        rows: &Rows,
        set: &[usize],
    ) -> Result<Vec<Refused>, tokio_postgres::Error> {
        if self.mode == Mode::Replace {
            client.batch_execute("SAVEPOINT batch").await?;
            let inserted = self.insert(client, rows, set, &mut Counts::default()).await;
            let back = if inserted.is_ok() { "" } else { "ROLLBACK TO SAVEPOINT batch; " };
            // After the savepoint: there it is emptied at once, within it only when all is done.
            let end = format!("{back}RELEASE SAVEPOINT batch; TRUNCATE {STAGING}");
            return match client.batch_execute(&end).await {
                Ok(()) => inserted,
                // Where the connection is lost this says less than what came first.
                Err(cause) => Err(inserted.err().unwrap_or(cause)),
            };
        }
        client.batch_execute(&self.begin()).await?;
        let mut updated = Counts::default();
        match self.insert(client, rows, set, &mut updated).await {
            Ok(refused) => {
                self.loaded.commit(client, set.len() - refused.len()).await?;
                self.updated.lock().unwrap_or_else(PoisonError::into_inner).append(&updated);
                Ok(refused)
            }
            Err(cause) => {
                // Waited for: a pooler gives the connection away where a transaction ends, with all that was sent after
                // it. Where it fails too, the first failure says more.
                let _ = client.batch_execute("ROLLBACK").await;
                Err(cause)
            }
        }
    }

    /// Copies rows into the table; where some of them may be there, by way of the temporary one. Those that are there
    /// already are refused.
    async fn insert(
        &self,
        client: &Client,
        rows: &Rows,
        set: &[usize],
        updated: &mut Counts,
    ) -> Result<Vec<Refused>, tokio_postgres::Error> {
        let schema = &self.schema;
        if !self.has_met_old.load(Ordering::Relaxed) {
            copy(client, &format!("{schema}.items"), rows, set).await?;
            self.tell(client, set.len()).await?;
            return Ok(Vec::new());
        }
        if self.mode != Mode::Replace {
            client.batch_execute(&self.staging()).await?;
        }
        copy(client, STAGING, rows, set).await?;
        let is_upsert = matches!(self.mode, Mode::Upsert | Mode::Replace);
        if self.mode == Mode::Upsert {
            // As a value for each row, as in `same`.
            let there = format!(
                "WITH there AS (SELECT collection FROM {STAGING} AS new WHERE (SELECT true FROM {schema}.items AS old \
                 WHERE old.collection = new.collection AND old.id = new.id))"
            );
            *updated = replacement::counts(client, &there, "there").await?;
        }
        let conflict = if is_upsert {
            // A row that SQL has written is written anew too: the Item has been validated now.
            format!(
                "UPDATE SET {SETS} WHERE {} OR (old.{BY_SQL} AND excluded.written_by = '{BY_COPY}')",
                changed("excluded")
            )
        } else {
            "NOTHING".to_owned()
        };
        let insert = format!(
            "INSERT INTO {schema}.items AS old ({COLUMNS}) SELECT {COLUMNS} FROM {STAGING} ORDER BY collection, id \
             ON CONFLICT (collection, id) DO {conflict} RETURNING collection, id"
        );
        let taken = client.query_typed(&insert, &[]).await?;
        if self.mode == Mode::Replace {
            replacement::note(client).await?;
        }
        self.tell(client, taken.len()).await?;
        if is_upsert || taken.len() == set.len() {
            return Ok(Vec::new());
        }
        let same = if self.mode == Mode::Resume { self.same(client).await? } else { HashSet::new() };
        let taken = keys(&taken);
        let missing = set.iter().filter_map(|&item| {
            let key = &rows.keys[item];
            let why = if same.contains(key) { Why::Present } else { Why::Taken };
            (!taken.contains(&(key.0.as_str(), key.1.as_str()))).then_some(Refused { item, why })
        });
        Ok(missing.collect())
    }

    /// The keys of the batch's rows of which the table has the same Item, however it is spelled.
    async fn same(&self, client: &Client) -> Result<HashSet<(String, String)>, tokio_postgres::Error> {
        // As a value for each row, it is looked up by the index; a join would be planned without knowing the temporary table.
        let query = format!(
            "SELECT collection, id FROM {STAGING} AS new WHERE NOT (SELECT {} FROM {}.items AS old \
             WHERE old.collection = new.collection AND old.id = new.id)",
            changed("new"),
            self.schema
        );
        let rows = client.query_typed(&query, &[]).await?;
        let mut same: HashSet<_> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        // Others may be spelled otherwise, such as with escapes in the texts of links. OFFSET 0: as above.
        let of = |name: &str| {
            SELECTED.split(", ").map(|column| format!("{name}.{}", column.trim())).collect::<Vec<_>>()
        };
        let query = format!(
            "SELECT {}, {} FROM {STAGING} AS new, LATERAL (SELECT {SELECTED} FROM {}.items AS old \
             WHERE old.collection = new.collection AND old.id = new.id OFFSET 0) AS old WHERE {}",
            of("new").join(", "),
            of("old").join(", "),
            self.schema,
            changed("new")
        );
        for row in client.query_typed(&query, &[]).await? {
            let item = |first| {
                let mut text = Vec::new();
                write_item_at(&row, first, &mut text).map(|()| Document::parse_bytes(&text))
            };
            if let (Ok(new), Ok(old)) = (item(0)?, item(ODD)?)
                && new.root() == old.root()
            {
                same.insert((row.get(COLLECTION), row.get(ID)));
            }
        }
        Ok(same)
    }

    /// Puts Collections into their table, within a transaction.
    pub(crate) async fn put_collections(
        &self,
        client: &Client,
        collections: &Collections,
    ) -> Result<CollectionChanges, tokio_postgres::Error> {
        let old =
            collections::read(client, &self.schema, Some(collections).filter(|_| self.mode != Mode::Replace));
        let changes = CollectionChanges::of(&old.await?, collections, self.mode);
        // As with the Items: those of the store stay, unless the input is to replace them.
        let conflict = match self.mode {
            Mode::Upsert | Mode::Replace => "UPDATE SET content = excluded.content",
            Mode::Insert | Mode::Resume | Mode::Ignore => "NOTHING",
        };
        let put = format!(
            "INSERT INTO {}.collections AS old (id, content) VALUES ($1, $2::text::json) ON CONFLICT (id) DO {conflict}",
            self.schema
        );
        for id in changes.new.iter().chain(&changes.changed) {
            if let Some(content) = collections.get(id) {
                client.execute_typed(&put, &[(id, Type::TEXT), (&content.to_string(), Type::TEXT)]).await?;
            }
        }
        Ok(changes)
    }

    /// Notifies of rows that have come or changed; of a replacement at its end.
    async fn tell(&self, client: &Client, rows: usize) -> Result<(), tokio_postgres::Error> {
        if self.mode == Mode::Replace {
            self.replaced.fetch_add(rows, Ordering::Relaxed);
            return Ok(());
        }
        notify(client, &self.schema, rows).await
    }
}

/// What a transaction says that brings all columns along, so that the database need not derive them; where triggers may change rows,
/// that each is a whole Item (migration V3).
pub(crate) const fn loading(has_triggers: bool) -> &'static str {
    if has_triggers { "SET LOCAL stacyard.loading = whole" } else { "SET LOCAL stacyard.loading = on" }
}

/// Tells those who listen how many rows have come, changed or gone.
pub(crate) async fn notify(
    client: &Client,
    schema: &Ident,
    rows: usize,
) -> Result<(), tokio_postgres::Error> {
    let notify =
        "SELECT pg_notify('stacyard', json_build_object('schema', $1::text, 'items', $2::text::int8)::text)";
    client.query_typed(notify, &[(&schema.name(), Type::TEXT), (&rows.to_string(), Type::TEXT)]).await?;
    Ok(())
}

/// The keys of rows that begin with them.
fn keys(rows: &[Row]) -> HashSet<(&str, &str)> {
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Copies rows into a table in the order of their keys: loaders that wait for each other's rows never do so in a circle.
pub(crate) async fn copy(
    client: &Client,
    table: &str,
    rows: &Rows,
    set: &[usize],
) -> Result<(), tokio_postgres::Error> {
    let mut order = set.to_vec();
    order.sort_unstable_by_key(|&row| &rows.keys[row]);
    send(client, (table, COLUMNS), order.iter().map(|&row| rows.row(row))).await
}

/// Copies rows in COPY's binary format into some columns of a table. The statement, which has a name here, is closed before the
/// transaction ends.
pub(crate) async fn send<'r>(
    client: &Client,
    (table, columns): (&str, &str),
    rows: impl Iterator<Item = &'r [u8]> + Clone,
) -> Result<(), tokio_postgres::Error> {
    let length: usize = rows.clone().map(<[u8]>::len).sum();
    let mut bytes = BytesMut::with_capacity(HEADER.len() + length + 2);
    bytes.put_slice(HEADER);
    rows.for_each(|row| bytes.put_slice(row));
    bytes.put_i16(-1);
    let copy = client.copy_in(&format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)")).await?;
    let mut copy = std::pin::pin!(copy);
    copy.send(bytes.freeze()).await?;
    copy.as_mut().finish().await?;
    Ok(())
}

/// What is written in the place of a row that is there.
pub(crate) const SETS: &str = "datetime = excluded.datetime, start_datetime = excluded.start_datetime, \
    end_datetime = excluded.end_datetime, extent_start = excluded.extent_start, extent_end = excluded.extent_end, \
    geometry = excluded.geometry, bbox = excluded.bbox, stac_version = excluded.stac_version, \
    stac_extensions = excluded.stac_extensions, geometry_text = excluded.geometry_text, \
    properties = excluded.properties, links = excluded.links, assets = excluded.assets, others = excluded.others, \
    verbatim = excluded.verbatim, written_by = excluded.written_by";

/// Whether the `old` row is another Item than that of `new`: rows that would stay the same are not written again. As
/// texts, since 1 and 1.0 are equal as `jsonb`.
fn changed(new: &str) -> String {
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
    format!("({}) IS DISTINCT FROM ({})", all("old"), all(new))
}
