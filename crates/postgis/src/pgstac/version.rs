//! Which version of pgstac a database has, and what that means for its rows.

use stacyard_store::{Error, ErrorKind, Remedy};
use tokio_postgres::Client;

use crate::connect::address::Address;
use crate::connect::fault;
use crate::sql::ident::Ident;

/// What a version of pgstac is like, as far as rows of Items go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// As pgstac says it: `0.10.0`.
    pub(crate) name: String,
    /// Whether an Item says which base it was stored against, so that a Collection can change without changing its Items (0.10).
    pub(crate) has_base_items: bool,
}

/// The columns of `pgstac.items` that are understood, in the order of their names.
const COLUMNS: &str = "collection content datetime end_datetime geometry id private";

/// Reads what there is, in the order of the names of columns.
const LOOK: &str = "SELECT (SELECT string_agg(attname, ' ' ORDER BY attname COLLATE \"C\") FROM pg_attribute \
    WHERE attrelid = to_regclass('pgstac.items') AND attnum > 0 AND NOT attisdropped), \
    to_regclass('pgstac.base_items') IS NOT NULL, \
    (SELECT nspname FROM pg_extension JOIN pg_namespace AS space ON space.oid = extnamespace WHERE extname = 'postgis')";

pub(crate) const VERSION: &str =
    "SELECT version FROM pgstac.migrations ORDER BY datetime DESC, version DESC LIMIT 1";

/// The version that is there, and the schema of PostGIS.
pub(crate) async fn found(client: &Client, address: &Address) -> Result<(Version, Ident), Error> {
    let shown = address.shown();
    let failed = |cause| {
        let error = fault::failed(&format!("read {shown}"), cause);
        if error.kind() != ErrorKind::Denied {
            return error;
        }
        error.remedy("ask the owner of the database for the role pgstac_read (pgstac_ingest to load), or connect as another user")
    };
    let row = client.query_typed_one(LOOK, &[]).await.map_err(failed)?;
    let columns = row.get::<_, Option<&str>>(0);
    let Some(columns) = columns else {
        return Err(Error::new(ErrorKind::NotFound, &format!("{shown} has no tables of pgstac"))
            .remedy(Remedy::from("make them first: ").command("init", &[]).text(" with the same URL")));
    };
    let name = client
        .query_typed(VERSION, &[])
        .await
        .map_err(failed)?
        .first()
        .map(|row| row.get::<_, String>(0))
        .unwrap_or_default();
    let misread = |what: String| {
        Err(Error::new(ErrorKind::Unsupported, &format!("{shown} has {what}"))
            .remedy("pgstac 0.9 and 0.10 as they were released are understood: what might be misread is not read, nor written"))
    };
    if !matches!(numbers(&name), Some([0, 9 | 10, _])) {
        return misread(format!("pgstac {}", if name.is_empty() { "of no version" } else { &name }));
    }
    if columns != COLUMNS {
        return misread(format!("pgstac {name} with other columns of items: {}", columns.replace(' ', ", ")));
    }
    let postgis = Ident::any(row.get::<_, Option<&str>>(2).unwrap_or("public"))
        .map_err(|fault| Error::failed(format!("the schema of PostGIS: {fault}")))?;
    Ok((Version { name, has_base_items: row.get(1) }, postgis))
}

/// The numbers of a version such as `0.9.12`.
pub(crate) fn numbers(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_three_numbers() {
        assert_eq!(numbers("0.9.12"), Some([0, 9, 12]));
        for other in ["", "0.9", "0.9.x", "unreleased", "0.9.1.2"] {
            assert_eq!(numbers(other), None, "{other}");
        }
    }
}
