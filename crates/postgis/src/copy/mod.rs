//! The binary format of PostgreSQL's COPY: `field` writes and reads values, `ewkb` writes geometries, `stream` sends rows into a table.
//! No table is known here. Uses no other module; used by `own`.

pub(crate) mod ewkb;
pub(crate) mod field;
pub(crate) mod stream;
