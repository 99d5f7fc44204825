//! A folder on disk that a dataset stands in: files are put there by a link that replaces nothing, after they are synced.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use stacyard_store::{Error, ErrorKind, Output, Ranges, Storage, StoredFile};

use crate::folder::handles::{Handles, Shelved};
use crate::read::local::State;

/// How often a file is put again that another process has replaced meanwhile.
const REPLACES: usize = 5;

/// A folder on disk.
pub(crate) struct LocalStorage {
    folder: PathBuf,
    name: String,
    /// The folder, or before it is there the nearest one around it.
    scratch: PathBuf,
    handles: Arc<Handles>,
    next: AtomicU64,
}

impl LocalStorage {
    pub(crate) fn new(folder: &Path) -> Self {
        let name = folder.display().to_string();
        let name = if name.ends_with('/') { name } else { name + "/" };
        let around = folder.ancestors().find(|around| around.is_dir());
        let scratch = around.unwrap_or(Path::new(".")).to_owned();
        Self { folder: folder.to_owned(), name, scratch, handles: Arc::default(), next: AtomicU64::new(1) }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// The file's folder, made where it is not there.
    fn made(&self, path: &str) -> Result<PathBuf, Error> {
        let at = self.at(path);
        if let Some(folder) = at.parent()
            && !folder.is_dir()
        {
            fs::create_dir_all(folder).map_err(|cause| Error::io("make the folder", folder, cause))?;
            // That it is there must outlast a crash as what is in it does.
            let root = self.folder.parent().unwrap_or(&self.folder);
            for above in folder.ancestors().skip(1).take_while(|above| above.starts_with(root)) {
                let _ = fs::File::open(above).and_then(|above| above.sync_all());
            }
        }
        Ok(at)
    }
}

impl Storage for LocalStorage {
    fn name(&self) -> &str {
        &self.name
    }

    fn list(&self, folder: &str) -> Result<Vec<StoredFile>, Error> {
        let mut files = Vec::new();
        let mut folders = vec![folder.trim_end_matches('/').to_owned()];
        while let Some(relative) = folders.pop() {
            let path = if relative.is_empty() { self.folder.clone() } else { self.at(&relative) };
            let failed = |cause| Error::io("read", &path, cause);
            let entries = match fs::read_dir(&path) {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(failed)?,
            };
            for entry in entries {
                let entry = entry.map_err(failed)?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let below = if relative.is_empty() { name } else { format!("{relative}/{name}") };
                // A link to a file is one (caches of downloads are made of them), one to a folder may lead round in circles. One that leads
                // nowhere is there all the same: a commit that is gone makes no older version the newest.
                let is_link = entry.file_type().map_err(failed)?.is_symlink();
                let there = match fs::metadata(entry.path()) {
                    Err(_) if is_link => entry.metadata(),
                    there => there,
                };
                // Between the two another process may have taken it away.
                let there = match there {
                    Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
                    there => there.map_err(failed)?,
                };
                if there.is_dir() && !is_link {
                    folders.push(below);
                } else if there.is_file() || there.is_symlink() {
                    let modified = there.modified().map_err(failed)?;
                    files.push(StoredFile { path: below, size: there.len(), modified: millis(modified) });
                }
            }
        }
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let at = self.at(path);
        match fs::read(&at) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some).map_err(|cause| Error::io("read", &at, cause)),
        }
    }

    fn open(&self, path: &str, size: u64) -> Result<Box<dyn Ranges>, Error> {
        let at = self.at(path);
        let there = fs::metadata(&at).map_err(|cause| Error::io("read", &at, cause))?;
        if there.len() != size {
            let message =
                format!("{} has {} bytes, and {size} when it was written", at.display(), there.len());
            return Err(Error::new(ErrorKind::Damaged, &message)
                .remedy("it is damaged: bring it back from a copy, or read an earlier version"));
        }
        Ok(Box::new(Shelved {
            path: at,
            size,
            state: State::from(&there).to_string(),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            handles: Arc::clone(&self.handles),
        }))
    }

    fn has(&self, path: &str) -> Result<bool, Error> {
        let at = self.at(path);
        at.try_exists().map_err(|cause| Error::io("read", &at, cause))
    }

    fn create(&self, path: &str, bytes: &[u8]) -> Result<bool, Error> {
        let at = self.made(path)?;
        if at.symlink_metadata().is_ok() {
            return Ok(false);
        }
        let mut output = Output::file(&at, false, &mut |_| {})?;
        if output.replaces() {
            return Ok(false);
        }
        output.append(bytes)?;
        match output.commit() {
            // Nothing stood there at the beginning: somebody was faster.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
            done => done.map(|_| true),
        }
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let at = self.made(path)?;
        let mut tries = 0;
        loop {
            let mut output = Output::file(&at, true, &mut |_| {})?;
            output.append(bytes)?;
            match output.commit() {
                Err(error) if error.kind() == ErrorKind::Conflict && tries < REPLACES => tries += 1,
                done => return done.map(drop),
            }
        }
    }

    fn begin(&self, path: &str) -> Result<Output, Error> {
        Output::file(&self.made(path)?, false, &mut |_| {})
    }

    fn delete(&self, path: &str) -> Result<(), Error> {
        let at = self.at(path);
        match fs::remove_file(&at) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done.map_err(|cause| Error::io("remove", &at, cause)),
        }
    }

    fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Nobody waits for a disk as for a server: what takes long is done on all cores anyway.
    fn at_once(&self) -> usize {
        1
    }

    fn look(&self) -> Duration {
        Duration::from_millis(200)
    }
}

/// Milliseconds since 1970.
fn millis(time: SystemTime) -> i64 {
    let of = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -of(before.duration()), of)
}
