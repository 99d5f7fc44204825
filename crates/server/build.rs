//! Packs what `make web` has built (`web/dist`) into the binary: a table of files, each by what it is for. Where nothing was built the
//! table is empty, and pages have a drawn outline in place of the map.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("web/dist");
    println!("cargo::rerun-if-changed=build.rs");
    // The folder is there in a clone; in a package of the crate it is not.
    let mut files: Vec<PathBuf> = Vec::new();
    if dist.is_dir() {
        println!("cargo::rerun-if-changed={}", dist.display());
        for entry in fs::read_dir(&dist)? {
            files.push(entry?.path());
        }
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        // ROLE-HASH.EXTENSION.gz
        let name = file.file_name().and_then(OsStr::to_str).and_then(|name| name.strip_suffix(".gz"));
        let Some((role, extension)) = name.and_then(role) else { continue };
        let (name, path) = (name.unwrap_or_default(), file.display().to_string());
        writeln!(
            table,
            "Asset {{ role: {role:?}, extension: {extension:?}, name: {name:?}, packed: include_bytes!({path:?}) }},"
        )?;
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("assets.rs"), table)?;
    Ok(())
}

/// What a file is for, and what ends its name.
fn role(name: &str) -> Option<(&str, &str)> {
    let (stem, extension) = name.rsplit_once('.')?;
    Some((stem.rsplit_once('-')?.0, extension))
}
