//! WKB to GeoJSON.

use super::codes::{
    COLLECTION, EWKB_M, EWKB_SRID, EWKB_TYPE, EWKB_Z, ISO_Z, LINE_STRING, MULTI, POINT, POLYGON, TYPES,
};
use super::{Bounds, MAX_NESTING};
use crate::format::number::{self, Whole};

/// Why some bytes are not a WKB geometry that GeoJSON can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WkbError {
    #[error("the WKB ends too early (at byte {0})")]
    Truncated(usize),
    #[error("the bytes are not WKB, which begins with 0 or 1, not with {0}")]
    ByteOrder(u8),
    #[error("WKB geometry type {0} is not one that GeoJSON has")]
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
        let little = match self.take()? {
            [0] => false,
            [1] => true,
            [other] => return Err(WkbError::ByteOrder(other)),
        };
        let raw = self.u32(little)?;
        if raw & EWKB_SRID != 0 {
            self.u32(little)?;
        }
        let code = raw & EWKB_TYPE;
        let three_d = raw & EWKB_Z != 0 || code / ISO_Z == 1;
        match (code / ISO_Z, code % ISO_Z) {
            (0 | 1, code @ POINT..=COLLECTION) if raw & EWKB_M == 0 => {
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
            POINT | LINE_STRING => (1, 0),
            POLYGON => (self.u32(header.little)?, 0),
            _ => (0, self.u32(header.little)?),
        };
        for _ in 0..runs {
            let positions = if header.code == POINT { 1 } else { self.u32(header.little)? };
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
            POINT => self.position(header),
            LINE_STRING => self.sequence(header.little, |reader| reader.position(header)),
            POLYGON => self.sequence(header.little, |reader| {
                reader.sequence(header.little, |reader| reader.position(header))
            }),
            _ => self.sequence(header.little, |reader| {
                let part = reader.header()?;
                if part.code != header.code - MULTI {
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
