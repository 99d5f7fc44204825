//! Bytes to columns, and columns to Items: `bytes` is where they come from, `footer` what the file is, `table` has columns of
//! chosen rows (`chosen`, `page`, `hybrid`, `leaf`, `tree`), `source` all rows in order (`checked`), and `decode` writes JSON.
//! `lengths`, `checked` and `damage` stand between damaged files and the crate `parquet`.
//!
//! Uses `format`; used by `search` and by the files beside the modules.

pub(crate) mod bytes;
pub(crate) mod cache;
pub(crate) mod cell;
pub(crate) mod checked;
pub(crate) mod chosen;
pub(crate) mod damage;
pub(crate) mod decode;
pub(crate) mod decode_error;
pub(crate) mod edits;
pub(crate) mod flat;
pub(crate) mod footer;
pub(crate) mod hybrid;
mod indexes;
pub(crate) mod leaf;
mod lengths;
pub(crate) mod local;
pub(crate) mod names;
pub(crate) mod opened;
pub(crate) mod page;
pub(crate) mod places;
pub(crate) mod runs;
pub(crate) mod source;
pub(crate) mod table;
pub(crate) mod tree;
