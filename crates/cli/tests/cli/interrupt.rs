//! Ends that come too early: the target is the old one, and an interrupt leaves nothing behind.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use crate::support::{Yard, item, lines};

/// Starts a copy over `a.ndjson` that has written something and waits for more.
fn half_way(yard: &Yard) -> Child {
    let mut child = yard
        .command(&["copy", "-", "a.ndjson", "--overwrite", "--rejects", "r.ndjson"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let some: String = (0..5_000).map(|i| item(&i.to_string()) + "\n").collect();
    let input = child.stdin.as_mut().unwrap();
    input.write_all(some.as_bytes()).unwrap();
    // More than a pipe holds has been read, so that all that is written has begun.
    child
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn an_interrupt_leaves_nothing_half_written() {
    for name in ["-INT", "-TERM"] {
        let yard = Yard::with_items();
        let mut child = half_way(&yard);
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(yard.names(), ["a.ndjson"]);
        assert_eq!(yard.read("a.ndjson"), lines(&["a", "b", "c"]));
    }
}

#[test]
fn a_kill_leaves_the_old_target() {
    let yard = Yard::with_items();
    let mut child = half_way(&yard);
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert_eq!(yard.read("a.ndjson"), lines(&["a", "b", "c"]));
    assert_eq!(yard.names(), ["a.ndjson"]);
    // What a kill between the last two steps leaves goes with the next write of that target.
    yard.write(".a.ndjson.0123456789abcdef.tmp", "half");
    yard.run(&["copy", "a.ndjson", "a.ndjson", "--mode", "upsert"]).status(0);
    assert_eq!(yard.names(), ["a.ndjson"]);
}
