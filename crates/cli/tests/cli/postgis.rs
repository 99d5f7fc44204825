//! A database as a store, through the binary.

use crate::support::{Yard, ids, item_with};

/// A schema of this test's own, on the server that `make test` starts.
pub(crate) fn fresh(name: &str) -> Option<String> {
    let Ok(server) = std::env::var("STACYARD_TEST_DATABASE") else {
        println!("skipped: no STACYARD_TEST_DATABASE (make test starts a server)");
        return None;
    };
    Some(format!("{server}?schema=cli_{name}_{}", std::process::id()))
}

#[test]
fn items_go_into_a_database_and_come_back() {
    let Some(url) = fresh("copy") else { return };
    let yard = Yard::new();
    let items: Vec<String> = (1..8)
        .map(|n| item_with(&format!("i{n}"), &format!("2024-06-0{n}T00:00:00Z"), &format!(",\"n\":{n}.0")))
        .collect();
    yard.write("a.ndjson", items.join("\n"));
    let early = yard.run(&["copy", "a.ndjson", &url]).status(3).err;
    assert!(early.contains("make its tables: stacyard init 'postgis://"), "{early}");
    let sql = yard.run(&["init", &url, "--dry-run"]).status(0).out;
    assert!(sql.contains("CREATE TABLE items"), "{sql}");
    assert!(yard.run(&["init", &url]).status(0).out.contains("tables made, version 4"));
    assert!(yard.run(&["init", &url]).status(0).out.contains("nothing to do, version 4"));
    yard.run(&["copy", "a.ndjson", &url]).status(0);
    let found =
        ids(&yard.run(&["search", &url, "--filter", "n >= 5 AND n < 7", "--sortby", "n"]).status(0).out);
    assert_eq!(found, ["i5", "i6"]);
    let newest = ids(&yard.run(&["search", &url, "--max-items", "2"]).status(0).out);
    assert_eq!(newest, ["i7", "i6"]);
    assert_eq!(yard.run(&["search", &url, "--count", "--bbox", "0,0,180,90"]).status(0).out, "7\n");
    let estimate = yard.run(&["search", &url, "--count=estimate", "--ids", "i3"]).status(0).out;
    assert!(estimate.trim().parse::<u64>().unwrap() <= 7, "{estimate}");
    assert_eq!(yard.run(&["search", "a.ndjson", "--count=estimate"]).status(0).out, "7\n");
    yard.run(&["copy", &url, "b.ndjson", "--sortby", "n"]).status(0);
    let values = |name: &str| {
        let text = yard.read(name);
        text.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(values("b.ndjson"), values("a.ndjson"));
    yard.run(&["copy", &url, "d.parquet"]).status(0);
    yard.run(&["copy", "d.parquet", &url, "--mode", "upsert"]).status(0);
    let again = yard.run(&["copy", "a.ndjson", &url, "--rejects", "r.ndjson"]).status(1).err;
    assert!(again.contains("7 rejected"), "{again}");
    assert!(yard.read("r.ndjson").contains("in the store already"), "{}", yard.read("r.ndjson"));
    yard.run(&["copy", "a.ndjson", &url, "--mode", "ignore"]).status(0);
    yard.run(&["validate", &url]).status(0);
    assert!(yard.run(&["info", &url]).status(0).out.contains("7 Items"));
    assert!(yard.run(&["search", "a.ndjson", "-o", &url]).status(2).err.contains("stacyard copy"));
}

#[test]
fn a_load_that_was_broken_off_goes_on() {
    let Some(url) = fresh("resume") else { return };
    let yard = Yard::new();
    let item = |id: &str, x: &str| item_with(id, "2024-06-01T00:00:00Z", &format!(",\"x\":{x}"));
    yard.run(&["init", &url]).status(0);
    yard.write("part.ndjson", [item("a", "1"), item("b", "2")].join("\n"));
    yard.run(&["copy", "part.ndjson", &url]).status(0);
    yard.write("all.ndjson", [item("a", "1"), item("b", "2"), item("c", "3")].join("\n"));
    let said = yard.run(&["copy", "all.ndjson", &url, "--resume"]).status(0).err;
    assert!(said.starts_with("1 Item copied to postgis://"), "{said}");
    assert!(said.contains(", 2 there already; "), "{said}");
    let log =
        yard.run(&["--json-log", "copy", "all.ndjson", &url, "--mode", "insert", "--resume"]).status(0).err;
    assert!(log.contains(r#""present":3"#) && log.contains(r#""rejected":0"#), "{log}");
    // What differs is a duplicate, and so is what the input has twice.
    yard.write("other.ndjson", [item("a", "1.0"), item("d", "4"), item("b", "2"), item("d", "4")].join("\n"));
    let said = yard.run(&["copy", "other.ndjson", &url, "--resume", "--rejects", "r.ndjson"]).status(1).err;
    assert!(said.contains(", 1 there already, 2 rejected"), "{said}");
    let rejects = yard.read("r.ndjson");
    let rejects: Vec<_> = rejects.lines().map(|line| line.split_once("\"item\"").unwrap().0).collect();
    assert!(rejects[0].contains(r#""line":1"#) && rejects[0].contains("in the store already"), "{rejects:?}");
    assert!(rejects[1].contains(r#""line":4"#) && rejects[1].contains("before this one"), "{rejects:?}");
}

#[test]
fn only_a_load_can_go_on() {
    let yard = Yard::with_items();
    let refused = |arguments: &[&str]| {
        let ran = yard.run(&[&["copy", "a.ndjson"], arguments, &["--resume"]].concat()).status(2);
        ran.err
    };
    let database = "postgis://me@127.0.0.1:1/db";
    insta::assert_snapshot!([
        refused(&["b.ndjson"]),
        refused(&["a.parquet", "--mode", "insert"]),
        refused(&[database, "--mode", "upsert"]),
        refused(&[database, "--mode", "ignore"]),
        refused(&[database, "--mode", "replace"]),
        refused(&[database, "--overwrite"]),
    ].concat(), @r"
    error: b.ndjson: --resume is for databases; a file is written whole or not at all
      help: copy again without --resume
    error: a.parquet: --resume is for databases; a file is written whole or not at all
      help: copy again without --resume
    error: --resume does not go with --mode upsert: an Item that would stay the same is not written again
      help: copy again without --resume
    error: --resume does not go with --mode ignore: an Item that is there stays
      help: copy again without --resume
    error: --resume does not go with --mode replace: a replacement is one transaction, and all of one that was broken off is undone
      help: copy again without --resume
    error: --resume does not go with --mode replace: a replacement is one transaction, and all of one that was broken off is undone
      help: copy again without --resume
    ");
    assert_eq!(yard.names(), ["a.ndjson"]);
}

#[test]
fn a_database_that_is_not_there_is_said() {
    let yard = Yard::with_items();
    let ran = yard.run(&["copy", "a.ndjson", "postgis://me:secret@127.0.0.1:1/db"]).status(3);
    assert!(!ran.err.contains("secret"), "{}", ran.err);
    insta::assert_snapshot!(ran.err, @r"
    error: cannot connect to postgis://me:***@127.0.0.1:1/db: error connecting to server: Connection refused (os error 111)
      help: check host, port, user and that the server runs
    ");
    insta::assert_snapshot!(yard.run(&["init", "a.parquet"]).status(2).err, @r"
    error: a.parquet is not a database, and needs no tables
      help: write postgis://user@host:port/database, or pgstac://...
    ");
    insta::assert_snapshot!(yard.run(&["init", "postgis://h/db?schema=pg_x"]).status(2).err, @r#"
    error: the schema cannot be called "pg_x": names that begin with pg_ are PostgreSQL's own
      help: name another one: ?schema=NAME
    "#);
    insta::assert_snapshot!(yard.run(&["init", "postgis://h/db?sslmode=on"]).status(2).err, @r#"
    error: there is no sslmode "on"
      help: write disable, allow, prefer, require, verify-ca or verify-full
    "#);
    insta::assert_snapshot!(yard.run(&["init", "postgis://me:secret@h/db?sslcrl=x"]).status(2).err, @r"
    error: postgis://me:***@h/db?sslcrl=***: unknown option `sslcrl`, did you mean `sslcert`?
      help: write postgis://user@host:port/database, with ?schema=NAME after it for another schema than stac
    ");
}

/// What is in, what is not, and the command that goes on.
#[test]
fn an_interrupt_says_how_a_load_goes_on() {
    use std::io::{Read, Write};
    let yard = Yard::new();
    let all: String =
        (0..20_000).map(|n| item_with(&format!("i{n}"), "2024-06-01T00:00:00Z", "") + "\n").collect();
    yard.write("all.ndjson", &all);
    for (mode, goes_on) in [("insert", "--mode insert --resume"), ("upsert", "--mode upsert")] {
        let Some(url) = fresh(&format!("interrupt_{mode}")) else { return };
        yard.run(&["init", &url]).status(0);
        let count = || yard.run(&["search", &url, "--count"]).status(0).out.trim().parse::<u64>().unwrap();
        let mut child = yard
            .command(&["copy", "-", &url, "--mode", mode])
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.as_mut().unwrap().write_all(all.as_bytes()).unwrap();
        while count() == 0 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let number = said.strip_prefix("interrupted: ").unwrap().split_once(' ').unwrap().0;
        assert_eq!(number.replace(',', "").parse::<u64>().unwrap(), count(), "{said}");
        assert!(said.contains(" Items are in postgis://") && said.contains(", the rest is not"), "{said}");
        assert!(said.contains("  help: go on with: ") && said.trim_end().ends_with(goes_on), "{said}");
        let arguments: Vec<&str> =
            ["copy", "all.ndjson", &url].into_iter().chain(goes_on.split(' ')).collect();
        yard.run(&arguments).status(0);
        assert_eq!(count(), 20_000);
    }
}

/// An input that ends in the middle: what is in stays, and the error says so.
#[test]
fn an_error_of_the_input_says_what_is_in() {
    let Some(url) = fresh("torn") else { return };
    let yard = Yard::new();
    yard.run(&["init", &url]).status(0);
    let all: String =
        (0..40_000).map(|n| item_with(&format!("i{n}"), "2024-06-01T00:00:00Z", "") + "\n").collect();
    yard.write("all.ndjson", &all);
    let packed = std::process::Command::new("gzip").arg("-k").arg(yard.path("all.ndjson")).status();
    assert!(packed.unwrap().success());
    let bytes = std::fs::read(yard.path("all.ndjson.gz")).unwrap();
    std::fs::write(yard.path("torn.ndjson.gz"), &bytes[..bytes.len() - 1_000]).unwrap();
    let said = yard.run(&["copy", "torn.ndjson.gz", &url]).status(3).err;
    assert!(said.contains("Items are in and stay, and this goes on from there: "), "{said}");
    assert!(said.ends_with("--resume\n"), "{said}");
}

/// A way to the server that is cut when it has got the first COMMIT, before its answer comes back.
fn cut_at_commit(url: &str) -> String {
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread::{sleep, spawn};
    let (login, rest) = url.split_once('@').unwrap();
    let (server, rest) = rest.split_once('/').unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    let server = server.to_owned();
    spawn(move || {
        while let Ok((mut client, _)) = listener.accept() {
            let mut to = TcpStream::connect(&server).unwrap();
            let (mut from, mut back) = (to.try_clone().unwrap(), client.try_clone().unwrap());
            let is_cut = Arc::new(AtomicBool::new(false));
            let cut = Arc::clone(&is_cut);
            spawn(move || {
                let mut bytes = vec![0; 65_536];
                while let Ok(length @ 1..) = from.read(&mut bytes) {
                    if cut.load(Ordering::SeqCst) || back.write_all(&bytes[..length]).is_err() {
                        break;
                    }
                }
            });
            spawn(move || {
                let mut bytes = vec![0; 65_536];
                while let Ok(length @ 1..) = client.read(&mut bytes) {
                    let ends = bytes[..length].windows(7).any(|part| part == b"COMMIT\0");
                    is_cut.fetch_or(ends, Ordering::SeqCst);
                    if to.write_all(&bytes[..length]).is_err() {
                        break;
                    }
                    if ends {
                        sleep(std::time::Duration::from_millis(500));
                        let _ = client.shutdown(Shutdown::Both);
                        break;
                    }
                }
            });
        }
    });
    format!("{login}@{place}/{rest}")
}

/// The server has committed, and nobody has heard of it.
#[test]
fn after_a_connection_lost_in_a_commit_nobody_says_what_became_of_it() {
    let yard = Yard::new();
    let items = [item_with("a", "2024-06-01T00:00:00Z", ""), "{\"type\":\"Feature\"}".to_owned()];
    yard.write("a.ndjson", items.join("\n"));
    for (mode, says, remedy) in [
        ("replace", "not known whether all was replaced", "to replace it again does no harm"),
        ("insert", "not known whether the last batch is in", "--resume, what is in is not loaded again"),
        ("upsert", "not known whether the last batch is in", "run it again, what is in is not written again"),
    ] {
        let Some(url) = fresh(&format!("cut_{mode}")) else { return };
        yard.run(&["init", &url]).status(0);
        let rejects = format!("{mode}.ndjson");
        let arguments = ["copy", "a.ndjson", &cut_at_commit(&url), "--mode", mode, "--rejects", &rejects];
        let ran = yard.run(&arguments).status(3);
        assert!(ran.err.contains(says) && ran.err.contains(remedy), "{}", ran.err);
        assert!(!ran.err.contains("nothing was replaced"), "{}", ran.err);
        assert_eq!(yard.run(&["search", &url, "--count"]).status(0).out, "1\n", "it was committed");
        // Of a load, what has not settled is set aside when it goes on.
        assert_eq!(yard.read(&rejects).lines().count(), usize::from(mode == "replace"), "{mode}");
    }
}

#[test]
fn a_deadline_ends_a_search_of_a_database() {
    let Some(url) = fresh("deadline") else { return };
    let yard = Yard::new();
    yard.run(&["init", &url]).status(0);
    let all: String =
        (0..3_000).map(|n| item_with(&format!("i{n}"), "2024-06-01T00:00:00Z", ",\"n\":1") + "\n").collect();
    yard.write("all.ndjson", &all);
    yard.run(&["copy", "all.ndjson", &url, "-q"]).status(0);
    // Many rings around all of the Items, each of which is looked at.
    let ring: Vec<String> = (0..=1_000)
        .map(|n| {
            let angle = f64::from(n % 1_000) / 1_000.0 * std::f64::consts::TAU;
            let far = if n % 2 == 0 { 85.0 } else { 40.0 };
            format!("{} {}", far * angle.cos(), far * angle.sin())
        })
        .collect();
    let hard = format!("S_TOUCHES(geometry, POLYGON(({})))", ring.join(", "));
    yard.write("hard.cql2", vec![hard; 20].join(" OR "));
    for arguments in [
        &["search", &url, "--count", "--timeout", "1ms"][..],
        &["search", &url, "--count", "--ids", "i1", "--timeout", "1ms"],
        &["search", &url, "--max-items", "1", "-o", "out.ndjson", "--timeout", "1ms"],
        &["search", &url, "--count", "--filter", "@hard.cql2", "--timeout", "20ms"],
        &["search", &url, "-o", "out.ndjson", "--filter", "@hard.cql2", "--timeout", "20ms"],
        &["copy", &url, "out.ndjson", "--filter", "@hard.cql2", "--timeout", "20ms"],
    ] {
        let started = std::time::Instant::now();
        let ran = yard.run(arguments).status(3);
        assert!(ran.err.contains("the search took longer than"), "{arguments:?}: {}", ran.err);
        assert!(ran.out.is_empty() && !yard.path("out.ndjson").exists(), "{arguments:?}");
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{arguments:?}");
    }
    yard.run(&["search", &url, "--count", "--timeout", "5m"]).status(0);
}
