//! Boxes to search in: longitude and latitude in degrees, planar, possibly across the antimeridian.

use std::fmt;

use geo_types::{Coord, Geometry, Line, LineString, MultiPolygon, Point, Rect};
use stacyard_model::json::Value;

use crate::error::SearchError;
use crate::geometry::no_latitude;

/// A bounding box as a search gives it (RFC 7946 section 5; STAC API Item Search, `bbox`).
///
/// Its numbers are finite, its latitudes from -90 to 90, and its south is not above its north. A west beyond the east means a box that crosses
/// the antimeridian: the two boxes from the west to 180 and from -180 to the east.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchBox {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl SearchBox {
    /// A box from its edges in degrees; heights play no part in a search.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Self, SearchError> {
        Self::from_numbers(&[west, south, east, north])
            .map_err(|reason| SearchError::Bbox { text: format!("{west},{south},{east},{north}"), reason })
    }

    /// Of edges that are known to be some: west and east, south and north.
    pub(crate) const fn of_edges([west, east]: [f64; 2], [south, north]: [f64; 2]) -> Self {
        Self { west, south, east, north }
    }

    /// Parses `W,S,E,N`, or six numbers with heights: `W,S,LOW,E,N,HIGH`.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        let wrong = |reason: String| SearchError::Bbox { text: text.to_owned(), reason };
        let inner = text.trim();
        let inner = inner.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(inner);
        if !inner.contains(',') && inner.split_whitespace().count() > 1 {
            return Err(wrong("spaces stand between its numbers, not commas".to_owned()));
        }
        let numbers = inner
            .split(',')
            .map(|part| part.trim().parse::<f64>().map_err(|_| wrong(format!("{part:?} is not a number"))))
            .collect::<Result<Vec<f64>, _>>()?;
        Self::from_numbers(&numbers).map_err(wrong)
    }

    /// Of a JSON array of 4 or 6 numbers.
    pub fn from_json(value: Value<'_>) -> Result<Self, SearchError> {
        let wrong =
            |reason: &str| SearchError::Bbox { text: value.raw().to_owned(), reason: reason.to_owned() };
        let numbers = value
            .elements()
            .ok_or_else(|| wrong("not an array"))?
            .map(|number| number.as_number().map(stacyard_model::json::Number::to_f64))
            .collect::<Option<Vec<f64>>>()
            .ok_or_else(|| wrong("not an array of numbers"))?;
        Self::from_numbers(&numbers).map_err(|reason| wrong(&reason))
    }

    /// Of 4 or 6 numbers; the error is the reason alone.
    pub(crate) fn from_numbers(numbers: &[f64]) -> Result<Self, String> {
        let (&[west, south, east, north] | &[west, south, _, east, north, _]) = numbers else {
            return Err(format!("{} numbers where 4 or 6 are expected", numbers.len()));
        };
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err("a number that is not finite".to_owned());
        }
        if let Some(reason) = no_latitude(south).or_else(|| no_latitude(north)) {
            return Err(reason);
        }
        if south > north {
            return Err(format!("the south {south} is above the north {north}"));
        }
        Ok(Self { west, south, east, north })
    }

    /// The western edge, in degrees.
    pub const fn west(self) -> f64 {
        self.west
    }
    /// The southern edge, in degrees.
    pub const fn south(self) -> f64 {
        self.south
    }
    /// The eastern edge, in degrees; less than the western one where the box crosses the antimeridian.
    pub const fn east(self) -> f64 {
        self.east
    }
    /// The northern edge, in degrees.
    pub const fn north(self) -> f64 {
        self.north
    }

    /// The one or two plain boxes that it means.
    pub fn halves(self) -> impl Iterator<Item = Rect<f64>> + Clone {
        let Self { west, south, east, north } = self;
        // A box past the antimeridian on the wrong side (west beyond 180) has no half there.
        let pairs = if west <= east {
            [Some((west, east)), None]
        } else {
            [(west <= 180.0).then_some((west, 180.0)), (east >= -180.0).then_some((-180.0, east))]
        };
        pairs
            .into_iter()
            .flatten()
            .map(move |(west, east)| Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north }))
    }

    /// The same area as a geometry: a box without width or height is a line or a point.
    pub fn to_geometry(self) -> Geometry<f64> {
        let mut halves: Vec<Geometry<f64>> = self.halves().map(rect_geometry).collect();
        if halves.len() == 1 {
            return halves.remove(0);
        }
        let polygons: Option<Vec<_>> = halves
            .iter()
            .map(|half| match half {
                Geometry::Polygon(polygon) => Some(polygon.clone()),
                _ => None,
            })
            .collect();
        polygons.map_or_else(|| Geometry::GeometryCollection(halves.into()), |list| MultiPolygon(list).into())
    }
}

fn rect_geometry(rect: Rect<f64>) -> Geometry<f64> {
    match (rect.width() == 0.0, rect.height() == 0.0) {
        (true, true) => Point(rect.min()).into(),
        (false, false) => rect.to_polygon().into(),
        _ => LineString::from(Line::new(rect.min(), rect.max())).into(),
    }
}

impl fmt::Display for SearchBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.west, self.south, self.east, self.north)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_or_six_numbers() {
        let wanted = SearchBox::new(5.0, 45.0, 10.0, 48.0).unwrap();
        assert_eq!(SearchBox::parse("5,45,10,48").unwrap(), wanted);
        assert_eq!(SearchBox::parse(" [5, 45,10 ,48.0] ").unwrap(), wanted);
        assert_eq!(SearchBox::parse("5,45,-100,10,48,9000").unwrap(), wanted);
    }

    #[test]
    fn across_the_antimeridian_are_two_halves() {
        let halves: Vec<_> =
            SearchBox::parse("170,-10,-170,10").unwrap().halves().map(|r| (r.min().x, r.max().x)).collect();
        assert_eq!(halves, [(170.0, 180.0), (-180.0, -170.0)]);
        assert_eq!(SearchBox::parse("-180,-10,180,10").unwrap().halves().count(), 1);
    }

    #[test]
    fn what_is_no_box_is_said() {
        let message = |text| SearchBox::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(message("1,2,3"), @r#"bbox "1,2,3": 3 numbers where 4 or 6 are expected; write WEST,SOUTH,EAST,NORTH in degrees, such as 5.9,45.8,10.5,47.8"#);
        assert!(message("0,10,1,-10").contains("the south 10 is above the north -10"));
        assert!(message("0,0,inf,1").contains("not finite"));
        assert!(
            message("0 40 10 50").contains("spaces stand between its numbers, not commas; write WEST,SOUTH")
        );
        assert!(message("0,0,x,1").contains("\"x\" is not a number"));
        insta::assert_snapshot!(message("10,100,20,110"), @r#"bbox "10,100,20,110": 100 stands where a latitude does, and is beyond 90; write WEST,SOUTH,EAST,NORTH in degrees, such as 5.9,45.8,10.5,47.8"#);
        assert!(message("0,-90.5,1,0").contains("-90.5 stands where a latitude does"));
        assert!(SearchBox::parse("-180,-90,180,90").is_ok());
    }
}
