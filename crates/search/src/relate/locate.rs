//! Where a point lies beside a geometry, by the crossings of a ray from it; of a collection, beside the union of its
//! members.

use std::ops::ControlFlow;

use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo_types::Coord;

use super::angle;
use super::index::Extent;
use super::matrix::Location;
use super::prepared::{Kind, Prepared};
use crate::stop::{Clock, Stopped};

/// What is at a point, area by area.
struct At {
    inside: Vec<bool>,
    on: Vec<bool>,
    on_line: bool,
}

impl Prepared {
    /// Where a point lies.
    pub(super) fn locate(&self, point: Coord<f64>, clock: &Clock) -> Result<Location, Stopped> {
        let at = self.at(point, clock)?;
        if at.inside.contains(&true) {
            return Ok(Location::Interior);
        }
        match at.on.iter().filter(|on| **on).count() {
            0 => {}
            1 => return Ok(Location::Boundary),
            _ => return self.between(point, clock),
        }
        Ok(if at.on_line {
            if self.is_end(point) { Location::Boundary } else { Location::Interior }
        } else if self.points.contains(&point) {
            Location::Interior
        } else {
            Location::Exterior
        })
    }

    /// Where the place lies at which a line crosses a segment, or meets it: its position may be rounded.
    pub(super) fn locate_on(
        &self,
        segment: usize,
        point: Coord<f64>,
        clock: &Clock,
    ) -> Result<Location, Stopped> {
        let own = match self.kind(segment) {
            Kind::Line => None,
            Kind::Ring { area, .. } => Some(area),
        };
        if self.is_union() {
            let at = self.at(point, clock)?;
            let is_in_other = |(area, inside): (usize, &bool)| *inside && Some(area) != own;
            if at.inside.iter().enumerate().any(is_in_other) {
                return Ok(Location::Interior);
            }
            let is_on_other = at.on.iter().enumerate().any(|(area, on)| *on && Some(area) != own);
            match (own, is_on_other) {
                (Some(_), true) => return self.between(point, clock),
                (None, true) => return Ok(Location::Boundary),
                (_, false) => {}
            }
        }
        Ok(if own.is_some() || self.is_end(point) { Location::Boundary } else { Location::Interior })
    }

    /// Where a point lies beside the areas alone.
    pub(super) fn inside_or_on(&self, point: Coord<f64>, clock: &Clock) -> Result<Location, Stopped> {
        let at = self.at(point, clock)?;
        Ok(match (at.inside.contains(&true), at.on.contains(&true)) {
            (true, _) => Location::Interior,
            (false, true) => Location::Boundary,
            (false, false) => Location::Exterior,
        })
    }

    /// In which areas a point lies.
    pub(super) fn inside(&self, point: Coord<f64>, clock: &Clock) -> Result<Vec<bool>, Stopped> {
        Ok(self.at(point, clock)?.inside)
    }

    fn at(&self, point: Coord<f64>, clock: &Clock) -> Result<At, Stopped> {
        let mut at = At { inside: vec![false; self.areas], on: vec![false; self.areas], on_line: false };
        // The ray goes to the nearer side.
        let to_right = self.rings.high.x - point.x < point.x - self.rings.low.x;
        let mut ray = Extent { low: point, high: point };
        if self.areas > 0 && to_right {
            ray.high.x = f64::INFINITY;
        } else if self.areas > 0 {
            ray.low.x = f64::NEG_INFINITY;
        }
        let flow = self.tree.each(&ray, &mut |index| {
            if let Err(stopped) = clock.step() {
                return ControlFlow::Break(stopped);
            }
            let line = self.segments[index].line;
            let (low, high) =
                if line.start.y <= line.end.y { (line.start, line.end) } else { (line.end, line.start) };
            let side = RobustKernel::orient2d(low, high, point);
            let is_on = side == Orientation::Collinear
                && Extent::of([low, high]).meets(&Extent { low: point, high: point });
            match self.kind(index) {
                Kind::Line => at.on_line |= is_on,
                Kind::Ring { area, .. } if is_on => at.on[area] = true,
                Kind::Ring { area, .. } => {
                    let is_beside = low.y <= point.y && point.y < high.y;
                    let is_ahead = (side == Orientation::CounterClockwise) == to_right;
                    at.inside[area] ^= is_beside && side != Orientation::Collinear && is_ahead;
                }
            }
            ControlFlow::Continue(())
        });
        if let ControlFlow::Break(stopped) = flow {
            return Err(stopped);
        }
        // What is on the boundary is not inside, whatever the ray has met.
        at.inside.iter_mut().zip(&at.on).for_each(|(inside, on)| *inside &= !on);
        Ok(at)
    }

    /// A point on the boundaries of several areas: inside where they leave no room around it.
    fn between(&self, point: Coord<f64>, clock: &Clock) -> Result<Location, Stopped> {
        // Directions away from the point, each with what lies on its left and on its right.
        let mut rays: Vec<(Coord<f64>, usize, [bool; 2])> = Vec::new();
        let here = Extent { low: point, high: point };
        let flow = self.tree.each(&here, &mut |index| {
            if let Err(stopped) = clock.step() {
                return ControlFlow::Break(stopped);
            }
            let line = self.segments[index].line;
            if let Kind::Ring { area, left } = self.kind(index)
                && RobustKernel::orient2d(line.start, line.end, point) == Orientation::Collinear
            {
                if line.end != point {
                    rays.push((line.end, area, [left, !left]));
                }
                if line.start != point {
                    rays.push((line.start, area, [!left, left]));
                }
            }
            ControlFlow::Continue(())
        });
        if let ControlFlow::Break(stopped) = flow {
            return Err(stopped);
        }
        rays.sort_by(|a, b| angle::order(point, a.0, b.0));
        let mut inside = vec![false; self.areas];
        for (_, area, [left, _]) in &rays {
            inside[*area] = *left;
        }
        // Once round: after the last ray is before the first.
        for run in rays.chunk_by(|a, b| angle::order(point, a.0, b.0).is_eq()) {
            for (_, area, [left, _]) in run {
                inside[*area] = *left;
            }
            if !inside.contains(&true) {
                return Ok(Location::Boundary);
            }
        }
        Ok(Location::Interior)
    }
}
