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

/// Packs a pattern so many times without holding it, as the end of the name says.
fn packed(yard: &Yard, name: &str, start: &[u8], pattern: &[u8], times: usize) {
    let file = std::fs::File::create(yard.path(name)).unwrap();
    let fill = |packer: &mut dyn Write| {
        packer.write_all(start).unwrap();
        (0..times).for_each(|_| packer.write_all(pattern).unwrap());
    };
    if name.rsplit('.').next() == Some("zst") {
        let mut packer = zstd::Encoder::new(file, 1).unwrap();
        // So much of what it has given out a reader holds: the most that readers have to take (RFC 8878 section 3.1.1.1.2
        // recommends 8 MiB, `zstd --ultra -22` and `zstd --long` write 128).
        packer.window_log(27).unwrap();
        fill(&mut packer);
        packer.finish().unwrap();
    } else {
        let mut gzip = Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(file).spawn().unwrap();
        fill(&mut gzip.stdin.take().unwrap());
        assert!(gzip.wait().unwrap().success());
    }
}

#[test]
fn one_long_line_in_gzip() {
    one_long_line("gz");
}

#[test]
fn one_long_line_in_zstd() {
    one_long_line("zst");
}

fn one_long_line(extension: &str) {
    let yard = Yard::new();
    let zeros = vec![0; 1 << 20];
    let first = item("first") + "\n";
    // Longer than a record may be, and as long as one may just be.
    for megabytes in [600, 60] {
        let name = &format!("{megabytes}.ndjson.{extension}");
        packed(&yard, name, first.as_bytes(), &zeros, megabytes);
        assert_bounded(&yard, &["validate", name], 1);
        assert_bounded(&yard, &["copy", name, "out.ndjson", "--overwrite", "--rejects", "r.ndjson"], 1);
        assert_eq!(yard.read("out.ndjson"), first);
    }
    let name = &format!("60.json.{extension}");
    packed(&yard, name, b"[", &zeros, 60);
    assert_bounded(&yard, &["validate", name], 3);
    // A value that is valid but no Item: it is kept whole among the rejects.
    let name = &format!("text.ndjson.{extension}");
    packed(&yard, name, b"\"", &vec![b'z'; 1 << 20], 60);
    assert_bounded(&yard, &["copy", name, "out.ndjson", "--overwrite", "--rejects", "r.ndjson"], 3);
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
    assert!(ran.out.contains("more than max-record-size allows"), "{}", ran.out);
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
