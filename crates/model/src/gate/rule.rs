//! The fixed table of rules: what each finding's `rule` can be, the section of the specification that it comes from,
//! how the two grades weigh it, and whether the official JSON Schemas state it too.

use std::fmt;

/// How the grades weigh a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Refused in both grades.
    Refused,
    /// Refused by [`Grade::Strict`](super::Grade::Strict), a warning by default.
    Tolerated,
    /// A warning in both grades.
    Lint,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident $id:literal $section:literal $weight:ident $stated:ident;)*) => {
        /// What a finding is about: a fixed table with stable ids.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// All rules, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name of the rule: lower case, words joined by hyphens.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Where the rule stands: a specification and its section. The STAC sections have the same names in 1.0.0
            /// and 1.1.0.
            pub const fn section(self) -> &'static str {
                match self { $(Self::$name => $section,)* }
            }

            /// How the grades weigh it.
            pub const fn weight(self) -> Weight {
                match self { $(Self::$name => Weight::$weight,)* }
            }

            /// Whether the rule goes beyond the official JSON Schemas: they accept what it reports.
            pub const fn beyond_schemas(self) -> bool {
                match self { $(Self::$name => rules!(@$stated),)* }
            }
        }
    };
    (@schema) => { false };
    (@beyond) => { true };
}

rules! {
    /// The value must be a JSON object.
    Object "object" "RFC 8259, section 4" Refused schema;
    /// `stac_version` must be a version that is read.
    StacVersion "stac-version" "STAC Item, Collection and Catalog: Fields, stac_version" Refused schema;
    /// `type` must say what the object is.
    Type "type" "STAC Item, Collection and Catalog: Fields, type" Refused schema;
    /// `stac_extensions` must be an array of strings.
    Extensions "stac-extensions" "STAC Item, Collection and Catalog: Fields, stac_extensions" Refused schema;
    /// An entry of `stac_extensions` must be an IRI.
    ExtensionIri "stac-extension-iri" "STAC Item, Collection and Catalog: Fields, stac_extensions" Tolerated schema;
    /// No entry of `stac_extensions` may occur twice.
    ExtensionTwice "stac-extension-twice" "STAC Item, Collection and Catalog: Fields, stac_extensions" Tolerated schema;
    /// `id` must be a non-empty string.
    Id "id" "STAC Item, Collection and Catalog: Fields, id" Refused schema;
    /// An optional member that has no value must be left out, not null.
    NullMember "null-member" "STAC Item and Collection: Fields; Common Metadata" Tolerated schema;

    /// `geometry` must be a GeoJSON geometry or null.
    Geometry "geometry" "RFC 7946, section 3.1" Refused schema;
    /// A GeometryCollection is no geometry of an Item: the schema takes the other six types only.
    GeometryCollection "geometry-collection" "STAC Item: Item Fields, geometry; RFC 7946, section 3.1.8" Tolerated schema;
    /// `coordinates` must have the depth and the least number of positions of its type.
    Coordinates "coordinates" "RFC 7946, sections 3.1.2 to 3.1.7" Refused schema;
    /// A position must be an array of two or more numbers.
    Position "position" "RFC 7946, section 3.1.1" Refused schema;
    /// A linear ring must have four or more positions.
    RingLength "ring-length" "RFC 7946, section 3.1.6" Refused schema;
    /// The first and last position of a linear ring must be the same.
    RingClosed "ring-closed" "RFC 7946, section 3.1.6" Refused beyond;
    /// A `bbox` inside a geometry must be an array of four or more numbers.
    GeometryBbox "geometry-bbox" "RFC 7946, section 5" Refused schema;
    /// A coordinate must be a number that a double holds.
    CoordinateSize "coordinate-size" "RFC 7946, section 3.1.1; RFC 8259, section 6" Refused beyond;
    /// Longitudes are within -180..180, latitudes within -90..90.
    CoordinateRange "coordinate-range" "RFC 7946, section 4" Lint beyond;
    /// A geometry has coordinates.
    EmptyGeometry "empty-geometry" "RFC 7946, section 3.1" Lint beyond;
    /// An Item with a geometry must have a `bbox`.
    BboxMissing "bbox-missing" "STAC Item: Item Fields, bbox" Tolerated schema;
    /// `bbox` must be 4 or 6 numbers.
    Bbox "bbox" "STAC Item: Item Fields, bbox; RFC 7946, section 5" Refused schema;
    /// An Item whose geometry is null has no `bbox`.
    BboxWithoutGeometry "bbox-without-geometry" "STAC Item: Item Fields, bbox" Refused schema;
    /// The south of a `bbox` must not be greater than its north, nor its lowest height than its highest.
    BboxOrder "bbox-order" "RFC 7946, section 5" Refused beyond;
    /// `bbox` bounds the geometry.
    BboxBounds "bbox-bounds" "STAC Item: Item Fields, bbox" Lint beyond;

    /// `properties` must be an object.
    Properties "properties" "STAC Item: Properties Object" Refused schema;
    /// `datetime` must be there; null only together with `start_datetime` and `end_datetime`.
    Datetime "datetime" "STAC Item: Properties Object, datetime" Refused schema;
    /// A time must be a real date and time of RFC 3339.
    DatetimeFormat "datetime-format" "Common Metadata: Date and Time; RFC 3339, section 5.6" Refused schema;
    /// A time must be written in UTC: it ends in `Z` or `+00:00`, with a `T` before the hours.
    DatetimeUtc "datetime-utc" "Common Metadata: Date and Time" Tolerated schema;
    /// `start_datetime` and `end_datetime` must occur together.
    DatetimeRange "datetime-range" "Common Metadata: Date and Time Range" Refused schema;
    /// `start_datetime` must not be later than `end_datetime`.
    DatetimeOrder "datetime-order" "Common Metadata: Date and Time Range" Refused beyond;

    /// `collection` must be a non-empty string.
    Collection "collection" "STAC Item: Item Fields, collection" Refused schema;
    /// An Item with `collection` must have a link with `rel` `collection`.
    CollectionLink "collection-link" "STAC Item: Relation types, collection" Tolerated schema;
    /// An Item with a link with `rel` `collection` must have `collection`.
    CollectionField "collection-field" "STAC Item: Item Fields, collection" Refused schema;

    /// `links` must be an array.
    Links "links" "STAC Item, Collection and Catalog: Fields, links" Refused schema;
    /// A Link must be an object with a non-empty `rel`, and members of the right type.
    Link "link" "STAC Item, Collection and Catalog: Link Object" Refused schema;
    /// A Link must have a non-empty `href`.
    LinkHref "link-href" "STAC Item, Collection and Catalog: Link Object, href" Refused schema;
    /// The `href` of a Link or Asset must be an IRI reference of RFC 3987.
    HrefIri "href-iri" "Link Object and Asset Object, href; RFC 3987, section 2.2" Tolerated schema;
    /// The `href` of a Link with `rel` `self` must be absolute (1.1.0).
    SelfHref "self-href" "STAC Item, Collection and Catalog 1.1.0: Relation types, self" Tolerated schema;

    /// `assets` must be an object.
    Assets "assets" "STAC Item: Item Fields, assets" Refused schema;
    /// An Asset must be an object with members of the right type.
    Asset "asset" "STAC Item: Asset Object" Refused schema;
    /// An Asset must have a non-empty `href`.
    AssetHref "asset-href" "STAC Item: Asset Object, href" Refused schema;

    /// `title`, `description`, `keywords` and `roles` must be strings and arrays of strings.
    Basics "basics" "Common Metadata: Basics" Refused schema;
    /// A `description` must not be empty.
    Description "description" "Common Metadata: Basics, description" Tolerated schema;
    /// `platform`, `constellation`, `mission` and `instruments` must be strings and an array of strings.
    Instrument "instrument" "Common Metadata: Instrument" Refused schema;
    /// `gsd` must be a number greater than 0.
    Gsd "gsd" "Common Metadata: Instrument, gsd" Refused schema;
    /// `license` must be a string of letters, digits, `_`, `-`, `.` and `+`.
    License "license" "Common Metadata: Licensing; STAC Collection: Collection Fields, license" Refused schema;
    /// `providers` must be an array of Provider Objects.
    Provider "provider" "Common Metadata: Provider; STAC Collection: Provider Object" Refused schema;
    /// The `url` of a Provider must be an IRI.
    ProviderUrl "provider-url" "Common Metadata: Provider Object, url" Tolerated schema;
    /// `bands` must be an array of Band Objects (1.1.0).
    Bands "bands" "Common Metadata 1.1.0: Bands" Refused schema;
    /// `bands` stands in `properties` only where an Asset has `bands` too (1.1.0, as its schema puts it).
    BandsPlace "bands-place" "Common Metadata 1.1.0: Bands; item.json 1.1.0" Tolerated schema;
    /// `data_type`, `nodata`, `statistics` and `unit` must be as specified (1.1.0).
    DataValues "data-values" "Common Metadata 1.1.0: Data Values" Refused schema;

    /// `extent` must be an object with `spatial` and `temporal`.
    Extent "extent" "STAC Collection: Extent Object" Refused schema;
    /// `extent.spatial` must hold an array of boxes.
    SpatialExtent "spatial-extent" "STAC Collection: Spatial Extent Object" Refused schema;
    /// Of several boxes the first is the whole extent, so that there are never exactly two (1.1.0).
    SpatialExtentCount "spatial-extent-count" "STAC Collection 1.1.0: Spatial Extent Object, bbox" Tolerated schema;
    /// `extent.temporal` must hold an array of intervals.
    TemporalExtent "temporal-extent" "STAC Collection: Temporal Extent Object" Refused schema;
    /// An interval must not start after its end.
    IntervalOrder "interval-order" "STAC Collection: Temporal Extent Object, interval" Refused beyond;
    /// A summary must be a range, a non-empty array of values, or a JSON Schema.
    Summaries "summaries" "STAC Collection: Summaries" Refused schema;
    /// `item_assets` must be an object.
    ItemAssets "item-assets" "STAC Collection 1.1.0: Item Asset Definition Object" Refused beyond;
    /// An entry of `item_assets` must be an object of two or more members, without `href`.
    ItemAsset "item-asset" "STAC Collection 1.1.0: Item Asset Definition Object" Tolerated schema;

    /// The object must be valid under the JSON Schema of each of its extensions.
    ExtensionSchema "extension-schema" "the JSON Schema of the extension" Refused beyond;
    /// The JSON Schema of an extension is not among those given.
    ExtensionMissing "extension-missing" "STAC Item, Collection and Catalog: Fields, stac_extensions" Lint beyond;
    /// The JSON Schema of an extension cannot be used.
    ExtensionUnusable "extension-unusable" "the JSON Schema of the extension" Refused beyond;
    /// A field that the profile requires must be there, and not null.
    ProfileRequired "profile-required" "the profile" Refused beyond;
    /// The value of a field must be of the type that the profile declares.
    ProfileType "profile-type" "the profile" Refused beyond;
    /// A number must be within the range that the profile declares.
    ProfileRange "profile-range" "the profile" Refused beyond;
    /// A value must be one of those that the profile lists.
    ProfileEnum "profile-enum" "the profile" Refused beyond;
    /// `properties` must be what the program's own type asks for.
    TypedProperties "typed-properties" "the properties type of the program" Refused beyond;
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl serde::Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_in_kebab_case() {
        let mut ids: Vec<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert!(ids.iter().all(|id| id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Rule::ALL.len());
    }
}
