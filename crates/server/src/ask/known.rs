//! All parameters that any route takes.

use super::parameters::Parameter;

const fn parameter(name: &'static str, about: &'static str, schema: &'static str) -> Parameter {
    Parameter { name, about, schema, member: schema }
}

/// The same, of which the member of a body is of another type.
const fn with_member(
    name: &'static str,
    about: &'static str,
    schema: &'static str,
    member: &'static str,
) -> Parameter {
    Parameter { name, about, schema, member }
}

const TEXTS: &str = r#"{"type":"array","items":{"type":"string"}}"#;
const TEXT: &str = r#"{"type":"string"}"#;

pub(crate) const COLLECTIONS: Parameter =
    with_member("collections", "Items of these collections, with commas between.", TEXT, TEXTS);
pub(crate) const IDS: Parameter =
    with_member("ids", "Items with these ids, with commas between.", TEXT, TEXTS);
pub(crate) const BBOX: Parameter = with_member(
    "bbox",
    "What intersects a box: west, south, east and north in degrees; with heights west, south, low, east, north, high. A west beyond \
     the east crosses the antimeridian.",
    TEXT,
    r#"{"type":"array","minItems":4,"maxItems":6,"items":{"type":"number"}}"#,
);
pub(crate) const INTERSECTS: Parameter = with_member(
    "intersects",
    "Items that intersect this GeoJSON geometry.",
    TEXT,
    r##"{"$ref":"#/components/schemas/geometry"}"##,
);
pub(crate) const DATETIME: Parameter = parameter(
    "datetime",
    "What overlaps an instant, or an interval START/END in which `..` or nothing is an open end (RFC 3339).",
    TEXT,
);
pub(crate) const Q: Parameter = with_member(
    "q",
    "One of these terms, with commas between, occurs in the title, the description or a keyword, in any case.",
    TEXT,
    r#"{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]}"#,
);
pub(crate) const FILTER: Parameter = with_member(
    "filter",
    "Items of which this is true, in CQL2.",
    TEXT,
    r#"{"description":"CQL2 JSON, or CQL2 text","anyOf":[{"type":"object"},{"type":"string"}]}"#,
);
pub(crate) const FILTER_LANG: Parameter = parameter(
    "filter-lang",
    "The encoding of the filter. Where it is not given, the filter says it.",
    r#"{"type":"string","enum":["cql2-text","cql2-json"]}"#,
);
pub(crate) const FILTER_CRS: Parameter = parameter(
    "filter-crs",
    "The reference system of the geometries in the filter.",
    r#"{"type":"string","enum":["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]}"#,
);
pub(crate) const QUERY: Parameter = with_member(
    "query",
    "Conditions of the query extension, as JSON: {\"eo:cloud_cover\": {\"lt\": 20}}.",
    TEXT,
    r#"{"type":"object","additionalProperties":{"type":"object"}}"#,
);
pub(crate) const SORTBY: Parameter = with_member(
    "sortby",
    "The order: names with commas between, - before one for descending order. Without it the newest come first.",
    TEXT,
    r#"{"type":"array","items":{"type":"object","required":["field"],"additionalProperties":false,"properties":{"field":{"type":"string"},"direction":{"enum":["asc","desc"]}}}}"#,
);
pub(crate) const FIELDS: Parameter = with_member(
    "fields",
    "The parts that are wanted: names with commas between, - before one to leave it out.",
    TEXT,
    r#"{"type":"object","additionalProperties":false,"properties":{"include":{"type":["array","null"],"items":{"type":"string"}},"exclude":{"type":["array","null"],"items":{"type":"string"}}}}"#,
);
pub(crate) const LIMIT: Parameter = parameter(
    "limit",
    "How many a page has at most; more than 10,000 is taken for 10,000. Of an answer that is whole: how many it has; without it all.",
    r#"{"type":"integer","minimum":1,"default":10}"#,
);
pub(crate) const TOKEN: Parameter = parameter(
    "token",
    "Where a page begins: what a link to it has. It is good for the same search only.",
    TEXT,
);

/// Of each resource that has more than one representation; the description of the API lists them.
pub(crate) const F: Parameter =
    parameter("f", "The representation of the answer, whatever `Accept` says.", TEXT);

pub(crate) const AGGREGATIONS: Parameter = with_member(
    "aggregations",
    "The names of the aggregations that are wanted, with commas between.",
    TEXT,
    TEXTS,
);
pub(crate) const INTERVAL: Parameter = parameter(
    "datetime_frequency_interval",
    "The steps of datetime_frequency.",
    r#"{"type":"string","enum":["year","month","day","hour"],"default":"month"}"#,
);
pub(crate) const GEOHASH: Parameter = parameter(
    "grid_geohash_frequency_precision",
    "How many characters the geohashes have.",
    r#"{"type":"integer","minimum":1,"maximum":12,"default":3}"#,
);
pub(crate) const GEOTILE: Parameter = parameter(
    "grid_geotile_frequency_precision",
    "The zoom of the tiles.",
    r#"{"type":"integer","minimum":0,"maximum":24,"default":6}"#,
);

pub(crate) const WIDTH: Parameter = parameter(
    "histogram_interval",
    "How wide the ranges of a histogram are, such as 5; one begins at zero.",
    r#"{"type":"number","exclusiveMinimum":0,"default":10}"#,
);

/// What aggregations take; below a Collection `collections` can name this one only.
pub(crate) const AGGREGATE: &[Parameter] = &[
    AGGREGATIONS,
    INTERVAL,
    WIDTH,
    GEOHASH,
    GEOTILE,
    COLLECTIONS,
    IDS,
    BBOX,
    INTERSECTS,
    DATETIME,
    Q,
    FILTER,
    FILTER_LANG,
    FILTER_CRS,
    QUERY,
];

/// What chooses the Items of a tile; below a Collection `collections` can name this one only.
pub(crate) const TILE: &[Parameter] =
    &[COLLECTIONS, IDS, BBOX, INTERSECTS, DATETIME, Q, FILTER, FILTER_LANG, FILTER_CRS, QUERY];

/// What a search takes; below a Collection `collections` can name this one only, which pystac-client does.
pub(crate) const SEARCH: &[Parameter] = &[
    COLLECTIONS,
    IDS,
    BBOX,
    INTERSECTS,
    DATETIME,
    Q,
    FILTER,
    FILTER_LANG,
    FILTER_CRS,
    QUERY,
    SORTBY,
    FIELDS,
    LIMIT,
    TOKEN,
];

/// What a search for Collections takes.
pub(crate) const COLLECTION_SEARCH: &[Parameter] =
    &[BBOX, DATETIME, Q, FILTER, FILTER_LANG, FILTER_CRS, QUERY, SORTBY, FIELDS, LIMIT, TOKEN];
