//! Checkpoints: a version in one Parquet file (PROTOCOL.md, "Checkpoints", the classic schema), so that whoever opens the table need not read
//! all commits before it.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, MapBuilder, MapFieldNames, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, Field, Fields, Schema};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::Compression;
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;

use crate::dataset::log::action::{Add, Format, Line, Metadata, Protocol, Remove, Texts, Txn};
use crate::dataset::log::snapshot::Snapshot;
use crate::read::damage::guarded;

/// Rows of a batch.
const ROWS: usize = 4096;

/// A version as the bytes of its checkpoint; and how many actions it has. `keep`: whether who cleans up still has to know of a file that was taken away.
pub(crate) fn write(snapshot: &Snapshot, keep: impl Fn(&Remove) -> bool) -> Result<(Vec<u8>, usize)> {
    let mut lines = vec![
        Line { protocol: snapshot.protocol.clone(), ..Line::default() },
        Line { meta_data: snapshot.metadata.as_deref().cloned(), ..Line::default() },
    ];
    let transactions = snapshot.transactions.values().cloned();
    lines.extend(transactions.map(|txn| Line { txn: Some(txn), ..Line::default() }));
    let removed = snapshot.removed.values().filter(|remove| keep(remove));
    lines.extend(removed.map(|remove| {
        let remove = Some(Remove { data_change: false, ..Remove::clone(remove) });
        Line { remove, ..Line::default() }
    }));
    lines.extend(
        snapshot
            .files
            .values()
            .map(|add| Line { add: Some(Add { data_change: false, ..Add::clone(add) }), ..Line::default() }),
    );
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch(&[])?.schema(), Some(properties))?;
    for chunk in lines.chunks(ROWS) {
        writer.write(&batch(chunk)?)?;
    }
    Ok((writer.into_inner()?, lines.len()))
}

/// Adds what a checkpoint says.
pub(crate) fn read(bytes: Vec<u8>, snapshot: &mut Snapshot) -> Result<()> {
    guarded(|| {
        // As Parquet's types say: another writer's Arrow types are of its memory.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(Bytes::from(bytes), options)?;
        let schema = builder.parquet_schema();
        let is_wanted = |leaf: &usize| {
            // What is there twice, in other types.
            !schema.column(*leaf).path().parts().iter().any(|part| part.ends_with("_parsed"))
        };
        let leaves: Vec<usize> = (0..schema.num_columns()).filter(is_wanted).collect();
        let mask = ProjectionMask::leaves(schema, leaves);
        for batch in builder.with_projection(mask).with_batch_size(ROWS).build()? {
            apply(&batch?, snapshot);
        }
        Ok(())
    })
}

/// Some actions as rows: a column for each kind of them, of which one has a value.
fn batch(lines: &[Line]) -> std::result::Result<RecordBatch, ArrowError> {
    let columns = vec![
        (
            "txn",
            of(
                lines,
                |line| line.txn.as_ref(),
                |rows| {
                    Ok(vec![
                        ("appId", texts(rows, |txn| Some(&txn.app_id))),
                        ("version", longs(rows, |txn| Some(txn.version))),
                        ("lastUpdated", longs(rows, |txn| txn.last_updated)),
                    ])
                },
            )?,
        ),
        (
            "add",
            of(
                lines,
                |line| line.add.as_ref(),
                |rows| {
                    Ok(vec![
                        ("path", texts(rows, |add| Some(&add.path))),
                        ("partitionValues", maps(rows, |add| Some(&add.partition_values))?),
                        ("size", longs(rows, |add| Some(add.size.cast_signed()))),
                        ("modificationTime", longs(rows, |add| Some(add.modification_time))),
                        ("dataChange", booleans(rows, |add| Some(add.data_change))),
                        ("stats", texts(rows, |add| add.stats.as_ref())),
                        ("tags", maps(rows, |add| add.tags.as_ref())?),
                    ])
                },
            )?,
        ),
        (
            "remove",
            of(
                lines,
                |line| line.remove.as_ref(),
                |rows| {
                    Ok(vec![
                        ("path", texts(rows, |remove| Some(&remove.path))),
                        ("deletionTimestamp", longs(rows, |remove| remove.deletion_timestamp)),
                        ("dataChange", booleans(rows, |remove| Some(remove.data_change))),
                        ("extendedFileMetadata", booleans(rows, |remove| remove.extended_file_metadata)),
                        ("partitionValues", maps(rows, |remove| remove.partition_values.as_ref())?),
                        ("size", longs(rows, |remove| remove.size.map(u64::cast_signed))),
                    ])
                },
            )?,
        ),
        (
            "metaData",
            of(
                lines,
                |line| line.meta_data.as_ref(),
                |rows| {
                    let formats: Vec<Option<&Format>> =
                        rows.iter().map(|row| row.map(|metadata| &metadata.format)).collect();
                    let fields = vec![
                        ("provider", texts(&formats, |format| Some(&format.provider))),
                        ("options", maps(&formats, |format| Some(&format.options))?),
                    ];
                    Ok(vec![
                        ("id", texts(rows, |metadata| Some(&metadata.id))),
                        ("name", texts(rows, |metadata| metadata.name.as_ref())),
                        ("description", texts(rows, |metadata| metadata.description.as_ref())),
                        ("format", object(&formats, fields)?),
                        ("schemaString", texts(rows, |metadata| Some(&metadata.schema_string))),
                        ("partitionColumns", lists(rows, |metadata| Some(&metadata.partition_columns))),
                        ("configuration", maps(rows, |metadata| Some(&metadata.configuration))?),
                        ("createdTime", longs(rows, |metadata| metadata.created_time)),
                    ])
                },
            )?,
        ),
        (
            "protocol",
            of(
                lines,
                |line| line.protocol.as_ref(),
                |rows| {
                    Ok(vec![
                        ("minReaderVersion", integers(rows, |protocol| protocol.min_reader_version)),
                        ("minWriterVersion", integers(rows, |protocol| protocol.min_writer_version)),
                        ("readerFeatures", lists(rows, |protocol| protocol.reader_features.as_ref())),
                        ("writerFeatures", lists(rows, |protocol| protocol.writer_features.as_ref())),
                    ])
                },
            )?,
        ),
    ];
    let field = |(name, column): &(&str, ArrayRef)| Field::new(*name, column.data_type().clone(), true);
    let schema = Schema::new(columns.iter().map(field).collect::<Fields>());
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, column)| column).collect())
}

type Built = std::result::Result<ArrayRef, ArrowError>;

/// The column of one kind of actions.
fn of<'l, T: 'l>(
    lines: &'l [Line],
    action: impl Fn(&'l Line) -> Option<&'l T>,
    fields: impl FnOnce(&[Option<&'l T>]) -> std::result::Result<Vec<(&'static str, ArrayRef)>, ArrowError>,
) -> Built {
    let rows: Vec<Option<&T>> = lines.iter().map(action).collect();
    object(&rows, fields(&rows)?)
}

fn object<T>(rows: &[Option<&T>], fields: Vec<(&'static str, ArrayRef)>) -> Built {
    let (mut types, mut arrays) = (Vec::new(), Vec::new());
    for (name, array) in fields {
        types.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let valid = rows.iter().map(Option::is_some).collect::<NullBuffer>();
    Ok(Arc::new(StructArray::try_new(types.into(), arrays, Some(valid))?))
}

fn texts<'l, T>(rows: &[Option<&'l T>], value: impl Fn(&'l T) -> Option<&'l String>) -> ArrayRef {
    let values = rows.iter().map(|row| row.and_then(&value).map(String::as_str));
    Arc::new(values.collect::<StringArray>())
}

fn longs<T>(rows: &[Option<&T>], value: impl Fn(&T) -> Option<i64>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| row.and_then(&value)).collect::<Int64Array>())
}

fn integers<T>(rows: &[Option<&T>], value: impl Fn(&T) -> i32) -> ArrayRef {
    Arc::new(rows.iter().map(|row| row.map(&value)).collect::<Int32Array>())
}

fn booleans<T>(rows: &[Option<&T>], value: impl Fn(&T) -> Option<bool>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| row.and_then(&value)).collect::<BooleanArray>())
}

fn lists<'l, T>(rows: &[Option<&'l T>], value: impl Fn(&'l T) -> Option<&'l Vec<String>>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(Field::new(
        "element",
        arrow_schema::DataType::Utf8,
        true,
    ));
    for row in rows {
        match row.and_then(&value) {
            Some(values) => builder.append_value(values.iter().map(Some)),
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

fn maps<'l, T>(rows: &[Option<&'l T>], value: impl Fn(&'l T) -> Option<&'l Texts>) -> Built {
    let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for row in rows {
        let values = row.and_then(&value);
        for (key, value) in values.into_iter().flatten() {
            builder.keys().append_value(key);
            builder.values().append_option(value.as_ref());
        }
        builder.append(values.is_some())?;
    }
    Ok(Arc::new(builder.finish()))
}

/// Adds the actions of some rows.
fn apply(batch: &RecordBatch, snapshot: &mut Snapshot) {
    let column = |name| batch.column_by_name(name).and_then(|column| column.as_struct_opt()).map(Object);
    let [add, remove, metadata, protocol, txn] = ["add", "remove", "metaData", "protocol", "txn"].map(column);
    for row in 0..batch.num_rows() {
        let is_there = |object: &Object<'_>| !object.0.is_null(row);
        let mut line = Line::default();
        if let Some(add) = add.filter(is_there) {
            line.add = add.text("path", row).map(|path| Add {
                path,
                partition_values: add.map("partitionValues", row).unwrap_or_default(),
                size: add.long("size", row).unwrap_or_default().unsigned_abs(),
                modification_time: add.long("modificationTime", row).unwrap_or_default(),
                data_change: false,
                stats: add.text("stats", row),
                tags: add.map("tags", row),
                deletion_vector: add
                    .object("deletionVector")
                    .filter(|vector| !vector.0.is_null(row))
                    .map(|_| serde_json::Value::Bool(true)),
            });
        }
        if let Some(remove) = remove.filter(is_there) {
            line.remove = remove.text("path", row).map(|path| Remove {
                path,
                deletion_timestamp: remove.long("deletionTimestamp", row),
                data_change: false,
                extended_file_metadata: None,
                partition_values: remove.map("partitionValues", row),
                size: remove.long("size", row).map(i64::unsigned_abs),
            });
        }
        if let Some(metadata) = metadata.filter(is_there) {
            let format = metadata.object("format");
            let provider = format.and_then(|format| format.text("provider", row));
            line.meta_data = metadata.text("schemaString", row).map(|schema_string| Metadata {
                id: metadata.text("id", row).unwrap_or_default(),
                name: metadata.text("name", row),
                description: metadata.text("description", row),
                format: Format {
                    provider: provider.unwrap_or_default(),
                    options: format.and_then(|format| format.map("options", row)).unwrap_or_default(),
                },
                schema_string,
                partition_columns: metadata.list("partitionColumns", row).unwrap_or_default(),
                configuration: metadata.map("configuration", row).unwrap_or_default(),
                created_time: metadata.long("createdTime", row),
            });
        }
        if let Some(protocol) = protocol.filter(is_there) {
            let version =
                |name| i32::try_from(protocol.long(name, row).unwrap_or_default()).unwrap_or(i32::MAX);
            line.protocol = Some(Protocol {
                min_reader_version: version("minReaderVersion"),
                min_writer_version: version("minWriterVersion"),
                reader_features: protocol.list("readerFeatures", row),
                writer_features: protocol.list("writerFeatures", row),
            });
        }
        if let Some(txn) = txn.filter(is_there) {
            line.txn = txn.text("appId", row).map(|app_id| Txn {
                app_id,
                version: txn.long("version", row).unwrap_or_default(),
                last_updated: txn.long("lastUpdated", row),
            });
        }
        snapshot.apply(line);
    }
}

/// A column of structs. What it lacks, or has in another type, is not there.
#[derive(Clone, Copy)]
struct Object<'b>(&'b StructArray);

impl<'b> Object<'b> {
    fn column(self, name: &str, row: usize) -> Option<&'b ArrayRef> {
        self.0.column_by_name(name).filter(|column| !column.is_null(row))
    }

    fn object(self, name: &str) -> Option<Self> {
        self.0.column_by_name(name)?.as_struct_opt().map(Object)
    }

    fn text(self, name: &str, row: usize) -> Option<String> {
        Some(self.column(name, row)?.as_string_opt::<i32>()?.value(row).to_owned())
    }

    fn long(self, name: &str, row: usize) -> Option<i64> {
        let column = self.column(name, row)?;
        let short = || column.as_primitive_opt::<Int32Type>().map(|column| column.value(row).into());
        column.as_primitive_opt::<Int64Type>().map(|column| column.value(row)).or_else(short)
    }

    fn list(self, name: &str, row: usize) -> Option<Vec<String>> {
        let values = self.column(name, row)?.as_list_opt::<i32>()?.value(row);
        let values = values.as_string_opt::<i32>()?;
        Some(values.iter().flatten().map(str::to_owned).collect())
    }

    fn map(self, name: &str, row: usize) -> Option<Texts> {
        let entries = self.column(name, row)?.as_map_opt()?.value(row);
        let (keys, values) =
            (entries.column(0).as_string_opt::<i32>()?, entries.column(1).as_string_opt::<i32>()?);
        let pairs = keys.iter().zip(values.iter());
        Some(pairs.filter_map(|(key, value)| Some((key?.to_owned(), value.map(str::to_owned)))).collect())
    }
}
