//! The `pypgstac` package that pgstac's SQL is taken from: the one that is named, the one that Python has, or one from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

use stacyard::{Error, ErrorKind, Package, Remedy};
use tempfile::TempDir;

/// What is downloaded where there is none: SQL of all versions until then is in it.
const PINNED: &str =
    "pypgstac==0.10.0 --hash=sha256:b4040194b5e181031d82a2eadba092e910f31648971dc482a9d70dbabec34966";

/// Says where Python has it; with `-I` what lies in the current folder is not looked at.
const LOOK: &str =
    "import importlib.util; print(importlib.util.find_spec('pypgstac').submodule_search_locations[0])";

/// A package, and the folder that it was downloaded to, for as long as it is needed.
pub(crate) struct Found {
    pub(crate) package: Package,
    _folder: Option<TempDir>,
}

/// Opens the package; `version` is one that it has to have, where it is not named.
pub(crate) fn find(named: Option<&Path>, version: Option<&str>) -> Result<Found, Error> {
    if let Some(path) = named {
        return Ok(Found { package: Package::open(path)?, _folder: None });
    }
    let installed = installed().and_then(|path| Package::open(&path).ok());
    if let Some(package) = installed.filter(|package| version.is_none_or(|version| package.has(version))) {
        return Ok(Found { package, _folder: None });
    }
    let (folder, wheel) = download()?;
    Ok(Found { package: Package::open(&wheel)?, _folder: Some(folder) })
}

fn installed() -> Option<PathBuf> {
    let output = Command::new("python3").args(["-I", "-c", LOOK]).output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(path.trim())).filter(|path| output.status.success() && path.is_dir())
}

fn download() -> Result<(TempDir, PathBuf), Error> {
    let remedy = || Remedy::from("download a wheel of pypgstac, and name it with ").option("pgstac-package");
    let failed = |what: &str| Error::new(ErrorKind::Unavailable, what).remedy(remedy());
    let folder =
        tempfile::tempdir().map_err(|cause| failed("there is no temporary folder").caused_by(cause))?;
    let list = folder.path().join("requirements.txt");
    std::fs::write(&list, PINNED)
        .map_err(|cause| failed("a temporary file cannot be written").caused_by(cause))?;
    let output = Command::new("python3")
        .args([
            "-I",
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--require-hashes",
            "-r",
        ])
        .arg(&list)
        .arg("-d")
        .arg(folder.path())
        .output()
        .map_err(|cause| failed("python3, which downloads pypgstac, cannot be run").caused_by(cause))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        return Err(failed(&format!("pypgstac cannot be downloaded: {last}")));
    }
    let wheels = std::fs::read_dir(folder.path()).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut wheels = wheels.filter(|path| path.extension().is_some_and(|extension| extension == "whl"));
    let wheel = wheels.next().ok_or_else(|| failed("pip has downloaded no wheel of pypgstac"))?;
    Ok((folder, wheel))
}
