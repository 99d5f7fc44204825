//! `serve`: it says where it is, answers, and ends by an interrupt.

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
