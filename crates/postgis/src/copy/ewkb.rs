//! GeoJSON geometries to EWKB in EPSG:4326, which is what PostGIS indexes, and back. A null geometry has none.

use stacyard_model::GeometryType;
use stacyard_model::json::Value;

/// Little-endian, with a reference system.
const LITTLE_ENDIAN: u8 = 1;
const HAS_SRID: u32 = 0x2000_0000;
const SRID: u32 = 4326;
const HAS_HEIGHT: u32 = 0x8000_0000;
const HAS_MEASURE: u32 = 0x4000_0000;

/// Which numbers of a position are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    Two,
    Three,
}

impl Numbers {
    const fn flag(self) -> u32 {
        match self {
            Self::Two => 0,
            Self::Three => HAS_HEIGHT,
        }
    }
}

/// Appends a geometry that has passed the gate, without heights; `None` where it is none.
pub(crate) fn write(geometry: Value<'_>, out: &mut Vec<u8>) -> Option<()> {
    part(geometry, HAS_SRID, Numbers::Two, out)
}

/// The same with heights, where all positions have one.
pub(crate) fn write_with_heights(geometry: Value<'_>, out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    if part(geometry, HAS_SRID, Numbers::Three, out).is_none() {
        out.truncate(start);
        return write(geometry, out);
    }
    Some(())
}

fn part(geometry: Value<'_>, flags: u32, numbers: Numbers, out: &mut Vec<u8>) -> Option<()> {
    let kind = GeometryType::named(&geometry.get("type")?.as_str()?)?;
    begin(kind, flags | numbers.flag(), out);
    if kind.is_collection() {
        let members = geometry.get("geometries")?.elements()?;
        return list(members, out, |member, out| part(member, 0, numbers, out));
    }
    let coordinates = geometry.get("coordinates")?;
    match kind.part() {
        Some(kind) => list(coordinates.elements()?, out, |element, out| {
            begin(kind, numbers.flag(), out);
            positions(element, kind.depth, numbers, out)
        }),
        None => positions(coordinates, kind.depth, numbers, out),
    }
}

fn begin(kind: GeometryType, flags: u32, out: &mut Vec<u8>) {
    out.push(LITTLE_ENDIAN);
    out.extend_from_slice(&(kind.code | flags).to_le_bytes());
    if flags & HAS_SRID != 0 {
        out.extend_from_slice(&SRID.to_le_bytes());
    }
}

/// A count, and what is counted.
fn list<'a>(
    elements: impl Iterator<Item = Value<'a>>,
    out: &mut Vec<u8>,
    mut write: impl FnMut(Value<'a>, &mut Vec<u8>) -> Option<()>,
) -> Option<()> {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    let mut count: u32 = 0;
    for element in elements {
        write(element, out)?;
        count += 1;
    }
    out[at..at + 4].copy_from_slice(&count.to_le_bytes());
    Some(())
}

fn positions(value: Value<'_>, depth: u8, numbers: Numbers, out: &mut Vec<u8>) -> Option<()> {
    if depth > 0 {
        let elements = value.elements()?;
        return list(elements, out, |element, out| positions(element, depth - 1, numbers, out));
    }
    let mut found = value.elements()?;
    for index in 0..if numbers == Numbers::Two { 2 } else { 3 } {
        let number = match found.next() {
            Some(number) => number.as_number()?.to_f64(),
            None if index == 2 => return None,
            // A point without coordinates is empty, which WKB says by NaN.
            None => f64::NAN,
        };
        out.extend_from_slice(&number.to_le_bytes());
    }
    Some(())
}

/// Appends a geometry as GeoJSON, with the fewest digits that say its numbers, and integers without a point, as PostGIS writes them;
/// `None`: the bytes are no EWKB in little-endian, or of a curve, which GeoJSON has not.
pub(crate) fn read(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut reader = Reader { bytes };
    reader.geometry(MAX_DEPTH, out)?;
    reader.bytes.is_empty().then_some(())
}

/// How deep collections of collections are read.
const MAX_DEPTH: usize = 32;

struct Reader<'b> {
    bytes: &'b [u8],
}

/// How many numbers a position has, and how many of them GeoJSON has.
type Width = (usize, usize);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn begun(&mut self) -> Option<(GeometryType, Width)> {
        let [order] = self.take()?;
        let code = self.number().filter(|_| order == LITTLE_ENDIAN)?;
        if code & HAS_SRID != 0 {
            self.number()?;
        }
        let kind = code & !(HAS_SRID | HAS_HEIGHT | HAS_MEASURE);
        let kind = GeometryType::ALL.into_iter().find(|known| known.code == kind)?;
        let (height, measure) = (usize::from(code & HAS_HEIGHT != 0), usize::from(code & HAS_MEASURE != 0));
        Some((kind, (2 + height + measure, 2 + height)))
    }

    fn geometry(&mut self, depth: usize, out: &mut Vec<u8>) -> Option<()> {
        let (kind, width) = self.begun()?;
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(kind.name.as_bytes());
        if kind.is_collection() {
            out.extend_from_slice(b"\",\"geometries\":");
            let depth = depth.checked_sub(1)?;
            self.list(out, |reader, out| reader.geometry(depth, out))?;
        } else {
            out.extend_from_slice(b"\",\"coordinates\":");
            if kind.part().is_some() {
                self.list(out, |reader, out| {
                    let (kind, width) = reader.begun()?;
                    reader.positions(kind.depth, width, out)
                })?;
            } else {
                self.positions(kind.depth, width, out)?;
            }
        }
        out.push(b'}');
        Some(())
    }

    fn list(
        &mut self,
        out: &mut Vec<u8>,
        mut read: impl FnMut(&mut Self, &mut Vec<u8>) -> Option<()>,
    ) -> Option<()> {
        out.push(b'[');
        for index in 0..self.number()? {
            if index > 0 {
                out.push(b',');
            }
            read(self, out)?;
        }
        out.push(b']');
        Some(())
    }

    fn positions(&mut self, depth: u8, width: Width, out: &mut Vec<u8>) -> Option<()> {
        if depth > 0 {
            return self.list(out, |reader, out| reader.positions(depth - 1, width, out));
        }
        out.push(b'[');
        let mut is_empty = true;
        for index in 0..width.0 {
            let number = f64::from_le_bytes(self.take()?);
            if index >= width.1 || number.is_nan() {
                continue;
            }
            if !std::mem::take(&mut is_empty) {
                out.push(b',');
            }
            let mut buffer = zmij::Buffer::new();
            let text = buffer.format(number);
            out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
        }
        out.push(b']');
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;

    #[test]
    fn a_geometry_comes_back() {
        for text in [
            r#"{"type":"Point","coordinates":[10,-0.5]}"#,
            r#"{"type":"Point","coordinates":[]}"#,
            r#"{"type":"Point","coordinates":[1,2,3.25]}"#,
            r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#,
            r#"{"type":"LineString","coordinates":[[1,2,3],[4,5,6]]}"#,
            r#"{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]}"#,
            r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1e-7],[0,0]]]}"#,
            r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[]]}"#,
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}"#,
        ] {
            let geometry = Document::parse(text).unwrap();
            let (mut bytes, mut back) = (Vec::new(), Vec::new());
            write_with_heights(geometry.root(), &mut bytes).unwrap();
            read(&bytes, &mut back).unwrap();
            assert_eq!(String::from_utf8(back).unwrap(), text);
        }
    }

    #[test]
    fn heights_are_written_where_all_positions_have_them() {
        let geometry = Document::parse(r#"{"type":"LineString","coordinates":[[1,2,3],[4,5]]}"#).unwrap();
        let (mut bytes, mut back) = (Vec::new(), Vec::new());
        write_with_heights(geometry.root(), &mut bytes).unwrap();
        read(&bytes, &mut back).unwrap();
        assert_eq!(back, br#"{"type":"LineString","coordinates":[[1,2],[4,5]]}"#);
    }

    #[test]
    fn bytes_that_are_no_geometry_are_told() {
        for bytes in [
            &[][..],
            &[1, 1, 0, 0, 0],
            &[0, 0, 0, 0, 1],
            &[1, 99, 0, 0, 0],
            &[1, 2, 0, 0, 0, 255, 255, 255, 255],
        ] {
            assert_eq!(read(bytes, &mut Vec::new()), None);
        }
    }
}
