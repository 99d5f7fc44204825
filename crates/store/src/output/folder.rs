//! A folder coming out: made where nobody looks, under a hidden name beside its place, made durable, then put in its place.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::temporary::{folder_of, is_leftover, temporary_name, unfinished};
use crate::url::real;
use crate::{Error, ErrorKind};

/// A folder being made. Dropped before [`OutputFolder::commit`] it leaves nothing behind.
#[derive(Debug)]
pub struct OutputFolder {
    /// Its place, for messages.
    shown: PathBuf,
    /// Where links lead to.
    target: PathBuf,
    hidden: PathBuf,
    /// Locked for as long as it is open, which tells it from what a dead process has left.
    lock: File,
    replaces: bool,
    is_done: bool,
}

impl OutputFolder {
    /// Begins to make the folder `path`, in the place of the one that is there if it `replaces` it.
    ///
    /// # Errors
    /// A place that cannot be written to; one where something is that is no empty folder, if it does not replace it.
    pub fn begin(path: &Path, replaces: bool) -> Result<Self, Error> {
        let failed = |cause| Error::io("write", path, cause);
        let target = real(path).ok_or(Errno::NOENT).map_err(|cause| failed(cause.into()))?;
        bring_back(&target).map_err(failed)?;
        if !replaces && !is_free(&target).map_err(failed)? {
            return Err(has_appeared(path));
        }
        remove_leftovers(&target);
        let hidden = temporary_name(&target);
        let mut all = unfinished();
        fs::create_dir(&hidden).map_err(failed)?;
        all.push(hidden.clone());
        drop(all);
        let lock = File::open(&hidden).map_err(failed)?;
        let _ = lock.try_lock();
        Ok(Self { shown: path.to_owned(), target, hidden, lock, replaces, is_done: false })
    }

    /// Where it is made.
    pub fn path(&self) -> &Path {
        &self.hidden
    }

    /// Its place, for messages.
    pub fn place(&self) -> &Path {
        &self.shown
    }

    /// Whether it takes the place of another one.
    pub const fn replaces(&self) -> bool {
        self.replaces
    }

    /// Puts it in its place, durably.
    ///
    /// # Errors
    /// It cannot be; another program has put something there meanwhile.
    pub fn commit(mut self) -> Result<(), Error> {
        let failed = |cause| Error::io("write", &self.shown, cause);
        sync(&self.lock).map_err(failed)?;
        if self.replaces && self.target.exists() {
            exchange(&self.hidden, &self.target).map_err(failed)?;
        } else {
            // An empty one is as good as none.
            match fs::remove_dir(&self.target) {
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                    return Err(has_appeared(&self.shown));
                }
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                Ok(()) | Err(_) => {}
            }
            match put(&self.hidden, &self.target) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(has_appeared(&self.shown));
                }
                put => put.map_err(failed)?,
            }
        }
        self.is_done = true;
        if let Ok(folder) = File::open(folder_of(&self.target)) {
            let _ = folder.sync_all();
        }
        // Of a replacement the old one has this name now.
        Ok(())
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        if self.replaces || !self.is_done {
            let _ = fs::remove_dir_all(&self.hidden);
        }
        unfinished().retain(|path| *path != self.hidden);
    }
}

/// Removes a folder into which another thread writes still.
pub(super) fn remove_under_way(hidden: &Path) {
    // Under another name nobody finds it any more, who would fill it faster than it is emptied.
    let aside = temporary_name(hidden);
    let path = if fs::rename(hidden, &aside).is_ok() { &aside } else { hidden };
    // A file may have been under way.
    let _ = (0..10).any(|_| fs::remove_dir_all(path).is_ok());
}

/// Whether nothing is there, or an empty folder.
fn is_free(place: &Path) -> io::Result<bool> {
    match fs::read_dir(place) {
        Ok(mut there) => Ok(there.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(error),
    }
}

fn has_appeared(path: &Path) -> Error {
    Error::new(ErrorKind::Exists, &format!("{} is there, and is no empty folder", path.display()))
        .remedy("name a folder that is not there yet")
}

/// Makes all that is in it durable: one call for a million files.
#[cfg(target_os = "linux")]
fn sync(folder: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(folder)?)
}

#[cfg(not(target_os = "linux"))]
fn sync(folder: &File) -> io::Result<()> {
    folder.sync_all()
}

/// Moves a folder to where nothing stands.
fn put(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems do not know this way. A folder never takes the place of one that is not empty.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => fs::rename(from, to),
        put => Ok(put?),
    }
}

/// Lets two folders change places.
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        // For a moment there is none then.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            let aside = set_aside(other);
            // What a killed process has left there, after all was in its place.
            let _ = fs::remove_dir_all(&aside);
            let held = File::open(other)?;
            let _ = held.try_lock();
            fs::rename(other, &aside)?;
            if let Err(error) = fs::rename(one, other) {
                // The old one stays.
                fs::rename(&aside, other)?;
                return Err(error);
            }
            fs::rename(&aside, one)
        }
        exchanged => Ok(exchanged?),
    }
}

/// Where the old folder is while the new one takes its place.
fn set_aside(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".old");
    target.with_file_name(name)
}

/// Puts back what a process had set aside that was killed just then. One that lives holds a lock on it.
fn bring_back(target: &Path) -> io::Result<()> {
    let aside = set_aside(target);
    let is_left = File::open(&aside).is_ok_and(|folder| folder.try_lock().is_ok());
    if is_left && aside.is_dir() && is_free(target)? { fs::rename(aside, target) } else { Ok(()) }
}

/// Removes the folders for this target that no process holds.
fn remove_leftovers(target: &Path) {
    for entry in fs::read_dir(folder_of(target)).into_iter().flatten().flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_folder || !entry.file_name().to_str().is_some_and(|name| is_leftover(target, name)) {
            continue;
        }
        if File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
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
    fn it_is_there_as_a_whole_or_not_at_all() {
        let here = tempfile::tempdir().unwrap();
        let target = here.path().join("cat");
        let folder = OutputFolder::begin(&target, false).unwrap();
        fs::write(folder.path().join("x"), "new").unwrap();
        assert!(!target.exists());
        drop(folder);
        assert_eq!(names(here.path()), Vec::<String>::new());
        // An empty folder is as good as none.
        fs::create_dir(&target).unwrap();
        let folder = OutputFolder::begin(&target, false).unwrap();
        fs::write(folder.path().join("x"), "new").unwrap();
        folder.commit().unwrap();
        assert_eq!((names(here.path()), names(&target)), (vec!["cat".to_owned()], vec!["x".to_owned()]));
        assert!(OutputFolder::begin(&target, false).is_err());
        let folder = OutputFolder::begin(&target, true).unwrap();
        fs::write(folder.path().join("y"), "newer").unwrap();
        assert_eq!(names(&target), ["x"]);
        folder.commit().unwrap();
        assert_eq!((names(here.path()), names(&target)), (vec!["cat".to_owned()], vec!["y".to_owned()]));
    }

    #[test]
    fn what_others_put_there_meanwhile_stays() {
        let here = tempfile::tempdir().unwrap();
        let target = here.path().join("cat");
        let folder = OutputFolder::begin(&target, false).unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(target.join("other"), "").unwrap();
        assert_eq!(folder.commit().unwrap_err().kind(), ErrorKind::Exists);
        assert_eq!((names(here.path()), names(&target)), (vec!["cat".to_owned()], vec!["other".to_owned()]));
    }

    #[test]
    fn what_was_set_aside_comes_back() {
        let here = tempfile::tempdir().unwrap();
        let target = here.path().join("cat");
        let aside = |content: &str| {
            let aside = set_aside(&target);
            fs::create_dir(&aside).unwrap();
            fs::write(aside.join(content), "").unwrap();
        };
        aside("old");
        // Its writer was killed before the new one was there: nothing but the old one is.
        assert_eq!(OutputFolder::begin(&target, false).unwrap_err().kind(), ErrorKind::Exists);
        assert_eq!((names(here.path()), names(&target)), (vec!["cat".to_owned()], vec!["old".to_owned()]));
        // One that lives is at it.
        fs::rename(&target, set_aside(&target)).unwrap();
        let held = File::open(set_aside(&target)).unwrap();
        held.try_lock().unwrap();
        drop(OutputFolder::begin(&target, false).unwrap());
        assert_eq!(names(here.path()), [".cat.old"]);
    }

    #[test]
    fn what_was_to_be_replaced_may_have_gone() {
        let here = tempfile::tempdir().unwrap();
        let target = here.path().join("cat");
        fs::create_dir(&target).unwrap();
        let folder = OutputFolder::begin(&target, true).unwrap();
        fs::write(folder.path().join("new"), "").unwrap();
        fs::remove_dir(&target).unwrap();
        folder.commit().unwrap();
        assert_eq!((names(here.path()), names(&target)), (vec!["cat".to_owned()], vec!["new".to_owned()]));
    }

    #[test]
    fn what_a_dead_process_has_left_goes_and_what_a_living_one_makes_stays() {
        let here = tempfile::tempdir().unwrap();
        let target = here.path().join("cat");
        let left = here.path().join(".cat.0123456789abcdef.tmp");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("half"), "").unwrap();
        let alive = OutputFolder::begin(&target, false).unwrap();
        assert!(!left.exists());
        let _next = OutputFolder::begin(&target, false).unwrap();
        assert!(alive.path().exists());
    }
}
