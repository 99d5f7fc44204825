//! GeoJSON geometries to EWKB in EPSG:4326, without heights: what PostGIS indexes. A null geometry has none.

use stacyard_model::json::Value;

/// Little-endian, with a reference system.
const LITTLE_ENDIAN: u8 = 1;
const HAS_SRID: u32 = 0x2000_0000;
const SRID: u32 = 4326;

/// The geometry types: name, WKB code, and how deep its positions lie in `coordinates`.
const TYPES: [(&str, u32, u8); 6] = [
    ("Point", 1, 0),
    ("LineString", 2, 1),
    ("Polygon", 3, 2),
    ("MultiPoint", 4, 1),
    ("MultiLineString", 5, 2),
    ("MultiPolygon", 6, 3),
];

/// Appends a geometry that has passed the gate; `None` where it is none.
pub(crate) fn write(geometry: Value<'_>, out: &mut Vec<u8>) -> Option<()> {
    part(geometry, HAS_SRID, out)
}

fn part(geometry: Value<'_>, flags: u32, out: &mut Vec<u8>) -> Option<()> {
    let name = geometry.get("type")?.as_str()?;
    if name == "GeometryCollection" {
        let members = geometry.get("geometries")?.elements()?;
        begin(7, flags, out);
        return list(members, out, |member, out| part(member, 0, out));
    }
    let (_, code, depth) = TYPES.into_iter().find(|(known, ..)| *known == name)?;
    let coordinates = geometry.get("coordinates")?;
    begin(code, flags, out);
    match code {
        4..=6 => list(coordinates.elements()?, out, |element, out| {
            begin(code - 3, 0, out);
            positions(element, depth - 1, out)
        }),
        _ => positions(coordinates, depth, out),
    }
}

fn begin(code: u32, flags: u32, out: &mut Vec<u8>) {
    out.push(LITTLE_ENDIAN);
    out.extend_from_slice(&(code | flags).to_le_bytes());
    if flags == HAS_SRID {
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

fn positions(value: Value<'_>, depth: u8, out: &mut Vec<u8>) -> Option<()> {
    if depth > 0 {
        return list(value.elements()?, out, |element, out| positions(element, depth - 1, out));
    }
    let mut numbers = value.elements()?;
    for _ in 0..2 {
        // A point without coordinates is empty, which WKB says by NaN.
        let number = numbers.next().map_or(Some(f64::NAN), |number| Some(number.as_number()?.to_f64()))?;
        out.extend_from_slice(&number.to_le_bytes());
    }
    Some(())
}
