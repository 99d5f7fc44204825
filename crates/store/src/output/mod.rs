//! Files coming out: written where nobody sees them, made durable, then put in their place.
//!
//! A target that exists and is no regular file (a pipe, a device) is written directly, as is standard output.

mod folder;
mod target;
mod temporary;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::url::{Location, StoreUrl};
pub use folder::OutputFolder;
use target::Target;
use temporary::{Limit, Temporary, unfinished};

/// Bytes that are written at once (256 KiB).
const BUFFER: usize = 256 << 10;

/// Removes what this process has half-written and ends it: what the handler of an interrupt does.
pub fn abandon_and_exit(status: i32) -> ! {
    // The lock is held to the end, so that no other thread can begin another file.
    let unfinished = unfinished();
    for path in unfinished.iter() {
        if fs::remove_file(path).is_err() {
            folder::remove_under_way(path);
        }
    }
    std::process::exit(status)
}

/// Where a file goes that is not of this machine, once it is whole.
pub trait Upload: std::fmt::Debug + Send {
    /// Whether it replaces a file that was there at the beginning.
    fn replaces(&self) -> bool;

    /// Makes sure that it can have its place, as far as that can be said before.
    ///
    /// # Errors
    /// A place that it cannot have.
    fn check(&self) -> Result<(), Error>;

    /// Puts it there, all of it or nothing.
    ///
    /// # Errors
    /// As [`Upload::check`]; a file that cannot be read, a server that does not take it.
    fn put(&mut self, file: &File) -> Result<(), Error>;
}

/// A file being written. Dropped before [`Output::commit`] it leaves nothing behind.
#[derive(Debug)]
pub struct Output {
    file: File,
    /// The name for messages.
    path: PathBuf,
    /// `None`: the target is written directly, or has its place already.
    pending: Option<Pending>,
    written: u64,
}

/// A file that has no place yet.
#[derive(Debug)]
enum Pending {
    Here(Box<Here>),
    There(Box<dyn Upload>),
}

/// One whose place is on this machine.
#[derive(Debug)]
struct Here {
    temporary: Temporary,
    target: Target,
    /// Whether a file may be replaced that was not there at the beginning.
    overwrites: bool,
    /// The file may be read by nobody who may not read these.
    most_open: Vec<Limit>,
}

impl Output {
    /// Begins to write the target of `url`. A file that stands there is replaced, and other writers of it wait from now on,
    /// so it is read after this; one that only appears later is replaced if this `overwrites`. If another writer has to be waited
    /// for, `wait` is called before.
    pub fn create(url: &StoreUrl, overwrites: bool, wait: &mut dyn FnMut(&Path)) -> Result<Self, Error> {
        match url.location() {
            Location::Stdio => Self::stdout(),
            Location::Path(path) => Self::file(path, overwrites, wait),
            Location::Database(_) | Location::Api(_) | Location::Object(_) => Err(url.is_no_file()),
        }
    }

    /// Begins to write a file that goes elsewhere once it is whole; until then it is in the folder for temporary files.
    ///
    /// # Errors
    /// A temporary file that cannot be made.
    pub fn elsewhere(name: &str, upload: Box<dyn Upload>) -> Result<Self, Error> {
        let path = PathBuf::from(name);
        let file = tempfile::tempfile().map_err(|e| Error::io("write a temporary file for", &path, e))?;
        Ok(Self { file, path, pending: Some(Pending::There(upload)), written: 0 })
    }

    fn stdout() -> Result<Self, Error> {
        let path = PathBuf::from("standard output");
        let file = duplicate(io::stdout()).map_err(|e| Error::io("write", &path, e))?;
        Ok(Self { file, path, pending: None, written: 0 })
    }

    /// Writes to a file that is open already, which has this name in messages.
    pub fn to(file: &File, name: &str) -> Result<Self, Error> {
        let path = PathBuf::from(name);
        let file = file.try_clone().map_err(|e| Error::io("write", &path, e))?;
        Ok(Self { file, path, pending: None, written: 0 })
    }

    /// Begins to write a file, as [`Output::create`] does.
    pub fn file(path: &Path, overwrites: bool, wait: &mut dyn FnMut(&Path)) -> Result<Self, Error> {
        let failed = |cause| Error::io("write", path, cause);
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let message = format!("{} is a folder, not a file", path.display());
                return Err(Error::usage(message, "name a file inside it"));
            }
            Ok(metadata) if !metadata.is_file() => {
                let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
                return Ok(Self { file, path: path.to_owned(), pending: None, written: 0 });
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            Ok(_) | Err(_) => {}
        }
        let target = Target::open(path, wait).map_err(failed)?;
        let temporary = Temporary::create(&target.path).map_err(failed)?;
        let file = temporary.file.try_clone().map_err(failed)?;
        let here = Here { temporary, target, overwrites, most_open: Vec::new() };
        Ok(Self { file, path: path.to_owned(), pending: Some(Pending::Here(Box::new(here))), written: 0 })
    }

    /// Whether it replaces a file.
    pub fn replaces(&self) -> bool {
        match &self.pending {
            Some(Pending::Here(here)) => here.target.old.is_some(),
            Some(Pending::There(upload)) => upload.replaces(),
            None => false,
        }
    }

    /// Lets nobody read it who may not read `source`. Who may read it elsewhere is not decided here.
    pub fn limit_to(&mut self, source: &StoreUrl) -> Result<(), Error> {
        let Some(Pending::Here(here)) = &mut self.pending else { return Ok(()) };
        let metadata = match source.location() {
            Location::Database(_) | Location::Api(_) | Location::Object(_) => {
                here.most_open.push(Limit::PRIVATE);
                return Ok(());
            }
            Location::Path(path) => fs::metadata(path),
            Location::Stdio => duplicate(io::stdin()).and_then(|file| file.metadata()),
        };
        let metadata = metadata.map_err(|e| Error::io("open", Path::new(source.spelling()), e))?;
        here.most_open.push(Limit::of(&metadata));
        Ok(())
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

    /// The file for writers of many small pieces, which they flush at the end.
    pub fn buffered(&self) -> BufWriter<&File> {
        BufWriter::with_capacity(BUFFER, &self.file)
    }

    /// The target, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes have been appended.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Makes what was written durable, and makes sure that [`Output::commit`] can put it in its place.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        let Some(pending) = &self.pending else { return Ok(()) };
        self.file.sync_all().map_err(|e| Error::io("write", &self.path, e))?;
        match pending {
            Pending::Here(here) => here.target.check(),
            Pending::There(upload) => upload.check(),
        }
    }

    /// Puts the file in its place, durably; gives its size in bytes. Once is enough: what has its place keeps it.
    pub fn commit(&mut self) -> Result<u64, Error> {
        let Some(pending) = &mut self.pending else { return Ok(self.written) };
        let failed = |cause| Error::io("write", &self.path, cause);
        // Before it is shown, so that a full disk is found while nothing is lost.
        self.file.sync_all().map_err(failed)?;
        let size = self.file.metadata().map_err(failed)?.len();
        match pending {
            Pending::Here(here) => here.put(failed)?,
            Pending::There(upload) => upload.put(&self.file)?,
        }
        self.pending = None;
        Ok(size)
    }

    /// As [`Output::commit`], when the rest has its place already: what cannot have its own gets one beside it.
    pub(crate) fn commit_or_keep(&mut self) -> Result<(), Error> {
        let Err(error) = self.commit() else { return Ok(()) };
        let Some(Pending::Here(here)) = &mut self.pending else { return Err(error) };
        let Ok(place) = here.temporary.put_beside(&here.most_open) else { return Err(error) };
        self.pending = None;
        Err(error.remedy(format!("all else is done; what was to go there is in {}", place.display())))
    }
}

impl Here {
    /// Gives it its place.
    fn put(&mut self, failed: impl Fn(io::Error) -> Error) -> Result<(), Error> {
        let Self { temporary, target, overwrites, most_open } = self;
        if let Some(old) = &target.old {
            target.check()?;
            return temporary.replace(&old.metadata, most_open).map_err(failed);
        }
        match temporary.put(most_open) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && *overwrites => {
                let appeared = fs::metadata(&target.path).map_err(&failed)?;
                temporary.replace(&appeared, most_open).map_err(failed)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(target.has_appeared()),
            put => put.map_err(failed),
        }
    }
}

/// Standard input or output as a file: without the line buffer of [`io::stdout`], which would cut each batch at its last
/// line end.
fn duplicate(stream: impl AsFd) -> io::Result<File> {
    Ok(File::from(stream.as_fd().try_clone_to_owned()?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn begin(path: &Path) -> Output {
        Output::file(path, false, &mut |_| {}).unwrap()
    }

    #[test]
    fn the_target_is_the_old_or_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x.ndjson");
        fs::write(&target, "old").unwrap();
        let mut output = begin(&target);
        output.append(b"new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        drop(output);
        let mut output = begin(&target);
        output.append(b"newer").unwrap();
        assert_eq!(output.commit().unwrap(), 5);
        assert_eq!(fs::read_to_string(&target).unwrap(), "newer");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_symbolic_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("there")).unwrap();
        let (real, link) = (folder.path().join("there/real"), folder.path().join("link"));
        symlink("middle", &link).unwrap();
        symlink("there/real", folder.path().join("middle")).unwrap();
        // The first time it leads to nothing.
        for text in ["first", "second"] {
            let mut output = begin(&link);
            output.append(text.as_bytes()).unwrap();
            output.commit().unwrap();
            assert_eq!(fs::read_to_string(&real).unwrap(), text);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }
    }

    #[test]
    fn what_others_write_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        let mut output = begin(&target);
        fs::write(&target, "other").unwrap();
        assert!(output.commit().unwrap_err().to_string().contains("has made this file"));
        drop(output);
        let mut output = begin(&target);
        fs::write(&target, "longer than before").unwrap();
        assert!(output.commit().unwrap_err().to_string().contains("has written to it"));
        drop(output);
        let mut output = begin(&target);
        fs::remove_file(&target).unwrap();
        assert!(output.commit().unwrap_err().to_string().contains("has removed it"));
        drop(output);
        let mut output = Output::file(&target, true, &mut |_| {}).unwrap();
        fs::write(&target, "other").unwrap();
        output.commit().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "");
    }

    #[test]
    fn what_has_no_place_is_kept_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        let mut output = begin(&target);
        output.append(b"rejects").unwrap();
        fs::write(&target, "other").unwrap();
        let error = output.commit_or_keep().unwrap_err();
        let advice = error.advice().unwrap().to_string();
        let place = advice.split_once("is in ").unwrap().1;
        assert_eq!(fs::read_to_string(place).unwrap(), "rejects");
        assert_eq!(fs::read_to_string(&target).unwrap(), "other");
    }

    #[test]
    fn devices_are_written_directly() {
        let mut output = begin(Path::new("/dev/full"));
        let error = output.append(b"x").unwrap_err();
        assert_eq!(error.advice().unwrap().to_string(), "free some space, or write elsewhere");
    }
}
