//! Small files beside the stores: profiles, schemas, filters, settings. Whatever a path leads to, such as a device without
//! an end, no more than a bound of it is read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::Error;

/// How many bytes such a file may have (64 MiB).
const MOST: u64 = 64 << 20;

/// The bytes of a file that is read whole.
///
/// # Errors
/// When it cannot be read, or has more than 64 MiB.
pub fn read_side_file(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |cause| Error::io("read", path, cause);
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(MOST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST {
        let message = format!("{}: more than 64 MiB, which is too large to be read whole", path.display());
        return Err(Error::usage(message, "name the right file, or a smaller one"));
    }
    Ok(bytes)
}

/// The same of a text.
///
/// # Errors
/// As [`read_side_file`], and when it is not UTF-8.
pub fn read_side_text(path: &Path) -> Result<String, Error> {
    String::from_utf8(read_side_file(path)?)
        .map_err(|_| Error::io("read", path, io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8")))
}
