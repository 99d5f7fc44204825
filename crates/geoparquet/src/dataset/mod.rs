//! A growing dataset: many GeoParquet files in a folder, and a log of Delta Lake that says which of them a version has.
//!
//! `log` is the log, `schema` and `stats` what it says of columns and values, `version` a version as columns of Items, `file` its files, `view` what can be asked. `store`
//! answers, of what `asked` leaves, and takes single changes (`edit`); `at` and `tags` find a version. `sink` writes, `job` is what it does for a version: `write` makes files, `keys` and `present` say which Items there are (`filter`: which are not), `rewrite` leaves
//! some out (`splice` of a column, `ends`: its statistics), `late` those that another writer was faster with (`shared`: that several files have), `make` an empty one, `begun` marks one that has no version yet, `stage` the parts of many machines, and `commit` makes a version of it. `history`, `diff`, `vacuum` and `optimize` (`layers`: which files it is worth for) are about versions. `local` is a folder on disk.
//!
//! Uses `format`, `read`, `write`, `search`, `folder` and `sink`.

mod asked;
mod at;
mod begun;
mod collections;
mod commit;
mod diff;
mod edit;
pub(crate) mod ends;
mod file;
mod filter;
mod history;
mod job;
mod keys;
mod late;
mod layers;
mod local;
mod log;
mod make;
mod optimize;
mod options;
mod present;
mod refit;
pub(crate) mod rewrite;
mod schema;
mod shared;
mod sink;
pub(crate) mod splice;
mod stage;
mod stats;
mod store;
mod tags;
mod vacuum;
mod version;
mod view;
mod write;

use std::path::Path;
use std::sync::Arc;

use stacyard_store::{Error, Storage};

pub use begun::{is_begun, unfinished};
pub use collections::{delete_dataset_collection, put_dataset_collections};
pub use diff::{Difference, diff};
pub use history::{Entry, Moved, history};
pub use make::{Made, make_dataset};
pub use optimize::{Optimized, optimize};
pub use options::{Author, Making, PartitionBy, Writing};
pub use sink::{DatasetChunk, DatasetEncoder, DatasetSink};
pub use store::Dataset;
pub use vacuum::{Vacuum, vacuum};

/// Gives a version of a dataset a name, by which its files are kept.
///
/// # Errors
/// A name that another version has.
pub fn tag(dataset: &Dataset, name: &str, author: &Author) -> Result<u64, Error> {
    let view = dataset.view();
    tags::put(&view.version().log, name, view.number(), author)?;
    Ok(view.number())
}

/// Takes a name away from its version; gives the number of that.
///
/// # Errors
/// A name that is not there.
pub fn untag(dataset: &Dataset, name: &str) -> Result<u64, Error> {
    tags::delete(&dataset.view().version().log, name)
}

/// A folder on disk for a dataset.
pub fn local(folder: &Path) -> Arc<dyn Storage> {
    Arc::new(local::LocalStorage::new(folder))
}
