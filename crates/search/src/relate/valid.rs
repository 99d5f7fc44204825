//! Whether the areas of a geometry are what their rings say (06-103r4 section 6.1.11): rings that cross, or share more
//! than points, and rings that lie where they must not, leave it open which side is the inside.

use std::fmt;
use std::ops::ControlFlow;

use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo::algorithm::line_intersection::{LineIntersection, line_intersection};
use geo_types::Coord;

use super::angle;
use super::index::Extent;
use super::prepared::{Kind, Prepared};
use crate::stop::{Clock, Stopped};

/// So many segments and boxes around them are looked at, and [`MORE`] for each segment: about a second. More take only rings
/// of very many long slanting segments, and very many small rings without order: what is wrong with them beyond that is not
/// found, and the geometry passes for valid.
const LOOKS: usize = 20_000_000;
const MORE: usize = 64;

/// What is wrong with an area, and where.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Flaw {
    what: &'static str,
    at: Coord<f64>,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} near {} {}", self.what, self.at.x, self.at.y)
    }
}

/// Why it is not looked at further.
enum End {
    Enough,
    Stopped(Stopped),
}

/// How much more is looked at.
struct Looks<'c> {
    left: usize,
    clock: &'c Clock,
}

impl Looks<'_> {
    fn take(&mut self) -> Result<(), End> {
        self.left = self.left.checked_sub(1).ok_or(End::Enough)?;
        self.clock.step().map_err(End::Stopped)
    }
}

impl Prepared {
    /// The first flaw of its areas that is found with [so many](LOOKS) looks.
    pub(crate) fn flaw(&self, clock: &Clock) -> Result<Option<Flaw>, Stopped> {
        let mut looks = Looks { left: LOOKS + MORE * self.segments.len(), clock };
        let found = match self.crossing(&mut looks) {
            Ok(None) => self.misplaced(&mut looks),
            found => found,
        };
        match found {
            Err(End::Stopped(stopped)) => Err(stopped),
            Err(End::Enough) => Ok(None),
            Ok(flaw) => Ok(flaw),
        }
    }

    fn area(&self, segment: usize) -> Option<usize> {
        match self.kind(segment) {
            Kind::Ring { area, .. } => Some(area),
            Kind::Line => None,
        }
    }

    /// Rings that cross or share more than a point. They may touch.
    fn crossing(&self, looks: &mut Looks<'_>) -> Result<Option<Flaw>, End> {
        for (index, segment) in self.segments.iter().enumerate() {
            let Some(area) = self.area(index) else { continue };
            let near = Extent::of([segment.line.start, segment.line.end]);
            let found = self.tree.walk(&near, &mut |met| {
                if let Err(stop) = looks.take() {
                    return ControlFlow::Break(Err(stop));
                }
                let Some(met) = met else { return ControlFlow::Continue(()) };
                // Each pair once, and only of the same area.
                if met <= index || self.area(met) != Some(area) {
                    return ControlFlow::Continue(());
                }
                let Some(shared) = line_intersection(segment.line, self.segments[met].line) else {
                    return ControlFlow::Continue(());
                };
                let is_same = self.segments[met].part == segment.part;
                let what = if is_same { "a ring that crosses itself" } else { "two rings that cross" };
                match shared {
                    LineIntersection::Collinear { intersection } => {
                        let what = if is_same {
                            "a ring that runs along itself"
                        } else {
                            "two rings that share an edge"
                        };
                        ControlFlow::Break(Ok(Flaw { what, at: intersection.start }))
                    }
                    LineIntersection::SinglePoint { intersection: at, is_proper } => {
                        let crosses = is_proper || angle::crosses(at, self.way(index, at), self.way(met, at));
                        if crosses {
                            ControlFlow::Break(Ok(Flaw { what, at }))
                        } else {
                            ControlFlow::Continue(())
                        }
                    }
                }
            });
            if let ControlFlow::Break(flaw) = found {
                return flaw.map(Some);
            }
        }
        Ok(None)
    }

    /// Where a ring comes from, and where it goes, at a point of one of its segments.
    fn way(&self, index: usize, at: Coord<f64>) -> [Coord<f64>; 2] {
        let segment = self.segments[index];
        let first = self.parts[segment.part].first;
        let end = self.parts.get(segment.part + 1).map_or(self.segments.len(), |next| next.first);
        if at == segment.line.start {
            let before = if index == first { end - 1 } else { index - 1 };
            [self.segments[before].line.start, segment.line.end]
        } else if at == segment.line.end {
            let next = if index + 1 == end { first } else { index + 1 };
            [segment.line.start, self.segments[next].line.end]
        } else {
            [segment.line.start, segment.line.end]
        }
    }

    /// A hole that is not in a polygon, or is in another hole; a polygon that is in another one.
    fn misplaced(&self, looks: &mut Looks<'_>) -> Result<Option<Flaw>, End> {
        for (number, part) in self.parts.iter().enumerate() {
            let Kind::Ring { area, .. } = part.kind else { continue };
            let end = self.parts.get(number + 1).map_or(self.segments.len(), |next| next.first);
            let middles = self.segments[part.first..end].iter().map(|s| (s.line.start + s.line.end) / 2.0);
            // Where another ring touches nothing can be said.
            for at in middles {
                if let Some(is_inside) = self.is_in_others(at, (number, area), looks)? {
                    if is_inside == part.is_hole {
                        break;
                    }
                    let what = if part.is_hole {
                        "a hole that is not inside its polygon"
                    } else {
                        "a polygon inside another"
                    };
                    return Ok(Some(Flaw { what, at }));
                }
            }
        }
        Ok(None)
    }

    /// Whether a point lies inside by the other rings of the area; `None`: it lies on one.
    fn is_in_others(
        &self,
        point: Coord<f64>,
        (part, area): (usize, usize),
        looks: &mut Looks<'_>,
    ) -> Result<Option<bool>, End> {
        let ray = Extent { low: point, high: Coord { x: f64::INFINITY, y: point.y } };
        let mut is_inside = false;
        let flow = self.tree.walk(&ray, &mut |index| {
            if let Err(stop) = looks.take() {
                return ControlFlow::Break(Err(stop));
            }
            let Some(index) = index else { return ControlFlow::Continue(()) };
            let segment = self.segments[index];
            if segment.part == part || self.area(index) != Some(area) {
                return ControlFlow::Continue(());
            }
            let (a, b) = (segment.line.start, segment.line.end);
            let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
            let side = RobustKernel::orient2d(low, high, point);
            if side == Orientation::Collinear && Extent::of([a, b]).covers(&Extent::of([point])) {
                return ControlFlow::Break(Ok(None));
            }
            is_inside ^= low.y <= point.y && point.y < high.y && side == Orientation::CounterClockwise;
            ControlFlow::Continue(())
        });
        match flow {
            ControlFlow::Continue(()) => Ok(Some(is_inside)),
            ControlFlow::Break(known) => known,
        }
    }
}
