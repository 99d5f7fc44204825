//! The dimensionally extended nine-intersection matrix (OGC 06-103r4 section 6.1.15), and what the predicates ask of it.

use std::fmt;

use crate::cql2::SpatialOp;

/// Where a point is, beside a geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Interior,
    Boundary,
    Exterior,
}

/// The dimension of what two geometries share, by location in the one and in the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matrix([[Option<u8>; 3]; 3]);

impl Matrix {
    /// Of geometries that nothing is known of yet: the plane has no end.
    pub(crate) const fn new() -> Self {
        Self([[None, None, None], [None, None, None], [None, None, Some(2)]])
    }

    /// Notes that there are points of a dimension at these locations.
    pub(crate) fn add(&mut self, (a, b): (Location, Location), dimension: u8) {
        let entry = &mut self.0[a as usize][b as usize];
        *entry = (*entry).max(Some(dimension));
    }

    /// The same beside one another the other way round.
    pub(crate) fn transposed(&self) -> Self {
        let m = &self.0;
        Self(std::array::from_fn(|b| std::array::from_fn(|a| m[a][b])))
    }

    /// Whether a predicate holds of geometries of these dimensions (06-103r4 section 6.1.15.3).
    pub(crate) fn holds(&self, op: SpatialOp, (a, b): (u8, u8)) -> bool {
        let [[ii, ib, ie], [bi, bb, be], [ei, eb, _]] = self.0;
        match op {
            SpatialOp::Disjoint => ii.is_none() && ib.is_none() && bi.is_none() && bb.is_none(),
            SpatialOp::Intersects => !self.holds(SpatialOp::Disjoint, (a, b)),
            SpatialOp::Equals => {
                a == b && ii.is_some() && ie.is_none() && be.is_none() && ei.is_none() && eb.is_none()
            }
            SpatialOp::Touches => {
                (a > 0 || b > 0) && ii.is_none() && (ib.is_some() || bi.is_some() || bb.is_some())
            }
            SpatialOp::Within => ii.is_some() && ie.is_none() && be.is_none(),
            SpatialOp::Contains => ii.is_some() && ei.is_none() && eb.is_none(),
            SpatialOp::Overlaps => {
                let shared = if a == 1 { ii == Some(1) } else { ii.is_some() };
                a == b && shared && ie.is_some() && ei.is_some()
            }
            SpatialOp::Crosses if a == b => a == 1 && ii == Some(0),
            SpatialOp::Crosses if a < b => ii.is_some() && ie.is_some(),
            SpatialOp::Crosses => ii.is_some() && ei.is_some(),
        }
    }
}

/// As the standard writes it: `212101212`.
impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_flattened().iter().try_for_each(|entry| match entry {
            Some(dimension) => write!(f, "{dimension}"),
            None => f.write_str("F"),
        })
    }
}

impl fmt::Debug for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
