//! `serve`: it says where it is, answers, and ends by an interrupt.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::support::Yard;

/// What a server answers to a GET.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn stores_are_served_until_an_interrupt() {
    let yard = Yard::with_items();
    yard.run(&["copy", "a.ndjson", "b.parquet", "--ids", "b"]).status(0);
    for name in ["-INT", "-TERM"] {
        let mut command = yard.command(&["serve", "a.ndjson", "--bind", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let answer = get(&address, "/search?sortby=id&limit=1");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains(r#""id":"a""#), "{answer}");
        // It is said once it is counted.
        while !line.contains("3 Items in 1 collection") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0);
        }
        assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert!(rest.ends_with("ended\n"), "{rest}");
    }
}

#[test]
fn what_cannot_be_served_is_said() {
    let yard = Yard::with_items();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let err = yard.run(&["serve", "a.ndjson", "--bind", &address]).status(3).err.replace(&address, "ADDRESS");
    insta::assert_snapshot!(err);
    insta::assert_snapshot!(yard.run(&["serve", "a.ndjson", "--public-url", "stac.org"]).status(2).err);
    insta::assert_snapshot!(yard.run(&["serve", "a.ndjson", "missing.parquet"]).status(3).err);
    yard.run(&["serve"]).status(2);
}

/// A server that has said where it is.
pub(crate) struct Serving {
    child: std::process::Child,
    pub(crate) address: String,
}

impl Serving {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).unwrap();
        Self { child, address: address.split('/').next().unwrap().to_owned() }
    }

    fn get(&self, path: &str) -> String {
        get(&self.address, path)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let yard = Yard::with_items();
    yard.write(
        "serve.toml",
        "stores = [\"a.ndjson\"]\nbind = \"127.0.0.1:0\"\ntitle = \"of the file\"\nrate-limit = 1\n",
    );
    let start = |more: &[&str], title: Option<&str>| {
        let mut command = yard.command(&[&["serve", "--config", "serve.toml"], more].concat());
        command.envs(title.map(|title| ("STACYARD_TITLE", title)));
        Serving::start(command)
    };
    let title = |serving: &Serving| {
        serving.get("/").split(r#""title":""#).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let of_file = start(&[], None);
    assert_eq!(title(&of_file), "of the file");
    assert!((0..100).any(|_| of_file.get("/conformance").starts_with("HTTP/1.1 429 ")));
    assert_eq!(title(&start(&[], Some("of the environment"))), "of the environment");
    assert_eq!(title(&start(&["--title", "of a flag"], Some("of the environment"))), "of a flag");
    // All by the environment.
    let mut command = yard.command(&["serve"]);
    command.env("STACYARD_CONFIG", "serve.toml").env("STACYARD_STORES", "a.ndjson");
    assert!(Serving::start(command).get("/search?limit=1").contains(r#""numberReturned":1"#));
}

#[test]
fn settings_without_meaning_are_said() {
    let yard = Yard::with_items();
    let mut all = String::new();
    for (name, text) in [
        ("unknown", "stores = [\"a.ndjson\"]\nport = 80\n"),
        ("syntax", "stores = [\n"),
        ("table", "[stores]\na = 1\n"),
        ("value", "stores = [\"a.ndjson\"]\nworks = 0\n"),
    ] {
        yard.write("serve.toml", text);
        let err = yard.run(&["serve", "--config", "serve.toml"]).status(2).err;
        writeln!(all, "{name}:\n{err}").unwrap();
    }
    let missing = yard.run(&["serve", "--config", "none.toml"]).status(3).err;
    insta::assert_snapshot!(all + &missing);
}

#[test]
fn names_of_networks_paths_and_keys_are_checked() {
    let yard = Yard::with_items();
    yard.write("key", "short");
    let mut all = String::new();
    for flags in [
        ["--trusted-proxy", "proxy"],
        ["--root-path", "stac"],
        ["--rate-limit", "0"],
        ["--page-key-file", "key"],
        ["--timeout", "5"],
    ] {
        let err = yard.run(&["serve", "a.ndjson", flags[0], flags[1]]).status(2).err;
        all.push_str(&err);
    }
    insta::assert_snapshot!(all);
}
