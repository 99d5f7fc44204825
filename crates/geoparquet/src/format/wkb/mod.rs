//! GeoJSON geometries to ISO WKB (OGC 06-103r4) and back, without a geometry in between.
//!
//! Writing notes whether the WKB says everything that the JSON says; where it does not, the geometry as written goes
//! to the residual.

mod codes;
mod read;
mod write;

pub(crate) use self::read::{WkbError, bounds, to_json};
pub(crate) use self::write::{Written, write};

/// The box around some positions: west, south, east, north.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) min: [f64; 2],
    pub(crate) max: [f64; 2],
}

impl Default for Bounds {
    /// The box of nothing.
    fn default() -> Self {
        Self { min: [f64::INFINITY; 2], max: [f64::NEG_INFINITY; 2] }
    }
}

impl Bounds {
    pub(crate) fn is_empty(&self) -> bool {
        self.min[0] > self.max[0]
    }

    fn add(&mut self, position: [f64; 2]) {
        self.merge(&Self { min: position, max: position });
    }

    /// Whether it meets one of these on the plane. That of nothing meets none.
    pub(crate) fn meets(&self, boxes: &[geo_types::Rect<f64>]) -> bool {
        boxes.iter().any(|other| {
            let (min, max) = (other.min(), other.max());
            self.min[0] <= max.x && self.max[0] >= min.x && self.min[1] <= max.y && self.max[1] >= min.y
        })
    }

    /// Longitude and latitude of its middle, as near as 32 bits come; NaN of nothing.
    pub(crate) fn center(&self) -> [f32; 2] {
        #[expect(clippy::cast_possible_truncation, reason = "only rows are put in order by it")]
        [0, 1].map(|axis| f64::midpoint(self.min[axis], self.max[axis]) as f32)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for axis in 0..2 {
            self.min[axis] = self.min[axis].min(other.min[axis]);
            self.max[axis] = self.max[axis].max(other.max[axis]);
        }
    }
}

/// How deep collections may stand in one another.
const MAX_NESTING: u8 = 16;

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;
    use crate::format::number::Whole;

    fn round_trip(text: &str, whole: Whole) -> (Written, String) {
        let document = Document::parse(text).unwrap();
        let (mut wkb, mut json) = (Vec::new(), Vec::new());
        let written = write(document.root(), &mut wkb).unwrap();
        to_json(&wkb, whole, &mut json).unwrap();
        (written, String::from_utf8(json).unwrap())
    }

    #[test]
    fn each_type_comes_back() {
        for text in [
            r#"{"type":"Point","coordinates":[1.5,-2.25]}"#,
            r#"{"type":"Point","coordinates":[1.5,-2.25,100.5]}"#,
            r#"{"type":"LineString","coordinates":[[1.5,2.5],[3.5,4.5]]}"#,
            r#"{"type":"Polygon","coordinates":[[[0.5,0.5],[1.5,0.5],[1.5,1.5],[0.5,0.5]],[[0.6,0.6],[0.7,0.6],[0.7,0.7],[0.6,0.6]]]}"#,
            r#"{"type":"Polygon","coordinates":[]}"#,
            r#"{"type":"MultiPoint","coordinates":[[1.5,2.5],[3.5,4.5]]}"#,
            r#"{"type":"MultiLineString","coordinates":[[[1.5,2.5],[3.5,4.5]]]}"#,
            r#"{"type":"MultiPolygon","coordinates":[[[[0.5,0.5],[1.5,0.5],[1.5,1.5],[0.5,0.5]]]]}"#,
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1.5,2.5]},{"type":"MultiPoint","coordinates":[]}]}"#,
        ] {
            let (written, json) = round_trip(text, Whole::Float);
            assert_eq!(json, text);
            let mut wkb = Vec::new();
            write(Document::parse(text).unwrap().root(), &mut wkb).unwrap();
            assert_eq!(bounds(&wkb), Some(written.bounds), "{text}");
            assert_eq!(bounds(&wkb[..wkb.len() - 1]), None, "{text}");
            assert!(written.fits(Whole::Float) && written.fits(Whole::Integer), "{text}");
        }
    }

    /// A polygon in ISO WKB, worked out by hand from OGC 06-103r4 section 8.2.
    #[test]
    fn the_bytes_are_those_of_the_standard() {
        let document = Document::parse(r#"{"type":"Point","coordinates":[1,2,3]}"#).unwrap();
        let mut wkb = Vec::new();
        write(document.root(), &mut wkb).unwrap();
        let mut wanted = vec![1, 0xE9, 3, 0, 0];
        for number in [1.0_f64, 2.0, 3.0] {
            wanted.extend_from_slice(&number.to_le_bytes());
        }
        assert_eq!(wkb, wanted);
        let big_endian = [0, 0, 0, 0, 1, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0];
        let mut json = Vec::new();
        to_json(&big_endian, Whole::Integer, &mut json).unwrap();
        assert_eq!(json, br#"{"type":"Point","coordinates":[1,2]}"#);
        assert_eq!(bounds(&big_endian), Some(Bounds { min: [1.0, 2.0], max: [1.0, 2.0] }));
    }

    #[test]
    fn what_is_far_does_not_meet() {
        let area = |west, south, east, north| {
            geo_types::Rect::new(
                geo_types::Coord { x: west, y: south },
                geo_types::Coord { x: east, y: north },
            )
        };
        let found = Bounds { min: [1.0, 2.0], max: [3.0, 4.0] };
        assert!(found.meets(&[area(3.0, 4.0, 5.0, 5.0)]));
        assert!(found.meets(&[area(9.0, 9.0, 10.0, 10.0), area(1.5, 2.5, 1.6, 2.6)]));
        assert!(!found.meets(&[area(3.1, 2.0, 5.0, 4.0), area(1.0, 4.1, 3.0, 5.0)]));
        assert!(!Bounds::default().meets(&[area(-180.0, -90.0, 180.0, 90.0)]), "of nothing");
    }

    #[test]
    fn what_wkb_cannot_say_is_known() {
        for text in [
            r#"{"type":"Point","coordinates":[1.5,2.5],"bbox":[1.5,2.5,1.5,2.5]}"#,
            r#"{"type":"LineString","coordinates":[[1.5,2.5],[3.5,4.5,5.5]]}"#,
            r#"{"type":"Point","coordinates":[1.5,2.5,3.5,4.5]}"#,
            r#"{"type":"Point","coordinates":[1.5,9007199254740993]}"#,
        ] {
            assert!(round_trip(text, Whole::Float).0.inexact, "{text}");
        }
        let (written, json) = round_trip(r#"{"type":"Point","coordinates":[1,2.5]}"#, Whole::Integer);
        assert_eq!(json, r#"{"type":"Point","coordinates":[1,2.5]}"#);
        assert!(written.fits(Whole::Integer) && !written.fits(Whole::Float));
    }

    #[test]
    fn broken_wkb_is_an_error_and_no_panic() {
        let fails = |bytes: &[u8]| to_json(bytes, Whole::Float, &mut Vec::new()).unwrap_err();
        assert_eq!(fails(&[]), WkbError::Truncated(0));
        assert_eq!(fails(b"POINT (1 2)"), WkbError::ByteOrder(b'P'));
        assert_eq!(fails(&[1, 9, 0, 0, 0]), WkbError::UnknownType(9));
        assert_eq!(fails(&[1, 2, 0, 0, 0, 255, 255, 255, 255]), WkbError::Truncated(9));
        let mut point = vec![1, 1, 0, 0, 0];
        point.extend_from_slice(&[0; 17]);
        assert_eq!(fails(&point), WkbError::TrailingBytes(1));
    }
}
