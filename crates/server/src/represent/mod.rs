//! What answers look like on the wire. A document is made whole; Items are written as they come from the stores, so that a large
//! page is never held as a whole by us.

mod aggregates;
mod document;
mod features;

pub(crate) use self::aggregates::aggregated;
pub(crate) use self::document::{document, tagged, text};
pub(crate) use self::features::{Features, features};

/// The media type of Items.
pub(crate) const GEOJSON: &str = "application/geo+json";

/// The media type of Collections and Catalogs.
pub(crate) const JSON: &str = "application/json";

/// The media type of queryables.
pub(crate) const SCHEMA: &str = "application/schema+json";
