//! A geometry taken apart and indexed, so that others can be looked at beside it quickly.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use geo::algorithm::line_intersection::{LineIntersection, line_intersection};
use geo_types::{Coord, Geometry, Line, LineString, Polygon};

use super::index::{Extent, Tree};

/// Points, lines and rings, each as segments.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(super) segments: Vec<Segment>,
    pub(super) tree: Tree,
    pub(super) parts: Vec<Part>,
    /// Points, and lines of no length.
    pub(super) points: Vec<Coord<f64>>,
    /// The ends of lines that are their boundary (06-103r4 section 6.1.8: where an odd number of lines end), in order.
    pub(super) ends: Vec<Coord<f64>>,
    /// Polygons that know nothing of one another: the members of a collection. A multipolygon is one.
    pub(super) areas: usize,
    pub(super) lines: Extent,
    pub(super) rings: Extent,
    pub(super) extent: Extent,
}

/// A part of a line or ring that has a length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) line: Line<f64>,
    pub(super) part: usize,
}

/// A line or ring.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) kind: Kind,
    /// The first of its segments.
    pub(super) first: usize,
    pub(super) is_hole: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Line,
    Ring {
        area: usize,
        /// Whether the polygon lies on its left.
        left: bool,
    },
}

impl Prepared {
    pub(crate) fn new(geometry: &Geometry<f64>) -> Self {
        let mut builder = Builder::default();
        builder.add(geometry);
        builder.finish()
    }

    /// Two for areas, one for lines, zero for points.
    pub(crate) fn dimension(&self) -> u8 {
        match (self.areas, self.segments.is_empty()) {
            (0, true) => 0,
            (0, false) => 1,
            _ => 2,
        }
    }

    /// Whether parts of it can lie on one another though it is valid.
    pub(super) fn is_union(&self) -> bool {
        self.areas > 1 || (self.areas == 1 && self.lines != Extent::EMPTY)
    }

    pub(super) fn is_end(&self, point: Coord<f64>) -> bool {
        self.ends.binary_search_by(|end| order(end, &point)).is_ok()
    }

    pub(super) fn kind(&self, segment: usize) -> Kind {
        self.parts[self.segments[segment].part].kind
    }

    /// Visits the segments that meet a line, with what they share.
    pub(super) fn each_meeting<B>(
        &self,
        line: Line<f64>,
        visit: &mut impl FnMut(usize, LineIntersection<f64>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.tree.each(&Extent::of([line.start, line.end]), &mut |index| match line_intersection(
            line,
            self.segments[index].line,
        ) {
            Some(shared) => visit(index, shared),
            None => ControlFlow::Continue(()),
        })
    }
}

/// By x, then y.
pub(super) fn order(a: &Coord<f64>, b: &Coord<f64>) -> Ordering {
    a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
}

#[derive(Default)]
struct Builder {
    segments: Vec<Segment>,
    parts: Vec<Part>,
    points: Vec<Coord<f64>>,
    ends: Vec<Coord<f64>>,
    areas: usize,
}

impl Builder {
    fn add(&mut self, geometry: &Geometry<f64>) {
        match geometry {
            Geometry::Point(point) => self.points.push(plain(point.0)),
            Geometry::MultiPoint(points) => self.points.extend(points.iter().map(|point| plain(point.0))),
            Geometry::Line(line) => self.line(&LineString::from(*line)),
            Geometry::LineString(line) => self.line(line),
            Geometry::MultiLineString(lines) => lines.iter().for_each(|line| self.line(line)),
            Geometry::Polygon(polygon) => self.area([polygon]),
            Geometry::MultiPolygon(polygons) => self.area(polygons),
            Geometry::Rect(rect) => self.area([&rect.to_polygon()]),
            Geometry::Triangle(triangle) => self.area([&triangle.to_polygon()]),
            Geometry::GeometryCollection(list) => list.iter().for_each(|member| self.add(member)),
        }
    }

    fn line(&mut self, line: &LineString<f64>) {
        let (Some(first), Some(last)) = (line.0.first(), line.0.last()) else { return };
        let before = self.segments.len();
        self.part(line, Kind::Line, false);
        if self.segments.len() == before {
            self.points.push(plain(*first));
        } else {
            self.ends.extend([plain(*first), plain(*last)]);
        }
    }

    fn area<'p>(&mut self, polygons: impl IntoIterator<Item = &'p Polygon<f64>>) {
        let before = self.segments.len();
        let area = self.areas;
        for polygon in polygons {
            for (ring, is_hole) in std::iter::once((polygon.exterior(), false))
                .chain(polygon.interiors().iter().map(|hole| (hole, true)))
            {
                let left = is_counterclockwise(ring) != is_hole;
                self.part(ring, Kind::Ring { area, left }, is_hole);
            }
        }
        self.areas += usize::from(self.segments.len() > before);
    }

    fn part(&mut self, line: &LineString<f64>, kind: Kind, is_hole: bool) {
        let first = self.segments.len();
        let part = self.parts.len();
        for line in line.lines().map(|line| Line::new(plain(line.start), plain(line.end))) {
            if line.start != line.end {
                self.segments.push(Segment { line, part });
            }
        }
        if self.segments.len() > first {
            self.parts.push(Part { kind, first, is_hole });
        }
    }

    fn finish(mut self) -> Prepared {
        self.ends.sort_unstable_by(order);
        let odd = self.ends.chunk_by(|a, b| a == b).filter(|run| run.len() % 2 == 1);
        let ends = odd.filter_map(|run| run.first().copied()).collect();
        let extents: Vec<Extent> =
            self.segments.iter().map(|segment| Extent::of([segment.line.start, segment.line.end])).collect();
        let (mut lines, mut rings) = (Extent::EMPTY, Extent::EMPTY);
        for (segment, extent) in self.segments.iter().zip(&extents) {
            let whole = if self.parts[segment.part].kind == Kind::Line { &mut lines } else { &mut rings };
            *whole = whole.with(extent);
        }
        let tree = Tree::new(extents);
        let extent = tree.extent().with(&Extent::of(self.points.iter().copied()));
        Prepared {
            segments: self.segments,
            tree,
            parts: self.parts,
            points: self.points,
            ends,
            areas: self.areas,
            lines,
            rings,
            extent,
        }
    }
}

/// Without negative zeros: equal positions are the same bits.
fn plain(at: Coord<f64>) -> Coord<f64> {
    Coord { x: at.x + 0.0, y: at.y + 0.0 }
}

/// By the area between the ring and its first position.
fn is_counterclockwise(ring: &LineString<f64>) -> bool {
    let Some(&from) = ring.0.first() else { return false };
    let twice: f64 = ring
        .lines()
        .map(|line| {
            let (a, b) = (line.start - from, line.end - from);
            a.x * b.y - a.y * b.x
        })
        .sum();
    twice > 0.0
}
