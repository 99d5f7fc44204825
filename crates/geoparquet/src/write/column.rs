//! Builders of Arrow columns, filled from JSON values.
//!
//! A builder holds as many values as rows were *filled*: rows in between are padded with nulls when the next one is
//! filled or the column is finished, so that a field that is not there costs nothing.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, ListArray, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, FieldRef, Fields};
use stacyard_model::Rfc3339;
use stacyard_model::json::{Key, Kind, Value};

use crate::format::layout::{Column, Field, Null};
use crate::format::number::{self, Whole};
use crate::format::residual::{Path, Residual, Step};
use crate::format::schema;
use crate::format::time::{self, TimeFormat, TimeFormats};
use crate::format::wkb::{self, Written};

/// A column being filled.
pub(crate) struct Builder {
    valid: NullBufferBuilder,
    values: Values,
}

enum Values {
    Boolean(BooleanBufferBuilder),
    Integer(Vec<i64>),
    Float(Vec<f64>, Whole),
    /// With the format of the rows that are being filled.
    Time(Vec<i64>, TimeFormat, TimeFormats),
    Text(Bytes),
    Geometry(Bytes, Whole),
    Struct(StructBuilder),
    List {
        offsets: Vec<i32>,
        element: Box<Builder>,
        field: FieldRef,
    },
}

/// Values of any length, end to end.
struct Bytes {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
}

impl Bytes {
    fn new() -> Self {
        Self { offsets: vec![0], bytes: Vec::new() }
    }

    /// Ends the value whose bytes have been appended.
    fn end(&mut self) {
        self.offsets.push(offset(self.bytes.len()));
    }

    fn finish(self) -> (OffsetBuffer<i32>, Buffer) {
        (OffsetBuffer::new(self.offsets.into()), Buffer::from_vec(self.bytes))
    }
}

/// Batches are cut long before 2 GiB (`rows::MAX_BATCH_BYTES`), so that an offset always fits.
fn offset(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

impl Builder {
    pub(crate) fn new(column: &Column) -> Self {
        let values = match column {
            Column::Boolean => Values::Boolean(BooleanBufferBuilder::new(0)),
            Column::Integer => Values::Integer(Vec::new()),
            Column::Float(whole) => Values::Float(Vec::new(), *whole),
            Column::Time(formats) => Values::Time(Vec::new(), formats.common, formats.clone()),
            Column::Text => Values::Text(Bytes::new()),
            Column::Geometry(whole) => Values::Geometry(Bytes::new(), *whole),
            Column::Struct(fields) => Values::Struct(StructBuilder::new(fields)),
            Column::List(element) => Values::List {
                offsets: vec![0],
                element: Box::new(Self::new(element)),
                field: Arc::new(schema::element(element)),
            },
        };
        Self { valid: NullBufferBuilder::new(0), values }
    }

    pub(crate) fn len(&self) -> usize {
        self.valid.len()
    }

    /// Appends nulls until there are `rows` values.
    pub(crate) fn pad(&mut self, rows: usize) {
        let missing = rows - self.len();
        if missing == 0 {
            return;
        }
        self.valid.append_n_nulls(missing);
        match &mut self.values {
            Values::Boolean(values) => values.append_n(missing, false),
            Values::Integer(values) | Values::Time(values, ..) => values.resize(rows, 0),
            Values::Float(values, _) => values.resize(rows, 0.0),
            Values::Text(values) | Values::Geometry(values, _) => {
                let end = offset(values.bytes.len());
                values.offsets.resize(rows + 1, end);
            }
            // Its fields are padded when they are filled next.
            Values::Struct(values) => values.rows = rows,
            Values::List { offsets, element, .. } => offsets.resize(rows + 1, offset(element.len())),
        }
    }

    /// Appends a value that is not null. Where the column cannot say it, the column gets the nearest it can, or null,
    /// and the residual gets the value.
    pub(crate) fn append(&mut self, value: Value<'_>, path: &Path<'_>, residual: &mut Residual) {
        let exact = match (&mut self.values, value.kind()) {
            (Values::Boolean(values), Kind::True | Kind::False) => {
                values.append(value.kind() == Kind::True);
                Some(true)
            }
            (Values::Integer(values), Kind::Number) => {
                value.as_number().and_then(stacyard_model::json::Number::as_i64).map(|number| {
                    values.push(number);
                    true
                })
            }
            (Values::Float(values, whole), Kind::Number) => value.as_number().and_then(|number| {
                let narrowed = number::narrow(number);
                values.push(narrowed.value?);
                Some(narrowed.spelling.is_some_and(|spelling| spelling.fits(*whole)))
            }),
            (Values::Text(values), Kind::String) => {
                match value.as_plain_str() {
                    Some(text) => values.bytes.extend_from_slice(text.as_bytes()),
                    None => values.bytes.extend_from_slice(value.as_str().unwrap_or_default().as_bytes()),
                }
                values.end();
                Some(true)
            }
            (Values::Time(values, format, _), Kind::String) => value.as_str().and_then(|text| {
                let time = Rfc3339::parse(&text)?;
                values.push(time::micros(time)?);
                Some(format.fits(time))
            }),
            (Values::Geometry(..), _) => {
                self.append_geometry(value, path, residual);
                return;
            }
            (Values::Struct(values), Kind::Object) => {
                values.append(value, path, residual);
                Some(true)
            }
            (Values::List { offsets, element, .. }, Kind::Array) => {
                let start = element.len();
                for (index, value) in value.elements().into_iter().flatten().enumerate() {
                    if value.is_null() {
                        element.pad(start + index + 1);
                    } else {
                        element.append(value, &path.then(Step::Index(index)), residual);
                    }
                }
                offsets.push(offset(element.len()));
                Some(true)
            }
            _ => None,
        };
        match exact {
            Some(exact) => {
                self.valid.append_non_null();
                if !exact {
                    residual.set(path, value);
                }
            }
            None => {
                self.pad(self.len() + 1);
                residual.set(path, value);
            }
        }
    }

    /// As [`Builder::append`] of a column of geometries; gives what was found in it, `None` where it is not a geometry.
    pub(crate) fn append_geometry(
        &mut self,
        value: Value<'_>,
        path: &Path<'_>,
        residual: &mut Residual,
    ) -> Option<Written> {
        let Values::Geometry(values, whole) = &mut self.values else { return None };
        let written = wkb::write(value, &mut values.bytes);
        match &written {
            Some(found) => {
                values.end();
                self.valid.append_non_null();
                if !found.fits(*whole) {
                    residual.set(path, value);
                }
            }
            None => {
                self.pad(self.len() + 1);
                residual.set(path, value);
            }
        }
        written
    }

    pub(crate) fn finish(mut self, rows: usize) -> Result<ArrayRef, ArrowError> {
        self.pad(rows);
        let nulls = self.valid.finish();
        Ok(match self.values {
            Values::Boolean(mut values) => Arc::new(BooleanArray::new(values.finish(), nulls)),
            Values::Integer(values) => Arc::new(Int64Array::try_new(values.into(), nulls)?),
            Values::Float(values, _) => Arc::new(Float64Array::try_new(values.into(), nulls)?),
            Values::Time(values, ..) => {
                let values: ScalarBuffer<i64> = values.into();
                Arc::new(TimestampMicrosecondArray::try_new(values, nulls)?.with_timezone("UTC"))
            }
            Values::Text(values) => {
                let (offsets, bytes) = values.finish();
                Arc::new(StringArray::try_new(offsets, bytes, nulls)?)
            }
            Values::Geometry(values, _) => {
                let (offsets, bytes) = values.finish();
                Arc::new(BinaryArray::try_new(offsets, bytes, nulls)?)
            }
            Values::Struct(values) => {
                let (fields, arrays) = values.finish(rows)?;
                Arc::new(StructArray::try_new(fields, arrays, nulls)?)
            }
            Values::List { offsets, element, field } => {
                let count = element.len();
                let offsets = OffsetBuffer::new(offsets.into());
                Arc::new(ListArray::try_new(field, offsets, element.finish(count)?, nulls)?)
            }
        })
    }
}

/// The fields of a struct, or the columns of a table, being filled.
pub(crate) struct StructBuilder {
    fields: Vec<(Field, Builder)>,
    index: HashMap<Box<str>, usize>,
    /// Fields whose nulls mean null: where such a member is absent, the residual must say so.
    nulls: Vec<(usize, bool)>,
    rows: usize,
    cursor: usize,
    /// As whose Items times are spelled.
    collection: Option<Box<str>>,
}

impl StructBuilder {
    pub(crate) fn new(fields: &[Field]) -> Self {
        Self {
            index: fields.iter().enumerate().map(|(at, field)| (field.name.clone(), at)).collect(),
            nulls: fields
                .iter()
                .enumerate()
                .filter(|(_, f)| f.null == Null::Null)
                .map(|(at, _)| (at, false))
                .collect(),
            fields: fields.iter().map(|field| (field.clone(), Builder::new(&field.column))).collect(),
            rows: 0,
            cursor: 0,
            collection: None,
        }
    }

    fn append(&mut self, object: Value<'_>, path: &Path<'_>, residual: &mut Residual) {
        self.begin();
        for (key, value) in object.members().into_iter().flatten() {
            self.member(key, value, &path.then(Step::Key(key)), residual);
        }
        self.end(residual, |name, residual| residual.remove(&path.then(Step::Name(name))));
    }

    /// Begins a row.
    pub(crate) fn begin(&mut self) {
        self.cursor = 0;
        self.nulls.iter_mut().for_each(|(_, seen)| *seen = false);
    }

    /// Times are spelled as the Items of a collection spell them, from the row on that was begun.
    pub(crate) fn spell_as_in(&mut self, collection: Option<&str>) {
        if self.collection.as_deref() == collection {
            return;
        }
        self.collection = collection.map(Into::into);
        for (_, builder) in &mut self.fields {
            if let Values::Time(_, format, formats) = &mut builder.values {
                *format = formats.of(collection);
            }
        }
    }

    /// Fills a field of the row that was begun.
    pub(crate) fn member(
        &mut self,
        key: Key<'_>,
        value: Value<'_>,
        path: &Path<'_>,
        residual: &mut Residual,
    ) {
        let at = match self.fields.get(self.cursor) {
            // Items resemble each other: the field after the last one is tried first.
            Some((field, _)) if key == *field.name => self.cursor,
            _ => match self.index.get(&*key.text()) {
                Some(&at) => at,
                None => return residual.set(path, value),
            },
        };
        self.cursor = at + 1;
        let (field, builder) = &mut self.fields[at];
        if value.is_null() {
            if field.null == Null::Absent {
                return residual.set(path, value);
            }
        } else {
            builder.pad(self.rows);
            builder.append(value, path, residual);
        }
        if field.null == Null::Null
            && let Some(entry) = self.nulls.iter_mut().find(|entry| entry.0 == at)
        {
            entry.1 = true;
        }
    }

    /// Ends the row; `absent` is told of each field that the row has not and whose null would say that it is null.
    pub(crate) fn end(&mut self, residual: &mut Residual, absent: impl Fn(&str, &mut Residual)) {
        for &(at, seen) in &self.nulls {
            if !seen {
                absent(&self.fields[at].0.name, residual);
            }
        }
        self.rows += 1;
    }

    pub(crate) fn finish(self, rows: usize) -> Result<(Fields, Vec<ArrayRef>), ArrowError> {
        let fields = self.fields.iter().map(|(field, _)| schema::field(field)).collect();
        let arrays =
            self.fields.into_iter().map(|(_, builder)| builder.finish(rows)).collect::<Result<_, _>>()?;
        Ok((fields, arrays))
    }
}
