//! A folder of Parquet files as one store, whoever has written them, in partitions or not.
//!
//! `listing` says which files there are, `hive` what their paths say, `opened` opens them; `local` is a folder on disk, of whose files
//! `handles` keeps some open; `store` answers. The footers of all are kept, and what was read of the files in one memory for all.
//!
//! Uses `format`, `read` and `search`.

pub(crate) mod handles;
pub(crate) mod hive;
mod listing;
mod local;
mod opened;
mod store;

pub use store::Folder;
