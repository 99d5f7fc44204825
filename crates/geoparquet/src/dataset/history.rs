//! What the versions of a dataset are: who has made each, when, by what, and what it has done to the Items.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use stacyard_store::{Error, Storage};

use crate::dataset::log::Log;
use crate::dataset::log::action::Line;
use crate::dataset::tags;
use crate::dataset::vacuum::Vacuumed;

/// A version of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number.
    pub version: u64,
    /// When it was made: times grow with the numbers.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// Who has made it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// By which command; of another program, what it calls it.
    pub command: String,
    /// The program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Items that came, that others took the place of, and that went; `None`: another program has made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Moved>,
    /// Files that came and that went.
    pub files: [u64; 2],
    /// Its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether it can be read: a vacuum has not taken files of it away.
    pub is_whole: bool,
}

fn as_text<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// What a version has done to the Items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Items that are new.
    pub came: u64,
    /// Items in the place of which others are.
    pub replaced: u64,
    /// Items that are no longer there.
    pub went: u64,
    /// Records of the input that were set aside.
    pub rejected: u64,
}

/// The versions of a dataset, the newest first, of those whose commits are there.
///
/// # Errors
/// A log that cannot be read.
pub fn history(storage: &Arc<dyn Storage>) -> Result<Vec<Entry>, Error> {
    let log = Log::new(Arc::clone(storage));
    let listing = log.listing()?;
    let latest = listing.latest().unwrap_or_default();
    let oldest = Vacuumed::of(&log)?.map_or(0, |vacuumed| vacuumed.oldest);
    let mut by_version: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for (name, version) in tags::all(&log)? {
        by_version.entry(version).or_default().push(name);
    }
    let mut entries = Vec::new();
    for (&version, &at) in listing.commits.iter().rev() {
        let lines = log.commit(version)?;
        let count = |is: fn(&Line) -> bool| lines.iter().filter(|line| is(line)).count() as u64;
        let files = [count(|line| line.add.is_some()), count(|line| line.remove.is_some())];
        let info = lines.into_iter().find_map(|line| line.commit_info).unwrap_or_default();
        let tags = by_version.remove(&version).unwrap_or_default();
        entries.push(Entry {
            version,
            at: Timestamp::from_millisecond(at).unwrap_or_default(),
            who: info.user_name,
            command: info.stacyard.as_ref().map_or(info.operation, |said| said.command.clone()),
            program: info.engine_info,
            items: info.stacyard.map(|said| Moved {
                came: said.came,
                replaced: said.replaced,
                went: said.went,
                rejected: said.rejected,
            }),
            files,
            is_whole: version >= oldest || !tags.is_empty() || version == latest,
            tags,
        });
    }
    Ok(entries)
}
