//! GeoJSON to WKB.

use stacyard_model::json::{Kind, Value};

use super::codes::{COLLECTION, ISO_Z, MULTI, MULTI_POINT, TYPES};
use super::{Bounds, MAX_NESTING};
use crate::format::number::{self, Spelling, Whole};

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

/// Appends the WKB of a GeoJSON geometry. `None`, and nothing appended, where it is not a geometry.
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
        let code = if self.three_d { code + ISO_Z } else { code };
        self.out.extend_from_slice(&code.to_le_bytes());
    }

    /// `code` says which geometry `coordinates` belongs to, `depth` how many arrays stand around its positions.
    fn coordinates(&mut self, coordinates: Value<'_>, code: u32, depth: u8) -> Option<()> {
        if depth == 0 {
            return self.position(coordinates);
        }
        // A line and a ring are runs of positions; a MultiPoint's positions are geometries with a header each.
        let is_run = depth == 1 && code != MULTI_POINT;
        let count = self.count_slot();
        let mut number = 0;
        for element in coordinates.elements()? {
            if is_run {
                self.position(element)?;
            } else {
                let part = if code >= MULTI_POINT { code - MULTI } else { code };
                if part != code {
                    self.header(part);
                }
                self.coordinates(element, part, depth - 1)?;
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
