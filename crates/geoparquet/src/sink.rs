//! Items into a GeoParquet file, in two passes: the first finds the columns, the second fills them, row groups side by
//! side on all cores.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowRowGroupWriterFactory, ArrowWriter, ArrowWriterOptions, compute_leaves,
};
use parquet::errors::ParquetError;
use stacyard_model::json::{Tape, Value};
use stacyard_store::{Collections, Encoder, Error, Finished, Note, Output, Sink, in_order};

use crate::format::layout::Layout;
use crate::format::schema;
use crate::write::item_shape::ItemShape;
use crate::write::key_values::key_values;
use crate::write::options::Options;
use crate::write::order::Locations;
use crate::write::properties;
use crate::write::rows::each_batch;
use crate::write::shape::Declared;
use crate::write::spool::{Items, Location, Spool, SpoolReader};
use crate::write::written::Written;

/// A GeoParquet file being written.
pub struct GeoParquetSink {
    pub(crate) output: Output,
    pub(crate) options: Options,
    pub(crate) spool: Spool,
    pub(crate) items: ItemShape,
    encoder: Arc<ShapeEncoder>,
}

impl GeoParquetSink {
    /// Begins to write `path`.
    pub fn create(output: Output, folder: &Path, mut options: Options) -> Result<Self, Error> {
        let spool = Spool::new(folder, options.source.take())?;
        let declared =
            Declared { profile: options.profile.clone(), max_columns: options.max_columns, table: None };
        let encoder = Arc::new(ShapeEncoder(declared));
        Ok(Self { output, options, spool, items: ItemShape::default(), encoder })
    }
}

/// The first pass: looks at what stands in the Items.
#[derive(Debug)]
pub struct ShapeEncoder(pub(crate) Declared);

/// Some Items of the first pass.
#[derive(Default)]
pub struct Shaped {
    pub(crate) shape: ItemShape,
    pub(crate) items: Items,
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
    /// The columns, once all Items have been looked at.
    pub(crate) fn layout(&mut self) -> Arc<Layout> {
        for field in self.options.profile.iter().flat_map(|profile| profile.fields()) {
            // A column that is declared is there, whether an Item has it or not.
            self.items.properties.named(&field.name);
        }
        Arc::new(Layout::of(&self.items, &self.encoder.0))
    }

    /// As [`Sink::finish`]: writes the file and puts it in its place. Says what it has written, and what a user should know
    /// of it.
    ///
    /// # Errors
    /// When the file cannot be written, or an Item of the source has changed meanwhile.
    pub fn write_out(mut self) -> Result<(Written, Vec<Note>), Error> {
        let target = self.output.path().to_owned();
        let failed = |cause| unwritable(&target, cause);
        let layout = self.layout();
        let schema = Arc::new(schema::schema(&layout));
        let key_values = key_values(&self.items, &layout, &self.options);
        let properties =
            properties::writer(&schema, key_values, &self.items, &self.options).map_err(failed)?;
        // Without the Arrow schema, of which Parquet's types say all: where it is, pyarrow takes its metadata in place of
        // the file's, and what it writes again would have lost ours.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(self.output.buffered(), Arc::clone(&schema), options);
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
            |tape, (locations, index)| work.encode(tape, index, &locations, |_| Ok(())),
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
pub(crate) fn unwritable(target: &Path, cause: ParquetError) -> Error {
    match cause {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => Error::io("write", target, *cause),
            Err(cause) => Error::failed(format!("cannot write {}: {cause}", target.display())),
        },
        cause => Error::failed(format!("cannot write {}", target.display())).caused_by(cause),
    }
}

/// Cuts the rows into groups of so many Items and at most about so many bytes of JSON.
pub(crate) struct RowGroups<'a> {
    pub(crate) locations: Locations<'a>,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

impl RowGroups<'_> {
    pub(crate) fn next(&mut self) -> Result<Option<Vec<Location>>, Error> {
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
pub(crate) struct RowGroupWork<'a> {
    pub(crate) layout: &'a Arc<Layout>,
    pub(crate) schema: &'a arrow_schema::SchemaRef,
    pub(crate) reader: &'a SpoolReader,
    pub(crate) factory: &'a ArrowRowGroupWriterFactory,
}

impl RowGroupWork<'_> {
    /// The columns of a row group; each batch of it is also shown to `look`.
    pub(crate) fn encode(
        &self,
        tape: &mut Tape,
        index: usize,
        locations: &[Location],
        mut look: impl FnMut(&RecordBatch) -> Result<(), Error>,
    ) -> Result<Vec<ArrowColumnChunk>, Error> {
        let failed = |cause| Error::failed("cannot write a row group").caused_by(cause);
        let mut writers = self.factory.create_column_writers(index).map_err(failed)?;
        let mut write = |batch: RecordBatch| {
            look(&batch)?;
            let mut writer = writers.iter_mut();
            for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
                for leaf in compute_leaves(field, column).map_err(failed)? {
                    writer.next().map_or(Ok(()), |writer| writer.write(&leaf)).map_err(failed)?;
                }
            }
            Ok::<_, Error>(())
        };
        each_batch(self.reader, tape, locations, (self.layout, self.schema), &mut write)?;
        writers.into_iter().map(|writer| writer.close().map_err(failed)).collect()
    }
}
