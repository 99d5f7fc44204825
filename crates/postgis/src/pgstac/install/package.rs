//! A `pypgstac` package, as a folder or as a wheel: the SQL of pgstac is in it, and nowhere in ours.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use stacyard_store::{Error, ErrorKind};

use crate::pgstac::version::numbers;

/// A `pypgstac` package.
pub struct Package {
    place: Place,
    /// The files of SQL, without `pgstac.` before their names and `.sql` after.
    names: BTreeSet<String>,
    shown: String,
}

enum Place {
    Folder(PathBuf),
    /// A wheel is a zip file (PyPA, "Binary distribution format").
    Wheel(PathBuf),
}

/// The folder within a wheel.
const WITHIN: &str = "pypgstac/migrations/";

impl Package {
    /// Opens a wheel, or the folder of an installed package or of its migrations.
    ///
    /// # Errors
    /// A path where there is none of them.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let unreadable = |cause: std::io::Error| {
            let kind = if cause.kind() == std::io::ErrorKind::NotFound {
                ErrorKind::NotFound
            } else {
                ErrorKind::Failed
            };
            Error::new(kind, &format!("{shown} cannot be read as a pypgstac package"))
                .caused_by(cause)
                .remedy("name a wheel of pypgstac, or the folder that it is installed in")
        };
        let (place, files): (Place, Vec<String>) = if path.is_dir() {
            let folders = [path.join("migrations"), path.join(WITHIN), path.to_owned()];
            let folder =
                folders.into_iter().find(|folder| folder.is_dir()).unwrap_or_else(|| path.to_owned());
            let mut files = Vec::new();
            for entry in fs::read_dir(&folder).map_err(unreadable)? {
                files.push(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
            }
            (Place::Folder(folder), files)
        } else {
            let wheel = zip::ZipArchive::new(File::open(path).map_err(unreadable)?)
                .map_err(|cause| unreadable(std::io::Error::other(cause)))?;
            // A name that is no text is none of ours.
            let names = wheel.file_names().filter_map(Result::ok);
            let files = names.filter_map(|name| Some(name.strip_prefix(WITHIN)?.to_owned())).collect();
            (Place::Wheel(path.to_owned()), files)
        };
        let name = |file: &String| Some(file.strip_prefix("pgstac.")?.strip_suffix(".sql")?.to_owned());
        let package = Self { place, names: files.iter().filter_map(name).collect(), shown };
        if package.newest().is_none() {
            return Err(package.without_sql());
        }
        Ok(package)
    }

    /// The newest version that it can make, of those that are released.
    pub fn newest(&self) -> Option<String> {
        self.names.iter().filter_map(|name| Some((numbers(name)?, name.clone()))).max().map(|(_, name)| name)
    }

    /// Whether it can make a version.
    pub fn has(&self, version: &str) -> bool {
        self.names.contains(version)
    }

    pub(super) const fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn without_sql(&self) -> Error {
        Error::new(ErrorKind::Usage, &format!("{} has no SQL of pgstac", self.shown))
            .remedy("name a wheel of pypgstac, or the folder that it is installed in")
    }

    /// The SQL of a file, without what begins and ends a transaction in it: all files of a migration are one.
    pub(super) fn sql(&self, name: &str) -> Result<String, Error> {
        let file = format!("pgstac.{name}.sql");
        let failed = |cause: std::io::Error| {
            Error::failed(format!("{}: {file} cannot be read", self.shown)).caused_by(cause)
        };
        let sql = match &self.place {
            Place::Folder(folder) => fs::read_to_string(folder.join(&file)).map_err(failed)?,
            Place::Wheel(path) => {
                let mut wheel = zip::ZipArchive::new(File::open(path).map_err(failed)?)
                    .map_err(|cause| failed(std::io::Error::other(cause)))?;
                let mut entry = wheel
                    .by_name(&format!("{WITHIN}{file}"))
                    .map_err(|cause| failed(std::io::Error::other(cause)))?;
                let mut sql = String::new();
                entry.read_to_string(&mut sql).map_err(failed)?;
                sql
            }
        };
        Ok(within_transaction(&sql).to_owned())
    }
}

/// Without `BEGIN;` at its start and `COMMIT;` at its end, where both are there.
fn within_transaction(sql: &str) -> &str {
    let trimmed = sql.trim();
    let starts = |word: &str| trimmed.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let Some(rest) = starts("BEGIN").then(|| trimmed[5..].trim_start()) else { return sql };
    let (Some(rest), Some(body)) = (rest.strip_prefix(';'), rest.strip_suffix(';')) else { return sql };
    let body = body.trim_end();
    let ends = body.len().checked_sub(6).and_then(|at| body.get(at..));
    if !ends.is_some_and(|end| end.eq_ignore_ascii_case("COMMIT")) {
        return sql;
    }
    // From after the first semicolon to before the last word.
    let length = body.len() - 6 - 1;
    &rest[..length]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_part_of_a_transaction() {
        for (sql, within) in [
            ("SELECT 1;", "SELECT 1;"),
            ("\nBEGIN;\nSELECT 1;\nCOMMIT;\n", "\nSELECT 1;\n"),
            ("begin ; SELECT 1; commit;", " SELECT 1; "),
            ("SET x TO y; BEGIN; SELECT 1; COMMIT;", "SET x TO y; BEGIN; SELECT 1; COMMIT;"),
            ("BEGIN; SELECT 1;", "BEGIN; SELECT 1;"),
        ] {
            assert_eq!(within_transaction(sql), within);
        }
    }
}
