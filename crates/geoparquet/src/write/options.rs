//! How a GeoParquet file is written.

use std::fs::File;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use stacyard_model::Profile;
use stacyard_store::Collections;

use crate::format::layout::MAX_COLUMNS;
use crate::write::order::Order;

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
