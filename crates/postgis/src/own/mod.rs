//! Stacyard's own tables: `schema` makes them, `load` fills them, `edit` changes single rows of them, and `backend`
//! offers all of it as a store. `columns` is the one place that knows the columns of `items`; `encode` makes rows of Items, and
//! `decode` Items of rows; `since` knows which rows were written since a moment, and `name_row` reads their names alone. Uses `search`, `connect`, `sql` and `copy`; used by `lib.rs` only.

pub(crate) mod backend;
pub(crate) mod collections;
mod columns;
mod decode;
mod edit;
pub(crate) mod encode;
pub(crate) mod load;
mod lock;
mod name_row;
pub(crate) mod schema;
mod session;
mod shape;
mod since;
pub(crate) mod store;
