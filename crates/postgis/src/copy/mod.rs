//! The binary format of PostgreSQL's COPY: `field` writes and reads values, `ewkb` writes and reads geometries, `number` knows what `jsonb` makes of numbers, `stream` sends rows into a table.
//! No table is known here. Uses no other module; used by the rooms of tables.

pub(crate) mod ewkb;
pub(crate) mod field;
pub(crate) mod number;
pub(crate) mod stream;
