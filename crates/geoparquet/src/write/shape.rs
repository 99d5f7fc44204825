//! What stands in the Items: counted in a first pass, so that every field of every Item has its column before the
//! first row is written.
//!
//! Shapes of batches are counted on many cores and merged in the order of the batches: the result does not depend on
//! who was faster.

use std::borrow::Cow;
use std::hash::Hasher;
use std::sync::Arc;

use rustc_hash::{FxHashSet, FxHasher};
use stacyard_model::json::{Kind, Value};
use stacyard_model::{FieldType, Profile, Rfc3339};

use crate::format::layout::MAX_COLUMNS;
use crate::format::number::{self, Spelling, Whole};
use crate::format::time;
use crate::format::wkb::{self, Bounds};
use crate::write::fields::Fields;
use crate::write::spelling::TimeShape;

/// The values that have stood at one place of the Items.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    pub(crate) nulls: u64,
    pub(crate) booleans: u64,
    pub(crate) strings: u64,
    pub(crate) objects: u64,
    pub(crate) arrays: u64,
    /// Numbers spelled as integers that fit an i64 and an f64; only an i64; neither.
    pub(crate) integers: u64,
    pub(crate) long_integers: u64,
    pub(crate) huge_integers: u64,
    /// Numbers spelled as floats: with a fraction, whole (`10.0`), and those that no f64 holds.
    pub(crate) fractions: u64,
    pub(crate) whole_floats: u64,
    pub(crate) long_floats: u64,
    /// How its RFC 3339 strings are written; counted only where a time is expected.
    pub(crate) times: Option<Box<TimeShape>>,
    /// Its GeoJSON geometries; counted only where one is expected.
    pub(crate) geometries: Option<Box<GeometryShape>>,
    pub(crate) fields: Fields,
    pub(crate) element: Option<Box<Shape>>,
    /// Some values that have stood here were not counted: there were too many names around them.
    pub(crate) incomplete: bool,
    /// A look at how often its numbers and strings repeat.
    repeats: Option<Box<Repeats>>,
}

/// Hashes of some of the values at one place.
#[derive(Debug, Clone, Default)]
struct Repeats {
    distinct: FxHashSet<u64>,
    values: u64,
}

/// So many values are looked at, about as many as a row group has.
const REPEATS: u64 = 10_000;

impl Repeats {
    fn add(&mut self, text: &str) {
        if self.values >= REPEATS {
            return;
        }
        let mut hasher = FxHasher::default();
        hasher.write(text.as_bytes());
        self.distinct.insert(hasher.finish());
        self.values += 1;
    }

    fn merge(&mut self, other: Self) {
        if self.values < REPEATS {
            self.distinct.extend(other.distinct);
            self.values += other.values;
        }
    }
}

/// A type of values in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Most {
    /// There are only nulls.
    Nothing,
    Numbers,
    Strings,
    Booleans,
    Arrays,
    Objects,
}

/// What a place is known to hold by its name, beyond what its values say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Expected {
    #[default]
    Anything,
    /// A timestamp column by the stac-geoparquet specification ("native timestamp").
    Time,
    /// A WKB column by the stac-geoparquet specification ("any other properties that would be stored as GeoJSON").
    Geometry,
}

/// What the field `name`, directly in the properties or not, is known to hold.
pub(crate) fn expected(name: &str, in_properties: bool) -> Expected {
    match name {
        time::DATETIME
        | time::START
        | time::END
        | "created"
        | "updated"
        | "published"
        | "expires"
        | "unpublished"
            if in_properties =>
        {
            Expected::Time
        }
        "proj:geometry" => Expected::Geometry,
        _ => Expected::Anything,
    }
}

/// What is known before the first Item: what the properties hold, by the specification and by the user's profile, and how
/// many columns there may be.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) profile: Option<Arc<Profile>>,
    /// So many leaf columns at most.
    pub(crate) max_columns: usize,
    /// The columns of the table that the file is going to be of, which keep their types; `None`: it stands alone.
    pub(crate) table: Option<arrow_schema::Fields>,
}

impl Default for Declared {
    fn default() -> Self {
        Self { profile: None, max_columns: MAX_COLUMNS, table: None }
    }
}

impl Declared {
    /// The type that the profile gives a property.
    pub(crate) fn kind(&self, name: &str) -> Option<FieldType> {
        Some(self.profile.as_ref()?.field(name)?.kind)
    }

    /// Whether a property has a column however rare it is: searches look at it without asking whether some Item has it
    /// in the residual.
    pub(crate) fn is_essential(&self, name: &str) -> bool {
        self.kind(name).is_some() || expected(name, true) == Expected::Time
    }

    /// So many names are counted in the Items of one batch, in their properties and apart from those. Many batches are
    /// under way at once; Items resemble each other, and what many have is seen early.
    pub(crate) fn names_of_batch(&self) -> usize {
        self.max_columns.max(MAX_COLUMNS).saturating_mul(8)
    }

    /// So many names are counted in all Items, in their properties and apart from those, before the rarest are
    /// forgotten.
    pub(crate) fn names_of_all(&self) -> usize {
        self.max_columns.max(MAX_COLUMNS).saturating_mul(20)
    }

    pub(crate) fn expected(&self, name: &str) -> Expected {
        match self.kind(name) {
            Some(FieldType::Datetime) => Expected::Time,
            Some(_) => Expected::Anything,
            None => expected(name, true),
        }
    }
}

/// Where an Item lies: what the order of the rows goes by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placed<'a> {
    /// Empty without one.
    pub(crate) collection: Cow<'a, str>,
    /// Longitude and latitude of the middle of the geometry's box; NaN without one.
    pub(crate) center: [f32; 2],
    /// The start of the temporal extent in microseconds since 1970; the least of all without one.
    pub(crate) time: i64,
}

impl Default for Placed<'_> {
    fn default() -> Self {
        Self { collection: Cow::default(), center: [f32::NAN; 2], time: i64::MIN }
    }
}

impl Placed<'_> {
    /// Takes a time of the Item: `start_datetime` counts before `datetime`, which comes first in few Items.
    pub(crate) fn note_time(&mut self, name: &str, value: Value<'_>) {
        if (name == time::DATETIME && self.time == i64::MIN) || name == time::START {
            let time = value.as_plain_str().and_then(Rfc3339::parse).and_then(time::micros);
            self.time = time.unwrap_or(self.time);
        }
    }
}

impl Shape {
    /// Counts a value, with so much room for new names inside it; with `look` it is also looked at how often it repeats.
    pub(crate) fn add(&mut self, value: Value<'_>, expected: Expected, look: bool, room: &mut usize) {
        if look && matches!(value.kind(), Kind::Number | Kind::String) {
            self.repeats.get_or_insert_default().add(value.raw());
        }
        match value.kind() {
            Kind::Null => self.nulls += 1,
            Kind::True | Kind::False => self.booleans += 1,
            Kind::Number => self.add_number(value),
            Kind::String => self.strings += 1,
            Kind::Array => {
                self.arrays += 1;
                let element = self.element.get_or_insert_default();
                for value in value.elements().into_iter().flatten() {
                    element.add(value, Expected::Anything, look, room);
                }
            }
            Kind::Object if expected == Expected::Geometry => {
                self.objects += 1;
                self.geometries.get_or_insert_default().add(value, &mut Vec::new());
            }
            Kind::Object => {
                self.objects += 1;
                let mut cursor = 0;
                for (key, value) in value.members().into_iter().flatten() {
                    if let Some((shape, name)) = self.fields.at(key, &mut cursor, room, |_| false) {
                        let inner = self::expected(name, false);
                        shape.add(value, inner, look, room);
                    }
                }
            }
        }
    }

    fn add_number(&mut self, value: Value<'_>) {
        let Some(number) = value.as_number() else { return };
        let spelling = number::narrow(number).spelling;
        match (number.is_integer(), spelling) {
            (true, Some(_)) => self.integers += 1,
            (true, None) if number.as_i64().is_some() => self.long_integers += 1,
            (true, None) => self.huge_integers += 1,
            (false, Some(Spelling::Any)) => self.fractions += 1,
            (false, Some(_)) => self.whole_floats += 1,
            (false, None) => self.long_floats += 1,
        }
    }

    /// Counts how a value of a property that holds times is written; `collection` is that of its Item.
    pub(crate) fn add_time(&mut self, value: Value<'_>, collection: Option<&str>) {
        if let Some(time) = value.as_plain_str().and_then(Rfc3339::parse) {
            self.times.get_or_insert_default().add(time, collection);
        }
    }

    /// Adds what another has counted; gives the number of names that are new.
    pub(crate) fn merge(&mut self, other: Self) -> usize {
        self.nulls += other.nulls;
        self.booleans += other.booleans;
        self.strings += other.strings;
        self.objects += other.objects;
        self.arrays += other.arrays;
        self.integers += other.integers;
        self.long_integers += other.long_integers;
        self.huge_integers += other.huge_integers;
        self.fractions += other.fractions;
        self.whole_floats += other.whole_floats;
        self.long_floats += other.long_floats;
        self.incomplete |= other.incomplete;
        if let Some(times) = other.times {
            self.times.get_or_insert_default().merge(*times);
        }
        if let Some(geometries) = other.geometries {
            self.geometries.get_or_insert_default().merge(*geometries);
        }
        if let Some(repeats) = other.repeats {
            self.repeats.get_or_insert_default().merge(*repeats);
        }
        let of_element =
            other.element.map_or(0, |element| self.element.get_or_insert_default().merge(*element));
        of_element + self.fields.merge(other.fields)
    }

    /// How many names stand in it.
    pub(crate) fn names(&self) -> usize {
        self.element.as_ref().map_or(0, |element| element.names()) + self.fields.names()
    }

    /// The type that most values have; where two have as many, the first.
    pub(crate) fn most(&self) -> Most {
        let counts = [
            (self.numbers(), Most::Numbers),
            (self.strings, Most::Strings),
            (self.booleans, Most::Booleans),
            (self.arrays, Most::Arrays),
            (self.objects, Most::Objects),
        ];
        let most = counts.iter().map(|(count, _)| *count).max().unwrap_or(0);
        let most = counts.into_iter().find(|(count, _)| *count == most && most > 0);
        most.map_or(Most::Nothing, |(_, most)| most)
    }

    /// Whether most values of a row group occur in it more than once: then a dictionary pays.
    pub(crate) fn repeats(&self) -> bool {
        self.repeats.as_ref().is_some_and(|repeats| repeats.distinct.len() as u64 * 8 <= repeats.values)
    }

    /// The shape of a leaf column, by its path in the file from here on.
    pub(crate) fn leaf(&self, path: &[String]) -> Option<&Self> {
        match (path, &self.element) {
            ([], _) => Some(self),
            ([name, rest @ ..], _) if self.fields.get(name).is_some() => self.fields.get(name)?.leaf(rest),
            // The names of the Parquet format (LogicalTypes.md, "Lists").
            ([list, inner, rest @ ..], Some(element)) if list == "list" && inner == "element" => {
                element.leaf(rest)
            }
            _ => None,
        }
    }

    /// How often it was there, as null too.
    pub(crate) fn occurrences(&self) -> u64 {
        self.present() + self.nulls
    }

    /// Values that are not null.
    pub(crate) fn present(&self) -> u64 {
        self.booleans + self.strings + self.objects + self.arrays + self.numbers()
    }

    pub(crate) fn numbers(&self) -> u64 {
        self.integers + self.long_integers + self.huge_integers + self.floats()
    }

    pub(crate) fn floats(&self) -> u64 {
        self.fractions + self.whole_floats + self.long_floats
    }
}

/// What geometries have stood at one place.
#[derive(Debug, Clone, Default)]
pub(crate) struct GeometryShape {
    pub(crate) valid: u64,
    pub(crate) inexact: u64,
    /// Geometries without a point.
    pub(crate) empty: u64,
    /// Geometries that have coordinates spelled `10`, or spelled `10.0`.
    pub(crate) whole_integers: u64,
    pub(crate) whole_floats: u64,
    /// The names of the types, with ` Z` after them where there are heights (GeoParquet 1.1, `geometry_types`).
    pub(crate) types: Vec<(&'static str, bool)>,
    pub(crate) bounds: Bounds,
}

impl GeometryShape {
    /// Counts a geometry, writing its WKB to `scratch`.
    pub(crate) fn add(&mut self, geometry: Value<'_>, scratch: &mut Vec<u8>) -> Option<wkb::Written> {
        scratch.clear();
        let written = wkb::write(geometry, scratch)?;
        self.valid += 1;
        self.inexact += u64::from(written.inexact);
        self.empty += u64::from(written.bounds.is_empty());
        self.whole_integers += u64::from(written.whole_integers > 0);
        self.whole_floats += u64::from(written.whole_floats > 0);
        self.add_type((written.name, written.three_d));
        self.bounds.merge(&written.bounds);
        Some(written)
    }

    fn add_type(&mut self, name: (&'static str, bool)) {
        if !self.types.contains(&name) {
            self.types.push(name);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.valid += other.valid;
        self.inexact += other.inexact;
        self.empty += other.empty;
        self.whole_integers += other.whole_integers;
        self.whole_floats += other.whole_floats;
        other.types.into_iter().for_each(|name| self.add_type(name));
        self.bounds.merge(&other.bounds);
    }

    /// The spelling of whole numbers that more geometries need.
    pub(crate) fn whole(&self) -> Whole {
        if self.whole_integers > self.whole_floats { Whole::Integer } else { Whole::Float }
    }

    /// Whether each comes back as it was written.
    pub(crate) fn is_exact(&self) -> bool {
        self.inexact == 0 && (self.whole_integers == 0 || self.whole_floats == 0)
    }
}
