//! What Items have to pass, as the keywords say.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use stacyard::{Gate, Grade, Profile, json_files, read_schemas};

use crate::error::OrRaise;
use crate::input::name;
use crate::options::Options;
use crate::profile;

/// The rules, with the profile, and the files that say them.
pub(crate) struct Rules {
    pub(crate) gate: Gate,
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) migrate: bool,
    pub(crate) files: Vec<PathBuf>,
    /// What is to be warned of.
    pub(crate) notes: Vec<String>,
}

impl Rules {
    pub(crate) fn of(options: &Options<'_, '_>) -> PyResult<Self> {
        let py = options.0.py();
        let mut gate = Gate::new(if options.is_on("strict")? { Grade::Strict } else { Grade::Default });
        let (mut files, mut notes) = (Vec::new(), Vec::new());
        if let Some(folder) = path(options, "schemas")? {
            let schemas = py.detach(|| {
                json_files(&folder, &mut files)?;
                read_schemas(&folder, &mut |message| notes.push(message.to_owned()))
            });
            let schemas = schemas.or_raise(py)?;
            gate = gate.with_schemas(Arc::new(schemas)).require_schemas(options.is_on("require_schemas")?);
        }
        if let Some(value) = options.object("profile")?
            && let Some(path) = name(&value)?
        {
            files.push(path.into());
        }
        Ok(Self { gate, profile: profile::given(options)?, migrate: options.is_on("migrate")?, files, notes })
    }
}

/// The path that a keyword names.
pub(crate) fn path(options: &Options<'_, '_>, keyword: &str) -> PyResult<Option<PathBuf>> {
    let Some(value) = options.object(keyword)? else { return Ok(None) };
    match name(&value)? {
        Some(path) => Ok(Some(path.into())),
        None => Err(pyo3::exceptions::PyTypeError::new_err(format!("{keyword}: a path"))),
    }
}
