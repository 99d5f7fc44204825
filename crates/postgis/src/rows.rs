//! Rows of `items` back to the JSON texts of Items, without a tree in between.

use stacyard_model::json::push_string;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

/// The columns that an Item is made of, in this order.
pub(crate) const SELECTED: &str = "verbatim, stac_version, stac_extensions, id, collection, geometry_text, bbox, \
    properties, links, assets, others";

/// The same of what a search looks at alone: the wide columns, which it never does, are empty.
pub(crate) const SEARCHED: &str = "NULL::text, stac_version, NULL::jsonb, id, collection, geometry_text, NULL::jsonb, \
    properties, '[]'::json, '{}'::json, NULL::jsonb";

/// Where the first column behind these stands.
pub(crate) const ODD: usize = 11;

/// A `jsonb`, a `json` or a text as it comes.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        // A version, which has been 1 ever since, stands before the text of jsonb.
        Ok(Self(if *kind == Type::JSONB { raw.get(1..).ok_or("an empty jsonb")? } else { raw }))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::JSONB | Type::JSON | Type::TEXT)
    }
}

/// Appends the Item of a row that begins with [`SELECTED`].
pub(crate) fn write_item(row: &Row, out: &mut Vec<u8>) -> Result<(), tokio_postgres::Error> {
    let raw = |index: usize| row.try_get::<_, Option<Raw<'_>>>(index);
    if let Some(Raw(text)) = raw(0)? {
        out.extend_from_slice(text);
        return Ok(());
    }
    let string = |index: usize| row.try_get::<_, &str>(index);
    out.extend_from_slice(b"{\"type\":\"Feature\",\"stac_version\":");
    push_string(out, string(1)?);
    let member = |name: &str, value: Option<Raw<'_>>, out: &mut Vec<u8>| {
        if let Some(Raw(text)) = value {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            out.extend_from_slice(text);
        }
    };
    member("stac_extensions", raw(2)?, out);
    out.extend_from_slice(b",\"id\":");
    push_string(out, string(3)?);
    let collection = string(4)?;
    if !collection.is_empty() {
        out.extend_from_slice(b",\"collection\":");
        push_string(out, collection);
    }
    member("geometry", raw(5)?, out);
    member("bbox", raw(6)?, out);
    member("properties", raw(7)?, out);
    member("links", raw(8)?, out);
    member("assets", raw(9)?, out);
    if let Some(Raw(others)) = raw(10)? {
        // An object that is not empty.
        out.push(b',');
        out.extend_from_slice(&others[1..others.len() - 1]);
    }
    out.push(b'}');
    Ok(())
}
