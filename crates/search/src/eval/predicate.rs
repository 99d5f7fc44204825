//! Predicates and terms as they run: Kleene's logic, `None` being unknown.

use jiff::Timestamp;

use super::among::Among;
use super::arithmetic;
use super::array;
use super::context::Context;
use super::like::Pattern;
use super::spatial::Shape;
use super::temporal;
use super::text::TextFunction;
use super::value::Val;
use crate::cql2::{ArithmeticOp, ArrayOp, CompareOp, SpatialOp, TemporalOp};
use crate::error::MatchError;
use crate::property::Property;
use crate::time::Span;

/// Something that is true, false or unknown of an Item.
#[derive(Debug)]
pub(crate) enum Predicate {
    Const(Option<bool>),
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
    Compare(CompareOp, Term, Term),
    In(Term, Vec<Term>),
    /// `IN` with constants only: a list of ids may be long.
    Among(Term, Among),
    Like(Term, Pattern),
    IsNull(Term),
    Spatial(SpatialOp, Shape, Shape),
    Temporal(TemporalOp, Moment, Moment),
    Array(ArrayOp, Term, Term),
    /// A term that is a Boolean, such as a property.
    Truth(Term),
}

/// Something that has a value for an Item.
#[derive(Debug)]
pub(crate) enum Term {
    Const(Val<'static>),
    Property(Property),
    /// A property of instants in a comparison; what is none stays what it is.
    Instant(Property),
    Text(TextFunction, Box<Term>),
    Arithmetic(ArithmeticOp, Box<Term>, Box<Term>),
    Array(Vec<Term>),
    Truth(Box<Predicate>),
}

/// Something that is a span of time for an Item.
#[derive(Debug)]
pub(crate) enum Moment {
    Term(Term),
    Interval(End, End),
}

/// An end of an interval.
#[derive(Debug)]
pub(crate) enum End {
    Fixed(Timestamp),
    Term(Term),
}

type Truth = Result<Option<bool>, MatchError>;

impl Predicate {
    pub(crate) fn holds<'a>(&'a self, context: &Context<'a>) -> Truth {
        Ok(match self {
            Self::Const(known) => *known,
            Self::All(list) => return fold(list, context, false),
            Self::Any(list) => return fold(list, context, true),
            Self::Not(inner) => inner.holds(context)?.map(|known| !known),
            Self::Compare(op, left, right) => left.value(context)?.compare(*op, &right.value(context)?),
            Self::In(value, list) => is_in(&value.value(context)?, list, context)?,
            Self::Among(value, list) => list.has(&value.value(context)?),
            Self::Like(value, pattern) => match value.value(context)? {
                Val::Text(text) => Some(pattern.matches(&text)),
                _ => None,
            },
            Self::IsNull(term) => Some(matches!(term.value(context)?, Val::Null)),
            Self::Spatial(op, left, right) => return super::spatial::holds(*op, left, right, context),
            Self::Temporal(op, left, right) => match (left.span(context)?, right.span(context)?) {
                (Some(left), Some(right)) => Some(temporal::holds(*op, left, right)),
                _ => None,
            },
            Self::Array(op, left, right) => match (left.value(context)?, right.value(context)?) {
                (Val::Array(left), Val::Array(right)) => Some(array::holds(*op, &left, &right)),
                _ => None,
            },
            Self::Truth(term) => match term.value(context)? {
                Val::Bool(known) => Some(known),
                _ => None,
            },
        })
    }
}

/// And (`decisive` false) and or (`decisive` true): one decisive value decides, an unknown one leaves it unknown.
fn fold<'a>(list: &'a [Predicate], context: &Context<'a>, decisive: bool) -> Truth {
    let mut result = Some(!decisive);
    for predicate in list {
        match predicate.holds(context)? {
            Some(known) if known == decisive => return Ok(Some(decisive)),
            None => result = None,
            Some(_) => {}
        }
    }
    Ok(result)
}

/// `a IN (b, c)` is `a = b OR a = c`.
fn is_in<'a>(value: &Val<'_>, list: &'a [Term], context: &Context<'a>) -> Truth {
    let mut result = Some(false);
    for term in list {
        match value.compare(CompareOp::Equal, &term.value(context)?) {
            Some(true) => return Ok(Some(true)),
            Some(false) => {}
            None => result = None,
        }
    }
    Ok(result)
}

impl Term {
    pub(crate) fn value<'a>(&'a self, context: &Context<'a>) -> Result<Val<'a>, MatchError> {
        Ok(match self {
            Self::Const(value) => value.borrowed(),
            Self::Property(property) => property.find(&context.item).map_or(Val::Null, Val::of),
            Self::Instant(property) => {
                let value = property.find(&context.item).map_or(Val::Null, Val::of);
                value.span().map_or(value, Val::Time)
            }
            Self::Text(function, term) => match term.value(context)? {
                Val::Text(text) => Val::Text(function.apply(text)),
                _ => Val::Null,
            },
            Self::Arithmetic(op, left, right) => match (left.value(context)?, right.value(context)?) {
                (Val::Number(left), Val::Number(right)) => {
                    arithmetic::compute(*op, &left, &right).map_or(Val::Null, Val::Number)
                }
                _ => Val::Null,
            },
            Self::Array(list) => {
                Val::Array(list.iter().map(|term| term.value(context)).collect::<Result<_, _>>()?)
            }
            Self::Truth(predicate) => predicate.holds(context)?.map_or(Val::Null, Val::Bool),
        })
    }

    pub(crate) const fn is_const(&self) -> bool {
        matches!(self, Self::Const(_))
    }
}

impl Moment {
    fn span<'a>(&'a self, context: &Context<'a>) -> Result<Option<Span>, MatchError> {
        let (start, end) = match self {
            Self::Term(term) => return Ok(term.value(context)?.span()),
            Self::Interval(start, end) => (start, end),
        };
        let low = start.at(context, |span| span.low)?;
        let high = end.at(context, |span| span.high)?;
        // An interval that ends before it starts is none.
        Ok(low.zip(high).filter(|(low, high)| low <= high).map(|(low, high)| Span { low, high }))
    }
}

impl End {
    fn at<'a>(
        &'a self,
        context: &Context<'a>,
        end: impl Fn(Span) -> Timestamp,
    ) -> Result<Option<Timestamp>, MatchError> {
        match self {
            Self::Fixed(instant) => Ok(Some(*instant)),
            Self::Term(term) => Ok(term.value(context)?.span().map(end)),
        }
    }
}
