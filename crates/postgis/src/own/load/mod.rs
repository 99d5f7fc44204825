//! Loads: `sink` has the connections that batches go in by, `batch` is one batch in one transaction, `insert` its SQL,
//! `replacement` the transaction of a store that is replaced as a whole, and `target` what they share. Where rows are refused,
//! `demands` asks the catalog why that may be, `sieve` and `unique` find the rows in sets, and `explain` says which field it is.
//! `edit` uses `explain` and `insert`, for single rows.

mod batch;
mod demands;
pub(crate) mod explain;
pub(crate) mod insert;
mod replacement;
mod sieve;
pub(crate) mod sink;
mod target;
mod unique;
