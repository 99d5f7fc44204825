//! Ends that come too early: the target is the old one, and an interrupt leaves nothing behind.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

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

/// A pipe that nobody reads from, and that is full: whoever writes to it waits. It is full as long as the reader lives.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    let (mut filler, written) = (writer.try_clone().unwrap(), Arc::new(AtomicU64::new(0)));
    let count = Arc::clone(&written);
    thread::spawn(move || {
        while filler.write_all(&[b' '; 4096]).is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut before = 0;
    loop {
        thread::sleep(Duration::from_millis(100));
        match written.load(Ordering::SeqCst) {
            now if now > 0 && now == before => return (reader, writer),
            now => before = now,
        }
    }
}

/// All is in its place, and the summary is still to come: its reader does not read. Wherever the interrupt comes from there
/// on, the target is the new one, and the program ends.
#[test]
fn an_interrupt_before_the_last_line_leaves_the_new_target() {
    let yard = Yard::with_items();
    let (reader, writer) = full_pipe();
    let mut child = yard.command(&["copy", "a.ndjson", "b.ndjson"]).stderr(writer).spawn().unwrap();
    let started = Instant::now();
    while !yard.path("b.ndjson").exists() {
        assert!(started.elapsed() < Duration::from_mins(1), "nothing is written");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(child.try_wait().unwrap(), None, "it waits");
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(reader);
    assert_eq!(yard.read("b.ndjson"), yard.read("a.ndjson"));
    assert_eq!(yard.names(), ["a.ndjson", "b.ndjson"]);
}
