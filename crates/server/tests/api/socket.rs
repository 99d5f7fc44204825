//! Over a real socket: what a client without a library sees, and the end of a server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use stacyard_server::{Ending, router, run};

use super::support::{Stores, options};

/// Sends a request, and gives all that comes back until the server closes.
fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{request}\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_server_answers_until_it_is_told_to_end() {
    let stores = Stores::new();
    let router = router(vec![stacyard::open(&stores.path("all.parquet")).unwrap()], options()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let ending = Ending::default();
    let told = ending.clone();
    let server = thread::spawn(move || run(router, listener, &told));
    let answer = ask(address, "GET /search?limit=1 HTTP/1.1");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains(&format!("http://{address}/search?limit=1&token=")), "{answer}");
    let packed = ask(address, "GET /search HTTP/1.1\r\nAccept-Encoding: gzip");
    assert!(packed.contains("content-encoding: gzip"), "{packed}");
    let head = ask(address, "HEAD /collections/a/items/a1 HTTP/1.1");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    ending.end();
    server.join().unwrap().unwrap();
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}
