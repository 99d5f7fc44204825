//! SQL of a search, for any table of Items that `table` can describe: `value` says what a part of an Item is in SQL, `filter` and
//! `condition` what a row must be like, `order` what rows are sorted by, and `keyset` which rows come after a cursor. `jsonb` says what a JSON value is, for all of these
//! and for the columns of profiles; `ident` and `param` keep the text of users out of SQL.
//!
//! Nothing is asked here. Uses no other module; used by the rooms of tables, and by `connect` for names and parameters.

pub(crate) mod condition;
mod filter;
pub(crate) mod ident;
pub(crate) mod instant;
pub(crate) mod jsonb;
pub(crate) mod keyset;
pub(crate) mod order;
pub(crate) mod param;
pub(crate) mod table;
pub(crate) mod value;
