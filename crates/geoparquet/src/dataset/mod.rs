//! A growing dataset: many GeoParquet files in a folder, and a log of Delta Lake that says which of them a version has.
//!
//! `log` is the log, `schema` and `stats` what it says of columns and values, `version` a version as columns of Items, `file` its files, `view` what can be asked. `store`
//! answers, of what `asked` leaves, and takes single changes (`edit`); `at` and `tags` find a version. `sink` writes: `write` makes files, `keys` and `present` say which Items there are, `rewrite` leaves
//! some out, `late` those that another writer was faster with, `make` an empty one, and `commit` makes a version of it. `local` is a folder on disk.
//!
//! Uses `format`, `read`, `write`, `search`, `folder` and `sink`.

mod asked;
mod at;
mod commit;
mod edit;
mod file;
mod keys;
mod late;
mod local;
mod log;
mod make;
mod options;
mod present;
mod rewrite;
mod schema;
mod sink;
mod stats;
mod store;
mod tags;
mod vacuum;
mod version;
mod view;
mod write;

use std::path::Path;
use std::sync::Arc;

use stacyard_store::Storage;

pub use make::make_dataset;
pub use options::{Author, Making, PartitionBy, Writing};
pub use sink::{DatasetChunk, DatasetEncoder, DatasetSink};
pub use store::Dataset;

/// A folder on disk for a dataset.
pub fn local(folder: &Path) -> Arc<dyn Storage> {
    Arc::new(local::LocalStorage::new(folder))
}
