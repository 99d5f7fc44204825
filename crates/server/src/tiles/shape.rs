//! Geometries in the units of a tile: projected, cut to the tile and a little around it, rounded. What becomes too small to have an area
//! stays as a point, so that no Item is lost.

use geo_types::{Geometry, LineString, Polygon};
use stacyard_search::Tile;

/// A tile has so many units in each direction.
pub(super) const EXTENT: u32 = 4_096;

/// What lies so many units beyond the edges is in the tile, too: lines that are cut there are not seen.
const BUFFER: f64 = 64.0;

/// A place in a tile.
pub(super) type Place = [i32; 2];

/// A geometry in a tile.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Shape {
    pub(super) points: Vec<Place>,
    pub(super) lines: Vec<Vec<Place>>,
    /// Each ring without the repetition of its first place; those around areas turn the one way, those around holes the other, and follow
    /// the ring that they lie in.
    pub(super) rings: Vec<Vec<Place>>,
}

impl Shape {
    /// Of a geometry in degrees, which goes on beyond 180 where it crosses the antimeridian.
    pub(super) fn of(geometry: &Geometry<f64>, tile: Tile) -> Self {
        let mut parts = Parts::default();
        parts.add(geometry);
        let (least, most) = parts.ends();
        let mut shape = Self::default();
        // What goes on beyond the antimeridian is on its other side.
        let turns = [(true, 0.0), (most > 180.0, -360.0), (least < -180.0, 360.0)];
        for (_, turn) in turns.into_iter().filter(|(is_there, _)| *is_there) {
            shape.draw(&parts, |[longitude, latitude]| {
                tile.place(longitude + turn, latitude).map(|part| part * f64::from(EXTENT))
            });
        }
        shape
    }

    fn draw(&mut self, parts: &Parts, project: impl Fn([f64; 2]) -> [f64; 2]) {
        let projected = |line: &Vec<[f64; 2]>| line.iter().copied().map(&project).collect::<Vec<_>>();
        self.points
            .extend(parts.points.iter().copied().map(&project).filter(|at| is_within(*at)).map(rounded));
        for line in parts.lines.iter().map(projected) {
            for piece in cut_line(&line) {
                match &distinct(&piece)[..] {
                    [] => {}
                    [one] => self.points.push(*one),
                    line => self.lines.push(line.to_vec()),
                }
            }
        }
        for polygon in &parts.polygons {
            for (index, ring) in polygon.iter().map(projected).enumerate() {
                let ring = cut_ring(ring);
                let places = open(distinct(&ring));
                let area = doubled_area(&places);
                match (places.first(), area) {
                    (None, _) => break,
                    (Some(first), 0) if index == 0 => {
                        // Its holes are no larger.
                        self.collapsed(&places, *first);
                        break;
                    }
                    (_, 0) => {}
                    (_, area) => {
                        let is_turned = (area > 0) != (index == 0);
                        self.rings.push(if is_turned { places.into_iter().rev().collect() } else { places });
                    }
                }
            }
        }
    }

    /// An area that is too narrow to be one.
    fn collapsed(&mut self, places: &[Place], first: Place) {
        if places.len() > 1 { self.lines.push(places.to_vec()) } else { self.points.push(first) }
    }
}

/// A geometry taken to pieces, in degrees.
#[derive(Default)]
struct Parts {
    points: Vec<[f64; 2]>,
    lines: Vec<Vec<[f64; 2]>>,
    polygons: Vec<Vec<Vec<[f64; 2]>>>,
}

impl Parts {
    fn add(&mut self, geometry: &Geometry<f64>) {
        let line = |line: &LineString<f64>| line.0.iter().map(|at| [at.x, at.y]).collect::<Vec<_>>();
        let polygon = |polygon: &Polygon<f64>| {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(line).collect::<Vec<_>>()
        };
        match geometry {
            Geometry::Point(point) => self.points.push([point.x(), point.y()]),
            Geometry::MultiPoint(points) => self.points.extend(points.iter().map(|at| [at.x(), at.y()])),
            Geometry::Line(one) => self.lines.push(line(&LineString::from(*one))),
            Geometry::LineString(one) => self.lines.push(line(one)),
            Geometry::MultiLineString(lines) => self.lines.extend(lines.iter().map(line)),
            Geometry::Polygon(one) => self.polygons.push(polygon(one)),
            Geometry::MultiPolygon(polygons) => self.polygons.extend(polygons.iter().map(polygon)),
            Geometry::GeometryCollection(all) => all.iter().for_each(|one| self.add(one)),
            Geometry::Rect(one) => self.polygons.push(polygon(&one.to_polygon())),
            Geometry::Triangle(one) => self.polygons.push(polygon(&one.to_polygon())),
        }
    }

    /// The least and the greatest longitude.
    fn ends(&self) -> (f64, f64) {
        let lines = self.lines.iter().chain(self.polygons.iter().flatten());
        let all = lines.flatten().chain(&self.points).map(|at| at[0]);
        all.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| (least.min(x), most.max(x)))
    }
}

const LOW: f64 = -BUFFER;
const HIGH: f64 = EXTENT as f64 + BUFFER;

fn is_within(at: [f64; 2]) -> bool {
    at.iter().all(|part| (LOW..=HIGH).contains(part))
}

#[expect(clippy::cast_possible_truncation, reason = "it lies within the tile, or a little beyond")]
fn rounded(at: [f64; 2]) -> Place {
    at.map(|part| part.round() as i32)
}

/// The places, without those that follow themselves.
fn distinct(line: &[[f64; 2]]) -> Vec<Place> {
    let mut places: Vec<Place> = line.iter().copied().map(rounded).collect();
    places.dedup();
    places
}

/// A ring without the repetition of its first place.
fn open(mut ring: Vec<Place>) -> Vec<Place> {
    while ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    ring
}

/// Twice the area within a ring; positive where it turns as rings around areas do in a tile (section 4.3.4.4).
fn doubled_area(ring: &[Place]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1]))
        .sum()
}

/// The edges of the tile with what is around it: the axis, the place on it, and whether what is greater lies within.
const EDGES: [(usize, f64, bool); 4] = [(0, LOW, true), (0, HIGH, false), (1, LOW, true), (1, HIGH, false)];

/// Cuts a ring, edge by edge (Sutherland and Hodgman). Of an area that falls apart the parts stay joined along the edge, out of sight.
fn cut_ring(ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    if ring.iter().all(|at| is_within(*at)) {
        return ring;
    }
    EDGES.iter().fold(ring, |ring, &(axis, edge, is_greater)| {
        let is_inside = |at: [f64; 2]| if is_greater { at[axis] >= edge } else { at[axis] <= edge };
        let mut cut = Vec::with_capacity(ring.len());
        let Some(mut before) = ring.last().copied() else { return cut };
        for at in ring {
            if is_inside(at) != is_inside(before) {
                cut.push(crossing(before, at, axis, edge));
            }
            if is_inside(at) {
                cut.push(at);
            }
            before = at;
        }
        cut
    })
}

/// Where the line between two places crosses an edge.
fn crossing(a: [f64; 2], b: [f64; 2], axis: usize, edge: f64) -> [f64; 2] {
    let part = (edge - a[axis]) / (b[axis] - a[axis]);
    let other = 1 - axis;
    let mut at = [edge; 2];
    at[other] = a[other] + (b[other] - a[other]) * part;
    at
}

/// The pieces of a line that lie within.
fn cut_line(line: &[[f64; 2]]) -> Vec<Vec<[f64; 2]>> {
    let mut pieces: Vec<Vec<[f64; 2]>> = Vec::new();
    // Whether the last piece ends where the next segment begins.
    let mut goes_on = false;
    for two in line.windows(2) {
        let Some([start, end]) = cut_segment(two[0], two[1]) else {
            goes_on = false;
            continue;
        };
        let at = |part: f64| [0, 1].map(|axis| two[0][axis] + (two[1][axis] - two[0][axis]) * part);
        match pieces.last_mut().filter(|_| goes_on && start <= 0.0) {
            Some(piece) => piece.push(at(end)),
            None => pieces.push(vec![at(start), at(end)]),
        }
        goes_on = end >= 1.0;
    }
    pieces
}

/// Which part of a segment lies within, from 0 to 1 (Liang and Barsky).
fn cut_segment(a: [f64; 2], b: [f64; 2]) -> Option<[f64; 2]> {
    let (mut start, mut end) = (0.0_f64, 1.0_f64);
    for (axis, edge, is_greater) in EDGES {
        let (step, left) = (b[axis] - a[axis], edge - a[axis]);
        let (step, left) = if is_greater { (step, left) } else { (-step, -left) };
        if step == 0.0 {
            if left > 0.0 {
                return None;
            }
        } else if step > 0.0 {
            start = start.max(left / step);
        } else {
            end = end.min(left / step);
        }
    }
    (start <= end).then_some([start, end])
}

#[cfg(test)]
mod tests {
    use geo_types::{coord, polygon};

    use super::*;

    fn tile(zoom: u8, x: u32, y: u32) -> Tile {
        Tile::new(zoom, x, y).unwrap()
    }

    #[test]
    fn areas_are_cut_and_turn_the_right_way() {
        let world =
            polygon![(x: -180.0, y: -90.0), (x: -180.0, y: 90.0), (x: 180.0, y: 90.0), (x: 180.0, y: -90.0)];
        let shape = Shape::of(&world.into(), tile(3, 4, 4));
        assert_eq!(shape.rings.len(), 1);
        assert_eq!(doubled_area(&shape.rings[0]), 2 * 4224 * 4224);
        let with_hole = polygon!(
            exterior: [(x: 0.0, y: 0.0), (x: 40.0, y: 0.0), (x: 40.0, y: 40.0), (x: 0.0, y: 40.0)],
            interiors: [[(x: 10.0, y: 10.0), (x: 20.0, y: 10.0), (x: 20.0, y: 20.0), (x: 10.0, y: 20.0)]],
        );
        let shape = Shape::of(&with_hole.into(), tile(0, 0, 0));
        let turns: Vec<bool> = shape.rings.iter().map(|ring| doubled_area(ring) > 0).collect();
        assert_eq!(turns, [true, false]);
    }

    #[test]
    fn what_is_small_is_a_point_and_what_is_narrow_a_line() {
        let small = polygon![(x: 10.0, y: 10.0), (x: 10.0001, y: 10.0), (x: 10.0001, y: 10.0001)];
        let shape = Shape::of(&small.into(), tile(0, 0, 0));
        assert_eq!((shape.points.len(), shape.lines.len(), shape.rings.len()), (1, 0, 0));
        // Beyond the last latitude of the map all is on its edge.
        let polar = polygon![(x: 0.0, y: 86.0), (x: 40.0, y: 86.0), (x: 40.0, y: 89.0), (x: 0.0, y: 89.0)];
        let shape = Shape::of(&polar.into(), tile(0, 0, 0));
        assert_eq!((shape.points.len(), shape.lines.len(), shape.rings.len()), (0, 1, 0));
        assert!(shape.lines[0].iter().all(|at| at[1] == 0));
    }

    #[test]
    fn what_crosses_the_antimeridian_is_on_both_sides() {
        let leap =
            polygon![(x: 170.0, y: 0.0), (x: -170.0, y: 0.0), (x: -170.0, y: 10.0), (x: 170.0, y: 10.0)];
        let beyond = stacyard_picture::across(leap.clone().into());
        for x in [0, 7] {
            assert_eq!(Shape::of(&beyond, tile(3, x, 3)).rings.len(), 1, "{x}");
        }
        assert_eq!(Shape::of(&beyond, tile(3, 3, 3)), Shape::default());
        // As it stands it is what it says: planar, all around the world.
        assert_eq!(Shape::of(&leap.into(), tile(3, 3, 3)).rings.len(), 1);
    }

    #[test]
    fn lines_are_cut_where_they_leave() {
        let line =
            LineString(vec![coord!(x: -200.0, y: 0.0), coord!(x: 0.0, y: 0.0), coord!(x: 200.0, y: 0.0)]);
        let shape = Shape::of(&line.into(), tile(1, 0, 0));
        // From the west of the tile to its east, 64 units beyond both edges; and what comes from beyond the antimeridian.
        assert!(
            shape.lines.iter().any(|line| line[0] == [-64, 4096] && line[line.len() - 1] == [4160, 4096]),
            "{shape:?}"
        );
    }
}
