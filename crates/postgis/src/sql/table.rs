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
    /// A function that makes a `timestamptz` of a text that is an instant, cut to microseconds, and NULL of any other.
    pub(crate) instant_of_text: String,
    pub(crate) columns: Columns,
    pub(crate) promoted: Promoted,
}

/// The columns that a search looks at.
#[derive(Clone, Copy)]
pub(crate) struct Columns {
    /// A text that compares by code point, as all texts here.
    pub(crate) id: &'static str,
    /// A text, empty where the Item has no collection.
    pub(crate) collection: &'static str,
    /// A `geometry`; NULL where the Item has none.
    pub(crate) geometry: &'static str,
    /// A `jsonb` object.
    pub(crate) properties: &'static str,
    /// The start of the temporal extent: a `numeric` of seconds since 1970, exactly; NULL where there is none.
    pub(crate) extent_start: &'static str,
    pub(crate) extent_end: &'static str,
    /// Properties that have a `timestamptz` of the same name, cut to microseconds.
    pub(crate) instants: &'static [&'static str],
}

impl Columns {
    /// The column of a property that is one of the Item's own instants.
    pub(crate) fn instant(&self, property: &str) -> Option<&'static str> {
        self.instants.iter().copied().find(|name| *name == property)
    }
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
