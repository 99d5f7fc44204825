//! Tags: names of versions, which keep their files. Each is a file of its own, which two cannot make at once.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use stacyard_store::{Error, ErrorKind, Remedy};

use crate::dataset::log::{Log, now};
use crate::dataset::options::Author;
use crate::dataset::vacuum::Vacuumed;

const FOLDER: &str = "_stacyard/tags";

/// What has no place in the name of a file everywhere.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b'/')
    .add(b'\\')
    .add(b'%')
    .add(b':')
    .add(b'?')
    .add(b'#')
    .add(b'*')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'|');

/// So many bytes the name of its file has at most, beside the ending: file systems take 255, and a temporary one is longer.
const LONGEST: usize = 180;

/// What a tag says.
#[derive(Debug, Serialize, Deserialize)]
struct Tag {
    version: u64,
    made: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    who: Option<String>,
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{}.json", utf8_percent_encode(name, ESCAPED))
}

/// Gives a version a name.
///
/// # Errors
/// A name that another version has.
pub(crate) fn put(log: &Log, name: &str, version: u64, author: &Author) -> Result<(), Error> {
    if name.is_empty() || path(name).len() - path("").len() > LONGEST || name.starts_with('.') {
        return Err(Error::usage(
            format!("{name:?} is no name of a tag"),
            "write 1 to 180 characters, the first of which is no dot; a letter that is not of a to z counts as up to 12",
        ));
    }
    let tag = Tag { version, made: now(), who: author.who.clone() };
    let bytes =
        serde_json::to_vec(&tag).map_err(|cause| Error::failed("cannot write a tag").caused_by(cause))?;
    let others = all(log)?;
    if log.storage.create(&path(name), &bytes)? {
        // A vacuum that has begun meanwhile has not seen it.
        let vacuumed = Vacuumed::of(log)?.is_some_and(|vacuumed| version < vacuumed.oldest);
        if vacuumed && !others.values().any(|tagged| *tagged == version) {
            log.storage.delete(&path(name))?;
            let message = format!("{}: version {version} was vacuumed: files of it are gone", log.name());
            return Err(Error::new(ErrorKind::NotFound, &message)
                .remedy(Remedy::from("tag one that is whole: ").command("history", &[log.name()])));
        }
        return Ok(());
    }
    match get(log, name)? {
        // To do the same again is no harm.
        there if there == version => Ok(()),
        there => {
            let message = format!("{} has a tag {name:?} already, of version {there}", log.name());
            Err(Error::new(ErrorKind::Exists, &message).remedy(Remedy::from("take another name").or(
                Remedy::from("delete that one first: ").command_with(
                    "tag",
                    &[log.name(), name],
                    vec!["delete".into()],
                ),
            )))
        }
    }
}

/// Takes a tag away.
///
/// # Errors
/// One that is not there.
pub(crate) fn delete(log: &Log, name: &str) -> Result<u64, Error> {
    let version = get(log, name)?;
    log.storage.delete(&path(name))?;
    Ok(version)
}

/// The version of a tag.
///
/// # Errors
/// A tag that is not there.
pub(crate) fn get(log: &Log, name: &str) -> Result<u64, Error> {
    match log.storage.get(&path(name))? {
        Some(bytes) => parse(log, name, &bytes),
        None => {
            let known: Vec<String> = all(log)?.into_keys().map(|name| format!("{name:?}")).collect();
            let known = if known.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", known.join(", "))
            };
            let message = format!("{} has no tag {name:?}: {known}", log.name());
            Err(Error::new(ErrorKind::NotFound, &message)
                .remedy(Remedy::from("make one with ").command("tag", &[log.name(), name])))
        }
    }
}

/// All of them, with their versions.
///
/// # Errors
/// Tags that cannot be read.
pub(crate) fn all(log: &Log) -> Result<BTreeMap<String, u64>, Error> {
    let mut tags = BTreeMap::new();
    for file in log.storage.list(FOLDER)? {
        let name =
            file.path.strip_prefix(FOLDER).and_then(|name| name.strip_prefix('/')?.strip_suffix(".json"));
        let Some(name) = name else { continue };
        let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
        // One that was deleted just now is none.
        let Some(bytes) = log.storage.get(&file.path)? else { continue };
        let version = parse(log, &name, &bytes)?;
        tags.insert(name, version);
    }
    Ok(tags)
}

fn parse(log: &Log, name: &str, bytes: &[u8]) -> Result<u64, Error> {
    let tag: Result<Tag, _> = serde_json::from_slice(bytes);
    tag.map(|tag| tag.version).map_err(|cause| {
        Error::new(ErrorKind::Damaged, &format!("{}{} is damaged: {cause}", log.name(), path(name)))
            .remedy("remove the file, and make the tag again")
    })
}
