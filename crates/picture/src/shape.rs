//! Geometries taken to pieces: places, lines, areas.

use geo_types::{Geometry, LineString, Polygon};

use crate::view::View;

/// A piece of a geometry, in degrees, turned to where a view is.
pub(crate) enum Piece {
    Point([f64; 2]),
    Line(Vec<[f64; 2]>),
    /// Its rings: the outer one, and those of holes.
    Area(Vec<Vec<[f64; 2]>>),
}

/// The pieces that a view meets, each as often as it is seen.
pub(crate) fn pieces(geometry: &Geometry<f64>, view: View) -> Vec<Piece> {
    let mut pieces = Vec::new();
    each(geometry, &mut |piece| {
        let (west, east) = piece.ends();
        pieces.extend(view.turns(west, east).map(|turn| piece.turned(turn)));
    });
    pieces
}

impl Piece {
    fn places(&self) -> Box<dyn Iterator<Item = &[f64; 2]> + '_> {
        match self {
            Self::Point(at) => Box::new(std::iter::once(at)),
            Self::Line(line) => Box::new(line.iter()),
            Self::Area(rings) => Box::new(rings.iter().flatten()),
        }
    }

    fn ends(&self) -> (f64, f64) {
        let all = self.places().map(|at| at[0]);
        all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
    }

    fn turned(&self, turn: f64) -> Self {
        let line = |line: &Vec<[f64; 2]>| line.iter().map(|[x, y]| [x + turn, *y]).collect();
        match self {
            Self::Point([x, y]) => Self::Point([x + turn, *y]),
            Self::Line(places) => Self::Line(line(places)),
            Self::Area(rings) => Self::Area(rings.iter().map(line).collect()),
        }
    }
}

fn each(geometry: &Geometry<f64>, visit: &mut impl FnMut(Piece)) {
    let line = |line: &LineString<f64>| line.0.iter().map(|at| [at.x, at.y]).collect::<Vec<_>>();
    let area = |polygon: &Polygon<f64>| {
        Piece::Area(std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(line).collect())
    };
    match geometry {
        Geometry::Point(point) => visit(Piece::Point([point.x(), point.y()])),
        Geometry::MultiPoint(points) => points.iter().for_each(|at| visit(Piece::Point([at.x(), at.y()]))),
        Geometry::Line(one) => visit(Piece::Line(line(&LineString::from(*one)))),
        Geometry::LineString(one) => visit(Piece::Line(line(one))),
        Geometry::MultiLineString(lines) => lines.iter().for_each(|one| visit(Piece::Line(line(one)))),
        Geometry::Polygon(one) => visit(area(one)),
        Geometry::MultiPolygon(polygons) => polygons.iter().for_each(|one| visit(area(one))),
        Geometry::Rect(one) => visit(area(&one.to_polygon())),
        Geometry::Triangle(one) => visit(area(&one.to_polygon())),
        Geometry::GeometryCollection(all) => all.iter().for_each(|one| each(one, visit)),
    }
}
