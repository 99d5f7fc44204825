//! Directions around a point, compared exactly.

use std::cmp::Ordering;

use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo_types::Coord;

/// The order of two directions from a point, counterclockwise from the east.
pub(super) fn order(from: Coord<f64>, a: Coord<f64>, b: Coord<f64>) -> Ordering {
    // West itself begins the lower half, so that each half is one turn to the left.
    let is_lower_half = |to: Coord<f64>| to.y < from.y || (to.y <= from.y && to.x < from.x);
    is_lower_half(a).cmp(&is_lower_half(b)).then_with(|| match RobustKernel::orient2d(from, a, b) {
        Orientation::CounterClockwise => Ordering::Less,
        Orientation::Clockwise => Ordering::Greater,
        Orientation::Collinear => Ordering::Equal,
    })
}

/// Whether a way `a` to `b` through a point and another one `c` to `d` cross there. Ways that run along one another do not.
pub(super) fn crosses(from: Coord<f64>, [a, b]: [Coord<f64>; 2], [c, d]: [Coord<f64>; 2]) -> bool {
    // Which of the two sectors between a and b a direction lies in; `None` on their border.
    let sector = |to: Coord<f64>| {
        let (low, high) = if order(from, a, b).is_le() { (a, b) } else { (b, a) };
        match (order(from, low, to), order(from, to, high)) {
            (Ordering::Equal, _) | (_, Ordering::Equal) => None,
            (above, below) => Some(above.is_lt() && below.is_lt()),
        }
    };
    sector(c).zip(sector(d)).is_some_and(|(c, d)| c != d)
}
