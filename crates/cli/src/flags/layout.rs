//! The flags that say how GeoParquet is laid out.

use clap::Args;
use stacyard::{Compression, MAX_COLUMNS, Order, ROW_GROUP_ROWS, parse_compression};

use super::Global;

/// How GeoParquet is laid out.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "GeoParquet")]
pub(crate) struct Layout {
    /// The order of the rows: space-time (what is near in space and time is near in the file), time, or input [default:
    /// space-time; input where --sortby or --max-items put the Items in order].
    #[arg(long, value_name = "ORDER")]
    pub(crate) sort: Option<Order>,
    /// How many Items a row group has, about.
    #[arg(long, value_name = "N", default_value_t = ROW_GROUP_ROWS, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) row_group_rows: u64,
    /// How pages are packed: zstd, gzip, brotli (each also with a level, such as zstd(9)), snappy, lz4 or none.
    #[arg(long, value_name = "CODEC", default_value = "zstd", value_parser = parse_compression)]
    pub(crate) compression: Compression,
    /// So many columns at most, those inside structs counted; what there are too many for is kept in one more, which other
    /// programs do not read.
    #[arg(long, value_name = "N", default_value_t = MAX_COLUMNS, value_parser = parse_max_columns)]
    pub(crate) max_columns: usize,
}

impl Layout {
    /// The layout that they ask for.
    pub(crate) fn asked(&self, global: &Global) -> stacyard::Layout {
        stacyard::Layout {
            parts: None,
            order: self.sort,
            row_group_rows: self.row_group_rows,
            compression: self.compression,
            max_columns: self.max_columns,
            memory: global.memory,
            folders: None,
            stage: None,
        }
    }
}

fn parse_max_columns(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=LARGEST_MAX_COLUMNS) => Ok(number),
        _ => Err(format!("write a number from 1 to {LARGEST_MAX_COLUMNS}")),
    }
}

/// Each column takes memory for each row group that is being written, and space in the footer for each that there is.
const LARGEST_MAX_COLUMNS: usize = 100_000;
