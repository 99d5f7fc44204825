//! STAC Items in GeoParquet, exactly: the columns that others read, and a residual for what columns cannot say.

mod ask;
mod bbox;
mod bytes;
mod cache;
mod candidates;
mod chosen;
mod collections;
mod column;
mod condition;
mod damage;
mod decode;
mod describe;
mod edits;
mod fields;
mod file;
mod filter;
mod first;
mod flat;
#[cfg(fuzzing)]
pub mod fuzz;
mod geo;
mod hybrid;
mod known;
mod layout;
mod leaf;
mod lengths;
mod levels;
mod metadata;
mod needed;
mod number;
mod opened;
mod order;
mod page;
mod pages;
mod picked;
mod properties;
mod prune;
mod rank;
mod residual;
mod rows;
mod runs;
mod schema;
mod shape;
mod sink;
mod source;
mod spelling;
mod spool;
mod store;
mod table;
mod tally;
mod time;
mod tree;
mod verdict;
mod wkb;
mod worth;
mod written;

pub use collections::{delete_collection, put_collections};
pub use describe::{ColumnSize, Description};
pub use layout::MAX_COLUMNS;
pub use order::Order;
pub use parquet::basic::Compression;
pub use properties::parse_compression;
pub use sink::{GeoParquetSink, Options, ROW_GROUP_ROWS, ShapeEncoder, Shaped, WRITE_MEMORY};
pub use store::{CACHE_MEMORY, GeoParquet};
pub use written::{ColumnStatistics, Ends, Written};

#[cfg(test)]
mod chosen_tests;
#[cfg(test)]
mod columns_tests;
#[cfg(test)]
mod conformance_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod foreign_columns;
#[cfg(test)]
mod foreign_items_tests;
#[cfg(test)]
mod foreign_random_tests;
#[cfg(test)]
mod foreign_tests;
#[cfg(test)]
mod replaced_tests;
#[cfg(test)]
mod search_tests;
#[cfg(test)]
mod tally_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod written_tests;
