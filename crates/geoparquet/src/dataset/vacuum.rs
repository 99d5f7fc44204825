//! Files that no version needs any more, taken away: what is left of old versions, and of writers that were killed. Versions that are younger, the newest,
//! and those with a tag keep theirs.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stacyard_store::{Error, ErrorKind, Storage};

use crate::dataset::file::DataFile;
use crate::dataset::log::listing::Listing;
use crate::dataset::log::{FOLDER, Log, now};
use crate::dataset::tags;
use crate::dataset::version::{COLLECTIONS as COLLECTIONS_OF, Version};

const PATH: &str = "_stacyard/vacuumed.json";

/// The folder of the Collections of versions.
const COLLECTIONS: &str = "_stacyard/collections/";

/// Files that no version has may be of a writer that is at work: they are left alone for so long (24 hours).
const UNDER_WAY: i64 = 86_400_000;

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

/// What a vacuum has done, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Vacuum {
    /// Files that were taken away, and their bytes.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// The oldest version that is whole; before it those with a tag.
    pub oldest: u64,
}

/// Takes away what only versions need that are older; `tries`: only says what it would do.
///
/// # Errors
/// A log that cannot be read; files that cannot be taken away.
pub fn vacuum(storage: &Arc<dyn Storage>, older_than: Duration, tries: bool) -> Result<Vacuum, Error> {
    let log = Log::new(Arc::clone(storage));
    let before = now() - i64::try_from(older_than.as_millis()).unwrap_or(i64::MAX);
    let listing = log.listing()?;
    let Some(latest) = listing.latest() else {
        return Err(Error::new(
            ErrorKind::NotFound,
            &format!("{} is no dataset: it has no {FOLDER}", log.name()),
        )
        .remedy("name a dataset"));
    };
    // What a feature that is not known needs may look as if nothing needs it.
    log.version(&listing, latest)?.check_writable(log.name())?;
    // The version that was the newest at that time is read as long as the ones after it.
    let last = listing.commits.iter().rev().find(|(_, at)| **at <= before).map(|(version, _)| *version);
    let last = last.or(listing.commits.keys().next().copied()).unwrap_or(latest).min(latest);
    let oldest = last.max(Vacuumed::of(&log)?.map_or(0, |vacuumed| vacuumed.oldest));
    let mut kept = Kept { log: &log, paths: HashSet::new() };
    let mut wanted: HashSet<u64> = tags::all(&log)?.into_values().collect();
    wanted.insert(oldest);
    // One that was made and tagged just now is for later.
    for &version in wanted.iter().filter(|version| **version <= latest) {
        kept.version(&listing, version)?;
    }
    kept.added(oldest + 1..=latest)?;
    let known = known(&log, &listing.commits.keys().copied().collect::<Vec<_>>())?;
    let mut done = Vacuum { oldest, ..Vacuum::default() };
    let mut gone = Vec::new();
    let listed = storage.list("")?;
    // Datasets inside of this one have their own.
    let log_of = format!("/{FOLDER}/");
    let inner: HashSet<&str> =
        listed.iter().filter_map(|file| file.path.split_once(&log_of).map(|(inner, _)| inner)).collect();
    let is_inner = |path: &str| path.match_indices('/').any(|(at, _)| inner.contains(&path[..at]));
    for file in &listed {
        if is_inner(&file.path) {
            continue;
        }
        let is_ours = file.path.starts_with(COLLECTIONS);
        let is_hidden = file.path.split('/').any(|name| name.starts_with(['.', '_']));
        if kept.paths.contains(&file.path) || is_hidden && !is_ours {
            continue;
        }
        // What no version has named is taken away only where its name is one that is given here: others may be the user's own.
        let is_left = is_ours || is_part(&file.path);
        let is_old = file.modified < before.min(now() - UNDER_WAY);
        if known.contains(&file.path) || is_left && is_old {
            done.files += 1;
            done.bytes += file.size;
            gone.push(file.path.clone());
        }
    }
    if tries {
        return Ok(done);
    }
    // It is said before anything goes: who asks for such a version is told why it is not whole.
    if !gone.is_empty() {
        // Another vacuum may have gone further meanwhile.
        let further = Vacuumed::of(&log)?.map_or(oldest, |vacuumed| vacuumed.oldest.max(oldest));
        let said = serde_json::to_vec(&Vacuumed { oldest: further, at: now() });
        let said = said.map_err(|cause| Error::failed("cannot write what was vacuumed").caused_by(cause))?;
        storage.replace(PATH, &said)?;
        // Whoever gives a tag from now on sees it; a tag that was given before keeps its files.
        let tagged: HashSet<u64> = tags::all(&log)?.into_values().collect();
        let listing = log.listing()?;
        for &version in tagged.iter().filter(|version| !wanted.contains(*version) || **version > latest) {
            kept.version(&listing, version)?;
        }
        // So does a part that was staged long ago and has been committed just now.
        kept.added(latest + 1..=listing.latest().unwrap_or(latest))?;
        gone.retain(|path| !kept.paths.contains(path));
    }
    for path in gone {
        storage.delete(&path)?;
    }
    Ok(done)
}

/// The files that stay.
struct Kept<'l> {
    log: &'l Log,
    paths: HashSet<String>,
}

impl Kept<'_> {
    /// All of a version.
    fn version(&mut self, listing: &Listing, number: u64) -> Result<(), Error> {
        let version = Version::of(self.log.clone(), self.log.version(listing, number)?)?;
        let files = DataFile::all(&version.snapshot, self.log.name())?;
        self.paths.extend(files.into_iter().map(|file| file.path));
        self.paths.extend(version.collections_path().map(str::to_owned));
        Ok(())
    }

    /// What came with versions after one that is kept.
    fn added(&mut self, versions: RangeInclusive<u64>) -> Result<(), Error> {
        for version in versions {
            for line in self.log.commit(version)? {
                if let Some(add) = line.add {
                    self.paths.insert(DataFile::of(&Arc::new(add), self.log.name())?.path);
                }
                if let Some(metadata) = line.meta_data {
                    let path = metadata.configuration.get(COLLECTIONS_OF);
                    self.paths.extend(path.cloned().flatten());
                }
            }
        }
        Ok(())
    }
}

/// Whether a file has the name of a data file: `part-UUID.parquet`.
fn is_part(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let id = name.strip_prefix("part-").and_then(|name| name.strip_suffix(".parquet"));
    id.is_some_and(|id| id.len() == 36 && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()))
}

/// The files that some version has named.
fn known(log: &Log, versions: &[u64]) -> Result<HashSet<String>, Error> {
    let mut known = HashSet::new();
    for &version in versions {
        for line in log.commit(version)? {
            if let Some(add) = line.add {
                known.insert(DataFile::of(&Arc::new(add), log.name())?.path);
            }
            if let Some(remove) = line.remove {
                known.insert(
                    percent_encoding::percent_decode_str(&remove.path).decode_utf8_lossy().into_owned(),
                );
            }
        }
    }
    Ok(known)
}
