//! The Collections of pgstac: read, put and taken out.

use stacyard_model::json::{Document, Tape, Value};
use stacyard_store::{CollectionChanges, Collections, Deletion, Error, ErrorKind, Mode};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::connect::change::Fault;
use crate::connect::fault;
use crate::copy::field::Raw;
use crate::copy::number::is_changed;
use crate::pgstac::extra::{OURS, mark, write};
use crate::pgstac::store::PgStac;
use crate::pgstac::version::Version;
use crate::search::searched::{parsed, unreadable};

/// Triggers of pgstac 0.9 want to find its functions.
const SEARCH_PATH: &str = "SET LOCAL search_path TO pgstac, public";

/// What is read of one: its id, what it says, and what is kept beside that.
pub(super) fn selected() -> String {
    format!("id, content, private -> '{OURS}'")
}

/// The JSON text of a row of [`selected`] columns.
pub(super) fn text_of(row: &Row) -> Result<String, Error> {
    let failed = |cause| unreadable(&cause);
    let Raw(content) = row.try_get(1).map_err(failed)?;
    if let Some(Raw(extra)) = row.try_get(2).map_err(failed)? {
        let (mut tape, extra) =
            (Tape::new(), Document::parse_bytes(extra).map_err(|cause| unreadable(&cause))?);
        let content = tape.parse(content).map_err(|cause| unreadable(&cause))?;
        let member = |name: &str| extra.root().get(name).and_then(Value::as_str);
        if let Some(text) = member("item").filter(|_| member("of").is_some_and(|of| of == mark(content, b"")))
        {
            return Ok(text.into_owned());
        }
    }
    Ok(String::from_utf8_lossy(content).into_owned())
}

/// What is kept beside the content of a Collection, as JSON, where `jsonb` would change it.
fn extra_of(text: &str) -> Option<String> {
    fn has_odd_number(value: Value<'_>) -> bool {
        value.as_number().is_some_and(|number| is_changed(number.text()))
            || value.elements().into_iter().flatten().any(has_odd_number)
            || value.members().into_iter().flatten().any(|(_, value)| has_odd_number(value))
    }
    let document = Document::parse(text).ok().filter(|document| has_odd_number(document.root()))?;
    let mut extra = Vec::new();
    write(&mark(document.root(), b""), [("item", Some(text.as_bytes())), ("geometry", None)], &mut extra);
    String::from_utf8(extra).ok()
}

/// Puts Collections, within a transaction of their own.
pub(super) async fn put_as_one(
    client: &mut Client,
    version: &Version,
    new: &Collections,
    mode: Mode,
) -> Result<CollectionChanges, Error> {
    let failed = |cause| fault::failed("put Collections into pgstac", cause);
    let transaction = client.transaction().await.map_err(failed)?;
    transaction.batch_execute(SEARCH_PATH).await.map_err(failed)?;
    let changes = put(transaction.client(), version, new, mode).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(changes)
}

/// Puts Collections, within a transaction. Their partitions stay as they are cut.
pub(super) async fn put(
    client: &Client,
    version: &Version,
    new: &Collections,
    mode: Mode,
) -> Result<CollectionChanges, Error> {
    if new.is_empty() {
        return Ok(CollectionChanges::default());
    }
    let failed = |cause| fault::failed("put Collections into pgstac", cause);
    // Of a replacement those too that the input does not have.
    let ids = (mode != Mode::Replace).then(|| new.keys().collect::<Vec<_>>());
    let query = format!(
        "SELECT {} FROM pgstac.collections WHERE $1::text[] IS NULL OR id = ANY($1) ORDER BY id FOR UPDATE",
        selected()
    );
    let rows = client.query_typed(&query, &[(&ids, Type::TEXT_ARRAY)]).await.map_err(failed)?;
    let mut old = Collections::new();
    for row in &rows {
        old.insert(row.get(0), parsed(&text_of(row)?)?);
    }
    let changes = CollectionChanges::of(&old, new, mode);
    for id in changes.new.iter().chain(&changes.changed) {
        let Some(content) = new.get(id) else { continue };
        let text = content.to_string();
        let put = async {
            // A replacement leaves no Items that it could change.
            if mode != Mode::Replace {
                refuse_other_base(client, version, id, &text).await?;
            }
            put_one(client, &text).await
        };
        match put.await {
            Ok(_) => {}
            Err(Fault::Failed(cause)) => return Err(failed(cause)),
            Err(Fault::Refused(error)) => return Err(error),
            Err(Fault::Raced) => return Err(Error::failed("a Collection was changed meanwhile")),
        }
    }
    Ok(changes)
}

/// Puts one, whose row is locked where it is there; gives its text as it is read again.
pub(super) async fn put_one(client: &Client, text: &str) -> Result<String, Fault> {
    let put = format!(
        "INSERT INTO pgstac.collections AS old (content, private) VALUES ($1::text::jsonb, $2::text::jsonb) ON CONFLICT (id) \
         DO UPDATE SET content = excluded.content, private = CASE WHEN jsonb_typeof(coalesce(old.private, '{{}}')) = 'object' \
         THEN nullif((coalesce(old.private, '{{}}') - '{OURS}') || coalesce(excluded.private, '{{}}'), '{{}}') ELSE old.private END \
         RETURNING {}",
        selected()
    );
    let row = client.query_typed(&put, &[(&text, Type::TEXT), (&extra_of(text), Type::TEXT)]).await?;
    Ok(text_of(row.first().ok_or(Fault::Raced)?)?)
}

/// Before 0.10 Items are put together with what their Collection says now: to change that would change them.
pub(super) async fn refuse_other_base(
    client: &Client,
    version: &Version,
    id: &str,
    text: &str,
) -> Result<(), Fault> {
    if version.has_base_items {
        return Ok(());
    }
    let query = "SELECT EXISTS (SELECT FROM pgstac.collections WHERE id = $1 \
         AND base_item IS DISTINCT FROM pgstac.collection_base_item($2::text::jsonb)) \
         AND EXISTS (SELECT FROM pgstac.items WHERE collection = $1)";
    let row = client.query_typed_one(query, &[(&id, Type::TEXT), (&text, Type::TEXT)]).await?;
    if row.get(0) {
        let message =
            format!("{id:?} has Items, which other item_assets or another stac_version would change");
        return Err(Error::new(ErrorKind::Conflict, &message)
            .remedy("pgstac keeps what Items were stored against from 0.10 on: migrate to that first")
            .into());
    }
    Ok(())
}

impl PgStac {
    /// Puts Collections; those with the same ids are replaced.
    ///
    /// # Errors
    /// A database that does not take them.
    pub fn put_collections(&self, new: &Collections) -> Result<CollectionChanges, Error> {
        let mut client = self.writer.own_client()?;
        self.writer.wait(put_as_one(&mut client, &self.version, new, Mode::Upsert))
    }

    /// Takes a Collection out to which no Item belongs.
    ///
    /// # Errors
    /// A database that does not do it.
    pub fn take_out_collection(&self, id: &str) -> Result<Deletion, Error> {
        let mut client = self.writer.own_client()?;
        let failed = |cause| fault::failed(&format!("delete from {}", self.writer.address().shown()), cause);
        self.writer.wait(async {
            let transaction = client.transaction().await.map_err(failed)?;
            transaction.batch_execute(SEARCH_PATH).await.map_err(failed)?;
            let deletion = delete(transaction.client(), id).await.map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
            Ok(deletion)
        })
    }
}

/// Deletes one without Items. Its row is locked first: an Item that comes has to wait for it, and finds it gone.
pub(super) async fn delete(client: &Client, id: &str) -> Result<Deletion, tokio_postgres::Error> {
    let lock = "SELECT FROM pgstac.collections WHERE id = $1 FOR UPDATE";
    if client.query_typed(lock, &[(&id, Type::TEXT)]).await?.is_empty() {
        return Ok(Deletion::NotThere);
    }
    let count = "SELECT count(*) FROM pgstac.items WHERE collection = $1";
    let items = client.query_typed_one(count, &[(&id, Type::TEXT)]).await?.get::<_, i64>(0).unsigned_abs();
    if items > 0 {
        return Ok(Deletion::HasItems(items));
    }
    client.execute_typed("DELETE FROM pgstac.collections WHERE id = $1", &[(&id, Type::TEXT)]).await?;
    Ok(Deletion::Done)
}
