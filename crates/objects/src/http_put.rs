//! A file that goes to a server of HTTP: one PUT, on the condition that nobody else was faster (RFC 9110, section 13.1).

use std::fs::File;
use std::io;
use std::time::Duration;

use futures_util::stream;
use reqwest::header::{CONTENT_LENGTH, IF_MATCH, IF_NONE_MATCH};
use reqwest::{Body, StatusCode};
use stacyard_http::HttpOptions;
use stacyard_store::{Error, ErrorKind};

use crate::file::State;
use crate::place::Place;
use crate::upload::piece;

/// How much is read of the file at a time.
const PIECE: usize = 256 << 10;

/// Puts a file. `old` is what it replaces; what was not there may be replaced if this `overwrites`.
pub(crate) fn put(
    place: &Place,
    http: &HttpOptions,
    (file, size): (&File, u64),
    (old, overwrites): (Option<&State>, bool),
) -> Result<(), Error> {
    let shown = &place.shown;
    let file = file
        .try_clone()
        .map_err(|cause| Error::io("read a temporary file for", shown.as_ref().as_ref(), cause))?;
    // 64 KiB a second are the least.
    let patience = http.timeout + Duration::from_secs(size >> 16);
    let pieces = stream::try_unfold(file, |file| async move {
        let bytes = piece(&mut &file, PIECE)?;
        Ok::<_, io::Error>((!bytes.is_empty()).then_some((bytes, file)))
    });
    let client = stacyard_http::built(stacyard_http::client(&place.url, http)?.timeout(patience))?;
    let mut request = client
        .put(place.url.clone())
        .headers(http.header_map()?)
        .header(CONTENT_LENGTH, size)
        .body(Body::wrap_stream(pieces));
    match old.map(State::strong) {
        Some(Some(tag)) => request = request.header(IF_MATCH, tag),
        None if !overwrites => request = request.header(IF_NONE_MATCH, "*"),
        // Without a tag that can be compared: it has been looked at just before.
        _ => {}
    }
    let answer = stacyard_runtime::wait(place.runtime, async { request.send().await }).map_err(|cause| {
        let message = format!("{shown} was not written: {}", cause.without_url());
        Error::new(ErrorKind::Unavailable, &message)
            .remedy("look whether it is there all the same, and try again")
            .unsure()
    })?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let kind = match status {
        StatusCode::PRECONDITION_FAILED => ErrorKind::Conflict,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorKind::Denied,
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED | StatusCode::NOT_FOUND => {
            ErrorKind::Unsupported
        }
        status if status.is_server_error() => ErrorKind::Unavailable,
        _ => ErrorKind::Failed,
    };
    Err(Error::new(kind, &format!("{shown} was not written: the server answers {status}")).remedy(
        match kind {
            ErrorKind::Conflict => "somebody else has written it meanwhile: do it again",
            ErrorKind::Unsupported => {
                "it takes no files by PUT: write to this machine, and bring it there in another way"
            }
            _ => "check the credentials and the server",
        },
    ))
}
