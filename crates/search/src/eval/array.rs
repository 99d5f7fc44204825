//! The predicates on arrays (OGC 21-065r2 section 7.9): arrays are sets, order and repetition do not count.

use super::value::Val;
use crate::cql2::{ArrayOp, CompareOp};

pub(crate) fn holds(op: ArrayOp, a: &[Val<'_>], b: &[Val<'_>]) -> bool {
    match op {
        ArrayOp::Equals => all_in(a, b) && all_in(b, a),
        ArrayOp::Contains => all_in(b, a),
        ArrayOp::ContainedBy => all_in(a, b),
        ArrayOp::Overlaps => a.iter().any(|value| is_in(value, b)),
    }
}

fn all_in(list: &[Val<'_>], other: &[Val<'_>]) -> bool {
    list.iter().all(|value| is_in(value, other))
}

fn is_in(value: &Val<'_>, list: &[Val<'_>]) -> bool {
    list.iter().any(|other| same(value, other))
}

/// Elements are compared as values of a set: a null is a null, arrays in arrays are sets again.
fn same(a: &Val<'_>, b: &Val<'_>) -> bool {
    match (a, b) {
        (Val::Null, Val::Null) => true,
        (Val::Array(a), Val::Array(b)) => holds(ArrayOp::Equals, a, b),
        _ => a.compare(CompareOp::Equal, b) == Some(true),
    }
}
