//! How stores are opened, as the keywords say.

use std::collections::BTreeMap;
use std::env;

use pyo3::prelude::*;
use stacyard::{ApiOptions, CrawlOptions, Error, HttpOptions, ObjectOptions, Open, StoreKind};
use stacyard_store::MAX_RECORD_BYTES;

use crate::error::OrRaise;
use crate::options::Options;

/// The environment variable with a bearer token, as the command has it.
const TOKEN: &str = "STACYARD_TOKEN";

/// How stores are opened.
pub(crate) fn how(options: &Options<'_, '_>) -> PyResult<Open> {
    let usual = Open::default();
    let http = http(options)?;
    let max_record_bytes = record_bytes(options, usual.max_record_bytes)?;
    let api = ApiOptions {
        http: http.clone(),
        page: options.get("page_size")?.unwrap_or(usual.api.page),
        connections: options.get("harvest_connections")?.unwrap_or(usual.api.connections),
        strict: options.is_on("strict_api")?,
        ..usual.api
    };
    let settings: BTreeMap<String, String> = options.get("object_options")?.unwrap_or_default();
    let objects = ObjectOptions {
        http: http.clone(),
        settings: settings.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
        anonymous: options.is_on("anonymous")?,
    };
    let catalog = CrawlOptions {
        http,
        max_record_bytes,
        concurrency: options.get("concurrency")?.unwrap_or(usual.catalog.concurrency),
        ..CrawlOptions::default()
    };
    Ok(Open {
        kind: kind(options, "store_kind")?,
        max_record_bytes,
        connections: options.get("connections")?.unwrap_or(usual.connections),
        api,
        objects,
        catalog,
        ..usual
    })
}

/// What a store holds, whatever its name says.
pub(crate) fn kind(options: &Options<'_, '_>, name: &str) -> PyResult<Option<StoreKind>> {
    options.parsed(name, |text| {
        text.parse()
            .map_err(|known: String| Error::usage(format!("{name}: {text:?} is no kind of store"), known))
    })
}

fn record_bytes(options: &Options<'_, '_>, usual: usize) -> PyResult<usize> {
    let Some(bytes) = options.get("max_record_size")? else { return Ok(usual) };
    if (1..=MAX_RECORD_BYTES).contains(&bytes) {
        return Ok(bytes);
    }
    let wrong = Error::usage(format!("max_record_size: {bytes} bytes"), "give 1 byte to 512 MiB");
    Err(wrong).or_raise(options.0.py())
}

fn http(options: &Options<'_, '_>) -> PyResult<HttpOptions> {
    let headers: BTreeMap<String, String> = options.get("headers")?.unwrap_or_default();
    let mut headers: Vec<(String, String)> = headers.into_iter().collect();
    if let Ok(token) = env::var(TOKEN)
        && !token.is_empty()
        && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
    {
        headers.push(("Authorization".to_owned(), format!("Bearer {}", token.trim())));
    }
    Ok(HttpOptions { headers, follow_foreign: options.is_on("follow_foreign")?, ..HttpOptions::default() })
}
