//! Long chains of equalities as lists: `a = 1 OR a = 2` is `a IN (1, 2)`, and so is what an AND of `<>` denies. A list is
//! looked up, in every store, where a chain would be gone through for each Item.

use std::collections::HashMap;

use super::expr::{CompareOp, Expr, Literal};
use crate::property::{Place, Property};

impl Expr {
    /// The same expression with its chains of equalities gathered.
    pub(crate) fn gathered(&self) -> Self {
        match self {
            Self::Or(list) => Self::or(gather(list, equality, |list| list)),
            Self::And(list) => Self::and(gather(list, inequality, |list| Self::Not(list.into()))),
            Self::Not(inner) => Self::Not(inner.gathered().into()),
            other => other.clone(),
        }
    }
}

/// A property, and values that it is compared with.
type Link<'e> = (&'e Property, &'e [Expr]);

/// What says that a property is one of some values.
fn equality(expr: &Expr) -> Option<Link<'_>> {
    match expr {
        Expr::Compare(CompareOp::Equal, left, right) => sides(left, right),
        Expr::In(value, list) => match value.as_ref() {
            Expr::Property(property) if list.iter().all(|one| may_equal(property, one)) => {
                Some((property, list))
            }
            _ => None,
        },
        _ => None,
    }
}

/// What says that it is none of them.
fn inequality(expr: &Expr) -> Option<Link<'_>> {
    match expr {
        Expr::Compare(CompareOp::NotEqual, left, right) => sides(left, right),
        Expr::Not(inner) => equality(inner),
        _ => None,
    }
}

fn sides<'e>(left: &'e Expr, right: &'e Expr) -> Option<Link<'e>> {
    match (left, right) {
        (Expr::Property(property), value) | (value, Expr::Property(property)) => {
            may_equal(property, value).then_some((property, std::slice::from_ref(value)))
        }
        _ => None,
    }
}

/// Whether it is a constant that a property may be. What is never true of any Item stays as it is: it is an error.
const fn may_equal(property: &Property, value: &Expr) -> bool {
    let Expr::Literal(literal) = value else { return false };
    match (property.place(), literal) {
        (Place::Geometry, _) | (_, Literal::Null | Literal::Geometry(_) | Literal::Box(_)) => false,
        (Place::Id | Place::Collection, _) => matches!(literal, Literal::Text(_)),
        (Place::Properties, _) => true,
    }
}

/// The list with all links of one property as one, in the place of the first; a link that is alone stays as it is.
fn gather(
    list: &[Expr],
    link: impl Fn(&Expr) -> Option<Link<'_>>,
    whole: impl Fn(Expr) -> Expr,
) -> Vec<Expr> {
    let mut links: HashMap<&Property, (usize, Vec<Expr>)> = HashMap::new();
    for (property, values) in list.iter().filter_map(&link) {
        let (number, all) = links.entry(property).or_default();
        *number += 1;
        all.extend(values.iter().cloned());
    }
    links.retain(|_, (number, _)| *number > 1);
    let mut out = Vec::new();
    for expr in list {
        match link(expr).map(|(property, _)| property).filter(|property| links.contains_key(*property)) {
            None => out.push(expr.gathered()),
            Some(property) => {
                if let Some((_, values)) = links.get_mut(property).filter(|(_, values)| !values.is_empty()) {
                    let values = std::mem::take(values);
                    out.push(whole(Expr::In(Expr::Property(property.clone()).into(), values)));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_become_lists() {
        for (filter, gathered) in [
            ("id = 'a' OR id = 'b' OR x < 1", "id IN ('a', 'b') OR x < 1"),
            ("x = 1 OR y = 2 OR 3 = x OR y = TRUE", "x IN (1, 3) OR y IN (2, TRUE)"),
            (
                "x IN (1, 2) OR x = TIMESTAMP('2024-01-01T00:00:00Z')",
                "x IN (1, 2, TIMESTAMP('2024-01-01T00:00:00Z'))",
            ),
            ("x <> 1 AND x <> 2 AND y = 1", "NOT x IN (1, 2) AND y = 1"),
            ("NOT x IN (1, 2) AND NOT x = 3", "NOT x IN (1, 2, 3)"),
            ("NOT (x = 1 OR x = 2)", "NOT x IN (1, 2)"),
            ("(x = 1 OR x = 2) AND (x = 3 OR x = 4)", "x IN (1, 2) AND x IN (3, 4)"),
            // One alone, other operators, and what is an error.
            ("x = 1 OR y = 1", "x = 1 OR y = 1"),
            ("x <> 1 OR x <> 2", "x <> 1 OR x <> 2"),
            ("x = 1 AND x = 2", "x = 1 AND x = 2"),
            ("x = y OR x = z", "x = y OR x = z"),
            ("id = 5 OR id = 6", "id = 5 OR id = 6"),
        ] {
            let parse = |filter: &str| Expr::parse(filter).unwrap();
            assert_eq!(parse(filter).gathered(), parse(gathered), "{filter}");
        }
    }

    #[test]
    fn a_long_chain_is_one_list() {
        let chain = (0..100_000).map(|n| format!("id = 'i{n}'")).collect::<Vec<_>>().join(" OR ");
        assert!(
            matches!(Expr::parse(&chain).unwrap().gathered(), Expr::In(_, list) if list.len() == 100_000)
        );
    }
}
