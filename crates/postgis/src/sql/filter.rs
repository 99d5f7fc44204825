//! A CQL2 filter in SQL: each part is exact, or only a bound.
//!
//! What PostgreSQL would answer otherwise than the evaluator (geometries, instants within texts, case folding) is left to the
//! evaluator, which then looks at the rows that are left; the SQL says only which rows cannot answer.

use geo::BoundingRect;
use jiff::Timestamp;
use stacyard_model::FieldType;
use stacyard_search::cql2::{CompareOp, Expr, Literal, SpatialOp};
use stacyard_search::{Place, Property};

use crate::sql::param::Param;
use crate::sql::value::{Kind, Maker, is_moderate};

/// A condition on a row, in SQL.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) sql: String,
    /// Whether it is true, false or unknown where the search is; else it is only true wherever the search is.
    pub(crate) exact: bool,
}

/// Conditions as one; of none, what that is.
pub(crate) fn joined(parts: Vec<Part>, operator: &str, none: &str) -> Part {
    let exact = parts.iter().all(|part| part.exact);
    let sql: Vec<String> = parts.into_iter().map(|part| part.sql).collect();
    let sql = match sql.len() {
        0 => none.to_owned(),
        1 => sql.concat(),
        _ => format!("({})", sql.join(operator)),
    };
    Part { sql, exact }
}

impl Maker<'_> {
    /// What SQL says of a filter; where it can say nothing, that it may be true of any row.
    pub(crate) fn truth(&mut self, expr: &Expr) -> Part {
        let bound = self.bound();
        self.said(expr).unwrap_or_else(|| {
            self.forget(bound);
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

    /// The box of the geometry meets one of these: what the index can say.
    pub(crate) fn meets(&mut self, boxes: &[geo_types::Rect<f64>]) -> Part {
        let (postgis, geometry) = (&self.table().postgis, self.table().columns.geometry);
        let mut any = Vec::new();
        for area in boxes {
            let ends = [area.min().x, area.min().y, area.max().x, area.max().y];
            let ends = ends.map(|end| self.bind(Param::Number(end))).join(", ");
            any.push(format!("{geometry} OPERATOR({postgis}.&&) {postgis}.ST_MakeEnvelope({ends}, 4326)"));
        }
        let sql = if any.is_empty() { "false".to_owned() } else { format!("({})", any.join(" OR ")) };
        Part { sql, exact: false }
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
        let instant = self.instant_column(property)?;
        let at = instant_of(literal)?;
        let op = match op {
            CompareOp::Equal => "=",
            CompareOp::Less | CompareOp::LessOrEqual => "<=",
            CompareOp::Greater | CompareOp::GreaterOrEqual => ">=",
            CompareOp::NotEqual => return None,
        };
        let at = self.stamp(at)?;
        let at = self.text(&at);
        let sql = instant.may_be(&format!("{} {op} {at}::timestamptz", instant.column));
        Some(Part { sql, exact: false })
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
            let instant = self.instant_column(property)?;
            let instants = instants.into_iter().map(|at| self.stamp(at)).collect::<Option<_>>()?;
            let list = self.bind(Param::Texts(instants));
            let sql = instant.may_be(&format!("{} = ANY({list}::timestamptz[])", instant.column));
            return Some(Part { sql, exact: false });
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
            Place::Collection => format!("({} = '')", self.table().columns.collection),
            Place::Geometry => format!("({} IS NULL)", self.table().columns.geometry),
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
