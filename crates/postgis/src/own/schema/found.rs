//! What a schema holds, before anything is asked of it or changed in it.

use stacyard_store::{Error, ErrorKind, Remedy};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::connect::address::Address;
use crate::connect::fault;
use crate::own::schema::absent::{self, HISTORY};
use crate::sql::ident::Ident;

/// The version that this program knows.
pub(crate) const NEWEST: i32 = 4;

/// The oldest version of PostGIS that is known to work: what comes with PostgreSQL 14.
const OLDEST_POSTGIS: u32 = 3;

/// What PostGIS' objects are called.
pub(crate) async fn postgis(client: &Client) -> Result<Ident, Error> {
    let row = client
        .query_typed_opt(
            "SELECT n.nspname::text, e.extversion::text FROM pg_extension e \
             JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'",
            &[],
        )
        .await
        .map_err(|cause| fault::failed("look for PostGIS", cause))?;
    let Some(row) = row else {
        return Err(Error::failed("the database has no PostGIS").remedy(
            "let a superuser run CREATE EXTENSION postgis in it (Debian: package postgresql-15-postgis-3)",
        ));
    };
    let version: String = row.get(1);
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST_POSTGIS) {
        return Err(
            Error::failed(format!("PostGIS {version} is too old")).remedy("install version 3 or newer")
        );
    }
    Ident::new(row.get(0))
}

/// What a schema holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// Tables with our names, which are not ours.
    Others,
    /// Up to this version.
    Ours(i32),
}

/// Looks at a schema.
pub(crate) async fn found(client: &Client, schema: &Ident) -> Result<Found, Error> {
    let failed = |cause| fault::failed("look at the schema", cause);
    let rows = client
        .query_typed(
            "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relname IN ('items', 'collections', 'stacyard_migrations')",
            &[(&schema.name(), Type::TEXT)],
        )
        .await
        .map_err(failed)?;
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    if names.is_empty() {
        return Ok(Found::Nothing);
    }
    if !names.iter().any(|name| name == HISTORY) {
        return Ok(Found::Others);
    }
    let query = format!("SELECT coalesce(max(version), 0)::int FROM {schema}.{HISTORY}");
    Ok(Found::Ours(client.query_typed_one(&query, &[]).await.map_err(failed)?.get(0)))
}

/// Checks that the schema has the tables as this version knows them; gives the schema of PostGIS.
pub(crate) async fn check(client: &Client, address: &Address) -> Result<Ident, Error> {
    let (schema, shown) = (address.schema(), address.shown());
    match found(client, schema).await? {
        Found::Ours(version) if version == NEWEST => postgis(client).await,
        Found::Ours(version) if version > NEWEST => Err(newer(shown, version)),
        Found::Ours(_) => Err(Error::failed(format!("the tables of {shown} are of an older version"))
            .remedy(absent::init(Remedy::from("bring them up to date: "), shown))),
        Found::Nothing => Err(absent::no_tables(client, address).await?),
        Found::Others => Err(not_ours(schema)),
    }
}

/// Whether users have triggers that may change rows on their way in: then the database has to derive columns anew.
pub(crate) async fn has_triggers(client: &Client, schema: &Ident) -> Result<bool, Error> {
    // Of pg_trigger.h: 1 is FOR EACH ROW, 2 BEFORE, 4 INSERT, 16 UPDATE.
    let query = "SELECT EXISTS (SELECT FROM pg_trigger WHERE NOT tgisinternal AND tgname <> 'zz_stacyard' \
        AND tgenabled <> 'D' AND tgtype & 3 = 3 AND tgtype & 20 <> 0 \
        AND (tgrelid = $1::text::regclass OR tgrelid IN (SELECT relid FROM pg_partition_tree($1::text::regclass))))";
    let row = client.query_typed_one(query, &[(&format!("{schema}.items"), Type::TEXT)]).await;
    Ok(row.map_err(|cause| fault::failed("look at the table's triggers", cause))?.get(0))
}

/// The error of tables that a newer program has made.
pub(crate) fn newer(shown: &str, version: i32) -> Error {
    Error::failed(format!(
        "the tables of {shown} are of version {version}, and this program knows none after {NEWEST}"
    ))
    .remedy("use a newer stacyard")
}

/// The error of tables that have our names.
pub(crate) fn not_ours(schema: &Ident) -> Error {
    Error::new(
        ErrorKind::Conflict,
        &format!("the schema {schema} has tables called items or collections that Stacyard has not made"),
    )
    .remedy("name another schema: ?schema=NAME after the URL")
}
