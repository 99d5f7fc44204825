//! The next version of a table.

use stacyard_store::Error;

use crate::dataset::log::action::{CommitInfo, Line, Remove};
use crate::dataset::log::snapshot::Snapshot;
use crate::dataset::log::{LAST_CHECKPOINT, Log, checkpoint, checkpoint_path, commit_path, now};

/// How many commits there are between two checkpoints, as the protocol proposes.
const COMMITS: u64 = 10;

/// How long cleaners of other programs have to be told of a file that was taken away: ten years, in milliseconds, as the table says.
const REMEMBERED: i64 = 3_650 * 86_400_000;

impl Log {
    /// Puts a version after this one, and takes what it says into the snapshot; `false`: another writer was faster.
    ///
    /// # Errors
    /// A file that cannot be written, or [not surely](Error::is_unsure).
    pub(crate) fn put(
        &self,
        snapshot: &mut Snapshot,
        mut info: CommitInfo,
        mut lines: Vec<Line>,
    ) -> Result<bool, Error> {
        if let Some(said) = &mut info.stacyard {
            said.lines = lines.len() + 1;
        }
        lines.insert(0, Line { commit_info: Some(info), ..Line::default() });
        let mut bytes = Vec::new();
        for line in &lines {
            serde_json::to_writer(&mut bytes, line)
                .map_err(|cause| Error::failed("cannot write a line of the log").caused_by(cause))?;
            bytes.push(b'\n');
        }
        let version = if snapshot.protocol.is_none() { 0 } else { snapshot.version + 1 };
        if !self.storage.create(&commit_path(version), &bytes)? {
            return Ok(false);
        }
        snapshot.version = version;
        for line in lines {
            snapshot.apply(line);
        }
        Ok(true)
    }

    /// Writes a checkpoint where it is time for one. What fails has no effect on the table: it is only read more slowly.
    pub(crate) fn checkpoint(&self, snapshot: &mut Snapshot) {
        let last = snapshot.checkpoint.unwrap_or_default();
        if snapshot.version >= last + COMMITS && self.write_checkpoint(snapshot).is_ok() {
            snapshot.checkpoint = Some(snapshot.version);
        }
    }

    fn write_checkpoint(&self, snapshot: &Snapshot) -> Result<(), Error> {
        let since = now() - REMEMBERED;
        let keep = |remove: &Remove| remove.deletion_timestamp.unwrap_or_default() > since;
        let (bytes, size) = checkpoint::write(snapshot, keep)
            .map_err(|cause| Error::failed("cannot write a checkpoint").caused_by(cause))?;
        self.storage.create(&checkpoint_path(snapshot.version), &bytes)?;
        let last = serde_json::json!({ "version": snapshot.version, "size": size });
        self.storage.replace(LAST_CHECKPOINT, last.to_string().as_bytes())
    }
}
