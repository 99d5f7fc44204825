//! Vector tiles: a part of the map with the Items that answer a search, as footprints where they are few, as counts where they are many.
//! `shape` puts geometries into a tile, `encode` writes them (Mapbox Vector Tile 2.1), `kept` keeps what has been made.

mod encode;
mod kept;
mod shape;

use stacyard_model::json::{Tape, Value};
use stacyard_picture::{across, is_across};
use stacyard_search::cql2::{Expr, Literal, SpatialOp};
use stacyard_search::{
    Aggregate, Aggregation, Area, Datum, Fields, Grid, PageSize, Property, Query, Search, Stop, Tile,
    read_geometry,
};
use stacyard_store::{Error, ErrorKind};

use self::encode::{Footprint, Layers};
pub(crate) use self::kept::Tiles;
use crate::catalog::{Catalog, PlaceOfPage};

/// The footprints of so many Items are in a tile at most; of more there are counts.
pub(crate) const MOST: u32 = 2_000;

/// Their texts are so many bytes at most, as they are held until it is known how many there are.
const MOST_BYTES: usize = 32 << 20;

/// Up to this zoom Items are counted before their footprints are asked for, beyond it after that: a part of the world that is small has few,
/// which stores find by their indexes.
const LARGE: u8 = 5;

/// What of an Item is in a tile.
const PARTS: [&str; 6] =
    ["id", "collection", "geometry", "bbox", "properties.datetime", "properties.start_datetime"];

/// The bytes of a tile of the Items that answer a search.
///
/// # Errors
/// Those of the stores.
pub(crate) fn tile(catalog: &Catalog, search: &Search, tile: Tile, stop: &Stop) -> Result<Vec<u8>, Error> {
    let mut layers = Layers::new(tile);
    let is_small = tile.zoom() > LARGE;
    if is_small && footprints(catalog, search, tile, &mut layers, stop)? {
        return layers.finish();
    }
    let cells = cells(catalog, search, tile, stop)?;
    let counted: u64 = cells.iter().map(|(_, items)| items).sum();
    if counted > u64::from(MOST) {
        layers.cells(&cells)?;
    } else if is_small || !footprints(catalog, search, tile, &mut layers, stop)? {
        // Most have their middle in other tiles, where they are counted: those tell nothing of this one.
        let all = catalog.count(&Query::from(meeting(search, tile)), stop)?;
        layers.covered(&cells, all)?;
    }
    layers.finish()
}

/// How many Items have their middle in which cell: its column, and its row.
fn cells(catalog: &Catalog, search: &Search, tile: Tile, stop: &Stop) -> Result<Vec<([u32; 2], u64)>, Error> {
    let wanted = [Aggregation::Cells(Grid::Within(tile))];
    let found = catalog.aggregate(&Query::from(search.clone()), &wanted, stop)?;
    let [Aggregate::Frequencies(found)] = &found[..] else { return Ok(Vec::new()) };
    let cell = |name: &Datum| {
        let Datum::Text(name) = name else { return None };
        let mut parts = name.split('/').skip(1).map(str::parse::<u32>);
        let (x, y) = (parts.next()?.ok()?, parts.next()?.ok()?);
        Some([x % Tile::CELLS, y % Tile::CELLS])
    };
    let mut cells: Vec<_> =
        found.buckets.iter().filter_map(|bucket| Some((cell(&bucket.value)?, bucket.items))).collect();
    // In an order of their own, so that the same cells are the same bytes.
    cells.sort_unstable();
    Ok(cells)
}

/// The same search, of Items that meet a tile.
fn meeting(search: &Search, tile: Tile) -> Search {
    let mut search = search.clone();
    if let Some(other) = search.area.replace(Area::Box(tile.area())) {
        let other = Expr::Literal(match other {
            Area::Box(area) => Literal::Box(area),
            Area::Shape(shape) => Literal::Geometry(shape),
        });
        let geometry = Expr::Property(Property::geometry());
        let meets = Expr::Spatial(SpatialOp::Intersects, geometry.into(), other.into());
        search.filter = Expr::all([search.filter, Some(meets)]);
    }
    search
}

/// Adds the footprints of the Items that meet a tile, unless they are too many.
fn footprints(
    catalog: &Catalog,
    search: &Search,
    tile: Tile,
    layers: &mut Layers,
    stop: &Stop,
) -> Result<bool, Error> {
    let query = Query::from(Search { fields: Fields::new(&PARTS, &[])?, ..meeting(search, tile) });
    let mut page = catalog.page(&query, &PlaceOfPage::First, PageSize::new(MOST.into())?, stop)?;
    let mut tape = Tape::new();
    let (mut items, mut bytes) = (Vec::new(), 0);
    for item in page.by_ref() {
        let text = item?.text;
        bytes += text.len();
        if bytes > MOST_BYTES {
            return Ok(false);
        }
        items.push(text);
    }
    if page.has_more()? {
        return Ok(false);
    }
    for text in &items {
        stop.check()?;
        let damaged = |_| Error::new(ErrorKind::Damaged, "an Item that is not JSON");
        let item = tape.parse(text).map_err(damaged)?;
        if let Some(footprint) = footprint(item)? {
            layers.footprint(&footprint)?;
        }
    }
    Ok(true)
}

/// What of an Item is drawn; `None`: it is nowhere.
fn footprint(item: Value<'_>) -> Result<Option<Footprint>, Error> {
    let Some(geometry) = item.get("geometry") else { return Ok(None) };
    let damaged =
        |reason| Error::new(ErrorKind::Damaged, &format!("an Item whose geometry is none: {reason}"));
    let Some(geometry) = read_geometry(geometry).map_err(damaged)? else { return Ok(None) };
    let text = |value: Option<Value<'_>>| value.and_then(Value::as_str).map(std::borrow::Cow::into_owned);
    let time = |name| text(item.get("properties").and_then(|properties| properties.get(name)));
    let bbox: Vec<f64> = item
        .get("bbox")
        .and_then(Value::elements)
        .into_iter()
        .flatten()
        .filter_map(|number| Some(number.as_number()?.to_f64()))
        .collect();
    Ok(Some(Footprint {
        id: text(item.get("id")).unwrap_or_default(),
        collection: text(item.get("collection")),
        datetime: time("datetime").or_else(|| time("start_datetime")),
        geometry: if is_across(&bbox) { across(geometry) } else { geometry },
    }))
}
