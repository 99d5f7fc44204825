//! From a name and its arguments to an expression: the list of everything CQL2 defines, shared by both encodings.

use jiff::civil::Date;
use stacyard_model::Rfc3339;

use super::expr::{ArithmeticOp, ArrayOp, Bound, CompareOp, Expr, Literal, SpatialOp, TemporalOp};

/// The spatial operator of a name in lower case.
fn spatial(name: &str) -> Option<SpatialOp> {
    Some(match name {
        "s_intersects" => SpatialOp::Intersects,
        "s_equals" => SpatialOp::Equals,
        "s_disjoint" => SpatialOp::Disjoint,
        "s_touches" => SpatialOp::Touches,
        "s_within" => SpatialOp::Within,
        "s_overlaps" => SpatialOp::Overlaps,
        "s_crosses" => SpatialOp::Crosses,
        "s_contains" => SpatialOp::Contains,
        _ => return None,
    })
}

fn temporal(name: &str) -> Option<TemporalOp> {
    Some(match name {
        "t_after" => TemporalOp::After,
        "t_before" => TemporalOp::Before,
        "t_contains" => TemporalOp::Contains,
        "t_disjoint" => TemporalOp::Disjoint,
        "t_during" => TemporalOp::During,
        "t_equals" => TemporalOp::Equals,
        "t_finishedby" => TemporalOp::FinishedBy,
        "t_finishes" => TemporalOp::Finishes,
        "t_intersects" => TemporalOp::Intersects,
        "t_meets" => TemporalOp::Meets,
        "t_metby" => TemporalOp::MetBy,
        "t_overlappedby" => TemporalOp::OverlappedBy,
        "t_overlaps" => TemporalOp::Overlaps,
        "t_startedby" => TemporalOp::StartedBy,
        "t_starts" => TemporalOp::Starts,
        _ => return None,
    })
}

fn array(name: &str) -> Option<ArrayOp> {
    Some(match name {
        "a_equals" => ArrayOp::Equals,
        "a_contains" => ArrayOp::Contains,
        "a_containedby" => ArrayOp::ContainedBy,
        "a_overlaps" => ArrayOp::Overlaps,
        _ => return None,
    })
}

/// The comparison operator of a symbol.
pub(super) fn comparison(symbol: &str) -> Option<CompareOp> {
    Some(match symbol {
        "=" => CompareOp::Equal,
        "<>" => CompareOp::NotEqual,
        "<" => CompareOp::Less,
        "<=" => CompareOp::LessOrEqual,
        ">" => CompareOp::Greater,
        ">=" => CompareOp::GreaterOrEqual,
        _ => return None,
    })
}

/// The arithmetic operator of a symbol, `div` among them.
pub(super) fn arithmetic(symbol: &str) -> Option<ArithmeticOp> {
    Some(match symbol {
        "+" => ArithmeticOp::Add,
        "-" => ArithmeticOp::Subtract,
        "*" => ArithmeticOp::Multiply,
        "/" => ArithmeticOp::Divide,
        "div" => ArithmeticOp::IntegerDivide,
        "%" => ArithmeticOp::Modulo,
        "^" => ArithmeticOp::Power,
        _ => return None,
    })
}

/// Whether the arguments of this function are arrays, so that `('a')` among them is an array of one.
pub(super) fn takes_arrays(name: &str) -> bool {
    array(&name.to_ascii_lowercase()).is_some()
}

/// The call of a function, by either encoding: those of CQL2 in any case, all others as they are written.
pub(super) fn call(name: &str, args: Vec<Expr>) -> Result<Expr, String> {
    let lower = name.to_ascii_lowercase();
    if let Some(op) = spatial(&lower) {
        let [left, right] = exactly(name, args)?;
        return Ok(Expr::Spatial(op, left.into(), right.into()));
    }
    if let Some(op) = temporal(&lower) {
        let [left, right] = exactly(name, args)?;
        return Ok(Expr::Temporal(op, left.into(), right.into()));
    }
    if let Some(op) = array(&lower) {
        let [left, right] = exactly(name, args)?;
        return Ok(Expr::ArrayPredicate(op, left.into(), right.into()));
    }
    match lower.as_str() {
        "casei" => exactly(name, args).map(|[text]| Expr::Casei(text.into())),
        "accenti" => exactly(name, args).map(|[text]| Expr::Accenti(text.into())),
        _ => Ok(Expr::Function(name.to_owned(), args)),
    }
}

/// The arguments, which must be so many.
pub(super) fn exactly<const N: usize>(name: &str, args: Vec<Expr>) -> Result<[Expr; N], String> {
    let found = args.len();
    <[Expr; N]>::try_from(args).map_err(|_| format!("{name} takes {N} argument(s), not {found}"))
}

/// The date of `DATE('...')` (RFC 3339 `full-date`).
pub(super) fn date(text: &str) -> Result<Date, String> {
    full_date(text).ok_or_else(|| format!("{text:?} is not a date such as 2024-06-01"))
}

/// The instant of `TIMESTAMP('...')` (RFC 3339 `date-time`).
pub(super) fn timestamp(text: &str) -> Result<Literal, String> {
    Rfc3339::parse(text)
        .map(|time| Literal::Timestamp(time.instant))
        .ok_or_else(|| format!("{text:?} is not a timestamp such as 2024-06-01T00:00:00Z"))
}

/// An end of an interval that is written as a string.
pub(super) fn bound(text: &str) -> Result<Bound, String> {
    if text == ".." {
        return Ok(Bound::Open);
    }
    if let Some(date) = full_date(text) {
        return Ok(Bound::Date(date));
    }
    Rfc3339::parse(text).map(|time| Bound::Timestamp(time.instant)).ok_or_else(|| {
        format!("{text:?} is not the end of an interval: '2024-06-01', '2024-06-01T00:00:00Z' or '..'")
    })
}

/// An end of an interval that is an expression.
pub(super) fn bound_of(expr: Expr) -> Result<Bound, String> {
    match expr {
        Expr::Literal(Literal::Text(text)) => bound(&text),
        Expr::Literal(Literal::Date(date)) => Ok(Bound::Date(date)),
        Expr::Literal(Literal::Timestamp(instant)) => Ok(Bound::Timestamp(instant)),
        Expr::Property(_) | Expr::Function(..) => Ok(Bound::Expr(expr)),
        _ => Err("the end of an interval is a date, a timestamp, '..' or a property".to_owned()),
    }
}

/// The interval of two ends.
pub(super) fn interval(start: Bound, end: Bound) -> Expr {
    Expr::Interval(Box::new([start, end]))
}

/// A `full-date` of RFC 3339 section 5.6: ten characters, a day that exists.
pub(crate) fn full_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shape =
        |(at, byte): (usize, &u8)| if matches!(at, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() };
    if bytes.len() != 10 || !bytes.iter().enumerate().all(shape) {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?).ok()
}
