//! The file that records are set aside in: it may have held some before, and is written over nothing else.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use stacyard::is_inside;
use stacyard_store::{Error, Location, Output, StoreKind, StoreUrl, is_reject, same_file};

use crate::console::{report, say};
use crate::flags::Global;

/// Makes sure that no file that a command reads is one that it writes, and begins the file of rejects.
///
/// `files` is what its flags name beside the stores.
pub(crate) fn begin(
    global: &Global,
    rejects: Option<&Path>,
    (sources, target): (&[&StoreUrl], Option<&StoreUrl>),
    files: &[PathBuf],
) -> Result<Option<Output>, Error> {
    let Some(path) = rejects else { return Ok(None) };
    if path == Path::new("-") {
        return Err(Error::usage(
            "--rejects takes the name of a file, and `-` is none",
            "name a file; /dev/stdout is standard output",
        ));
    }
    let wrong =
        |what: &str| Error::usage(format!("{}: {what}", say::path(path)), "give --rejects a file of its own");
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        // A pipe or a device keeps nothing that could be lost.
        return Output::file(path, false, &mut |_| {}).map(Some);
    }
    let streams = ["/dev/stdin", "/dev/stdout", "/dev/stderr"].map(Path::new);
    let stores = sources.iter().copied().chain(target).filter_map(|store| match store.location() {
        Location::Path(path) => Some(path.as_path()),
        Location::Stdio | Location::Database(_) | Location::Api(_) | Location::Object(_) => None,
    });
    if stores.chain(streams).any(|store| same_file(store, path)) {
        return Err(wrong("the rejects would overwrite a store"));
    }
    if files.iter().any(|file| same_file(file, path)) {
        return Err(wrong("the rejects would overwrite a file that is read"));
    }
    if target.is_some_and(|target| goes_with(target, path)) {
        return Err(wrong("the folder that it is in is replaced as a whole"));
    }
    match File::open(path).and_then(holds_rejects) {
        Ok(true) => {}
        Ok(false) => return Err(wrong("it exists, and holds something else than rejects")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("read", path, error)),
    }
    let mut output = Output::file(path, false, &mut |path| report::waits(path, global.json_log))?;
    sources.iter().try_for_each(|source| output.limit_to(source))?;
    Ok(Some(output))
}

/// Makes sure that the target is none of the files that the flags name to be read.
pub(crate) fn refuse_target(target: &StoreUrl, files: &[PathBuf]) -> Result<(), Error> {
    if files.iter().any(|file| target.is_same_file(file)) {
        return Err(Error::usage(
            format!("{target}: it would overwrite a file that the flags name to be read"),
            "write to a file of its own",
        ));
    }
    if let Some(file) = files.iter().find(|file| goes_with(target, file)) {
        return Err(Error::usage(
            format!("{}: the folder that it is in is replaced as a whole", say::path(file)),
            "write to a folder of its own",
        ));
    }
    Ok(())
}

/// Whether a file is in the folder that a target replaces.
fn goes_with(target: &StoreUrl, file: &Path) -> bool {
    target.kind() == StoreKind::Catalog && target.path().is_some_and(|folder| is_inside(file, folder))
}

/// How much of a line is looked at: its beginning says what it is.
const HEAD: u64 = 64 << 10;

/// Whether each line is a reject as `Reject::write_json` writes it.
fn holds_rejects(file: File) -> io::Result<bool> {
    let mut reader = BufReader::new(file);
    let mut head = Vec::new();
    loop {
        head.clear();
        reader.by_ref().take(HEAD).read_until(b'\n', &mut head)?;
        if head.is_empty() {
            return Ok(true);
        }
        if !is_reject(&head) {
            return Ok(false);
        }
        if head.last() != Some(&b'\n') {
            reader.skip_until(b'\n')?;
        }
    }
}
