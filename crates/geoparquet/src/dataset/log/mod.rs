//! The log of a Delta table (delta-io/delta, PROTOCOL.md): numbered commits of actions, and checkpoints. Plain: reader version 1, writer version 2.
//!
//! `action` is what stands in it, `snapshot` what all actions up to a version say, `checkpoint` such a version as a file; `listing` says which versions there
//! are and from when, `read` opens one, and `write` adds the next, which only one of two writers can.
//!
//! Knows nothing of Items.

pub(crate) mod action;
mod checkpoint;
pub(crate) mod listing;
mod read;
pub(crate) mod snapshot;
mod write;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use stacyard_store::Storage;

/// The folder of the log.
pub(crate) const FOLDER: &str = "_delta_log";

/// What says which checkpoint is the newest.
const LAST_CHECKPOINT: &str = "_delta_log/_last_checkpoint";

/// The log of a table.
#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) storage: Arc<dyn Storage>,
}

impl Log {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage }
    }

    /// What the table is called in messages.
    pub(crate) fn name(&self) -> &str {
        self.storage.name()
    }
}

/// The file of a commit.
pub(crate) fn commit_path(version: u64) -> String {
    format!("{FOLDER}/{version:020}.json")
}

/// The file of a checkpoint.
fn checkpoint_path(version: u64) -> String {
    format!("{FOLDER}/{version:020}.checkpoint.parquet")
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}
