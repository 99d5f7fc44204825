use std::io::Read;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use stacyard_http::HttpOptions;
use stacyard_objects::{Object, ObjectOptions};
use stacyard_store::{Error, Ranges};

use crate::support::{Had, Server};

/// Bytes that tell where they stand.
fn content(length: usize) -> Vec<u8> {
    (0..length.div_ceil(8)).flat_map(|number| (number as u64).to_be_bytes()).take(length).collect()
}

fn read(file: &dyn Ranges, range: std::ops::Range<u64>) -> Result<Vec<u8>, Error> {
    match file.read(&[range]) {
        Ok(mut bytes) => Ok(bytes.remove(0).to_vec()),
        Err(cause) => Err(*cause.into_inner().unwrap().downcast::<Error>().unwrap()),
    }
}

fn opened(object: &Object) -> Result<Vec<u8>, std::io::Error> {
    let (mut reader, _) = object.opener()().unwrap();
    let mut all = Vec::new();
    reader.read_to_end(&mut all).map(|_| all)
}

fn attempts(attempts: u32) -> ObjectOptions {
    ObjectOptions { http: HttpOptions { attempts, ..HttpOptions::default() }, ..ObjectOptions::default() }
}

/// One request opens it, and has its end.
#[test]
fn ranges_are_asked_for_and_the_end_is_there() {
    let all = content(1 << 20);
    let server = Server::good(all.clone());
    let file = server.object().ranges().unwrap();
    assert_eq!((file.len(), server.had().len()), (1 << 20, 1));
    assert_eq!(read(&*file, (1 << 20) - 9..(1 << 20) + 5).unwrap(), all[(1 << 20) - 9..]);
    assert_eq!(server.had().len(), 1);
    let wanted = [10..20, 5_000..9_000, (700 << 10)..(900 << 10)];
    let parts = file.read(&wanted).unwrap();
    let expected = wanted.iter().map(|range| {
        all[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_vec()
    });
    assert_eq!(parts.iter().map(|part| part.to_vec()).collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let mut asked: Vec<String> = server.had()[1..]
        .iter()
        .map(|had| {
            format!(
                "{} {}",
                had.headers["range"].to_str().unwrap(),
                had.headers["if-match"].to_str().unwrap()
            )
        })
        .collect();
    asked.sort();
    // Of what reaches into the end only the part before it.
    assert_eq!(asked, [r#"bytes=10-19 "1""#, r#"bytes=5000-8999 "1""#, r#"bytes=716800-786431 "1""#]);
}

#[test]
fn a_long_range_is_asked_for_in_parts() {
    let all = content(10 << 20);
    let server = Server::good(all.clone());
    let file = server.object().ranges().unwrap();
    assert!(read(&*file, 1..9 << 20).unwrap() == all[1..9 << 20]);
    assert_eq!(server.had().len(), 1 + 3);
    assert!(opened(&server.object()).unwrap() == all);
}

#[test]
fn an_empty_file_is_empty() {
    let server = Server::new("", |_, had: &Had| {
        had.headers.contains_key("range").then(|| StatusCode::RANGE_NOT_SATISFIABLE.into_response())
    });
    assert_eq!(server.object().ranges().unwrap().len(), 0);
    assert_eq!(opened(&server.object()).unwrap(), b"");
}

/// Of two states nothing is mixed.
#[test]
fn a_file_that_changes_is_an_error() {
    let server = Server::good(content(1 << 20));
    let file = server.object().ranges().unwrap();
    assert_eq!(read(&*file, 0..4).unwrap(), content(4));
    server.put(2, content(1 << 20));
    insta::assert_snapshot!(server.said(&read(&*file, 0..4).unwrap_err()), @"
    Conflict: URL/a.bin has changed while it was read
    help: nothing of the two states was mixed: ask again
    ");
}

/// Servers without conditions: the tag of the answer is looked at.
#[test]
fn a_server_that_ignores_conditions_is_found_out() {
    let server = Server::new(content(1 << 20), |number, _| {
        (number > 0).then(|| {
            let headers = [
                ("etag", "\"7\""),
                ("content-range", "bytes 0-3/1048576"),
                ("last-modified", "Fri, 01 Mar 2024 00:00:00 GMT"),
            ];
            (StatusCode::PARTIAL_CONTENT, headers, "\0\0\0\0").into_response()
        })
    });
    let file = server.object().ranges().unwrap();
    insta::assert_snapshot!(server.said(&read(&*file, 0..4).unwrap_err()), @"
    Conflict: URL/a.bin has changed while it was read
    help: nothing of the two states was mixed: ask again
    ");
}

#[test]
fn what_fails_for_a_while_is_asked_again() {
    let all = content(3 << 20);
    let sent = all.clone();
    let server = Server::new(all.clone(), move |number, _| match number {
        0 => Some(StatusCode::SERVICE_UNAVAILABLE.into_response()),
        2 => Some(StatusCode::TOO_MANY_REQUESTS.into_response()),
        // Half of an answer.
        3 => Some(
            Response::builder()
                .status(206)
                .header("etag", "\"1\"")
                .header("last-modified", "Fri, 01 Mar 2024 00:00:00 GMT")
                .header("content-range", format!("bytes 0-99999/{}", 3 << 20))
                .header("content-length", "100000")
                .body(Body::from(sent[..50_000].to_vec()))
                .unwrap(),
        ),
        _ => None,
    });
    let file = server.object().ranges().unwrap();
    assert!(read(&*file, 0..100_000).unwrap() == all[..100_000]);
    assert!(server.had().len() >= 5);
}

#[test]
fn what_cannot_be_had_is_said() {
    let failed =
        |server: &Server, options: &ObjectOptions| server.said(&server.with(options).ranges().err().unwrap());
    let gone = Server::new("", |_, _| Some(StatusCode::NOT_FOUND.into_response()));
    insta::assert_snapshot!(failed(&gone, &attempts(1)));
    let closed = Server::new("", |_, _| Some(StatusCode::UNAUTHORIZED.into_response()));
    insta::assert_snapshot!(failed(&closed, &attempts(1)));
    let broken = Server::new("", |_, _| Some(StatusCode::BAD_GATEWAY.into_response()));
    insta::assert_snapshot!(failed(&broken, &attempts(2)));
    assert_eq!(broken.had().len(), 4);
    let whole = Server::new("x", |_, had| {
        had.headers.contains_key("range").then(|| ([("etag", "\"1\"")], "all of it").into_response())
    });
    insta::assert_snapshot!(failed(&whole, &attempts(1)));
    let circle = Server::new("", |_, _| Some(Redirect::temporary("/a.bin").into_response()));
    insta::assert_snapshot!(failed(&circle, &attempts(1)));
}

/// URLs that are signed have their signature in the query, and it is not shown.
#[test]
fn the_query_belongs_to_each_request() {
    let server = Server::good(content(100));
    let object = Object::at(&format!("{}/a.bin?sig=secret", server.url), &ObjectOptions::default()).unwrap();
    object.ranges().unwrap();
    assert_eq!(server.had()[0].query.as_deref(), Some("sig=secret"));
    assert!(object.shown().ends_with("/a.bin?***") && !format!("{object:?}").contains("secret"));
}

#[test]
fn headers_do_not_follow_a_redirect_to_another_host() {
    let other = Server::good(content(100));
    let to = format!("{}/a.bin", other.url);
    let server = Server::new("", move |_, _| Some(Redirect::temporary(&to).into_response()));
    let headers = vec![("X-Api-Key".to_owned(), "secret".to_owned())];
    let options =
        ObjectOptions { http: HttpOptions { headers, ..HttpOptions::default() }, ..ObjectOptions::default() };
    let file = server.with(&options).ranges().unwrap();
    assert_eq!(read(&*file, 0..100).unwrap(), content(100));
    assert!(server.had().iter().all(|had| had.headers["x-api-key"] == "secret"));
    assert!(other.had().iter().all(|had| !had.headers.contains_key("x-api-key")));
    assert!(!format!("{options:?}").contains("secret"));
}
