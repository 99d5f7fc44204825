//! Which segments of a geometry lie near a place: boxes around runs of segments, and boxes around runs of these.
//!
//! Segments that follow one another lie near one another, so that the order of the geometry serves as it is.

use std::ops::ControlFlow;

use geo_types::{Coord, Rect};

/// How many boxes stand in one of the next level.
const FAN: usize = 8;

/// A box with ends that may be infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Extent {
    pub(crate) low: Coord<f64>,
    pub(crate) high: Coord<f64>,
}

impl Extent {
    /// Of nothing.
    pub(crate) const EMPTY: Self = Self {
        low: Coord { x: f64::INFINITY, y: f64::INFINITY },
        high: Coord { x: f64::NEG_INFINITY, y: f64::NEG_INFINITY },
    };

    pub(crate) fn of(points: impl IntoIterator<Item = Coord<f64>>) -> Self {
        points.into_iter().fold(Self::EMPTY, |extent, point| extent.with(&Self { low: point, high: point }))
    }

    pub(crate) fn with(&self, other: &Self) -> Self {
        Self {
            low: Coord { x: self.low.x.min(other.low.x), y: self.low.y.min(other.low.y) },
            high: Coord { x: self.high.x.max(other.high.x), y: self.high.y.max(other.high.y) },
        }
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.low.x <= other.high.x
            && other.low.x <= self.high.x
            && self.low.y <= other.high.y
            && other.low.y <= self.high.y
    }

    /// Whether all of the other lies within; what is empty lies anywhere.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.low.x <= other.low.x
            && self.low.y <= other.low.y
            && self.high.x >= other.high.x
            && self.high.y >= other.high.y
    }
}

impl From<Rect<f64>> for Extent {
    fn from(rect: Rect<f64>) -> Self {
        Self { low: rect.min(), high: rect.max() }
    }
}

/// The boxes of all segments, level by level; the last level is one box or none.
#[derive(Debug)]
pub(crate) struct Tree(Vec<Vec<Extent>>);

impl Tree {
    pub(crate) fn new(leaves: Vec<Extent>) -> Self {
        let mut levels = vec![leaves];
        while let Some(last) = levels.last().filter(|last| last.len() > 1) {
            let next = last.chunks(FAN).map(|run| run.iter().fold(Extent::EMPTY, |all, one| all.with(one)));
            levels.push(next.collect());
        }
        Self(levels)
    }

    /// The box around all.
    pub(crate) fn extent(&self) -> Extent {
        self.0.last().and_then(|level| level.first()).copied().unwrap_or(Extent::EMPTY)
    }

    /// Visits the segments whose boxes meet this one, in order, until `visit` has had enough.
    pub(crate) fn each<B>(
        &self,
        near: &Extent,
        visit: &mut impl FnMut(usize) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.walk(near, &mut |index| index.map_or(ControlFlow::Continue(()), &mut *visit))
    }

    /// The same; `visit` is told of each box around others that is looked into as well, without an index.
    pub(crate) fn walk<B>(
        &self,
        near: &Extent,
        visit: &mut impl FnMut(Option<usize>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.below(self.0.len() - 1, 0, near, visit)
    }

    fn below<B>(
        &self,
        level: usize,
        first: usize,
        near: &Extent,
        visit: &mut impl FnMut(Option<usize>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let boxes = &self.0[level];
        for (index, one) in boxes.iter().enumerate().skip(first).take(FAN) {
            if !one.meets(near) {
                continue;
            }
            if level == 0 {
                visit(Some(index))?;
            } else {
                visit(None)?;
                self.below(level - 1, index * FAN, near, visit)?;
            }
        }
        ControlFlow::Continue(())
    }
}
