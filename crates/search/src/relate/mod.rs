//! How two geometries lie to each other: the matrix of DE-9IM (OGC 06-103r4 section 6.1.15), as GEOS computes it.
//!
//! The segments of each are cut where they meet the other. What lies on a piece, and on its two sides, is the same along all
//! of it; so pieces, their ends, points and the ends of lines give all entries. A geometry is prepared once: of a large
//! one only what is near the other is looked at, and where a piece follows another without having met the other geometry, it
//! lies where that one does.
//!
//! The relations of the crate `geo` are not used: they take a closed line that crosses itself for a simple ring, a
//! collection for something without overlaps, and go through all points of a geometry for each Item.

mod angle;
mod index;
mod locate;
mod matrix;
mod pieces;
mod prepared;
mod valid;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

pub(crate) use index::Extent;
pub(crate) use matrix::{Location, Matrix};
pub(crate) use prepared::Prepared;
pub(crate) use valid::Flaw;

use crate::stop::{Clock, Stopped};

/// The matrix of two geometries.
pub(crate) fn relate(a: &Prepared, b: &Prepared, clock: &Clock) -> Result<Matrix, Stopped> {
    let mut there = Matrix::new();
    pieces::add_beside(b, a, &mut there, clock)?;
    let mut matrix = there.transposed();
    pieces::add_beside(a, b, &mut matrix, clock)?;
    Ok(matrix)
}

/// Whether they have a point in common.
pub(crate) fn meet(a: &Prepared, b: &Prepared, clock: &Clock) -> Result<bool, Stopped> {
    let (few, many) = if a.segments.len() < b.segments.len() { (a, b) } else { (b, a) };
    let flow = few.tree.each(&many.extent, &mut |index| {
        if let Err(stopped) = clock.step() {
            return ControlFlow::Break(Err(stopped));
        }
        many.each_meeting(few.segments[index].line, &mut |_, _| ControlFlow::Break(Ok(true)))
    });
    if let ControlFlow::Break(result) = flow {
        return result;
    }
    Ok(has_point_in(a, b, clock)? || has_point_in(b, a, clock)?)
}

/// Whether a point of `a`, or the first of one of its lines or rings, is one of `b`.
fn has_point_in(a: &Prepared, b: &Prepared, clock: &Clock) -> Result<bool, Stopped> {
    let firsts = a.parts.iter().filter(|_| b.areas > 0).map(|part| a.segments[part.first].line.start);
    for point in a.points.iter().copied().chain(firsts) {
        if b.extent.covers(&Extent::of([point])) && b.locate(point, clock)? != Location::Exterior {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Prepared {
    /// Where all of a box lies that meets no line and no ring; `None`: it may meet one.
    pub(crate) fn around(&self, place: &Extent, clock: &Clock) -> Result<Option<Location>, Stopped> {
        if !self.points.is_empty() || self.tree.each(place, &mut |_| ControlFlow::Break(())).is_break() {
            return Ok(None);
        }
        self.locate(place.low, clock).map(Some)
    }
}
