//! Answers without pages: the Items as they are stored, a line each or as one FeatureCollection, chosen properties as rows, or a file of columns that
//! is made before it is sent.

use std::fs::File;
use std::io::Read;

use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH};
use axum::response::Response;
use stacyard_search::{Fields, Stop};
use stacyard_store::{Answer, Error, default_threads};

use super::csv::Rows;
use super::document::{text, unmade};
use super::stream::{Parts, streamed};
use crate::ask::Asked;
use crate::catalog::Catalog;
use crate::media::{CSV, GEOJSON, NDJSON};
use crate::options::Export;
use crate::problem::Problem;
use crate::state::App;

/// So much of a file is read at once.
const READ: usize = 1 << 20;

/// All Items that answer, a line each. Of a `head` alone nothing is asked for.
pub(super) async fn lines(
    app: &App,
    catalog: Catalog,
    asked: &Asked,
    is_head: bool,
) -> Result<Response, Problem> {
    let query = asked.whole()?;
    if is_head {
        return Ok(unmade(NDJSON));
    }
    let job = app.works.whole().await?;
    let begun = job.prepare(move |stop| {
        let mut answer = catalog.answer(&query, stop)?;
        let first = answer.part(stop)?;
        Ok((first, answer))
    });
    let (first, answer) = begun.await?;
    Ok(text(NDJSON, streamed(job, first.unwrap_or_default(), answer)?))
}

impl Parts for Answer {
    fn part(&mut self, _: &Stop) -> Result<Option<Vec<Bytes>>, Error> {
        let chunks = self.lines(default_threads())?;
        Ok(chunks.map(|chunks| chunks.into_iter().map(Bytes::from).collect()))
    }
}

/// All Items that answer, as one FeatureCollection.
pub(super) async fn collected(
    app: &App,
    catalog: Catalog,
    asked: &Asked,
    (name, is_head): (&str, bool),
) -> Result<Response, Problem> {
    let query = asked.whole()?;
    if is_head {
        return Ok(attached(unmade(GEOJSON), name, "geojson"));
    }
    let job = app.works.whole().await?;
    let begun = job.prepare(move |stop| {
        let mut parts = Collected { answer: catalog.answer(&query, stop)?, written: 0, is_done: false };
        let first = parts.part(stop)?;
        Ok((first, parts))
    });
    let (first, parts) = begun.await?;
    let body = streamed(job, first.unwrap_or_default(), parts)?;
    Ok(attached(text(GEOJSON, body), name, "geojson"))
}

/// Lines, as the features of a FeatureCollection.
struct Collected {
    answer: Answer,
    written: usize,
    is_done: bool,
}

impl Parts for Collected {
    fn part(&mut self, _: &Stop) -> Result<Option<Vec<Bytes>>, Error> {
        if self.is_done {
            return Ok(None);
        }
        let chunks = self.answer.lines(default_threads())?;
        self.is_done = chunks.is_none();
        let mut out = Vec::new();
        if self.written == 0 {
            out.extend_from_slice(br#"{"type":"FeatureCollection","features":["#);
        }
        for line in chunks.iter().flatten().flat_map(|chunk| chunk.split(|byte| *byte == b'\n')) {
            if !line.is_empty() {
                out.extend_from_slice(if self.written > 0 { b",\n" } else { b"\n" });
                out.extend_from_slice(line);
                self.written += 1;
            }
        }
        // The head is there once, also before nothing.
        self.written = self.written.max(1);
        if self.is_done {
            out.extend_from_slice(b"\n]}\n");
        }
        Ok(Some(vec![out.into()]))
    }
}

/// Chosen properties of all Items that answer, as rows.
pub(super) async fn rows(
    app: &App,
    catalog: Catalog,
    mut asked: Asked,
    columns: Vec<String>,
    (name, is_head): (&str, bool),
) -> Result<Response, Problem> {
    if is_head {
        return Ok(attached(unmade(CSV), name, "csv"));
    }
    // What no column shows need not be read. Names of properties may have what a list of fields cannot have in them.
    let is_plain = |name: &String| {
        !name.contains(',') && !name.starts_with(['-', '+']) && !name.split('.').any(str::is_empty)
    };
    if columns.iter().all(is_plain) {
        asked.search.fields = Fields::parse(&columns.join(","))?;
    }
    let query = asked.whole()?;
    let job = app.works.whole().await?;
    let begun = job.prepare(move |stop| {
        let mut parts = Rows { answer: catalog.answer(&query, stop)?, columns, is_begun: false };
        let first = parts.part(stop)?;
        Ok((first, parts))
    });
    let (first, parts) = begun.await?;
    let body = streamed(job, first.unwrap_or_default(), parts)?;
    Ok(attached(text(CSV, body), name, "csv"))
}

/// An answer that a browser keeps as a file of this name.
fn attached(mut response: Response, name: &str, extension: &str) -> Response {
    let name = format!("attachment; filename=\"{}.{extension}\"", file_name(name));
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    response
}

/// All Items that answer, as a file. Of a `head` alone nothing is made, so that its length is not known.
pub(super) async fn exported(
    app: &App,
    catalog: Catalog,
    asked: &Asked,
    export: &Export,
    (name, is_head): (&str, bool),
) -> Result<Response, Problem> {
    let query = asked.whole()?;
    let named = |response| attached(response, name, export.extension);
    if is_head {
        return Ok(named(unmade(export.media_type)));
    }
    let (job, write) = (app.works.whole().await?, export.write.clone());
    let made = job.prepare(move |stop| {
        let file = catalog.export(&query, &write, stop)?;
        let length = file.metadata().map_err(unreadable)?.len();
        Ok((file, length))
    });
    let (file, length) = made.await?;
    let body = streamed(job.done(), Vec::new(), Rest { file, left: length })?;
    let mut response = named(text(export.media_type, body));
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    Ok(response)
}

/// What is left of a file.
struct Rest {
    file: File,
    left: u64,
}

impl Parts for Rest {
    fn part(&mut self, _: &Stop) -> Result<Option<Vec<Bytes>>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(READ);
        let length = (&self.file).take(READ as u64).read_to_end(&mut bytes).map_err(unreadable)? as u64;
        if length == 0 {
            return Err(Error::failed("a temporary file has become shorter"));
        }
        self.left = self.left.saturating_sub(length);
        Ok(Some(vec![bytes.into()]))
    }
}

fn unreadable(cause: std::io::Error) -> Error {
    Error::io("read an answer from a temporary file in", &std::env::temp_dir(), cause)
}

/// A name as it can stand in a header and on any disk.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    name.chars().map(plain).take(100).collect()
}
