//! `serve --writable`: a database is changed through the API, by those who may, and nobody's change is lost.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::postgis::fresh;
use crate::support::{Yard, item};

/// A server that is running. It ends when it is dropped.
struct Server {
    child: Child,
    address: String,
    said: BufReader<std::process::ChildStderr>,
}

impl Server {
    fn start(yard: &Yard, arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--bind", "127.0.0.1:0"], arguments].concat();
        let mut child = yard.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert!(line.contains("http://"), "{line}");
        let address = line.split("http://").nth(1).unwrap();
        let address = address.split('/').next().unwrap().to_owned();
        Self { child, address, said }
    }

    /// Ends it; gives all that it has said since it began.
    fn end(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn etag(&self) -> &str {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with("etag: "));
        &line.unwrap()["etag: ".len()..]
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

fn send(address: &str, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
}

const COLLECTION: &str = r#"{"type":"Collection","stac_version":"1.1.0","id":"c","description":"d","license":"other","extent":{"spatial":{"bbox":[[-180,-90,180,90]]},"temporal":{"interval":[[null,null]]}},"links":[]}"#;

#[test]
fn tokens_are_made() {
    let yard = Yard::new();
    let made = yard.run(&["token", "t.txt", "ingest", "write:c"]).status(0).out;
    let token = made.trim();
    let line = yard.read("t.txt");
    assert!(token.len() > 40 && line.starts_with("ingest ") && !line.contains(token), "{line}");
    assert!(line.ends_with(" write:c\n"), "{line}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(yard.path("t.txt")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    yard.write("t.txt", line.trim_end());
    yard.run(&["token", "t.txt", "reader", "read"]).status(0);
    assert_eq!(yard.read("t.txt").lines().count(), 2);
    yard.write("a.ndjson", item("a"));
    insta::assert_snapshot!(yard.run(&["token", "a.ndjson", "ingest", "write"]).status(2).err);
    assert_eq!(yard.read("a.ndjson"), item("a"));
    insta::assert_snapshot!(yard.run(&["token", "t.txt", "ingest", "delete"]).status(2).err);
    yard.run(&["token", "t.txt", "ingest"]).status(2);
}

#[test]
fn what_cannot_be_written_is_said() {
    let yard = Yard::with_items();
    insta::assert_snapshot!(yard.run(&["serve", "a.ndjson", "--writable"]).status(2).err);
    yard.write("t.txt", "ingest s3cr3t write\n");
    let wrong = yard.run(&["serve", "a.ndjson", "--private", "--tokens", "t.txt"]).status(2).err;
    assert!(!wrong.contains("s3cr3t"), "{wrong}");
    insta::assert_snapshot!(wrong);
    insta::assert_snapshot!(yard.run(&["serve", "a.ndjson", "--cors-origin", "a.org"]).status(2).err);
    yard.run(&["serve", "a.ndjson", "--private"]).status(2);
    yard.run(&["serve", "a.ndjson", "--no-auth"]).status(2);
}

#[test]
fn an_open_server_is_one_of_this_machine() {
    let Some(url) = fresh("open") else { return };
    let yard = Yard::new();
    yard.run(&["init", &url]).status(0);
    let refused = yard.run(&["serve", &url, "--writable", "--bind", "0.0.0.0:0"]).status(2).err;
    assert!(refused.contains("could change what is served") && refused.contains("--no-auth"), "{refused}");
    let server = Server::start(&yard, &[&url, "--writable"]);
    assert_eq!(send(&server.address, "POST", "/collections", &[], COLLECTION).status, 201);
    let rebound = ["Origin: http://evil.org"];
    assert_eq!(send(&server.address, "DELETE", "/collections/c", &rebound, "").status, 403);
    assert_eq!(send(&server.address, "DELETE", "/collections/c", &[], "").status, 204);
}

#[test]
fn a_database_is_changed_by_those_who_may() {
    let Some(url) = fresh("writes") else { return };
    let yard = Yard::new();
    yard.run(&["init", &url]).status(0);
    let token = yard.run(&["token", "t.txt", "ingest", "write"]).status(0).out.trim().to_owned();
    let server = Server::start(&yard, &[&url, "--writable", "--tokens", "t.txt"]);
    let (address, bearer) = (&*server.address, format!("Authorization: Bearer {token}"));
    let with_token = [&*bearer];
    assert_eq!(send(address, "POST", "/collections", &[], COLLECTION).status, 401);
    let wrong = [&*format!("Authorization: Bearer x{token}")];
    assert_eq!(send(address, "POST", "/collections", &wrong, COLLECTION).status, 401);
    let made = send(address, "POST", "/collections", &with_token, COLLECTION);
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(send(address, "GET", "/collections/c", &[], "").etag(), made.etag());
    // Numbers as no float has them, and links that the server shows otherwise.
    let text =
        item("a").replace(r#""links":["#, r#""links":[{"rel":"self","href":"https://old.org/x/a.json"},"#);
    let text = text.replace(r#""properties":{"#, r#""properties":{"big":9007199254740993,"cloud":5.10,"#);
    let made = send(address, "POST", "/collections/c/items", &with_token, &text);
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(send(address, "POST", "/collections/c/items", &with_token, &text).status, 409);
    // What is read and sent back is no change, not for the database either.
    let path = "/collections/c/items/a";
    let read = send(address, "GET", path, &[], "");
    let put = send(address, "PUT", path, &with_token, &read.body);
    assert_eq!((put.status, put.etag()), (204, read.etag()));
    let kept = yard.run(&["search", &url, "--ids", "a"]).status(0).out;
    assert!(
        kept.contains("9007199254740993")
            && kept.contains("5.10")
            && kept.contains("https://old.org/x/a.json"),
        "{kept}"
    );
    assert!(!kept.contains(address), "{kept}");
    // Two write at once, each on what it has read.
    let lost = thread::scope(|scope| {
        let writers = [0, 1].map(|_| {
            scope.spawn(|| {
                let mut done = 0;
                while done < 15 {
                    let read = send(address, "GET", path, &[], "");
                    let count = read.json()["properties"]["count"].as_u64().unwrap_or_default() + 1;
                    let headers = [&*bearer, &*format!("If-Match: {}", read.etag())];
                    let patch = format!(r#"{{"properties":{{"count":{count}}}}}"#);
                    match send(address, "PATCH", path, &headers, &patch).status {
                        204 => done += 1,
                        412 => {}
                        other => assert_eq!(other, 0, "a status that fits nothing"),
                    }
                }
            })
        });
        writers.into_iter().any(|writer| writer.join().is_err())
    });
    assert!(!lost);
    let read = send(address, "GET", path, &[], "");
    assert_eq!(read.json()["properties"]["count"], 30);
    assert!(read.body.contains("9007199254740993") && read.body.contains("5.10"), "{}", read.body);
    // What fails the gate, and what the database keeps from going.
    let invalid = send(address, "PATCH", path, &with_token, r#"{"geometry":{"coordinates":null}}"#);
    assert_eq!((invalid.status, invalid.json()["errors"][0]["pointer"].as_str()), (422, Some("/geometry")));
    assert_eq!(send(address, "DELETE", "/collections/c", &with_token, "").status, 409);
    let items: String = (0..200).map(|n| format!(r#""i{n}":{},"#, item(&format!("i{n}")))).collect();
    let bulk = format!(r#"{{"items":{{{}}},"method":"upsert"}}"#, items.trim_end_matches(','));
    let done = send(address, "POST", "/collections/c/bulk_items", &with_token, &bulk);
    assert_eq!((done.status, &done.json()["created"]), (200, &200.into()), "{}", done.body);
    let matched = send(address, "GET", "/search?limit=1", &[], "").json()["numberMatched"].clone();
    assert_eq!(matched, 201);
    let said = server.end();
    assert!(!said.contains(&token), "{said}");
}
