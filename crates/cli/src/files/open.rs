//! Stores opened as the flags say.

use stacyard::{CrawlOptions, Open, Store};
use stacyard_store::{Error, StoreUrl};

use crate::console::report;
use crate::flags::Global;

/// How stores are opened.
pub(crate) fn how(global: &Global) -> Result<Open, Error> {
    let (max_record_bytes, api) = (global.record_bytes(), global.api.options()?);
    let objects = global.api.objects()?;
    let catalog = CrawlOptions {
        http: api.http.clone(),
        objects: objects.clone(),
        max_record_bytes,
        ..CrawlOptions::default()
    };
    Ok(Open { max_record_bytes, api, catalog, objects, ..Open::default() })
}

/// Opens a store to be read, and says what one should know before trusting it.
pub(crate) fn store(url: &StoreUrl, global: &Global) -> Result<Store, Error> {
    opened(url, global, &how(global)?)
}

/// The same, opened in a way of its own.
pub(crate) fn opened(url: &StoreUrl, global: &Global, how: &Open) -> Result<Store, Error> {
    let store = how.url(url)?;
    if let Some(caution) = store.caution() {
        report::warn(global, &caution);
    }
    Ok(store)
}
