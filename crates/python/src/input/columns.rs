//! Columns of Arrow, whoever has them, by way of a Parquet file: they are read as those of other programs' files are, through the gate.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader, StructArray, new_null_array};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use pyo3::exceptions::{PyKeyboardInterrupt, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods};
use serde_json::{Value, json};
use stacyard::{Error, ErrorKind, Stop, Store};

use super::spool;
use crate::error::OrRaise;
use crate::work;

/// The store that columns are.
pub(super) fn spooled(value: &Bound<'_, PyAny>, stop: &Stop) -> PyResult<Store> {
    let py = value.py();
    let capsule = value.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
    let stream = taken(&capsule)?;
    let mut interrupted = None;
    // A stream may be made by code of Python's, which takes the lock by itself. Of some types the writer panics.
    let store = py.detach(|| {
        let write = AssertUnwindSafe(|| written(stream, stop, &mut interrupted));
        catch_unwind(write).unwrap_or_else(|_| Err(work::fault()))
    });
    // An interrupt in the midst of the stream's own code is an error of the stream.
    py.check_signals()?;
    match interrupted {
        Some(error) => Err(error),
        None => store.or_raise(py),
    }
}

/// What a file without the metadata of GeoParquet says of its geometries, as STAC GeoParquet has them; with the reference system that the column
/// names, which is refused where it is not that of GeoJSON.
fn geo(schema: &Schema) -> String {
    let geometry = schema.field_with_name("geometry").ok();
    let said = geometry.and_then(|field| field.metadata().get("ARROW:extension:metadata"));
    let crs =
        said.and_then(|said| serde_json::from_str::<Value>(said).ok()).map(|mut said| said["crs"].take());
    let mut column = json!({"encoding": "WKB", "geometry_types": []});
    match crs {
        None | Some(Value::Null) => {}
        Some(Value::String(code)) => {
            let (authority, code) = code.split_once(':').unwrap_or(("", &code));
            let code = code.parse::<u32>().map_or_else(|_| json!(code), |code| json!(code));
            column["crs"] = json!({"id": {"authority": authority, "code": code}});
        }
        Some(crs) => column["crs"] = crs,
    }
    json!({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}).to_string()
}

/// The stream of a capsule, which is empty from then on.
#[expect(
    unsafe_code,
    reason = "the C stream interface of Arrow hands over a pointer: its specification says what it points to"
)]
fn taken(capsule: &Bound<'_, PyCapsule>) -> PyResult<ArrowArrayStreamReader> {
    let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
    // SAFETY: a capsule of this name holds an `ArrowArrayStream` for as long as it is there, which is until after this call. It is moved out, and
    // marked as released there, as the specification asks of whoever takes it.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr().cast()) };
    ArrowArrayStreamReader::try_new(stream)
        .map_err(|cause| PyTypeError::new_err(format!("a stream of Arrow that cannot be read: {cause}")))
}

fn written(
    stream: ArrowArrayStreamReader,
    stop: &Stop,
    interrupted: &mut Option<PyErr>,
) -> Result<Store, Error> {
    let mut file = spool::file()?;
    let schema = stream.schema();
    refuse_others(&schema)?;
    let fields: Vec<FieldRef> = schema.fields().iter().map(storable).collect();
    let stored = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
    let mut writer =
        ArrowWriter::try_new(file.as_file_mut(), Arc::clone(&stored), None).map_err(unwritable)?;
    if !schema.metadata().contains_key("geo") {
        writer.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo(&schema)));
    }
    for batch in stream {
        stop.check()?;
        let noticed = Python::attach(|py| py.check_signals().and_then(|()| work::cancelled().or_raise(py)));
        if let Err(error) = noticed {
            *interrupted = Some(error);
            return Err(Error::new(ErrorKind::Cancelled, "interrupted"));
        }
        let batch = batch.map_err(|cause| {
            // Code of Python's that makes a stream has the signal raised in it, and pyarrow hands over its text alone.
            if cause.to_string().trim_end().ends_with("KeyboardInterrupt") {
                *interrupted = Some(PyKeyboardInterrupt::new_err(()));
            }
            unreadable(cause)
        })?;
        let columns =
            batch.columns().iter().zip(stored.fields()).map(|(column, field)| filled(column, field));
        let columns = columns.collect::<Result<_, _>>().map_err(unreadable)?;
        let batch = RecordBatch::try_new(Arc::clone(&stored), columns).map_err(unreadable)?;
        writer.write(&batch).map_err(unwritable)?;
    }
    writer.close().map_err(unwritable)?;
    spool::parquet(&file)
}

/// A column as Parquet can hold it: a struct without members, such as that of Items none of which has an asset, gets one that is null.
fn storable(field: &FieldRef) -> FieldRef {
    let DataType::Struct(members) = field.data_type() else { return Arc::clone(field) };
    let members: Fields = if members.is_empty() {
        [Arc::new(Field::new("none", DataType::Boolean, true))].into_iter().collect()
    } else {
        members.iter().map(storable).collect()
    };
    Arc::new(field.as_ref().clone().with_data_type(DataType::Struct(members)))
}

/// The values of such a column.
fn filled(column: &ArrayRef, field: &FieldRef) -> Result<ArrayRef, ArrowError> {
    let (Some(old), DataType::Struct(members)) =
        (column.as_any().downcast_ref::<StructArray>(), field.data_type())
    else {
        return Ok(Arc::clone(column));
    };
    let values = if old.columns().is_empty() {
        vec![new_null_array(&DataType::Boolean, old.len())]
    } else {
        old.columns()
            .iter()
            .zip(members)
            .map(|(column, member)| filled(column, member))
            .collect::<Result<_, _>>()?
    };
    Ok(Arc::new(StructArray::try_new(members.clone(), values, old.nulls().cloned())?))
}

/// Fails where the columns are no Items.
fn refuse_others(schema: &Schema) -> Result<(), Error> {
    if let Some(field) = schema.fields().iter().find(|field| is_of_no_json(field.data_type())) {
        return Err(Error::usage(
            format!("the column {:?} is of the type {}, which no Item has", field.name(), field.data_type()),
            "leave it out, or cast it to texts or numbers",
        ));
    }
    let missing: Vec<&str> =
        ["id", "geometry"].into_iter().filter(|name| schema.field_with_name(name).is_err()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(" and ");
    Err(Error::usage(
        format!("the columns are no Items: there is no {missing}"),
        "give columns as STAC GeoParquet has them",
    ))
}

/// Whether a file of Parquet cannot hold a type at all.
fn is_of_no_json(kind: &DataType) -> bool {
    match kind {
        DataType::Union(..) | DataType::Interval(_) | DataType::RunEndEncoded(..) => true,
        DataType::Dictionary(_, values) => matches!(**values, DataType::Utf8View | DataType::BinaryView),
        DataType::Struct(members) => members.iter().any(|member| is_of_no_json(member.data_type())),
        DataType::List(of)
        | DataType::LargeList(of)
        | DataType::FixedSizeList(of, _)
        | DataType::ListView(of)
        | DataType::LargeListView(of)
        | DataType::Map(of, _) => is_of_no_json(of.data_type()),
        _ => false,
    }
}

fn unreadable(cause: ArrowError) -> Error {
    Error::failed("a stream of Arrow has failed").caused_by(cause)
}

fn unwritable(cause: ParquetError) -> Error {
    Error::failed("columns that cannot be written to a temporary file").caused_by(cause)
}
