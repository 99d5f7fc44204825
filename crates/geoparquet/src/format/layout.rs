//! The columns of a file, and how their values are written in JSON.

use std::path::Path;

use stacyard_store::{Note, Remedy};

use crate::format::number::Whole;
use crate::format::time::TimeFormats;

/// The column of JSON Patches that make the Items exact.
pub(crate) const RESIDUAL: &str = "stacyard:residual";

/// More leaf columns than these make the footer larger than the data. What is worth least lives in the residual.
pub const MAX_COLUMNS: usize = 1_000;

/// Members of an Item that are no properties. A property of such a name would collide with a column, which the
/// stac-geoparquet specification does not support: it lives in the residual.
pub(crate) const RESERVED: [&str; 11] = [
    "type",
    "stac_version",
    "stac_extensions",
    "id",
    "collection",
    "geometry",
    "bbox",
    "properties",
    "links",
    "assets",
    RESIDUAL,
];

/// The columns of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    /// `id`, `collection`, `stac_version`, `stac_extensions`, `links`, `assets`: those that occur.
    pub(crate) members: Vec<Field>,
    pub(crate) properties: Vec<Field>,
    /// How coordinates are spelled.
    pub(crate) geometry: Whole,
    /// No geometry is empty.
    pub(crate) points: bool,
    /// How the numbers of `bbox` are spelled.
    pub(crate) bbox: Whole,
    /// Some boxes have heights.
    pub(crate) bbox_heights: bool,
    /// Some Item needs the residual column.
    pub(crate) residual: bool,
    pub(crate) left_out: LeftOut,
}

/// What other programs do not find in the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LeftOut {
    /// So many leaves have no column, as there would be too many.
    pub(crate) leaves: usize,
    /// Of so many.
    pub(crate) of: usize,
    /// Others were not even counted.
    pub(crate) more: bool,
    /// Values with a name that no column can have.
    pub(crate) nameless: u64,
    /// Values of another type than their column: it has null in their place.
    pub(crate) misfits: u64,
}

/// A named column, or a field of a struct.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: Box<str>,
    pub(crate) column: Column,
    /// What a null in the column means.
    pub(crate) null: Null,
    /// Some values are not these of the column, but in the residual: nobody may prune by it.
    pub(crate) partial: bool,
}

/// What a null means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Null {
    /// The member is not there.
    #[default]
    Absent,
    /// The member is there and is null.
    Null,
}

/// The type of a column, and how its values are written in JSON.
///
/// A new one is chosen in `write/decide.rs` (of what `write/shape.rs` has counted, or as `FieldType` of a profile declares it) and filled in
/// `write/column.rs`; `format/schema.rs` says its type in Arrow, `format/metadata.rs` how it is noted. Reading goes by the type in Arrow,
/// where the compiler does not show what is missing: `read/leaf.rs` and `read/tree.rs` copy the values, `read/cell.rs` writes them as JSON,
/// `search/condition.rs` and `search/filter.rs` leave rows out by them, `search/known.rs` says what they are in JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Column {
    Boolean,
    Integer,
    Float(Whole),
    Text,
    Time(TimeFormats),
    Geometry(Whole),
    Struct(Vec<Field>),
    List(Box<Column>),
}

impl LeftOut {
    /// What a user should know of it. That a value is written otherwise than its column says (`1.50`) is no loss to anyone.
    pub(crate) fn notes(self, target: &Path, max_columns: usize) -> Vec<Note> {
        let unfit = |values: u64, is: [&str; 2], put: [&str; 2]| {
            let (number, they, they_were, at) = if values == 1 {
                ("1 value".to_owned(), "it is", "it back as it was", 0)
            } else {
                (format!("{values} values"), "they are", "them back as they were", 1)
            };
            (values > 0).then(|| Note {
                message: format!(
                    "{}: {number} {}: {they} in {RESIDUAL} alone, which other programs do not read",
                    target.display(),
                    is[at]
                ),
                help: format!("Stacyard gives {they_were}; for other programs {}", put[at]).into(),
            })
        };
        let nameless = unfit(
            self.nameless,
            [
                "stands beside the properties, or has a name that no column can have",
                "stand beside the properties, or have a name that no column can have",
            ],
            [
                "put it into the properties, under a name that no member of an Item has",
                "put them into the properties, under names that no member of an Item has",
            ],
        );
        let misfits = unfit(
            self.misfits,
            ["has another type than most of its name", "have another type than most of their name"],
            ["give all values of a name one type"; 2],
        );
        self.too_many(target, max_columns).into_iter().chain(nameless).chain(misfits).collect()
    }

    fn too_many(self, target: &Path, max_columns: usize) -> Option<Note> {
        let Self { leaves, of, more, .. } = self;
        if leaves == 0 && !more {
            return None;
        }
        let or_more = if more { " or more" } else { "" };
        Some(Note {
            message: format!(
                "{}: {leaves} of {of}{or_more} fields have no column, as there are at most {max_columns}; they are in {RESIDUAL}, \
                 which other programs do not read",
                target.display()
            ),
            help: Remedy::from("write a file for each collection (copy ")
                .option(("collections", "ID"))
                .text(")")
                .or(Remedy::from("allow more columns (")
                    .option(("max-columns", format!("{of}{or_more}")))
                    .text(")")),
        })
    }
}

impl Layout {
    /// Whether Items of some collections spell a time otherwise than most do.
    pub(crate) fn spells_by_collection(&self) -> bool {
        let is_one = |field: &Field| matches!(&field.column, Column::Time(formats) if !formats.by_collection.is_empty());
        self.properties.iter().any(is_one)
    }
}
