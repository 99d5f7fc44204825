//! A search as SQL with bound parameters: what the database can say of a row, exactly or as a bound.
//!
//! No text of a user becomes SQL: names, strings, numbers and geometries are parameters. What PostgreSQL would answer
//! otherwise than the evaluator (geometries, instants within texts, case folding) is left to the evaluator, which then
//! looks at the rows that are left; the SQL says only which rows cannot answer.

use std::fmt::Write as _;

use geo::BoundingRect;
use jiff::Timestamp;
use stacyard_model::FieldType;
use stacyard_search::cql2::{CompareOp, Expr, Literal, SpatialOp};
use stacyard_search::{Area, Place, Property, Search};
use tokio_postgres::types::{ToSql, Type};

use crate::ident::Ident;
use crate::jsonb;
use crate::profile::Promoted;

/// A value that is bound.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Param {
    Text(String),
    Texts(Vec<String>),
    Number(f64),
}

impl Param {
    /// With its type, so that the database need not be asked for it.
    pub(crate) fn typed(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Text(text) => (text, Type::TEXT),
            Self::Texts(list) => (list, Type::TEXT_ARRAY),
            Self::Number(number) => (number, Type::FLOAT8),
        }
    }
}

/// A condition on a row, in SQL.
#[derive(Debug)]
struct Part {
    sql: String,
    /// Whether it is true, false or unknown where the search is; else it is only true wherever the search is.
    exact: bool,
}

/// The condition of a whole search.
#[derive(Debug)]
pub(crate) struct Condition {
    /// SQL that stands behind WHERE.
    pub(crate) sql: String,
    pub(crate) params: Vec<Param>,
    /// Whether the rows that meet it are those that answer, and no others.
    pub(crate) exact: bool,
}

impl Condition {
    /// The condition of a search.
    pub(crate) fn of(search: &Search, tables: &Tables) -> Self {
        let mut maker = Maker::new(Vec::new(), tables);
        let mut parts = Vec::new();
        if !search.ids.is_empty() {
            parts.push(maker.among("id", &search.ids));
        }
        if !search.collections.is_empty() {
            parts.push(maker.among("collection", &search.collections));
        }
        match &search.area {
            Some(Area::Box(area)) => parts.push(maker.meets(&area.halves().collect::<Vec<_>>())),
            Some(Area::Shape(shape)) => parts.push(maker.meets(shape.bounding_rect().as_slice())),
            None => {}
        }
        if let Some(wanted) = search.datetime {
            parts.push(maker.overlaps(wanted.start(), wanted.end()));
        }
        if let Some(filter) = &search.filter {
            parts.push(maker.truth(filter));
        }
        let Part { sql, exact } = joined(parts, " AND ", "true");
        if maker.params.len() > MAX_PARAMS {
            return Self { sql: "true".to_owned(), params: Vec::new(), exact: false };
        }
        Self { sql, params: maker.params, exact: exact && search.text.is_empty() }
    }
}

fn joined(parts: Vec<Part>, operator: &str, none: &str) -> Part {
    let exact = parts.iter().all(|part| part.exact);
    let sql: Vec<String> = parts.into_iter().map(|part| part.sql).collect();
    let sql = match sql.len() {
        0 => none.to_owned(),
        1 => sql.concat(),
        _ => format!("({})", sql.join(operator)),
    };
    Part { sql, exact }
}

/// What SQL must know of the tables it asks.
#[derive(Clone)]
pub(crate) struct Tables {
    /// The schema of PostGIS' functions.
    pub(crate) postgis: Ident,
    /// Properties with columns of their own.
    pub(crate) promoted: Promoted,
}

/// Makes conditions, and collects their parameters.
pub(crate) struct Maker<'a> {
    params: Vec<Param>,
    tables: &'a Tables,
}

/// More parameters than the protocol has room for (65,535) are none: then all rows are looked at.
const MAX_PARAMS: usize = 65_000;

/// How deep a name with dots is followed: each dot doubles the places where it can lead.
const MAX_DOTS: usize = 4;

/// What a value must be, to be compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bool,
}

impl<'a> Maker<'a> {
    /// One that goes on behind these parameters.
    pub(crate) fn new(params: Vec<Param>, tables: &'a Tables) -> Self {
        Self { params, tables }
    }
}

impl Maker<'_> {
    /// All that was bound, in order.
    pub(crate) fn into_params(self) -> Vec<Param> {
        self.params
    }

    fn bind(&mut self, param: Param) -> String {
        let kind = match param {
            Param::Text(_) => "text",
            Param::Texts(_) => "text[]",
            Param::Number(_) => "double precision",
        };
        self.params.push(param);
        format!("${}::{kind}", self.params.len())
    }

    pub(crate) fn text(&mut self, text: &str) -> String {
        self.bind(Param::Text(text.to_owned()))
    }

    fn among(&mut self, column: &str, list: &[String]) -> Part {
        // The empty collection is none, and PostgreSQL has no NUL.
        let exact = list.iter().all(|text| !text.is_empty() && !text.contains('\0'));
        let list = list.iter().filter(|text| !text.contains('\0')).cloned().collect();
        let list = self.bind(Param::Texts(list));
        Part { sql: format!("{column} = ANY({list})"), exact }
    }

    fn overlaps(&mut self, start: Option<Timestamp>, end: Option<Timestamp>) -> Part {
        let mut sql = vec!["extent_start IS NOT NULL".to_owned()];
        for (column, op, end) in [("extent_end", ">=", start), ("extent_start", "<=", end)] {
            if let Some(end) = end {
                let end = self.text(&seconds(end));
                sql.push(format!("{column} {op} {end}::numeric"));
            }
        }
        Part { sql: format!("({})", sql.join(" AND ")), exact: true }
    }

    /// The box of the geometry meets one of these: what the index can say.
    fn meets(&mut self, boxes: &[geo_types::Rect<f64>]) -> Part {
        let postgis = &self.tables.postgis;
        let mut any = Vec::new();
        for area in boxes {
            let ends = [area.min().x, area.min().y, area.max().x, area.max().y];
            let ends = ends.map(|end| self.bind(Param::Number(end))).join(", ");
            any.push(format!("geometry OPERATOR({postgis}.&&) {postgis}.ST_MakeEnvelope({ends}, 4326)"));
        }
        let sql = if any.is_empty() { "false".to_owned() } else { format!("({})", any.join(" OR ")) };
        Part { sql, exact: false }
    }

    fn truth(&mut self, expr: &Expr) -> Part {
        let bound = self.params.len();
        self.said(expr).unwrap_or_else(|| {
            // What was bound on the way is in no SQL.
            self.params.truncate(bound);
            Part { sql: "true".to_owned(), exact: false }
        })
    }

    /// `None`: nothing can be said.
    fn said(&mut self, expr: &Expr) -> Option<Part> {
        Some(match expr {
            Expr::Literal(Literal::Bool(known)) => Part { sql: known.to_string(), exact: true },
            Expr::And(list) => {
                let parts = list.iter().map(|part| self.truth(part)).collect();
                joined(parts, " AND ", "true")
            }
            Expr::Or(list) => {
                let parts = list.iter().map(|part| self.truth(part)).collect();
                joined(parts, " OR ", "false")
            }
            // Of what is only a bound nothing is known where it is not true.
            Expr::Not(inner) => match self.truth(inner) {
                Part { sql, exact: true } => Part { sql: format!("NOT {sql}"), exact: true },
                _ => return None,
            },
            Expr::Compare(op, left, right) => self.compare(*op, left, right)?,
            Expr::Between(three) => {
                let [value, low, high] = three.as_ref();
                let low = self.compare(CompareOp::GreaterOrEqual, value, low)?;
                let high = self.compare(CompareOp::LessOrEqual, value, high)?;
                joined(vec![low, high], " AND ", "true")
            }
            Expr::In(value, list) => self.is_in(value, list)?,
            Expr::Like(value, pattern) => self.like(value, pattern)?,
            Expr::IsNull(inner) => self.is_null(inner)?,
            Expr::Spatial(op, left, right) if *op != SpatialOp::Disjoint => self.spatial(left, right)?,
            _ => return None,
        })
    }

    /// The value of a property as `jsonb`: NULL where the Item has no such name.
    pub(crate) fn property(&mut self, property: &Property) -> Option<String> {
        let key = property.key();
        if property.place() != Place::Properties || key.contains('\0') || key.matches('.').count() > MAX_DOTS
        {
            return None;
        }
        let mut places = Vec::new();
        self.places("properties", key, &mut places);
        Some(match places.as_slice() {
            [one] => one.clone(),
            _ => format!("coalesce({})", places.join(", ")),
        })
    }

    /// Where a name with dots can lead, the longest literal name first.
    fn places(&mut self, object: &str, name: &str, places: &mut Vec<String>) {
        let literal = self.text(name);
        places.push(format!("({object} -> {literal})"));
        for (dot, _) in name.rmatch_indices('.') {
            let head = self.text(&name[..dot]);
            self.places(&format!("({object} -> {head})"), &name[dot + 1..], places);
        }
    }

    /// The same of a column that has all there is to say: no Item has a value of another type.
    pub(crate) fn whole(&self, property: &Property, kind: FieldType) -> Option<String> {
        self.promoted(property, kind).filter(|_| self.tables.promoted.is_whole())
    }

    /// The column of a property that the profile declares to be of a type.
    fn promoted(&self, property: &Property, kind: FieldType) -> Option<String> {
        let name = Some(property.key()).filter(|_| property.place() == Place::Properties)?;
        self.tables.promoted.column(name, kind).map(ToString::to_string)
    }

    /// A property as a value of a kind: NULL where it is of another.
    fn typed(&mut self, property: &Property, kind: Kind) -> Option<String> {
        match (property.place(), kind) {
            (Place::Id, Kind::Text) => return Some("id".to_owned()),
            (Place::Collection, Kind::Text) => return Some("nullif(collection, '')".to_owned()),
            _ => {}
        }
        let column = match kind {
            Kind::Number => self.promoted(property, FieldType::Number),
            Kind::Text => self.promoted(property, FieldType::String),
            Kind::Bool => self.promoted(property, FieldType::Boolean),
        };
        if column.is_some() {
            return column;
        }
        let value = self.property(property)?;
        Some(match kind {
            Kind::Number => jsonb::number(&value),
            Kind::Bool => jsonb::boolean(&value),
            Kind::Text => jsonb::text(&value),
        })
    }

    /// A constant that means the same to PostgreSQL, and its kind.
    fn constant(&mut self, literal: &Literal) -> Option<(String, Kind)> {
        Some(match literal {
            Literal::Number(number) if is_moderate(number.text()) => {
                (format!("{}::numeric", self.text(number.text())), Kind::Number)
            }
            Literal::Text(text) if !text.contains('\0') => (self.text(text), Kind::Text),
            Literal::Bool(known) => (known.to_string(), Kind::Bool),
            _ => return None,
        })
    }

    fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> Option<Part> {
        let (property, op, literal) = match (left, right) {
            (Expr::Property(property), Expr::Literal(literal)) => (property, op, literal),
            (Expr::Literal(literal), Expr::Property(property)) => (property, op.mirrored(), literal),
            _ => return None,
        };
        if let Some(part) = self.instant(property, op, literal) {
            return Some(part);
        }
        if let Some(column) = self.promoted(property, FieldType::Integer)
            && let Literal::Number(number) = literal
            && number.text().parse::<i64>().is_ok()
        {
            let number = self.text(number.text());
            return Some(Part { sql: format!("({column} {} {number}::bigint)", symbol(op)), exact: true });
        }
        let (constant, kind) = self.constant(literal)?;
        let value = self.typed(property, kind)?;
        Some(Part { sql: format!("({value} {} {constant})", symbol(op)), exact: true })
    }

    /// One of the Item's own times beside an instant: its column holds microseconds, so that it is a bound only.
    fn instant(&mut self, property: &Property, op: CompareOp, literal: &Literal) -> Option<Part> {
        let column = self.instant_column(property)?;
        let at = instant_of(literal)?;
        let op = match op {
            CompareOp::Equal => "=",
            CompareOp::Less | CompareOp::LessOrEqual => "<=",
            CompareOp::Greater | CompareOp::GreaterOrEqual => ">=",
            CompareOp::NotEqual => return None,
        };
        let at = self.text(&micros(at)?);
        Some(Part { sql: format!("({column} {op} {at}::timestamptz)"), exact: false })
    }

    /// The column of a property that is a time by the model or the profile.
    fn instant_column(&self, property: &Property) -> Option<String> {
        let own =
            ["datetime", "start_datetime", "end_datetime"].into_iter().find(|name| *name == property.key());
        match own.filter(|_| property.place() == Place::Properties) {
            Some(own) => Some(own.to_owned()),
            None => self.promoted(property, FieldType::Datetime),
        }
    }

    fn is_in(&mut self, value: &Expr, list: &[Expr]) -> Option<Part> {
        let Expr::Property(property) = value else { return None };
        if list.iter().all(|one| {
            matches!(one, Expr::Literal(Literal::Bool(_) | Literal::Timestamp(_) | Literal::Date(_)))
        }) {
            return self.is_instant_or_bool_in(property, value, list);
        }
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        for one in list {
            match one {
                Expr::Literal(Literal::Text(text)) if !text.contains('\0') => texts.push(text.clone()),
                Expr::Literal(Literal::Number(number)) if is_moderate(number.text()) => {
                    numbers.push(number.text().to_owned());
                }
                _ => return None,
            }
        }
        let integers = self.promoted(property, FieldType::Integer);
        let are_integers = numbers.iter().all(|number| number.parse::<i64>().is_ok());
        // One array, as there may be more values than parameters.
        let (list, value, cast) = match (texts.is_empty(), numbers.is_empty(), integers) {
            (false, true, _) => (texts, self.typed(property, Kind::Text)?, ""),
            (true, false, Some(column)) if are_integers => (numbers, column, "::bigint[]"),
            (true, false, _) => (numbers, self.typed(property, Kind::Number)?, "::numeric[]"),
            _ => return None,
        };
        let list = self.bind(Param::Texts(list));
        Some(Part { sql: format!("({value} = ANY({list}{cast}))"), exact: true })
    }

    /// The same of instants, of which the column is a bound, or of Booleans, of which there are two.
    fn is_instant_or_bool_in(&mut self, property: &Property, value: &Expr, list: &[Expr]) -> Option<Part> {
        let literals = || {
            list.iter().filter_map(|one| if let Expr::Literal(literal) = one { Some(literal) } else { None })
        };
        if let Some(instants) = literals().map(instant_of).collect::<Option<Vec<_>>>() {
            let column = self.instant_column(property)?;
            let instants = instants.into_iter().map(micros).collect::<Option<_>>()?;
            let list = self.bind(Param::Texts(instants));
            return Some(Part { sql: format!("({column} = ANY({list}::timestamptz[]))"), exact: false });
        }
        let wanted = [true, false].map(|known| Expr::Literal(Literal::Bool(known)));
        let parts = wanted.iter().filter(|one| list.contains(one));
        let parts =
            parts.map(|one| self.compare(CompareOp::Equal, value, one)).collect::<Option<Vec<_>>>()?;
        literals().all(|one| matches!(one, Literal::Bool(_))).then(|| joined(parts, " OR ", "false"))
    }

    fn like(&mut self, value: &Expr, pattern: &Expr) -> Option<Part> {
        let (Expr::Property(property), Expr::Literal(Literal::Text(pattern))) = (value, pattern) else {
            return None;
        };
        if pattern.contains(['\\', '\0']) {
            return None;
        }
        let value = self.typed(property, Kind::Text)?;
        let pattern = self.text(pattern);
        Some(Part { sql: format!("({value} LIKE {pattern})"), exact: true })
    }

    fn is_null(&mut self, inner: &Expr) -> Option<Part> {
        let Expr::Property(property) = inner else { return None };
        let sql = match property.place() {
            Place::Id => "false".to_owned(),
            Place::Collection => "(collection = '')".to_owned(),
            Place::Geometry => "(geometry IS NULL)".to_owned(),
            Place::Properties => {
                let value = self.property(property)?;
                format!("(coalesce(jsonb_typeof({value}), 'null') = 'null')")
            }
        };
        Some(Part { sql, exact: true })
    }

    /// Geometries that have a point in common have boxes that meet.
    fn spatial(&mut self, left: &Expr, right: &Expr) -> Option<Part> {
        let is_geometry = |expr: &Expr| matches!(expr, Expr::Property(p) if p.place() == Place::Geometry);
        let other = match (is_geometry(left), is_geometry(right)) {
            (true, false) => right,
            (false, true) => left,
            _ => return None,
        };
        match other {
            Expr::Literal(Literal::Geometry(shape)) => Some(self.meets(&[shape.bounding_rect()?])),
            Expr::Literal(Literal::Box(area)) => Some(self.meets(&area.halves().collect::<Vec<_>>())),
            _ => None,
        }
    }
}

/// The instant that a constant is in a comparison.
fn instant_of(literal: &Literal) -> Option<Timestamp> {
    match literal {
        Literal::Timestamp(at) => Some(*at),
        Literal::Date(day) => Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()),
        _ => None,
    }
}

/// An instant as seconds since 1970, every digit.
pub(crate) fn seconds(at: Timestamp) -> String {
    let nanos = at.as_nanosecond();
    let mut text = String::new();
    let sign = if nanos < 0 { "-" } else { "" };
    let (whole, rest) = (nanos.unsigned_abs() / 1_000_000_000, nanos.unsigned_abs() % 1_000_000_000);
    let _ = write!(text, "{sign}{whole}.{rest:09}");
    text
}

/// An instant cut to microseconds, as PostgreSQL reads it.
pub(crate) fn micros(at: Timestamp) -> Option<String> {
    let at = Timestamp::from_nanosecond(at.as_nanosecond().div_euclid(1_000) * 1_000).ok()?.to_string();
    // Years before the first one are written in another way; PostgreSQL has no year 0.
    (!at.starts_with('-') && !at.starts_with("0000")).then_some(at)
}

/// A number that `numeric` can hold, and that is no burden: no power of ten beyond 1,000.
pub(crate) fn is_moderate(number: &str) -> bool {
    number.len() <= 1_000
        && number
            .split_once(['e', 'E'])
            .is_none_or(|(_, exponent)| exponent.parse::<i32>().is_ok_and(|exponent| exponent.abs() <= 1_000))
}

fn symbol(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Equal => "=",
        CompareOp::NotEqual => "<>",
        CompareOp::Less => "<",
        CompareOp::LessOrEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterOrEqual => ">=",
    }
}

impl Condition {
    /// SQL of the value of a property as `jsonb`, where SQL can say it.
    pub(crate) fn value(property: &Property, tables: &Tables) -> Option<(String, Vec<Param>)> {
        let mut maker = Maker::new(Vec::new(), tables);
        let value = maker.property(property)?;
        Some((value, maker.params))
    }
}
