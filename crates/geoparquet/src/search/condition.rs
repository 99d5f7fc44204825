//! What the columns of a row must be like for its Item to answer a search: necessary conditions, made from the search
//! and the schema, and asked of statistics, of pages and of rows alike.
//!
//! They only ever leave out what cannot answer. Whether an Item does is for the evaluator of `stacyard-search` to say,
//! so that the answer is the same as from every other store. What cannot be put as a condition is left out here, and a
//! column is only used where it holds all values of its place (`partial` in docs/geoparquet-layout.md).

use std::cmp::Ordering;

use arrow_schema::{DataType, TimeUnit};
use geo::BoundingRect;
use geo_types::Rect;
use jiff::Timestamp;
use jiff::tz::Offset;
use stacyard_search::cql2::{CompareOp, Expr, Literal, SpatialOp};
use stacyard_search::{Area, Place, Property, Search};

use crate::format::time::{DATETIME, END, START};
use crate::read::footer::Footer;
use crate::read::table::Table;

/// A leaf column that conditions look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its path in the file, name by name.
    pub(crate) path: Vec<String>,
    /// Its number among the leaf columns.
    pub(crate) leaf: usize,
    pub(crate) kind: Kind,
}

/// What sort of values a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    /// Floats; whether all are finite. JSON has null for the others, which are not among the nulls that a file counts.
    Float {
        finite: bool,
    },
    Text,
    /// Instants, counted in so many nanoseconds.
    Time(i64),
    /// Only whether they are null is known.
    Other,
}

/// A necessary condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Column(Column, Test),
}

/// What a value must be. No range holds null.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// From the first to the second, both included.
    Integers(i64, i64),
    Floats(f64, f64),
    /// `None`: no end.
    Texts(Option<String>, Option<String>),
    /// In microseconds since 1970, rounded down.
    Times(i64, i64),
    /// In one of these ranges, in ascending order and apart from one another.
    IntegersAmong(Vec<(i64, i64)>),
    FloatsAmong(Vec<(f64, f64)>),
    TimesAmong(Vec<(i64, i64)>),
    /// One of these, in ascending order.
    Among(Vec<String>),
    /// A geometry in WKB whose box, on the plane, meets one of these.
    Meets(Vec<Rect<f64>>),
    Null,
    NotNull,
}

impl Test {
    /// Ranges of one kind as a list that is looked up.
    fn any(tests: &[Self]) -> Option<Self> {
        let (mut integers, mut floats, mut times) = (Vec::new(), Vec::new(), Vec::new());
        for test in tests {
            match test {
                Self::Integers(low, high) => integers.push((*low, *high)),
                Self::Floats(low, high) => floats.push((*low, *high)),
                Self::Times(low, high) => times.push((*low, *high)),
                _ => return None,
            }
        }
        match (integers.len(), floats.len(), times.len()) {
            (_, 0, 0) => Some(Self::IntegersAmong(apart(integers, Ord::cmp))),
            (0, _, 0) => Some(Self::FloatsAmong(apart(floats, f64::total_cmp))),
            (0, 0, _) => Some(Self::TimesAmong(apart(times, Ord::cmp))),
            _ => None,
        }
    }
}

/// Ranges in ascending order, joined where they overlap.
fn apart<T: Copy + PartialOrd>(mut ranges: Vec<(T, T)>, order: impl Fn(&T, &T) -> Ordering) -> Vec<(T, T)> {
    ranges.sort_unstable_by(|a, b| order(&a.0, &b.0));
    ranges.dedup_by(|next, last| {
        let overlaps = next.0 <= last.1;
        if overlaps && next.1 > last.1 {
            last.1 = next.1;
        }
        overlaps
    });
    ranges
}

/// Whether a value, or one between two values, lies in one of the ranges.
pub(crate) fn among<T: Copy + PartialOrd>(ranges: &[(T, T)], least: T, most: T) -> bool {
    let first = ranges.partition_point(|range| range.1 < least);
    ranges.get(first).is_some_and(|range| range.0 <= most)
}

/// The conditions of a search.
#[derive(Debug, PartialEq)]
pub(crate) struct Conditions {
    pub(crate) all: Condition,
    /// Nothing of the search was left out: but for geometries whose boxes meet the search's and they not, a row that
    /// passes answers.
    pub(crate) complete: bool,
}

/// The file that is asked.
pub(crate) struct Maker<'a> {
    pub(crate) table: &'a Table,
    pub(crate) footer: &'a Footer,
}

impl Condition {
    /// Whether every row meets it, whatever its columns are.
    pub(crate) fn is_always(&self) -> bool {
        match self {
            Self::All(list) => list.iter().all(Self::is_always),
            Self::Any(list) => list.iter().any(Self::is_always),
            Self::Column(..) => false,
        }
    }

    /// The columns that it looks at.
    pub(crate) fn each_column<'a>(&'a self, visit: &mut impl FnMut(&'a Column)) {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().for_each(|one| one.each_column(visit)),
            Self::Column(column, _) => visit(column),
        }
    }
}

impl Maker<'_> {
    pub(crate) fn conditions(&self, search: &Search) -> Conditions {
        let among = |list: &[String], name: &str| {
            (!list.is_empty()).then(|| {
                let mut list = list.to_vec();
                list.sort_unstable();
                list.dedup();
                if let Some(given) = self.footer.names.given(name) {
                    return Some(constant(list.iter().any(|one| one == given)));
                }
                Some(Condition::Column(self.member(name, Kind::Text)?, Test::Among(list)))
            })
        };
        let area = search.area.as_ref().map(|area| match area {
            Area::Box(area) => self.meets(&area.halves().collect::<Vec<_>>()),
            Area::Shape(shape) => self.meets(shape.bounding_rect().as_slice()),
        });
        let datetime = search.datetime.map(|wanted| {
            let low = wanted.start().map_or(i64::MIN, micros);
            self.overlaps(low, wanted.end().map_or(i64::MAX, |end| last_as_well(micros(end))))
        });
        let parts = [
            among(&search.ids, "id"),
            among(&search.collections, "collection"),
            area,
            datetime,
            search.filter.as_ref().map(|filter| self.expression(filter)),
        ];
        let asked: Vec<Option<Condition>> = parts.into_iter().flatten().collect();
        let complete = asked.iter().all(|part| part.as_ref().is_some_and(is_complete));
        Conditions { all: Condition::All(asked.into_iter().flatten().collect()), complete }
    }

    /// A column that the Items' own member `name` stands in, if it is of this kind.
    pub(crate) fn member(&self, name: &str, kind: Kind) -> Option<Column> {
        self.column(&[name.to_owned()]).filter(|column| column.kind == kind)
    }

    /// The column of a property, where it alone says what the property is.
    pub(crate) fn property(&self, property: &Property) -> Option<Column> {
        let name = match property.place() {
            Place::Id => return self.member("id", Kind::Text),
            Place::Collection => return self.member("collection", Kind::Text),
            Place::Geometry => return None,
            Place::Properties => property.key(),
        };
        // A name with dots may lead to several places; a column of an Item's own member is not a property's.
        if name.contains('.') || !self.footer.is_property(name) || self.footer.is_lost {
            return None;
        }
        let mut pointer = "/properties".to_owned();
        stacyard_model::json::push_pointer_token(&mut pointer, name);
        if self.footer.names.conventions.is_partial(&pointer) {
            return None;
        }
        self.column(&[name.to_owned()])
    }

    /// The text that all Items of the file have of a property that is in no column.
    fn given(&self, property: &Property) -> Option<&str> {
        match property.place() {
            Place::Collection => self.footer.names.given("collection"),
            Place::Properties if !property.is_instant() => self.footer.names.given(property.key()),
            _ => None,
        }
    }

    pub(crate) fn column(&self, path: &[String]) -> Option<Column> {
        let (leaf, field) = self.table.leaf(path)?;
        let kind = match field.data_type() {
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Kind::Integer,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                Kind::Float { finite: self.footer.is_ours }
            }
            DataType::Utf8 => Kind::Text,
            DataType::Timestamp(unit, _) => Kind::Time(match unit {
                TimeUnit::Second => 1_000_000_000,
                TimeUnit::Millisecond => 1_000_000,
                TimeUnit::Microsecond => 1_000,
                TimeUnit::Nanosecond => 1,
            }),
            _ => Kind::Other,
        };
        Some(Column { path: path.to_vec(), leaf, kind })
    }

    /// The column of instants of a property.
    fn instants(&self, name: &str) -> Option<Column> {
        self.property(&Property::parse(name).ok()?).filter(|column| matches!(column.kind, Kind::Time(_)))
    }

    /// The columns that say when an Item is: its `datetime`, and, if the file has ranges, their starts and ends.
    pub(crate) fn extent(&self) -> Option<(Column, Option<[Column; 2]>)> {
        let datetime = self.instants(DATETIME)?;
        // Without these columns no Item has a range.
        if [START, END].iter().any(|name| !self.table.fields.iter().any(|field| field.name() == name)) {
            return Some((datetime, None));
        }
        Some((datetime, Some([self.instants(START)?, self.instants(END)?])))
    }

    /// The temporal extent overlaps a span.
    fn overlaps(&self, low: i64, high: i64) -> Option<Condition> {
        let (datetime, range) = self.extent()?;
        let instant = Condition::Column(datetime, Test::Times(low, high));
        let Some([start, end]) = range else { return Some(instant) };
        let range = [(start, Test::Times(i64::MIN, high)), (end, Test::Times(low, i64::MAX))];
        let range = range.map(|(column, test)| Condition::Column(column, test)).into();
        Some(Condition::Any(vec![instant, Condition::All(range)]))
    }

    /// The columns of the geometries' boxes: west, south, east, north. Other writers copy the boxes of the Items, which
    /// are rounded or wrong more often than not, and only the geometries decide.
    pub(crate) fn boxes(&self) -> Option<[Column; 4]> {
        let covering = self.footer.covering.as_ref().filter(|_| self.footer.is_ours)?;
        let is_number = |column: &Column| matches!(column.kind, Kind::Float { .. });
        let column = |path: &Vec<String>| self.column(path).filter(is_number);
        let [west, south, east, north] = covering.each_ref().map(column);
        Some([west?, south?, east?, north?])
    }

    /// The box of the geometry meets one of these.
    pub(crate) fn meets(&self, boxes: &[Rect<f64>]) -> Option<Condition> {
        if !self.footer.is_ours {
            let path = std::slice::from_ref(&self.footer.names.geometry);
            let geometry = self.column(path).filter(|_| !self.footer.is_lost)?;
            return Some(Condition::Column(geometry, Test::Meets(boxes.to_vec())));
        }
        let [west, south, east, north] = self.boxes()?;
        let from = |column: &Column, low| Condition::Column(column.clone(), Test::Floats(low, f64::INFINITY));
        let to =
            |column: &Column, high| Condition::Column(column.clone(), Test::Floats(f64::NEG_INFINITY, high));
        let meets = boxes.iter().map(|area| {
            let (min, max) = (area.min(), area.max());
            Condition::All(vec![to(&west, max.x), from(&east, min.x), to(&south, max.y), from(&north, min.y)])
        });
        Some(Condition::Any(meets.collect()))
    }

    /// `None`: nothing can be said.
    fn expression(&self, expr: &Expr) -> Option<Condition> {
        match expr {
            Expr::And(list) => {
                let parts: Vec<Option<Condition>> = list.iter().map(|part| self.expression(part)).collect();
                let all = parts.iter().all(Option::is_some);
                let mut parts: Vec<Condition> = parts.into_iter().flatten().collect();
                if parts.is_empty() {
                    return None;
                }
                if !all {
                    parts.push(incomplete());
                }
                Some(Condition::All(parts))
            }
            Expr::Or(list) => {
                list.iter().map(|part| self.expression(part)).collect::<Option<_>>().map(Condition::Any)
            }
            Expr::Not(inner) => match inner.as_ref() {
                Expr::Compare(op, left, right) => self.compare(negated(*op)?, left, right),
                Expr::IsNull(inner) => self.null(inner, Test::NotNull),
                _ => None,
            },
            Expr::Compare(op, left, right) => self.compare(*op, left, right),
            Expr::Between(three) => {
                let [value, low, high] = three.as_ref();
                Some(Condition::All(vec![
                    self.compare(CompareOp::GreaterOrEqual, value, low)?,
                    self.compare(CompareOp::LessOrEqual, value, high)?,
                ]))
            }
            Expr::In(value, list) => self.is_in(value, list),
            Expr::Like(value, pattern) => self.like(value, pattern),
            Expr::IsNull(inner) => self.null(inner, Test::Null),
            Expr::Spatial(op, left, right) if *op != SpatialOp::Disjoint => self.spatial(left, right),
            _ => None,
        }
    }

    fn null(&self, inner: &Expr, test: Test) -> Option<Condition> {
        let Expr::Property(property) = inner else { return None };
        Some(Condition::Column(self.property(property)?, test))
    }

    fn compare(&self, op: CompareOp, left: &Expr, right: &Expr) -> Option<Condition> {
        let (property, op, literal) = match (left, right) {
            (Expr::Property(property), Expr::Literal(literal)) => (property, op, literal),
            (Expr::Literal(literal), Expr::Property(property)) => (property, op.mirrored(), literal),
            _ => return None,
        };
        if let (Some(given), Literal::Text(text)) = (self.given(property), literal) {
            return (op == CompareOp::Equal).then(|| constant(given == text));
        }
        let column = self.property(property)?;
        // Whether the values below the constant, and those above it, pass.
        let (below, above) = match op {
            CompareOp::Equal => (false, false),
            CompareOp::Less | CompareOp::LessOrEqual => (true, false),
            CompareOp::Greater | CompareOp::GreaterOrEqual => (false, true),
            CompareOp::NotEqual => return None,
        };
        let test = match (column.kind, literal) {
            (Kind::Float { .. }, Literal::Number(number)) => {
                let value: f64 = number.text().parse().ok()?;
                // The constant may have more digits than a double.
                let low = if below { f64::NEG_INFINITY } else { value.next_down() };
                Test::Floats(low, if above { f64::INFINITY } else { value.next_up() })
            }
            (Kind::Integer, Literal::Number(number)) => {
                let value: f64 = number.text().parse().ok()?;
                #[expect(clippy::cast_possible_truncation, reason = "saturates, which keeps the order")]
                let (floor, ceil) = match number.text().parse::<i64>() {
                    Ok(exact) => (exact, exact),
                    Err(_) => (value.next_down().floor() as i64, value.next_up().ceil() as i64),
                };
                Test::Integers(if below { i64::MIN } else { floor }, if above { i64::MAX } else { ceil })
            }
            (Kind::Text, Literal::Text(text)) if op == CompareOp::Equal => Test::Among(vec![text.clone()]),
            (Kind::Text, Literal::Text(text)) => {
                Test::Texts((!below).then(|| text.clone()), (!above).then(|| text.clone()))
            }
            (Kind::Time(_), Literal::Timestamp(at)) => times(*at, below, above),
            // As in the evaluator: a day compares by its first instant, in UTC.
            (Kind::Time(_), Literal::Date(day)) => {
                times(Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?, below, above)
            }
            _ => return None,
        };
        Some(Condition::Column(column, test))
    }

    fn is_in(&self, value: &Expr, list: &[Expr]) -> Option<Condition> {
        let texts = list.iter().map(|one| match one {
            Expr::Literal(Literal::Text(text)) => Some(text.clone()),
            _ => None,
        });
        let Expr::Property(property) = value else { return None };
        if let Some(mut texts) = texts.collect::<Option<Vec<_>>>() {
            if let Some(given) = self.given(property) {
                return Some(constant(texts.iter().any(|text| text == given)));
            }
            let column = self.property(property).filter(|column| column.kind == Kind::Text)?;
            texts.sort_unstable();
            texts.dedup();
            return Some(Condition::Column(column, Test::Among(texts)));
        }
        let any = list.iter().map(|one| match self.compare(CompareOp::Equal, value, one)? {
            Condition::Column(_, test) => Some(test),
            _ => None,
        });
        Some(Condition::Column(self.property(property)?, Test::any(&any.collect::<Option<Vec<_>>>()?)?))
    }

    /// By what stands before the first wildcard.
    fn like(&self, value: &Expr, pattern: &Expr) -> Option<Condition> {
        let (Expr::Property(property), Expr::Literal(Literal::Text(pattern))) = (value, pattern) else {
            return None;
        };
        let column = self.property(property).filter(|column| column.kind == Kind::Text)?;
        let end = pattern.find(['%', '_', '\\']).unwrap_or(pattern.len());
        let prefix = &pattern[..end];
        let range = Condition::Column(column, Test::Texts(Some(prefix.to_owned()), after(prefix)));
        let prefix_only = pattern.get(end..) == Some("%");
        Some(if prefix_only { range } else { Condition::All(vec![range, incomplete()]) })
    }

    fn spatial(&self, left: &Expr, right: &Expr) -> Option<Condition> {
        let of = |property: &Expr, literal: &Expr| {
            let is_geometry = matches!(property, Expr::Property(p) if p.place() == Place::Geometry);
            match literal {
                Expr::Literal(Literal::Geometry(shape)) if is_geometry => {
                    self.meets(shape.bounding_rect().as_slice())
                }
                Expr::Literal(Literal::Box(area)) if is_geometry => {
                    self.meets(&area.halves().collect::<Vec<_>>())
                }
                _ => None,
            }
        };
        let meets = of(left, right).or_else(|| of(right, left))?;
        Some(Condition::All(vec![meets, incomplete()]))
    }
}

/// The first text after all that begin with the prefix.
fn after(prefix: &str) -> Option<String> {
    let mut chars = prefix.chars();
    while let Some(last) = chars.next_back() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            return Some(format!("{}{next}", chars.as_str()));
        }
    }
    None
}

/// A condition that all rows meet, or none.
fn constant(is_met: bool) -> Condition {
    if is_met { Condition::All(Vec::new()) } else { Condition::Any(Vec::new()) }
}

/// A condition that says nothing, and that something was left out.
fn incomplete() -> Condition {
    Condition::All(Vec::new())
}

fn is_complete(condition: &Condition) -> bool {
    match condition {
        Condition::All(list) | Condition::Any(list) => !list.is_empty() && list.iter().all(is_complete),
        Condition::Column(..) => true,
    }
}

/// `NOT a < b` is `a >= b`: where either is null, or they are of different types, both are null.
fn negated(op: CompareOp) -> Option<CompareOp> {
    Some(match op {
        CompareOp::Less => CompareOp::GreaterOrEqual,
        CompareOp::LessOrEqual => CompareOp::Greater,
        CompareOp::Greater => CompareOp::LessOrEqual,
        CompareOp::GreaterOrEqual => CompareOp::Less,
        CompareOp::NotEqual => CompareOp::Equal,
        CompareOp::Equal => return None,
    })
}

/// Values at an instant, and those below or above it.
fn times(at: Timestamp, below: bool, above: bool) -> Test {
    let at = micros(at);
    Test::Times(if below { i64::MIN } else { at }, if above { i64::MAX } else { last_as_well(at) })
}

/// Times of the last day of the year 9999 mean the last instant that there is; columns have them as they are written.
fn last_as_well(at: i64) -> i64 {
    if at >= micros(Timestamp::MAX) { i64::MAX } else { at }
}

/// Rounded down, as in the columns.
fn micros(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond().div_euclid(1_000)).unwrap_or(i64::MAX)
}
