//! What answers look like on the wire. A document is made whole; Items are written as they come from the stores, so that a large
//! answer is never held as a whole by us (`stream`): a page of them (`features`), or all (`whole`). `html` has the pages for people,
//! and `cached` says how long answers are good.

mod aggregates;
mod cached;
mod document;
mod features;
mod html;
mod items;
mod stream;
mod whole;

pub(crate) use self::aggregates::aggregated;
pub(crate) use self::cached::with_age;
pub(crate) use self::document::{document, shown, tagged, text};
pub(crate) use self::html::problems_as_pages;
pub(crate) use self::items::items;

/// The pages, each made of the JSON of its resource.
pub(crate) mod page {
    pub(crate) use super::html::{
        Section, api, collection, collections, conformance, item, landing, response, schema,
    };
}

/// The media type of Items.
pub(crate) const GEOJSON: &str = "application/geo+json";

/// The media type of Collections and Catalogs.
pub(crate) const JSON: &str = "application/json";

/// The media type of queryables.
pub(crate) const SCHEMA: &str = "application/schema+json";

/// The media type of Items, a line each.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// The media type of pages for people, as answers say it.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// The same, as links say it.
pub(crate) const HTML_LINKED: &str = "text/html";
