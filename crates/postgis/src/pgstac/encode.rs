//! Items into rows of pgstac's `items`, in the binary format of COPY.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use stacyard_model::json::{Tape, Value};
use stacyard_model::{Interval, temporal_extent};
use stacyard_store::{Encoder, Error, Problem, Refused, Why};

use crate::copy::{ewkb, field};
use crate::pgstac::dehydrate::dehydrate;
use crate::pgstac::extra::{mark, write};
use crate::pgstac::homes::{Home, Homes};

/// The columns of a row, in its order.
pub(crate) const COLUMNS: &str = "id, collection, datetime, end_datetime, geometry, content, private";
const COUNT: i16 = 7;

/// Some rows.
#[derive(Default)]
pub struct PgStacRows {
    pub(crate) bytes: Vec<u8>,
    /// Where each row ends.
    pub(crate) ends: Vec<usize>,
    pub(crate) keys: Vec<RowKey>,
    /// Items that pgstac has no place for: they have no row.
    pub(crate) refused: Vec<Refused>,
}

/// What decides where a row goes.
#[derive(Debug, Clone)]
pub(crate) struct RowKey {
    pub(crate) collection: String,
    pub(crate) id: String,
    /// Microseconds since 1970.
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl PgStacRows {
    /// The Items that pgstac has no place for, and why.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// The bytes of one.
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[row]]
    }
}

/// Encodes Items as rows.
pub struct PgStacEncoder {
    pub(crate) homes: Arc<Homes>,
}

impl Encoder for PgStacEncoder {
    type Chunk = PgStacRows;

    fn item(&self, item: Value<'_>, _: Option<u64>, chunk: &mut PgStacRows) -> Result<(), Error> {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let (collection, id) = (text("collection"), text("id"));
        let start = chunk.bytes.len();
        let home = if collection.is_empty() { None } else { self.homes.get_or_make(&collection)? };
        let key = match row(item, (&collection, &id), home.as_deref(), &mut chunk.bytes) {
            Ok((start, end)) => RowKey { collection: collection.into(), id: id.into(), start, end },
            Err(problem) => {
                chunk.bytes.truncate(start);
                let item = chunk.ends.len();
                chunk.refused.push(Refused { item, why: Why::Wrong(problem) });
                RowKey { collection: collection.into(), id: id.into(), start: 0, end: 0 }
            }
        };
        chunk.ends.push(chunk.bytes.len());
        chunk.keys.push(key);
        Ok(())
    }
}

/// Appends a row; gives its time.
fn row(
    item: Value<'_>,
    (collection, id): (&Cow<'_, str>, &Cow<'_, str>),
    home: Option<&Home>,
    out: &mut Vec<u8>,
) -> Result<(i64, i64), Problem> {
    if collection.is_empty() {
        return Err(wrong("/collection", "pgstac has no Items without a collection"));
    }
    let home = home.ok_or_else(|| absent(collection))?;
    if id.contains('\0') {
        return Err(wrong("/id", "PostgreSQL has no texts with U+0000"));
    }
    let extent = temporal_extent(item.get("properties")).ok().flatten();
    let (Some(start), Some(end)) = (extent.and_then(Interval::start), extent.and_then(Interval::end)) else {
        return Err(wrong("/properties/datetime", "pgstac has no Items without a time"));
    };
    let (start, end) = (micros(start), micros(end));
    out.extend_from_slice(&COUNT.to_be_bytes());
    field::text(out, id);
    field::text(out, collection);
    for at in [start, end] {
        field::write(out, |out| out.extend_from_slice(&(at - EPOCH).to_be_bytes()));
    }
    let (geometry, geometry_text) = geometry(item)?;
    field::write(out, |out| out.extend_from_slice(&geometry));
    write_content(item, home, (&geometry, geometry_text.as_deref()), out)?;
    Ok((start, end))
}

/// The content of an Item, and what is kept beside it.
fn write_content(
    item: Value<'_>,
    home: &Home,
    (geometry, geometry_text): (&[u8], Option<&[u8]>),
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    let content = dehydrate(item, home.base.root(), home.number)?;
    field::write(out, |out| {
        out.push(1);
        out.extend_from_slice(&content.json);
    });
    let whole = content.says_less.then(|| {
        let mut text = Vec::new();
        item.write_compact(&mut text);
        text
    });
    if whole.is_none() && geometry_text.is_none() {
        field::null(out);
        return Ok(());
    }
    let mut tape = Tape::new();
    let parsed = tape.parse(&content.json).map_err(|cause| wrong("", &cause.to_string()))?;
    let mark = mark(parsed, geometry);
    let geometry_text = geometry_text.filter(|_| whole.is_none());
    field::write(out, |out| {
        out.push(1);
        write(&mark, [("item", whole.as_deref()), ("geometry", geometry_text)], out);
    });
    Ok(())
}

/// The geometry as EWKB, and its text where that would come back as another one.
fn geometry(item: Value<'_>) -> Result<(Vec<u8>, Option<Vec<u8>>), Problem> {
    let geometry = item.get("geometry").filter(|geometry| !geometry.is_null());
    let geometry = geometry.ok_or_else(|| wrong("/geometry", "pgstac has no Items without a geometry"))?;
    let mut bytes = Vec::new();
    ewkb::write_with_heights(geometry, &mut bytes)
        .ok_or_else(|| wrong("/geometry", "PostGIS has no geometry like this"))?;
    let (mut text, mut back) = (Vec::new(), Vec::new());
    geometry.write_compact(&mut text);
    let is_said = ewkb::read(&bytes, &mut back).is_some() && text == back;
    Ok((bytes, (!is_said).then_some(text)))
}

/// The problem of an Item whose Collection is not there.
fn absent(collection: &str) -> Problem {
    let message = "this Collection is not in the database: load it first, or have it made from the Items";
    Problem { value: format!("{collection:?}"), ..wrong("/collection", message) }
}

fn wrong(pointer: &str, message: &str) -> Problem {
    Problem { pointer: pointer.to_owned(), ..Problem::new("pgstac", message.to_owned()) }
}

/// 2000-01-01T00:00:00Z in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

/// An instant in microseconds since 1970, rounded as PostgreSQL does it: it reads the decimals of a second as a double, and rounds its
/// microseconds.
fn micros(at: Timestamp) -> i64 {
    const SECOND: i128 = 1_000_000_000;
    let (second, rest) = (at.as_nanosecond().div_euclid(SECOND), at.as_nanosecond().rem_euclid(SECOND));
    let micro = if rest % 1_000 == 0 {
        rest / 1_000
    } else {
        let decimals: f64 = format!("0.{rest:09}").parse().unwrap_or_default();
        format!("{:.0}", (decimals * 1e6).round_ties_even()).parse().unwrap_or_default()
    };
    // Jiff's instants end within the year 9999.
    i64::try_from(second * 1_000_000 + micro).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_rounded_as_postgresql_does() {
        for (text, micro) in [
            ("1970-01-01T00:00:00.0000005Z", 0),
            // As a double this is a little more than its half.
            ("1970-01-01T00:00:00.1250505Z", 125_051),
            ("1970-01-01T00:00:00.0000015Z", 2),
            ("1970-01-01T00:00:00.000000501Z", 1),
            ("1969-12-31T23:59:59.9999996Z", 0),
            ("1969-12-31T23:59:59.9999994Z", -1),
        ] {
            assert_eq!(micros(text.parse().unwrap()), micro, "{text}");
        }
    }
}
