//! What answers look like on the wire. A document is made whole; Items are written as they come from the stores, so that a large
//! answer is never held as a whole by us (`stream`): a page of them (`features`), or all (`whole`). `html` has the pages for people,
//! and `cached` says how long answers are good.

mod aggregates;
mod cached;
mod csv;
mod document;
mod features;
mod html;
mod items;
mod packed;
mod page_links;
mod stream;
mod whole;

pub(crate) use self::aggregates::aggregated;
pub(crate) use self::cached::with_age;
pub(crate) use self::csv::{USUAL, columns, length as length_of_row};
pub(crate) use self::document::{document, shown, tagged, text};
pub(crate) use self::features::shown_features;
pub(crate) use self::html::problems_as_pages;
pub(crate) use self::items::items;
pub(crate) use self::packed::{packing, tagged_as_packed};
pub(crate) use self::page_links::{PageLinks, Way};

/// The pages, each made of the JSON of its resource.
pub(crate) mod page {
    pub(crate) use super::html::{
        Card, Commands, Download, Filter, Found, Neighbours, Search, Section, Site, aggregates, api,
        collection, collections, conformance, item, landing, response, schema,
    };
}
