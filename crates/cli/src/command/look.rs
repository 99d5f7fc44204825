//! What a store holds, made ready to be drawn: where Items are, and when.

use jiff::Timestamp;
use stacyard::Store;
use stacyard_model::json::{Document, Value};
use stacyard_picture::{Cell, Item, Picture, Times, View, across, is_across};
use stacyard_search::{
    Aggregate, Aggregation, Frequencies, Grid, PageSize, Query, Step, Tile, read_geometry,
};
use stacyard_store::{Error, ErrorKind, Location, Run, StoreUrl};

/// The footprints of so many Items are drawn at most; of more there are counts.
pub(super) const MOST: u64 = 2_000;

/// A map is about so many cells wide.
const CELLS: f64 = 128.0;

/// A time line has no more steps: what is told of more is told of none.
const STEPS: usize = 100_000;

/// What is drawn.
pub(super) struct Look {
    /// How many Items answer.
    pub(super) total: u64,
    /// How many of them are nowhere.
    pub(super) nowhere: u64,
    pub(super) picture: Picture,
    pub(super) times: Times,
    /// The first Items, whole.
    pub(super) first: Vec<Document>,
}

/// Refuses what can be read once only: it is looked at several times.
pub(super) fn refuse_stream(url: &StoreUrl) -> Result<(), Error> {
    if *url.location() == Location::Stdio {
        let message = "standard input can be read once, and a map looks at its Items several times";
        return Err(Error::usage(message, "copy it to a file first, such as stacyard copy - items.ndjson"));
    }
    Ok(())
}

/// Looks at the Items that answer: at so many of them one by one, at all of them together.
pub(super) fn look<C>(
    store: &Store,
    query: &Query,
    listed: u64,
    console: &mut C,
    run: impl for<'r> Fn(&'r mut C) -> Run<'r>,
) -> Result<Look, Error> {
    let few = query.search().max_items.is_some();
    let wanted = [Aggregation::Total, Aggregation::Extent];
    let (found, _) = store.aggregate(query, &wanted, run(console))?;
    let [Aggregate::Total(total), Aggregate::Extent(extent)] = found[..] else { return Err(contradiction()) };
    let bbox = extent.and_then(|extent| extent.bbox);
    let step = extent.and_then(|extent| extent.interval).map_or(Step::Year, step);
    let zoom = zoom(bbox);
    let wanted = [Aggregation::Times(None, step), Aggregation::Cells(Grid::Tiles(zoom))];
    let (found, _) = store.aggregate(query, &wanted, run(console))?;
    let [Aggregate::Frequencies(times), Aggregate::Frequencies(cells)] = &found[..] else {
        return Err(contradiction());
    };
    let is_drawn = few || total <= MOST;
    let size = if is_drawn { total.min(query.search().max_items.unwrap_or(MOST)) } else { listed.min(total) };
    let mut look = Look {
        total: if few { size } else { total },
        nowhere: cells.missing,
        picture: Picture { view: bbox.map(View::around).unwrap_or_default(), ..Picture::default() },
        times: Times { steps: steps(times, step), missing: times.missing },
        first: Vec::new(),
    };
    if size > 0 {
        for item in store.page(query, None, PageSize::new(size)?, run(console))? {
            let item = Document::parse_bytes(&item?.text).map_err(|cause| {
                Error::new(ErrorKind::Damaged, "an Item that is not JSON").caused_by(cause)
            })?;
            look.first.push(item);
        }
    }
    if !is_drawn {
        look.picture.cells =
            cells.buckets.iter().filter_map(|bucket| cell(&bucket.value, bucket.items)).collect();
        return Ok(look);
    }
    look.nowhere = 0;
    for item in &look.first {
        let geometry = item.root().get("geometry").map(read_geometry).transpose();
        let damaged =
            |reason| Error::new(ErrorKind::Damaged, &format!("an Item whose geometry is none: {reason}"));
        match geometry.map_err(damaged)?.flatten() {
            Some(geometry) if is_across(&bbox_of(item.root())) => {
                look.picture.footprints.push(across(geometry));
            }
            Some(geometry) => look.picture.footprints.push(geometry),
            None => look.nowhere += 1,
        }
    }
    Ok(look)
}

fn bbox_of(item: Value<'_>) -> Vec<f64> {
    let numbers = item.get("bbox").and_then(Value::elements).into_iter().flatten();
    numbers.filter_map(|number| Some(number.as_number()?.to_f64())).collect()
}

fn contradiction() -> Error {
    Error::failed("a store does not answer what it is asked")
}

/// The step in which so long a time is some hundred bars.
fn step([first, last]: [Timestamp; 2]) -> Step {
    let days = last.duration_since(first).as_hours() / 24;
    match days {
        days if days <= 3 => Step::Hour,
        days if days <= 200 => Step::Day,
        days if days <= 7_300 => Step::Month,
        _ => Step::Year,
    }
}

/// All steps from the first to the last one, also those without Items.
fn steps(found: &Frequencies, step: Step) -> Vec<(String, u64)> {
    let mut known: Vec<(Timestamp, u64)> =
        found.buckets.iter().filter_map(|bucket| Some((bucket.start()?, bucket.items))).collect();
    known.sort_unstable();
    let (length, hours) = match step {
        Step::Year => ("2024".len(), 366 * 24),
        Step::Month => ("2024-06".len(), 31 * 24),
        Step::Day => ("2024-06-01".len(), 24),
        Step::Hour => ("2024-06-01T12".len(), 1),
    };
    let name = |at: Timestamp| at.to_string().chars().take(length).collect::<String>();
    let Some((mut at, _)) = known.first().copied() else { return Vec::new() };
    let mut all = Vec::new();
    for (start, items) in known {
        while at < start && all.len() < STEPS {
            all.push((name(at), 0));
            let Ok(next) = at.checked_add(std::time::Duration::from_secs(hours * 3_600)) else { break };
            at = step.start(next);
        }
        all.push((name(start), items));
        let next = start.checked_add(std::time::Duration::from_secs(hours * 3_600));
        at = next.map_or(start, |next| step.start(next));
    }
    all
}

/// The zoom at which what lies in a box is about [`CELLS`] cells wide.
fn zoom(bbox: Option<[f64; 4]>) -> u8 {
    let Some([west, south, east, north]) = bbox else { return 0 };
    let width = if west > east { east + 360.0 - west } else { east - west };
    let degrees = width.max((north - south) * 2.0).max(0.01);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 20")]
    let zoom = (CELLS * 360.0 / degrees).log2().floor().clamp(0.0, 20.0) as u8;
    zoom
}

/// The cell of a name such as `5/17/10`.
fn cell(name: &stacyard_search::Datum, items: u64) -> Option<Cell> {
    let stacyard_search::Datum::Text(name) = name else { return None };
    let mut parts = name.split('/').map(str::parse::<u32>);
    let mut part = || parts.next()?.ok();
    let (zoom, x, y) = (part()?, part()?, part()?);
    let area = Tile::new(u8::try_from(zoom).ok()?, x, y)?.area();
    Some(Cell { bbox: [area.west(), area.south(), area.east(), area.north()], items })
}

/// An Item as a list shows it.
pub(super) fn listed(item: Value<'_>, footprint: Option<usize>) -> Item {
    let text = |value: Value<'_>| match value.as_str() {
        Some(text) => text.into_owned(),
        None => value.raw().to_owned(),
    };
    let id = item.get("id").map(text).unwrap_or_default();
    let name = match item.get("collection").filter(|value| !value.is_null()) {
        Some(collection) => format!("{} / {id}", text(collection)),
        None => id,
    };
    let properties = item.get("properties").and_then(Value::members).into_iter().flatten();
    let mut properties: Vec<(String, String)> =
        properties.map(|(name, value)| (name.text().into_owned(), cut(text(value)))).collect();
    properties.sort_unstable();
    let time = |name: &str| properties.iter().find(|(known, value)| known == name && value != "null");
    let time = time("datetime").or_else(|| time("start_datetime")).map(|(_, value)| value.clone());
    Item { name: cut(name), time, properties, footprint }
}

/// Nobody reads more of one value.
const LONG: usize = 500;

fn cut(text: String) -> String {
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
