//! Whose tables a database has, where its name does not say.

use stacyard_store::Error;
use tokio_postgres::types::Type;

use crate::connect::address::Address;
use crate::connect::fault;
use crate::connect::pool::Database;

/// The tables that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Ours, in the schema that the address names.
    Own,
    /// Those of pgstac.
    PgStac,
    /// Both.
    Both,
    /// Neither.
    Neither,
}

impl Holds {
    /// Looks.
    ///
    /// # Errors
    /// A database that cannot be asked.
    pub fn of(address: &Address) -> Result<Self, Error> {
        let database = Database::of(address)?;
        let question = "SELECT to_regclass($1) IS NOT NULL, to_regclass('pgstac.items') IS NOT NULL";
        let items = format!("{}.items", address.schema());
        let row = database.wait(async {
            let client = database.link.client().await?;
            let row = client.query_typed_one(question, &[(&items, Type::TEXT)]).await;
            row.map_err(|cause| fault::failed(&format!("read {}", address.shown()), cause))
        })?;
        Ok(match (row.get(0), row.get(1)) {
            (true, false) => Self::Own,
            (false, true) => Self::PgStac,
            (true, true) => Self::Both,
            (false, false) => Self::Neither,
        })
    }
}
