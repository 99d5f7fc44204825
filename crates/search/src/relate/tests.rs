//! Matrices of GEOS 3.14 (`shapely.relate`) for pairs that meet themselves, lie edge on edge, or overlap themselves; and what is
//! valid. `interop/test_predicates.py` compares thousands of such pairs, made at random.

use super::*;
use crate::cql2::{Expr, Literal, SpatialOp};
use crate::stop::Stop;

/// What GEOS says of each pair.
const MATRICES: &[(&str, &str, &str)] = &[
    // A line that touches itself, and shares a segment.
    ("LINESTRING(0 0,4 0,4 2,2 0)", "LINESTRING(1 0,3 0)", "1010F0FF2"),
    // A line that crosses itself, and shares a segment.
    ("LINESTRING(0 0,4 0,4 2,1 -1)", "LINESTRING(3 0,6 0)", "101FF0102"),
    // A closed line that crosses itself.
    ("LINESTRING(0 0,4 4,4 0,0 4,0 0)", "LINESTRING(1 1,3 3)", "101FFFFF2"),
    // A closed line that crosses itself, cut in its crossing.
    ("LINESTRING(0 0,4 4,4 0,0 4,0 0)", "LINESTRING(0 2,4 2)", "001FFF1F2"),
    // An end on the crossing of the other.
    ("LINESTRING(0 0,4 4,4 0,0 4)", "LINESTRING(2 2,2 9)", "F01FF0102"),
    // A line that goes back on itself.
    ("LINESTRING(0 0,4 0,2 0)", "LINESTRING(1 0,3 0)", "1010F0FF2"),
    // The same with the other turned round.
    ("LINESTRING(0 0,4 0,2 0)", "LINESTRING(4 0,0 0)", "10F00FFF2"),
    // A closed line beside one end of another.
    ("LINESTRING(0 0,2 0,2 2,0 0)", "LINESTRING(0 0,-3 0)", "F01FFF102"),
    // An end in the middle of its own line.
    ("LINESTRING(0 0,4 0,4 3,2 0)", "LINESTRING(2 0,2 -5)", "FF1F00102"),
    // Repeated positions.
    ("LINESTRING(0 0,0 0,2 0,2 0,4 0)", "LINESTRING(1 0,1 0,3 0)", "101FF0FF2"),
    // Two lines that end together are no boundary there.
    ("MULTILINESTRING((0 0,2 0),(2 0,4 0))", "LINESTRING(2 0,2 5)", "F01FF0102"),
    // Three lines that end together are.
    ("MULTILINESTRING((0 0,2 0),(2 0,4 0),(2 0,2 -2))", "LINESTRING(2 0,2 5)", "FF1F00102"),
    // Lines that lie on one another.
    ("MULTILINESTRING((0 0,3 0),(1 0,4 0))", "LINESTRING(0 0,4 0)", "1FF00FFF2"),
    // An end on the inside of another member.
    ("MULTILINESTRING((0 0,4 0),(2 0,2 3))", "POINT(2 0)", "FF10F0FF2"),
    // A crossing that is the end of a member.
    ("MULTILINESTRING((0 0,4 4),(2 2,6 2))", "LINESTRING(0 4,4 0)", "FF10F0102"),
    // A line equal to one in pieces.
    ("LINESTRING(0 0,4 0)", "MULTILINESTRING((0 0,1 0),(1 0,4 0))", "1FFF0FFF2"),
    // A line along an edge.
    ("LINESTRING(1 0,3 0)", "POLYGON((0 0,4 0,4 4,0 4,0 0))", "F1FF0F212"),
    // A line along an edge and into the polygon.
    ("LINESTRING(1 0,3 0,3 2)", "POLYGON((0 0,4 0,4 4,0 4,0 0))", "11F00F212"),
    // A line through two corners.
    ("LINESTRING(-1 -1,5 5)", "POLYGON((0 0,4 0,4 4,0 4,0 0))", "101FF0212"),
    // A line that touches a corner.
    ("LINESTRING(-1 1,1 -1)", "POLYGON((0 0,4 0,4 4,0 4,0 0))", "F01FF0212"),
    // A line within that ends on the edge.
    ("LINESTRING(1 1,4 2)", "POLYGON((0 0,4 0,4 4,0 4,0 0))", "1FF00F212"),
    // The ring as a line.
    ("LINESTRING(0 0,4 0,4 4,0 4,0 0)", "POLYGON((0 0,4 0,4 4,0 4,0 0))", "F1FFFF2F2"),
    // A line in the hole, along its edge.
    ("LINESTRING(1 1,2 1,2 2)", "POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,1 3,3 3,3 1,1 1))", "F11F00212"),
    // A point on an edge.
    ("POINT(2 0)", "POLYGON((0 0,4 0,4 4,0 4,0 0))", "F0FFFF212"),
    // Points in and on.
    ("MULTIPOINT((1 1),(4 4))", "POLYGON((0 0,4 0,4 4,0 4,0 0))", "00FFFF212"),
    // Points on the ends and within.
    ("MULTIPOINT((0 0),(2 0))", "LINESTRING(0 0,4 0)", "00FFFF102"),
    // A point on a crossing.
    ("POINT(2 2)", "LINESTRING(0 0,4 4,4 0,0 4)", "0FFFFF102"),
    // Points level with the corners on their right and left.
    ("POINT(1 0)", "POLYGON((0 -2,2 0,0 2,-2 0,0 -2))", "0FFFFF212"),
    ("POINT(-1 0)", "POLYGON((0 -2,2 0,0 2,-2 0,0 -2))", "0FFFFF212"),
    // Neighbours that share a part of an edge.
    ("POLYGON((0 0,4 0,4 4,0 4,0 0))", "POLYGON((4 1,8 1,8 3,4 3,4 1))", "FF2F11212"),
    // Polygons that touch in a corner.
    ("POLYGON((0 0,4 0,4 4,0 4,0 0))", "POLYGON((4 4,8 4,8 8,4 4))", "FF2F01212"),
    // A polygon that fills the hole.
    ("POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,1 3,3 3,3 1,1 1))", "POLYGON((1 1,3 1,3 3,1 3,1 1))", "FF2F112F2"),
    // A polygon within, along an edge.
    ("POLYGON((0 0,2 0,2 2,0 2,0 0))", "POLYGON((0 0,4 0,4 4,0 4,0 0))", "2FF11F212"),
    // The same polygon from another corner.
    ("POLYGON((0 0,4 0,4 4,0 4,0 0))", "POLYGON((4 4,0 4,0 2,0 0,4 0,4 4))", "2FFF1FFF2"),
    // A hole that touches the edge.
    ("POLYGON((0 0,4 0,4 4,0 4,0 0),(0 0,2 1,1 2,0 0))", "LINESTRING(0 0,2 2)", "1020011F2"),
    // Members that touch.
    ("MULTIPOLYGON(((0 0,2 0,2 2,0 2,0 0)),((2 2,4 2,4 4,2 4,2 2)))", "LINESTRING(0 0,4 4)", "1F2001FF2"),
    // Members of a collection side by side.
    (
        "GEOMETRYCOLLECTION(POLYGON((0 0,2 0,2 4,0 4,0 0)),POLYGON((2 0,4 0,4 4,2 4,2 0)))",
        "LINESTRING(2 1,2 3)",
        "102FF1FF2",
    ),
    // A point between them.
    (
        "GEOMETRYCOLLECTION(POLYGON((0 0,2 0,2 4,0 4,0 0)),POLYGON((2 0,4 0,4 4,2 4,2 0)))",
        "POINT(2 2)",
        "0F2FF1FF2",
    ),
    // Members that overlap.
    (
        "GEOMETRYCOLLECTION(POLYGON((0 0,3 0,3 4,0 4,0 0)),POLYGON((2 0,4 0,4 4,2 4,2 0)))",
        "POLYGON((0 0,4 0,4 4,0 4,0 0))",
        "2FFF1FFF2",
    ),
    // A line of a collection within its polygon.
    (
        "GEOMETRYCOLLECTION(POLYGON((0 0,4 0,4 4,0 4,0 0)),LINESTRING(1 1,6 1))",
        "LINESTRING(2 1,5 1)",
        "1020F1FF2",
    ),
    // Its end there is no boundary.
    ("GEOMETRYCOLLECTION(POLYGON((0 0,4 0,4 4,0 4,0 0)),LINESTRING(1 1,6 1))", "POINT(1 1)", "0F2FF1FF2"),
];

fn geometry(wkt: &str) -> Prepared {
    let Expr::Spatial(_, shape, _) = Expr::parse(&format!("S_INTERSECTS({wkt}, geometry)")).unwrap() else {
        panic!("{wkt}")
    };
    let Expr::Literal(Literal::Geometry(shape)) = *shape else { panic!("{wkt}") };
    Prepared::new(&shape)
}

#[test]
fn matrices_are_those_of_geos() {
    for (left, right, wanted) in MATRICES {
        let (a, b) = (geometry(left), geometry(right));
        let matrix = relate(&a, &b, &Clock::default()).unwrap();
        assert_eq!(matrix.to_string(), *wanted, "{left} {right}");
        assert_eq!(relate(&b, &a, &Clock::default()).unwrap(), matrix.transposed(), "{right} {left}");
        let disjoint = matrix.holds(SpatialOp::Disjoint, (a.dimension(), b.dimension()));
        assert_eq!(meet(&a, &b, &Clock::default()).unwrap(), !disjoint, "{left} {right}");
    }
}

#[test]
fn a_line_of_no_length_is_a_point() {
    let (a, b) = (geometry("LINESTRING(2 2,2 2)"), geometry("LINESTRING(0 0,4 4)"));
    assert_eq!(relate(&a, &b, &Clock::default()).unwrap().to_string(), "0FFFFF102");
}

#[test]
fn a_line_that_meets_itself_overlaps_what_shares_a_segment() {
    let (a, b) = (geometry("LINESTRING(0 0,4 0,4 2,1 -1)"), geometry("LINESTRING(3 0,6 0)"));
    let matrix = relate(&a, &b, &Clock::default()).unwrap();
    assert!(matrix.holds(SpatialOp::Overlaps, (1, 1)) && !matrix.holds(SpatialOp::Crosses, (1, 1)));
    let (a, b) = (geometry("LINESTRING(0 0,4 4)"), geometry("LINESTRING(0 4,4 0)"));
    let matrix = relate(&a, &b, &Clock::default()).unwrap();
    assert!(!matrix.holds(SpatialOp::Overlaps, (1, 1)) && matrix.holds(SpatialOp::Crosses, (1, 1)));
}

/// A box is enough where no boundary and no point may be in it.
#[test]
fn a_box_lies_as_a_whole_where_nothing_of_the_geometry_is() {
    let square = "POLYGON((0 0,4 0,4 4,0 4,0 0))";
    for (wkt, wanted) in [
        (square, Some(Location::Interior)),
        ("POLYGON((9 9,10 9,10 10,9 9))", Some(Location::Exterior)),
        ("POLYGON((0 0,2 0,2 2,0 2,0 0))", None),
        ("LINESTRING(0 0,2 2)", None),
        // A point within the box is met by no segment, and is not at its corner.
        ("POINT(2 2)", None),
        ("GEOMETRYCOLLECTION(POLYGON((9 9,10 9,10 10,9 9)),POINT(2 2))", None),
    ] {
        let place = Extent { low: (1.0, 1.0).into(), high: (3.0, 3.0).into() };
        assert_eq!(geometry(wkt).around(&place, &Clock::default()), Ok(wanted), "{wkt}");
    }
}

#[test]
fn flaws_are_found_where_they_are() {
    for (wkt, wanted) in [
        ("POLYGON((0 0,4 4,4 0,0 4,0 0))", Some("a ring that crosses itself near 2 2")),
        ("POLYGON((0 0,4 0,4 4,2 4,2 -1,0 -1,0 0))", Some("a ring that crosses itself near 2 0")),
        ("POLYGON((0 0,4 0,2 0,4 0,4 4,0 0))", Some("a ring that runs along itself near 4 0")),
        // In a position of its own.
        ("POLYGON((0 0,2 2,4 4,4 0,2 2,0 4,0 0))", Some("a ring that crosses itself near 2 2")),
        ("POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,5 2,1 3,1 1))", Some("two rings that cross near 4 1.75")),
        (
            "POLYGON((0 0,4 0,4 4,0 4,0 0),(0 1,2 1,2 2,0 2,0 1))",
            Some("two rings that share an edge near 0 2"),
        ),
        (
            "POLYGON((0 0,4 0,4 4,0 4,0 0),(5 5,6 5,6 6,5 5))",
            Some("a hole that is not inside its polygon near 5.5 5"),
        ),
        (
            "MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0)),((1 1,2 1,2 2,1 1)))",
            Some("a polygon inside another near 1.5 1"),
        ),
        ("MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0)),((3 1,6 1,6 2,3 1)))", Some("two rings that cross near 4 1")),
        // What touches in points has an inside.
        ("POLYGON((0 0,4 0,4 4,0 4,0 0),(0 0,2 1,1 2,0 0))", None),
        ("POLYGON((0 0,4 0,2 2,4 4,0 4,2 2,0 0))", None),
        ("MULTIPOLYGON(((0 0,2 0,2 2,0 2,0 0)),((2 2,4 2,4 4,2 4,2 2)))", None),
        ("MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0),(1 1,8 1,8 8,1 8,1 1)),((2 2,4 2,4 4,2 4,2 2)))", None),
        ("GEOMETRYCOLLECTION(POLYGON((0 0,4 0,4 4,0 0)),POLYGON((0 0,4 0,4 4,0 0)))", None),
        ("LINESTRING(0 0,4 4,4 0,0 4)", None),
    ] {
        let flaw = geometry(wkt).flaw(&Clock::default()).unwrap().map(|flaw| flaw.to_string());
        assert_eq!(flaw.as_deref(), wanted, "{wkt}");
    }
}

/// A comb of long slanting teeth: the boxes of all of them meet one another.
fn comb(teeth: u32) -> Prepared {
    let tooth = |n: u32| {
        let x = f64::from(n) / f64::from(teeth);
        [(x, 0.0), (x + 50.0, 50.0)]
    };
    let ring: Vec<(f64, f64)> = (0..teeth).flat_map(tooth).chain([(60.0, -1.0), (0.0, 0.0)]).collect();
    Prepared::new(&geo_types::Polygon::new(ring.into(), Vec::new()).into())
}

/// Without a bound it would take minutes.
#[test]
fn the_looks_at_whether_a_geometry_is_valid_are_bounded() {
    assert_eq!(comb(50).flaw(&Clock::default()), Ok(None));
    let large = comb(50_000);
    assert_eq!(large.flaw(&Clock::default()), Ok(None));
    let over = Stop::after(std::time::Duration::ZERO);
    assert!(large.flaw(&Clock::new(&over)).is_err());
}
