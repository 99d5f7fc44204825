//! How an Item stands in a row of pgstac's `items`, for a search.

use std::sync::Arc;

use memchr::memmem;
use stacyard_model::json::{Document, Kind, Tape, Value};
use stacyard_store::Error;
use tokio_postgres::Row;

use crate::copy::ewkb;
use crate::copy::field::Raw;
use crate::pgstac::bases::{BASE_ITEM, BaseKey, Bases};
use crate::pgstac::extra::{OURS, mark};
use crate::pgstac::hydrate::{Columns, hydrate};
use crate::pgstac::version::Version;
use crate::search::searched::unreadable;
use crate::search::shape::RowShape;
use crate::sql::ident::Ident;
use crate::sql::param::Question;

/// A row of pgstac's `items`.
pub(crate) struct PgStacRow {
    selected: String,
    searched: String,
    bases: Arc<Bases>,
}

/// Where the columns stand that are selected, under these names.
const NAMES: &str = "id, collection, shape, content, extra, partition, base";
const ID: usize = 0;
const COLLECTION: usize = 1;
const SHAPE: usize = 2;
const CONTENT: usize = 3;
const EXTRA: usize = 4;
const PARTITION: usize = 5;
/// Before pgstac 0.10: what the Collection says now, of which the rows of one question must not differ.
const BASE: usize = 6;
const COUNT: usize = 7;

impl PgStacRow {
    /// `postgis` is the schema of PostGIS.
    pub(crate) fn new(postgis: &Ident, version: &Version, bases: Arc<Bases>) -> Self {
        let base = if version.has_base_items {
            "NULL::jsonb"
        } else {
            "(SELECT base_item FROM pgstac.collections AS home WHERE home.id = items.collection)"
        };
        let columns = |content: &str, extra: &str| {
            format!(
                "id, collection, {postgis}.ST_AsEWKB(geometry, 'NDR') AS shape, {content} AS content, {extra} AS extra, \
                 tableoid AS partition, {base} AS base"
            )
        };
        Self {
            selected: columns("content", &format!("private -> '{OURS}'")),
            // A search looks neither at these nor at how numbers are spelled.
            searched: columns("content - '{links,assets}'::text[]", "NULL::jsonb"),
            bases,
        }
    }
}

/// Which base the content of a row was stored against.
fn base_number(content: &[u8]) -> Result<Option<i32>, Error> {
    // Most name none, which is quickly seen.
    if memmem::find(content, BASE_ITEM.as_bytes()).is_none() {
        return Ok(None);
    }
    let mut tape = Tape::new();
    let content = tape.parse(content).map_err(|cause| unreadable(&cause))?;
    Ok(number_of(content))
}

/// As pgstac reads it: of at most nine digits.
fn number_of(content: Value<'_>) -> Option<i32> {
    let named = content.get(BASE_ITEM)?;
    let text = if named.kind() == Kind::String { named.as_str()? } else { named.raw().into() };
    text.trim().parse::<i32>().ok().filter(|number| (0..1_000_000_000).contains(number))
}

fn base_key(row: &Row) -> Result<(BaseKey, &[u8]), Error> {
    let failed = |cause| unreadable(&cause);
    let Raw(content) = row.try_get(CONTENT).map_err(failed)?;
    let partition = row.try_get(PARTITION).map_err(failed)?;
    Ok((BaseKey { partition, number: base_number(content)? }, content))
}

impl RowShape for PgStacRow {
    fn selected(&self) -> &str {
        &self.selected
    }

    fn names(&self) -> &str {
        NAMES
    }

    fn columns(&self) -> usize {
        COUNT
    }

    fn searched(&self) -> &str {
        &self.searched
    }

    fn write_item(&self, row: &Row, out: &mut Vec<u8>) -> Result<(), Error> {
        let failed = |cause| unreadable(&cause);
        let (key, content) = base_key(row)?;
        let base = match row.try_get::<_, Option<Raw<'_>>>(BASE).map_err(failed)? {
            Some(Raw(base)) => Arc::new(Document::parse_bytes(base).map_err(|cause| unreadable(&cause))?),
            None => self.bases.get(key).ok_or_else(|| {
                unreadable(&"what the Items of its collection have in common was not asked for")
            })?,
        };
        let (mut tape, bytes) = (Tape::new(), row.try_get::<_, &[u8]>(SHAPE).map_err(failed)?);
        let content = tape.parse(content).map_err(|cause| unreadable(&cause))?;
        let extra = match row.try_get::<_, Option<Raw<'_>>>(EXTRA).map_err(failed)? {
            Some(Raw(extra)) => Some(Document::parse_bytes(extra).map_err(|cause| unreadable(&cause))?),
            None => None,
        };
        let extra = extra.as_ref().map(Document::root).filter(|extra| {
            extra.get("of").and_then(Value::as_str).is_some_and(|of| of == mark(content, bytes))
        });
        let text = |name: &str| extra.and_then(|extra| extra.get(name)?.as_str());
        if let Some(item) = text("item") {
            out.extend_from_slice(item.as_bytes());
            return Ok(());
        }
        let geometry = match text("geometry") {
            Some(geometry) => geometry.into_owned().into_bytes(),
            None => {
                let mut geometry = Vec::new();
                ewkb::read(bytes, &mut geometry)
                    .ok_or_else(|| unreadable(&"its geometry is none of GeoJSON"))?;
                geometry
            }
        };
        let columns = Columns {
            id: row.try_get(ID).map_err(failed)?,
            collection: row.try_get(COLLECTION).map_err(failed)?,
            geometry: &geometry,
        };
        hydrate(&columns, content, base.root(), out);
        Ok(())
    }

    /// What stands in pgstac is searched as it is, as all who use it do: a copy or a validation has it pass the gate.
    fn has_passed(&self, _: &Row) -> Result<bool, Error> {
        Ok(true)
    }

    fn unseen(&self) -> Option<&str> {
        None
    }

    fn missing(&self, row: &Row) -> Result<Option<Question>, Error> {
        let (key, _) = base_key(row)?;
        let has_base = row.try_get::<_, Option<Raw<'_>>>(BASE).map_err(|cause| unreadable(&cause))?.is_some();
        if has_base || self.bases.get(key).is_some() {
            return Ok(None);
        }
        let collection = row.try_get(COLLECTION).map_err(|cause| unreadable(&cause))?;
        Ok(Some(Bases::question(key, collection)))
    }

    fn learn(&self, rows: &[Row]) -> Result<(), Error> {
        self.bases.learn(rows)
    }
}
