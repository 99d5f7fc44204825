//! The page indexes of a row group, without what lies between: writers put the column indexes of all row groups first, and then the offset
//! indexes of all.

use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::Result;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, Length};

use crate::read::bytes::{Blocks, Counted};

/// A file of which only the page indexes of one row group can be read. The `parquet` crate asks for all from the first to the last byte of them; what
/// is not theirs is zero.
pub(crate) struct Indexes(Blocks);

impl Indexes {
    /// Reads them.
    pub(crate) fn of(file: &Arc<Counted>, group: &RowGroupMetaData) -> Result<Self> {
        let range = |offset: Option<i64>, length: Option<i32>| {
            let (start, length) = (u64::try_from(offset?).ok()?, u64::try_from(length?).ok()?);
            let end = start.checked_add(length)?;
            // What lies elsewhere is an error of the reader's.
            (end <= Length::len(&**file)).then_some(start..end)
        };
        let each = group.columns().iter().flat_map(|column| {
            [
                range(column.column_index_offset(), column.column_index_length()),
                range(column.offset_index_offset(), column.offset_index_length()),
            ]
        });
        file.fetch(each.flatten().collect()).map(Self)
    }
}

impl Length for Indexes {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Indexes {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = vec![0; length];
        self.0.copy(start, &mut bytes);
        Ok(bytes.into())
    }
}
