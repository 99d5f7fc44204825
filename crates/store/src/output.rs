//! Files coming out: written under a temporary name beside the target, made durable, then put in its place.
//!
//! A target that exists and is no regular file (a pipe, a device) is written directly, as is standard output.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::BuildHasher;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Error;
use crate::url::{Location, StoreUrl};

/// The temporary files of this process that are not in their places yet.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes what this process has half-written and ends it: what the handler of an interrupt does.
pub fn abandon_and_exit(status: i32) -> ! {
    // The lock is held to the end, so that no other thread can begin another file.
    let unfinished = unfinished();
    for path in unfinished.iter() {
        let _ = fs::remove_file(path);
    }
    std::process::exit(status)
}

/// A file being written. Dropped before [`Output::commit`] it leaves nothing behind.
#[derive(Debug)]
pub struct Output {
    file: File,
    /// The name for messages.
    path: PathBuf,
    /// The temporary name and the real one; `None`: the target is written directly.
    pending: Option<(PathBuf, PathBuf)>,
    written: u64,
}

impl Output {
    /// Begins to write the target of `url`.
    pub fn create(url: &StoreUrl) -> Result<Self, Error> {
        match url.location() {
            Location::Stdio => Self::stdout(),
            Location::Path(path) => Self::file(path),
            Location::Database(_) => Err(url.is_no_file()),
        }
    }

    fn stdout() -> Result<Self, Error> {
        let path = PathBuf::from("standard output");
        let file = duplicate_of_stdout().map_err(|e| Error::io("write", &path, e))?;
        Ok(Self { file, path, pending: None, written: 0 })
    }

    /// Begins to write a file.
    pub fn file(path: &Path) -> Result<Self, Error> {
        let failed = |cause| Error::io("write", path, cause);
        let existing = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let message = format!("{} is a folder, not a file", path.display());
                return Err(Error::usage(message, "name a file inside it"));
            }
            Ok(metadata) if !metadata.is_file() => {
                let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
                return Ok(Self { file, path: path.to_owned(), pending: None, written: 0 });
            }
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        // A symbolic link stays one: the file that it leads to is replaced.
        let target = if existing.is_some() { path.canonicalize().map_err(failed)? } else { path.to_owned() };
        let temporary = temporary_name(&target);
        let file = {
            let mut unfinished = unfinished();
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&temporary)
                .map_err(failed)?;
            unfinished.push(temporary.clone());
            file
        };
        let output = Self { file, path: path.to_owned(), pending: Some((temporary, target)), written: 0 };
        if let Some(existing) = existing {
            output.file.set_permissions(existing.permissions()).map_err(failed)?;
        }
        Ok(output)
    }

    /// Appends bytes.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(|e| Error::io("write", &self.path, e))?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// The file itself, for writers that want one. What they write is not counted by [`Output::written`].
    pub fn as_file(&self) -> &File {
        &self.file
    }

    /// The target, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes have been appended.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Puts the file in its place, durably; gives its size in bytes. Once is enough: what has its place keeps it.
    pub fn commit(&mut self) -> Result<u64, Error> {
        let Some((temporary, target)) = &self.pending else { return Ok(self.written) };
        let failed = |cause| Error::io("write", &self.path, cause);
        self.file.sync_all().map_err(failed)?;
        let size = self.file.metadata().map_err(failed)?.len();
        fs::rename(temporary, target).map_err(failed)?;
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // The new name lasts once its folder has been written; some file systems cannot do that, and need not.
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
        forget(temporary);
        self.pending = None;
        Ok(size)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some((temporary, _)) = &self.pending {
            let _ = fs::remove_file(temporary);
            forget(temporary);
        }
    }
}

fn forget(temporary: &Path) {
    unfinished().retain(|path| path != temporary);
}

fn temporary_name(target: &Path) -> PathBuf {
    // Short enough that the whole stays below the 255 bytes of a file name.
    let name: String = target.file_name().unwrap_or_default().to_string_lossy().chars().take(50).collect();
    let random = RandomState::new().hash_one(std::process::id());
    target.with_file_name(format!(".{name}.{random:016x}.tmp"))
}

/// Standard output without the line buffer of [`io::stdout`], which would cut each batch at its last line end.
fn duplicate_of_stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_target_is_the_old_or_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x.ndjson");
        fs::write(&target, "old").unwrap();
        let mut output = Output::file(&target).unwrap();
        output.append(b"new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        assert_eq!(names(folder.path()).len(), 2);
        drop(output);
        assert_eq!(names(folder.path()), ["x.ndjson"]);
        let mut output = Output::file(&target).unwrap();
        output.append(b"newer").unwrap();
        assert_eq!(output.commit().unwrap(), 5);
        assert_eq!(fs::read_to_string(&target).unwrap(), "newer");
        assert_eq!(names(folder.path()), ["x.ndjson"]);
    }

    #[test]
    fn a_symbolic_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let mut output = Output::file(&link).unwrap();
        output.append(b"new").unwrap();
        output.commit().unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn devices_are_written_directly() {
        let mut output = Output::file(Path::new("/dev/full")).unwrap();
        let error = output.append(b"x").unwrap_err();
        assert_eq!(error.advice(), Some("free some space, or write elsewhere"));
    }
}
