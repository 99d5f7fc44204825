//! pgstac's queryables: what it says of the properties of its Items, read for searches and written from a profile.

use std::collections::HashMap;

use stacyard_model::{FieldType, Profile};
use stacyard_search::Types;
use stacyard_store::{Error, queryable};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::connect::address::Address;
use crate::connect::fault;
use crate::pgstac::version::Version;

/// The properties that are declared, with the types of their values: those that say no type may have any.
pub(super) async fn declared(client: &Client, address: &Address) -> Result<HashMap<String, Types>, Error> {
    let sql = "SELECT name, definition ->> 'type' FROM pgstac.queryables";
    let rows = client.query_typed(sql, &[]).await;
    let rows = rows.map_err(|cause| fault::failed(&format!("read {}", address.shown()), cause))?;
    let mut declared = HashMap::new();
    for row in &rows {
        let (name, kind) = (row.get::<_, &str>(0), row.get::<_, Option<&str>>(1));
        let name = name.strip_prefix("properties.").unwrap_or(name);
        // Those of the Item itself are known without.
        if matches!(name, "id" | "geometry" | "collection") {
            continue;
        }
        let types = match kind {
            Some("string") => Types::STRING,
            Some("number" | "integer") => Types::NUMBER,
            Some("boolean") => Types::BOOL,
            _ => Types::VALUE,
        };
        let known: &mut Types = declared.entry(name.to_owned()).or_insert(types);
        *known = known.and(types);
    }
    Ok(declared)
}

/// Declares the fields of a profile that can be asked for; what others have declared of the same names for the same collections goes.
/// Gives their names.
pub(super) async fn declare(
    client: &Client,
    version: &Version,
    profile: &Profile,
) -> Result<Vec<String>, tokio_postgres::Error> {
    let mut names = Vec::new();
    let collections = profile.collections();
    let ids = (!collections.is_empty()).then_some(collections);
    for field in profile.fields().iter().filter(|field| field.queryable) {
        let definition = queryable(field).to_string();
        let wrapper = match field.kind {
            FieldType::String | FieldType::Boolean => "to_text",
            FieldType::Datetime => "to_tstz",
            FieldType::Integer => "to_int",
            FieldType::Number => "to_float",
        };
        let mut params: Vec<(&(dyn ToSql + Sync), Type)> =
            vec![(&field.name, Type::TEXT), (&definition, Type::TEXT), (&ids, Type::TEXT_ARRAY)];
        // From 0.10 on pgstac tells by itself how a value is read.
        let sql = if version.has_base_items {
            "SELECT pgstac.upsert_queryable($1, $2::text::jsonb, NULL, NULL, $3)"
        } else {
            params.push((&wrapper, Type::TEXT));
            let delete =
                "DELETE FROM pgstac.queryables WHERE name = $1 AND collection_ids IS NOT DISTINCT FROM $2";
            client.execute_typed(delete, &[(&field.name, Type::TEXT), (&ids, Type::TEXT_ARRAY)]).await?;
            "INSERT INTO pgstac.queryables (name, definition, collection_ids, property_wrapper) \
             VALUES ($1, $2::text::jsonb, $3, $4)"
        };
        client.query_typed(sql, &params).await?;
        names.push(field.name.clone());
    }
    Ok(names)
}
