//! Items to columns: they are counted (`item_shape`, `shape`, `fields`, `spelling`), it is decided which columns there are
//! (`decide`, `worth`; in a table of many files with a look at the columns that it has: `table`), the Items are found again (`spool`) in the order of the rows (`order`), and columns are filled (`rows`,
//! `column`).
//!
//! Uses `format`; used by `sink`. `shape` and `fields` use one another: an object has fields, a field has a shape.

pub(crate) mod column;
pub(crate) mod decide;
pub(crate) mod fields;
pub(crate) mod item_shape;
pub(crate) mod key_values;
pub(crate) mod options;
pub(crate) mod order;
pub(crate) mod properties;
pub(crate) mod rows;
pub(crate) mod shape;
pub(crate) mod spelling;
pub(crate) mod spool;
pub(crate) mod table;
pub(crate) mod worth;
pub(crate) mod written;
