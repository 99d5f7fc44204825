//! A version of a table, read: the newest checkpoint before it, and the commits since.

use std::ops::ControlFlow;

use stacyard_store::{Error, ErrorKind, default_threads, in_order};

use crate::dataset::log::action::{CommitInfo, Line};
use crate::dataset::log::listing::Listing;
use crate::dataset::log::snapshot::Snapshot;
use crate::dataset::log::{Log, checkpoint, commit_path};

impl Log {
    /// The newest version; `None`: there is no log.
    ///
    /// # Errors
    /// A log that is damaged, or not known how to read.
    pub(crate) fn latest(&self) -> Result<Option<Snapshot>, Error> {
        let listing = self.listing()?;
        listing.latest().map(|version| self.version(&listing, version)).transpose()
    }

    /// A version of it.
    ///
    /// # Errors
    /// As [`Log::latest`]; one that is not there.
    pub(crate) fn version(&self, listing: &Listing, version: u64) -> Result<Snapshot, Error> {
        let latest = listing.latest().unwrap_or_default();
        if version > latest {
            let message = format!("{} has no version {version}: its newest is {latest}", self.name());
            return Err(Error::new(ErrorKind::NotFound, &message).remedy("ask for one that is there"));
        }
        let mut snapshot = Snapshot::default();
        let checkpoints = listing.checkpoints.range(..=version);
        let mut first = 0;
        if let Some((of, files)) = checkpoints.last() {
            match self.of_checkpoint(files) {
                Ok(read) => {
                    snapshot = read;
                    (snapshot.version, first) = (*of, of + 1);
                }
                // What it says the commits say too, where all of them are there.
                Err(error) => {
                    if (0..=version).any(|version| !listing.commits.contains_key(&version)) {
                        return Err(error);
                    }
                }
            }
        }
        // The newest checkpoint may be of a later version than this one.
        snapshot.checkpoint = listing.checkpoints.last_key_value().map(|(of, _)| *of);
        self.advance(listing, &mut snapshot, first..=version)?;
        snapshot.check(self.name())?;
        Ok(snapshot)
    }

    fn of_checkpoint(&self, files: &[String]) -> Result<Snapshot, Error> {
        let mut snapshot = Snapshot::default();
        for file in files {
            let bytes = self.storage.get(file)?.ok_or_else(|| self.gone(file))?;
            checkpoint::read(bytes, &mut snapshot).map_err(|cause| self.damaged(file, &cause.to_string()))?;
        }
        if snapshot.protocol.is_none() {
            return Err(self.damaged(&files.join(", "), "it says nothing of the protocol"));
        }
        Ok(snapshot)
    }

    /// Adds commits to a version, many at once where each takes long.
    fn advance(
        &self,
        listing: &Listing,
        snapshot: &mut Snapshot,
        versions: std::ops::RangeInclusive<u64>,
    ) -> Result<(), Error> {
        let mut versions = versions;
        in_order(
            || Ok(versions.next()),
            (self.storage.at_once().max(default_threads()), 2),
            || (),
            |(), version| {
                if !listing.commits.contains_key(&version) {
                    return Err(self.missing(listing, version));
                }
                Ok((version, self.commit(version)?))
            },
            |(version, lines)| {
                snapshot.version = version;
                for line in lines {
                    snapshot.apply(line);
                }
                Ok(ControlFlow::Continue(()))
            },
        )
    }

    /// The version after this one, if it is there by now.
    pub(crate) fn next(&self, snapshot: &Snapshot) -> Result<Option<Snapshot>, Error> {
        let mut next = snapshot.clone();
        let mut is_newer = false;
        while self.storage.has(&commit_path(next.version + 1))? {
            for line in self.commit(next.version + 1)? {
                next.apply(line);
            }
            next.version += 1;
            is_newer = true;
        }
        if !is_newer {
            return Ok(None);
        }
        next.check(self.name())?;
        Ok(Some(next))
    }

    /// The lines of a commit.
    pub(crate) fn commit(&self, version: u64) -> Result<Vec<Line>, Error> {
        let path = commit_path(version);
        let bytes = self.storage.get(&path)?.ok_or_else(|| self.gone(&path))?;
        let text = str::from_utf8(&bytes).map_err(|cause| self.damaged(&path, &cause.to_string()))?;
        let mut lines = Vec::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |what: &str| self.damaged(&path, &format!("line {}: {what}", number + 1));
            if !line.trim_start().starts_with('{') {
                return Err(wrong("it is no object"));
            }
            let line: Line = serde_json::from_str(line).map_err(|cause| wrong(&cause.to_string()))?;
            lines.push(line);
        }
        // Of our own commits it is known whether they were cut.
        let said = lines.iter().find_map(|line| line.commit_info.as_ref()?.stacyard.as_ref());
        if let Some(said) = said.filter(|said| said.lines > 0 && said.lines != lines.len()) {
            return Err(self.damaged(&path, &format!("it has {} lines of {}", lines.len(), said.lines)));
        }
        // Other programs take one for a version that has changed nothing: it is what is left of a crash.
        if lines.is_empty() {
            return Err(self.damaged(&path, "there is nothing in it"));
        }
        Ok(lines)
    }

    /// What a commit says of itself; `None`: it is not there.
    pub(crate) fn info(&self, version: u64) -> Result<Option<CommitInfo>, Error> {
        if !self.storage.has(&commit_path(version))? {
            return Ok(None);
        }
        let info = self.commit(version)?.into_iter().find_map(|line| line.commit_info);
        Ok(Some(info.unwrap_or_default()))
    }

    fn missing(&self, listing: &Listing, version: u64) -> Error {
        let (name, path) = (self.name(), commit_path(version));
        let message = format!("{name}{path} is missing");
        let later = listing.checkpoints.range(version..).next().map(|(of, _)| *of);
        let error = Error::new(ErrorKind::Damaged, &message);
        match later {
            Some(of) => error.remedy(format!(
                "another program has cleaned the log up, or it is damaged: versions from {of} on are readable; bring the file back from a copy for those before"
            )),
            None => error.remedy("the log is damaged: bring the file back from a copy"),
        }
    }

    fn gone(&self, path: &str) -> Error {
        Error::new(ErrorKind::Damaged, &format!("{}{path} is gone", self.name()))
            .remedy("another program has removed it: bring it back from a copy, or ask again")
    }

    fn damaged(&self, path: &str, what: &str) -> Error {
        let message = format!("{}{path} is damaged: {what}", self.name());
        Error::new(ErrorKind::Damaged, &message)
            .remedy("bring the file back from a copy; versions before it are readable: ?version=N")
    }
}
