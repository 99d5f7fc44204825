//! Items as a stream of Arrow (IPC): the columns of a GeoParquet file and its metadata, without the file.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Field, Schema};
use stacyard_model::json::Tape;
use stacyard_store::{Collections, Error, Finished, Output, Sink, in_order};

use crate::format::schema;
use crate::sink::{GeoParquetSink, RowGroups, ShapeEncoder, Shaped};
use crate::write::key_values::key_values;
use crate::write::options::Options;
use crate::write::rows::{MAX_BATCH_BYTES, MAX_BATCH_ROWS, each_batch};

/// What makes a column of WKB one of geometries (GeoArrow, "Extension types"), in the reference system of GeoJSON.
const WKB: [(&str, &str); 2] = [
    ("ARROW:extension:name", "geoarrow.wkb"),
    ("ARROW:extension:metadata", r#"{"crs":"OGC:CRS84","crs_type":"authority_code"}"#),
];

/// A stream of Arrow being written, in the same two passes as a GeoParquet file.
pub struct ArrowSink(GeoParquetSink);

impl ArrowSink {
    /// Begins to write. How files are packed and cut does not matter here.
    pub fn create(output: Output, folder: &Path, options: Options) -> Result<Self, Error> {
        GeoParquetSink::create(output, folder, options).map(Self)
    }
}

impl Sink for ArrowSink {
    type Encoder = ShapeEncoder;

    fn encoder(&self) -> Arc<ShapeEncoder> {
        self.0.encoder()
    }

    fn write(&mut self, chunk: Shaped) -> Result<(), Error> {
        self.0.write(chunk)
    }

    fn keep(&mut self, collections: Collections) -> bool {
        self.0.keep(collections)
    }

    fn finish(self) -> Result<Finished, Error> {
        let Self(mut sink) = self;
        let layout = sink.layout();
        let schema = schema::schema(&layout);
        let key_values = key_values(&sink.items, &layout, &sink.options);
        let metadata = key_values.into_iter().filter_map(|pair| Some((pair.key, pair.value?))).collect();
        let columns = Arc::new(schema);
        let schema = Arc::new(with_geometry(&columns, metadata));
        let target = sink.output.path().to_owned();
        let failed = |cause| unwritable(&target, cause);
        let mut file = BufWriter::new(sink.output.as_file());
        let mut stream = StreamWriter::try_new(&mut file, &schema).map_err(failed)?;
        let (threads, memory) = (sink.options.threads.max(1), sink.options.memory);
        let reader = sink.spool.reader()?;
        let mut batches = RowGroups {
            locations: sink.options.order.locations(&mut sink.spool, memory / 4)?,
            rows: MAX_BATCH_ROWS as u64,
            bytes: MAX_BATCH_BYTES as u64,
        };
        in_order(
            || batches.next(),
            (threads, 1),
            Tape::new,
            |tape, locations| {
                let mut made = Vec::new();
                each_batch(&reader, tape, &locations, (&layout, &columns), |batch| {
                    made.push(batch);
                    Ok(())
                })?;
                Ok(made)
            },
            |made| {
                for batch in made {
                    let batch = RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec());
                    batch.and_then(|batch| stream.write(&batch)).map_err(failed)?;
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        drop(batches);
        sink.spool.check_unchanged()?;
        stream.finish().map_err(failed)?;
        drop(stream);
        file.flush().map_err(|cause| Error::io("write", &target, cause))?;
        drop(file);
        let notes = layout.left_out.notes(&target, sink.options.max_columns);
        Ok(Finished { notes, ..Finished::file(sink.output.commit()?) })
    }
}

/// The schema with the metadata of the file, and with its geometries marked as such.
fn with_geometry(schema: &Schema, metadata: HashMap<String, String>) -> Schema {
    let mark = WKB.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let fields = schema.fields().iter().map(|field| match field.name().as_str() {
        "geometry" => Field::clone(field).with_metadata(HashMap::from(mark.clone())).into(),
        _ => Arc::clone(field),
    });
    Schema::new_with_metadata(fields.collect::<Vec<_>>(), metadata)
}

/// A full disk is the user's to mend, and is named as such; all else would be ours.
fn unwritable(target: &Path, cause: ArrowError) -> Error {
    match cause {
        ArrowError::IoError(_, cause) => Error::io("write", target, cause),
        cause => Error::io("write", target, io::Error::other(cause)),
    }
}
