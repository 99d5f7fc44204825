//! The conformance suite of stores, over Parquet files on a server of HTTP.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use stacyard::{Copying, Layout, Run, Store, copy, open};
use stacyard_store::conformance;

#[test]
fn a_parquet_file_on_a_server_answers_as_one_here() {
    let folder = tempfile::tempdir().unwrap();
    let url = serve(folder.path());
    let mut number = 0;
    conformance::check(&mut |items| -> Store {
        number += 1;
        let path =
            |extension: &str| folder.path().join(format!("{number}.{extension}")).display().to_string();
        let (lines, columns) = (path("ndjson"), path("parquet"));
        let text: Vec<u8> = items.iter().flat_map(|item| [item.text().as_bytes(), b"\n"].concat()).collect();
        fs::write(&lines, text).unwrap();
        let layout = Layout { row_group_rows: 20, ..Layout::default() };
        let report =
            copy(&lines, &columns, Copying { layout, ..Copying::default() }, Run::in_place()).unwrap();
        assert_eq!(report.written, items.len() as u64);
        open(&format!("{url}/{number}.parquet")).unwrap()
    });
}

/// Serves the files of a folder, whole or a range of each, for as long as the test runs.
fn serve(folder: &Path) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let folder = folder.to_owned();
    let router = Router::new().fallback(move |request: Request| {
        let answer = answer(&folder, &request);
        async move { answer }
    });
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    url
}

/// What a server of files answers (RFC 9110, section 14).
fn answer(folder: &Path, request: &Request) -> Response {
    let Ok(bytes) = fs::read(folder.join(request.uri().path().trim_start_matches('/'))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = [("etag", format!("\"{}\"", bytes.len()))];
    let range = request.headers().get("range").and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
        return (tag, bytes).into_response();
    };
    let (start, end) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => (first, bytes.len().min(last + 1)),
        (Ok(first), Err(_)) => (first, bytes.len()),
        (Err(_), last) => (bytes.len().saturating_sub(last.unwrap_or_default()), bytes.len()),
    };
    let said = [("content-range", format!("bytes {start}-{}/{}", end.saturating_sub(1), bytes.len()))];
    (StatusCode::PARTIAL_CONTENT, tag, said, bytes[start..end].to_vec()).into_response()
}
