//! The tables of pgstac, which pypgstac, stac-fastapi-pgstac and others use at the same time: nothing here is ours, and what is
//! written is what these expect. `version` tells which layout there is. In a row an Item lies without what its collection says for
//! all (`bases`): `dehydrate` takes that out, `hydrate` puts it back; what the layout has no place for stands in `extra`. `store` is
//! opened and asked, `edit` and `collections` change single things, `load` brings many Items in, and `install` makes the tables.
//!
//! Uses `search`, `connect`, `sql` and `copy`; used by `lib.rs` only.

mod bases;
mod collections;
mod dehydrate;
mod edit;
pub(crate) mod encode;
mod extra;
mod homes;
mod hydrate;
pub(crate) mod install;
pub(crate) mod load;
mod queryables;
mod shape;
pub(crate) mod store;
mod version;
