//! Values while a filter runs, and how they compare: exactly, and only within one type.

use std::borrow::Cow;
use std::cmp::Ordering;

use stacyard_model::json::{Kind, Number, Value};

use crate::cql2::CompareOp;
use crate::time::Span;

/// A value of an Item or of the filter.
#[derive(Debug, Clone)]
pub(crate) enum Val<'a> {
    Null,
    Bool(bool),
    Number(Num<'a>),
    Text(Cow<'a, str>),
    /// A `DATE` or `TIMESTAMP` of the filter.
    Time(Span),
    Array(Vec<Val<'a>>),
    /// An object: it compares with nothing.
    Other,
}

/// A number with every digit, and as a double where that is the same number.
#[derive(Debug, Clone)]
pub(crate) struct Num<'a> {
    pub(crate) text: Cow<'a, str>,
    quick: Option<f64>,
}

impl<'a> Num<'a> {
    /// Of a text that is a JSON number.
    pub(crate) fn new(text: Cow<'a, str>) -> Self {
        // With at most 15 significant digits and no exponent, different decimals are different doubles in the same
        // order (IEEE 754 binary64). 16 bytes hold 15 digits and a point.
        let short = text.len() <= 16 && !text.bytes().any(|b| matches!(b, b'e' | b'E'));
        let digits = text.len() - text.bytes().filter(|b| matches!(b, b'.' | b'-')).count();
        let quick = if short && digits <= 15 { text.parse().ok() } else { None };
        Self { text, quick }
    }

    pub(crate) fn of_f64(number: f64) -> Option<Num<'static>> {
        // The shortest text that is this double, as JavaScript prints it.
        number.is_finite().then(|| Num::new(Cow::Owned(number.to_string())))
    }

    pub(crate) fn compare(&self, other: &Num<'_>) -> Option<Ordering> {
        match (self.quick, other.quick) {
            (Some(a), Some(b)) => a.partial_cmp(&b),
            _ => Some(Number::parse(&self.text)?.cmp(&Number::parse(&other.text)?)),
        }
    }

    pub(crate) fn borrowed(&self) -> Num<'_> {
        Num { text: Cow::Borrowed(&self.text), quick: self.quick }
    }
}

impl<'a> Val<'a> {
    /// Of a JSON value.
    pub(crate) fn of(value: Value<'a>) -> Self {
        match value.kind() {
            Kind::Null => Self::Null,
            Kind::True => Self::Bool(true),
            Kind::False => Self::Bool(false),
            Kind::Number => Self::Number(Num::new(Cow::Borrowed(value.raw()))),
            Kind::String => Self::Text(value.as_str().unwrap_or_default()),
            Kind::Array => Self::Array(value.elements().into_iter().flatten().map(Self::of).collect()),
            Kind::Object => Self::Other,
        }
    }

    /// The same value, owned.
    pub(crate) fn into_owned(self) -> Val<'static> {
        match self {
            Self::Null => Val::Null,
            Self::Bool(value) => Val::Bool(value),
            Self::Number(Num { text, quick }) => {
                Val::Number(Num { text: Cow::Owned(text.into_owned()), quick })
            }
            Self::Text(text) => Val::Text(Cow::Owned(text.into_owned())),
            Self::Time(span) => Val::Time(span),
            Self::Array(list) => Val::Array(list.into_iter().map(Val::into_owned).collect()),
            Self::Other => Val::Other,
        }
    }

    /// The same value, borrowed.
    pub(crate) fn borrowed(&self) -> Val<'_> {
        match self {
            Self::Null => Val::Null,
            Self::Bool(value) => Val::Bool(*value),
            Self::Number(number) => Val::Number(number.borrowed()),
            Self::Text(text) => Val::Text(Cow::Borrowed(text)),
            Self::Time(span) => Val::Time(*span),
            Self::Array(list) => Val::Array(list.iter().map(Val::borrowed).collect()),
            Self::Other => Val::Other,
        }
    }

    /// The order of two values; `None`: one is null, or they are of different types.
    ///
    /// Texts order by code point, which is the order of their UTF-8. A text beside a `DATE` or `TIMESTAMP` is read as
    /// an RFC 3339 instant or date; a date is the instant at which it begins.
    pub(crate) fn order(&self, other: &Val<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
            (Self::Number(a), Val::Number(b)) => a.compare(b),
            (Self::Text(a), Val::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            (Self::Time(a), Val::Time(b)) => Some(a.low.cmp(&b.low)),
            (Self::Text(a), Val::Time(b)) => Some(Span::parse(a)?.low.cmp(&b.low)),
            (Self::Time(a), Val::Text(b)) => Some(a.low.cmp(&Span::parse(b)?.low)),
            _ => None,
        }
    }

    /// Whether the comparison holds; `None`: unknown.
    pub(crate) fn compare(&self, op: CompareOp, other: &Val<'_>) -> Option<bool> {
        let order = self.order(other)?;
        Some(match op {
            CompareOp::Equal => order.is_eq(),
            CompareOp::NotEqual => order.is_ne(),
            CompareOp::Less => order.is_lt(),
            CompareOp::LessOrEqual => order.is_le(),
            CompareOp::Greater => order.is_gt(),
            CompareOp::GreaterOrEqual => order.is_ge(),
        })
    }

    /// The span of time that it means to a temporal predicate.
    pub(crate) fn span(&self) -> Option<Span> {
        match self {
            Self::Time(span) => Some(*span),
            Self::Text(text) => Span::parse(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_exactly_on_both_paths() {
        let order =
            |a: &'static str, b: &'static str| Num::new(a.into()).compare(&Num::new(b.into())).unwrap();
        assert_eq!(order("1", "1.0"), Ordering::Equal);
        assert_eq!(order("9007199254740993", "9007199254740992"), Ordering::Greater);
        assert_eq!(order("9007199254740993", "9007199254740992.0"), Ordering::Greater);
        assert_eq!(order("0.1", "0.10000000000000000001"), Ordering::Less);
        assert_eq!(order("1e400", "2"), Ordering::Greater);
        assert_eq!(order("-0.0", "0"), Ordering::Equal);
        assert_eq!(order("-99999999999999.9", "-99999999999999.8"), Ordering::Less);
    }

    #[test]
    fn different_types_do_not_compare() {
        let values = [
            Val::Null,
            Val::Bool(true),
            Val::Number(Num::new("1".into())),
            Val::Text("1".into()),
            Val::Other,
        ];
        for (i, a) in values.iter().enumerate() {
            for (j, b) in values.iter().enumerate() {
                assert_eq!(
                    a.compare(CompareOp::Equal, b).is_some(),
                    i == j && (1..4).contains(&i),
                    "{a:?} {b:?}"
                );
            }
        }
    }
}
