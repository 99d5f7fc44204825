//! Files that no version needs any more, taken away: what is left of old versions, and of writers that were killed.

use serde::{Deserialize, Serialize};
use stacyard_store::{Error, ErrorKind};

use crate::dataset::log::Log;

const PATH: &str = "_stacyard/vacuumed.json";

/// What a vacuum has left: versions from the oldest one on are whole, and those with a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Vacuumed {
    pub(crate) oldest: u64,
    /// When, in milliseconds since 1970.
    pub(crate) at: i64,
}

impl Vacuumed {
    /// What the last one has said; `None`: there was none.
    pub(crate) fn of(log: &Log) -> Result<Option<Self>, Error> {
        let Some(bytes) = log.storage.get(PATH)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|cause| {
            Error::new(ErrorKind::Damaged, &format!("{}{PATH} is damaged: {cause}", log.name()))
                .remedy("remove the file: versions whose files are gone are then told by those")
        })
    }
}
