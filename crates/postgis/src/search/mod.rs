//! Searches in the tables: `prepare` settles what does not depend on rows, `first` reads the first few Items in an order, `count` and
//! `aggregate` let the database answer where SQL says all of the search, and `source` streams the rows of all other searches.
//! `names` refuses names that no Item has, and `met` keeps those that were seen. `searched` is the table that is asked, `shape` what a search has to know of its rows; `locked` rows that a change takes away.
//!
//! Uses `connect`, `sql` and `copy`; used by `own`.

mod aggregate;
mod cells;
mod count;
mod first;
pub(crate) mod locked;
mod met;
mod names;
mod prepare;
pub(crate) mod searched;
pub(crate) mod shape;
pub(crate) mod source;
mod whole;
