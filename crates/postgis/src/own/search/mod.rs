//! Searches in the tables: `prepare` settles what does not depend on rows, `first` reads the first few Items in an order, `count` and
//! `aggregate` let the database answer where SQL says all of the search, and `source` streams the rows of all other searches.
//! `names` refuses names that no Item has, and `met` keeps those that were seen. Used by `backend`.

mod aggregate;
pub(crate) mod count;
mod first;
pub(crate) mod met;
mod names;
mod prepare;
pub(crate) mod source;
