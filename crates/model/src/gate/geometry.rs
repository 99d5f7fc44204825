//! GeoJSON geometries and boxes (RFC 7946, with the JSON Schemas of geojson.org).

use super::check::Check;
use super::path::Path;
use super::rule::Rule;
use crate::bbox::Bbox;
use crate::json::{Elements, Kind, Value};

/// The planar bounds of all positions seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) west: f64,
    pub(super) south: f64,
    pub(super) east: f64,
    pub(super) north: f64,
}

impl Bounds {
    const EMPTY: Self =
        Self { west: f64::INFINITY, south: f64::INFINITY, east: f64::NEG_INFINITY, north: f64::NEG_INFINITY };

    fn is_empty(&self) -> bool {
        self.west > self.east
    }

    fn add(&mut self, x: f64, y: f64) {
        self.west = self.west.min(x);
        self.east = self.east.max(x);
        self.south = self.south.min(y);
        self.north = self.north.max(y);
    }
}

/// How far a box may cut into the geometry before it counts: about 100 m. Boxes are often rounded.
const BOUNDS_TOLERANCE: f64 = 0.001;

impl Check {
    /// A geometry that is not null. Returns its bounds where it has positions.
    pub(super) fn geometry(&mut self, path: &Path<'_>, value: Value<'_>) -> Option<Bounds> {
        let mut bounds = Bounds::EMPTY;
        let before = self.verdict.error_count();
        self.geometry_object(path, value, &mut bounds, true);
        if bounds.is_empty() {
            if self.verdict.error_count() == before {
                self.report(
                    Rule::EmptyGeometry,
                    path,
                    Some(value),
                    format_args!("has no positions: it matches no spatial search"),
                );
            }
            return None;
        }
        if bounds.west < -180.0 || bounds.east > 180.0 || bounds.south < -90.0 || bounds.north > 90.0 {
            let message = format_args!(
                "leaves the range of longitudes (-180 to 180) or latitudes (-90 to 90): it spans {} to {} and {} to {}",
                bounds.west, bounds.east, bounds.south, bounds.north
            );
            self.report(Rule::CoordinateRange, path, None, message);
        }
        Some(bounds)
    }

    fn geometry_object(&mut self, path: &Path<'_>, value: Value<'_>, bounds: &mut Bounds, collections: bool) {
        let Some(members) = value.members() else {
            return self.wrong(Rule::Geometry, path, value, "a GeoJSON geometry or null");
        };
        let (mut kind, mut coordinates, mut geometries) = (None, None, None);
        for (key, value) in members {
            match &*key.text() {
                "type" => kind = Some(value),
                "coordinates" => coordinates = Some(value),
                "geometries" => geometries = Some(value),
                "bbox" => self.geometry_bbox(&path.member("bbox"), value),
                _ => {}
            }
        }
        let Some(kind) = kind else { return self.missing(Rule::Geometry, path, "type") };
        let name = kind.as_str().unwrap_or_default();
        if name == "GeometryCollection" && collections {
            let message = format_args!(
                "a GeometryCollection is no geometry of an Item: the schema of STAC takes the other six types"
            );
            self.report(Rule::GeometryCollection, &path.member("type"), Some(kind), message);
            let Some(geometries) = geometries else {
                return self.missing(Rule::Geometry, path, "geometries");
            };
            let path = path.member("geometries");
            let Some(elements) = geometries.elements() else {
                return self.wrong(Rule::Geometry, &path, geometries, "an array of geometries");
            };
            for (i, geometry) in elements.enumerate() {
                self.geometry_object(&path.index(i), geometry, bounds, false);
            }
            return;
        }
        let depth = match &*name {
            "Point" => 0,
            "MultiPoint" | "LineString" => 1,
            "MultiLineString" | "Polygon" => 2,
            "MultiPolygon" => 3,
            "GeometryCollection" => {
                let message = format_args!("a GeometryCollection must not hold another one");
                return self.report(Rule::Geometry, &path.member("type"), Some(kind), message);
            }
            _ => {
                let message = format_args!(
                    "must be Point, MultiPoint, LineString, MultiLineString, Polygon or MultiPolygon"
                );
                return self.report(Rule::Geometry, &path.member("type"), Some(kind), message);
            }
        };
        let Some(coordinates) = coordinates else { return self.missing(Rule::Geometry, path, "coordinates") };
        let path = path.member("coordinates");
        match (depth, &*name) {
            (0, _) => {
                self.position(&path, coordinates, bounds);
            }
            (_, "LineString") => self.line(&path, coordinates, bounds),
            (_, "Polygon") => self.polygon(&path, coordinates, bounds),
            (_, "MultiPoint") => self.each(&path, coordinates, "positions", |check, path, value| {
                check.position(path, value, bounds);
            }),
            (_, "MultiLineString") => {
                self.each(&path, coordinates, "lines", |check, path, value| check.line(path, value, bounds));
            }
            _ => self.each(&path, coordinates, "polygons", |check, path, value| {
                check.polygon(path, value, bounds);
            }),
        }
    }

    fn each(
        &mut self,
        path: &Path<'_>,
        value: Value<'_>,
        what: &str,
        mut check: impl FnMut(&mut Self, &Path<'_>, Value<'_>),
    ) {
        let Some(elements) = self.coordinates(path, value, what) else { return };
        for (i, element) in elements.enumerate() {
            check(self, &path.index(i), element);
        }
    }

    fn coordinates<'a>(&mut self, path: &Path<'_>, value: Value<'a>, what: &str) -> Option<Elements<'a>> {
        let elements = value.elements();
        if elements.is_none() {
            let message = format_args!("must be an array of {what}, not {}", value.kind());
            self.report(Rule::Coordinates, path, Some(value), message);
        }
        elements
    }

    fn line(&mut self, path: &Path<'_>, value: Value<'_>, bounds: &mut Bounds) {
        let Some(elements) = self.coordinates(path, value, "positions") else { return };
        let mut count = 0;
        for (i, element) in elements.enumerate() {
            self.position(&path.index(i), element, bounds);
            count += 1;
        }
        if count < 2 {
            self.report(
                Rule::Coordinates,
                path,
                Some(value),
                format_args!("a line must have two positions or more"),
            );
        }
    }

    fn polygon(&mut self, path: &Path<'_>, value: Value<'_>, bounds: &mut Bounds) {
        self.each(path, value, "linear rings", |check, path, ring| check.ring(path, ring, bounds));
    }

    fn ring(&mut self, path: &Path<'_>, value: Value<'_>, bounds: &mut Bounds) {
        let Some(elements) = self.coordinates(path, value, "positions") else { return };
        let (mut first, mut last) = (None, None);
        let mut count = 0;
        for (i, element) in elements.enumerate() {
            let position = self.position(&path.index(i), element, bounds).then_some(element);
            if i == 0 {
                first = position;
            }
            last = position;
            count += 1;
        }
        if count < 4 {
            let message = format_args!(
                "a linear ring must have four positions or more, the last the same as the first"
            );
            self.report(Rule::RingLength, path, Some(value), message);
        } else if let (Some(first), Some(last)) = (first, last)
            && !same_position(first, last)
        {
            let message = format_args!(
                "a linear ring must end where it starts: it starts at {} and ends at {}",
                first.raw(),
                last.raw()
            );
            self.report(Rule::RingClosed, path, None, message);
        }
    }

    /// A position; says whether it is one.
    fn position(&mut self, path: &Path<'_>, value: Value<'_>, bounds: &mut Bounds) -> bool {
        let Some(elements) = value.elements() else {
            self.wrong(Rule::Position, path, value, "a position: an array of two or more numbers");
            return false;
        };
        let mut xy = [f64::NAN; 2];
        let (mut count, mut finite, mut numbers) = (0, true, true);
        for element in elements {
            match element.as_number() {
                Some(number) => {
                    let coordinate = number.to_f64();
                    finite &= coordinate.is_finite();
                    if let Some(slot) = xy.get_mut(count) {
                        *slot = coordinate;
                    }
                }
                None => numbers = false,
            }
            count += 1;
        }
        if count < 2 || !numbers {
            self.report(Rule::Position, path, Some(value), format_args!("must be two or more numbers"));
            return false;
        }
        if !finite {
            self.report(
                Rule::CoordinateSize,
                path,
                Some(value),
                format_args!("holds a number too great for a coordinate"),
            );
            return false;
        }
        bounds.add(xy[0], xy[1]);
        true
    }

    /// The box inside a geometry: looser than that of an Item.
    fn geometry_bbox(&mut self, path: &Path<'_>, value: Value<'_>) {
        let Some(elements) = self.array(Rule::GeometryBbox, path, value) else { return };
        if elements.clone().count() < 4 || elements.into_iter().any(|element| element.kind() != Kind::Number)
        {
            self.report(Rule::GeometryBbox, path, Some(value), format_args!("must be four or more numbers"));
        }
    }

    /// The box of an Item or an extent.
    pub(super) fn bbox(&mut self, rule: Rule, path: &Path<'_>, value: Value<'_>) -> Option<Bbox> {
        let Some(elements) = value.elements() else {
            self.wrong(rule, path, value, "an array of 4 or 6 numbers");
            return None;
        };
        let count = elements.clone().count();
        if elements.into_iter().any(|element| element.kind() != Kind::Number) || !matches!(count, 4 | 6) {
            self.report(rule, path, Some(value), format_args!("must be an array of 4 or 6 numbers"));
            return None;
        }
        match Bbox::of(value) {
            Ok(bbox) => Some(bbox),
            Err(error) => {
                let rule =
                    if error == crate::BboxError::TooGreat { Rule::CoordinateSize } else { Rule::BboxOrder };
                self.report(rule, path, Some(value), format_args!("{error}"));
                None
            }
        }
    }

    /// Whether the box bounds the geometry, give or take rounding.
    pub(super) fn bbox_bounds(&mut self, path: &Path<'_>, value: Value<'_>, bbox: Bbox, bounds: Bounds) {
        let near = |outer: f64, inner: f64| outer <= inner + BOUNDS_TOLERANCE;
        let rows = near(bbox.south(), bounds.south) && near(bounds.north, bbox.north());
        // A box across the antimeridian is not compared in longitude: its geometry may be cut there or run beyond 180.
        let columns =
            bbox.crosses_antimeridian() || (near(bbox.west(), bounds.west) && near(bounds.east, bbox.east()));
        if !(rows && columns) {
            let message = format_args!(
                "does not bound the geometry, which spans {}, {}, {}, {}",
                bounds.west, bounds.south, bounds.east, bounds.north
            );
            self.report(Rule::BboxBounds, path, Some(value), message);
        }
    }
}

/// Whether two positions hold the same numbers, however written.
fn same_position(a: Value<'_>, b: Value<'_>) -> bool {
    if a.raw() == b.raw() {
        return true;
    }
    let numbers = |value: Value<'_>| {
        value
            .elements()
            .into_iter()
            .flatten()
            .filter_map(|v| v.as_number().map(crate::json::Number::to_f64))
            .collect::<Vec<_>>()
    };
    numbers(a) == numbers(b)
}
