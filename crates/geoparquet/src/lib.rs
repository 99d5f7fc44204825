//! STAC Items in GeoParquet, exactly: the columns that others read, and a residual for what columns cannot say.

mod bbox;
mod column;
mod decode;
mod layout;
mod metadata;
mod number;
mod residual;
mod rows;
mod schema;
mod shape;
mod time;
mod wkb;

#[cfg(test)]
mod tests;
