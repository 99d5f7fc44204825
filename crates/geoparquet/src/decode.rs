//! Record batches to Items' JSON: each row is written as text, straight from the columns.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Float64Array, Int64Array, LargeBinaryArray,
    LargeStringArray, RecordBatch, StringArray, StringViewArray, UInt64Array,
};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use stacyard_model::json::{push_pointer_token, push_string};

use crate::layout::Null;
use crate::metadata::Conventions;
use crate::number::{self, Whole};
use crate::residual::{self, ResidualError};
use crate::time::{self, TimeFormat};
use crate::wkb::{self, WkbError};

/// Why a batch or a row cannot be said in JSON.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("column {column} is of type {data_type}, which no JSON value is read from")]
    Type { column: String, data_type: Box<DataType> },
    #[error("column {column} is missing")]
    Missing { column: String },
    #[error("{pointer}: {source}")]
    Wkb { pointer: String, source: WkbError },
    #[error("{pointer}: {value} is no instant that RFC 3339 can write")]
    Time { pointer: String, value: i64 },
    #[error(transparent)]
    Residual(#[from] ResidualError),
}

/// How the file names its parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) conventions: Conventions,
    /// The primary geometry column, by the `geo` metadata.
    pub(crate) geometry: String,
}

/// The columns of a batch, ready to be written row by row.
pub(crate) struct Items {
    /// In the order in which an Item is written; `properties` are apart.
    head: Vec<Member>,
    properties: Vec<Member>,
    tail: Vec<Member>,
    geometry: Cell,
    bbox: Option<[Option<Float64Array>; 6]>,
    bbox_nulls: Option<NullBuffer>,
    bbox_whole: Whole,
    residual: Option<Cell>,
    scratch: Vec<u8>,
}

struct Member {
    /// `"name":`
    key: Vec<u8>,
    null: Null,
    cell: Cell,
}

/// One column, with how its values are written.
struct Cell {
    pointer: String,
    nulls: Option<NullBuffer>,
    values: Values,
}

enum Values {
    Null,
    Boolean(BooleanArray),
    Integer(Int64Array),
    Unsigned(UInt64Array),
    Float(Float64Array, Whole),
    Text(StringArray),
    LargeText(LargeStringArray),
    TextView(StringViewArray),
    Time(ScalarBuffer<i64>, TimeUnit, TimeFormat),
    Wkb(BinaryArray, Whole),
    LargeWkb(LargeBinaryArray, Whole),
    WkbView(BinaryViewArray, Whole),
    Dictionary(Vec<usize>, Box<Cell>),
    Struct(Vec<Member>),
    List(Vec<usize>, Box<Cell>),
}

impl Items {
    pub(crate) fn new(batch: &RecordBatch, names: &Names) -> Result<Self, DecodeError> {
        let conventions = &names.conventions;
        let (mut head, mut properties, mut tail) = (Vec::new(), Vec::new(), Vec::new());
        let (mut geometry, mut bbox, mut bbox_nulls, mut residual) = (None, None, None, None);
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let name = field.name().as_str();
            match name {
                "type" => {}
                _ if name == names.geometry => {
                    geometry = Some(Cell::new("/geometry".to_owned(), column, conventions)?);
                }
                _ if conventions.residual.as_deref() == Some(name) => {
                    let cell = Cell::new(format!("/{name}"), column, conventions)?;
                    if cell.text(0).is_none() && batch.num_rows() > 0 {
                        let data_type = Box::new(column.data_type().clone());
                        return Err(DecodeError::Type { column: name.to_owned(), data_type });
                    }
                    residual = Some(cell);
                }
                "bbox" if matches!(column.data_type(), DataType::Struct(_)) => {
                    bbox_nulls = column.nulls().cloned();
                    bbox = Some(bbox_numbers(column)?);
                }
                "id" | "collection" | "stac_version" | "stac_extensions" | "bbox" => {
                    head.push(Member::new("", name, column, conventions)?);
                }
                "links" | "assets" => tail.push(Member::new("", name, column, conventions)?),
                _ => properties.push(Member::new("/properties", name, column, conventions)?),
            }
        }
        let order = |member: &Member| {
            [
                "\"stac_version\":",
                "\"stac_extensions\":",
                "\"id\":",
                "\"collection\":",
                "\"links\":",
                "\"assets\":",
            ]
            .iter()
            .position(|key| key.as_bytes() == member.key)
        };
        head.sort_by_key(order);
        tail.sort_by_key(order);
        if !head.iter().any(|member| member.key == b"\"id\":") {
            return Err(DecodeError::Missing { column: "id".to_owned() });
        }
        // Without it the columns alone would be read as if they were all.
        if let Some(name) = conventions.residual.as_ref().filter(|_| residual.is_none()) {
            return Err(DecodeError::Missing { column: name.clone() });
        }
        Ok(Self {
            head,
            properties,
            tail,
            geometry: geometry.ok_or(DecodeError::Missing { column: "geometry".to_owned() })?,
            bbox,
            bbox_nulls,
            bbox_whole: conventions.whole("/bbox"),
            residual,
            scratch: Vec::new(),
        })
    }

    /// Appends the Item of a row.
    pub(crate) fn write(&mut self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let residual = self.residual.as_ref().filter(|residual| !residual.is_null(row));
        let patch = residual.and_then(|residual| residual.text(row)).map(str::to_owned);
        let Some(patch) = patch else { return self.write_columns(row, out) };
        let mut base = std::mem::take(&mut self.scratch);
        base.clear();
        let written = self.write_columns(row, &mut base);
        if written.is_ok() {
            residual::apply(&base, patch.as_bytes(), out)?;
        }
        self.scratch = base;
        written
    }

    fn write_columns(&self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        out.extend_from_slice(b"{\"type\":\"Feature\"");
        for member in &self.head {
            member.write(row, b",", out)?;
        }
        out.extend_from_slice(b",\"geometry\":");
        self.geometry.write(row, out)?;
        self.write_bbox(row, out);
        out.extend_from_slice(b",\"properties\":{");
        write_members(&self.properties, row, out)?;
        out.push(b'}');
        for member in &self.tail {
            member.write(row, b",", out)?;
        }
        out.push(b'}');
        Ok(())
    }

    fn write_bbox(&self, row: usize, out: &mut Vec<u8>) {
        let Some(numbers) = &self.bbox else { return };
        if self.bbox_nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return;
        }
        let start = out.len();
        out.extend_from_slice(b",\"bbox\":[");
        let mut separator = false;
        for column in numbers.iter().flatten().filter(|column| column.is_valid(row)) {
            if separator {
                out.push(b',');
            }
            separator = true;
            number::write(column.value(row), self.bbox_whole, out);
        }
        out.push(b']');
        if !separator {
            out.truncate(start);
        }
    }
}

fn bbox_numbers(column: &ArrayRef) -> Result<[Option<Float64Array>; 6], DecodeError> {
    let column = column.as_struct();
    let mut numbers = [const { None }; 6];
    for (slot, name) in numbers.iter_mut().zip(["xmin", "ymin", "zmin", "xmax", "ymax", "zmax"]) {
        let Some(array) = column.column_by_name(name) else { continue };
        *slot = Some(match array.data_type() {
            DataType::Float64 => array.as_primitive::<Float64Type>().clone(),
            DataType::Float32 => array.as_primitive::<Float32Type>().unary(f64::from),
            other => {
                return Err(DecodeError::Type {
                    column: format!("bbox.{name}"),
                    data_type: Box::new(other.clone()),
                });
            }
        });
    }
    Ok(numbers)
}

fn write_members(members: &[Member], row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let mut separator = b"".as_slice();
    for member in members {
        if member.write(row, separator, out)? {
            separator = b",";
        }
    }
    Ok(())
}

impl Member {
    fn new(
        parent: &str,
        name: &str,
        column: &ArrayRef,
        conventions: &Conventions,
    ) -> Result<Self, DecodeError> {
        let mut pointer = parent.to_owned();
        push_pointer_token(&mut pointer, name);
        let mut key = Vec::new();
        push_string(&mut key, name);
        key.push(b':');
        Ok(Self { key, null: conventions.null(&pointer), cell: Cell::new(pointer, column, conventions)? })
    }

    /// Writes the member if it is there; says whether it is.
    fn write(&self, row: usize, separator: &[u8], out: &mut Vec<u8>) -> Result<bool, DecodeError> {
        if self.null == Null::Absent && self.cell.is_null(row) {
            return Ok(false);
        }
        out.extend_from_slice(separator);
        out.extend_from_slice(&self.key);
        self.cell.write(row, out)?;
        Ok(true)
    }
}

impl Cell {
    fn new(pointer: String, column: &ArrayRef, conventions: &Conventions) -> Result<Self, DecodeError> {
        let whole = || conventions.whole(&pointer);
        let time =
            |values: &ScalarBuffer<i64>, unit| Values::Time(values.clone(), unit, conventions.time(&pointer));
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
        let list = |offsets: Vec<usize>, values: &ArrayRef| -> Result<Values, DecodeError> {
            Ok(Values::List(offsets, Box::new(Self::new(format!("{pointer}/*"), values, conventions)?)))
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
            DataType::Float32 => {
                Values::Float(column.as_primitive::<Float32Type>().unary(f64::from), whole())
            }
            DataType::Float64 => Values::Float(column.as_primitive::<Float64Type>().clone(), whole()),
            DataType::Utf8 => Values::Text(column.as_string::<i32>().clone()),
            DataType::LargeUtf8 => Values::LargeText(column.as_string::<i64>().clone()),
            DataType::Utf8View => Values::TextView(column.as_string_view().clone()),
            DataType::Timestamp(TimeUnit::Second, _) => times!(TimestampSecondType, TimeUnit::Second),
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
            DataType::LargeBinary => Values::LargeWkb(column.as_binary::<i64>().clone(), whole()),
            DataType::BinaryView => Values::WkbView(column.as_binary_view().clone(), whole()),
            DataType::Dictionary(..) => {
                let dictionary = column.as_any_dictionary();
                let values = Self::new(pointer.clone(), dictionary.values(), conventions)?;
                let keys = if dictionary.values().is_empty() {
                    vec![0; dictionary.len()]
                } else {
                    dictionary.normalized_keys()
                };
                Values::Dictionary(keys, Box::new(values))
            }
            DataType::Struct(fields) => {
                let columns = fields.iter().zip(column.as_struct().columns());
                let members =
                    columns.map(|(field, column)| Member::new(&pointer, field.name(), column, conventions));
                Values::Struct(members.collect::<Result<_, _>>()?)
            }
            DataType::List(_) => {
                let array = column.as_list::<i32>();
                list(
                    array
                        .value_offsets()
                        .iter()
                        .map(|&offset| usize::try_from(offset).unwrap_or(0))
                        .collect(),
                    array.values(),
                )?
            }
            DataType::LargeList(_) => {
                let array = column.as_list::<i64>();
                list(
                    array
                        .value_offsets()
                        .iter()
                        .map(|&offset| usize::try_from(offset).unwrap_or(0))
                        .collect(),
                    array.values(),
                )?
            }
            DataType::FixedSizeList(_, _) => {
                let array = column.as_fixed_size_list();
                let length = usize::try_from(array.value_length()).unwrap_or(0);
                list((0..=array.len()).map(|row| row * length).collect(), array.values())?
            }
            other => return Err(DecodeError::Type { column: pointer, data_type: Box::new(other.clone()) }),
        };
        Ok(Self { nulls: column.logical_nulls(), values, pointer })
    }

    /// The string of a row, whether null or not; `None` where the column holds no strings.
    fn text(&self, row: usize) -> Option<&str> {
        match &self.values {
            Values::Text(values) => Some(values.value(row)),
            Values::LargeText(values) => Some(values.value(row)),
            Values::TextView(values) => Some(values.value(row)),
            Values::Dictionary(keys, values) => values.text(*keys.get(row)?),
            _ => None,
        }
    }

    fn is_null(&self, row: usize) -> bool {
        matches!(self.values, Values::Null) || self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
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
            Values::Float(values, _) if !values.value(row).is_finite() => out.extend_from_slice(b"null"),
            Values::Float(values, whole) => number::write(values.value(row), *whole, out),
            Values::Text(values) => push_string(out, values.value(row)),
            Values::LargeText(values) => push_string(out, values.value(row)),
            Values::TextView(values) => push_string(out, values.value(row)),
            Values::Time(values, unit, format) => self.write_time(values[row], *unit, *format, out)?,
            Values::Wkb(values, whole) => self.write_wkb(values.value(row), *whole, out)?,
            Values::LargeWkb(values, whole) => self.write_wkb(values.value(row), *whole, out)?,
            Values::WkbView(values, whole) => self.write_wkb(values.value(row), *whole, out)?,
            Values::Dictionary(keys, values) => values.write(keys[row], out)?,
            Values::Struct(members) => {
                out.push(b'{');
                write_members(members, row, out)?;
                out.push(b'}');
            }
            Values::List(offsets, element) => {
                out.push(b'[');
                for index in offsets[row]..offsets[row + 1] {
                    if index > offsets[row] {
                        out.push(b',');
                    }
                    element.write(index, out)?;
                }
                out.push(b']');
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

    fn write_wkb(&self, value: &[u8], whole: Whole, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        wkb::to_json(value, whole, out)
            .map_err(|source| DecodeError::Wkb { pointer: self.pointer.clone(), source })
    }
}
