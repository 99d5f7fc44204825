//! The table of Collections: read, and changed apart from the Items.

use stacyard_store::{CollectionChanges, Collections, Error, Mode};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::batch::Target;
use crate::connect::Address;
use crate::fault;
use crate::ident::Ident;
use crate::migrate;

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

/// Puts Collections into a database; those with the same ids are replaced.
pub fn put_collections(address: &Address, new: &Collections) -> Result<CollectionChanges, Error> {
    let database = address.connect()?;
    let mut client = database.own_client()?;
    let target = Target::new(address, Mode::Upsert);
    database.wait(async {
        migrate::check(&client, address).await?;
        let put = async {
            let transaction = client.transaction().await?;
            let changes = target.put_collections(transaction.client(), new).await?;
            transaction.commit().await?;
            Ok(changes)
        };
        put.await.map_err(|cause| target.failed(cause))
    })
}

/// Takes a Collection out of a database; `false`: it does not have it.
pub fn delete_collection(address: &Address, id: &str) -> Result<bool, Error> {
    let database = address.connect()?;
    let client = database.own_client()?;
    database.wait(async {
        migrate::check(&client, address).await?;
        let delete = format!("DELETE FROM {}.collections WHERE id = $1", address.schema());
        let deleted = client.execute_typed(&delete, &[(&id, Type::TEXT)]).await.map_err(|cause| {
            let is_referred_to = cause.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION);
            let error = fault::failed(&format!("delete from {}", address.shown()), cause);
            if !is_referred_to {
                return error;
            }
            error.remedy("delete the rows of yours that refer to the Collection first")
        })?;
        Ok(deleted > 0)
    })
}
