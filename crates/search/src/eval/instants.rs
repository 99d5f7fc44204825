//! Strings that stand beside a property of instants: they are instants as well, so that every store sees a comparison of
//! times. Other strings there are an error.

use stacyard_model::Rfc3339;

use super::compile::Fault;
use crate::cql2::build::full_date;
use crate::cql2::{Expr, Literal};
use crate::error::Reason;

/// The expression with such strings read as `TIMESTAMP`s.
pub(crate) fn with_instants(expr: &Expr) -> Result<Expr, Fault> {
    let mut read = expr.clone();
    read_in(&mut read)?;
    Ok(read)
}

fn read_in(expr: &mut Expr) -> Result<(), Fault> {
    let reason = match beside(expr) {
        Some((name, others)) => others.iter().find_map(|other| wrong(&name, other)),
        None => None,
    };
    if let Some(reason) = reason {
        // Nothing of it has been changed yet, so that its place can be found.
        return Err(Fault { reason, part: Some(expr.clone().into()), stopped: None });
    }
    if let Some((_, others)) = beside(expr) {
        for other in others {
            if let Expr::Literal(literal) = other
                && let Literal::Text(text) = literal
                && let Some(time) = Rfc3339::parse(text)
            {
                *literal = Literal::Timestamp(time.instant);
            }
        }
    }
    let mut result = Ok(());
    expr.each_part_mut(&mut |part| {
        if result.is_ok() {
            result = read_in(part);
        }
    });
    result
}

/// The name of a property of instants that is compared, and what it is compared with.
fn beside(expr: &mut Expr) -> Option<(String, Vec<&mut Expr>)> {
    let name = |expr: &Expr| match expr {
        Expr::Property(property) if property.is_instant() => Some(property.name().to_owned()),
        _ => None,
    };
    match expr {
        Expr::Compare(_, left, right) => match (name(left), name(right)) {
            (Some(name), _) => Some((name, vec![right])),
            (None, Some(name)) => Some((name, vec![left])),
            (None, None) => None,
        },
        Expr::Between(three) => {
            let [value, low, high] = three.as_mut();
            match name(value) {
                Some(name) => Some((name, vec![low, high])),
                None => name(low).or_else(|| name(high)).map(|name| (name, vec![value])),
            }
        }
        Expr::In(value, list) => match name(value) {
            Some(name) => Some((name, list.iter_mut().collect())),
            None => list.iter().find_map(name).map(|name| (name, vec![&mut **value])),
        },
        _ => None,
    }
}

/// Why a string cannot be compared with instants.
fn wrong(name: &str, other: &Expr) -> Option<Reason> {
    let Expr::Literal(Literal::Text(text)) = other else { return None };
    if Rfc3339::parse(text).is_some() {
        return None;
    }
    let remedy = if full_date(text).is_some() {
        format!("write '{text}T00:00:00Z', or DATE('{text}') in a filter")
    } else {
        "write one of RFC 3339, such as '2024-06-01T00:00:00Z'".to_owned()
    };
    Some((format!("{name:?} is a date and time, and is compared with the string {text:?}"), remedy).into())
}
