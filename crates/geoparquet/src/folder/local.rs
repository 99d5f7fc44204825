//! A folder on disk.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stacyard_store::{Directory, Error, FileEntry, Ranges, Wanted, default_threads};

use crate::folder::handles::{Handles, Shelved};
use crate::folder::listing::{is_data, is_parquet};
use crate::read::local::State;

/// A folder on disk: some of its files are kept open.
pub(super) struct LocalFolder {
    folder: PathBuf,
    name: String,
    handles: Arc<Handles>,
    next: AtomicU64,
}

impl LocalFolder {
    pub(super) fn new(folder: &Path) -> Self {
        let name = folder.display().to_string();
        Self { folder: folder.to_owned(), name, handles: Arc::default(), next: AtomicU64::new(1) }
    }
}

impl Directory for LocalFolder {
    fn name(&self) -> &str {
        &self.name
    }

    /// Its Parquet files. A folder or file that links lead to is taken once, where it stands itself.
    fn list(&self, wanted: &Wanted<'_>) -> Result<Vec<FileEntry>, Error> {
        let mut files = Vec::new();
        let mut seen = HashSet::new();
        let mut folders = vec![PathBuf::new()];
        // Links are followed when all that stands there itself is known.
        let mut links: Vec<PathBuf> = Vec::new();
        loop {
            let (relative, is_link) = match (folders.pop(), links.pop()) {
                (Some(relative), link) => {
                    links.extend(link);
                    (relative, false)
                }
                (None, Some(link)) => (link, true),
                (None, None) => break,
            };
            let path = if relative.as_os_str().is_empty() {
                self.folder.clone()
            } else {
                self.folder.join(&relative)
            };
            let failed = |cause| Error::io("read", &path, cause);
            let there = match fs::metadata(&path) {
                // A link to nothing: only data would be missed.
                Err(cause) if is_link && cause.kind() == io::ErrorKind::NotFound && !is_parquet(&path) => {
                    continue;
                }
                there => there.map_err(failed)?,
            };
            if !there.is_dir() {
                if wanted(&relative)? && seen.insert(identity(&there)) {
                    files.push(FileEntry {
                        path: relative,
                        size: there.len(),
                        state: State::from(&there).to_string(),
                    });
                }
                continue;
            }
            if !seen.insert(identity(&there)) {
                continue;
            }
            for entry in fs::read_dir(&path).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = entry.file_name();
                let relative = relative.join(&name);
                if !is_data(&name, &path.to_string_lossy())? {
                    continue;
                }
                let kind = entry.file_type().map_err(failed)?;
                if kind.is_symlink() {
                    links.push(relative);
                } else if kind.is_dir() || is_parquet(&relative) {
                    folders.push(relative);
                }
            }
            links.sort_by(|a, b| b.cmp(a));
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    fn ready(&self) -> Result<(), Error> {
        fs::read_dir(&self.folder).map(drop).map_err(|cause| Error::io("read", &self.folder, cause))
    }

    fn open(&self, file: &FileEntry, _: usize) -> Result<Box<dyn Ranges>, Error> {
        Ok(Box::new(Shelved {
            path: self.folder.join(&file.path),
            size: file.size,
            state: file.state.clone(),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            handles: Arc::clone(&self.handles),
        }))
    }

    fn name_of(&self, file: &FileEntry) -> String {
        self.folder.join(&file.path).display().to_string()
    }

    fn at_once(&self) -> usize {
        default_threads()
    }

    fn look(&self) -> Duration {
        Duration::from_secs(1)
    }
}

fn identity(there: &Metadata) -> (u64, u64) {
    (there.dev(), there.ino())
}
