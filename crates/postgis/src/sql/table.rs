//! A table of Items as a search sees it: what SQL stands for which part of an Item.

use stacyard_model::FieldType;

use crate::sql::ident::Ident;

/// A table of Items.
#[derive(Clone)]
pub(crate) struct Table {
    /// Its name, with that of its schema.
    pub(crate) name: String,
    /// The schema of PostGIS' types and functions.
    pub(crate) postgis: Ident,
    /// How it makes instants of texts.
    pub(crate) instants: Instants,
    pub(crate) columns: Columns,
    /// A query for the names of the collections that have Items.
    pub(crate) collections: String,
    pub(crate) promoted: Promoted,
}

/// The columns that a search looks at.
#[derive(Clone, Copy)]
pub(crate) struct Columns {
    /// A text.
    pub(crate) id: &'static str,
    /// A text, empty where the Item has no collection.
    pub(crate) collection: &'static str,
    /// What makes these two compare by code point, where they do not by themselves.
    pub(crate) by_code_point: &'static str,
    /// A `geometry`; NULL where the Item has none.
    pub(crate) geometry: &'static str,
    /// A `jsonb` object.
    pub(crate) properties: &'static str,
    /// The Item's box, in `jsonb`; NULL where it has none, or where the row does not say which.
    pub(crate) bbox: &'static str,
    /// Whether NULL means that the Item has none.
    pub(crate) bbox_is_whole: bool,
    pub(crate) extent: Extent,
    /// Properties that have a `timestamptz` of the same name.
    pub(crate) instants: &'static [&'static str],
    /// SQL that is true of rows in which these columns say something else than the properties.
    pub(crate) instants_unless: Option<&'static str>,
}

impl Columns {
    /// The column of a property that is one of the Item's own instants.
    pub(crate) fn instant(&self, property: &str) -> Option<&'static str> {
        self.instants.iter().copied().find(|name| *name == property)
    }
}

/// The temporal extent of an Item in its row.
#[derive(Clone, Copy)]
pub(crate) enum Extent {
    /// A `numeric` each, of seconds since 1970, exactly; NULL where there is none.
    Seconds { start: &'static str, end: &'static str },
    /// A `timestamptz` each, which PostgreSQL has read from a text.
    Stamps { start: Stamp, end: Stamp },
}

/// A `timestamptz`, and SQL for the text that it was read from, which may have more digits.
#[derive(Clone, Copy)]
pub(crate) struct Stamp {
    pub(crate) column: &'static str,
    pub(crate) text: &'static str,
}

/// How a table makes instants of texts.
#[derive(Clone)]
pub(crate) enum Instants {
    /// By a function of this name, which cuts them to microseconds; of a text that is none it makes NULL.
    Cut(String),
    /// As PostgreSQL reads them, which rounds to microseconds.
    Rounded,
}

/// Properties with columns of their own, by a profile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Promoted {
    pub(crate) columns: Vec<PromotedColumn>,
    /// Whether the profile speaks of all Items, so that no value is of another type.
    pub(crate) is_whole: bool,
}

/// The column of one property.
#[derive(Debug, Clone)]
pub(crate) struct PromotedColumn {
    pub(crate) property: String,
    pub(crate) kind: FieldType,
    pub(crate) column: Ident,
}

impl Promoted {
    /// The column of a property, if it has one of this type.
    pub(crate) fn column(&self, property: &str, kind: FieldType) -> Option<&Ident> {
        let found = self.columns.iter().find(|column| column.property == property && column.kind == kind);
        found.map(|found| &found.column)
    }
}
