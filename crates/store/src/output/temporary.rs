//! A file that has no place yet: without a name where the system knows such files, else under a temporary one beside
//! the target. What a process that was killed has left goes at the next write of that target.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, Metadata, OpenOptions};
use std::hash::BuildHasher;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{CWD, Mode, OFlags, RenameFlags, renameat_with};
use rustix::io::Errno;

/// The temporary names of this process.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

pub(super) fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file being written for a target. Dropped before it has its place it leaves nothing behind.
///
/// It is locked as long as it is open, which tells those of living processes from what is left of dead ones. Until it has
/// its place nobody else may read it.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) file: File,
    name: Option<PathBuf>,
    target: PathBuf,
    /// The permissions of a new file here.
    usual_mode: u32,
}

impl Temporary {
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        remove_leftovers(target);
        match unnamed(folder_of(target)) {
            Some((file, usual_mode)) => Ok(Self { file, name: None, target: target.to_owned(), usual_mode }),
            None => Self::create_named(target),
        }
    }

    fn create_named(target: &Path) -> io::Result<Self> {
        let usual_mode = usual_mode(target)?;
        let (file, name) = named(target)?;
        Ok(Self { file, name: Some(name), target: target.to_owned(), usual_mode })
    }

    /// Puts it where nothing stands; an error of the kind `AlreadyExists` if something does.
    pub(super) fn put(&mut self, most_open: &[Limit]) -> io::Result<()> {
        self.put_at(&self.target.clone(), most_open)
    }

    /// Puts it beside the target instead, under a name that nobody has.
    pub(super) fn put_beside(&mut self, most_open: &[Limit]) -> io::Result<PathBuf> {
        let mut place = self.target.clone().into_os_string();
        place.push(format!(".{:016x}", random()));
        self.put_at(Path::new(&place), most_open).map(|()| place.into())
    }

    fn put_at(&mut self, place: &Path, most_open: &[Limit]) -> io::Result<()> {
        let mode = self.limited(self.usual_mode, most_open);
        self.file.set_permissions(fs::Permissions::from_mode(mode))?;
        self.file.sync_all()?;
        match &self.name {
            None => link(&self.file, place)?,
            Some(name) => {
                move_to(name, place)?;
                self.forget();
            }
        }
        self.sync_name();
        Ok(())
    }

    /// Puts it in the place of `old`, with its owner, as far as that is allowed, and its permissions. What it holds has
    /// been synced: between its name and its place is no work, so that hardly a kill finds it there.
    pub(super) fn replace(&mut self, old: &Metadata, most_open: &[Limit]) -> io::Result<()> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => {
                let name = temporary_name(&self.target);
                let mut unfinished = unfinished();
                link(&self.file, &name)?;
                unfinished.push(name.clone());
                drop(unfinished);
                self.name.insert(name).clone()
            }
        };
        let own = self.file.metadata()?;
        let (uid, gid) =
            ((old.uid() != own.uid()).then_some(old.uid()), (old.gid() != own.gid()).then_some(old.gid()));
        if (uid, gid) != (None, None) && fchown(&self.file, uid, gid).is_err() {
            // Whoever may not give a file away may still give it to a group of his own.
            let _ = fchown(&self.file, None, gid);
        }
        // Another group gets what all get; and what runs with an owner's rights is not what was written.
        let mode = self.limited(Limit::of(old).at(&self.file), most_open);
        self.file.set_permissions(fs::Permissions::from_mode(mode))?;
        fs::rename(&name, &self.target)?;
        self.forget();
        self.sync_name();
        Ok(())
    }

    /// A mode that goes no further than these.
    fn limited(&self, mode: u32, most_open: &[Limit]) -> u32 {
        // The owner has made it.
        most_open.iter().fold(mode, |mode, limit| mode & (limit.at(&self.file) | 0o600))
    }

    /// Makes the new name last: some file systems cannot sync folders, and need not.
    fn sync_name(&self) {
        // Where the file had no name before, that it has one now is in it too.
        let _ = self.file.sync_all();
        if let Ok(folder) = File::open(folder_of(&self.target)) {
            let _ = folder.sync_all();
        }
    }

    fn forget(&mut self) {
        if let Some(name) = self.name.take() {
            unfinished().retain(|path| *path != name);
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = fs::remove_file(name);
        }
        self.forget();
    }
}

/// Who may read another file, and so at most this one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    mode: u32,
    /// The group that the mode speaks of, if that is known.
    group: Option<u32>,
}

impl Limit {
    /// The owner alone.
    pub(super) const PRIVATE: Self = Self { mode: 0o600, group: None };

    pub(super) fn of(file: &Metadata) -> Self {
        Self { mode: file.mode(), group: Some(file.gid()) }
    }

    /// The permissions of `file` that go no further: where its group is another one, this has the rights of all others.
    fn at(self, file: &File) -> u32 {
        let mode = self.mode & 0o777;
        if file.metadata().is_ok_and(|metadata| self.group == Some(metadata.gid())) {
            return mode;
        }
        (mode & 0o707) | (mode & ((mode & 0o7) << 3))
    }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file without a name, and the permissions that the folder and the umask would give to one; `None` where there are no such files, or no
/// way to give them a name.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> Option<(File, u32)> {
    if !Path::new("/proc/self/fd").exists() {
        return None;
    }
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(folder, flags, Mode::from_raw_mode(0o666)).ok()?);
    let usual_mode = file.metadata().ok()?.mode();
    file.set_permissions(fs::Permissions::from_mode(0o600)).ok()?;
    let _ = file.try_lock();
    Some((file, usual_mode & 0o777))
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path) -> Option<(File, u32)> {
    None
}

/// Gives a name to a file without one; fails where the name is taken.
#[cfg(target_os = "linux")]
fn link(file: &File, name: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(CWD, open, CWD, name, rustix::fs::AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A new file under a temporary name.
fn named(target: &Path) -> io::Result<(File, PathBuf)> {
    loop {
        let name = temporary_name(target);
        let mut unfinished = unfinished();
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&name)?;
        let _ = file.try_lock();
        // Before it was locked another process may have taken it for what a dead one has left.
        if is_at(&file, &name) {
            unfinished.push(name.clone());
            return Ok((file, name));
        }
    }
}

/// The permissions that a new file gets here: the umask and the folder say so.
fn usual_mode(target: &Path) -> io::Result<u32> {
    let name = temporary_name(target);
    let file = OpenOptions::new().write(true).create_new(true).open(&name)?;
    let mode = file.metadata().map(|metadata| metadata.mode() & 0o777);
    // Another process may have taken it for what a dead one has left.
    let _ = fs::remove_file(&name);
    mode
}

/// Moves a file to where nothing stands.
fn move_to(name: &Path, place: &Path) -> io::Result<()> {
    match renameat_with(CWD, name, CWD, place, RenameFlags::NOREPLACE) {
        // Network file systems do not know this way, but links.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            fs::hard_link(name, place)?;
            // It has its place: another name that stays goes with the next write.
            let _ = fs::remove_file(name);
            Ok(())
        }
        moved => Ok(moved?),
    }
}

fn is_at(file: &File, name: &Path) -> bool {
    let of = |file: io::Result<Metadata>| file.ok().map(|file| (file.dev(), file.ino()));
    let open = of(file.metadata());
    open.is_some() && open == of(fs::symlink_metadata(name))
}

/// How the temporary names of a target begin and end.
fn around(target: &Path) -> (String, &'static str) {
    // Short enough that the whole stays below the 255 bytes of a file name.
    let name: String = target.file_name().unwrap_or_default().to_string_lossy().chars().take(50).collect();
    (format!(".{name}."), ".tmp")
}

pub(super) fn temporary_name(target: &Path) -> PathBuf {
    let (before, after) = around(target);
    target.with_file_name(format!("{before}{:016x}{after}", random()))
}

fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// Whether this is a temporary name of the target.
pub(super) fn is_leftover(target: &Path, name: &str) -> bool {
    let (before, after) = around(target);
    let between = name.strip_prefix(&before).and_then(|rest| rest.strip_suffix(after));
    between.is_some_and(|id| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Removes the temporary files of this target that no process holds.
fn remove_leftovers(target: &Path) {
    for entry in fs::read_dir(folder_of(target)).into_iter().flatten().flatten() {
        if !entry.file_name().to_str().is_some_and(|name| is_leftover(target, name)) {
            continue;
        }
        let path = entry.path();
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = rustix::fs::open(&path, flags, Mode::empty()).map(File::from) else { continue };
        if file.metadata().is_ok_and(|metadata| metadata.is_file())
            && file.try_lock().is_ok()
            && is_at(&file, &path)
        {
            let _ = fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Both ways: the second is that of file systems without unnamed files.
    const WAYS: [fn(&Path) -> io::Result<Temporary>; 2] = [Temporary::create, Temporary::create_named];

    #[test]
    fn what_a_dead_process_has_left_goes_and_what_a_living_one_writes_stays() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x.ndjson");
        let (left, others) = (".x.ndjson.0123456789abcdef.tmp", ".x.ndjson.mine.tmp");
        let alive = Temporary::create_named(&target).unwrap();
        let alive = alive.name.as_ref().unwrap().file_name().unwrap().to_str().unwrap();
        for name in [left, others, ".y.ndjson.0123456789abcdef.tmp"] {
            fs::write(folder.path().join(name), "half").unwrap();
        }
        let _next = Temporary::create(&target).unwrap();
        let names = names(folder.path());
        assert!(!names.iter().any(|name| name == left), "{names:?}");
        for name in [alive, others, ".y.ndjson.0123456789abcdef.tmp"] {
            assert!(names.iter().any(|there| there == name), "{names:?}");
        }
    }

    #[test]
    fn nobody_reads_it_before_it_has_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        fs::write(&target, "").unwrap();
        let usual = fs::metadata(&target).unwrap().mode() & 0o777;
        fs::remove_file(&target).unwrap();
        for create in WAYS {
            let mut temporary = create(&target).unwrap();
            assert_eq!(temporary.file.metadata().unwrap().mode() & 0o7777, 0o600);
            temporary.file.write_all(b"new").unwrap();
            temporary.put(&[]).unwrap();
            assert_eq!(fs::metadata(&target).unwrap().mode() & 0o7777, usual);
            assert_eq!(
                (fs::read_to_string(&target).unwrap().as_str(), names(folder.path())),
                ("new", vec!["x".to_owned()])
            );
            drop(temporary);
            fs::remove_file(&target).unwrap();
        }
    }

    #[test]
    fn what_stands_there_is_replaced_only_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        for create in WAYS {
            fs::write(&target, "old").unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o6640)).unwrap();
            let mut temporary = create(&target).unwrap();
            temporary.file.write_all(b"new").unwrap();
            assert_eq!(temporary.put(&[]).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read_to_string(&target).unwrap(), "old");
            temporary.replace(&fs::metadata(&target).unwrap(), &[]).unwrap();
            assert_eq!(fs::read_to_string(&target).unwrap(), "new");
            assert_eq!(fs::metadata(&target).unwrap().mode() & 0o7777, 0o640);
            assert_eq!(names(folder.path()), ["x"]);
        }
    }

    #[test]
    fn the_owner_stays_where_that_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        fs::write(&target, "old").unwrap();
        if std::os::unix::fs::chown(&target, Some(12345), Some(23456)).is_err() {
            println!("skipped: only root gives files away");
            return;
        }
        for create in WAYS {
            let mut temporary = create(&target).unwrap();
            temporary.replace(&fs::metadata(&target).unwrap(), &[]).unwrap();
            let new = fs::metadata(&target).unwrap();
            assert_eq!((new.uid(), new.gid()), (12345, 23456));
        }
    }

    #[test]
    fn a_mode_goes_no_further_than_its_limits() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        let own = Temporary::create(&target).unwrap().file.metadata().unwrap().gid();
        for (limit, expected) in [
            (Limit { mode: 0o644, group: Some(own) }, 0o644),
            (Limit { mode: 0o640, group: Some(own) }, 0o640),
            (Limit { mode: 0o440, group: Some(own + 1) }, 0o600),
            (Limit { mode: 0o444, group: Some(own + 1) }, 0o644),
            (Limit::PRIVATE, 0o600),
        ] {
            let mut temporary = Temporary::create(&target).unwrap();
            temporary.usual_mode = 0o666;
            temporary.put(&[limit]).unwrap();
            assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, expected, "{limit:?}");
            fs::remove_file(&target).unwrap();
        }
    }
}
