//! The error of a database that does not have our tables where the URL says: what it has, and what to write.

use stacyard_store::{Error, ErrorKind, Remedy};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::connect::address::Address;
use crate::connect::fault;

/// The table that says which migrations a schema has: by it a schema is known as ours.
pub(crate) const HISTORY: &str = "stacyard_migrations";

/// How many schemas are named.
const MAX_NAMED: i64 = 5;

/// What is said where the schema of the URL has none of our tables.
pub(crate) async fn no_tables(client: &Client, address: &Address) -> Result<Error, Error> {
    let (schema, shown) = (address.schema(), address.shown());
    let failed = |cause| fault::failed("look at the schemas", cause);
    let query = format!(
        "SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relname = $1 AND c.relkind = 'r' ORDER BY 1 LIMIT {MAX_NAMED}"
    );
    let rows = client.query_typed(&query, &[(&HISTORY, Type::TEXT)]).await.map_err(failed)?;
    let others: Vec<String> = rows.iter().map(|row| format!("?schema={}", encoded(row.get(0)))).collect();
    let query = "SELECT to_regclass('pgstac.items') IS NOT NULL";
    let has_pgstac: bool = client.query_typed_one(query, &[]).await.map_err(failed)?.get(0);
    let mut message = format!("there are no Stacyard tables in the schema {schema} of {shown}");
    if has_pgstac {
        message.push_str(" (but a pgstac database, which this version does not open)");
    }
    let others = if others.is_empty() {
        "?schema=NAME".to_owned()
    } else {
        format!("{} (where this database has them)", others.join(" or "))
    };
    let make = init(Remedy::from("make its tables: "), shown);
    Ok(Error::new(ErrorKind::NotFound, &message).remedy(make.or(format!("name another schema: {others}"))))
}

/// Goes on with the command that makes the tables. A password that is not shown cannot be pasted.
pub(crate) fn init(remedy: Remedy, shown: &str) -> Remedy {
    if shown.contains("***") {
        return remedy.command("init", &[]).text(" with the same URL");
    }
    remedy.command("init", &[shown])
}

/// A name as a URL has it.
fn encoded(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}
