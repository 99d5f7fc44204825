//! Files that a user names beside the stores: schemas of extensions, Collections, a profile.

use std::fs;
use std::path::{Path, PathBuf};

use stacyard_model::json::{Tape, Value};
use stacyard_model::{Gate, Profile, Schemas};
use stacyard_store::{
    Collections, Error, Fault, Location, Remedy, StoreKind, StoreUrl, any_json, read_side_file,
    read_side_text, without_password,
};

/// The schemas of extensions in a folder and those in it. What is wrong with one of them stands in nobody's way: `warn` is told of it, and an
/// extension that needs it is one whose schema is not there.
///
/// # Errors
/// A folder that cannot be read, or has no schema.
pub fn read_schemas(folder: &Path, warn: &mut dyn FnMut(&str)) -> Result<Schemas, Error> {
    let mut files = Vec::new();
    json_files(folder, &mut files)?;
    files.sort();
    let mut documents = Vec::new();
    for file in &files {
        let text = read_side_file(file)?;
        match serde_json::from_slice(&text) {
            Ok(document) => {
                let name = file.strip_prefix(folder).unwrap_or(file).to_string_lossy().replace('\\', "/");
                documents.push((name, document));
            }
            Err(error) => warn(&format!("{}: the schema is not JSON: {error}", file.display())),
        }
    }
    let schemas = Schemas::new(documents);
    if schemas.is_empty() {
        let message =
            format!("{}: there is no JSON Schema in it", without_password(&folder.to_string_lossy()));
        return Err(Error::usage(message, "name the folder that holds the .json files"));
    }
    Ok(schemas)
}

/// A profile that the user names.
///
/// # Errors
/// A file that cannot be read, or is no profile: with the line.
pub fn read_profile(file: &Path) -> Result<Profile, Error> {
    let text = read_side_text(file)?;
    Profile::parse(&text).map_err(|cause| {
        let remedy = Remedy::call("help", &["profile"]).text(" says what a profile holds");
        let error = Error::usage(format!("{}: {cause}", without_password(&file.to_string_lossy())), remedy);
        cause.details().iter().fold(error, |error, line| error.detail(line))
    })
}

/// The files in a folder, and those in the folders in it. What is no regular file (a pipe that nobody writes to) is not
/// waited for, and a link to a folder not followed: it may lead back.
///
/// # Errors
/// A folder that cannot be read.
pub fn json_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
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

/// The Collections of a file or of standard input: one, an array, lines of them, or an object with `collections`. The bytes
/// say which, not the name.
///
/// # Errors
/// A file that cannot be read; a Collection that is not valid, or is there twice.
pub fn read_collections(file: &str, max_record_bytes: usize) -> Result<Collections, Error> {
    let url = StoreUrl::parse(file, None).or_else(|_| StoreUrl::parse(file, Some(StoreKind::Json)))?;
    if !url.kind().is_json() {
        return Err(Error::usage(
            format!("{url}: Collections are taken from a file of JSON"),
            Remedy::from("write them to one first: ")
                .command_with("collections", &[url.spelling(), "list"], vec![("format", "json").into()])
                .text(" > FILE.json"),
        ));
    }
    let name = if *url.location() == Location::Stdio { "standard input" } else { url.spelling() };
    let wrong = |id: Option<&str>, what: &dyn std::fmt::Display| {
        let which = id.map(|id| format!("the Collection {id:?}: ")).unwrap_or_default();
        Error::usage(format!("{name}: {which}{what}"), "mend it first; nothing was changed")
    };
    let mut source = any_json(&url, max_record_bytes)?;
    let mut collections = Collections::new();
    let gate = Gate::default();
    while let Some(work) = source.next()? {
        let batch = work()?;
        for record in &batch.records {
            if let Some(Fault::TooLong { bytes }) = record.fault {
                let what = format!("a record of {bytes} bytes is more than one may have (max-record-size)");
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
