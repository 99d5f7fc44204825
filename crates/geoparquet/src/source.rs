//! Items out of a GeoParquet file, ours or another's: batches are decoded in order, and written as JSON on all cores.
//!
//! One way for all files: others have a single row group of a million rows and no page index, which only a single
//! reader gets through in bounded memory.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use stacyard_store::{Batch, Collections, Error, Place, Record, Source, Work};

use crate::decode::{Items, Names};
use crate::file::{self, Footer};

/// Rows decoded at once, at most, and about how many bytes of columns: some batches are in memory at a time.
const BATCH_ROWS: u64 = 256;
const BATCH_BYTES: u64 = 8 << 20;

/// A GeoParquet file being read.
pub struct GeoParquetSource {
    name: Arc<str>,
    size: u64,
    /// Bytes of the file for each row, about.
    row_bytes: f64,
    names: Arc<Names>,
    collections: Collections,
    reader: ParquetRecordBatchReader,
    row: u64,
}

impl GeoParquetSource {
    /// Opens a file and reads its footer.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |cause| Error::io("read", path, cause);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            let message = format!("{} is a folder, not a file", path.display());
            return Err(Error::usage(message, "name a file inside it"));
        }
        let size = metadata.len();
        let not_parquet = |cause| file::not_parquet(path, cause);
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(not_parquet)?;
        let footer = Footer::of(builder.metadata(), path)?;
        let rows = builder.metadata().file_metadata().num_rows().max(1);
        #[expect(clippy::cast_precision_loss, reason = "for progress only")]
        let row_bytes = size as f64 / rows as f64;
        let groups = builder.metadata().row_groups();
        // By the widest row group: an Item can have a thousand times the bytes of another.
        let widest =
            groups.iter().map(|group| group.total_byte_size() / group.num_rows().max(1)).max().unwrap_or(1);
        let batch_rows = (BATCH_BYTES / widest.max(1).unsigned_abs()).clamp(1, BATCH_ROWS);
        let batch_rows = usize::try_from(batch_rows).unwrap_or(1);
        let reader = builder.with_batch_size(batch_rows).build().map_err(not_parquet)?;
        Ok(Self {
            name: path.display().to_string().into(),
            size,
            row_bytes,
            names: Arc::new(footer.names),
            collections: footer.collections,
            reader,
            row: 0,
        })
    }
}

impl Source for GeoParquetSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "for progress only"
    )]
    fn position(&self) -> u64 {
        (self.row as f64 * self.row_bytes) as u64
    }

    fn collections(&self) -> Collections {
        self.collections.clone()
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        let Some(batch) = self.reader.next() else { return Ok(None) };
        let batch = batch.map_err(|cause| {
            Error::failed(format!("cannot read {}", self.name))
                .caused_by(cause)
                .remedy("the file is damaged: fetch or write it again")
        })?;
        let first = self.row;
        self.row += batch.num_rows() as u64;
        let (name, names) = (Arc::clone(&self.name), Arc::clone(&self.names));
        Ok(Some(Box::new(move || texts(&batch, &names, first, &name))))
    }
}

/// The Items of a record batch as JSON texts.
fn texts(batch: &RecordBatch, names: &Names, first: u64, name: &str) -> Result<Batch, Error> {
    let mut items = Items::new(batch, names)
        .map_err(|cause| Error::failed(format!("{name} cannot be read")).caused_by(cause))?;
    let mut out = Batch::default();
    for (row, index) in (first..).zip(0..batch.num_rows()) {
        let offset =
            |at: usize| u32::try_from(at).map_err(|_| Error::failed("Items of more than 4 GiB in a batch"));
        let start = offset(out.text.len())?;
        items
            .write(index, &mut out.text)
            .map_err(|cause| Error::failed(format!("{name}: row {row}")).caused_by(cause))?;
        let end = offset(out.text.len())?;
        out.records.push(Record { start, end, place: Place::Row(row), fault: None });
    }
    Ok(out)
}
