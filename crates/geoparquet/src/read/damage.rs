//! Damaged files and the `parquet` crate, which takes most of what it reads for what it claims to be: it panics over some
//! of it, and reserves memory for the rest. What is claimed is checked first where it can be, in the footer
//! ([`crate::read::lengths`]) and in the pages ([`crate::read::checked`]); for one page up to 2 GiB may be reserved all the same.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

thread_local! {
    /// Whether a panic of this thread is a finding about a file, and nothing to print.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls into the `parquet` crate to read something. It checks most of what it reads, but not all: where it panics, the
/// file is damaged. What was under way is not to be used again.
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                print(panic);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let done = panic::catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(outer);
    done.unwrap_or_else(|_| Err(damaged("its parts contradict each other")))
}

/// The error of bytes that cannot be what they claim.
pub(crate) fn damaged(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

/// Refuses a footer whose counts contradict each other: the reader believes one of them, and would leave out rows. And
/// one whose columns have negative places or lengths.
pub(crate) fn check_counts(metadata: &ParquetMetaData) -> Result<()> {
    let groups = metadata.row_groups();
    let rows: i128 = groups.iter().map(|group| i128::from(group.num_rows())).sum();
    if groups.iter().any(|group| u32::try_from(group.num_rows()).is_err())
        || rows != metadata.file_metadata().num_rows().into()
    {
        return Err(damaged("its row groups together have another number of rows than the file"));
    }
    let is_nowhere = |chunk: &ColumnChunkMetaData| {
        let start = chunk.dictionary_page_offset().unwrap_or(0).min(chunk.data_page_offset());
        start.min(chunk.compressed_size()) < 0
    };
    if groups.iter().flat_map(RowGroupMetaData::columns).any(is_nowhere) {
        return Err(damaged("a column has a negative offset or length"));
    }
    Ok(())
}
