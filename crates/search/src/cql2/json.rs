//! CQL2 JSON (OGC 21-065r2 annex A), read from a tape: every digit is kept, names cannot occur twice.

use stacyard_model::json::{Document, Kind, SyntaxErrorKind, Value, push_pointer_token};

use super::build;
use super::expr::{Bound, Expr, Literal, NumberLiteral};
use super::{MAX_FILTER_DEPTH, MAX_FILTER_OPERATORS, check_length};
use crate::bbox::SearchBox;
use crate::error::{FilterError, FilterPlace, Reason};
use crate::geometry::{self, Wrong};
use crate::property::Property;

/// Parses a filter in CQL2 JSON.
pub fn parse_json(filter: &str) -> Result<Expr, FilterError> {
    check_length(filter)?;
    let document = Document::parse(filter).map_err(|error| match error.kind {
        SyntaxErrorKind::TooDeep => {
            FilterError::whole(format!("nested deeper than {MAX_FILTER_DEPTH} levels"))
        }
        kind => FilterError::at(filter, error.offset, format!("not JSON: {kind}")),
    })?;
    from_json(document.root())
}

/// The expression of a filter that is part of a larger JSON text, such as the body of a search.
pub fn from_json(filter: Value<'_>) -> Result<Expr, FilterError> {
    Reader::default().expr(filter)
}

/// The JSON pointer to a part of the filter: of equal ones to the first.
pub(super) fn locate(filter: &str, part: &Expr) -> Option<String> {
    let document = Document::parse(filter).ok()?;
    let mut reader = Reader { wanted: Some(part), ..Reader::default() };
    reader.expr(document.root()).ok()?;
    reader.found
}

#[derive(Default)]
struct Reader<'e> {
    pointer: String,
    depth: usize,
    operators: usize,
    /// A part that is looked for, and the pointer where it was found.
    wanted: Option<&'e Expr>,
    found: Option<String>,
}

type Read<T = Expr> = Result<T, FilterError>;

impl Reader<'_> {
    fn fail<T>(&self, reason: impl Into<Reason>) -> Read<T> {
        Err(FilterError::new(reason, FilterPlace::Json(self.pointer.clone())))
    }

    fn lift<T>(&self, result: Result<T, String>) -> Read<T> {
        result.or_else(|reason| self.fail(reason))
    }

    /// Runs `read` on a part of the value, the pointer leading there.
    fn inside<T>(&mut self, token: &str, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        let length = self.pointer.len();
        push_pointer_token(&mut self.pointer, token);
        let result = read(self)?;
        self.pointer.truncate(length);
        Ok(result)
    }

    fn expr(&mut self, value: Value<'_>) -> Read {
        if self.depth == MAX_FILTER_DEPTH {
            return self.fail(format!("nested deeper than {MAX_FILTER_DEPTH} levels"));
        }
        self.depth += 1;
        let expr = match value.kind() {
            Kind::Null => Expr::Literal(Literal::Null),
            Kind::True => Expr::Literal(Literal::Bool(true)),
            Kind::False => Expr::Literal(Literal::Bool(false)),
            Kind::Number => match NumberLiteral::new(value.raw()) {
                Some(number) => Expr::Literal(Literal::Number(number)),
                None => return self.fail("not a number"),
            },
            Kind::String => Expr::Literal(Literal::Text(value.as_str().unwrap_or_default().into_owned())),
            Kind::Array => Expr::Array(self.list(value)?),
            Kind::Object => self.object(value)?,
        };
        self.depth -= 1;
        if self.found.is_none() && self.wanted == Some(&expr) {
            self.found = Some(self.pointer.clone());
        }
        Ok(expr)
    }

    fn list(&mut self, value: Value<'_>) -> Read<Vec<Expr>> {
        let Some(elements) = value.elements() else { return self.fail("not an array") };
        elements
            .into_iter()
            .enumerate()
            .map(|(index, element)| self.inside(&index.to_string(), |reader| reader.expr(element)))
            .collect()
    }

    fn text<'a>(&self, value: Value<'a>) -> Read<std::borrow::Cow<'a, str>> {
        value.as_str().map_or_else(|| self.fail("not a string"), Ok)
    }

    fn object(&mut self, value: Value<'_>) -> Read {
        if let Some(op) = value.get("op") {
            let Some(args) = value.get("args") else { return self.fail("an \"op\" without \"args\"") };
            let op = self.inside("op", |reader| reader.text(op))?;
            let args = self.inside("args", |reader| reader.list(args))?;
            return self.operation(&op, args);
        }
        if let Some(name) = value.get("property") {
            return self.inside("property", |reader| {
                let name = reader.text(name)?;
                reader.lift(Property::parse(&name)).map(Expr::Property)
            });
        }
        if let Some(date) = value.get("date") {
            return self.inside("date", |reader| {
                let text = reader.text(date)?;
                reader.lift(build::date(&text)).map(|date| Expr::Literal(Literal::Date(date)))
            });
        }
        if let Some(timestamp) = value.get("timestamp") {
            return self.inside("timestamp", |reader| {
                let text = reader.text(timestamp)?;
                reader.lift(build::timestamp(&text)).map(Expr::Literal)
            });
        }
        if let Some(bounds) = value.get("interval") {
            return self.inside("interval", |reader| reader.interval(bounds));
        }
        if let Some(area) = value.get("bbox") {
            return self.inside("bbox", |reader| match SearchBox::from_json(area) {
                Ok(area) => Ok(Expr::Literal(Literal::Box(area))),
                Err(error) => reader.fail(error.to_string()),
            });
        }
        if value.get("type").is_some() {
            return match geometry::literal(value) {
                Ok(shape) => Ok(Expr::Literal(Literal::Geometry(shape))),
                Err(Wrong { reason, pointer }) => {
                    Err(FilterError::new(reason, FilterPlace::Json(format!("{}{pointer}", self.pointer))))
                }
            };
        }
        self.fail((
            "an object that is no part of CQL2: it has none of op, property, date, timestamp, interval, bbox, type",
            "conditions such as {\"gsd\": {\"lt\": 20}} go to query, not to filter",
        ))
    }

    fn interval(&mut self, bounds: Value<'_>) -> Read {
        let mut list = Vec::new();
        for (index, bound) in bounds.elements().into_iter().flatten().enumerate() {
            list.push(self.inside(&index.to_string(), |reader| {
                let expr = reader.expr(bound)?;
                reader.lift(build::bound_of(expr))
            })?);
        }
        match <[Bound; 2]>::try_from(list) {
            Ok([start, end]) => Ok(build::interval(start, end)),
            Err(_) => self.fail("an interval is an array of two ends"),
        }
    }

    fn operation(&mut self, op: &str, args: Vec<Expr>) -> Read {
        let lower = op.to_ascii_lowercase();
        if let Some(compare) = build::comparison(&lower) {
            let [left, right] = self.exactly(op, args)?;
            return Ok(Expr::Compare(compare, left.into(), right.into()));
        }
        if let Some(arithmetic) = build::arithmetic(&lower) {
            self.operators += 1;
            if self.operators > MAX_FILTER_OPERATORS {
                return self.fail(format!("more than {MAX_FILTER_OPERATORS} arithmetic operators"));
            }
            let [left, right] = self.exactly(op, args)?;
            return Ok(Expr::Arithmetic(arithmetic, left.into(), right.into()));
        }
        Ok(match lower.as_str() {
            "and" | "or" if args.len() < 2 => return self.fail(format!("{op} takes two arguments or more")),
            "and" => Expr::and(args),
            "or" => Expr::or(args),
            "not" => {
                let [inner] = self.exactly(op, args)?;
                Expr::Not(inner.into())
            }
            "isnull" => {
                let [inner] = self.exactly(op, args)?;
                Expr::IsNull(inner.into())
            }
            "like" => {
                let [text, pattern] = self.exactly(op, args)?;
                Expr::Like(text.into(), pattern.into())
            }
            "between" => {
                let three: [Expr; 3] = self.exactly(op, args)?;
                Expr::Between(Box::new(three))
            }
            "in" => {
                let [value, list] = self.exactly(op, args)?;
                match list {
                    Expr::Array(list) if !list.is_empty() => Expr::In(value.into(), list),
                    _ => return self.fail("the second argument of in is an array of one value or more"),
                }
            }
            _ => return self.lift(build::call(op, args)),
        })
    }

    fn exactly<const N: usize>(&self, op: &str, args: Vec<Expr>) -> Read<[Expr; N]> {
        self.lift(build::exactly(op, args))
    }
}
