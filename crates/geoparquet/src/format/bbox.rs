//! The `bbox` column: the Item's box where it bounds the geometry, so that others may prune by it (GeoParquet 1.1,
//! "Bounding Box Columns"); where it does not, the true box, and the Item's own in the residual.

use stacyard_model::json::Value;

use crate::format::number::{self, Spelling, Whole};
use crate::format::wkb::{Bounds, Written};

/// The numbers of a GeoJSON `bbox`: 4 or 6 (RFC 7946 section 5).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bbox {
    numbers: [f64; 6],
    pub(crate) three_d: bool,
    /// The spelling of whole numbers that gives it back; `None`: none does.
    pub(crate) spelling: Option<Spelling>,
}

impl Bbox {
    pub(crate) fn parse(value: Value<'_>) -> Option<Self> {
        let mut numbers = [0.0; 6];
        let mut length = 0;
        let mut spelling = Some(Spelling::Any);
        for element in value.elements()? {
            let narrowed = number::narrow(element.as_number()?);
            *numbers.get_mut(length)? = narrowed.value?;
            length += 1;
            spelling = match (spelling, narrowed.spelling) {
                (Some(Spelling::Any), other) => other,
                (same, Some(Spelling::Any)) => same,
                (same, other) if same == other => same,
                _ => None,
            };
        }
        matches!(length, 4 | 6).then_some(Self { numbers, three_d: length == 6, spelling })
    }

    /// The box of these bounds.
    pub(crate) fn of(bounds: &Bounds) -> Self {
        let numbers = [bounds.min[0], bounds.min[1], bounds.max[0], bounds.max[1], 0.0, 0.0];
        Self { numbers, three_d: false, spelling: None }
    }

    fn west_south_east_north(&self) -> [f64; 4] {
        match self.numbers {
            [west, south, _, east, north, _] if self.three_d => [west, south, east, north],
            [west, south, east, north, ..] => [west, south, east, north],
        }
    }

    /// `xmin, ymin, zmin, xmax, ymax, zmax`.
    pub(crate) fn fields(&self) -> [Option<f64>; 6] {
        match self.numbers.map(Some) {
            numbers if self.three_d => numbers,
            [west, south, east, north, ..] => [west, south, None, east, north, None],
        }
    }

    /// Appends it as JSON.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let length = if self.three_d { 6 } else { 4 };
        for (index, number) in self.numbers[..length].iter().enumerate() {
            out.push(if index == 0 { b'[' } else { b',' });
            number::write(*number, Whole::Float, out);
        }
        out.push(b']');
    }

    /// Whether it bounds a geometry on the plane. A box with west > east, across the antimeridian, never does: who
    /// prunes by the column compares its numbers as they are.
    pub(crate) fn bounds(&self, geometry: &Written) -> bool {
        let [west, south, east, north] = self.west_south_east_north();
        let all = &geometry.bounds;
        all.is_empty()
            || (west <= all.min[0] && south <= all.min[1] && east >= all.max[0] && north >= all.max[1])
    }
}

/// What boxes have been seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct BboxShape {
    pub(crate) three_d: u64,
    whole_integers: u64,
    whole_floats: u64,
    inexact: u64,
}

impl BboxShape {
    /// Counts the box of an Item with this geometry.
    pub(crate) fn add(&mut self, bbox: Option<Value<'_>>, geometry: Option<&Written>) {
        match (bbox.and_then(Bbox::parse), geometry) {
            (Some(parsed), Some(geometry)) if parsed.bounds(geometry) => {
                self.three_d += u64::from(parsed.three_d);
                match parsed.spelling {
                    Some(Spelling::Only(Whole::Integer)) => self.whole_integers += 1,
                    Some(Spelling::Only(Whole::Float)) => self.whole_floats += 1,
                    Some(Spelling::Any) => {}
                    None => self.inexact += 1,
                }
            }
            (None, None) if bbox.is_none() => {}
            _ => self.inexact += 1,
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.three_d += other.three_d;
        self.whole_integers += other.whole_integers;
        self.whole_floats += other.whole_floats;
        self.inexact += other.inexact;
    }

    pub(crate) fn whole(&self) -> Whole {
        if self.whole_integers > self.whole_floats { Whole::Integer } else { Whole::Float }
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.inexact == 0 && (self.whole_integers == 0 || self.whole_floats == 0)
    }
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;

    fn bounds(bbox: &str, geometry: &str) -> bool {
        let (bbox, geometry) = (Document::parse(bbox).unwrap(), Document::parse(geometry).unwrap());
        let written = crate::format::wkb::write(geometry.root(), &mut Vec::new()).unwrap();
        Bbox::parse(bbox.root()).unwrap().bounds(&written)
    }

    #[test]
    fn a_box_bounds_what_lies_inside() {
        let line = r#"{"type":"LineString","coordinates":[[1,1],[2,2]]}"#;
        assert!(bounds("[1,1,2,2]", line));
        assert!(bounds("[1,1,-5,2,2,5]", line));
        assert!(!bounds("[1,1,1.9,2]", line));
        let cut = r#"{"type":"MultiLineString","coordinates":[[[179,1],[180,2]],[[-180,2],[-179,3]]]}"#;
        assert!(!bounds("[179,1,-179,3]", cut), "across the antimeridian");
        assert!(bounds("[5,5,5,5]", r#"{"type":"Polygon","coordinates":[]}"#));
    }
}
