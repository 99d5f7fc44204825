//! What one geometry adds to the matrix: its points, the ends of its lines, and the pieces of its segments.

use std::ops::ControlFlow;

use geo::algorithm::line_intersection::LineIntersection;
use geo_types::{Coord, Line};

use super::index::Extent;
use super::matrix::{Location, Matrix};
use super::prepared::{Kind, Prepared};
use crate::stop::{Clock, Stopped};

/// Adds what is known from the parts of `one`, which is the first of the matrix.
pub(super) fn add_beside(
    one: &Prepared,
    other: &Prepared,
    matrix: &mut Matrix,
    clock: &Clock,
) -> Result<(), Stopped> {
    let far = |extent: &Extent| !other.extent.covers(extent);
    if far(&one.rings) {
        matrix.add((Location::Boundary, Location::Exterior), 1);
        matrix.add((Location::Interior, Location::Exterior), 2);
    }
    if far(&one.lines) {
        matrix.add((Location::Interior, Location::Exterior), 1);
    }
    for &point in &one.points {
        matrix.add((one.locate(point, clock)?, locate(other, point, clock)?), 0);
    }
    for &end in &one.ends {
        // Beside an area the end of a line is no boundary of its own.
        if one.areas == 0 || one.inside_or_on(end, clock)? == Location::Exterior {
            matrix.add((Location::Boundary, locate(other, end, clock)?), 0);
        }
    }
    Walk { one, other, clock, cuts: Vec::new(), covers: Vec::new(), carried: None, last: None }.all(matrix)
}

fn locate(other: &Prepared, point: Coord<f64>, clock: &Clock) -> Result<Location, Stopped> {
    clock.step()?;
    if other.extent.covers(&Extent::of([point])) {
        other.locate(point, clock)
    } else {
        Ok(Location::Exterior)
    }
}

/// What lies on a piece, on its left and on its right.
#[derive(Clone, Copy)]
struct Sides {
    on: Location,
    left: Location,
    right: Location,
}

impl Sides {
    /// Of what lies inside, outside, and the reverse.
    const fn across(self) -> Self {
        let there = match self.on {
            Location::Interior => Location::Exterior,
            Location::Boundary | Location::Exterior => Location::Interior,
        };
        Self { on: there, left: there, right: there }
    }
}

/// Where a segment meets another, by how far it is from its start.
struct Cut {
    key: f64,
    at: Coord<f64>,
    /// The segment of the other geometry; `None`: one of its own.
    met: Option<usize>,
    /// Whether it only goes from one side of a ring of the other geometry to the other.
    is_crossing: bool,
}

/// A stretch that a segment shares with another.
struct Cover {
    keys: [f64; 2],
    segment: usize,
    is_own: bool,
    is_along: bool,
}

struct Walk<'a> {
    one: &'a Prepared,
    other: &'a Prepared,
    clock: &'a Clock,
    cuts: Vec<Cut>,
    covers: Vec<Cover>,
    /// What lies on the last piece, as long as nothing of the other geometry has been met since.
    carried: Option<Sides>,
    last: Option<usize>,
}

impl Walk<'_> {
    fn all(mut self, matrix: &mut Matrix) -> Result<(), Stopped> {
        let (one, near) = (self.one, self.other.extent);
        let flow = one.tree.each(&near, &mut |index| match self.segment(index, matrix) {
            Ok(()) => ControlFlow::Continue(()),
            Err(stopped) => ControlFlow::Break(stopped),
        });
        if let ControlFlow::Break(stopped) = flow { Err(stopped) } else { Ok(()) }
    }

    fn segment(&mut self, index: usize, matrix: &mut Matrix) -> Result<(), Stopped> {
        self.clock.step()?;
        let segment = self.one.segments[index];
        let follows =
            self.last.is_some_and(|last| last + 1 == index && self.one.segments[last].part == segment.part);
        if !follows {
            self.carried = None;
        }
        self.last = Some(index);
        self.cut(index)?;
        let cuts = std::mem::take(&mut self.cuts);
        let mut from = segment.line.start;
        let end = Cut { key: f64::INFINITY, at: segment.line.end, met: None, is_crossing: false };
        for (number, cut) in cuts.iter().chain([&end]).enumerate() {
            if from != cut.at {
                self.piece(index, Line::new(from, cut.at), matrix)?;
            }
            if let Some(met) = cut.met {
                let here = self.one.locate_on(index, cut.at, self.clock)?;
                let there = self.other.locate_on(met, cut.at, self.clock)?;
                matrix.add((here, there), 0);
            }
            if number < cuts.len() {
                // Behind a ring that is crossed is its other side: a ray need not be sent again.
                self.carried = self.carried.filter(|_| cut.is_crossing).map(Sides::across);
            }
            from = cut.at;
        }
        self.cuts = cuts;
        Ok(())
    }

    /// Finds where a segment has to be cut, in order.
    fn cut(&mut self, index: usize) -> Result<(), Stopped> {
        let Self { one, other, clock, .. } = *self;
        let line = one.segments[index].line;
        let (cuts, covers) = (&mut self.cuts, &mut self.covers);
        cuts.clear();
        covers.clear();
        let key = |at: Coord<f64>| key(line, at);
        let mut note = |met: usize, is_own: bool, shared: LineIntersection<f64>| {
            if let Err(stopped) = clock.step() {
                return ControlFlow::Break(stopped);
            }
            let with = (!is_own).then_some(met);
            match shared {
                LineIntersection::SinglePoint { intersection: at, is_proper } => {
                    let is_crossing = is_proper && !is_own && other.dimension() == 2 && !other.is_union();
                    cuts.push(Cut { key: key(at), at, met: with, is_crossing });
                }
                LineIntersection::Collinear { intersection } => {
                    let mut keys = [intersection.start, intersection.end].map(|at| {
                        cuts.push(Cut { key: key(at), at, met: with, is_crossing: false });
                        key(at)
                    });
                    keys.sort_unstable_by(f64::total_cmp);
                    let its = if is_own { one } else { other }.segments[met].line;
                    let is_along = key(its.start) < key(its.end);
                    covers.push(Cover { keys, segment: met, is_own, is_along });
                }
            }
            ControlFlow::Continue(())
        };
        let mut flow = other.each_meeting(line, &mut |met, shared| note(met, false, shared));
        if flow.is_continue() && one.is_union() {
            flow = one.each_meeting(line, &mut |met, shared| {
                if met == index { ControlFlow::Continue(()) } else { note(met, true, shared) }
            });
        }
        if let ControlFlow::Break(stopped) = flow {
            return Err(stopped);
        }
        cuts.sort_by(|a, b| a.key.total_cmp(&b.key));
        Ok(())
    }

    fn piece(&mut self, index: usize, piece: Line<f64>, matrix: &mut Matrix) -> Result<(), Stopped> {
        let line = self.one.segments[index].line;
        let middle = (piece.start + piece.end) / 2.0;
        let (from, to) = (key(line, piece.start), key(line, piece.end));
        let covers = self.covers.iter().filter(|cover| cover.keys[0] <= from && to <= cover.keys[1]);
        let those = |own: bool| {
            let covers = covers.clone().filter(move |cover| cover.is_own == own);
            covers.map(|cover| (cover.segment, cover.is_along))
        };
        let own = std::iter::once((index, true)).chain(those(true));
        let here = sides(self.one, middle, own, self.clock)?;
        let is_covered = those(false).next().is_some();
        let there = match self.carried {
            Some(carried) if !is_covered => carried,
            _ => sides(self.other, middle, those(false), self.clock)?,
        };
        self.carried = (!is_covered).then_some(there);
        matrix.add((here.on, there.on), 1);
        matrix.add((here.left, there.left), 2);
        matrix.add((here.right, there.right), 2);
        Ok(())
    }
}

/// How far a point of a line is from its start, along the axis that it follows more.
fn key(line: Line<f64>, at: Coord<f64>) -> f64 {
    let way = line.delta();
    if way.x.abs() >= way.y.abs() {
        (at.x - line.start.x) * way.x.signum()
    } else {
        (at.y - line.start.y) * way.y.signum()
    }
}

/// What of a geometry lies on a piece and beside it, where these segments of it run along the piece.
fn sides(
    geometry: &Prepared,
    middle: Coord<f64>,
    covers: impl Iterator<Item = (usize, bool)>,
    clock: &Clock,
) -> Result<Sides, Stopped> {
    let mut rings: Vec<usize> = Vec::new();
    let (mut left, mut right, mut is_on_line) = (false, false, false);
    for (segment, is_along) in covers {
        match geometry.kind(segment) {
            Kind::Line => is_on_line = true,
            Kind::Ring { area, left: is_left } => {
                left |= is_left == is_along;
                right |= is_left != is_along;
                rings.push(area);
            }
        }
    }
    let is_decided = geometry.areas == 0 || (geometry.areas == 1 && !rings.is_empty());
    if !is_decided {
        let inside = geometry.inside(middle, clock)?;
        let is_inside = inside.iter().enumerate().any(|(area, inside)| *inside && !rings.contains(&area));
        left |= is_inside;
        right |= is_inside;
    }
    let side = |inside| if inside { Location::Interior } else { Location::Exterior };
    let on = match (left && right, rings.is_empty()) {
        (true, _) => Location::Interior,
        (false, false) => Location::Boundary,
        (false, true) => side(is_on_line),
    };
    Ok(Sides { on, left: side(left), right: side(right) })
}
