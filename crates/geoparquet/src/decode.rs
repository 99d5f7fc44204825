//! Record batches to Items' JSON: each row is written as text, straight from the columns.
//!
//! The Arrow types are those that the Parquet types alone give: another writer's views, dictionaries, large and fixed
//! lists are in memory only, and come as plain ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal256Array, Float64Array, Int64Array,
    RecordBatch, StringArray, UInt64Array,
};
use arrow_buffer::{ArrowNativeType, NullBuffer, OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{DataType, TimeUnit};
use stacyard_model::json::{Value, push_pointer_token, push_string};
use stacyard_store::{Error, ErrorKind, Note, Remedy};

use crate::layout::{Null, RESIDUAL};
use crate::metadata::Conventions;
use crate::number::{self, Whole};
use crate::residual::{self, ResidualError};
use crate::time::{self, TimeFormat, TimeFormats};
use crate::wkb::{self, WkbError};

/// Why a batch or a row cannot be said in JSON.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("column {column} is of type {data_type}, which no JSON value is read from")]
    Type { column: String, data_type: Box<DataType> },
    #[error("column {column} is of type {data_type}, which no geometry is read from")]
    Geometry { column: String, data_type: Box<DataType> },
    #[error("column {column} is missing")]
    Missing { column: String },
    #[error("{pointer}: {source}")]
    Wkb { pointer: String, source: WkbError },
    #[error("{pointer}: {value} is no time that RFC 3339 can write")]
    Time { pointer: String, value: i64 },
    #[error(transparent)]
    Residual(#[from] ResidualError),
    #[error("Item {id:?}: {cause}")]
    Item { id: String, cause: Box<DecodeError> },
}

impl DecodeError {
    /// With what the user can do; `message` says where it is.
    pub(crate) fn into_error(self, message: String) -> Error {
        let mut cause = &self;
        while let Self::Item { cause: inner, .. } = cause {
            cause = inner;
        }
        let remedy = match cause {
            Self::Type { .. } => {
                "write the file again with that column as text, numbers, lists or structs, or without it"
            }
            Self::Geometry { .. } => "only WKB is read: write the file again with geometries as WKB",
            Self::Missing { column } if column == RESIDUAL => {
                "its columns alone are not the Items that went in: copy it again from where it comes from"
            }
            Self::Missing { .. } => {
                "Items are read from columns named as stac-geoparquet names them: rename those of the file"
            }
            Self::Wkb { .. } | Self::Time { .. } => {
                "nothing was read in its place: repair the row, or write the file again without it"
            }
            Self::Residual(_) | Self::Item { .. } => "the file is damaged: fetch or write it again",
        };
        Error::failed(message).of_kind(ErrorKind::Damaged).caused_by(self).remedy(remedy)
    }
}

/// How the file names its parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) conventions: Conventions,
    /// The primary geometry column.
    pub(crate) geometry: String,
    /// Columns that are there for readers, and not properties: a covering that is not the Items' `bbox`, the row numbers
    /// of pandas.
    pub(crate) aside: Vec<String>,
    /// Another program has written the rows, or written them again: it may have left out what the residual is about, and
    /// `assets` and `links` where Parquet has no way to say that they are empty.
    pub(crate) by_others: bool,
    /// How many values of residuals have given way to columns that another program has changed.
    pub(crate) edits: Arc<AtomicU64>,
}

impl Names {
    /// The same for Items that are read anew: none of their values has given way yet.
    pub(crate) fn anew(&self) -> Self {
        Self { edits: Arc::default(), ..self.clone() }
    }

    /// What is to be said of a file when Items of it have been written. `once`: each of them was decoded once, so that the
    /// number of edits is known.
    pub(crate) fn notes(&self, file: &str, once: bool) -> Vec<Note> {
        let edits = self.edits.load(Ordering::Relaxed);
        let values = match edits {
            _ if !once => "values".to_owned(),
            1 => "1 value".to_owned(),
            _ => format!("{edits} values"),
        };
        let note = Note {
            message: format!(
                "{file}: another program has changed {values} of columns; the older ones in {RESIDUAL} are not used"
            ),
            help: Remedy::call("optimize", &[]).text(" writes the file again, with what it has now"),
        };
        if edits == 0 { Vec::new() } else { vec![note] }
    }
}

/// The columns of a batch, ready to be written row by row.
pub(crate) struct Items {
    /// In the order in which an Item is written; `properties` are apart.
    pub(crate) head: Vec<Member>,
    pub(crate) properties: Vec<Member>,
    pub(crate) tail: Vec<Member>,
    pub(crate) geometry: Option<Cell>,
    pub(crate) bbox: Option<BoxColumn>,
    residual: Option<Cell>,
    /// What of the Item the residual may count on.
    patched: Scope,
    edits: Arc<AtomicU64>,
    scratch: Vec<u8>,
}

/// Which of a file's columns are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All: what is missing is missing in the file.
    All,
    /// Some: Items are written as far as these go.
    Some,
}

const ID: &[u8] = b"\"id\":";
const COLLECTION: &[u8] = b"\"collection\":";

/// What Parquet has no value for: a struct without fields, and with it `assets` that are empty. Its writers leave the
/// column out, or make the value null. `links` of no Item are a list of nothing, which some leave out too.
const EMPTY: [(&str, &[u8]); 2] = [("links", b"[]"), ("assets", b"{}")];

pub(crate) struct Member {
    /// `"name":`
    pub(crate) key: Vec<u8>,
    /// What a null is in JSON; `None`: the member is not there.
    null: Option<&'static [u8]>,
    pub(crate) cell: Cell,
}

/// The struct of boxes: `xmin, ymin, zmin, xmax, ymax, zmax`, those of them that there are.
pub(crate) struct BoxColumn {
    nulls: Option<NullBuffer>,
    numbers: Vec<Cell>,
}

/// One column, with how its values are written.
pub(crate) struct Cell {
    pointer: String,
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
    formats: TimeFormats,
    /// Of the same rows.
    collections: Option<StringArray>,
}

impl Spelling {
    fn of(&self, row: usize) -> TimeFormat {
        match &self.collections {
            Some(collections) if collections.is_valid(row) => self.formats.of(Some(collections.value(row))),
            _ => self.formats.common,
        }
    }
}

impl Items {
    pub(crate) fn new(batch: &RecordBatch, names: &Names, scope: Scope) -> Result<Self, DecodeError> {
        let conventions = &names.conventions;
        let (mut head, mut properties, mut tail) = (Vec::new(), Vec::new(), Vec::new());
        let (mut geometry, mut bbox, mut residual) = (None, None, None);
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let name = field.name().as_str();
            match name {
                "type" => {}
                _ if names.aside.iter().any(|aside| aside == name) => {}
                _ if name == names.geometry => {
                    let cell = Cell::new("/geometry".to_owned(), column, conventions)?;
                    if !matches!(cell.values, Values::Wkb(..) | Values::Null) {
                        let data_type = Box::new(column.data_type().clone());
                        return Err(DecodeError::Geometry { column: name.to_owned(), data_type });
                    }
                    geometry = Some(cell);
                }
                _ if conventions.residual.as_deref() == Some(name) => {
                    let cell = Cell::new(format!("/{name}"), column, conventions)?;
                    if !matches!(cell.values, Values::Text(_)) {
                        let data_type = Box::new(column.data_type().clone());
                        return Err(DecodeError::Type { column: name.to_owned(), data_type });
                    }
                    residual = Some(cell);
                }
                "bbox" if matches!(column.data_type(), DataType::Struct(_)) => {
                    bbox = Some(BoxColumn::new(column, conventions)?);
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
        let collections = head.iter().find_map(|member| match &member.cell.values {
            Values::Text(values) if member.key == COLLECTION => Some(values),
            _ => None,
        });
        for member in &mut properties {
            if let Values::Time(_, _, spelling) = &mut member.cell.values
                && !spelling.formats.by_collection.is_empty()
            {
                spelling.collections = collections.cloned();
            }
        }
        if names.by_others && scope == Scope::All {
            for (name, empty) in EMPTY {
                let key = key(name);
                match tail.iter_mut().find(|member| member.key == key) {
                    Some(member) => member.null = Some(empty),
                    None => {
                        tail.push(Member {
                            key,
                            null: Some(empty),
                            cell: Cell::null(format!("/{name}"), batch.num_rows()),
                        });
                    }
                }
            }
        }
        head.sort_by_key(order);
        tail.sort_by_key(order);
        let missing = |column: &str| Err(DecodeError::Missing { column: column.to_owned() });
        match &conventions.residual {
            _ if scope == Scope::Some => {}
            _ if !head.iter().any(|member| member.key == ID) => return missing("id"),
            _ if geometry.is_none() => return missing("geometry"),
            // Without it the columns alone would be read as if they were all.
            Some(name) if residual.is_none() => return missing(name),
            _ => {}
        }
        Ok(Self {
            head,
            properties,
            tail,
            geometry,
            bbox,
            residual,
            patched: if names.by_others { Scope::Some } else { scope },
            edits: Arc::clone(&names.edits),
            scratch: Vec::new(),
        })
    }

    /// Appends the Item of a row.
    pub(crate) fn write(&mut self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        self.write_item(row, out).map_err(|cause| {
            let id = self.head.iter().find(|member| member.key == ID).and_then(|id| id.cell.text(row));
            match id {
                Some(id) => DecodeError::Item { id: id.to_owned(), cause: Box::new(cause) },
                None => cause,
            }
        })
    }

    fn write_item(&mut self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let patch = self.residual.as_ref().and_then(|residual| residual.text(row)).map(str::to_owned);
        let Some(patch) = patch else { return self.write_columns(row, out) };
        let mut base = std::mem::take(&mut self.scratch);
        base.clear();
        let written = self.write_columns(row, &mut base);
        if written.is_ok() {
            let holds = |path: &[String], operation: Value<'_>| {
                let holds = self.are_as_written(row, path, operation);
                if !holds {
                    self.edits.fetch_add(1, Ordering::Relaxed);
                }
                holds
            };
            residual::apply(&base, patch.as_bytes(), self.patched, holds, out)?;
        }
        self.scratch = base;
        written
    }

    fn write_columns(&self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        out.extend_from_slice(b"{\"type\":\"Feature\"");
        for member in &self.head {
            member.write(row, b",", out)?;
        }
        if let Some(geometry) = &self.geometry {
            out.extend_from_slice(b",\"geometry\":");
            geometry.write(row, out)?;
        }
        if let Some(bbox) = &self.bbox {
            bbox.write(row, out)?;
        }
        out.extend_from_slice(b",\"properties\":{");
        write_members(&self.properties, row, out)?;
        out.push(b'}');
        for member in &self.tail {
            member.write(row, b",", out)?;
        }
        out.push(b'}');
        Ok(())
    }
}

impl BoxColumn {
    fn new(column: &ArrayRef, conventions: &Conventions) -> Result<Self, DecodeError> {
        let column = column.as_struct();
        let mut numbers = Vec::new();
        for name in ["xmin", "ymin", "zmin", "xmax", "ymax", "zmax"] {
            let Some(array) = column.column_by_name(name) else { continue };
            let cell = Cell::new("/bbox".to_owned(), array, conventions)?;
            if !cell.is_of_numbers() {
                let data_type = Box::new(array.data_type().clone());
                return Err(DecodeError::Type { column: format!("bbox.{name}"), data_type });
            }
            numbers.push(cell);
        }
        Ok(Self { nulls: column.nulls().cloned(), numbers })
    }

    /// Writes the box if there is one: all numbers that are not null. NaN is null, as in every column.
    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Ok(());
        }
        let mut separator = b",\"bbox\":[".as_slice();
        for number in self.numbers.iter().filter(|number| !number.is_null(row) && !number.is_nothing(row)) {
            out.extend_from_slice(separator);
            number.write(row, out)?;
            separator = b",";
        }
        if separator == b"," {
            out.push(b']');
        }
        Ok(())
    }
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

/// `"name":`
pub(crate) fn key(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    push_string(&mut key, name);
    key.push(b':');
    key
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
        let null = match conventions.null(&pointer) {
            Null::Absent => None,
            Null::Null => Some(b"null".as_slice()),
        };
        Ok(Self { key: key(name), null, cell: Cell::new(pointer, column, conventions)? })
    }

    /// Writes the member if it is there; says whether it is.
    fn write(&self, row: usize, separator: &[u8], out: &mut Vec<u8>) -> Result<bool, DecodeError> {
        let null = self.cell.is_null(row);
        if null && self.null.is_none() {
            return Ok(false);
        }
        out.extend_from_slice(separator);
        out.extend_from_slice(&self.key);
        match self.null {
            Some(instead) if null => out.extend_from_slice(instead),
            _ => self.cell.write(row, out)?,
        }
        Ok(true)
    }
}

impl Cell {
    fn new(pointer: String, column: &ArrayRef, conventions: &Conventions) -> Result<Self, DecodeError> {
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
    fn text(&self, row: usize) -> Option<&str> {
        match &self.values {
            Values::Text(values) if !self.is_null(row) => Some(values.value(row)),
            _ => None,
        }
    }

    /// A column without values.
    fn null(pointer: String, rows: usize) -> Self {
        Self { pointer, nulls: Some(NullBuffer::new_null(rows)), values: Values::Null }
    }

    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// NaN or infinite, which JSON cannot say.
    pub(crate) fn is_nothing(&self, row: usize) -> bool {
        matches!(&self.values, Values::Float(values, _) if !values.value(row).is_finite())
    }

    fn is_of_numbers(&self) -> bool {
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
