//! Whether columns still hold what they did when the residual was written. Other programs change columns, and know
//! nothing of the residual: a column that has changed is what the Item shows, and the old value goes.

use arrow_array::Array;
use arrow_buffer::ArrowNativeType;
use stacyard_model::Rfc3339;
use stacyard_model::json::{Document, Kind, Number, Value};

use crate::format::bbox::Bbox;
use crate::format::number;
use crate::format::number::Whole;
use crate::format::time;
use crate::format::wkb;
use crate::read::cell::{Cell, Member, Values, key};
use crate::read::decode::Items;

impl Items {
    /// Whether the columns of a row are as they were when this operation of its residual was written, which changes the place
    /// that these names lead to. So they are where no column that is at hand holds the place.
    pub(crate) fn are_as_written(&self, row: usize, path: &[String], operation: Value<'_>) -> bool {
        let value = operation.get("value");
        match path {
            [member] if member == "geometry" => {
                self.geometry.as_ref().is_none_or(|geometry| geometry.would_hold(row, value))
            }
            [member] if member == "bbox" => self.bbox_is_as_written(row, operation),
            [member, rest @ ..] if member == "properties" => {
                is_as_written(&self.properties, row, rest, value)
            }
            _ => is_as_written(&self.head, row, path, value) && is_as_written(&self.tail, row, path, value),
        }
    }

    /// The column has the Item's box, or one made from the geometry; then the operation says which.
    fn bbox_is_as_written(&self, row: usize, operation: Value<'_>) -> bool {
        let Some(column) = &self.bbox else { return true };
        let mut text = Vec::new();
        if column.write(row, &mut text).is_err() {
            return false;
        }
        // It is written as a member that comes after others.
        let json =
            text.iter().position(|&byte| byte == b'[').map_or(b"null".as_slice(), |start| &text[start..]);
        let now = Document::parse_bytes(json).ok().and_then(|now| Bbox::parse(now.root()));
        let now = now.map_or([None; 6], |now| now.fields());
        if let Some(then) = operation.get("column") {
            return now == Bbox::parse(then).map_or([None; 6], |then| then.fields());
        }
        // The Item's own, which the column's convention does not spell so; nothing is known of one that is gone.
        operation.get("value").and_then(Bbox::parse).is_none_or(|own| {
            // Layouts before did not say it: then it is one that does not bound the geometry.
            own.fields() == now || self.bounds(row).is_none_or(|bounds| bounds == now)
        })
    }

    /// What a column of boxes has of the geometry of a row; `None` where the geometry is not at hand.
    fn bounds(&self, row: usize) -> Option<[Option<f64>; 6]> {
        let Cell { values: Values::Wkb(values, _), .. } = self.geometry.as_ref()? else { return None };
        if values.is_null(row) {
            return Some([None; 6]);
        }
        let mut text = Vec::new();
        wkb::to_json(values.value(row), Whole::Float, &mut text).ok()?;
        let geometry = Document::parse_bytes(&text).ok()?;
        let bounds = wkb::write(geometry.root(), &mut Vec::new())?.bounds;
        Some(if bounds.is_empty() { [None; 6] } else { Bbox::of(&bounds).fields() })
    }
}

fn is_as_written(members: &[Member], row: usize, path: &[String], value: Option<Value<'_>>) -> bool {
    let Some((name, rest)) = path.split_first() else { return true };
    let key = key(name);
    let member = members.iter().find(|member| member.key == key);
    member.is_none_or(|member| member.cell.is_as_written(row, rest, value))
}

impl Cell {
    fn is_as_written(&self, row: usize, path: &[String], value: Option<Value<'_>>) -> bool {
        let Some((name, rest)) = path.split_first() else { return self.would_hold(row, value) };
        match &self.values {
            // What the residual changes inside has been there.
            Values::Struct(members) => !self.is_null(row) && is_as_written(members, row, path, value),
            Values::List(offsets, element) => {
                let (start, end) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
                let index = name.parse().ok().and_then(|index: usize| start.checked_add(index));
                !self.is_null(row)
                    && index.is_some_and(|at| at < end && element.is_as_written(at, rest, value))
            }
            _ => true,
        }
    }

    /// Whether the column has in this row what it has of such a value, the nearest or null; `None`: of none.
    fn would_hold(&self, row: usize, value: Option<Value<'_>>) -> bool {
        let is_null = self.is_null(row) || self.is_nothing(row);
        let Some(value) = value.filter(|value| !value.is_null()) else { return is_null };
        match (&self.values, value.kind()) {
            (Values::Boolean(values), Kind::True | Kind::False) => {
                !is_null && Some(values.value(row)) == value.as_bool()
            }
            (Values::Integer(values), Kind::Number) => {
                is(is_null, value.as_number().and_then(Number::as_i64), || values.value(row))
            }
            (Values::Float(values, _), Kind::Number) => {
                let number = value.as_number();
                // An integer too large for a column of integers, of which another program has made one of floats.
                let is_huge = number.is_some_and(|number| number.is_integer() && number.as_i64().is_none());
                let then = number.and_then(|number| number::narrow(number).value);
                is(is_null, then, || values.value(row)) || (is_null && is_huge)
            }
            (Values::Text(values), Kind::String) => {
                !is_null && value.as_str().is_some_and(|text| text == values.value(row))
            }
            (Values::Time(values, unit, _), Kind::String) => {
                let then = value.as_str().and_then(|text| Rfc3339::parse(&text).and_then(time::micros));
                is(is_null, then, || time::micros_of(values[row], *unit))
            }
            (Values::Wkb(values, _), Kind::Object) => {
                let mut then = Vec::new();
                match wkb::write(value, &mut then) {
                    Some(_) => !is_null && is_same_geometry(values.value(row), &then),
                    None => is_null,
                }
            }
            (Values::Struct(_), Kind::Object) | (Values::List(..), Kind::Array) => !is_null,
            // Columns that we do not write: another program has given this one another type.
            (Values::Unsigned(_) | Values::Decimal(..) | Values::Date(_) | Values::Map(..), _) => {
                let mut now = Vec::new();
                is_null
                    || (self.write(row, &mut now).is_ok()
                        && Document::parse_bytes(&now).is_ok_and(|now| now.root() == value))
            }
            _ => is_null,
        }
    }
}

/// Whether the column has what it had of the value then: this, or null.
fn is<T: PartialEq>(is_null: bool, then: Option<T>, now: impl Fn() -> T) -> bool {
    match then {
        Some(then) => !is_null && now() == then,
        None => is_null,
    }
}

/// Others write the same geometry in other bytes.
fn is_same_geometry(a: &[u8], b: &[u8]) -> bool {
    let text = |wkb: &[u8]| {
        let mut text = Vec::new();
        wkb::to_json(wkb, Whole::Float, &mut text).map(|()| text)
    };
    a == b || matches!((text(a), text(b)), (Ok(a), Ok(b)) if a == b)
}
