//! Where a file is written to: the place that links lead to, what stands there, and the lock on that.
//!
//! Writers that replace a file hold a lock on it from before it is read until the new one is in its place, so that none
//! merges into what another is about to replace. Where a file system has no locks, or another program pays no heed to
//! them, the last step finds that the file is no longer the one that was read.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::io::Errno;

use crate::url::real;
use crate::{Error, ErrorKind};

/// A place for a file.
#[derive(Debug)]
pub(super) struct Target {
    /// As it is spelled, for messages.
    shown: PathBuf,
    /// Where links lead to.
    pub(super) path: PathBuf,
    /// What stands there, and is to be replaced.
    pub(super) old: Option<Old>,
}

/// A file that is to be replaced.
#[derive(Debug)]
pub(super) struct Old {
    pub(super) metadata: Metadata,
    /// Holds the lock, where the file can be opened and its file system has locks.
    _lock: Option<File>,
}

impl Target {
    /// Finds the place that `path` leads to, and locks the file that stands there; `wait` is called before waiting for
    /// another writer.
    pub(super) fn open(path: &Path, wait: &mut dyn FnMut(&Path)) -> io::Result<Self> {
        let place = real(path).ok_or(Errno::NOENT)?;
        let mut has_said = false;
        loop {
            let old = match fs::metadata(&place) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Self { shown: path.to_owned(), path: place, old: None });
                }
                Err(error) => return Err(error),
            };
            let lock = lock(&place, || {
                if !has_said {
                    wait(path);
                }
                has_said = true;
            });
            // It may have been replaced, by whom we waited for or just now: then that is the one to lock.
            let metadata = match &lock {
                Some(file) => file.metadata()?,
                None => old,
            };
            if fs::metadata(&place).is_ok_and(|now| is_same(&now, &metadata)) {
                let old = Some(Old { metadata, _lock: lock });
                return Ok(Self { shown: path.to_owned(), path: place, old });
            }
        }
    }

    /// Fails if what stands there now is another file than at the beginning, or has been written to since.
    pub(super) fn check(&self) -> Result<(), Error> {
        let now = match fs::metadata(&self.path) {
            Ok(now) => Some(now),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::io("write", &self.shown, error)),
        };
        match (&self.old, now) {
            (None, None) => Ok(()),
            (Some(old), Some(now)) if is_same(&now, &old.metadata) => Ok(()),
            (None, Some(_)) => Err(self.has_appeared()),
            (Some(_), Some(_)) => Err(self.failed("another program has written to it meanwhile")),
            (Some(_), None) => Err(self.failed("another program has removed it meanwhile")),
        }
    }

    /// The error of a file that was not there at the beginning.
    pub(super) fn has_appeared(&self) -> Error {
        self.failed("another program has made this file meanwhile, and it is not replaced")
    }

    fn failed(&self, what: &str) -> Error {
        Error::new(ErrorKind::Conflict, &format!("{}: {what}", self.shown.display()))
            .remedy("it is left as it is: look at it, and run the command again")
    }
}

/// Locks the file at a place. `None` where that is not possible: another check is at the end.
fn lock(place: &Path, mut wait: impl FnMut()) -> Option<File> {
    // Whoever watches the file for writers is not told of one; on network file systems only what is open for writing can be
    // locked.
    let ways = [(true, false), (true, true), (false, true)];
    ways.into_iter().find_map(|(read, write)| {
        let file = OpenOptions::new().read(read).write(write).open(place).ok()?;
        match file.try_lock() {
            Ok(()) => Some(file),
            Err(TryLockError::Error(_)) => None,
            Err(TryLockError::WouldBlock) => {
                wait();
                loop {
                    match file.lock() {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        locked => return locked.ok().map(|()| file),
                    }
                }
            }
        }
    })
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    let of = |file: &Metadata| {
        (file.dev(), file.ino(), file.len(), file.modified().unwrap_or(SystemTime::UNIX_EPOCH))
    };
    of(one) == of(other)
}
