//! Files that the flags name beside the stores: schemas of extensions, Collections, a profile.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stacyard::{json_files, read_collections, read_profile, read_schemas};
use stacyard_model::{Gate, Grade, Profile};
use stacyard_store::{Collections, Error};

use crate::console::report;
use crate::flags::{self, Global};

/// The gate that the flags ask for.
pub(crate) fn gate(global: &Global, flags: &flags::Gate) -> Result<Gate, Error> {
    let gate = Gate::new(if flags.strict { Grade::Strict } else { Grade::Default });
    let Some(folder) = &flags.schemas else { return Ok(gate) };
    let schemas = read_schemas(folder, &mut |message| report::warn(global, message))?;
    Ok(gate.with_schemas(Arc::new(schemas)).require_schemas(flags.require_schemas))
}

/// The files that these flags name.
pub(crate) fn files(flags: &flags::Gate) -> Result<Vec<PathBuf>, Error> {
    let mut files: Vec<PathBuf> = flags.profile.iter().cloned().collect();
    flags.schemas.as_deref().map_or(Ok(()), |folder| json_files(folder, &mut files))?;
    Ok(files)
}

/// A profile that the user names.
pub(crate) fn profile(file: &Path) -> Result<Profile, Error> {
    read_profile(file)
}

/// The Collections of a file or of standard input.
pub(crate) fn collections(file: &str, global: &Global) -> Result<Collections, Error> {
    read_collections(file, global.record_bytes())
}
