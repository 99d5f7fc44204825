//! A search as one condition with bound parameters: what the database can say of a row, exactly or as a bound.

use geo::BoundingRect;
use jiff::Timestamp;
use stacyard_search::{Area, Search};

use crate::sql::filter::{Part, joined};
use crate::sql::param::Param;
use crate::sql::table::Table;
use crate::sql::value::{Maker, seconds};

/// The protocol has no room for more parameters than 65,535: where a search has more, all rows are looked at.
const MAX_PARAMS: usize = 65_000;

/// The condition of a whole search.
#[derive(Debug)]
pub(crate) struct Condition {
    /// What stands after WHERE.
    pub(crate) sql: String,
    pub(crate) params: Vec<Param>,
    /// Whether the rows that meet it are those that answer, and no others.
    pub(crate) exact: bool,
}

impl Condition {
    /// The condition of a search.
    pub(crate) fn of(search: &Search, table: &Table) -> Self {
        let mut maker = Maker::new(Vec::new(), table);
        let mut parts = Vec::new();
        if !search.ids.is_empty() {
            parts.push(among(&mut maker, table.columns.id, &search.ids));
        }
        if !search.collections.is_empty() {
            parts.push(among(&mut maker, table.columns.collection, &search.collections));
        }
        match &search.area {
            Some(Area::Box(area)) => parts.push(maker.meets(&area.halves().collect::<Vec<_>>())),
            Some(Area::Shape(shape)) => parts.push(maker.meets(shape.bounding_rect().as_slice())),
            None => {}
        }
        if let Some(wanted) = search.datetime {
            parts.push(overlaps(&mut maker, wanted.start(), wanted.end()));
        }
        if let Some(filter) = &search.filter {
            parts.push(maker.truth(filter));
        }
        let Part { sql, exact } = joined(parts, " AND ", "true");
        if maker.bound() > MAX_PARAMS {
            return Self { sql: "true".to_owned(), params: Vec::new(), exact: false };
        }
        Self { sql, params: maker.into_params(), exact: exact && search.text.is_empty() }
    }
}

/// One of a list of names.
fn among(maker: &mut Maker<'_>, column: &str, list: &[String]) -> Part {
    // The empty collection is none, and PostgreSQL has no NUL.
    let exact = list.iter().all(|text| !text.is_empty() && !text.contains('\0'));
    let list = list.iter().filter(|text| !text.contains('\0')).cloned().collect();
    let list = maker.bind(Param::Texts(list));
    Part { sql: format!("{column} = ANY({list})"), exact }
}

/// The temporal extent has an instant in common with an interval.
fn overlaps(maker: &mut Maker<'_>, start: Option<Timestamp>, end: Option<Timestamp>) -> Part {
    let columns = maker.table().columns;
    let mut sql = vec![format!("{} IS NOT NULL", columns.extent_start)];
    for (column, op, end) in [(columns.extent_end, ">=", start), (columns.extent_start, "<=", end)] {
        if let Some(end) = end {
            let end = maker.text(&seconds(end));
            sql.push(format!("{column} {op} {end}::numeric"));
        }
    }
    Part { sql: format!("({})", sql.join(" AND ")), exact: true }
}
