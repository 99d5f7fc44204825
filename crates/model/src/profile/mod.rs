//! Profiles: the fields of one's own that Items have beside those of STAC, declared once in a `profile.toml`. The gate
//! checks them, and stores give them columns of the declared types (docs/profiles.md).

mod parse;

pub use parse::ProfileError;

use crate::json::Number;

/// A declaration of fields in the properties of Items.
///
/// ```
/// let profile = stacyard_model::Profile::parse(r#"
///     [fields."mars:emission_rate"]
///     type = "number"
///     unit = "kg/h"
///     minimum = 0
/// "#).unwrap();
/// assert_eq!(profile.fields()[0].name, "mars:emission_rate");
/// ```
#[derive(Debug, Clone)]
pub struct Profile {
    text: String,
    collections: Vec<String>,
    fields: Vec<Field>,
}

/// One field of the properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name in `properties`; dots in it are part of the name.
    pub name: String,
    /// What its values are.
    pub kind: FieldType,
    /// What it means, for people.
    pub description: Option<String>,
    /// The unit of its values, for people.
    pub unit: Option<String>,
    /// The least value, a JSON number.
    pub minimum: Option<String>,
    /// The greatest value, a JSON number.
    pub maximum: Option<String>,
    /// The values that there are: strings, or JSON numbers, as the type says. Empty: any.
    pub values: Vec<String>,
    /// Whether an Item must have it, and not null.
    pub required: bool,
    /// Whether stores say that they can be asked for it.
    pub queryable: bool,
    /// The name of its column in a database, where the field's own will not do.
    pub column: Option<String>,
    /// The rows of a table of the user's that it names.
    pub references: Option<Reference>,
}

impl Field {
    /// The name of its column in a database: its own with `_` for what is neither letter nor digit, unless the profile says another.
    pub fn column_name(&self) -> String {
        let plain = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '_' };
        self.column.clone().unwrap_or_else(|| self.name.chars().map(plain).collect())
    }
}

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// A string.
    String,
    /// A whole number of 64 bits, however it is written (1 and 1.0).
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A string with a date and time of RFC 3339.
    Datetime,
}

/// A foreign key of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The table, with its schema before a dot or without.
    pub table: String,
    /// The column of it.
    pub column: String,
    /// What happens to the Items of a row that is deleted.
    pub on_delete: OnDelete,
}

/// What happens to the Items that name a row when it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
pub enum OnDelete {
    /// The row cannot be deleted, seen at the end of the statement.
    #[default]
    #[serde(rename = "no action")]
    NoAction,
    /// The row cannot be deleted.
    #[serde(rename = "restrict")]
    Restrict,
    /// They are deleted with it.
    #[serde(rename = "cascade")]
    Cascade,
}

impl Profile {
    /// The declaration as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Of which collections it speaks; empty: of all Items.
    pub fn collections(&self) -> &[String] {
        &self.collections
    }

    /// The fields, by name.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether it says that the values of a field are instants.
    pub fn declares_instant(&self, name: &str) -> bool {
        self.field(name).is_some_and(|field| field.kind == FieldType::Datetime)
    }

    /// Whether it speaks of the Items of a collection.
    pub fn speaks_of(&self, collection: Option<&str>) -> bool {
        self.collections.is_empty()
            || collection.is_some_and(|name| self.collections.iter().any(|one| one == name))
    }
}

/// The same declaration, however it is written.
impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        (&self.collections, &self.fields) == (&other.collections, &other.fields)
    }
}
impl Eq for Profile {}

impl Field {
    /// Whether a number is within its range.
    pub(crate) fn admits(&self, number: Number<'_>) -> bool {
        let bound = |text: &Option<String>, is_beyond: fn(Number<'_>, Number<'_>) -> bool| {
            text.as_deref().and_then(Number::parse).is_some_and(|bound| is_beyond(number, bound))
        };
        !bound(&self.minimum, |number, least| number < least)
            && !bound(&self.maximum, |number, greatest| number > greatest)
    }
}

impl FieldType {
    /// As it is written in a profile.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Datetime => "datetime",
        }
    }

    /// Whether its values are numbers.
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Number)
    }
}

impl OnDelete {
    /// As it is written in a profile, and in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAction => "no action",
            Self::Restrict => "restrict",
            Self::Cascade => "cascade",
        }
    }
}
