//! Media types.

/// Items.
pub(crate) const GEOJSON: &str = "application/geo+json";

/// Collections, Catalogs and most other documents.
pub(crate) const JSON: &str = "application/json";

/// Queryables and sortables.
pub(crate) const SCHEMA: &str = "application/schema+json";

/// Items, a line each.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// Rows of texts (RFC 4180).
pub(crate) const CSV: &str = "text/csv; charset=utf-8";

/// Tiles of a map.
pub(crate) const MVT: &str = "application/vnd.mapbox-vector-tile";

/// What went wrong.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// Pages for people, as answers say it.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// The same, as links say it.
pub(crate) const HTML_LINKED: &str = "text/html";

/// Patches (RFC 7396, RFC 6902).
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";
