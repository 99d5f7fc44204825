//! Rows of `items` back to the JSON texts of Items, without a tree in between.

use stacyard_model::json::{Tape, push_string};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::copy::field::{Bytes, Raw, next_field};
use crate::own::columns::{BY_COPY, at, derived};
use crate::own::encode::write_derived;

/// Appends the Item of a row that begins with the columns of [`selected`](crate::own::columns::selected).
pub(crate) fn write_item(row: &Row, out: &mut Vec<u8>) -> Result<(), tokio_postgres::Error> {
    write_item_at(row, 0, out)
}

/// Appends the Item of a row in which the columns of [`selected`](crate::own::columns::selected) begin with the column `first`.
pub(crate) fn write_item_at(row: &Row, first: usize, out: &mut Vec<u8>) -> Result<(), tokio_postgres::Error> {
    let raw = |index: usize| row.try_get::<_, Option<Raw<'_>>>(first + index);
    if let Some(Raw(text)) = raw(at::VERBATIM)? {
        out.extend_from_slice(text);
        return Ok(());
    }
    let string = |index: usize| row.try_get::<_, &str>(first + index);
    out.extend_from_slice(b"{\"type\":\"Feature\",\"stac_version\":");
    push_string(out, string(at::STAC_VERSION)?);
    let member = |name: &str, value: Option<Raw<'_>>, out: &mut Vec<u8>| {
        if let Some(Raw(text)) = value {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            out.extend_from_slice(text);
        }
    };
    member("stac_extensions", raw(at::STAC_EXTENSIONS)?, out);
    out.extend_from_slice(b",\"id\":");
    push_string(out, string(at::ID)?);
    let collection = string(at::COLLECTION)?;
    if !collection.is_empty() {
        out.extend_from_slice(b",\"collection\":");
        push_string(out, collection);
    }
    member("geometry", raw(at::GEOMETRY_TEXT)?, out);
    member("bbox", raw(at::BBOX)?, out);
    member("properties", raw(at::PROPERTIES)?, out);
    member("links", raw(at::LINKS)?, out);
    member("assets", raw(at::ASSETS)?, out);
    if let Some(Raw(others)) = raw(at::OTHERS)? {
        // An object that is not empty.
        out.push(b',');
        out.extend_from_slice(&others[1..others.len() - 1]);
    }
    out.push(b'}');
    Ok(())
}

/// Whether a load has written the row, so that its Item has passed the gate.
pub(crate) fn is_loaded(row: &Row) -> Result<bool, tokio_postgres::Error> {
    Ok(row.try_get::<_, &str>(at::WRITTEN_BY)? == BY_COPY)
}

/// The first column of an [audited](crate::own::columns::audited) row that says something else than its Item, whose text this is.
/// A text that is not JSON is left to the gate.
pub(crate) fn disagreeing(
    row: &Row,
    text: &[u8],
    tape: &mut Tape,
) -> Result<Option<&'static str>, tokio_postgres::Error> {
    if !row.try_get::<_, bool>(at::NEXT + derived().count())? {
        return Ok(Some("verbatim"));
    }
    let Ok(item) = tape.parse(text) else { return Ok(None) };
    let mut expected = Vec::new();
    write_derived(item, &mut expected);
    let mut expected = expected.as_slice();
    for (index, column) in derived().enumerate() {
        let wanted = next_field(&mut expected);
        let found = row.try_get::<_, Option<Bytes<'_>>>(at::NEXT + index)?.map(|Bytes(found)| found);
        let is_same = match (wanted, found) {
            // How many decimals a number shows (two bytes) is not part of its value.
            (Some(wanted), Some(found)) if column.kind == Type::NUMERIC => {
                wanted.get(..6) == found.get(..6) && wanted.get(8..) == found.get(8..)
            }
            (wanted, found) => wanted == found,
        };
        if !is_same {
            return Ok(Some(column.name));
        }
    }
    Ok(None)
}
