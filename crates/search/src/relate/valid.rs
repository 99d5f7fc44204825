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

/// So many pairs of segments whose boxes meet are looked at (a second or so): more have only rings of very many long
/// slanting segments, which then pass for valid.
const MAX_PAIRS: u32 = 50_000_000;

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

impl Prepared {
    /// The first flaw of its areas.
    pub(crate) fn flaw(&self) -> Option<Flaw> {
        self.crossing().or_else(|| self.misplaced())
    }

    fn area(&self, segment: usize) -> Option<usize> {
        match self.kind(segment) {
            Kind::Ring { area, .. } => Some(area),
            Kind::Line => None,
        }
    }

    /// Rings that cross or share more than a point. They may touch.
    fn crossing(&self) -> Option<Flaw> {
        let mut pairs = 0_u32;
        for (index, segment) in self.segments.iter().enumerate() {
            let Some(area) = self.area(index) else { continue };
            let near = Extent::of([segment.line.start, segment.line.end]);
            let found = self.tree.each(&near, &mut |met| {
                // Each pair once, and only of the same area.
                if met <= index || self.area(met) != Some(area) || pairs > MAX_PAIRS {
                    return ControlFlow::Continue(());
                }
                pairs += 1;
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
                        ControlFlow::Break(Flaw { what, at: intersection.start })
                    }
                    LineIntersection::SinglePoint { intersection: at, is_proper } => {
                        let crosses = is_proper || angle::crosses(at, self.way(index, at), self.way(met, at));
                        if crosses {
                            ControlFlow::Break(Flaw { what, at })
                        } else {
                            ControlFlow::Continue(())
                        }
                    }
                }
            });
            if let ControlFlow::Break(flaw) = found {
                return Some(flaw);
            }
        }
        None
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
    fn misplaced(&self) -> Option<Flaw> {
        for (number, part) in self.parts.iter().enumerate() {
            let Kind::Ring { area, .. } = part.kind else { continue };
            let end = self.parts.get(number + 1).map_or(self.segments.len(), |next| next.first);
            let middles = self.segments[part.first..end].iter().map(|s| (s.line.start + s.line.end) / 2.0);
            // Where another ring touches nothing can be said.
            for at in middles {
                if let Some(is_inside) = self.is_in_others(at, number, area) {
                    if is_inside == part.is_hole {
                        break;
                    }
                    let what = if part.is_hole {
                        "a hole that is not inside its polygon"
                    } else {
                        "a polygon inside another"
                    };
                    return Some(Flaw { what, at });
                }
            }
        }
        None
    }

    /// Whether a point lies inside by the other rings of the area; `None`: it lies on one.
    fn is_in_others(&self, point: Coord<f64>, part: usize, area: usize) -> Option<bool> {
        let ray = Extent { low: point, high: Coord { x: f64::INFINITY, y: point.y } };
        let mut is_inside = false;
        let flow = self.tree.each(&ray, &mut |index| {
            let segment = self.segments[index];
            if segment.part == part || self.area(index) != Some(area) {
                return ControlFlow::Continue(());
            }
            let (a, b) = (segment.line.start, segment.line.end);
            let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
            let side = RobustKernel::orient2d(low, high, point);
            if side == Orientation::Collinear && Extent::of([a, b]).covers(&Extent::of([point])) {
                return ControlFlow::Break(());
            }
            is_inside ^= low.y <= point.y && point.y < high.y && side == Orientation::CounterClockwise;
            ControlFlow::Continue(())
        });
        flow.is_continue().then_some(is_inside)
    }
}
