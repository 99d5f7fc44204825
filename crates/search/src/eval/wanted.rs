//! Of which types the values of a property must be for a filter to say anything of them: where no Item has one of these,
//! the filter asks for nothing.

use super::compile::{Type, type_of};
use super::text::TextFunction;
use crate::cql2::{Bound, Expr};
use crate::property::Property;
use crate::types::Types;

/// Calls `visit` for each property of a filter that something is done with, with the types that this takes.
/// `IS NULL` takes any, null too, and so is not told.
pub(crate) fn types_wanted<'e>(filter: &'e Expr, visit: &mut dyn FnMut(&'e Property, Types)) {
    wants(filter, Types::BOOL, visit);
    parts(filter, visit);
}

/// What predicates stand within.
fn parts<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Property, Types)) {
    match expr {
        Expr::And(list) | Expr::Or(list) => each(list, Types::BOOL, visit),
        Expr::Not(inner) => wants(inner, Types::BOOL, visit),
        Expr::Compare(_, left, right) => {
            wants(left, beside(right), visit);
            wants(right, beside(left), visit);
        }
        Expr::Between(three) => {
            let [value, low, high] = three.as_ref();
            wants(value, beside(low).and(beside(high)), visit);
            wants(low, beside(value), visit);
            wants(high, beside(value), visit);
        }
        Expr::In(value, list) => {
            wants(value, list.iter().map(beside).fold(Types::NONE, Types::and), visit);
            each(list, beside(value), visit);
        }
        Expr::Like(value, _) | Expr::Casei(value) | Expr::Accenti(value) => {
            wants(value, Types::STRING, visit);
        }
        Expr::Function(name, list) => {
            let text = TextFunction::named(&name.to_ascii_lowercase()).is_some();
            each(list, if text { Types::STRING } else { Types::VALUE }, visit);
        }
        Expr::Arithmetic(_, left, right) => each([&**left, right], Types::NUMBER, visit),
        Expr::Temporal(_, left, right) => each([&**left, right], Types::STRING, visit),
        Expr::ArrayPredicate(_, left, right) => each([&**left, right], Types::ARRAY, visit),
        Expr::Spatial(_, left, right) => each([&**left, right], Types::OBJECT, visit),
        Expr::Interval(bounds) => {
            for bound in bounds.iter() {
                if let Bound::Expr(expr) = bound {
                    wants(expr, Types::STRING, visit);
                }
            }
        }
        Expr::Array(list) => each(list, Types::VALUE, visit),
        Expr::Literal(_) | Expr::Property(_) | Expr::IsNull(_) => {}
    }
    expr.each_part(&mut |part| parts(part, visit));
}

fn each<'e>(
    list: impl IntoIterator<Item = &'e Expr>,
    types: Types,
    visit: &mut dyn FnMut(&'e Property, Types),
) {
    for one in list {
        wants(one, types, visit);
    }
}

fn wants<'e>(expr: &'e Expr, types: Types, visit: &mut dyn FnMut(&'e Property, Types)) {
    if let Expr::Property(property) = expr {
        visit(property, types);
    }
}

/// Whether a property is what others are compared with, as a value would be: a string without its quotes is such a one.
pub(crate) fn is_value(filter: &Expr, property: &Property) -> bool {
    let is_it = |expr: &Expr| matches!(expr, Expr::Property(one) if one == property);
    let here = match filter {
        Expr::Compare(_, _, right) | Expr::Like(_, right) => is_it(right),
        Expr::Between(three) => three[1..].iter().any(is_it),
        Expr::In(_, list) => list.iter().any(is_it),
        _ => false,
    };
    let mut found = here;
    filter.each_part(&mut |part| found |= is_value(part, property));
    found
}

/// What compares with an expression.
fn beside(expr: &Expr) -> Types {
    match type_of(expr) {
        Some(Type::Number) => Types::NUMBER,
        Some(Type::Text | Type::Time) => Types::STRING,
        Some(Type::Bool) => Types::BOOL,
        Some(Type::Array) | None => Types::VALUE,
    }
}
