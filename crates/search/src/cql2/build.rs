//! From a name and its arguments to an expression: the list of everything CQL2 defines, shared by both encodings.

use jiff::civil::Date;
use stacyard_model::Rfc3339;

use super::expr::{ArithmeticOp, ArrayOp, Bound, CompareOp, Expr, Literal, SpatialOp, TemporalOp};
use super::lexer;

pub(super) const SPATIAL: [(&str, SpatialOp); 8] = [
    ("s_intersects", SpatialOp::Intersects),
    ("s_equals", SpatialOp::Equals),
    ("s_disjoint", SpatialOp::Disjoint),
    ("s_touches", SpatialOp::Touches),
    ("s_within", SpatialOp::Within),
    ("s_overlaps", SpatialOp::Overlaps),
    ("s_crosses", SpatialOp::Crosses),
    ("s_contains", SpatialOp::Contains),
];

pub(super) const TEMPORAL: [(&str, TemporalOp); 15] = [
    ("t_after", TemporalOp::After),
    ("t_before", TemporalOp::Before),
    ("t_contains", TemporalOp::Contains),
    ("t_disjoint", TemporalOp::Disjoint),
    ("t_during", TemporalOp::During),
    ("t_equals", TemporalOp::Equals),
    ("t_finishedBy", TemporalOp::FinishedBy),
    ("t_finishes", TemporalOp::Finishes),
    ("t_intersects", TemporalOp::Intersects),
    ("t_meets", TemporalOp::Meets),
    ("t_metBy", TemporalOp::MetBy),
    ("t_overlappedBy", TemporalOp::OverlappedBy),
    ("t_overlaps", TemporalOp::Overlaps),
    ("t_startedBy", TemporalOp::StartedBy),
    ("t_starts", TemporalOp::Starts),
];

pub(super) const ARRAY: [(&str, ArrayOp); 4] = [
    ("a_equals", ArrayOp::Equals),
    ("a_contains", ArrayOp::Contains),
    ("a_containedBy", ArrayOp::ContainedBy),
    ("a_overlaps", ArrayOp::Overlaps),
];

pub(super) const COMPARISON: [(&str, CompareOp); 6] = [
    ("=", CompareOp::Equal),
    ("<>", CompareOp::NotEqual),
    ("<", CompareOp::Less),
    ("<=", CompareOp::LessOrEqual),
    (">", CompareOp::Greater),
    (">=", CompareOp::GreaterOrEqual),
];

pub(super) const ARITHMETIC: [(&str, ArithmeticOp); 7] = [
    ("+", ArithmeticOp::Add),
    ("-", ArithmeticOp::Subtract),
    ("*", ArithmeticOp::Multiply),
    ("/", ArithmeticOp::Divide),
    ("div", ArithmeticOp::IntegerDivide),
    ("%", ArithmeticOp::Modulo),
    ("^", ArithmeticOp::Power),
];

/// The operator of a name, in any case.
fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, op)| *op)
}

/// The name of an operator, as CQL2 JSON writes it.
fn name_of<T: PartialEq>(table: &[(&'static str, T)], op: &T) -> &'static str {
    table.iter().find(|(_, known)| known == op).map_or("", |(name, _)| name)
}

/// The comparison operator of a symbol.
pub(super) fn comparison(symbol: &str) -> Option<CompareOp> {
    named(&COMPARISON, symbol)
}

/// The arithmetic operator of a symbol, `div` among them.
pub(super) fn arithmetic(symbol: &str) -> Option<ArithmeticOp> {
    named(&ARITHMETIC, symbol)
}

pub(super) fn comparison_name(op: CompareOp) -> &'static str {
    name_of(&COMPARISON, &op)
}

pub(super) fn arithmetic_name(op: ArithmeticOp) -> &'static str {
    name_of(&ARITHMETIC, &op)
}

pub(super) fn spatial_name(op: SpatialOp) -> &'static str {
    name_of(&SPATIAL, &op)
}

pub(super) fn temporal_name(op: TemporalOp) -> &'static str {
    name_of(&TEMPORAL, &op)
}

pub(super) fn array_name(op: ArrayOp) -> &'static str {
    name_of(&ARRAY, &op)
}

/// Words that cannot be the name of a property or a function without quotes, which functions have none of.
const KEYWORDS: [&str; 11] =
    ["and", "or", "not", "like", "in", "between", "is", "div", "null", "true", "false"];

/// What looks like a function in CQL2 text and is none: literals have members of their own in CQL2 JSON.
const LITERALS: [&str; 12] = [
    "date",
    "timestamp",
    "interval",
    "bbox",
    "isnull",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
];

fn is_among(words: &[&str], name: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// Whether a name can stand in CQL2 text without quotes.
pub(super) fn is_plain_name(name: &str) -> bool {
    lexer::is_word(name) && !is_among(&KEYWORDS, name) && !is_among(&LITERALS, name)
}

/// Whether the arguments of this function are arrays, so that `('a')` among them is an array of one.
pub(super) fn takes_arrays(name: &str) -> bool {
    named(&ARRAY, name).is_some()
}

/// The call of a function, by either encoding: those of CQL2 in any case, all others as they are written.
pub(super) fn call(name: &str, args: Vec<Expr>) -> Result<Expr, String> {
    if let Some(op) = named(&SPATIAL, name) {
        let [left, right] = exactly(name, args)?;
        return Ok(Expr::Spatial(op, left.into(), right.into()));
    }
    if let Some(op) = named(&TEMPORAL, name) {
        let [left, right] = exactly(name, args)?;
        return Ok(Expr::Temporal(op, left.into(), right.into()));
    }
    if let Some(op) = named(&ARRAY, name) {
        let [left, right] = exactly(name, args)?;
        return Ok(Expr::ArrayPredicate(op, left.into(), right.into()));
    }
    match name.to_ascii_lowercase().as_str() {
        "casei" => exactly(name, args).map(|[text]| Expr::Casei(text.into())),
        "accenti" => exactly(name, args).map(|[text]| Expr::Accenti(text.into())),
        _ if is_plain_name(name) => Ok(Expr::Function(name.to_owned(), args)),
        _ => Err(format!("{name:?} is no function or operator of CQL2")),
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
