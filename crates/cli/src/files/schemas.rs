//! Files that the user names beside the stores: schemas of extensions, Collections, a profile.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stacyard_model::json::{Tape, Value};
use stacyard_model::{Gate, Grade, Profile, Schemas};
use stacyard_store::{
    Collections, Error, Fault, Location, StoreKind, StoreUrl, any_json, quoted, read_side_file,
    read_side_text,
};

use crate::console::{report, say};
use crate::flags::{self, Global};

/// The gate that the flags ask for.
pub(crate) fn gate(
    global: &Global,
    flags: &flags::Gate,
    profile: Option<Arc<Profile>>,
) -> Result<Gate, Error> {
    let gate = Gate::new(if flags.strict { Grade::Strict } else { Grade::Default }).with_profile(profile);
    let Some(folder) = &flags.schemas else { return Ok(gate) };
    let mut files = Vec::new();
    json_files(folder, &mut files)?;
    files.sort();
    let mut documents = Vec::new();
    for file in &files {
        documents.extend(read_schema(global, folder, file)?);
    }
    let schemas = Schemas::new(documents);
    if schemas.is_empty() {
        let message = format!("{}: there is no JSON Schema in it", say::path(folder));
        return Err(Error::usage(message, "name the folder that holds the .json files"));
    }
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
    let text = read_side_text(file)?;
    Profile::parse(&text).map_err(|cause| {
        let remedy = "stacyard help profile says what a profile holds";
        let error = Error::usage(format!("{}: {cause}", say::path(file)), remedy);
        cause.details().iter().fold(error, |error, line| error.detail(line))
    })
}

/// The files in a folder, and those in the folders in it. What is no regular file (a pipe that nobody writes to) is not
/// waited for, and a link to a folder not followed: it may lead back.
fn json_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |cause| Error::io("read the schemas in", folder, cause);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if entry.file_type().map_err(failed)?.is_dir() {
            json_files(&path, files)?;
        } else if path.is_file()
            && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
        {
            files.push(path);
        }
    }
    Ok(())
}

/// A schema, and its name: the path below the folder. A file that is no JSON stands in nobody's way: it is named, and
/// an extension that needs it is one whose schema is not there.
fn read_schema(
    global: &Global,
    folder: &Path,
    file: &Path,
) -> Result<Option<(String, serde_json::Value)>, Error> {
    let text = read_side_file(file)?;
    match serde_json::from_slice(&text) {
        Ok(document) => {
            let name = file.strip_prefix(folder).unwrap_or(file).to_string_lossy().replace('\\', "/");
            Ok(Some((name, document)))
        }
        Err(error) => {
            report::warn(global, &format!("{}: the schema is not JSON: {error}", file.display()));
            Ok(None)
        }
    }
}

/// The Collections of a file or of standard input: one, an array, lines of them, or an object with `collections`. The bytes
/// say which, not the name.
pub(crate) fn collections(file: &str, global: &Global) -> Result<Collections, Error> {
    let url = StoreUrl::parse(file, None).or_else(|_| StoreUrl::parse(file, Some(StoreKind::Json)))?;
    if !url.kind().is_json() {
        let store = quoted(url.spelling());
        return Err(Error::usage(
            format!("{url}: Collections are taken from a file of JSON"),
            format!("write them to one first: stacyard collections {store} list --format json > FILE.json"),
        ));
    }
    let name = if *url.location() == Location::Stdio { "standard input" } else { url.spelling() };
    let wrong = |id: Option<&str>, what: &dyn std::fmt::Display| {
        let which = id.map(|id| format!("the Collection {id:?}: ")).unwrap_or_default();
        Error::usage(format!("{name}: {which}{what}"), "mend it first; nothing was changed")
    };
    let mut source = any_json(&url, global.record_bytes())?;
    let mut collections = Collections::new();
    let gate = Gate::default();
    while let Some(work) = source.next()? {
        let batch = work()?;
        for record in &batch.records {
            if let Some(Fault::TooLong { bytes }) = record.fault {
                let what = format!("a record of {bytes} bytes is more than one may have (--max-record-size)");
                return Err(wrong(None, &what));
            }
            let mut tape = Tape::new();
            let text = &batch.text[record.start as usize..record.end as usize];
            let value = tape.parse(text).map_err(|e| wrong(None, &format!("not JSON: {e}")))?;
            let list = value.get("collections").and_then(Value::elements);
            let members = list.map_or_else(|| vec![value], Iterator::collect);
            for collection in members {
                let id = collection.get("id").and_then(Value::as_str);
                if let Some(finding) = gate.collection(collection).errors.first() {
                    return Err(wrong(id.as_deref(), finding));
                }
                let id = id.unwrap_or_default();
                let document = serde_json::from_str(collection.raw()).map_err(|e| wrong(Some(&*id), &e))?;
                if collections.insert(id.to_string(), document).is_some() {
                    return Err(wrong(Some(&*id), &"it is there twice"));
                }
            }
        }
    }
    Ok(collections)
}
