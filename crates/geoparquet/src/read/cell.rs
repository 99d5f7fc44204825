//! The values of one column as JSON.
//!
//! The Arrow types are those that the Parquet types alone give: another writer's views, dictionaries, large and fixed
//! lists are in memory only, and come as plain ones.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal256Array, Float64Array, Int64Array,
    StringArray, UInt64Array,
};
use arrow_buffer::{ArrowNativeType, NullBuffer, OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{DataType, TimeUnit};
use stacyard_model::json::{push_pointer_token, push_string};

use crate::format::layout::Null;
use crate::format::metadata::Conventions;
use crate::format::number::{self, Whole};
use crate::format::time::{self, TimeFormat, TimeFormats};
use crate::format::wkb;
use crate::read::decode_error::DecodeError;

pub(crate) struct Member {
    /// `"name":`
    pub(crate) key: Vec<u8>,
    /// What a null is in JSON; `None`: the member is not there.
    pub(crate) null: Option<Cow<'static, [u8]>>,
    pub(crate) cell: Cell,
}

/// One column, with how its values are written.
pub(crate) struct Cell {
    pub(crate) pointer: String,
    nulls: Option<NullBuffer>,
    pub(crate) values: Values,
}

pub(crate) enum Values {
    Null,
    Boolean(BooleanArray),
    Integer(Int64Array),
    Unsigned(UInt64Array),
    Float(Float64Array, Whole),
    Text(StringArray),
    /// Of any precision, and its scale.
    Decimal(Decimal256Array, u8),
    Date(Date32Array),
    Time(ScalarBuffer<i64>, TimeUnit, Spelling),
    Wkb(BinaryArray, Whole),
    Struct(Vec<Member>),
    List(OffsetBuffer<i32>, Box<Cell>),
    Map(OffsetBuffer<i32>, StringArray, Box<Cell>),
}

/// How the times of a column are written.
pub(crate) struct Spelling {
    pub(crate) formats: TimeFormats,
    /// Of the same rows.
    pub(crate) collections: Option<StringArray>,
}

impl Spelling {
    fn of(&self, row: usize) -> TimeFormat {
        match &self.collections {
            Some(collections) if collections.is_valid(row) => self.formats.of(Some(collections.value(row))),
            _ => self.formats.common,
        }
    }
}

pub(crate) fn write_members(members: &[Member], row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let mut separator = b"".as_slice();
    for member in members {
        if member.write(row, separator, out)? {
            separator = b",";
        }
    }
    Ok(())
}

/// `"name":`
pub(crate) fn key(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    push_string(&mut key, name);
    key.push(b':');
    key
}

impl Member {
    pub(crate) fn new(
        parent: &str,
        name: &str,
        column: &ArrayRef,
        conventions: &Conventions,
    ) -> Result<Self, DecodeError> {
        let mut pointer = parent.to_owned();
        push_pointer_token(&mut pointer, name);
        let null = match conventions.null(&pointer) {
            Null::Absent => None,
            Null::Null => Some(Cow::Borrowed(b"null".as_slice())),
        };
        Ok(Self { key: key(name), null, cell: Cell::new(pointer, column, conventions)? })
    }

    /// A text that no column has, the same in all rows.
    pub(crate) fn given(parent: &str, name: &str, text: &str, rows: usize) -> Self {
        let mut pointer = parent.to_owned();
        push_pointer_token(&mut pointer, name);
        let mut json = Vec::new();
        push_string(&mut json, text);
        Self { key: key(name), null: Some(Cow::Owned(json)), cell: Cell::null(pointer, rows) }
    }

    /// Writes the member if it is there; says whether it is.
    pub(crate) fn write(&self, row: usize, separator: &[u8], out: &mut Vec<u8>) -> Result<bool, DecodeError> {
        let null = self.cell.is_null(row);
        if null && self.null.is_none() {
            return Ok(false);
        }
        out.extend_from_slice(separator);
        out.extend_from_slice(&self.key);
        match &self.null {
            Some(instead) if null => out.extend_from_slice(instead),
            _ => self.cell.write(row, out)?,
        }
        Ok(true)
    }
}

impl Cell {
    pub(crate) fn new(
        pointer: String,
        column: &ArrayRef,
        conventions: &Conventions,
    ) -> Result<Self, DecodeError> {
        let whole = || conventions.whole(&pointer);
        let time = |values: &ScalarBuffer<i64>, unit| {
            let spelling = Spelling { formats: conventions.time(&pointer), collections: None };
            Values::Time(values.clone(), unit, spelling)
        };
        macro_rules! integers {
            ($type:ty) => {
                Values::Integer(column.as_primitive::<$type>().unary(i64::from))
            };
        }
        macro_rules! times {
            ($type:ty, $unit:expr) => {
                time(column.as_primitive::<$type>().values(), $unit)
            };
        }
        let elements = |values: &ArrayRef| -> Result<Box<Self>, DecodeError> {
            Ok(Box::new(Self::new(format!("{pointer}/*"), values, conventions)?))
        };
        let values = match column.data_type() {
            DataType::Null => Values::Null,
            DataType::Boolean => Values::Boolean(column.as_boolean().clone()),
            DataType::Int8 => integers!(Int8Type),
            DataType::Int16 => integers!(Int16Type),
            DataType::Int32 => integers!(Int32Type),
            DataType::Int64 => Values::Integer(column.as_primitive::<Int64Type>().clone()),
            DataType::UInt8 => integers!(UInt8Type),
            DataType::UInt16 => integers!(UInt16Type),
            DataType::UInt32 => integers!(UInt32Type),
            DataType::UInt64 => Values::Unsigned(column.as_primitive::<UInt64Type>().clone()),
            DataType::Float16 => {
                Values::Float(column.as_primitive::<Float16Type>().unary(f64::from), whole())
            }
            DataType::Float32 => {
                Values::Float(column.as_primitive::<Float32Type>().unary(f64::from), whole())
            }
            DataType::Float64 => Values::Float(column.as_primitive::<Float64Type>().clone(), whole()),
            DataType::Utf8 => Values::Text(column.as_string::<i32>().clone()),
            DataType::Decimal128(_, scale) => {
                let values = column.as_primitive::<Decimal128Type>();
                Values::Decimal(values.unary(i256::from_i128), scale.unsigned_abs())
            }
            DataType::Decimal256(_, scale) => {
                Values::Decimal(column.as_primitive::<Decimal256Type>().clone(), scale.unsigned_abs())
            }
            DataType::Date32 => Values::Date(column.as_primitive::<Date32Type>().clone()),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                times!(TimestampMillisecondType, TimeUnit::Millisecond)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                times!(TimestampMicrosecondType, TimeUnit::Microsecond)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                times!(TimestampNanosecondType, TimeUnit::Nanosecond)
            }
            DataType::Binary => Values::Wkb(column.as_binary::<i32>().clone(), whole()),
            DataType::Struct(fields) => {
                let columns = fields.iter().zip(column.as_struct().columns());
                let members =
                    columns.map(|(field, column)| Member::new(&pointer, field.name(), column, conventions));
                Values::Struct(members.collect::<Result<_, _>>()?)
            }
            DataType::List(_) => {
                let array = column.as_list::<i32>();
                Values::List(array.offsets().clone(), elements(array.values())?)
            }
            DataType::Map(_, _) if column.as_map().key_type() == &DataType::Utf8 => {
                let array = column.as_map();
                let keys = array.keys().as_string().clone();
                Values::Map(array.offsets().clone(), keys, elements(array.values())?)
            }
            other => {
                // Columns of the properties are named without them.
                let column = pointer.strip_prefix("/properties").unwrap_or(&pointer)[1..].to_owned();
                return Err(DecodeError::Type { column, data_type: Box::new(other.clone()) });
            }
        };
        Ok(Self { nulls: column.logical_nulls(), values, pointer })
    }

    /// The string of a row, where it has one.
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        match &self.values {
            Values::Text(values) if !self.is_null(row) => Some(values.value(row)),
            _ => None,
        }
    }

    /// A column without values.
    pub(crate) fn null(pointer: String, rows: usize) -> Self {
        Self { pointer, nulls: Some(NullBuffer::new_null(rows)), values: Values::Null }
    }

    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// NaN or infinite, which JSON cannot say.
    pub(crate) fn is_nothing(&self, row: usize) -> bool {
        matches!(&self.values, Values::Float(values, _) if !values.value(row).is_finite())
    }

    pub(crate) fn is_of_numbers(&self) -> bool {
        matches!(
            self.values,
            Values::Null | Values::Integer(_) | Values::Unsigned(_) | Values::Float(..) | Values::Decimal(..)
        )
    }

    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match &self.values {
            Values::Null => out.extend_from_slice(b"null"),
            Values::Boolean(values) => {
                out.extend_from_slice(if values.value(row) { b"true" } else { b"false" });
            }
            Values::Integer(values) => {
                out.extend_from_slice(itoa::Buffer::new().format(values.value(row)).as_bytes());
            }
            Values::Unsigned(values) => {
                out.extend_from_slice(itoa::Buffer::new().format(values.value(row)).as_bytes());
            }
            // What JSON cannot say (NaN, infinities) another writer can only have meant as nothing.
            Values::Float(..) if self.is_nothing(row) => out.extend_from_slice(b"null"),
            Values::Float(values, whole) => number::write(values.value(row), *whole, out),
            Values::Text(values) => push_string(out, values.value(row)),
            Values::Decimal(values, scale) => push_decimal(values.value(row), (*scale).into(), out),
            Values::Date(values) => self.write_date(values.value(row), out)?,
            Values::Time(values, unit, spelling) => {
                self.write_time(values[row], *unit, spelling.of(row), out)?;
            }
            Values::Wkb(values, whole) => self.write_wkb(values.value(row), *whole, out)?,
            Values::Struct(members) => {
                out.push(b'{');
                write_members(members, row, out)?;
                out.push(b'}');
            }
            Values::List(offsets, element) => {
                out.push(b'[');
                let (start, end) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
                for index in start..end {
                    if index > start {
                        out.push(b',');
                    }
                    element.write(index, out)?;
                }
                out.push(b']');
            }
            Values::Map(offsets, keys, element) => {
                out.push(b'{');
                let (start, end) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
                for index in start..end {
                    if index > start {
                        out.push(b',');
                    }
                    push_string(out, keys.value(index));
                    out.push(b':');
                    element.write(index, out)?;
                }
                out.push(b'}');
            }
        }
        Ok(())
    }

    fn write_time(
        &self,
        value: i64,
        unit: TimeUnit,
        format: TimeFormat,
        out: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        let time = time::date_time(value, unit)
            .ok_or_else(|| DecodeError::Time { pointer: self.pointer.clone(), value })?;
        out.push(b'"');
        format.write(time, out);
        out.push(b'"');
        Ok(())
    }

    fn write_date(&self, days: i32, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let date = time::date(days)
            .ok_or_else(|| DecodeError::Time { pointer: self.pointer.clone(), value: days.into() })?;
        push_string(out, &date.to_string());
        Ok(())
    }

    fn write_wkb(&self, value: &[u8], whole: Whole, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        wkb::to_json(value, whole, out)
            .map_err(|source| DecodeError::Wkb { pointer: self.pointer.clone(), source })
    }
}

/// Appends all digits of a decimal number: `unscaled` divided by ten, `scale` times.
fn push_decimal(unscaled: i256, scale: usize, out: &mut Vec<u8>) {
    let text = unscaled.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", &*text), |digits| ("-", digits));
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    out.extend_from_slice(sign.as_bytes());
    out.extend_from_slice(whole.as_bytes());
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction.as_bytes());
    }
}
