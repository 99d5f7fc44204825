//! GeoJSON geometries to ISO WKB (OGC 06-103r4) and back, without a geometry in between.
//!
//! Writing notes whether the WKB says everything that the JSON says; where it does not, the geometry as written goes
//! to the residual.

use stacyard_model::json::{Kind, Value};

use crate::number::{self, Spelling, Whole};

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

/// What was found in a geometry while it was written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    /// One of the seven names of RFC 7946.
    pub(crate) name: &'static str,
    /// It has heights.
    pub(crate) three_d: bool,
    /// All of it.
    pub(crate) bounds: Bounds,
    /// Coordinates spelled `10` and `10.0`.
    pub(crate) whole_integers: u64,
    pub(crate) whole_floats: u64,
    /// WKB cannot say all of it: foreign members, positions of unlike or more than three numbers, numbers that no
    /// f64 holds.
    pub(crate) inexact: bool,
}

impl Written {
    /// Whether the WKB gives the same JSON back, whole numbers spelled so.
    pub(crate) fn fits(&self, whole: Whole) -> bool {
        !self.inexact
            && match whole {
                Whole::Integer => self.whole_floats == 0,
                Whole::Float => self.whole_integers == 0,
            }
    }
}

/// The geometry types: name, WKB code, and how deep its positions lie in `coordinates`.
const TYPES: [(&str, u32, u8); 7] = [
    ("Point", 1, 0),
    ("LineString", 2, 1),
    ("Polygon", 3, 2),
    ("MultiPoint", 4, 1),
    ("MultiLineString", 5, 2),
    ("MultiPolygon", 6, 3),
    ("GeometryCollection", 7, 0),
];
const COLLECTION: u32 = 7;

/// How deep collections may stand in one another.
const MAX_NESTING: u8 = 16;

/// Appends the WKB of a GeoJSON geometry. `None`, and nothing appended, where it is no geometry.
pub(crate) fn write(geometry: Value<'_>, out: &mut Vec<u8>) -> Option<Written> {
    let start = out.len();
    let mut written = Written::default();
    let three_d = first_position_length(geometry) >= 3;
    written.three_d = three_d;
    let mut writer = Writer { out, written: &mut written, three_d };
    let Some(name) = writer.geometry(geometry, 0) else {
        out.truncate(start);
        return None;
    };
    written.name = name;
    Some(written)
}

fn first_position_length(geometry: Value<'_>) -> usize {
    if let Some(parts) = geometry.get("geometries").and_then(Value::elements) {
        return parts.map(first_position_length).find(|&length| length > 0).unwrap_or(0);
    }
    geometry.get("coordinates").map_or(0, first_run_length)
}

/// The length of the first array of numbers.
fn first_run_length(value: Value<'_>) -> usize {
    let Some(elements) = value.elements() else { return 0 };
    match elements.clone().next().map(Value::kind) {
        Some(Kind::Number) => elements.count(),
        Some(Kind::Array) => elements.map(first_run_length).find(|&length| length > 0).unwrap_or(0),
        _ => 0,
    }
}

struct Writer<'w> {
    out: &'w mut Vec<u8>,
    written: &'w mut Written,
    three_d: bool,
}

impl Writer<'_> {
    fn geometry(&mut self, geometry: Value<'_>, nesting: u8) -> Option<&'static str> {
        let (mut kind, mut content) = (None, None);
        for (key, value) in geometry.members()? {
            match key.plain() {
                Some("type") => {
                    let name = value.as_str()?;
                    kind = Some(TYPES.iter().find(|entry| entry.0 == name)?);
                }
                Some("coordinates" | "geometries") => {
                    if content.replace((key, value)).is_some() {
                        return None;
                    }
                }
                _ => self.written.inexact = true,
            }
        }
        let (name, code, depth) = *kind?;
        let (key, content) = content?;
        if (code == COLLECTION) != (key == "geometries") {
            return None;
        }
        self.header(code);
        if code == COLLECTION {
            if nesting == MAX_NESTING {
                return None;
            }
            let count = self.count_slot();
            let mut number = 0;
            for part in content.elements()? {
                self.geometry(part, nesting + 1)?;
                number += 1;
            }
            self.set_count(count, number)?;
        } else {
            self.coordinates(content, code, depth)?;
        }
        Some(name)
    }

    fn header(&mut self, code: u32) {
        self.out.push(1);
        let code = if self.three_d { code + 1000 } else { code };
        self.out.extend_from_slice(&code.to_le_bytes());
    }

    /// `code` says which geometry `coordinates` belongs to, `depth` how many arrays stand around its positions.
    fn coordinates(&mut self, coordinates: Value<'_>, code: u32, depth: u8) -> Option<()> {
        if depth == 0 {
            return self.position(coordinates);
        }
        // A line and a ring are runs of positions; a MultiPoint's positions are geometries with a header each.
        let is_run = depth == 1 && code != 4;
        let count = self.count_slot();
        let mut number = 0;
        for element in coordinates.elements()? {
            if is_run {
                self.position(element)?;
            } else {
                if code >= 4 {
                    self.header(code - 3);
                }
                self.coordinates(element, if code >= 4 { code - 3 } else { code }, depth - 1)?;
            }
            number += 1;
        }
        self.set_count(count, number)
    }

    fn position(&mut self, position: Value<'_>) -> Option<()> {
        let mut place = [f64::NAN; 3];
        let mut length = 0;
        for coordinate in position.elements()? {
            let narrowed = number::narrow(coordinate.as_number()?);
            match narrowed.spelling {
                Some(Spelling::Any) => {}
                Some(Spelling::Only(Whole::Integer)) => self.written.whole_integers += 1,
                Some(Spelling::Only(Whole::Float)) => self.written.whole_floats += 1,
                None => self.written.inexact = true,
            }
            if let Some(slot) = place.get_mut(length) {
                *slot = narrowed.value?;
            }
            length += 1;
        }
        if length < 2 {
            return None;
        }
        let wanted = if self.three_d { 3 } else { 2 };
        self.written.inexact |= length != wanted;
        for coordinate in &place[..wanted] {
            self.out.extend_from_slice(&coordinate.to_le_bytes());
        }
        self.written.bounds.add([place[0], place[1]]);
        Some(())
    }

    fn count_slot(&mut self) -> usize {
        self.out.extend_from_slice(&[0; 4]);
        self.out.len() - 4
    }

    fn set_count(&mut self, slot: usize, count: u32) -> Option<()> {
        self.out.get_mut(slot..slot + 4)?.copy_from_slice(&count.to_le_bytes());
        Some(())
    }
}

/// Why some bytes are no WKB geometry that GeoJSON can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WkbError {
    #[error("the WKB ends too early (at byte {0})")]
    Truncated(usize),
    #[error("the bytes are no WKB: it begins with 0 or 1, not with {0}")]
    ByteOrder(u8),
    #[error("WKB geometry type {0} has no place in GeoJSON")]
    UnknownType(u32),
    #[error("WKB collections are nested too deeply")]
    TooDeep,
    #[error("{0} bytes follow the WKB geometry")]
    TrailingBytes(usize),
}

/// Appends the GeoJSON of a WKB geometry, ISO or EWKB, either byte order. Measures (M) have no place in GeoJSON.
pub(crate) fn to_json(wkb: &[u8], whole: Whole, out: &mut Vec<u8>) -> Result<(), WkbError> {
    let mut reader = Reader { bytes: wkb, at: 0, whole, out };
    reader.geometry(0)?;
    match wkb.len() - reader.at {
        0 => Ok(()),
        rest => Err(WkbError::TrailingBytes(rest)),
    }
}

/// The box of a WKB geometry; `None` where it is not one that [`to_json`] reads.
pub(crate) fn bounds(wkb: &[u8]) -> Option<Bounds> {
    let mut reader = Reader { bytes: wkb, at: 0, whole: Whole::Float, out: &mut Vec::new() };
    let mut bounds = Bounds::default();
    reader.bounds(0, &mut bounds).ok()?;
    (reader.at == wkb.len()).then_some(bounds)
}

struct Reader<'r> {
    bytes: &'r [u8],
    at: usize,
    whole: Whole,
    out: &'r mut Vec<u8>,
}

/// What a WKB header says.
#[derive(Clone, Copy)]
struct Header {
    little: bool,
    code: u32,
    dimensions: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WkbError> {
        let bytes = self
            .bytes
            .get(self.at..)
            .and_then(<[u8]>::first_chunk::<N>)
            .ok_or(WkbError::Truncated(self.at))?;
        self.at += N;
        Ok(*bytes)
    }

    fn u32(&mut self, little: bool) -> Result<u32, WkbError> {
        let bytes = self.take()?;
        Ok(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn header(&mut self) -> Result<Header, WkbError> {
        const EWKB_Z: u32 = 0x8000_0000;
        const EWKB_SRID: u32 = 0x2000_0000;
        let little = match self.take()? {
            [0] => false,
            [1] => true,
            [other] => return Err(WkbError::ByteOrder(other)),
        };
        let raw = self.u32(little)?;
        if raw & EWKB_SRID != 0 {
            self.u32(little)?;
        }
        let code = raw & 0x0FFF_FFFF;
        let three_d = raw & EWKB_Z != 0 || code / 1000 == 1;
        match (code / 1000, code % 1000) {
            (0 | 1, code @ 1..=7) if raw & 0x4000_0000 == 0 => {
                Ok(Header { little, code, dimensions: if three_d { 3 } else { 2 } })
            }
            _ => Err(WkbError::UnknownType(raw)),
        }
    }

    fn geometry(&mut self, nesting: u8) -> Result<(), WkbError> {
        if nesting > MAX_NESTING {
            return Err(WkbError::TooDeep);
        }
        let header = self.header()?;
        let (name, ..) = TYPES[header.code as usize - 1];
        self.out.extend_from_slice(b"{\"type\":\"");
        self.out.extend_from_slice(name.as_bytes());
        if header.code == COLLECTION {
            self.out.extend_from_slice(b"\",\"geometries\":");
            self.sequence(header.little, |reader| reader.geometry(nesting + 1))?;
        } else {
            self.out.extend_from_slice(b"\",\"coordinates\":");
            self.coordinates(header)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn bounds(&mut self, nesting: u8, bounds: &mut Bounds) -> Result<(), WkbError> {
        if nesting > MAX_NESTING {
            return Err(WkbError::TooDeep);
        }
        let header = self.header()?;
        // How many positions stand in a row, and how many such runs there are.
        let (runs, parts) = match header.code {
            1 | 2 => (1, 0),
            3 => (self.u32(header.little)?, 0),
            _ => (0, self.u32(header.little)?),
        };
        for _ in 0..runs {
            let positions = if header.code == 1 { 1 } else { self.u32(header.little)? };
            for _ in 0..positions {
                let mut position = [f64::NAN; 3];
                for slot in &mut position[..header.dimensions] {
                    let bytes = self.take()?;
                    *slot = if header.little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) };
                }
                if position[..2].iter().all(|value| value.is_finite()) {
                    bounds.add([position[0], position[1]]);
                }
            }
        }
        for _ in 0..parts {
            self.bounds(nesting + 1, bounds)?;
        }
        Ok(())
    }

    fn coordinates(&mut self, header: Header) -> Result<(), WkbError> {
        match header.code {
            1 => self.position(header),
            2 => self.sequence(header.little, |reader| reader.position(header)),
            3 => self.sequence(header.little, |reader| {
                reader.sequence(header.little, |reader| reader.position(header))
            }),
            _ => self.sequence(header.little, |reader| {
                let part = reader.header()?;
                if part.code != header.code - 3 {
                    return Err(WkbError::UnknownType(part.code));
                }
                reader.coordinates(part)
            }),
        }
    }

    fn sequence(
        &mut self,
        little: bool,
        mut element: impl FnMut(&mut Self) -> Result<(), WkbError>,
    ) -> Result<(), WkbError> {
        let count = self.u32(little)?;
        self.out.push(b'[');
        for index in 0..count {
            if index > 0 {
                self.out.push(b',');
            }
            element(self)?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn position(&mut self, header: Header) -> Result<(), WkbError> {
        self.out.push(b'[');
        let mut nothing = true;
        for _ in 0..header.dimensions {
            let bytes = self.take()?;
            let value = if header.little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) };
            // A point of NaN is how WKB says an empty one.
            if value.is_finite() {
                if !nothing {
                    self.out.push(b',');
                }
                number::write(value, self.whole, self.out);
                nothing = false;
            } else if !nothing {
                break;
            }
        }
        self.out.push(b']');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;

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
