//! STAC Items in GeoParquet, exactly: the columns that others read, and a residual for what columns cannot say.

mod bbox;
mod column;
mod decode;
mod file;
mod layout;
mod metadata;
mod number;
mod properties;
mod residual;
mod rows;
mod schema;
mod shape;
mod sink;
mod source;
mod spool;
mod time;
mod wkb;

pub use sink::{GeoParquetSink, Options, ROW_GROUP_ROWS, ShapeEncoder, Shaped};
pub use source::GeoParquetSource;

#[cfg(test)]
mod tests;
