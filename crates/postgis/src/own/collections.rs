//! The table of Collections: read, and changed apart from the Items.

use stacyard_store::{CollectionChanges, Collections, Deletion, Error, Mode};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::connect::address::Address;
use crate::connect::fault;
use crate::connect::pool::Database;
use crate::own::schema::found;
use crate::sql::ident::Ident;

/// Those that have the ids of some, or all.
pub(crate) async fn read(
    client: &Client,
    schema: &Ident,
    like: Option<&Collections>,
) -> Result<Collections, tokio_postgres::Error> {
    if like.is_some_and(Collections::is_empty) {
        return Ok(Collections::new());
    }
    let query = format!(
        "SELECT id, content::text FROM {schema}.collections WHERE $1::text[] IS NULL OR id = ANY ($1)"
    );
    let ids: Option<Vec<&String>> = like.map(|like| like.keys().collect());
    let rows = client.query_typed(&query, &[(&ids, Type::TEXT_ARRAY)]).await?;
    // What cannot be read, since it is nested too deep, is not the same as anything that comes.
    Ok(rows.iter().map(|row| (row.get(0), serde_json::from_str(row.get(1)).unwrap_or_default())).collect())
}

/// Puts Collections into their table, within a transaction.
pub(crate) async fn put(
    client: &Client,
    schema: &Ident,
    collections: &Collections,
    mode: Mode,
) -> Result<CollectionChanges, tokio_postgres::Error> {
    let old = read(client, schema, Some(collections).filter(|_| mode != Mode::Replace));
    let changes = CollectionChanges::of(&old.await?, collections, mode);
    // As with the Items: those of the store stay, unless the input is to replace them.
    let conflict = match mode {
        Mode::Upsert | Mode::Replace => "UPDATE SET content = excluded.content",
        Mode::Insert | Mode::Resume | Mode::Ignore => "NOTHING",
    };
    let put = format!(
        "INSERT INTO {schema}.collections AS old (id, content) VALUES ($1, $2::text::json) ON CONFLICT (id) DO {conflict}"
    );
    for id in changes.new.iter().chain(&changes.changed) {
        if let Some(content) = collections.get(id) {
            client.execute_typed(&put, &[(id, Type::TEXT), (&content.to_string(), Type::TEXT)]).await?;
        }
    }
    Ok(changes)
}

/// Keeps other writers waiting until the transaction ends: an Item that comes while those of a Collection are counted would be left without
/// it.
pub(crate) fn lock(schema: &Ident) -> String {
    format!("LOCK TABLE {schema}.items, {schema}.collections IN SHARE ROW EXCLUSIVE MODE")
}

/// How many Items belong to a Collection.
pub(crate) async fn items_of(
    client: &Client,
    schema: &Ident,
    id: &str,
) -> Result<u64, tokio_postgres::Error> {
    let count = format!("SELECT count(*) FROM {schema}.items WHERE collection = $1");
    Ok(client.query_typed_one(&count, &[(&id, Type::TEXT)]).await?.get::<_, i64>(0).unsigned_abs())
}

/// Deletes a Collection, if it is there; gives how many there were.
pub(crate) async fn delete(client: &Client, schema: &Ident, id: &str) -> Result<u64, tokio_postgres::Error> {
    let delete = format!("DELETE FROM {schema}.collections WHERE id = $1");
    client.execute_typed(&delete, &[(&id, Type::TEXT)]).await
}

/// Puts Collections into a database; those with the same ids are replaced.
pub fn put_collections(address: &Address, new: &Collections) -> Result<CollectionChanges, Error> {
    let database = Database::of(address)?;
    let mut client = database.own_client()?;
    database.wait(async {
        found::check(&client, address).await?;
        let put = async {
            let transaction = client.transaction().await?;
            let changes = self::put(transaction.client(), address.schema(), new, Mode::Upsert).await?;
            transaction.commit().await?;
            Ok(changes)
        };
        put.await.map_err(|cause| fault::failed(&format!("load into {}", address.shown()), cause))
    })
}

/// Takes a Collection to which no Item belongs out of a database.
pub fn delete_collection(address: &Address, id: &str) -> Result<Deletion, Error> {
    let database = Database::of(address)?;
    let mut client = database.own_client()?;
    let schema = address.schema();
    database.wait(async {
        found::check(&client, address).await?;
        let deletion = async {
            let transaction = client.transaction().await?;
            let client = transaction.client();
            client.batch_execute(&lock(schema)).await?;
            let items = items_of(client, schema, id).await?;
            if items > 0 {
                return Ok(Deletion::HasItems(items));
            }
            let deleted = delete(client, schema, id).await?;
            transaction.commit().await?;
            Ok(if deleted > 0 { Deletion::Done } else { Deletion::NotThere })
        };
        deletion.await.map_err(|cause: tokio_postgres::Error| {
            let is_referred_to = cause.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION);
            let error = fault::failed(&format!("delete from {}", address.shown()), cause);
            if !is_referred_to {
                return error;
            }
            error.remedy("delete the rows of other tables that refer to the Collection first")
        })
    })
}
