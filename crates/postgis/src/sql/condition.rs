//! A search as one condition with bound parameters: what the database can say of a row, exactly or as a bound.

use geo::BoundingRect;
use jiff::Timestamp;
use stacyard_search::{Area, Search};

use crate::sql::filter::{Part, joined};
use crate::sql::instant;
use crate::sql::param::Param;
use crate::sql::table::{Extent, Table};
use crate::sql::value::{Maker, read, seconds};

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
    let mut sql = Vec::new();
    let mut exact = true;
    match maker.table().columns.extent {
        Extent::Seconds { start: from, end: to } => {
            sql.push(format!("{from} IS NOT NULL"));
            for (column, op, at) in [(to, ">=", start), (from, "<=", end)] {
                if let Some(at) = at {
                    let at = maker.text(&seconds(at));
                    sql.push(format!("{column} {op} {at}::numeric"));
                }
            }
        }
        Extent::Stamps { start: from, end: to } => {
            for (stamp, op, at) in [(to, ">", start), (from, "<", end)] {
                let Some(at) = at else { continue };
                let Some(text) = read(at) else {
                    exact = false;
                    continue;
                };
                let (column, rounded, at) = (stamp.column, maker.text(&text), maker.text(&seconds(at)));
                // Only of the same microsecond the text has to be looked at, which is far from the row. The index has the first part.
                sql.push(format!(
                    "{column} {op}= {rounded}::timestamptz AND ({column} {op} {rounded}::timestamptz OR \
                     coalesce({} {op}= {at}::numeric, true))",
                    instant::seconds(stamp.text)
                ));
            }
        }
    }
    let sql = if sql.is_empty() { "true".to_owned() } else { format!("({})", sql.join(" AND ")) };
    Part { sql, exact }
}
