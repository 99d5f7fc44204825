//! The file that records are set aside in, as the flags name it.

use std::path::{Path, PathBuf};

use stacyard::{begin_rejects, goes_with};
use stacyard_store::{Error, Output, StoreUrl};

use crate::console::{report, say};
use crate::flags::Global;

/// Makes sure that no file that a command reads is one that it writes, and begins the file of rejects.
///
/// `files` is what its flags name beside the stores.
pub(crate) fn begin(
    global: &Global,
    rejects: Option<&Path>,
    stores: (&[&StoreUrl], Option<&StoreUrl>),
    files: &[PathBuf],
) -> Result<Option<Output>, Error> {
    let Some(path) = rejects else { return Ok(None) };
    if path == Path::new("-") {
        return Err(Error::usage(
            "--rejects takes the name of a file, and `-` is none",
            "name a file; /dev/stdout is standard output",
        ));
    }
    begin_rejects(path, stores, files, &mut |path| report::waits(path, global.json_log)).map(Some)
}

/// Makes sure that the target is none of the files that the flags name to be read.
pub(crate) fn refuse_target(target: &StoreUrl, files: &[PathBuf]) -> Result<(), Error> {
    if files.iter().any(|file| target.is_same_file(file)) {
        return Err(Error::usage(
            format!("{target}: it would overwrite a file that the flags name to be read"),
            "write to a file of its own",
        ));
    }
    if let Some(file) = files.iter().find(|file| goes_with(file, target)) {
        return Err(Error::usage(
            format!("{}: the folder that it is in is replaced as a whole", say::path(file)),
            "write to a folder of its own",
        ));
    }
    Ok(())
}
