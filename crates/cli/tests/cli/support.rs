//! A folder of files and the binary run in it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder of its own for one test.
pub(crate) struct Yard(TempDir);

impl Yard {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One with `a.ndjson`, three Items.
    pub(crate) fn with_items() -> Self {
        let yard = Self::new();
        yard.write("a.ndjson", lines(&["a", "b", "c"]));
        yard
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names of all files, hidden ones too.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.0.path())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("stacyard"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_ref()).unwrap();
        Ran::of(&child.wait_with_output().unwrap())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What a run of the binary gave.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts on the exit status, with all that was said.
    #[track_caller]
    pub(crate) fn status(self, expected: i32) -> Self {
        assert_eq!(self.status, expected, "stdout:\n{}stderr:\n{}", self.out, self.err);
        self
    }

    /// The ids of the Items on standard output.
    pub(crate) fn ids(&self) -> Vec<String> {
        ids(&self.out)
    }
}

pub(crate) fn ids(ndjson: &str) -> Vec<String> {
    let id = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned()
    };
    ndjson.lines().map(id).collect()
}

/// A valid Item with these properties beside `datetime`.
pub(crate) fn item_with(id: &str, datetime: &str, properties: &str) -> String {
    format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"{id}","collection":"c","geometry":{{"type":"Point","coordinates":[7.5,46.5]}},"bbox":[7.5,46.5,7.5,46.5],"properties":{{"datetime":"{datetime}"{properties}}},"links":[{{"rel":"collection","href":"./c.json"}}],"assets":{{}}}}"#
    )
}

/// A valid Item on one line, in the order of keys in which it is written.
pub(crate) fn item(id: &str) -> String {
    item_with(id, "2024-06-01T00:00:00Z", "")
}

pub(crate) fn lines(ids: &[&str]) -> String {
    ids.iter().map(|id| item(id) + "\n").collect()
}
