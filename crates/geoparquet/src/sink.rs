//! Items into a GeoParquet file, in two passes: the first finds the columns, the second fills them, row groups side by
//! side on all cores.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowRowGroupWriterFactory, ArrowWriter, ArrowWriterOptions, compute_leaves,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use stacyard_model::Profile;
use stacyard_model::json::{Tape, Value};
use stacyard_store::{Collections, Encoder, Error, Finished, Note, Output, Sink, in_order};

use crate::layout::{ItemShape, Layout, MAX_COLUMNS};
use crate::metadata::{self, Conventions};
use crate::order::{Locations, Order};
use crate::properties;
use crate::rows::Rows;
use crate::schema;
use crate::shape::Declared;
use crate::spool::{Items, Location, Spool, SpoolReader};
use crate::written::Written;

/// How many Items a row group has, about: enough that the footer stays small, few enough that a search reads little
/// (docs/geoparquet-layout.md).
pub const ROW_GROUP_ROWS: u64 = 10_000;

/// How many bytes the writer holds, about, beside what each column being filled needs (256 MiB).
pub const WRITE_MEMORY: usize = 256 << 20;

/// What a GeoParquet file is made from, beside the Items, and how it is laid out.
#[derive(Debug)]
pub struct Options {
    /// The Collections to keep with the Items.
    pub collections: Collections,
    /// The plain file of JSON that the Items are read from, if they are: they need not be kept elsewhere between the
    /// passes.
    pub source: Option<File>,
    /// How many threads fill columns.
    pub threads: usize,
    /// The order of the rows.
    pub order: Order,
    /// How many Items a row group has, about.
    pub row_group_rows: u64,
    /// How pages are packed.
    pub compression: Compression,
    /// How many bytes are held, about: row groups are cut, and sorting goes to disk, where it would be more.
    pub memory: usize,
    /// The profile that the Items meet: its fields get columns of their types.
    pub profile: Option<Arc<Profile>>,
    /// How many leaf columns there are, at most, beside those that are always there.
    pub max_columns: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            collections: Collections::default(),
            source: None,
            threads: 1,
            order: Order::default(),
            row_group_rows: ROW_GROUP_ROWS,
            // Level 3: what zstd itself takes by default.
            compression: Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()),
            memory: WRITE_MEMORY,
            profile: None,
            max_columns: MAX_COLUMNS,
        }
    }
}

/// A GeoParquet file being written.
pub struct GeoParquetSink {
    output: Output,
    options: Options,
    spool: Spool,
    items: ItemShape,
    encoder: Arc<ShapeEncoder>,
}

impl GeoParquetSink {
    /// Begins to write `path`.
    pub fn create(output: Output, folder: &Path, mut options: Options) -> Result<Self, Error> {
        let spool = Spool::new(folder, options.source.take())?;
        let declared = Declared { profile: options.profile.clone(), max_columns: options.max_columns };
        let encoder = Arc::new(ShapeEncoder(declared));
        Ok(Self { output, options, spool, items: ItemShape::default(), encoder })
    }
}

/// The first pass: looks at what stands in the Items.
#[derive(Debug)]
pub struct ShapeEncoder(Declared);

/// Some Items of the first pass.
#[derive(Default)]
pub struct Shaped {
    shape: ItemShape,
    items: Items,
    scratch: Vec<u8>,
}

impl Encoder for ShapeEncoder {
    type Chunk = Shaped;

    fn item(&self, item: Value<'_>, file_offset: Option<u64>, chunk: &mut Shaped) -> Result<(), Error> {
        let placed = chunk.shape.add(item, &self.0, &mut chunk.scratch);
        // The offset is that of the record, which may begin with white space.
        let file_offset = file_offset.map(|offset| offset + item.offset() as u64);
        chunk.items.add(item.raw(), file_offset, &placed)
    }
}

impl Sink for GeoParquetSink {
    type Encoder = ShapeEncoder;

    fn encoder(&self) -> Arc<ShapeEncoder> {
        Arc::clone(&self.encoder)
    }

    fn write(&mut self, chunk: Shaped) -> Result<(), Error> {
        self.items.merge(chunk.shape, &self.encoder.0);
        self.spool.push(chunk.items)
    }

    fn keep(&mut self, collections: Collections) -> bool {
        self.options.collections = collections;
        true
    }

    fn finish(self) -> Result<Finished, Error> {
        let (written, notes) = self.write_out()?;
        Ok(Finished { notes, ..Finished::file(written.bytes) })
    }
}

impl GeoParquetSink {
    /// As [`Sink::finish`]: writes the file and puts it in its place. Says what it has written, and what a user should know
    /// of it.
    ///
    /// # Errors
    /// When the file cannot be written, or an Item of the source has changed meanwhile.
    pub fn write_out(mut self) -> Result<(Written, Vec<Note>), Error> {
        let target = self.output.path().to_owned();
        let failed = |cause| unwritable(&target, cause);
        for field in self.options.profile.iter().flat_map(|profile| profile.fields()) {
            // A column that is declared is there, whether an Item has it or not.
            self.items.properties.named(&field.name);
        }
        let layout = Arc::new(Layout::of(&self.items, &self.encoder.0));
        let schema = Arc::new(schema::schema(&layout));
        let key_values = key_values(&self.items, &layout, &self.options);
        let properties =
            properties::writer(&schema, key_values, &self.items, &self.options).map_err(failed)?;
        // Without the Arrow schema, of which Parquet's types say all: where it is, pyarrow takes its metadata in place of
        // the file's, and what it writes again would have lost ours.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(self.output.as_file(), Arc::clone(&schema), options);
        let (mut file, factory) = writer.and_then(ArrowWriter::into_serialized_writer).map_err(failed)?;

        // A part of the memory is for the sorter; the rest is for the row groups that are under way.
        let (memory, threads) = (self.options.memory, self.options.threads.max(1));
        let reader = self.spool.reader()?;
        let mut groups = RowGroups {
            locations: self.options.order.locations(&mut self.spool, memory / 4)?,
            rows: self.options.row_group_rows.max(1),
            bytes: memory as u64 / threads as u64,
        };
        let work = RowGroupWork { layout: &layout, schema: &schema, reader: &reader, factory: &factory };
        let mut index = 0..;
        in_order(
            || Ok(groups.next()?.zip(index.next())),
            (threads, 1),
            Tape::new,
            |tape, (locations, index)| work.encode(tape, index, &locations),
            |chunks| {
                let mut group = file.next_row_group().map_err(failed)?;
                for chunk in chunks {
                    chunk.append_to_row_group(&mut group).map_err(failed)?;
                }
                group.close().map_err(failed)?;
                Ok(ControlFlow::Continue(()))
            },
        )?;
        drop(groups);
        self.spool.check_unchanged()?;
        let footer = file.close().map_err(failed)?;
        let notes = layout.left_out.notes(&target, self.options.max_columns);
        Ok((Written::of(&footer, self.output.commit()?), notes))
    }
}

/// A full disk is the user's to mend, and is named as such; all else would be ours.
fn unwritable(target: &Path, cause: ParquetError) -> Error {
    match cause {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => Error::io("write", target, *cause),
            Err(cause) => Error::failed(format!("cannot write {}: {cause}", target.display())),
        },
        cause => Error::failed(format!("cannot write {}", target.display())).caused_by(cause),
    }
}

/// Cuts the rows into groups of so many Items and at most about so many bytes of JSON.
struct RowGroups<'a> {
    locations: Locations<'a>,
    rows: u64,
    bytes: u64,
}

impl RowGroups<'_> {
    fn next(&mut self) -> Result<Option<Vec<Location>>, Error> {
        let mut group = Vec::new();
        let mut bytes = 0;
        while (group.len() as u64) < self.rows
            && bytes < self.bytes
            && let Some(location) = self.locations.next().transpose()?
        {
            bytes += u64::from(location.length);
            group.push(location);
        }
        Ok((!group.is_empty()).then_some(group))
    }
}

/// The second pass over one row group.
struct RowGroupWork<'a> {
    layout: &'a Arc<Layout>,
    schema: &'a arrow_schema::SchemaRef,
    reader: &'a SpoolReader,
    factory: &'a ArrowRowGroupWriterFactory,
}

impl RowGroupWork<'_> {
    fn encode(
        &self,
        tape: &mut Tape,
        index: usize,
        locations: &[Location],
    ) -> Result<Vec<ArrowColumnChunk>, Error> {
        let failed = |cause| Error::failed("cannot write a row group").caused_by(cause);
        let mut writers = self.factory.create_column_writers(index).map_err(failed)?;
        let mut write = |rows: Rows| {
            let batch =
                rows.finish().map_err(|e| Error::failed("cannot make a record batch").caused_by(e))?;
            let mut writer = writers.iter_mut();
            for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
                for leaf in compute_leaves(field, column).map_err(failed)? {
                    writer.next().map_or(Ok(()), |writer| writer.write(&leaf)).map_err(failed)?;
                }
            }
            Ok::<_, Error>(())
        };
        let mut bytes = Vec::new();
        let mut rows = Rows::new(self.layout, self.schema);
        for &location in locations {
            self.reader.read(location, &mut bytes)?;
            let item = tape
                .parse(&bytes)
                .map_err(|e| Error::failed("an Item has changed between the two passes").caused_by(e))?;
            rows.add(item);
            if rows.is_full() {
                write(std::mem::replace(&mut rows, Rows::new(self.layout, self.schema)))?;
            }
        }
        if rows.len() > 0 {
            write(rows)?;
        }
        writers.into_iter().map(|writer| writer.close().map_err(failed)).collect()
    }
}

fn key_values(items: &ItemShape, layout: &Layout, options: &Options) -> Vec<KeyValue> {
    let profile = options.profile.as_ref().map(|profile| profile.text().to_owned());
    let conventions = Conventions { profile, ..Conventions::of(layout) };
    let conventions = serde_json::to_string(&conventions).unwrap_or_default();
    vec![
        KeyValue::new(metadata::GEO.to_owned(), metadata::geo(items).to_string()),
        KeyValue::new(metadata::STAC.to_owned(), metadata::stac(&options.collections).to_string()),
        KeyValue::new(metadata::OURS.to_owned(), conventions),
    ]
}
