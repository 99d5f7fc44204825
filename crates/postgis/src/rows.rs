//! Rows of `items` back to the JSON texts of Items, without a tree in between.

use stacyard_model::json::{Tape, push_string};
use stacyard_store::Error;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::encode::{BY_COPY, write_derived};
use crate::ident::Ident;

/// The columns that an Item is made of, in this order, and who has written the row.
pub(crate) const SELECTED: &str = "verbatim, stac_version, stac_extensions, id, collection, geometry_text, bbox, \
    properties, links, assets, others, written_by";

/// The same of what a search looks at alone: the wide columns, which it never does, are empty, but where the Item is still to be
/// validated.
pub(crate) const SEARCHED: &str = "CASE written_by WHEN 'sql' THEN verbatim END, stac_version, \
    CASE written_by WHEN 'sql' THEN stac_extensions END, id, collection, geometry_text, \
    CASE written_by WHEN 'sql' THEN bbox END, properties, CASE written_by WHEN 'sql' THEN links ELSE '[]' END, \
    CASE written_by WHEN 'sql' THEN assets ELSE '{}' END, CASE written_by WHEN 'sql' THEN others END, written_by";

/// SQL that is true of rows that a load has not written, or SQL has changed since: the gate has not seen their Items. There is an index
/// of these (migration V4).
pub(crate) const BY_SQL: &str = "written_by = 'sql'";

/// What follows them where rows are to be checked: the columns that are derived, and whether the whole text still says what
/// the columns say. The geometry as bytes: its type is none of PostgreSQL's own, and would be asked for while the rows wait.
pub(crate) fn audited(schema: &Ident, postgis: &Ident) -> String {
    format!(
        "{SELECTED}, datetime, start_datetime, end_datetime, extent_start, extent_end, \
         {postgis}.ST_AsEWKB(geometry, 'NDR'), \
         verbatim IS NULL OR {schema}.stacyard_agrees(verbatim, collection, id, stac_version, stac_extensions, \
         geometry_text, bbox, properties, links, assets, others)"
    )
}

/// Where the column stands that says who has written the row.
const WRITTEN_BY: usize = 11;

/// Where two of them stand.
pub(crate) const ID: usize = 3;
pub(crate) const COLLECTION: usize = 4;

/// Where the first column behind these stands.
pub(crate) const ODD: usize = 12;

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
    write_item_at(row, 0, out)
}

/// The Item of a row that begins with [`SELECTED`], without white space, as a search gives it.
pub(crate) fn item_text(row: &Row) -> Result<Vec<u8>, Error> {
    let unreadable = |cause: &dyn std::fmt::Display| Error::failed(format!("a row cannot be read: {cause}"));
    let (mut text, mut compact) = (Vec::new(), Vec::new());
    write_item(row, &mut text).map_err(|cause| unreadable(&cause))?;
    Tape::new().parse(&text).map_err(|cause| unreadable(&cause))?.write_compact(&mut compact);
    Ok(compact)
}

/// Appends the Item of a row in which [`SELECTED`] begins with the column `first`.
pub(crate) fn write_item_at(row: &Row, first: usize, out: &mut Vec<u8>) -> Result<(), tokio_postgres::Error> {
    let raw = |index: usize| row.try_get::<_, Option<Raw<'_>>>(first + index);
    if let Some(Raw(text)) = raw(0)? {
        out.extend_from_slice(text);
        return Ok(());
    }
    let string = |index: usize| row.try_get::<_, &str>(first + index);
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
    push_string(out, string(ID)?);
    let collection = string(COLLECTION)?;
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

/// Whether a load has written the row, so that its Item has passed the gate.
pub(crate) fn is_loaded(row: &Row) -> Result<bool, tokio_postgres::Error> {
    Ok(row.try_get::<_, &str>(WRITTEN_BY)? == BY_COPY)
}

/// A value of any type as the server sends it.
struct Bytes<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The columns that are derived, as [`write_derived`] writes them.
const DERIVED: [&str; 6] =
    ["datetime", "start_datetime", "end_datetime", "extent_start", "extent_end", "geometry"];

/// The first column of an [audited] row that says something else than its Item, whose text this is. What is no JSON says
/// nothing: the gate tells.
pub(crate) fn disagreeing(
    row: &Row,
    text: &[u8],
    tape: &mut Tape,
) -> Result<Option<&'static str>, tokio_postgres::Error> {
    if !row.try_get::<_, bool>(ODD + DERIVED.len())? {
        return Ok(Some("verbatim"));
    }
    let Ok(item) = tape.parse(text) else { return Ok(None) };
    let mut expected = Vec::new();
    write_derived(item, &mut expected);
    let mut expected = expected.as_slice();
    for (index, name) in DERIVED.into_iter().enumerate() {
        let wanted = next_field(&mut expected);
        let found = row.try_get::<_, Option<Bytes<'_>>>(ODD + index)?.map(|Bytes(found)| found);
        let is_same = match (wanted, found) {
            // How many decimals a number shows (two bytes) is no part of its value.
            (Some(wanted), Some(found)) if name.starts_with("extent") => {
                wanted.get(..6) == found.get(..6) && wanted.get(8..) == found.get(8..)
            }
            (wanted, found) => wanted == found,
        };
        if !is_same {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Takes a field of COPY's binary format off; `None`: NULL.
pub(crate) fn next_field<'a>(row: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = row.split_first_chunk::<4>()?;
    *row = rest;
    let (field, rest) = rest.split_at_checked(usize::try_from(i32::from_be_bytes(*length)).ok()?)?;
    *row = rest;
    Some(field)
}
