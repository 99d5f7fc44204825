//! What the system does not grant: a log that cannot be written, files, memory and threads beyond a limit. Each is an
//! error or a cap, never a panic, and leaves nothing behind.

use std::process::{Command, Stdio};

use crate::support::{Ran, Yard, ids, item, lines};

/// Runs the binary by a line of shell, in which `"$@"` is the command.
pub(crate) fn by_shell(yard: &Yard, script: &str, arguments: &[&str]) -> Ran {
    let binary = yard.command(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(binary.get_program()).args(arguments);
    shell.current_dir(yard.path("")).stdin(Stdio::null());
    Ran::of(&shell.output().unwrap())
}

/// Good Items with bad ones between, so that there is much to say.
fn good_and_bad(count: usize) -> String {
    (0..count).map(|i| format!("{}\n{{\"id\":{i}}}\n", item(&i.to_string()))).collect()
}

#[test]
fn work_goes_on_where_the_log_cannot_be_written() {
    let yard = Yard::new();
    yard.write("in.ndjson", good_and_bad(50));
    for (flag, output) in
        [("--overwrite", "out.ndjson"), ("--json-log", "out.parquet"), ("-q", "out.geojson")]
    {
        let copy = ["copy", "in.ndjson", output, flag];
        by_shell(&yard, r#"exec "$@" 2>/dev/full"#, &copy).status(1);
        let counted = by_shell(&yard, r#"exec "$@" 2>/dev/full"#, &["search", output, "--count"]).status(0);
        assert_eq!(counted.out, "50\n", "{flag}");
        // A pipe that nobody reads.
        let mut child = yard.command(&["copy", "in.ndjson", output, "--mode", "replace", "--json-log"]);
        let mut child = child.stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(1), "{flag}");
        by_shell(&yard, r#"exec "$@" 2>&-"#, &["validate", output]).status(0);
    }
    for wrong in
        [&["copy", "in.ndjson", "x.csv"][..], &["nonsense"], &["search", "in.ndjson", "--filter", "a ="]]
    {
        by_shell(&yard, r#"exec "$@" 2>/dev/full"#, wrong).status(2);
    }
    by_shell(&yard, r#"exec "$@" 2>/dev/full"#, &["validate", "absent.ndjson"]).status(3);
}

#[test]
fn standard_output_that_cannot_be_written_is_an_error() {
    let yard = Yard::with_items();
    for command in
        [&["validate", "a.ndjson"][..], &["info", "a.ndjson"], &["search", "a.ndjson"], &["--help"]]
    {
        let ran = by_shell(&yard, r#"exec "$@" >/dev/full"#, command).status(3);
        assert!(ran.err.contains("No space left"), "{}", ran.err);
    }
}

#[test]
fn threads_without_number() {
    let yard = Yard::with_items();
    for threads in ["10000000000000000000", "18446744073709551615", "5000"] {
        let ran = yard.run(&["copy", "a.ndjson", "b.ndjson", "--overwrite", "--threads", threads]).status(0);
        assert_eq!(ids(&yard.read("b.ndjson")), ["a", "b", "c"], "{}", ran.err);
    }
    yard.run(&["validate", "a.ndjson", "--threads", "99999999999999999999"]).status(2);
    yard.run(&["validate", "a.ndjson", "--threads", "0"]).status(2);
}

#[test]
fn side_files_without_end() {
    let yard = Yard::with_items();
    for flags in [["--profile", "/dev/zero"], ["--filter", "@/dev/zero"], ["--intersects", "@/dev/zero"]] {
        let ran = yard.run(&[&["copy", "a.ndjson", "b.ndjson"][..], &flags].concat()).status(2);
        assert!(ran.err.contains("more than 64 MiB"), "{}", ran.err);
    }
    assert_eq!(yard.names(), ["a.ndjson"]);
}

#[test]
fn schemas_are_regular_files() {
    let yard = Yard::with_items();
    std::fs::create_dir_all(yard.path("schemas/deep")).unwrap();
    yard.write("schemas/deep/x.json", r#"{"$id":"https://example.org/x.json"}"#);
    assert!(Command::new("mkfifo").arg(yard.path("schemas/pipe.json")).status().unwrap().success());
    std::os::unix::fs::symlink("..", yard.path("schemas/deep/back")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", yard.path("schemas/zero.json")).unwrap();
    yard.run(&["validate", "a.ndjson", "--schemas", "schemas"]).status(0);
}

#[test]
fn a_limit_of_the_size_of_a_file() {
    let yard = Yard::new();
    let many: String = (0..2_000).map(|i| item(&format!("an-item-with-the-number-{i}")) + "\n").collect();
    yard.write("in.ndjson", &many);
    yard.write("old.ndjson", lines(&["old"]));
    for output in ["out.ndjson", "out.geojson", "out.parquet", "old.ndjson"] {
        let copy = ["copy", "in.ndjson", output, "--overwrite"];
        let ran = by_shell(&yard, r#"ulimit -f 8; exec "$@""#, &copy).status(3);
        assert!(ran.err.contains("ulimit -f") && ran.err.contains(output), "{}", ran.err);
        assert_eq!(yard.names(), ["in.ndjson", "old.ndjson"]);
    }
    assert_eq!(yard.read("old.ndjson"), lines(&["old"]));
    let sorted = ["search", "in.ndjson", "--memory", "16M", "-o", "sorted.ndjson"];
    by_shell(&yard, r#"ulimit -f 8; exec "$@""#, &sorted).status(3);
    assert_eq!(yard.names(), ["in.ndjson", "old.ndjson"]);
}

#[test]
fn threads_and_memory_that_the_system_does_not_give() {
    let yard = Yard::new();
    yard.write("in.ndjson", good_and_bad(2_000));
    yard.run(&["copy", "in.ndjson", "in.ndjson.zst", "-q"]).status(1);
    // The program of a debug build takes 110 MB of it before it begins.
    for kilobytes in [180_000, 220_000, 420_000, 620_000, 920_000] {
        for (input, output) in [("in.ndjson.zst", "out.ndjson.zst"), ("in.ndjson", "out.parquet")] {
            let copy = ["copy", input, output, "--threads", "256", "-q"];
            let ran = by_shell(&yard, &format!(r#"ulimit -v {kilobytes}; exec "$@""#), &copy);
            let expected = i32::from(input == "in.ndjson");
            assert_eq!(ran.status, expected, "{kilobytes} kB, {output}: {}", ran.err);
            std::fs::remove_file(yard.path(output)).unwrap();
        }
    }
    assert_eq!(yard.names(), ["in.ndjson", "in.ndjson.zst"]);
}
