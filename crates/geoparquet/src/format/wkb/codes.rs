//! The numbers of WKB: which geometry stands there, and what is added to its type.

/// The types of geometries.
pub(super) const POINT: u32 = 1;
pub(super) const LINE_STRING: u32 = 2;
pub(super) const POLYGON: u32 = 3;
pub(super) const MULTI_POINT: u32 = 4;
pub(super) const MULTI_LINE_STRING: u32 = 5;
pub(super) const MULTI_POLYGON: u32 = 6;
pub(super) const COLLECTION: u32 = 7;

/// What the type of a geometry of many is more than the type of its parts.
pub(super) const MULTI: u32 = 3;

/// Each with its name in GeoJSON, and how deep its positions lie in `coordinates`.
pub(super) const TYPES: [(&str, u32, u8); 7] = [
    ("Point", POINT, 0),
    ("LineString", LINE_STRING, 1),
    ("Polygon", POLYGON, 2),
    ("MultiPoint", MULTI_POINT, 1),
    ("MultiLineString", MULTI_LINE_STRING, 2),
    ("MultiPolygon", MULTI_POLYGON, 3),
    ("GeometryCollection", COLLECTION, 0),
];

/// What ISO WKB adds to the type of a geometry with heights (OGC 06-103r4, section 8.2).
pub(super) const ISO_Z: u32 = 1_000;

/// The bits of PostGIS's EWKB: heights, measures, and the number of a reference system, which follows.
pub(super) const EWKB_Z: u32 = 0x8000_0000;
pub(super) const EWKB_M: u32 = 0x4000_0000;
pub(super) const EWKB_SRID: u32 = 0x2000_0000;
pub(super) const EWKB_TYPE: u32 = 0x0FFF_FFFF;
