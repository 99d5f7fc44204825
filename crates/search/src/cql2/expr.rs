//! The typed expression: what a filter says, free of how it was written.

use geo_types::Geometry;
use jiff::Timestamp;
use jiff::civil::Date;
use stacyard_model::json::Number;

use crate::bbox::SearchBox;
use crate::property::Property;

/// A CQL2 expression (OGC 21-065r2). A filter is one that gives a Boolean.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal(Literal),
    /// The value of a property of the Item.
    Property(Property),
    /// Logical and of two or more.
    And(Vec<Expr>),
    /// Logical or of two or more.
    Or(Vec<Expr>),
    /// Logical negation.
    Not(Box<Expr>),
    /// A binary comparison (section 6.2).
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// `VALUE BETWEEN LOW AND HIGH`, both ends included (section 7.2).
    Between(Box<[Expr; 3]>),
    /// `VALUE IN (...)` (section 7.2).
    In(Box<Expr>, Vec<Expr>),
    /// `TEXT LIKE PATTERN`: `%` any characters, `_` one, `\` makes the next ordinary (section 7.2).
    Like(Box<Expr>, Box<Expr>),
    /// `VALUE IS NULL` (section 6.2).
    IsNull(Box<Expr>),
    /// `CASEI(TEXT)` (section 7.3).
    Casei(Box<Expr>),
    /// `ACCENTI(TEXT)` (section 7.4).
    Accenti(Box<Expr>),
    /// A spatial predicate (sections 7.5 to 7.7).
    Spatial(SpatialOp, Box<Expr>, Box<Expr>),
    /// A temporal predicate (section 7.8).
    Temporal(TemporalOp, Box<Expr>, Box<Expr>),
    /// A predicate on arrays as sets (section 7.9).
    ArrayPredicate(ArrayOp, Box<Expr>, Box<Expr>),
    /// Arithmetic (section 7.12).
    Arithmetic(ArithmeticOp, Box<Expr>, Box<Expr>),
    /// `INTERVAL(START, END)` (section 6.3).
    Interval(Box<[Bound; 2]>),
    /// An array of expressions.
    Array(Vec<Expr>),
    /// A function that CQL2 itself does not define (section 7.11), its name as written.
    Function(String, Vec<Expr>),
}

/// A constant in an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// JSON's null; it has no spelling in CQL2 text.
    Null,
    /// `TRUE` or `FALSE`.
    Bool(bool),
    /// A number, every digit kept.
    Number(NumberLiteral),
    /// A character string.
    Text(String),
    /// `TIMESTAMP('...')`
    Timestamp(Timestamp),
    /// `DATE('...')`: a day in UTC.
    Date(Date),
    /// A geometry in WKT or GeoJSON, without heights.
    Geometry(Geometry<f64>),
    /// `BBOX(...)`
    Box(SearchBox),
}

/// One end of an interval.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// `'..'`
    Open,
    /// An instant.
    Timestamp(Timestamp),
    /// A day: its first instant as a start, its last nanosecond as an end.
    Date(Date),
    /// A property or function that gives one.
    Expr(Expr),
}

/// A number in an expression, as a JSON number's text: nothing is rounded.
#[derive(Debug, Clone)]
pub struct NumberLiteral(String);

impl NumberLiteral {
    /// Of a text that is a JSON number.
    pub fn new(text: &str) -> Option<Self> {
        Number::parse(text).map(|_| Self(text.to_owned()))
    }

    /// The text, a JSON number.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// By value: `1` is `1.0`.
impl PartialEq for NumberLiteral {
    fn eq(&self, other: &Self) -> bool {
        Number::parse(&self.0) == Number::parse(&other.0)
    }
}

/// The comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl CompareOp {
    /// The operator with its sides exchanged: `a < b` is `b > a`.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same @ (Self::Equal | Self::NotEqual) => same,
        }
    }
}

/// The arithmetic operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `div`: the quotient without its fraction.
    IntegerDivide,
    /// `%`: the remainder, its sign the dividend's.
    Modulo,
    /// `^`
    Power,
}

/// The spatial predicates, as OGC 06-103r4 defines them on the plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the standard's: S_INTERSECTS and so on")]
pub enum SpatialOp {
    Intersects,
    Equals,
    Disjoint,
    Touches,
    Within,
    Overlaps,
    Crosses,
    Contains,
}

/// The temporal predicates (section 7.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the standard's: T_AFTER and so on")]
pub enum TemporalOp {
    After,
    Before,
    Contains,
    Disjoint,
    During,
    Equals,
    FinishedBy,
    Finishes,
    Intersects,
    Meets,
    MetBy,
    OverlappedBy,
    Overlaps,
    StartedBy,
    Starts,
}

/// The predicates on arrays as sets (section 7.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the standard's: A_EQUALS and so on")]
pub enum ArrayOp {
    Equals,
    Contains,
    ContainedBy,
    Overlaps,
}

impl Expr {
    /// The conjunction; nested ones become one list, so that both encodings give the same expression.
    pub fn and(list: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(list.len());
        for expr in list {
            match expr {
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.swap_remove(0) } else { Self::And(flat) }
    }

    /// The conjunction of those that are there.
    pub fn all(parts: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let parts: Vec<Self> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| Self::and(parts))
    }

    /// The disjunction; nested ones become one list.
    pub fn or(list: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(list.len());
        for expr in list {
            match expr {
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.swap_remove(0) } else { Self::Or(flat) }
    }

    /// How many expressions stand in one another, this one counted.
    pub(crate) fn depth(&self) -> usize {
        let mut deepest = 0;
        self.each_part(&mut |part| deepest = deepest.max(part.depth()));
        // The list of values and the ends of an interval are levels of their own in CQL2 JSON.
        deepest + if matches!(self, Self::In(..) | Self::Interval(_)) { 2 } else { 1 }
    }

    /// Calls `visit` for every property in the expression, in the order of the text.
    pub fn each_property<'a>(&'a self, visit: &mut impl FnMut(&'a Property)) {
        if let Self::Property(property) = self {
            visit(property);
        }
        self.each_part(&mut |part| part.each_property(&mut *visit));
    }

    /// Calls `visit` for every property in the expression, so that it can be changed.
    pub(crate) fn each_property_mut(&mut self, visit: &mut dyn FnMut(&mut Property)) {
        if let Self::Property(property) = self {
            visit(property);
        }
        self.each_part_mut(&mut |part| part.each_property_mut(visit));
    }

    /// Calls `visit` for every expression that it is directly made of, in the order of the text.
    pub(crate) fn each_part<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        match self {
            Self::Literal(_) | Self::Property(_) => {}
            Self::And(list) | Self::Or(list) | Self::Array(list) | Self::Function(_, list) => {
                list.iter().for_each(visit);
            }
            Self::Not(expr) | Self::IsNull(expr) | Self::Casei(expr) | Self::Accenti(expr) => visit(expr),
            Self::Compare(_, left, right)
            | Self::Like(left, right)
            | Self::Spatial(_, left, right)
            | Self::Temporal(_, left, right)
            | Self::ArrayPredicate(_, left, right)
            | Self::Arithmetic(_, left, right) => {
                visit(left);
                visit(right);
            }
            Self::Between(three) => three.iter().for_each(visit),
            Self::In(value, list) => {
                visit(value);
                list.iter().for_each(visit);
            }
            Self::Interval(bounds) => {
                for bound in bounds.iter() {
                    if let Bound::Expr(expr) = bound {
                        visit(expr);
                    }
                }
            }
        }
    }

    /// The same, so that they can be changed.
    pub(crate) fn each_part_mut(&mut self, visit: &mut dyn FnMut(&mut Self)) {
        match self {
            Self::Literal(_) | Self::Property(_) => {}
            Self::And(list) | Self::Or(list) | Self::Array(list) | Self::Function(_, list) => {
                list.iter_mut().for_each(visit);
            }
            Self::Not(expr) | Self::IsNull(expr) | Self::Casei(expr) | Self::Accenti(expr) => visit(expr),
            Self::Compare(_, left, right)
            | Self::Like(left, right)
            | Self::Spatial(_, left, right)
            | Self::Temporal(_, left, right)
            | Self::ArrayPredicate(_, left, right)
            | Self::Arithmetic(_, left, right) => {
                visit(left);
                visit(right);
            }
            Self::Between(three) => three.iter_mut().for_each(visit),
            Self::In(value, list) => {
                visit(value);
                list.iter_mut().for_each(visit);
            }
            Self::Interval(bounds) => {
                for bound in bounds.iter_mut() {
                    if let Bound::Expr(expr) = bound {
                        visit(expr);
                    }
                }
            }
        }
    }
}
