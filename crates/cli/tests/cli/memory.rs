//! Small inputs take little memory, whatever they hold and however many threads there are.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Yard, item};

/// The peak that no input may go beyond, in kB.
const MOST: u64 = 300_000;

/// Runs the binary; gives its exit status and its peak in kB, as the kernel has it shortly before the end.
fn peak(yard: &Yard, arguments: &[&str]) -> (Option<i32>, u64) {
    let mut command = yard.command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let found = text
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        peak = found.unwrap_or(peak);
        if let Some(ended) = child.try_wait().unwrap() {
            return (ended.code(), peak);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[track_caller]
fn assert_bounded(yard: &Yard, arguments: &[&str], status: i32) {
    for threads in ["2", "16"] {
        let (ended, peak) = peak(yard, &[arguments, &["--threads", threads]].concat());
        assert_eq!(ended, Some(status), "{arguments:?} on {threads} threads");
        assert!((1..MOST).contains(&peak), "{arguments:?} on {threads} threads: {peak} kB");
    }
}

/// So many that what is known of each would fill memory.
#[test]
#[ignore = "minutes in a debug build: make test-full"]
fn many_tiny_records() {
    let yard = Yard::new();
    let links = "{\"links\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}\n";
    for (name, line, records) in
        [("a.ndjson", "{}\n", 2_000_000), ("b.ndjson", "x\n", 4_000_000), ("c.ndjson", links, 100_000)]
    {
        yard.write(name, line.repeat(records));
        assert_bounded(&yard, &["validate", name], 1);
    }
    let copy = ["copy", "c.ndjson", "out.ndjson", "--rejects", "r.ndjson"];
    assert_bounded(&yard, &[&copy[..], &["--mode", "insert"]].concat(), 1);
    yard.write("objects.json", format!("[{}{{}}]", "{},".repeat(2_000_000)));
    assert_bounded(&yard, &["search", "objects.json", "--max-items", "5", "--rejects", "r2.ndjson"], 1);
}

/// Packs `bytes` times a pattern without holding it.
fn packed(yard: &Yard, name: &str, program: &str, start: &[u8], pattern: &[u8], times: usize) {
    let file = std::fs::File::create(yard.path(name)).unwrap();
    let mut packer = Command::new(program).arg("-c").stdin(Stdio::piped()).stdout(file).spawn().unwrap();
    let mut input = packer.stdin.take().unwrap();
    input.write_all(start).unwrap();
    for _ in 0..times {
        input.write_all(pattern).unwrap();
    }
    drop(input);
    assert!(packer.wait().unwrap().success());
}

#[test]
fn one_long_line() {
    let yard = Yard::new();
    let zeros = vec![0; 1 << 20];
    let first = item("first") + "\n";
    // Longer than a record may be, and as long as one may just be.
    for (megabytes, name) in [(600, "long.ndjson.gz"), (60, "just.ndjson.gz"), (60, "just.json.gz")] {
        packed(
            &yard,
            name,
            "gzip",
            if name.contains("nd") { first.as_bytes() } else { b"[" },
            &zeros,
            megabytes,
        );
        let status = if name.contains("nd") { 1 } else { 3 };
        assert_bounded(&yard, &["validate", name], status);
        if status == 1 {
            assert_bounded(
                &yard,
                &["copy", name, "out.ndjson", "--overwrite", "--rejects", "r.ndjson"],
                status,
            );
            assert_eq!(yard.read("out.ndjson"), first);
        }
    }
    // A value that is valid but no Item: it is kept whole among the rejects.
    packed(&yard, "text.ndjson.gz", "gzip", b"\"", &vec![b'z'; 1 << 20], 60);
    assert_bounded(
        &yard,
        &["copy", "text.ndjson.gz", "out.ndjson", "--overwrite", "--rejects", "r.ndjson"],
        3,
    );
}

#[test]
fn a_record_may_have_64_megabytes_unless_the_user_says_otherwise() {
    let yard = Yard::new();
    let long = |megabytes: usize| {
        let name = "x".repeat(megabytes << 20);
        item("a").replace("\"datetime\":", &format!("\"title\":\"{name}\",\"datetime\":")) + "\n"
    };
    yard.write("in.ndjson", long(63));
    yard.run(&["copy", "in.ndjson", "out.ndjson"]).status(0);
    assert!(yard.read("out.ndjson") == long(63));
    yard.write("in.ndjson", long(65));
    let ran = yard.run(&["validate", "in.ndjson"]).status(1);
    assert!(ran.out.contains("--max-record-size"), "{}", ran.out);
    yard.run(&["validate", "in.ndjson", "--max-record-size", "80M"]).status(0);
    yard.run(&["validate", "in.ndjson", "--max-record-size", "1G"]).status(2);
}

#[test]
fn findings_of_one_item_stop_at_a_hundred() {
    let yard = Yard::new();
    let link = r#"{"rel":"collection","href":"./c.json"}"#;
    let many = vec!["5"; 250].join(",");
    yard.write("in.ndjson", item("a").replace(link, &format!("{link},{many}")) + "\n");
    let ran = yard.run(&["validate", "in.ndjson"]).status(1);
    assert!(ran.out.starts_with("in.ndjson:1: item \"a\": 250 errors\n"), "{}", &ran.out[..100]);
    assert_eq!(ran.out.lines().count(), 1 + 100 + 1 + 1);
    assert!(ran.out.contains("\n  and 150 more\n"), "{}", ran.out);
    let ran = yard.run(&["validate", "in.ndjson", "--format", "json", "--rejects", "r.ndjson"]).status(1);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let reject = &report["rejects"][0];
    assert_eq!((reject["errors"].as_array().unwrap().len(), &reject["more"]), (100, &150.into()));
    assert_eq!(&serde_json::from_str::<serde_json::Value>(&yard.read("r.ndjson")).unwrap(), reject);
    // Warnings are counted, all of them.
    let links = vec![r#"{"rel":"self","href":"a b"}"#; 250].join(",");
    yard.write("warned.ndjson", item("a").replace(link, &format!("{link},{links}")) + "\n");
    let ran = yard.run(&["validate", "warned.ndjson"]);
    assert!(ran.out.contains("250 x "), "{}", ran.out);
}
