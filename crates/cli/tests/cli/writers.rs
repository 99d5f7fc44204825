//! Several writers of one file: none loses what another has written.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Child, Stdio};

use crate::postgis::fresh;
use crate::support::{Yard, ids, item, lines};

/// Starts a command that reads standard input, of which `first` has been read when this returns.
fn start(yard: &Yard, arguments: &[&str], first: &str) -> Child {
    let mut command = yard.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let input = child.stdin.as_mut().unwrap();
    input.write_all(first.as_bytes()).unwrap();
    // More than a pipe holds, and nothing to a reader of lines.
    input.write_all("\n".repeat(3 << 20).as_bytes()).unwrap();
    child
}

/// Ends its input; its exit status, and what it said.
fn end(mut child: Child) -> (Option<i32>, String) {
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn sorted_ids(yard: &Yard, name: &str) -> Vec<String> {
    let mut found = ids(&yard.run(&["search", name]).status(0).out);
    found.sort();
    found
}

#[test]
fn of_two_writers_that_merge_one_waits_for_the_other() {
    for target in ["a.ndjson", "a.parquet"] {
        let yard = Yard::with_items();
        if target != "a.ndjson" {
            yard.run(&["copy", "a.ndjson", target]).status(0);
        }
        symlink(target, yard.path("link.parquet")).unwrap();
        let first = start(&yard, &["copy", "-", target, "--mode", "upsert"], &lines(&["x"]));
        yard.write("new.ndjson", lines(&["y"]));
        let mut second = yard
            .command(&["copy", "new.ndjson", target, "--mode", "upsert"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(second.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert!(said.contains("waiting"), "{said}");
        assert_eq!(end(first).0, Some(0));
        assert_eq!(end(second).0, Some(0));
        assert_eq!(sorted_ids(&yard, target), ["a", "b", "c", "x", "y"]);
    }
}

#[test]
fn many_writers_lose_nothing() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "a.parquet"]).status(0);
    let names: Vec<String> = (0..6).map(|n| format!("n{n}")).collect();
    let writers: Vec<Child> = names
        .iter()
        .map(|name| {
            yard.write(&format!("{name}.ndjson"), lines(&[name]));
            let arguments = ["copy", &format!("{name}.ndjson"), "a.parquet", "--mode", "insert"];
            yard.command(&arguments).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let optimized = yard.command(&["optimize", "a.parquet"]).stderr(Stdio::piped()).spawn().unwrap();
    for writer in writers.into_iter().chain([optimized]) {
        let (status, said) = end(writer);
        assert_eq!(status, Some(0), "{said}");
    }
    let expected: Vec<&str> = ["a", "b", "c"].into_iter().chain(names.iter().map(String::as_str)).collect();
    assert_eq!(sorted_ids(&yard, "a.parquet"), expected);
}

#[test]
fn what_another_program_has_written_meanwhile_is_not_lost() {
    let yard = Yard::with_items();
    for flags in [&["--mode", "upsert"][..], &["--overwrite"]] {
        let arguments = [&["copy", "-", "a.ndjson", "--rejects", "r.ndjson"], flags].concat();
        let child = start(&yard, &arguments, &format!("{}{{}}\n", lines(&["x"])));
        let before = yard.read("a.ndjson");
        let mut file = OpenOptions::new().append(true).open(yard.path("a.ndjson")).unwrap();
        file.write_all(b"\n").unwrap();
        let (status, said) = end(child);
        assert_eq!(status, Some(3), "{said}");
        assert!(said.contains("another program has written to it meanwhile"), "{said}");
        assert_eq!(yard.read("a.ndjson"), before + "\n");
        assert_eq!(yard.names(), ["a.ndjson"]);
    }
}

#[test]
fn a_target_that_appears_meanwhile_is_not_replaced() {
    for target in ["new.ndjson", "new.parquet"] {
        for flags in [&[][..], &["--mode", "upsert"]] {
            let yard = Yard::new();
            let child = start(&yard, &[&["copy", "-", target], flags].concat(), &lines(&["x"]));
            yard.write(target, "mine");
            let (status, said) = end(child);
            assert_eq!(status, Some(3), "{said}");
            assert!(said.contains("another program has made this file meanwhile"), "{said}");
            assert_eq!((yard.read(target).as_str(), yard.names()), ("mine", vec![target.to_owned()]));
        }
        let yard = Yard::new();
        let child = start(&yard, &["copy", "-", target, "--overwrite"], &lines(&["x"]));
        yard.write(target, "mine");
        assert_eq!(end(child).0, Some(0));
        assert_eq!(sorted_ids(&yard, target), ["x"]);
    }
}

#[test]
fn the_old_rejects_stay_where_nothing_is_changed() {
    let yard = Yard::with_items();
    yard.write("bad.ndjson", format!("{}{{}}\n", lines(&["x"])));
    yard.run(&["validate", "bad.ndjson", "--rejects", "r.ndjson"]).status(1);
    let old = yard.read("r.ndjson");
    yard.write("worse.ndjson", "{}\n{}\n");
    yard.run(&["copy", "worse.ndjson", "a.ndjson", "--overwrite", "--rejects", "r.ndjson"]).status(3);
    assert_eq!(yard.read("r.ndjson"), old);
    let child = start(&yard, &["copy", "-", "new.ndjson", "--rejects", "r.ndjson"], "{}\n{}\n");
    yard.write("new.ndjson", "mine");
    assert_eq!(end(child).0, Some(3));
    assert_eq!(yard.read("r.ndjson"), old);
    // And a rejects file that appears is not replaced either.
    let child = start(&yard, &["copy", "-", "newer.ndjson", "--rejects", "s.ndjson"], "{}\n{}\n");
    yard.write("s.ndjson", "mine");
    assert_eq!(end(child).0, Some(3));
    assert_eq!(yard.read("s.ndjson"), "mine");
    assert!(!yard.path("newer.ndjson").exists());
}

#[test]
fn rejects_of_a_load_are_kept_where_their_file_is_taken() {
    let Some(url) = fresh("beside") else { return };
    let yard = Yard::new();
    yard.run(&["init", &url]).status(0);
    let child = start(&yard, &["copy", "-", &url, "--rejects", "r"], &format!("{}{{}}\n", lines(&["x"])));
    yard.write("r", "mine");
    let (status, said) = end(child);
    assert_eq!(status, Some(3), "{said}");
    assert_eq!(yard.run(&["search", &url, "--count"]).status(0).out, "1\n");
    let names = yard.names();
    assert_eq!((names.len(), yard.read("r").as_str()), (2, "mine"), "{names:?}");
    assert!(said.contains(&names[1]), "{said}");
    assert!(yard.read(&names[1]).starts_with("{\"source\":"));
}

#[test]
fn a_store_that_is_copied_onto_itself_loses_nothing_for_good() {
    let yard = Yard::new();
    let text = format!("{}{{}}\n", lines(&["a", "b", "a"]));
    yard.write("x.ndjson", &text);
    fs::hard_link(yard.path("x.ndjson"), yard.path("y.ndjson")).unwrap();
    for arguments in [
        &["copy", "x.ndjson", "x.ndjson", "--overwrite"][..],
        &["copy", "x.ndjson", "./x.ndjson", "--mode", "replace"],
        &["copy", "y.ndjson", "x.ndjson", "--overwrite"],
        &["copy", "x.ndjson", "x.ndjson", "--overwrite", "--sortby", "id"],
    ] {
        let ran = yard.run(arguments).status(3);
        assert!(ran.err.contains("would be gone for good"), "{}", ran.err);
        assert_eq!(yard.read("x.ndjson"), text);
    }
    yard.run(&["copy", "x.ndjson", "x.ndjson", "--overwrite", "--rejects", "r.ndjson"]).status(1);
    assert_eq!(yard.read("r.ndjson").lines().count(), 2);
    assert_eq!(yard.read("x.ndjson"), lines(&["a", "b"]));
}

fn mode(yard: &Yard, name: &str) -> u32 {
    fs::metadata(yard.path(name)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn rejects_are_no_more_open_than_their_source() {
    let yard = Yard::new();
    yard.write("in.ndjson", "{}\n");
    yard.write("open.ndjson", "{}\n");
    fs::set_permissions(yard.path("in.ndjson"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(yard.path("open.ndjson"), fs::Permissions::from_mode(0o644)).unwrap();
    yard.run(&["copy", "open.ndjson", "a.ndjson", "--rejects", "r"]).status(1);
    let usual = mode(&yard, "r");
    assert_eq!(usual & 0o600, 0o600);
    yard.run(&["validate", "open.ndjson", "in.ndjson", "--rejects", "r"]).status(1);
    assert_eq!(mode(&yard, "r"), 0o600);
    yard.run(&["copy", "in.ndjson", "b.ndjson", "--rejects", "s"]).status(1);
    assert_eq!(mode(&yard, "s"), 0o600);
    yard.run(&["search", "in.ndjson", "--rejects", "t"]).status(1);
    assert_eq!(mode(&yard, "t"), 0o600);
    let Some(url) = fresh("modes") else { return };
    yard.run(&["init", &url]).status(0);
    yard.run(&["copy", &url, "c.ndjson", "--rejects", "u"]).status(0);
    assert_eq!(mode(&yard, "u"), 0o600);
}

#[test]
fn a_link_that_leads_to_nothing_is_followed() {
    let yard = Yard::with_items();
    fs::create_dir(yard.path("there")).unwrap();
    symlink("there/b.ndjson", yard.path("link.ndjson")).unwrap();
    yard.run(&["copy", "a.ndjson", "link.ndjson"]).status(0);
    assert_eq!(yard.read("there/b.ndjson"), yard.read("a.ndjson"));
    assert!(fs::symlink_metadata(yard.path("link.ndjson")).unwrap().is_symlink());
    symlink("nowhere/b.ndjson", yard.path("lost.ndjson")).unwrap();
    let ran = yard.run(&["copy", "a.ndjson", "lost.ndjson"]).status(3);
    assert!(ran.err.contains("cannot write lost.ndjson"), "{}", ran.err);
    // What a file was for its owner's rights it is no longer.
    fs::set_permissions(yard.path("there/b.ndjson"), fs::Permissions::from_mode(0o6640)).unwrap();
    yard.write("x.ndjson", item("x") + "\n");
    yard.run(&["copy", "x.ndjson", "link.ndjson", "--overwrite"]).status(0);
    assert_eq!(mode(&yard, "there/b.ndjson"), 0o640);
}
