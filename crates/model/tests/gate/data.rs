//! Reading the shared test data: Items, Collections, Catalogs, schemas.

use std::path::{Path, PathBuf};

use stacyard_model::Schemas;
use stacyard_model::json::{Document, Value};

/// The folder, or `None` with a line that says so.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no ../shared/data");
    None
}

/// All lines of a file, or of all `.ndjson` files of a folder, with where they stand.
pub(crate) fn lines(path: &Path) -> Vec<(String, Document)> {
    let mut files = if path.is_dir() {
        std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect()
    } else {
        vec![path.to_owned()]
    };
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        for (i, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            found.push((format!("{name}:{}", i + 1), Document::parse(line).unwrap()));
        }
    }
    found
}

/// The `stac_version` of an object.
pub(crate) fn version(document: &Document) -> String {
    document.root().get("stac_version").and_then(Value::as_str).unwrap_or_default().into_owned()
}

/// All schemas of the folder.
pub(crate) fn schemas(folder: &Path) -> Schemas {
    let mut documents = Vec::new();
    let mut folders = vec![folder.join("schemas")];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "json") {
                let name = path.to_string_lossy().into_owned();
                // One file of the folder has a trailing comma.
                if let Ok(document) = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()) {
                    documents.push((name, document));
                }
            }
        }
    }
    documents.sort_by(|a: &(String, serde_json::Value), b| a.0.cmp(&b.0));
    Schemas::new(documents)
}
