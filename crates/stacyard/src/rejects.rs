//! The file that records are set aside in: it may have held some before, and is written over nothing else.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::open::goes_with;
use stacyard_store::{Error, Location, Output, Remedy, StoreUrl, is_reject, same_file, without_password};

/// Begins the file that records are set aside in, and makes sure that it is none that is read or written otherwise: neither a store nor one of
/// `files`. If another writer of it has to be waited for, `waits` is called before.
///
/// # Errors
/// A file that is one of those, or holds something else than what was set aside before.
pub fn begin_rejects(
    path: &Path,
    (sources, target): (&[&StoreUrl], Option<&StoreUrl>),
    files: &[PathBuf],
    waits: &mut dyn FnMut(&Path),
) -> Result<Output, Error> {
    let shown = without_password(&path.to_string_lossy());
    let wrong = |what: &str| {
        let remedy = Remedy::from("give ").option("rejects").text(" a file of its own");
        Error::usage(format!("{shown}: {what}"), remedy)
    };
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        // A pipe or a device keeps nothing that could be lost.
        return Output::file(path, false, &mut |_| {});
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
    if target.is_some_and(|target| goes_with(path, target)) {
        return Err(wrong("the folder that it is in is replaced as a whole"));
    }
    match File::open(path).and_then(holds_rejects) {
        Ok(true) => {}
        Ok(false) => return Err(wrong("it exists, and holds something else than rejects")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("read", path, error)),
    }
    let mut output = Output::file(path, false, waits)?;
    sources.iter().try_for_each(|source| output.limit_to(source))?;
    Ok(output)
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
