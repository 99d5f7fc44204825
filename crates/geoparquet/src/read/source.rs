//! Items out of a GeoParquet file, ours or another's: batches are decoded in order, and written as JSON on all cores.
//!
//! One way for all files: others have a single row group of a million rows and no page index, which only a single
//! reader gets through in bounded memory.

use std::sync::Arc;

use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::Length;
use stacyard_store::{Batch, Error, Note, Place, Record, Source, Work};

use crate::format::scope::Scope;
use crate::read::checked::Groups;
use crate::read::damage::guarded;
use crate::read::decode::Items;
use crate::read::footer;
use crate::read::names::Names;
use crate::read::opened::Opened;

/// Rows decoded at once, at most, and about how many bytes of columns: some batches are in memory at a time.
const BATCH_ROWS: usize = 256;
const BATCH_BYTES: u64 = 8 << 20;

/// What tells Items apart. The gate wants strings of both, so that the residual has nothing to say of them.
const KEY_COLUMNS: [&str; 2] = ["collection", "id"];

/// A GeoParquet file being read.
pub(crate) struct GeoParquetSource {
    name: Arc<str>,
    size: u64,
    /// Bytes of the file for each row, about.
    row_bytes: f64,
    names: Arc<Names>,
    scope: Scope,
    reader: ParquetRecordBatchReader,
    /// How many there are, and the next one.
    rows: u64,
    row: u64,
}

impl GeoParquetSource {
    /// All Items of a file. With [`Scope::Some`] only what tells Items apart is read.
    pub(crate) fn of(file: &Opened, scope: Scope) -> Result<Self, Error> {
        let table = &file.table;
        let (size, rows) = (table.file.len(), file.rows());
        #[expect(clippy::cast_precision_loss, reason = "for progress only")]
        let row_bytes = size as f64 / rows.max(1) as f64;
        let batch_rows = batch_rows(&table.metadata);
        let reader = guarded(|| {
            // Without the Arrow schema that another writer left: it says only how its arrays lay in memory.
            let schema = table.metadata.file_metadata().schema_descr();
            let mask = match scope {
                Scope::All => ProjectionMask::all(),
                Scope::Some => ProjectionMask::columns(schema, KEY_COLUMNS),
            };
            let groups = Groups::new(&table.file, &table.metadata, &mask);
            let levels = parquet_to_arrow_field_levels(schema, mask, None)?;
            ParquetRecordBatchReader::try_new_with_row_groups(&levels, &groups, batch_rows, None)
        });
        Ok(Self {
            name: Arc::clone(&file.name),
            size,
            row_bytes,
            names: Arc::new(file.footer.names.anew()),
            scope,
            reader: reader.map_err(|cause| file.damaged(&cause))?,
            rows,
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

    fn notes(&self) -> Vec<Note> {
        self.names.notes(&self.name, true)
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        let batch = guarded(|| match self.reader.next().transpose()? {
            None if self.row < self.rows => {
                Err(ParquetError::EOF(format!("it ends before row {} of {}", self.row, self.rows)))
            }
            batch => Ok(batch),
        });
        let batch = batch.map_err(|cause| footer::damaged(&self.name, &cause))?;
        let Some(batch) = batch else { return Ok(None) };
        let first = self.row;
        self.row += batch.num_rows() as u64;
        let (name, names, scope) = (Arc::clone(&self.name), Arc::clone(&self.names), self.scope);
        Ok(Some(Box::new(move || {
            let mut out = Batch::default();
            let mut items = Items::new(&batch, &names, scope)
                .map_err(|cause| cause.into_error(format!("{name} cannot be read")))?;
            for (row, index) in (first..).zip(0..batch.num_rows()) {
                write_record(&mut items, index, row, &name, &mut out)?;
            }
            Ok(out)
        })))
    }
}

/// How many rows to decode at once: by the widest row group, as an Item can have a thousand times the bytes of another.
pub(crate) fn batch_rows(metadata: &ParquetMetaData) -> usize {
    rows_within(metadata, BATCH_BYTES, None).min(BATCH_ROWS)
}

/// How many rows have about so many bytes of these columns (of all: `None`), at least one.
pub(crate) fn rows_within(metadata: &ParquetMetaData, bytes: u64, leaves: Option<&[usize]>) -> usize {
    let size = |group: &RowGroupMetaData| match leaves {
        None => group.total_byte_size(),
        Some(leaves) => {
            let sizes = leaves.iter().map(|&leaf| group.column(leaf).uncompressed_size());
            sizes.fold(0, i64::saturating_add)
        }
    };
    let groups = metadata.row_groups().iter();
    let widest = groups.map(|group| size(group) / group.num_rows().max(1)).max().unwrap_or(1).max(1);
    usize::try_from(bytes / widest.unsigned_abs()).unwrap_or(usize::MAX).max(1)
}

/// Appends the Item of a row of a batch of columns; people count rows from 1.
pub(crate) fn write_record(
    items: &mut Items,
    index: usize,
    row: u64,
    name: &str,
    out: &mut Batch,
) -> Result<(), Error> {
    let row = row + 1;
    let offset =
        |at: usize| u32::try_from(at).map_err(|_| Error::failed("Items of more than 4 GiB in a batch"));
    let start = offset(out.text.len())?;
    items.write(index, &mut out.text).map_err(|cause| cause.into_error(format!("{name}: row {row}")))?;
    let end = offset(out.text.len())?;
    out.records.push(Record { start, end, place: Place::Row(row), fault: None, has_passed: false });
    Ok(())
}
