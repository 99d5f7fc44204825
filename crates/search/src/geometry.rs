//! GeoJSON geometries on a tape (RFC 7946 section 3.1): their boxes, and as `geo` geometries. Heights are left out.

use geo_types::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point,
    Polygon, Rect,
};
use stacyard_model::json::Value;

use crate::error::SearchError;

/// How many geometry collections may stand inside one another.
const MAX_NESTING: usize = 8;

/// Why a value is no geometry.
pub(crate) type Reason = &'static str;

/// What is wrong with a geometry that a user wrote, and where in it (RFC 6901); empty: all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) reason: String,
    pub(crate) pointer: String,
}

impl Wrong {
    /// Further out.
    fn within(mut self, token: impl std::fmt::Display) -> Self {
        self.pointer.insert_str(0, &format!("/{token}"));
        self
    }
}

impl From<Reason> for Wrong {
    fn from(reason: Reason) -> Self {
        Self { reason: reason.to_owned(), pointer: String::new() }
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)?;
        if self.pointer.is_empty() { Ok(()) } else { write!(f, " (at {})", self.pointer) }
    }
}

/// Parses `intersects`: the text of a GeoJSON geometry, or of a Feature whose geometry is meant.
pub(crate) fn parse_shape(text: &str) -> Result<Geometry<f64>, SearchError> {
    if is_wkt(text) {
        return Err(SearchError::IntersectsWkt);
    }
    let document = stacyard_model::json::Document::parse(text)
        .map_err(|error| SearchError::Intersects(format!("not JSON: {error}")))?;
    let root = document.root();
    let is_feature = root.get("type").is_some_and(|kind| kind.as_plain_str() == Some("Feature"));
    let shape = match (is_feature, root.get("geometry")) {
        (false, _) => literal(root),
        (true, Some(geometry)) => literal(geometry).map_err(|wrong| wrong.within("geometry")),
        (true, None) => Err("a Feature without a geometry".into()),
    };
    shape.map_err(|wrong| SearchError::Intersects(wrong.to_string()))
}

/// Whether a text looks like WKT, with or without the reference system of EWKT.
pub(crate) fn is_wkt(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.split_once(';').filter(|(srid, _)| srid.starts_with("SRID")).map_or(text, |(_, wkt)| wkt);
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let is_kind = ["POINT", "LINESTRING", "POLYGON", "GEOMETRYCOLLECTION", "BBOX"]
        .into_iter()
        .any(|kind| text[..end].to_ascii_uppercase().trim_start_matches("MULTI") == kind);
    is_kind && text.contains('(')
}

/// A geometry that a user wrote: also its rings must be rings (RFC 7946 section 3.1.6), and its positions on the Earth.
pub(crate) fn literal(value: Value<'_>) -> Result<Geometry<f64>, Wrong> {
    let mut bounds = Bounds::default();
    each_position(value, 0, &mut |x, y| bounds.add(x, y))?;
    if bounds.rect.is_some_and(|rect| off_earth(rect.min()).or_else(|| off_earth(rect.max())).is_some())
        && let Some(wrong) = misplaced(value)
    {
        return Err(wrong);
    }
    closed_rings(value, 0)?;
    Ok(read(value)?)
}

/// Why there is no such latitude.
pub(crate) fn no_latitude(number: f64) -> Option<String> {
    // Longitude and latitude in the wrong order are found by this where they can be.
    (number.abs() > 90.0).then(|| format!("{number} stands where a latitude does, and is beyond 90"))
}

/// Why there is no such position (RFC 7946 section 4): geometries are cut at the antimeridian (section 3.1.9).
pub(crate) fn off_earth(at: Coord<f64>) -> Option<String> {
    let no_longitude =
        || (at.x.abs() > 180.0).then(|| format!("{} stands where a longitude does, and is beyond 180", at.x));
    no_latitude(at.y).or_else(no_longitude)
}

/// The first position that is not on the Earth, of a geometry that is one.
fn misplaced(value: Value<'_>) -> Option<Wrong> {
    let among = |list: Value<'_>| {
        let mut elements = list.elements().into_iter().flatten().enumerate();
        elements.find_map(|(index, element)| misplaced(element).map(|wrong| wrong.within(index)))
    };
    for name in ["coordinates", "geometries"] {
        if let Some(list) = value.get(name) {
            return misplaced(list).map(|wrong| wrong.within(name));
        }
    }
    match position(value) {
        Ok(Some(at)) => off_earth(at).map(|reason| Wrong { reason, pointer: String::new() }),
        _ => among(value),
    }
}

/// The geometry of an Item, as the search takes it: heights are left out, and rings taken as closed. `None`: it is null.
///
/// # Errors
/// Why the value is no geometry.
pub fn read_geometry(value: Value<'_>) -> Result<Option<Geometry<f64>>, &'static str> {
    if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

/// The geometry; rings are taken as closed.
pub(crate) fn read(value: Value<'_>) -> Result<Geometry<f64>, Reason> {
    read_nested(value, 0)
}

/// The smallest box around all positions; `None`: the geometry is empty.
pub(crate) fn bounds(value: Value<'_>) -> Result<Option<Rect<f64>>, Reason> {
    let mut bounds = Bounds::default();
    each_position(value, 0, &mut |x, y| bounds.add(x, y))?;
    Ok(bounds.rect)
}

#[derive(Default)]
struct Bounds {
    rect: Option<Rect<f64>>,
}

impl Bounds {
    fn add(&mut self, x: f64, y: f64) {
        let here = Coord { x, y };
        self.rect = Some(self.rect.map_or_else(
            || Rect::new(here, here),
            |rect| {
                let (low, high) = (rect.min(), rect.max());
                Rect::new(
                    Coord { x: low.x.min(x), y: low.y.min(y) },
                    Coord { x: high.x.max(x), y: high.y.max(y) },
                )
            },
        ));
    }
}

/// The type of a geometry and how deep its positions stand in `coordinates`; a collection has `None`.
fn shape(value: Value<'_>) -> Result<(&'static str, Option<u8>), Reason> {
    let kind = value.get("type").and_then(Value::as_str).ok_or("a geometry without a \"type\"")?;
    Ok(match kind.as_ref() {
        "Point" => ("Point", Some(0)),
        "MultiPoint" => ("MultiPoint", Some(1)),
        "LineString" => ("LineString", Some(1)),
        "MultiLineString" => ("MultiLineString", Some(2)),
        "Polygon" => ("Polygon", Some(2)),
        "MultiPolygon" => ("MultiPolygon", Some(3)),
        "GeometryCollection" => ("GeometryCollection", None),
        _ => return Err("a \"type\" that is no geometry's"),
    })
}

fn coordinates(value: Value<'_>) -> Result<Value<'_>, Reason> {
    value.get("coordinates").ok_or("a geometry without \"coordinates\"")
}

fn members(value: Value<'_>, nesting: usize) -> Result<impl Iterator<Item = Value<'_>>, Reason> {
    if nesting >= MAX_NESTING {
        return Err("geometry collections nested too deep");
    }
    value.get("geometries").and_then(Value::elements).ok_or("a GeometryCollection without \"geometries\"")
}

fn each_position(value: Value<'_>, nesting: usize, visit: &mut impl FnMut(f64, f64)) -> Result<(), Reason> {
    let (_, depth) = shape(value)?;
    match depth {
        Some(depth) => walk(coordinates(value)?, depth, visit),
        None => members(value, nesting)?.try_for_each(|member| each_position(member, nesting + 1, visit)),
    }
}

fn walk(value: Value<'_>, depth: u8, visit: &mut impl FnMut(f64, f64)) -> Result<(), Reason> {
    if depth == 0 {
        // An empty position is how an empty Point is written.
        if let Some(at) = position(value)? {
            visit(at.x, at.y);
        }
        return Ok(());
    }
    let elements = value.elements().ok_or("\"coordinates\" that are not nested as the type wants")?;
    elements.into_iter().try_for_each(|element| walk(element, depth - 1, visit))
}

fn position(value: Value<'_>) -> Result<Option<Coord<f64>>, Reason> {
    let mut numbers = value.elements().ok_or("a position that is not an array")?;
    let mut next = || -> Result<Option<f64>, Reason> {
        let Some(number) = numbers.next() else { return Ok(None) };
        let number = number.as_number().ok_or("a position with something other than numbers")?.to_f64();
        if number.is_finite() { Ok(Some(number)) } else { Err("a position beyond all bounds") }
    };
    match (next()?, next()?) {
        (Some(x), Some(y)) => Ok(Some(Coord { x, y })),
        (None, _) => Ok(None),
        (Some(_), None) => Err("a position of one number"),
    }
}

fn read_nested(value: Value<'_>, nesting: usize) -> Result<Geometry<f64>, Reason> {
    let (kind, depth) = shape(value)?;
    if depth.is_none() {
        let list: Result<Vec<_>, Reason> =
            members(value, nesting)?.map(|member| read_nested(member, nesting + 1)).collect();
        return Ok(Geometry::GeometryCollection(list?.into()));
    }
    let coordinates = coordinates(value)?;
    Ok(match kind {
        "Point" => match position(coordinates)? {
            Some(at) => Point(at).into(),
            None => Geometry::GeometryCollection(GeometryCollection::default()),
        },
        "MultiPoint" => MultiPoint(line(coordinates)?.0.into_iter().map(Point).collect()).into(),
        "LineString" => line(coordinates)?.into(),
        "MultiLineString" => MultiLineString(list(coordinates, line)?).into(),
        "Polygon" => polygon(coordinates)?.into(),
        _ => MultiPolygon(list(coordinates, polygon)?).into(),
    })
}

fn list<'a, T>(value: Value<'a>, read: impl Fn(Value<'a>) -> Result<T, Reason>) -> Result<Vec<T>, Reason> {
    value.elements().ok_or("\"coordinates\" that are not nested as the type wants")?.map(read).collect()
}

fn line(value: Value<'_>) -> Result<LineString<f64>, Reason> {
    list(value, |element| position(element)?.ok_or("an empty position")).map(LineString)
}

fn polygon(value: Value<'_>) -> Result<Polygon<f64>, Reason> {
    let mut rings = list(value, line)?.into_iter();
    let outer = rings.next().unwrap_or_else(|| LineString(Vec::new()));
    Ok(Polygon::new(outer, rings.collect()))
}

fn closed_rings(value: Value<'_>, nesting: usize) -> Result<(), Reason> {
    let rings = |polygon: Value<'_>| list(polygon, line)?.iter().try_for_each(ring);
    match shape(value)? {
        ("Polygon", _) => rings(coordinates(value)?),
        ("MultiPolygon", _) => list(coordinates(value)?, rings).map(|_| ()),
        ("LineString", _) => two_positions(&line(coordinates(value)?)?),
        ("MultiLineString", _) => list(coordinates(value)?, line)?.iter().try_for_each(two_positions),
        ("GeometryCollection", _) => {
            members(value, nesting)?.try_for_each(|member| closed_rings(member, nesting + 1))
        }
        _ => Ok(()),
    }
}

/// Whether a ring is one: four positions or more, the last the first again.
pub(crate) fn ring(ring: &LineString<f64>) -> Result<(), Reason> {
    if !ring.0.is_empty() && (ring.0.len() < 4 || !ring.is_closed()) {
        return Err("a ring needs four positions or more, the last the same as the first");
    }
    Ok(())
}

/// Whether a line is one.
pub(crate) fn two_positions(line: &LineString<f64>) -> Result<(), Reason> {
    if line.0.len() == 1 { Err("a line needs two positions or more") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;

    fn with<T>(text: &str, f: impl Fn(Value<'_>) -> T) -> T {
        f(Document::parse(text).unwrap().root())
    }

    #[test]
    fn every_type_is_read_without_its_heights() {
        let line = r#"{"type":"LineString","coordinates":[[0,1,99],[2,-3,7]]}"#;
        assert_eq!(with(line, read).unwrap(), LineString::from(vec![(0.0, 1.0), (2.0, -3.0)]).into());
        let rect = with(line, bounds).unwrap().unwrap();
        assert_eq!((rect.min(), rect.max()), (Coord { x: 0.0, y: -3.0 }, Coord { x: 2.0, y: 1.0 }));
        let nested = r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[5,6]},
            {"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}]}"#;
        assert!(matches!(with(nested, read).unwrap(), Geometry::GeometryCollection(list) if list.len() == 2));
        assert_eq!(with(nested, bounds).unwrap().unwrap().max(), Coord { x: 5.0, y: 6.0 });
        for empty in
            [r#"{"type":"Point","coordinates":[]}"#, r#"{"type":"GeometryCollection","geometries":[]}"#]
        {
            assert_eq!(with(empty, bounds), Ok(None));
            assert!(with(empty, read).is_ok());
        }
    }

    #[test]
    fn what_is_no_geometry_is_said() {
        for (text, reason) in [
            (r#"{"type":"Box","coordinates":[]}"#, "a \"type\" that is no geometry's"),
            (r#"{"type":"Point"}"#, "a geometry without \"coordinates\""),
            (r#"{"type":"Point","coordinates":[1]}"#, "a position of one number"),
            (r#"{"type":"Point","coordinates":[1,"2"]}"#, "a position with something other than numbers"),
            (r#"{"type":"Point","coordinates":[1,1e999]}"#, "a position beyond all bounds"),
            (r#"{"type":"Polygon","coordinates":[[1,2]]}"#, "a position that is not an array"),
            (
                r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}"#,
                "a ring needs four positions or more, the last the same as the first",
            ),
            (r#"{"type":"LineString","coordinates":[[0,0]]}"#, "a line needs two positions or more"),
        ] {
            assert_eq!(with(text, literal), Err(reason.into()), "{text}");
        }
    }

    #[test]
    fn positions_off_the_earth_are_said_with_their_place() {
        let wrong = |text: &str| parse_shape(text).unwrap_err().cause();
        for (text, said) in [
            (
                r#"{"type":"Point","coordinates":[46,95.5]}"#,
                "intersects: 95.5 stands where a latitude does, and is beyond 90 (at /coordinates)",
            ),
            (
                r#"{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,-91],[0,0]]]}}"#,
                "intersects: -91 stands where a latitude does, and is beyond 90 (at /geometry/coordinates/0/2)",
            ),
            (
                r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[0,0]},{"type":"LineString","coordinates":[[170,0],[190,0]]}]}"#,
                "intersects: 190 stands where a longitude does, and is beyond 180 (at /geometries/1/coordinates/1)",
            ),
        ] {
            assert_eq!(wrong(text), said);
        }
        let edges = r#"{"type":"LineString","coordinates":[[-180,-90],[180,90]]}"#;
        assert!(parse_shape(edges).is_ok());
    }

    #[test]
    fn a_feature_stands_for_its_geometry() {
        let feature = r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}"#;
        assert_eq!(parse_shape(feature).unwrap(), Point::new(1.0, 2.0).into());
        assert!(parse_shape(r#"{"type":"Feature","geometry":null}"#).is_err());
        insta::assert_snapshot!(parse_shape("x").unwrap_err(), @"intersects: not JSON: `x` where a value is expected (at byte 0); give a GeoJSON geometry or Feature in longitude and latitude");
        for wkt in ["POINT(1 2)", " multipolygon (((", "SRID=4326;POLYGON Z ((0 0 0", "BBOX(0,0,1,1)"] {
            assert_eq!(parse_shape(wkt), Err(SearchError::IntersectsWkt), "{wkt}");
        }
        insta::assert_snapshot!(SearchError::IntersectsWkt, @"intersects: WKT is not taken here; give a GeoJSON geometry, or put the WKT into a filter: S_INTERSECTS(geometry, POINT(7 46))");
        assert!(!is_wkt("point.json") && !is_wkt(r#"{"type":"Point"}"#) && !is_wkt("multi()"));
    }
}
