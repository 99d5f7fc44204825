//! GeoJSON geometries to EWKB in EPSG:4326, without heights: what PostGIS indexes. A null geometry has none.

use stacyard_model::GeometryType;
use stacyard_model::json::Value;

/// Little-endian, with a reference system.
const LITTLE_ENDIAN: u8 = 1;
const HAS_SRID: u32 = 0x2000_0000;
const SRID: u32 = 4326;

/// Appends a geometry that has passed the gate; `None` where it is none.
pub(crate) fn write(geometry: Value<'_>, out: &mut Vec<u8>) -> Option<()> {
    part(geometry, HAS_SRID, out)
}

fn part(geometry: Value<'_>, flags: u32, out: &mut Vec<u8>) -> Option<()> {
    let kind = GeometryType::named(&geometry.get("type")?.as_str()?)?;
    begin(kind, flags, out);
    if kind.is_collection() {
        return list(geometry.get("geometries")?.elements()?, out, |member, out| part(member, 0, out));
    }
    let coordinates = geometry.get("coordinates")?;
    match kind.part() {
        Some(kind) => list(coordinates.elements()?, out, |element, out| {
            begin(kind, 0, out);
            positions(element, kind.depth, out)
        }),
        None => positions(coordinates, kind.depth, out),
    }
}

fn begin(kind: GeometryType, flags: u32, out: &mut Vec<u8>) {
    out.push(LITTLE_ENDIAN);
    out.extend_from_slice(&(kind.code | flags).to_le_bytes());
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
