//! A folder of Parquet files as one store, whoever has written them, in partitions or not.
//!
//! `listing` says which files there are, `hive` what their paths say, `handles` keeps some of them open, `opened` opens them;
//! `store` answers. The footers of all are kept, and what was read of the files in one memory for all.
//!
//! Uses `format`, `read` and `search`.

mod handles;
mod hive;
mod listing;
mod opened;
mod store;

pub use store::Folder;
