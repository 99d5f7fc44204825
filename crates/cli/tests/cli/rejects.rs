//! `--rejects`: the file holds what was set aside, and is written over nothing else.

use std::os::unix::fs::symlink;

use crate::support::{Yard, item, lines};

/// `in.ndjson` with an Item and a record that is none.
fn yard() -> Yard {
    let yard = Yard::with_items();
    yard.write("in.ndjson", format!("{}\n{{}}\n", item("x")));
    yard
}

#[test]
fn a_file_of_anything_else_is_not_overwritten() {
    let yard = yard();
    yard.write("notes.txt", "my notes\n");
    yard.write(
        "mixed.ndjson",
        format!("{{\"source\":\"x\",\"errors\":[{{\"pointer\":\"\"}}]}}\n{}", lines(&["a"])),
    );
    symlink("notes.txt", yard.path("link")).unwrap();
    for command in [
        &["copy", "in.ndjson", "out.ndjson"][..],
        &["validate", "in.ndjson"],
        &["search", "in.ndjson"],
        &["search", "in.ndjson", "-o", "out.ndjson"],
    ] {
        for file in ["notes.txt", "link", "mixed.ndjson", "a.ndjson", "./a.ndjson"] {
            let before = yard.read(file);
            let ran = yard.run(&[command, &["--rejects", file]].concat()).status(2);
            assert!(ran.err.contains("holds something else than rejects"), "{}", ran.err);
            assert_eq!((yard.read(file), ran.out.as_str()), (before, ""));
        }
    }
    assert!(!yard.names().contains(&"out.ndjson".to_owned()));
    // Rejects, nothing, what is not there, and what keeps nothing.
    yard.write("empty", "");
    for file in ["new", "new", "empty", "/dev/null"] {
        yard.run(&["validate", "in.ndjson", "--rejects", file]).status(1);
    }
    assert_eq!(yard.read("new"), yard.read("empty"));
    assert_eq!(yard.read("new").lines().count(), 1);
}

#[test]
fn a_file_that_the_command_reads_or_writes_is_not_overwritten() {
    let yard = yard();
    // All of them are empty: what they hold does not betray them.
    for name in ["empty.ndjson", "profile.toml", "collections.json", "filter.json", "schemas.json"] {
        yard.write(name, "");
    }
    std::fs::create_dir(yard.path("schemas")).unwrap();
    std::fs::rename(yard.path("schemas.json"), yard.path("schemas/schema.json")).unwrap();
    for (name, link) in
        [("profile.toml", "p"), ("collections.json", "c"), ("filter.json", "f"), ("empty.ndjson", "e")]
    {
        std::fs::hard_link(yard.path(name), yard.path(link)).unwrap();
    }
    symlink("out.ndjson", yard.path("dangling")).unwrap();
    symlink("schemas/schema.json", yard.path("s")).unwrap();
    for (arguments, rejects) in [
        (&["copy", "in.ndjson", "out.ndjson"][..], &["out.ndjson", "./out.ndjson", "dangling"][..]),
        (&["copy", "empty.ndjson", "out.ndjson"], &["empty.ndjson", "e"]),
        (&["copy", "in.ndjson", "empty.ndjson", "--overwrite"], &["e"]),
        (&["copy", "in.ndjson", "out.ndjson", "--filter", "@filter.json"], &["filter.json", "f"]),
        (&["copy", "in.ndjson", "out.ndjson", "--intersects", "@filter.json"], &["filter.json", "f"]),
        (&["copy", "in.ndjson", "out.ndjson", "--profile", "profile.toml"], &["profile.toml", "p"]),
        (&["validate", "in.ndjson", "--profile", "profile.toml"], &["profile.toml", "p"]),
        (
            &["copy", "in.ndjson", "out.ndjson", "--collections-file", "collections.json"],
            &["collections.json", "c"],
        ),
        (&["copy", "in.ndjson", "out.ndjson", "--schemas", "schemas"], &["schemas/schema.json", "s"]),
        (&["validate", "in.ndjson", "--schemas", "schemas"], &["s"]),
        (&["validate", "in.ndjson", "empty.ndjson"], &["e"]),
        (&["search", "empty.ndjson"], &["e"]),
        (&["search", "in.ndjson", "-o", "out.ndjson"], &["out.ndjson", "dangling"]),
        (&["search", "in.ndjson", "--intersects", "@filter.json"], &["f"]),
    ] {
        for rejects in rejects {
            let ran = yard.run(&[arguments, &["--rejects", rejects]].concat()).status(2);
            assert!(ran.err.contains("the rejects would overwrite"), "{arguments:?} {rejects}: {}", ran.err);
        }
    }
    // Nor is what is read a target.
    for arguments in [&["--collections-file", "collections.json"][..], &["--filter", "@collections.json"]] {
        let ran = yard.run(&[&["copy", "in.ndjson", "collections.json", "--overwrite"], arguments].concat());
        assert!(ran.status(2).err.contains("would overwrite a file that"));
    }
    for name in ["empty.ndjson", "profile.toml", "collections.json", "filter.json", "schemas/schema.json"] {
        assert_eq!(yard.read(name), "");
    }
}

#[test]
fn the_file_behind_a_stream_is_not_overwritten() {
    let yard = yard();
    let out = std::fs::File::create(yard.path("report.txt")).unwrap();
    let mut command = yard.command(&["copy", "in.ndjson", "-", "--rejects", "report.txt"]);
    let ran = command.stdout(out).output().unwrap();
    assert_eq!(ran.status.code(), Some(2), "{}", String::from_utf8_lossy(&ran.stderr));
}
