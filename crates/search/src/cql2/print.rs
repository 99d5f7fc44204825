//! Expressions back as CQL2 text and as CQL2 JSON: what is printed is read as the same expression.

use std::fmt::Write as _;

use geo_types::{Coord, Geometry, LineString, Polygon};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::{Value, json};

use super::build;
use super::expr::{ArithmeticOp, Bound, Expr, Literal};

/// Why an expression cannot be said in CQL2 text, which has no spelling for some that CQL2 JSON has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("CQL2 text cannot say {0}; write the filter in CQL2 JSON")]
pub struct NoText(String);

impl Expr {
    /// The expression in CQL2 text (OGC 21-065r2 annex B).
    pub fn to_text(&self) -> Result<String, NoText> {
        let mut text = Text(String::new());
        text.expr(self)?;
        Ok(text.0)
    }

    /// The expression in CQL2 JSON (OGC 21-065r2 annex A).
    pub fn to_json(&self) -> Value {
        match self {
            Self::Literal(literal) => literal_json(literal),
            Self::Property(property) => json!({"property": property.name()}),
            Self::And(list) => operation("and", list),
            Self::Or(list) => operation("or", list),
            Self::Not(inner) => operation("not", [&**inner]),
            Self::Compare(op, left, right) => operation(build::comparison_name(*op), [&**left, &**right]),
            Self::Between(three) => operation("between", three.iter()),
            Self::In(value, list) => {
                json!({"op": "in", "args": [value.to_json(), list.iter().map(Self::to_json).collect::<Value>()]})
            }
            Self::Like(left, right) => operation("like", [&**left, &**right]),
            Self::IsNull(inner) => operation("isNull", [&**inner]),
            Self::Casei(inner) => operation("casei", [&**inner]),
            Self::Accenti(inner) => operation("accenti", [&**inner]),
            Self::Spatial(op, left, right) => operation(build::spatial_name(*op), [&**left, &**right]),
            Self::Temporal(op, left, right) => operation(build::temporal_name(*op), [&**left, &**right]),
            Self::ArrayPredicate(op, left, right) => operation(build::array_name(*op), [&**left, &**right]),
            Self::Arithmetic(op, left, right) => operation(build::arithmetic_name(*op), [&**left, &**right]),
            Self::Interval(bounds) => json!({"interval": bounds.iter().map(bound_json).collect::<Value>()}),
            Self::Array(list) => list.iter().map(Self::to_json).collect(),
            Self::Function(name, list) => operation(name, list),
        }
    }
}

fn operation<'e>(op: &str, args: impl IntoIterator<Item = &'e Expr>) -> Value {
    json!({"op": op, "args": args.into_iter().map(Expr::to_json).collect::<Value>()})
}

fn literal_json(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(known) => json!(known),
        // Every digit is kept (serde_json's `arbitrary_precision`).
        Literal::Number(number) => number.text().parse().map_or(Value::Null, Value::Number),
        Literal::Text(text) => json!(text),
        Literal::Timestamp(instant) => json!({"timestamp": instant_text(*instant)}),
        Literal::Date(date) => json!({"date": date.to_string()}),
        Literal::Geometry(geometry) => geometry_json(geometry),
        Literal::Box(area) => json!({"bbox": [area.west(), area.south(), area.east(), area.north()]}),
    }
}

fn bound_json(bound: &Bound) -> Value {
    match bound {
        Bound::Expr(expr) => expr.to_json(),
        other => json!(bound_text(other)),
    }
}

/// An end of an interval that is written as a string.
fn bound_text(bound: &Bound) -> String {
    match bound {
        Bound::Timestamp(instant) => instant_text(*instant),
        Bound::Date(date) => date.to_string(),
        Bound::Open | Bound::Expr(_) => "..".to_owned(),
    }
}

/// RFC 3339. A year before 0 is only reached by an offset, and so is only said with one.
fn instant_text(instant: Timestamp) -> String {
    let utc = Offset::UTC.to_datetime(instant);
    if utc.year() >= 0 {
        return instant.to_string();
    }
    let east = Offset::constant(23);
    format!("{}+23:00", east.to_datetime(instant))
}

fn position(at: Coord<f64>) -> Value {
    json!([at.x, at.y])
}

fn line_json(line: &LineString<f64>) -> Value {
    line.0.iter().copied().map(position).collect()
}

/// The rings of a polygon: an empty one has none.
fn rings(polygon: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    let outer = Some(polygon.exterior()).filter(|ring| !ring.0.is_empty());
    outer.into_iter().chain(polygon.interiors())
}

fn polygon_json(polygon: &Polygon<f64>) -> Value {
    rings(polygon).map(line_json).collect()
}

pub(crate) fn geometry_json(geometry: &Geometry<f64>) -> Value {
    let (kind, coordinates): (_, Value) = match geometry {
        Geometry::Point(point) => ("Point", position(point.0)),
        Geometry::LineString(line) => ("LineString", line_json(line)),
        Geometry::Polygon(polygon) => ("Polygon", polygon_json(polygon)),
        Geometry::MultiPoint(points) => {
            ("MultiPoint", points.0.iter().map(|point| position(point.0)).collect())
        }
        Geometry::MultiLineString(lines) => ("MultiLineString", lines.0.iter().map(line_json).collect()),
        Geometry::MultiPolygon(polygons) => ("MultiPolygon", polygons.0.iter().map(polygon_json).collect()),
        Geometry::GeometryCollection(list) => {
            let list: Value = list.0.iter().map(geometry_json).collect();
            return json!({"type": "GeometryCollection", "geometries": list});
        }
        // The parsers make none of these.
        Geometry::Line(line) => ("LineString", json!([position(line.start), position(line.end)])),
        Geometry::Rect(rect) => ("Polygon", polygon_json(&rect.to_polygon())),
        Geometry::Triangle(triangle) => ("Polygon", polygon_json(&triangle.to_polygon())),
    };
    json!({"type": kind, "coordinates": coordinates})
}

/// How tightly an expression binds: what binds less is put in parentheses.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Rank {
    Or,
    And,
    Not,
    Predicate,
    Sum,
    Product,
    Power,
    Primary,
}

fn rank(expr: &Expr) -> Rank {
    match expr {
        Expr::Or(_) => Rank::Or,
        Expr::And(_) => Rank::And,
        Expr::Not(_) => Rank::Not,
        Expr::Compare(..) | Expr::Between(_) | Expr::In(..) | Expr::Like(..) | Expr::IsNull(_) => {
            Rank::Predicate
        }
        Expr::Arithmetic(ArithmeticOp::Add | ArithmeticOp::Subtract, ..) => Rank::Sum,
        Expr::Arithmetic(ArithmeticOp::Power, ..) => Rank::Power,
        Expr::Arithmetic(..) => Rank::Product,
        _ => Rank::Primary,
    }
}

/// CQL2 text being written.
struct Text(String);

type Written = Result<(), NoText>;

fn no<T>(what: &str) -> Result<T, NoText> {
    Err(NoText(what.to_owned()))
}

impl Text {
    fn put(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// An operand that must bind at least so tightly.
    fn operand(&mut self, expr: &Expr, least: Rank) -> Written {
        if rank(expr) >= least {
            return self.expr(expr);
        }
        self.put("(");
        self.expr(expr)?;
        self.put(")");
        Ok(())
    }

    /// Operands with something between.
    fn between<'e>(&mut self, list: impl IntoIterator<Item = &'e Expr>, word: &str, least: Rank) -> Written {
        for (index, expr) in list.into_iter().enumerate() {
            if index > 0 {
                self.put(word);
            }
            self.operand(expr, least)?;
        }
        Ok(())
    }

    fn call<'e>(&mut self, name: &str, args: impl IntoIterator<Item = &'e Expr>) -> Written {
        self.put(name);
        self.put("(");
        self.between(args, ", ", Rank::Or)?;
        self.put(")");
        Ok(())
    }

    fn expr(&mut self, expr: &Expr) -> Written {
        match expr {
            Expr::Literal(literal) => self.literal(literal),
            Expr::Property(property) => {
                self.name(property.name());
                Ok(())
            }
            Expr::And(list) => self.between(list, " AND ", Rank::Not),
            Expr::Or(list) => self.between(list, " OR ", Rank::And),
            Expr::Not(inner) => {
                self.put("NOT ");
                self.operand(inner, Rank::Not)
            }
            Expr::Compare(op, left, right) => {
                let op = format!(" {} ", build::comparison_name(*op));
                self.between([&**left, &**right], &op, Rank::Sum)
            }
            Expr::Between(three) => {
                let [value, low, high] = three.as_ref();
                self.operand(value, Rank::Sum)?;
                self.put(" BETWEEN ");
                self.between([low, high], " AND ", Rank::Sum)
            }
            Expr::In(value, list) => {
                self.operand(value, Rank::Sum)?;
                self.call(" IN ", list)
            }
            Expr::Like(left, right) => self.between([&**left, &**right], " LIKE ", Rank::Sum),
            Expr::IsNull(inner) => {
                self.operand(inner, Rank::Sum)?;
                self.put(" IS NULL");
                Ok(())
            }
            Expr::Casei(inner) => self.call("CASEI", [&**inner]),
            Expr::Accenti(inner) => self.call("ACCENTI", [&**inner]),
            Expr::Spatial(op, left, right) => {
                self.call(&build::spatial_name(*op).to_uppercase(), [&**left, &**right])
            }
            Expr::Temporal(op, left, right) => {
                self.call(&build::temporal_name(*op).to_uppercase(), [&**left, &**right])
            }
            Expr::ArrayPredicate(op, left, right) => {
                self.put(&build::array_name(*op).to_uppercase());
                self.put("(");
                self.array_operand(left)?;
                self.put(", ");
                self.array_operand(right)?;
                self.put(")");
                Ok(())
            }
            Expr::Arithmetic(op, left, right) => {
                let (least, more) = match rank(expr) {
                    Rank::Sum => (Rank::Sum, Rank::Product),
                    Rank::Product => (Rank::Product, Rank::Power),
                    _ => (Rank::Primary, Rank::Primary),
                };
                self.operand(left, least)?;
                self.put(&format!(" {} ", build::arithmetic_name(*op)));
                self.operand(right, more)
            }
            Expr::Interval(bounds) => self.interval(bounds),
            Expr::Array(list) if list.len() == 1 => no("an array of one value in this place"),
            Expr::Array(list) => self.call("", list),
            Expr::Function(name, list) => self.call(name, list),
        }
    }

    /// Here alone one value in parentheses is an array, and no other parenthesis can come first.
    fn array_operand(&mut self, expr: &Expr) -> Written {
        if let Expr::Array(list) = expr {
            return self.call("", list);
        }
        let start = self.0.len();
        self.expr(expr)?;
        if self.0[start..].starts_with('(') { no("a computed value in this place") } else { Ok(()) }
    }

    fn interval(&mut self, bounds: &[Bound; 2]) -> Written {
        self.put("INTERVAL(");
        for (index, bound) in bounds.iter().enumerate() {
            if index > 0 {
                self.put(", ");
            }
            match bound {
                Bound::Expr(expr) => self.expr(expr)?,
                other => self.string(&bound_text(other))?,
            }
        }
        self.put(")");
        Ok(())
    }

    fn literal(&mut self, literal: &Literal) -> Written {
        match literal {
            Literal::Null => return no("null"),
            Literal::Bool(known) => self.put(if *known { "TRUE" } else { "FALSE" }),
            Literal::Number(number) => self.put(number.text()),
            Literal::Text(text) => return self.string(text),
            Literal::Timestamp(instant) => self.put(&format!("TIMESTAMP('{}')", instant_text(*instant))),
            Literal::Date(date) => self.put(&format!("DATE('{date}')")),
            Literal::Geometry(geometry) => return self.geometry(geometry),
            Literal::Box(area) => {
                let [w, s, e, n] = [area.west(), area.south(), area.east(), area.north()];
                self.put(&format!("BBOX({w}, {s}, {e}, {n})"));
            }
        }
        Ok(())
    }

    /// A string: a quote is doubled, or has a backslash before it where one stands there that would take the first.
    fn string(&mut self, text: &str) -> Written {
        if text.ends_with('\\') {
            return no("a string that ends with a backslash");
        }
        self.put("'");
        let mut before = ' ';
        for c in text.chars() {
            if c == '\'' {
                self.put(if before == '\\' { "\\" } else { "'" });
            }
            self.0.push(c);
            before = c;
        }
        self.put("'");
        Ok(())
    }

    /// The name of a property, in quotes where it would be read as something else.
    fn name(&mut self, name: &str) {
        if build::is_plain_name(name) {
            self.put(name);
        } else {
            self.put("\"");
            self.put(&name.replace('"', "\"\""));
            self.put("\"");
        }
    }

    fn coordinates<'c>(&mut self, coordinates: impl IntoIterator<Item = &'c Coord<f64>>) {
        self.put("(");
        for (index, at) in coordinates.into_iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            let _ = write!(self.0, "{separator}{} {}", at.x, at.y);
        }
        self.put(")");
    }

    fn polygon(&mut self, polygon: &Polygon<f64>) {
        self.parts(rings(polygon), |text, ring| text.coordinates(&ring.0));
    }

    fn parts<T>(&mut self, parts: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.put("(");
        for (index, part) in parts.into_iter().enumerate() {
            if index > 0 {
                self.put(", ");
            }
            write(self, part);
        }
        self.put(")");
    }

    /// Well-known text (OGC 06-103r4 section 7).
    fn geometry(&mut self, geometry: &Geometry<f64>) -> Written {
        let (kind, is_empty) = match geometry {
            Geometry::Point(_) => ("POINT", false),
            Geometry::LineString(line) => ("LINESTRING", line.0.is_empty()),
            Geometry::Polygon(polygon) => ("POLYGON", polygon.exterior().0.is_empty()),
            Geometry::MultiPoint(points) => ("MULTIPOINT", points.0.is_empty()),
            Geometry::MultiLineString(lines) => ("MULTILINESTRING", lines.0.is_empty()),
            Geometry::MultiPolygon(polygons) => ("MULTIPOLYGON", polygons.0.is_empty()),
            Geometry::GeometryCollection(list) => ("GEOMETRYCOLLECTION", list.0.is_empty()),
            Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => return no("this geometry"),
        };
        self.put(kind);
        if is_empty {
            self.put(" EMPTY");
            return Ok(());
        }
        match geometry {
            Geometry::Point(point) => self.coordinates([&point.0]),
            Geometry::LineString(line) => self.coordinates(&line.0),
            Geometry::Polygon(polygon) => self.polygon(polygon),
            Geometry::MultiPoint(points) => {
                self.parts(&points.0, |text, point| text.coordinates([&point.0]));
            }
            Geometry::MultiLineString(lines) => self.parts(&lines.0, |text, line| text.coordinates(&line.0)),
            Geometry::MultiPolygon(polygons) => self.parts(&polygons.0, Self::polygon),
            Geometry::GeometryCollection(list) => {
                let mut written = Ok(());
                self.parts(&list.0, |text, part| {
                    if written.is_ok() {
                        written = text.geometry(part);
                    }
                });
                return written;
            }
            Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => {}
        }
        Ok(())
    }
}
