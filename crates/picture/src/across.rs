//! Geometries across the antimeridian that are not cut there (RFC 7946 section 3.1.9 wants them cut): drawn as they stand they would go around
//! the world.

use geo_types::{Coord, Geometry, LineString, Polygon};

/// Whether a `bbox` says that its Item crosses the antimeridian: its west is beyond its east (RFC 7946 section 5.2).
pub fn is_across(bbox: &[f64]) -> bool {
    matches!(bbox, [west, _, east, _] | [west, _, _, east, _, _] if west > east)
}

/// The geometry of an Item that crosses the antimeridian, with what is in the west beyond 180 degrees. Where no line of it goes further
/// than half of the world in one step it is cut already, and stays.
#[must_use]
pub fn across(mut geometry: Geometry<f64>) -> Geometry<f64> {
    let mut leaps = false;
    each_line(&mut geometry, &mut |line| {
        leaps |= line.windows(2).any(|two| (two[0].x - two[1].x).abs() > 180.0);
    });
    if leaps {
        each_line(&mut geometry, &mut |line| {
            for at in line.iter_mut().filter(|at| at.x < 0.0) {
                at.x += 360.0;
            }
        });
    }
    geometry
}

fn each_line(geometry: &mut Geometry<f64>, visit: &mut impl FnMut(&mut [Coord<f64>])) {
    match geometry {
        Geometry::LineString(line) => visit(&mut line.0),
        Geometry::MultiLineString(lines) => lines.0.iter_mut().for_each(|line| visit(&mut line.0)),
        Geometry::Polygon(one) => each_ring(one, visit),
        Geometry::MultiPolygon(all) => all.0.iter_mut().for_each(|one| each_ring(one, visit)),
        Geometry::GeometryCollection(all) => all.0.iter_mut().for_each(|one| each_line(one, visit)),
        // A place goes nowhere, and no Item is one of the others.
        Geometry::Point(_)
        | Geometry::MultiPoint(_)
        | Geometry::Line(_)
        | Geometry::Rect(_)
        | Geometry::Triangle(_) => {}
    }
}

fn each_ring(polygon: &mut Polygon<f64>, visit: &mut impl FnMut(&mut [Coord<f64>])) {
    polygon.exterior_mut(|ring| visit(&mut ring.0));
    polygon
        .interiors_mut(|rings: &mut [LineString<f64>]| rings.iter_mut().for_each(|ring| visit(&mut ring.0)));
}

#[cfg(test)]
mod tests {
    use geo_types::polygon;

    use super::*;

    #[test]
    fn what_leaps_goes_on_and_what_is_cut_stays() {
        let leap = polygon![(x: 179.0, y: 0.0), (x: -179.0, y: 0.0), (x: -179.0, y: 1.0), (x: 179.0, y: 1.0)];
        let beyond = polygon![(x: 179.0, y: 0.0), (x: 181.0, y: 0.0), (x: 181.0, y: 1.0), (x: 179.0, y: 1.0)];
        assert_eq!(across(leap.into()), beyond.into());
        let cut = polygon![(x: -180.0, y: 0.0), (x: -179.0, y: 0.0), (x: -179.0, y: 1.0)];
        assert_eq!(across(cut.clone().into()), cut.into());
        assert!(is_across(&[179.0, 0.0, -179.0, 1.0]) && is_across(&[179.0, 0.0, 5.0, -179.0, 1.0, 6.0]));
        assert!(!is_across(&[-180.0, 0.0, 180.0, 1.0]) && !is_across(&[]));
    }
}
