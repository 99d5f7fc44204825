//! The key-value metadata of a file: `geo` (GeoParquet 1.1), `stac-geoparquet` (1.1), and `stacyard`, which says how
//! the columns' values are written in JSON (docs/geoparquet-layout.md).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use stacyard_store::Collections;

use crate::format::layout::{Column, Field, Layout, Null, RESIDUAL};
use crate::format::number::Whole;
use crate::format::time::{TimeFormat, TimeFormats};

pub(crate) const GEO: &str = "geo";
/// The same in files of a dataset: DuckDB's reader of Delta tables makes geometries of a column that `geo` is about, and fails as the table says that
/// they are bytes.
pub(crate) const OUR_GEO: &str = "stacyard:geo";
pub(crate) const STAC: &str = "stac-geoparquet";
pub(crate) const OURS: &str = "stacyard";

/// What the program that writes a file is called in it, before its version.
pub(crate) const CREATED_BY: &str = "stacyard ";

/// The newest layout that is read.
pub(crate) const VERSION: u32 = 2;

/// What the `stacyard` key holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Conventions {
    /// 1, or 2 where some collection spells its times otherwise, which readers of 1 would not see.
    pub(crate) version: u32,
    /// The column of JSON Patches, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) residual: Option<String>,
    /// The profile that the Items meet, as it was written (TOML).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    /// By the place in the Item: a JSON pointer with `*` for the elements of an array. Places that are not named have
    /// the defaults.
    #[serde(default)]
    pub(crate) places: BTreeMap<String, Convention>,
}

/// How the values at one place are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Convention {
    /// Whole numbers in a column of floats: `integer` is `10`, `float` (the default) is `10.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) whole_numbers: Option<WholeName>,
    /// The instant 0 as it would be written; `.*` are as many digits as the value needs. Default:
    /// `1970-01-01T00:00:00.*Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<String>,
    /// The same for Items of the collections that do it otherwise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) time_by_collection: BTreeMap<Box<str>, String>,
    /// What a null in the column is: `absent` (the default) or `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) null: Option<NullName>,
    /// Some values are not in the column, but in the residual: the column's values and statistics say nothing of all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) partial: bool,
    /// Of `/geometry`: each has a point, so that it meets whatever its box lies in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) points: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WholeName {
    Integer,
    Float,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NullName {
    Absent,
    Null,
}

impl Conventions {
    pub(crate) fn of(layout: &Layout) -> Self {
        let mut places = BTreeMap::new();
        let mut note = |pointer: &str, convention: Convention| {
            if convention != Convention::default() {
                places.insert(pointer.to_owned(), convention);
            }
        };
        note("/geometry", Convention { points: layout.points, ..whole(layout.geometry) });
        note("/bbox", whole(layout.bbox));
        note_fields("", &layout.members, &mut note);
        note_fields("/properties", &layout.properties, &mut note);
        let version = if layout.spells_by_collection() { VERSION } else { 1 };
        Self { version, residual: layout.residual.then(|| RESIDUAL.to_owned()), profile: None, places }
    }

    pub(crate) fn whole(&self, pointer: &str) -> Whole {
        match self.places.get(pointer).and_then(|place| place.whole_numbers) {
            Some(WholeName::Integer) => Whole::Integer,
            _ => Whole::Float,
        }
    }

    pub(crate) fn time(&self, pointer: &str) -> TimeFormats {
        let Some(place) = self.places.get(pointer) else { return TimeFormats::default() };
        let format = |pattern: &str| TimeFormat::from_pattern(pattern).unwrap_or_default();
        let by_collection = place.time_by_collection.iter();
        TimeFormats {
            common: place.time.as_deref().map(format).unwrap_or_default(),
            by_collection: by_collection.map(|(name, pattern)| (name.clone(), format(pattern))).collect(),
        }
    }

    /// Whether some values of the place are in the residual alone.
    pub(crate) fn is_partial(&self, pointer: &str) -> bool {
        self.places.get(pointer).is_some_and(|place| place.partial)
    }

    /// Whether each geometry is known to have a point.
    pub(crate) fn has_points(&self) -> bool {
        self.places.get("/geometry").is_some_and(|place| place.points)
    }

    pub(crate) fn null(&self, pointer: &str) -> Null {
        match self.places.get(pointer).and_then(|place| place.null) {
            Some(NullName::Null) => Null::Null,
            // A file that says nothing: `datetime` is required, all else is optional (STAC Item, Properties Object).
            None if self.version == 0 && pointer == "/properties/datetime" => Null::Null,
            Some(NullName::Absent) | None => Null::Absent,
        }
    }
}

fn whole(whole: Whole) -> Convention {
    Convention {
        whole_numbers: (whole == Whole::Integer).then_some(WholeName::Integer),
        ..Convention::default()
    }
}

fn note_fields(pointer: &str, fields: &[Field], note: &mut impl FnMut(&str, Convention)) {
    for field in fields {
        let mut pointer = pointer.to_owned();
        stacyard_model::json::push_pointer_token(&mut pointer, &field.name);
        let null = (field.null == Null::Null).then_some(NullName::Null);
        note_column(&pointer, &field.column, (null, field.partial), note);
    }
}

fn note_column(
    pointer: &str,
    column: &Column,
    (null, partial): (Option<NullName>, bool),
    note: &mut impl FnMut(&str, Convention),
) {
    let mut convention = Convention { null, partial, ..Convention::default() };
    match column {
        Column::Float(spelling) | Column::Geometry(spelling) => {
            convention.whole_numbers = whole(*spelling).whole_numbers;
        }
        Column::Time(formats) => {
            let common = formats.common;
            convention.time = Some(common.pattern()).filter(|_| common != TimeFormat::default());
            let by_collection = formats.by_collection.iter();
            convention.time_by_collection =
                by_collection.map(|(name, format)| (name.clone(), format.pattern())).collect();
        }
        Column::Struct(fields) => note_fields(pointer, fields, note),
        Column::List(element) => note_column(&format!("{pointer}/*"), element, (None, false), note),
        Column::Boolean | Column::Integer | Column::Text => {}
    }
    note(pointer, convention);
}

/// The `stac-geoparquet` value ("Parquet Metadata").
pub(crate) fn stac(collections: &Collections) -> Value {
    let mut metadata = json!({ "version": "1.1.0" });
    if !collections.is_empty() {
        metadata["collections"] = json!(collections);
    }
    metadata
}
