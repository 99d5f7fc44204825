//! STAC Items in GeoParquet, exactly: the columns that others read, and a residual for what columns cannot say.
//!
//! `format` is what a file says, `write` and `read` use it and not one another, `search` stands on `read`; the files beside them
//! are what others see.

mod arrow_sink;
mod collections;
mod dataset;
mod describe;
mod folder;
mod format;
#[cfg(fuzzing)]
pub mod fuzz;
mod read;
mod search;
mod sink;
mod store;
#[cfg(test)]
mod tests;
mod write;

pub use arrow_sink::ArrowSink;
pub use collections::{delete_collection, put_collections};
pub use dataset::{
    Author, Dataset, DatasetChunk, DatasetEncoder, DatasetSink, Difference, Entry, Made, Making, Moved,
    Optimized, PartitionBy, Vacuum, Writing, delete_dataset_collection, diff, history,
    is_begun as dataset_is_begun, local as local_storage, make_dataset, optimize, put_dataset_collections,
    tag, unfinished as unfinished_dataset, untag, vacuum,
};
pub use describe::{ColumnSize, Description};
pub use folder::Folder;
pub use format::layout::MAX_COLUMNS;
pub use parquet::basic::Compression;
pub use sink::{GeoParquetSink, ShapeEncoder, Shaped};
pub use store::{CACHE_MEMORY, GeoParquet};
pub use write::options::{Options, ROW_GROUP_ROWS, WRITE_MEMORY};
pub use write::order::Order;
pub use write::properties::parse_compression;
pub use write::written::{ColumnStatistics, Ends, Written};
