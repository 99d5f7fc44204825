//! The journal of a harvest: a folder with the Items that have come, one a line, and a log of which pages they are.
//!
//! Both files only grow. A page is in the log after its Items are safe, so that a run that was broken off leaves nothing that is taken for
//! more than it is; what stands behind the last page of the log is cut off. No header is in it, and the files are the owner's alone.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use stacyard_store::{Error, ErrorKind, Remedy};

use crate::harvest::log::{Entry, Past, Plan, Segment, VERSION};
use crate::options::JournalOptions;

/// How each log begins.
const BEGIN: &[u8] = br#"{"harvest":"#;

const ITEMS: &str = "items.ndjson";
const LOG: &str = "log";

/// A journal that this process alone uses.
pub(super) struct Journal {
    folder: PathBuf,
    items: File,
    /// Holds the lock.
    log: File,
    /// The ends of the two.
    items_end: u64,
    log_end: u64,
}

impl Journal {
    /// Opens the journal in a folder, which is made where it is not there, and cuts off what a run has left half-written.
    ///
    /// # Errors
    /// A folder that is none, or the journal of another harvest; one that another process uses; what cannot be written.
    pub(super) fn open(
        JournalOptions { folder, since }: &JournalOptions,
        mark: &str,
    ) -> Result<(Self, Past), Error> {
        let failed = |cause| Error::io("write", folder, cause);
        let log = locked(folder)?;
        let items = file(&folder.join(ITEMS)).map_err(failed)?;
        let mut text = Vec::new();
        (&log).read_to_end(&mut text).map_err(failed)?;
        if !text.is_empty() && !text.starts_with(BEGIN) {
            return Err(no_journal(folder));
        }
        let past = Past::read(&text).map_err(|error| of(error, folder))?;
        if past.mark.as_deref().is_some_and(|known| known != mark) {
            return Err(of_another(folder));
        }
        if items.metadata().map_err(failed)?.len() < past.items {
            return Err(of(damaged("the end of its Items"), folder));
        }
        items.set_len(past.items).map_err(failed)?;
        log.set_len(past.whole).map_err(failed)?;
        let mut journal =
            Self { folder: folder.to_owned(), items, log, items_end: past.items, log_end: past.whole };
        if past.mark.is_none() {
            journal.say(&[Entry::Harvest {
                version: VERSION,
                mark: mark.to_owned(),
                since: since.clone(),
            }])?;
        }
        Ok((journal, past))
    }

    /// Keeps how the time is cut.
    pub(super) fn plan(&mut self, plan: &Plan) -> Result<(), Error> {
        self.say(&[Entry::Plan(plan.clone())])
    }

    /// Writes the Items of a page. They are not safe before [`Journal::keep`].
    pub(super) fn write(&mut self, text: &[u8]) -> Result<(u64, u64), Error> {
        let start = self.items_end;
        self.items.write_all_at(text, start).map_err(|cause| Error::io("write", &self.folder, cause))?;
        self.items_end += text.len() as u64;
        Ok((start, self.items_end))
    }

    /// Makes the Items safe, and then what is said of them.
    pub(super) fn keep(&mut self, entries: &[Entry]) -> Result<(), Error> {
        self.items.sync_data().map_err(|cause| Error::io("write", &self.folder, cause))?;
        self.say(entries)
    }

    fn say(&mut self, entries: &[Entry]) -> Result<(), Error> {
        let failed = |cause| Error::io("write", &self.folder, cause);
        let mut text = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut text, entry)
                .map_err(|cause| Error::failed("cannot write a journal").caused_by(cause))?;
            text.push(b'\n');
        }
        self.log.write_all_at(&text, self.log_end).map_err(failed)?;
        self.log_end += text.len() as u64;
        self.log.sync_data().map_err(failed)
    }

    /// The Items of a page.
    pub(super) fn read(&self, segment: &Segment) -> Result<Vec<u8>, Error> {
        let length = usize::try_from(segment.end - segment.start)
            .map_err(|_| of(damaged("the length of a page"), &self.folder))?;
        let mut text = vec![0; length];
        let read = self.items.read_exact_at(&mut text, segment.start);
        read.map_err(|cause| Error::io("read", &self.folder, cause))?;
        Ok(text)
    }
}

/// One without an Item is of no use to anybody.
impl Drop for Journal {
    fn drop(&mut self) {
        if self.items_end == 0 {
            let _ = remove(&self.folder, &self.log);
        }
    }
}

/// What the harvest was asked for that has a journal in this folder ([`JournalOptions::since`]); `None`: there is no journal.
///
/// # Errors
/// A journal that cannot be read.
pub fn since(folder: &Path) -> Result<Option<Option<String>>, Error> {
    let log = match fs::read(folder.join(LOG)) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        log => log.map_err(|cause| Error::io("read", folder, cause))?,
    };
    let past = Past::read(&log).map_err(|error| of(error, folder))?;
    Ok(past.mark.map(|_| past.since))
}

/// Removes a journal, once what it holds is in its place. One that is not there is gone already.
///
/// # Errors
/// Files that cannot be removed; another process uses it.
pub fn forget(folder: &Path) -> Result<(), Error> {
    if !folder.join(LOG).exists() {
        return Ok(());
    }
    let log = locked(folder)?;
    remove(folder, &log).map_err(|cause| Error::io("remove", folder, cause))
}

/// Whoever finds it half-removed sees an empty journal.
fn remove(folder: &Path, log: &File) -> io::Result<()> {
    log.set_len(0)?;
    fs::remove_file(folder.join(ITEMS))?;
    fs::remove_file(folder.join(LOG))?;
    match fs::remove_dir(folder) {
        // What else somebody has put there is not ours.
        Err(cause) if cause.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        removed => removed,
    }
}

/// The log of a journal, which nobody else has; it is made where it is not there.
fn locked(folder: &Path) -> Result<File, Error> {
    let failed = |cause| Error::io("write", folder, cause);
    refuse_shared(folder)?;
    loop {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            made => made.map_err(failed)?,
        }
        let path = folder.join(LOG);
        if !path.exists() && fs::read_dir(folder).map_err(failed)?.next().is_some() {
            return Err(no_journal(folder));
        }
        let log = match file(&path) {
            // Its folder has been removed just now, by whoever was done with it.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
            log => log.map_err(failed)?,
        };
        match log.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let message = format!("another process uses the journal {}", folder.display());
                return Err(Error::new(ErrorKind::Conflict, &message).remedy("wait until it is done"));
            }
            // A file system without locks has nobody who could wait.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let own = log.metadata().map_err(failed)?;
        if fs::metadata(&path).is_ok_and(|now| (now.dev(), now.ino()) == (own.dev(), own.ino())) {
            return Ok(log);
        }
    }
}

fn no_journal(folder: &Path) -> Error {
    Error::new(ErrorKind::Exists, &format!("{} is no journal of a harvest, and not empty", folder.display()))
        .remedy(Remedy::from("name another folder with ").option(("journal", "FOLDER")))
}

/// Others may have made a folder of this name, with links in it that lead to files of ours.
fn refuse_shared(folder: &Path) -> Result<(), Error> {
    let why = match fs::symlink_metadata(folder) {
        Ok(there) if there.is_symlink() => "is a link",
        Ok(there) if there.is_dir() && there.mode() & 0o022 != 0 => "may be written to by others",
        _ => return Ok(()),
    };
    let message = format!("{} {why}, and so cannot be the journal of a harvest", folder.display());
    Err(Error::new(ErrorKind::Denied, &message)
        .remedy(Remedy::from("name another folder with ").option(("journal", "FOLDER"))))
}

fn file(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "what is there is no file"));
    }
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// The error of a part of a journal that is not as it was written.
pub(super) fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Damaged, &format!("the journal of the harvest is damaged: {what}"))
}

fn of(error: Error, folder: &Path) -> Error {
    error
        .detail(&format!("in {}", folder.display()))
        .remedy(Remedy::from("remove that folder, and the harvest begins anew"))
}

fn of_another(folder: &Path) -> Error {
    let message = format!(
        "{} is the journal of another harvest: of another API or search, or with pages of another size",
        folder.display()
    );
    Error::new(ErrorKind::Conflict, &message).remedy(
        Remedy::from("go on with that one by the same command as before")
            .or("remove the folder, and begin anew")
            .or(Remedy::from("name another one with ").option(("journal", "FOLDER"))),
    )
}
