//! Which versions a log has, and when they were made.

use std::collections::BTreeMap;

use stacyard_store::{Error, ErrorKind, StoredFile};

use crate::dataset::log::{FOLDER, Log};

/// The files of a log.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The commits that are there, with their times in milliseconds since 1970: those of their files, made to grow with the version, as the
    /// protocol has it, so that a clock that went back leaves their order alone.
    pub(crate) commits: BTreeMap<u64, i64>,
    /// The files of each checkpoint that is whole, of the classic schema.
    pub(crate) checkpoints: BTreeMap<u64, Vec<String>>,
}

impl Log {
    /// Lists the log.
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub(crate) fn listing(&self) -> Result<Listing, Error> {
        Ok(Listing::of(self.storage.list(FOLDER)?))
    }
}

impl Listing {
    fn of(files: Vec<StoredFile>) -> Self {
        let mut listing = Self::default();
        let mut last = i64::MIN;
        for file in files {
            let Some(name) = file.path.strip_prefix(FOLDER).and_then(|name| name.strip_prefix('/')) else {
                continue;
            };
            let digits = name.get(..20).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            let Some(version) = digits.and_then(|digits| digits.parse().ok()) else { continue };
            match &name[20..] {
                ".json" => {
                    last = file.modified.max(last.saturating_add(1));
                    listing.commits.insert(version, last);
                }
                rest if rest.starts_with(".checkpoint.") && rest.ends_with(".parquet") => {
                    listing.checkpoints.entry(version).or_default().push(file.path.clone());
                }
                _ => {}
            }
        }
        listing.checkpoints.retain(|_, files| is_whole(files));
        listing
    }

    /// The newest version.
    pub(crate) fn latest(&self) -> Option<u64> {
        let commit = self.commits.last_key_value().map(|(version, _)| *version);
        commit.max(self.checkpoints.last_key_value().map(|(version, _)| *version))
    }

    /// The last version that was there at a time.
    ///
    /// # Errors
    /// A time before the first version that is there.
    pub(crate) fn at(&self, name: &str, time: i64) -> Result<u64, Error> {
        let version = self.commits.iter().rev().find(|(_, made)| **made <= time).map(|(version, _)| *version);
        version.ok_or_else(|| {
            let shown = |time| jiff::Timestamp::from_millisecond(time).unwrap_or(jiff::Timestamp::MIN);
            let first = self.commits.first_key_value();
            let first = first.map(|(version, made)| format!(": the first is {version}, of {}", shown(*made)));
            let message =
                format!("{name} has no version of {} or before{}", shown(time), first.unwrap_or_default());
            Error::new(ErrorKind::NotFound, &message).remedy("ask for a later time")
        })
    }
}

/// `N.checkpoint.parquet`, or all of `N.checkpoint.PART.PARTS.parquet`. Others have a UUID in their names, and another schema.
fn is_whole(files: &[String]) -> bool {
    let parts: Vec<Vec<&str>> = files.iter().map(|file| file.split('.').collect()).collect();
    let is_one = |parts: &Vec<&str>| parts.len() == 3;
    let is_part = |part: &Vec<&str>| part.len() == 5 && part[3].parse() == Ok(files.len());
    parts.iter().any(is_one) || (!parts.is_empty() && parts.iter().all(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, size: u64, modified: i64) -> StoredFile {
        StoredFile { path: format!("{FOLDER}/{name}"), size, modified }
    }

    #[test]
    fn a_clock_that_goes_back_leaves_the_order_of_versions() {
        let commit = |version: u64, modified| file(&format!("{version:020}.json"), 9, modified);
        let listing =
            Listing::of(vec![commit(0, 1_000), commit(1, 5_000), commit(2, 3_000), commit(3, 5_001)]);
        let times: Vec<i64> = listing.commits.values().copied().collect();
        assert_eq!(times, [1_000, 5_000, 5_001, 5_002]);
        assert_eq!(listing.at("d/", 4_999).unwrap(), 0);
        assert_eq!(listing.at("d/", 5_001).unwrap(), 2);
        assert_eq!(listing.at("d/", i64::MAX).unwrap(), 3);
        insta::assert_snapshot!(listing.at("d/", 999).unwrap_err(), @"d/ has no version of 1970-01-01T00:00:00.999Z or before: the first is 0, of 1970-01-01T00:00:01Z");
    }

    #[test]
    fn a_checkpoint_counts_when_all_of_it_is_there() {
        let of = |names: &[&str]| {
            let files = names.iter().map(|name| file(&format!("{:020}.checkpoint{name}.parquet", 7), 9, 0));
            Listing::of(files.collect()).checkpoints.len()
        };
        assert_eq!(of(&[""]), 1);
        assert_eq!(of(&[".0000000001.0000000002", ".0000000002.0000000002"]), 1);
        assert_eq!(of(&[".0000000001.0000000002"]), 0);
        assert_eq!(of(&[".80a083e8-7026-4e79-81be-64bd76c43a11"]), 0);
    }
}
