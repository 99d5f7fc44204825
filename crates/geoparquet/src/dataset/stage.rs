//! Work split over many machines, without one that leads: each writes the files of its part, which nobody sees, and a small file that says which they are. One
//! commit makes them a version, and looks for Items that are in two parts.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use stacyard_store::{Collections, Error, ErrorKind, Finished, Mode, Output, Remedy};

use crate::dataset::log::action::Add;
use crate::dataset::log::{FOLDER, Log};
use crate::dataset::schema;
use crate::dataset::version::Version;
use crate::dataset::write::NewFile;

/// Of the first one files said nothing of rows.
const LAYOUT: u32 = 2;

/// What a part says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    /// That of this layout: [`LAYOUT`].
    layout: u32,
    /// The table that it is for.
    dataset: String,
    mode: String,
    files: Vec<Staged>,
    /// What its Items were checked by, beside the specification.
    #[serde(default)]
    profile: Option<String>,
    #[serde(default)]
    collections: Collections,
    #[serde(default)]
    rejected: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Staged {
    path: String,
    rows: u64,
    add: Add,
    /// Its columns, as the log would have them.
    columns: String,
}

/// The parts of a version.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) mode: Mode,
    /// The files of each part.
    pub(crate) files: Vec<Vec<NewFile>>,
    pub(crate) collections: Collections,
    pub(crate) rejected: u64,
}

const MODES: [(&str, Mode); 4] = [
    ("insert", Mode::Insert),
    ("ignore", Mode::Ignore),
    ("upsert", Mode::Upsert),
    ("replace", Mode::Replace),
];

/// Begins the file that says what a part is.
///
/// # Errors
/// A file that is there already, or cannot be written.
pub(crate) fn begin(to: &Path) -> Result<Output, Error> {
    if to.components().any(|part| part.as_os_str() == FOLDER) {
        let message = format!("{} is in the log of a dataset", to.display());
        return Err(Error::usage(message, "name a file elsewhere"));
    }
    let output = Output::file(to, false, &mut |_| {})?;
    if output.replaces() {
        let message = format!("{} is there already: it may say what another part is", to.display());
        return Err(Error::new(ErrorKind::Exists, &message).remedy(
            "name another one for each part; remove it first if it is of an earlier try of this one",
        ));
    }
    Ok(output)
}

/// Writes down what a part is.
///
/// # Errors
/// A file that cannot be written, or has been made meanwhile.
pub(crate) fn write(
    mut output: Output,
    version: &Version,
    mode: Mode,
    files: &[NewFile],
    (collections, rejected): (Collections, u64),
) -> Result<Finished, Error> {
    let mode = MODES.iter().find(|(_, known)| *known == mode).map_or("insert", |(name, _)| name);
    let staged = |file: &NewFile| Staged {
        path: file.path.clone(),
        rows: file.rows,
        add: file.add.clone(),
        columns: schema::to_delta(&file.fields),
    };
    let part = Part {
        layout: LAYOUT,
        dataset: version.snapshot.metadata.as_ref().map(|it| it.id.clone()).unwrap_or_default(),
        mode: mode.to_owned(),
        files: files.iter().map(staged).collect(),
        profile: version.profile.as_ref().map(|profile| profile.text().to_owned()),
        collections,
        rejected,
    };
    let bytes =
        serde_json::to_vec(&part).map_err(|cause| Error::failed("cannot write the part").caused_by(cause))?;
    output.append(&bytes)?;
    output.commit()?;
    Ok(Finished::file(files.iter().map(|file| file.add.size).sum()))
}

/// The error of a dataset that parts cannot be made for, as it is not there.
pub(crate) fn no_dataset(name: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        &format!("{name} is not there, and parts are staged for a dataset that is"),
    )
    .remedy(Remedy::from("make it first: ").command("init", &[name]))
}

/// Whether a version, or one before it, has a file.
pub(crate) fn was_in(version: &Version, path: &str) -> bool {
    version.snapshot.removed.contains_key(path) || version.snapshot.files.contains_key(path)
}

/// The error of a part that is in the dataset.
pub(crate) fn is_committed(part: &dyn Display, log: &Log) -> Error {
    let message = format!("{part} has been committed to {} already", log.name());
    Error::new(ErrorKind::Exists, &message)
        .remedy("leave it out: Items that have been changed or removed since would be as they were")
}

/// Reads the parts of a version.
///
/// # Errors
/// A file that is no part, or one of another dataset; parts of several modes; one that is named twice, or was committed before, or whose files are gone.
pub(crate) fn read(log: &Log, version: &Version, paths: &[PathBuf]) -> Result<Parts, Error> {
    let id = version.snapshot.metadata.as_ref().map(|it| it.id.as_str()).unwrap_or_default();
    let mut parts =
        Parts { mode: Mode::Insert, files: Vec::new(), collections: Collections::new(), rejected: 0 };
    let mut modes: BTreeMap<String, &Path> = BTreeMap::new();
    let mut seen = HashSet::new();
    for path in paths {
        let name = path.display();
        let bytes = std::fs::read(path).map_err(|cause| Error::io("read", path, cause))?;
        let part: Part = serde_json::from_slice(&bytes).map_err(|cause| {
            Error::usage(
                format!("{name} is no part of a copy: {cause}"),
                Remedy::from("name files that ").command("copy", &[]).text(" has made with ").option("stage"),
            )
        })?;
        if part.layout != LAYOUT {
            return Err(Error::usage(
                format!("{name} was staged by another version of stacyard"),
                "stage it again with the one that commits it",
            ));
        }
        if part.dataset != id {
            return Err(Error::usage(
                format!("{name} is a part for another dataset than {}", log.name()),
                "commit it to the one that it was staged for",
            ));
        }
        if part.profile.as_deref() != version.profile.as_ref().map(|profile| profile.text()) {
            let message = format!("{name} was checked by another profile than {} has now", log.name());
            return Err(Error::new(ErrorKind::Conflict, &message).remedy("stage the part again"));
        }
        modes.entry(part.mode.clone()).or_insert(path);
        let mut files = Vec::new();
        for staged in part.files {
            if !seen.insert(staged.path.clone()) {
                return Err(Error::usage(format!("{name} is named twice"), "name each part once"));
            }
            if was_in(version, &staged.add.path) {
                return Err(is_committed(&name, log));
            }
            // Others could have written it: what it names has to be a data file of this dataset, of the size that it says.
            let decoded = percent_decode_str(&staged.add.path).decode_utf8_lossy();
            let is_inside =
                !staged.path.split('/').any(|part| part.is_empty() || part.starts_with(['.', '_']));
            if decoded != staged.path || !is_inside {
                return Err(Error::usage(
                    format!("{name} names {}, which is no data file of {}", staged.path, log.name()),
                    "stage the part again",
                ));
            }
            if !log.storage.has(&staged.path)? {
                let message = format!("{name}: {}{} is gone", log.name(), staged.path);
                return Err(Error::new(ErrorKind::NotFound, &message).remedy(
                    "it was committed and replaced, or a vacuum has removed it: stage the part again",
                ));
            }
            log.storage.open(&staged.path, staged.add.size)?;
            let fields = schema::of_delta(&staged.columns)
                .map_err(|what| Error::usage(format!("{name}: {what}"), "stage the part again"))?;
            files.push(NewFile { path: staged.path, add: staged.add, rows: staged.rows, fields });
        }
        parts.files.push(files);
        parts.collections.extend(part.collections);
        parts.rejected += part.rejected;
    }
    if modes.len() > 1 {
        let each: Vec<String> =
            modes.iter().map(|(mode, path)| format!("{} ({mode})", path.display())).collect();
        return Err(Error::usage(
            format!("the parts are of different modes: {}", each.join(", ")),
            "commit those of each mode by themselves",
        ));
    }
    if let Some((mode, path)) = modes.pop_first() {
        let known = MODES.iter().find(|(name, _)| *name == mode);
        parts.mode = known.map(|(_, mode)| *mode).ok_or_else(|| {
            Error::usage(
                format!("{}: the mode {mode:?} is not known", path.display()),
                "use a newer stacyard",
            )
        })?;
    }
    Ok(parts)
}
