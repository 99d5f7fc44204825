//! From an expression to a predicate, once per search: types are checked as far as they are known, functions are
//! found, constants computed, and what is cheap is put first.

use jiff::Timestamp;

use super::among::Among;
use super::context::Context;
use super::like::Pattern;
use super::predicate::{End, Moment, Predicate, Term};
use super::spatial::{Area, Shape};
use super::text::TextFunction;
use super::value::{Num, Val};
use crate::cql2::{Bound, CompareOp, Expr, Literal, SpatialOp};
use crate::error::{Reason, SearchError};
use crate::geometry;
use crate::property::{Place, Property};
use crate::stop::{Clock, Stopped};
use crate::time::Span;

type Compiled<T> = Result<T, Fault>;

/// Why a filter that parses has no meaning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    pub(crate) reason: Reason,
    /// The smallest predicate around it.
    pub(crate) part: Option<Box<Expr>>,
    /// It is not known: there was no more time.
    pub(crate) stopped: Option<Stopped>,
}

impl<R: Into<Reason>> From<R> for Fault {
    fn from(reason: R) -> Self {
        Self { reason: reason.into(), part: None, stopped: None }
    }
}

impl Fault {
    fn stopped(stopped: Stopped) -> Self {
        Self { reason: stopped.to_string().into(), part: None, stopped: Some(stopped) }
    }
}

impl From<Fault> for SearchError {
    fn from(Fault { reason, part, stopped }: Fault) -> Self {
        if let Some(stopped) = stopped {
            return Self::Stopped(stopped);
        }
        let Reason { cause: reason, remedy } = reason;
        Self::Unsupported { reason, remedy, part: part.as_deref().map(shown).unwrap_or_default() }
    }
}

/// A part of a filter in CQL2, as far as it fits a line.
fn shown(expr: &Expr) -> String {
    const LENGTH: usize = 100;
    let text = expr.to_text().unwrap_or_else(|_| expr.to_json().to_string());
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// The predicate of a filter; the error names what is not supported. Its geometries are taken for valid: to look at them can
/// take long, and is done when the search is compiled.
pub(crate) fn compile(expr: &Expr) -> Compiled<Predicate> {
    predicate(expr, None).map(simplify)
}

/// The conjunction of an area that the Item's geometry must intersect and a filter.
pub(crate) fn compile_both(area: Option<Area>, filter: Option<&Expr>, clock: &Clock) -> Compiled<Predicate> {
    let area = area.map(|area| {
        let item = Shape::Property(Property::geometry());
        Predicate::Spatial(SpatialOp::Intersects, item, Shape::Fixed(area.into()))
    });
    let list = area
        .into_iter()
        .map(Ok)
        .chain(filter.map(|one| predicate(one, Some(clock))))
        .collect::<Compiled<_>>()?;
    Ok(simplify(Predicate::All(list)))
}

fn predicate(expr: &Expr, clock: Option<&Clock>) -> Compiled<Predicate> {
    located(expr, clock)
        .map_err(|fault| Fault { part: fault.part.or_else(|| Some(expr.clone().into())), ..fault })
}

fn located(expr: &Expr, clock: Option<&Clock>) -> Compiled<Predicate> {
    Ok(match expr {
        Expr::Literal(Literal::Bool(known)) => Predicate::Const(Some(*known)),
        Expr::Literal(Literal::Null) => Predicate::Const(None),
        Expr::Property(_) => Predicate::Truth(term(expr)?),
        Expr::And(list) => {
            Predicate::All(list.iter().map(|one| predicate(one, clock)).collect::<Compiled<_>>()?)
        }
        Expr::Or(list) => {
            Predicate::Any(list.iter().map(|one| predicate(one, clock)).collect::<Compiled<_>>()?)
        }
        Expr::Not(inner) => Predicate::Not(predicate(inner, clock)?.into()),
        Expr::Compare(op, left, right) => {
            comparable(left, right)?;
            if matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
                reachable(left, right).and_then(|()| reachable(right, left))?;
            }
            Predicate::Compare(*op, operand(left)?, operand(right)?)
        }
        Expr::Between(three) => {
            // `a BETWEEN b AND c` is `a >= b AND a <= c`.
            let [value, low, high] = three.as_ref();
            comparable(value, low).or_else(|fault| comparable(value, high).map_err(|_| fault))?;
            Predicate::All(vec![
                Predicate::Compare(CompareOp::GreaterOrEqual, operand(value)?, operand(low)?),
                Predicate::Compare(CompareOp::LessOrEqual, operand(value)?, operand(high)?),
            ])
        }
        Expr::In(value, list) => {
            let faults: Option<Vec<Fault>> = list.iter().map(|one| comparable(value, one).err()).collect();
            if let Some(fault) = faults.and_then(|faults| faults.into_iter().next()) {
                return Err(fault);
            }
            list.iter().try_for_each(|one| reachable(value, one))?;
            member(operand(value)?, list.iter().map(operand).collect::<Compiled<_>>()?)
        }
        Expr::Like(value, pattern) => match term(pattern)? {
            Term::Const(Val::Text(text)) => {
                reachable(value, pattern)?;
                Predicate::Like(text_term("LIKE", value)?, Pattern::parse(&text)?)
            }
            _ => {
                return Err((
                    "the pattern of LIKE must be a string, or CASEI or ACCENTI of one",
                    "a string goes in single quotes, such as LIKE 'S2A%'",
                )
                    .into());
            }
        },
        Expr::IsNull(inner) => Predicate::IsNull(match inner.as_ref() {
            Expr::Literal(Literal::Geometry(_) | Literal::Box(_)) | Expr::Interval(_) => {
                Term::Const(Val::Other)
            }
            other => term(other)?,
        }),
        Expr::Spatial(op, left, right) => {
            Predicate::Spatial(*op, shape(*op, left, clock)?, shape(*op, right, clock)?)
        }
        Expr::Temporal(op, left, right) => Predicate::Temporal(*op, moment(left)?, moment(right)?),
        Expr::ArrayPredicate(op, left, right) => Predicate::Array(*op, array_term(left)?, array_term(right)?),
        Expr::Function(name, _) if TextFunction::named(&name.to_ascii_lowercase()).is_none() => {
            return unknown(name);
        }
        Expr::Literal(_)
        | Expr::Casei(_)
        | Expr::Accenti(_)
        | Expr::Arithmetic(..)
        | Expr::Interval(_)
        | Expr::Array(_)
        | Expr::Function(..) => {
            return Err(format!("{} stands where something true or false is expected", what(expr)).into());
        }
    })
}

fn unknown<T>(name: &str) -> Compiled<T> {
    let remedy = "beside those of CQL2 there are lower and upper".to_owned();
    Err((format!("the function {name} is not supported"), remedy).into())
}

/// What an expression is, for messages.
fn what(expr: &Expr) -> String {
    match expr {
        Expr::Literal(Literal::Number(number)) => format!("the number {}", number.text()),
        Expr::Literal(Literal::Text(text)) => format!("the string {text:?}"),
        Expr::Literal(Literal::Bool(known)) => known.to_string(),
        Expr::Literal(Literal::Null) => "null".to_owned(),
        Expr::Literal(Literal::Date(_)) => "a DATE".to_owned(),
        Expr::Literal(Literal::Timestamp(_)) => "a TIMESTAMP".to_owned(),
        Expr::Literal(Literal::Geometry(_) | Literal::Box(_)) => "a geometry".to_owned(),
        Expr::Property(property) => format!("the property {:?}", property.name()),
        Expr::Interval(_) => "an INTERVAL".to_owned(),
        Expr::Array(_) => "an array".to_owned(),
        Expr::Arithmetic(..) => "a computed number".to_owned(),
        Expr::Casei(_) => "CASEI".to_owned(),
        Expr::Accenti(_) => "ACCENTI".to_owned(),
        Expr::Function(name, _) => format!("the function {name}"),
        _ => "a predicate".to_owned(),
    }
}

/// A side of a comparison.
fn operand(expr: &Expr) -> Compiled<Term> {
    match expr {
        Expr::Property(property) if property.is_instant() => Ok(Term::Instant(property.clone())),
        other => term(other),
    }
}

fn term(expr: &Expr) -> Compiled<Term> {
    let term = match expr {
        Expr::Literal(literal) => Term::Const(
            constant(literal)
                .ok_or("a geometry can only stand in the spatial predicates, such as S_INTERSECTS")?,
        ),
        Expr::Property(property) => Term::Property(property.clone()),
        Expr::Casei(inner) => Term::Text(TextFunction::Casei, text_term("CASEI", inner)?.into()),
        Expr::Accenti(inner) => Term::Text(TextFunction::Accenti, text_term("ACCENTI", inner)?.into()),
        Expr::Function(name, args) => {
            match (TextFunction::named(&name.to_ascii_lowercase()), args.as_slice()) {
                (Some(function), [inner]) => Term::Text(function, text_term(name, inner)?.into()),
                (Some(_), _) => return Err(format!("{name} takes 1 argument, not {}", args.len()).into()),
                (None, _) => return unknown(name),
            }
        }
        Expr::Arithmetic(op, left, right) => {
            Term::Arithmetic(*op, number_term(left)?.into(), number_term(right)?.into())
        }
        Expr::Array(list) => Term::Array(list.iter().map(self::term).collect::<Compiled<_>>()?),
        Expr::Interval(_) => {
            return Err("an INTERVAL can only stand in the temporal predicates, such as T_DURING".into());
        }
        _ => Term::Truth(compile(expr)?.into()),
    };
    let known = match &term {
        Term::Text(_, inner) => inner.is_const(),
        Term::Arithmetic(_, left, right) => left.is_const() && right.is_const(),
        Term::Array(list) => list.iter().all(Term::is_const),
        Term::Truth(predicate) => matches!(**predicate, Predicate::Const(_)),
        Term::Const(_) | Term::Property(_) | Term::Instant(_) => false,
    };
    if known {
        // Constants never fail: only Items do.
        let value = term.value(&Context::empty()).map_err(|error| error.to_string())?.into_owned();
        return Ok(Term::Const(value));
    }
    Ok(term)
}

/// What values an expression can have, where that is known before any Item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Number,
    Text,
    Bool,
    Time,
    Array,
}

pub(super) fn type_of(expr: &Expr) -> Option<Type> {
    Some(match expr {
        Expr::Literal(Literal::Number(_)) | Expr::Arithmetic(..) => Type::Number,
        Expr::Literal(Literal::Text(_)) | Expr::Casei(_) | Expr::Accenti(_) => Type::Text,
        Expr::Function(name, _) => {
            return TextFunction::named(&name.to_ascii_lowercase()).map(|_| Type::Text);
        }
        Expr::Literal(Literal::Timestamp(_) | Literal::Date(_)) => Type::Time,
        Expr::Literal(Literal::Null | Literal::Geometry(_) | Literal::Box(_)) | Expr::Interval(_) => {
            return None;
        }
        Expr::Array(_) => Type::Array,
        Expr::Property(property) => match property.place() {
            Place::Id | Place::Collection => Type::Text,
            Place::Properties if property.is_instant() => Type::Time,
            Place::Geometry | Place::Properties => return None,
        },
        Expr::Literal(Literal::Bool(_))
        | Expr::And(_)
        | Expr::Or(_)
        | Expr::Not(_)
        | Expr::Compare(..)
        | Expr::Between(_)
        | Expr::In(..)
        | Expr::Like(..)
        | Expr::IsNull(_)
        | Expr::Spatial(..)
        | Expr::Temporal(..)
        | Expr::ArrayPredicate(..) => Type::Bool,
    })
}

/// Refuses a comparison that is true of no Item whatever it holds: an answer of none would hide the mistake.
fn comparable(left: &Expr, right: &Expr) -> Compiled<()> {
    let geometry =
        |expr: &Expr| matches!(expr, Expr::Property(property) if property.place() == Place::Geometry);
    if let Some(array) =
        [left, right].into_iter().find(|expr| geometry(expr) || type_of(expr) == Some(Type::Array))
    {
        let remedy = "there are the S_ and A_ predicates".to_owned();
        return Err((format!("{} has no comparisons", what(array)), remedy).into());
    }
    if [left, right].into_iter().any(|expr| matches!(expr, Expr::Literal(Literal::Null))) {
        return Err(("nothing compares with null", "isNull asks for it").into());
    }
    match (type_of(left), type_of(right)) {
        // Beside an instant a string is read as one.
        (Some(Type::Text), Some(Type::Time)) | (Some(Type::Time), Some(Type::Text)) => Ok(()),
        (Some(a), Some(b)) if a != b => {
            let cause = format!("{} is compared with {}, which is never true", what(left), what(right));
            let is_instant = |expr: &Expr| matches!(expr, Expr::Property(property) if property.is_instant());
            Err(if is_instant(left) || is_instant(right) {
                (cause, "write an instant in single quotes, such as '2024-06-01T00:00:00Z'".to_owned()).into()
            } else {
                cause.into()
            })
        }
        _ => Ok(()),
    }
}

/// Refuses to compare what a function makes of texts with a text that it makes of none: `CASEI(title) = 'Plume'`. That is
/// true of no Item, or of all.
fn reachable(made: &Expr, text: &Expr) -> Compiled<()> {
    let (name, function) = match made {
        Expr::Casei(_) => ("CASEI", TextFunction::Casei),
        Expr::Accenti(_) => ("ACCENTI", TextFunction::Accenti),
        Expr::Function(name, _) => match TextFunction::named(&name.to_ascii_lowercase()) {
            Some(function) => (name.as_str(), function),
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    let Expr::Literal(Literal::Text(text)) = text else { return Ok(()) };
    if function.apply(text.into()) == *text {
        return Ok(());
    }
    let cause = format!("{name} never gives {:?}", short(text));
    Err((cause, format!("write {name}('{}') there too", short(text).replace('\'', "''"))).into())
}

fn constant(literal: &Literal) -> Option<Val<'static>> {
    Some(match literal {
        Literal::Null => Val::Null,
        Literal::Bool(known) => Val::Bool(*known),
        Literal::Number(number) => Val::Number(Num::new(number.text().to_owned().into())),
        Literal::Text(text) => Val::Text(text.clone().into()),
        Literal::Timestamp(instant) => Val::Time(Span::instant(*instant)),
        Literal::Date(date) => Val::Time(Span::day(*date)),
        Literal::Geometry(_) | Literal::Box(_) => return None,
    })
}

/// A term of which no constant can be anything but what `fits` says.
fn only(expr: &Expr, wanted: &str, fits: impl Fn(&Val<'_>) -> bool) -> Compiled<Term> {
    match term(expr)? {
        Term::Const(value) if !fits(&value) => {
            Err(format!("{} stands where {wanted} is expected", what(expr)).into())
        }
        Term::Truth(_) => Err(format!("a predicate stands where {wanted} is expected").into()),
        term => Ok(term),
    }
}

fn text_term(function: &str, expr: &Expr) -> Compiled<Term> {
    only(expr, &format!("the text of {function}"), |value| matches!(value, Val::Text(_) | Val::Null))
}

fn number_term(expr: &Expr) -> Compiled<Term> {
    only(expr, "a number", |value| matches!(value, Val::Number(_) | Val::Null))
}

fn array_term(expr: &Expr) -> Compiled<Term> {
    only(expr, "an array", |value| matches!(value, Val::Array(_) | Val::Null))
}

fn member(value: Term, list: Vec<Term>) -> Predicate {
    // A DATE or TIMESTAMP reads the texts among them as instants, which a list that is looked up does not.
    let is_time = matches!(value, Term::Const(Val::Time(_)));
    if is_time || !list.iter().all(Term::is_const) {
        return Predicate::In(value, list);
    }
    let values = list.into_iter().filter_map(|term| match term {
        Term::Const(value) => Some(value),
        _ => None,
    });
    // Beside instants that are looked up a text is read as one.
    let value = match value {
        Term::Instant(property) => Term::Property(property),
        other => other,
    };
    Predicate::Among(value, Among::of(values))
}

fn shape(op: SpatialOp, expr: &Expr, clock: Option<&Clock>) -> Compiled<Shape> {
    Ok(match expr {
        Expr::Literal(Literal::Geometry(geometry)) => {
            let area = Area::of_geometry(geometry);
            let flaw = clock.map_or(Ok(None), |clock| area.flaw(op, clock)).map_err(Fault::stopped)?;
            if let Some(flaw) = flaw {
                let cause = format!(
                    "the geometry has {flaw}: only S_INTERSECTS and S_DISJOINT can be answered for it"
                );
                let remedy = "make it valid, such as with ST_MakeValid of PostGIS or make_valid of shapely";
                return Err((cause, remedy).into());
            }
            Shape::Fixed(area.into())
        }
        Expr::Literal(Literal::Box(area)) => Shape::Fixed(Area::of_box(*area).into()),
        Expr::Property(property) => Shape::Property(property.clone()),
        Expr::Function(name, _) => return unknown(name),
        other => {
            let cause = format!("{} stands where a geometry is expected", what(other));
            return Err(match other {
                Expr::Literal(Literal::Text(text)) if geometry::is_wkt(text) => {
                    (cause, format!("write it without the quotes: {}", short(text))).into()
                }
                _ => cause.into(),
            });
        }
    })
}

/// The beginning of a text that is long.
fn short(text: &str) -> String {
    const LENGTH: usize = 60;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

fn moment(expr: &Expr) -> Compiled<Moment> {
    match expr {
        Expr::Interval(bounds) => {
            let [start, end] = bounds.as_ref();
            let low = bound(start, Timestamp::MIN, |span| span.low)?;
            let high = bound(end, Timestamp::MAX, |span| span.high)?;
            if let (End::Fixed(low), End::Fixed(high)) = (&low, &high)
                && low > high
            {
                return Err("an INTERVAL starts after its end".into());
            }
            Ok(Moment::Interval(low, high))
        }
        other => {
            let wanted = "a DATE, TIMESTAMP, INTERVAL or property";
            only(other, wanted, |value| matches!(value, Val::Time(_) | Val::Null)).map(Moment::Term)
        }
    }
}

fn bound(bound: &Bound, open: Timestamp, end: impl Fn(Span) -> Timestamp) -> Compiled<End> {
    Ok(match bound {
        Bound::Open => End::Fixed(open),
        Bound::Timestamp(instant) => End::Fixed(*instant),
        Bound::Date(date) => End::Fixed(end(Span::day(*date))),
        Bound::Expr(expr) => End::Term(term(expr)?),
    })
}

/// Computes what is constant and puts what is cheap first: the result is the same in any order.
fn simplify(predicate: Predicate) -> Predicate {
    let predicate = match predicate {
        Predicate::All(list) => Predicate::All(cheap_first(list)),
        Predicate::Any(list) => Predicate::Any(cheap_first(list)),
        Predicate::Not(inner) => Predicate::Not(simplify(*inner).into()),
        other => other,
    };
    let known = match &predicate {
        Predicate::All(list) | Predicate::Any(list) => list.iter().all(|p| matches!(p, Predicate::Const(_))),
        Predicate::Not(inner) => matches!(**inner, Predicate::Const(_)),
        Predicate::Compare(_, left, right) | Predicate::Array(_, left, right) => {
            left.is_const() && right.is_const()
        }
        Predicate::In(value, list) => value.is_const() && list.iter().all(Term::is_const),
        Predicate::Among(term, _)
        | Predicate::Like(term, _)
        | Predicate::IsNull(term)
        | Predicate::Truth(term) => term.is_const(),
        Predicate::Spatial(_, left, right) => matches!((left, right), (Shape::Fixed(_), Shape::Fixed(_))),
        Predicate::Const(_) | Predicate::Temporal(..) => false,
    };
    let value = if known { predicate.holds(&Context::empty()).ok() } else { None };
    value.map_or(predicate, Predicate::Const)
}

fn cheap_first(list: Vec<Predicate>) -> Vec<Predicate> {
    let mut list: Vec<Predicate> = list.into_iter().map(simplify).collect();
    list.sort_by_key(cost);
    list
}

/// A rank of how long a predicate takes.
fn cost(predicate: &Predicate) -> usize {
    match predicate {
        Predicate::Const(_) => 0,
        Predicate::IsNull(_) | Predicate::Truth(_) => 1,
        Predicate::Compare(..) | Predicate::Among(..) => 2,
        Predicate::Like(..) => 3,
        Predicate::Temporal(..) => 4,
        Predicate::In(_, list) => 2 + list.len(),
        Predicate::Array(..) => 8,
        Predicate::Spatial(..) => 1000,
        Predicate::Not(inner) => cost(inner),
        Predicate::All(list) | Predicate::Any(list) => list.iter().map(cost).sum(),
    }
}
