use std::fs::File;
use std::io::Write;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use stacyard_objects::ObjectOptions;

use crate::support::Server;

fn file(content: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    file
}

#[test]
fn a_file_is_put_where_nothing_stands() {
    let server = Server::good("");
    server.files.lock().unwrap().clear();
    let mut upload = server.object().upload(false).unwrap();
    assert!(!upload.replaces() && !server.object().exists().unwrap());
    upload.put(&file(b"new")).unwrap();
    assert_eq!(server.files.lock().unwrap()["/a.bin"].1, "new");
    let had = server.had();
    let put = had.last().unwrap();
    assert_eq!(
        (put.headers["if-none-match"].to_str().unwrap(), put.headers["content-length"].to_str().unwrap()),
        ("*", "3")
    );
}

/// Whoever was faster keeps what he has written.
#[test]
fn nobody_is_written_over() {
    let server = Server::good("old");
    let mut upload = server.object().upload(true).unwrap();
    assert!(upload.replaces());
    server.put(2, "of another");
    insta::assert_snapshot!(server.said(&upload.put(&file(b"new")).unwrap_err()));
    assert_eq!(server.files.lock().unwrap()["/a.bin"].1, "of another");
    let mut upload = server.object().upload(true).unwrap();
    upload.put(&file(b"new")).unwrap();
    assert_eq!(server.files.lock().unwrap()["/a.bin"].1, "new");
    assert_eq!(server.had().last().unwrap().headers["if-match"], "\"2\"");
}

/// It came between the last look and the request.
#[test]
fn a_file_that_appears_stays() {
    let server = Server::new("", |_, had| {
        (had.method == "PUT").then(|| StatusCode::PRECONDITION_FAILED.into_response())
    });
    server.files.lock().unwrap().clear();
    let mut upload = server.object().upload(false).unwrap();
    insta::assert_snapshot!(server.said(&upload.put(&file(b"new")).unwrap_err()));
}

#[test]
fn a_server_that_takes_no_files_says_so() {
    let server = Server::new("", |_, had| {
        (had.method == "PUT").then(|| StatusCode::METHOD_NOT_ALLOWED.into_response())
    });
    server.files.lock().unwrap().clear();
    let mut upload = server.with(&ObjectOptions::default()).upload(false).unwrap();
    insta::assert_snapshot!(server.said(&upload.put(&file(b"new")).unwrap_err()));
}
