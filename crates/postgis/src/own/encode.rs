//! Items into rows of the table `items`, in the binary format of COPY.

use std::borrow::Cow;
use std::sync::Arc;

use stacyard_model::json::{Kind, Value};
use stacyard_model::{Interval, Rfc3339};
use stacyard_store::{Encoder, Error};

use crate::copy::number::is_changed;
use crate::copy::{ewkb, field};
use crate::own::columns::{BY_COPY, COUNT, INSTANTS};

/// Some rows.
#[derive(Default)]
pub struct Rows {
    pub(crate) bytes: Vec<u8>,
    /// Where each row ends.
    pub(crate) ends: Vec<usize>,
    /// `(collection, id)` of each, for messages and to find it again.
    pub(crate) keys: Vec<(String, String)>,
}

impl Rows {
    /// The bytes of one.
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[row]]
    }

    /// The `(collection, id)` of one.
    pub(crate) fn key(&self, row: usize) -> (&str, &str) {
        let (collection, id) = &self.keys[row];
        (collection, id)
    }
}

/// Some of the rows, by their numbers.
#[derive(Clone, Copy)]
pub(crate) struct Set<'a> {
    pub(crate) rows: &'a Rows,
    pub(crate) numbers: &'a [usize],
}

/// Encodes Items as rows.
pub struct RowEncoder;

impl Encoder for RowEncoder {
    type Chunk = Rows;

    fn item(&self, item: Value<'_>, _: Option<u64>, chunk: &mut Rows) -> Result<(), Error> {
        let members = Members::of(item);
        let out = &mut chunk.bytes;
        out.extend_from_slice(&COUNT.to_be_bytes());
        let (collection, id) = (string(members.collection), string(members.id));
        field::text(out, &collection);
        field::text(out, &id);
        write_derived(item, out);
        let json = |out: &mut Vec<u8>, value: Option<Value<'_>>| match value {
            Some(value) => field::jsonb(out, value.raw()),
            None => field::null(out),
        };
        json(out, members.bbox);
        field::text(out, &string(members.stac_version));
        json(out, members.stac_extensions);
        match members.geometry {
            Some(geometry) => field::write(out, |out| geometry.write_compact(out)),
            None => field::text(out, "null"),
        }
        json(out, members.properties);
        for member in [members.links, members.assets] {
            match member {
                Some(value) => field::write(out, |out| value.write_compact(out)),
                None => field::null(out),
            }
        }
        if members.others.is_empty() {
            field::null(out);
        } else {
            field::jsonb(out, &members.others());
        }
        if is_changed_by_jsonb(item) {
            field::write(out, |out| item.write_compact(out));
        } else {
            field::null(out);
        }
        field::text(out, BY_COPY);
        chunk.ends.push(chunk.bytes.len());
        chunk.keys.push((collection.into_owned(), id.into_owned()));
        Ok(())
    }
}

/// What the columns from `datetime` to `geometry` hold of an Item: all of it follows from other columns.
pub(crate) fn write_derived(item: Value<'_>, out: &mut Vec<u8>) {
    let times = INSTANTS.map(|name| {
        let text = item.get("properties")?.get(name)?.as_str()?;
        Rfc3339::parse(&text)
    });
    for time in times {
        match time {
            Some(time) => field::timestamptz(out, time.instant),
            None => field::null(out),
        }
    }
    let extent = stacyard_model::temporal_extent(item.get("properties")).ok().flatten();
    for end in [extent.and_then(Interval::start), extent.and_then(Interval::end)] {
        match end {
            Some(end) => field::seconds(out, end),
            None => field::null(out),
        }
    }
    let geometry = item.get("geometry").filter(|geometry| !geometry.is_null());
    match geometry {
        Some(geometry) => field::write(out, |out| {
            // Bytes that are not a geometry are refused by the database, row by row.
            let start = out.len();
            if ewkb::write(geometry, out).is_none() {
                out.truncate(start);
            }
        }),
        None => field::null(out),
    }
}

fn string(value: Option<Value<'_>>) -> Cow<'_, str> {
    value.and_then(Value::as_str).unwrap_or_default()
}

impl RowEncoder {
    /// The encoder; it has no state.
    pub(crate) fn shared() -> Arc<Self> {
        Arc::new(Self)
    }
}

/// The members of an Item that have columns, and the others.
#[derive(Default)]
struct Members<'a> {
    collection: Option<Value<'a>>,
    id: Option<Value<'a>>,
    geometry: Option<Value<'a>>,
    bbox: Option<Value<'a>>,
    stac_version: Option<Value<'a>>,
    stac_extensions: Option<Value<'a>>,
    properties: Option<Value<'a>>,
    links: Option<Value<'a>>,
    assets: Option<Value<'a>>,
    others: Vec<(stacyard_model::json::Key<'a>, Value<'a>)>,
}

impl<'a> Members<'a> {
    fn of(item: Value<'a>) -> Self {
        let mut known = Self::default();
        for (key, value) in item.members().into_iter().flatten() {
            let is = |kind: Kind| value.kind() == kind;
            let slot = match key.text().as_ref() {
                "type" => continue,
                "collection" if is(Kind::String) && value.raw() != "\"\"" => &mut known.collection,
                "id" => &mut known.id,
                "geometry" => &mut known.geometry,
                "bbox" if is(Kind::Array) => &mut known.bbox,
                "stac_version" => &mut known.stac_version,
                "stac_extensions" if is(Kind::Array) => &mut known.stac_extensions,
                "properties" => &mut known.properties,
                "links" => &mut known.links,
                "assets" => &mut known.assets,
                // An explicit null too: the column says that the member is absent.
                _ => {
                    known.others.push((key, value));
                    continue;
                }
            };
            *slot = Some(value);
        }
        known
    }

    /// The others as a JSON object.
    fn others(&self) -> String {
        let mut json = Vec::new();
        for (index, (key, value)) in self.others.iter().enumerate() {
            json.push(if index == 0 { b'{' } else { b',' });
            key.write(&mut json);
            json.push(b':');
            json.extend_from_slice(value.raw().as_bytes());
        }
        json.push(b'}');
        String::from_utf8(json).unwrap_or_default()
    }
}

/// Whether `jsonb` gives a number of the Item back as another JSON value. What is kept as text is not asked.
fn is_changed_by_jsonb(item: Value<'_>) -> bool {
    let is_text = |name: &str| matches!(name, "geometry" | "links" | "assets");
    let members = item.members().into_iter().flatten();
    members.filter(|(key, _)| !is_text(&key.text())).any(|(_, value)| has_odd_number(value))
}

fn has_odd_number(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Number => is_changed(value.raw()),
        Kind::Array => value.elements().into_iter().flatten().any(has_odd_number),
        Kind::Object => value.members().into_iter().flatten().any(|(_, value)| has_odd_number(value)),
        _ => false,
    }
}
