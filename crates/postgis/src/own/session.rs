//! What a transaction tells the database, beside the rows that it writes.

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use crate::sql::ident::Ident;

/// What a transaction says that brings all columns along, so that the database need not derive them; where triggers may change rows,
/// that each is a whole Item (migration V3).
pub(crate) const fn loading(has_triggers: bool) -> &'static str {
    if has_triggers { "SET LOCAL stacyard.loading = whole" } else { "SET LOCAL stacyard.loading = on" }
}

/// Tells those who listen how many rows have come, changed or gone.
pub(crate) async fn notify(client: &Client, schema: &Ident, rows: usize) -> Result<(), Error> {
    let notify =
        "SELECT pg_notify('stacyard', json_build_object('schema', $1::text, 'items', $2::text::int8)::text)";
    client.query_typed(notify, &[(&schema.name(), Type::TEXT), (&rows.to_string(), Type::TEXT)]).await?;
    Ok(())
}
