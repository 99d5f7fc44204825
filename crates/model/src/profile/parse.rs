//! `profile.toml` read into a [`Profile`]: what it says is understood as a whole, or refused with the place.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use toml::Value;

use super::{Field, FieldType, OnDelete, Profile, Reference};
use crate::json::Number;
use crate::{is_active, shown};

/// Why a text is no profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileError {
    message: String,
    details: Vec<String>,
}

impl ProfileError {
    fn new(message: &str) -> Self {
        Self { message: shown(message).into_owned(), details: Vec::new() }
    }

    /// What TOML does not allow, with the line.
    fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let Some(span) = error.span() else { return Self::new(error.message()) };
        let before = &text[..text.floor_char_boundary(span.start)];
        let (number, start) = (before.matches('\n').count() + 1, before.rfind('\n').map_or(0, |at| at + 1));
        let column = before[start..].chars().count();
        let mut of = Self::new(&format!("line {number}, column {}: {}", column + 1, error.message()));
        let line: String = text[start..].lines().next().unwrap_or_default().chars().take(EXCERPT).collect();
        if column < EXCERPT {
            let length = text.get(span).map_or(1, |part| part.chars().count());
            let room = line.chars().count().saturating_sub(column);
            let marks = "^".repeat(length.min(room).max(1));
            of.details = vec![line.replace(is_active, " "), format!("{:column$}{marks}", "")];
        }
        of
    }

    /// The lines that stand below the message: what was written there.
    pub fn details(&self) -> &[String] {
        &self.details
    }
}

/// How many characters of a line are shown.
const EXCERPT: usize = 120;

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for ProfileError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    collections: Option<Vec<String>>,
    #[serde(default)]
    fields: BTreeMap<String, WrittenField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenField {
    #[serde(rename = "type")]
    kind: FieldType,
    description: Option<String>,
    unit: Option<String>,
    minimum: Option<Value>,
    maximum: Option<Value>,
    #[serde(rename = "enum")]
    values: Option<Vec<Value>>,
    #[serde(default)]
    required: bool,
    #[serde(default = "yes")]
    queryable: bool,
    column: Option<String>,
    references: Option<WrittenReference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenReference {
    table: String,
    column: String,
    #[serde(default)]
    on_delete: OnDelete,
}

const fn yes() -> bool {
    true
}

/// Names that stores have columns for already, or that would be taken for members of the Item.
const TAKEN: [&str; 12] = [
    "datetime",
    "start_datetime",
    "end_datetime",
    "type",
    "stac_version",
    "stac_extensions",
    "id",
    "collection",
    "geometry",
    "bbox",
    "links",
    "assets",
];

impl Profile {
    /// Reads a `profile.toml`.
    ///
    /// # Errors
    /// When it is not TOML, has a key that is not known, or declares what cannot be: the message says where.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let written: Written = toml::from_str(text).map_err(|error| ProfileError::of_toml(text, &error))?;
        let collections = match written.collections {
            None => Vec::new(),
            Some(list) if list.is_empty() => {
                return Err(ProfileError::new("`collections` is empty: leave it out to mean all"));
            }
            Some(list) => list,
        };
        let fields = written.fields.into_iter().map(|(name, field)| {
            field
                .understood(name.clone())
                .map_err(|fault| ProfileError::new(&format!("the field {name:?}: {fault}")))
        });
        let fields = fields.collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), collections, fields })
    }
}

impl WrittenField {
    fn understood(self, name: String) -> Result<Field, String> {
        let kind = self.kind;
        if name.is_empty() || name.contains('\0') {
            return Err("is no name".to_owned());
        }
        if TAKEN.contains(&name.as_str()) {
            return Err("Items have this themselves, and stores a column for it".to_owned());
        }
        let bound = |key: &str, value: Option<Value>| {
            let Some(value) = value else { return Ok(None) };
            if !kind.is_numeric() {
                return Err(format!("`{key}` goes with the types integer and number, not {}", kind.name()));
            }
            number(&value, kind).map(Some).ok_or_else(|| format!("`{key}` must be {}", article(kind)))
        };
        let (minimum, maximum) = (bound("minimum", self.minimum)?, bound("maximum", self.maximum)?);
        if let (Some(least), Some(greatest)) = (&minimum, &maximum)
            && Number::parse(least) > Number::parse(greatest)
        {
            return Err(format!("`minimum` {least} is greater than `maximum` {greatest}"));
        }
        let values = match self.values {
            None => Vec::new(),
            Some(list) if list.is_empty() => return Err("`enum` is empty: nothing could be valid".to_owned()),
            Some(list) => {
                let values = list.iter().map(|value| match (kind, value) {
                    (FieldType::String, Value::String(text)) => Ok(text.clone()),
                    (FieldType::String, _) => Err("`enum` must be strings, as the type is string".to_owned()),
                    (FieldType::Integer | FieldType::Number, value) => {
                        number(value, kind).ok_or_else(|| format!("`enum` must be {}s", kind.name()))
                    }
                    _ => Err("`enum` goes with the types string, integer and number".to_owned()),
                });
                values.collect::<Result<_, _>>()?
            }
        };
        let mut texts = values.iter().chain(&self.description).chain(&self.unit).chain(&self.column);
        if texts.any(|text| text.contains('\0')) {
            return Err("a string contains the character NUL, which databases cannot hold".to_owned());
        }
        let references = self.references.map(|WrittenReference { table, column, on_delete }| {
            if table.split('.').any(str::is_empty) || table.split('.').count() > 2 || column.is_empty() {
                Err(format!("`references` needs a table (schema.table or table) and a column, not {table:?}"))
            } else if kind == FieldType::Datetime || kind == FieldType::Boolean {
                Err(format!(
                    "`references` goes with the types string, integer and number, not {}",
                    kind.name()
                ))
            } else {
                Ok(Reference { table, column, on_delete })
            }
        });
        Ok(Field {
            name,
            kind,
            description: self.description,
            unit: self.unit,
            minimum,
            maximum,
            values,
            required: self.required,
            queryable: self.queryable,
            column: self.column,
            references: references.transpose()?,
        })
    }
}

const fn article(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Integer => "an integer",
        _ => "a number",
    }
}

/// A number of TOML as one of JSON.
fn number(value: &Value, kind: FieldType) -> Option<String> {
    match (value, kind) {
        (Value::Integer(number), _) => Some(number.to_string()),
        (Value::Float(number), FieldType::Number) if number.is_finite() => {
            Some(zmij::Buffer::new().format_finite(*number).to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARS: &str = r#"
        collections = ["plumes"]
        [fields."mars:facility_id"]
        type = "string"
        description = "The facility that emits"
        references = { table = "mars.facilities", column = "id", on_delete = "restrict" }
        [fields."mars:emission_rate"]
        type = "number"
        unit = "kg/h"
        minimum = 0
        maximum = 1e6
        required = true
        column = "rate"
        [fields."mars:quality"]
        type = "integer"
        enum = [1, 2, 3]
        queryable = false
    "#;

    #[test]
    fn a_profile_is_read() {
        let profile = Profile::parse(MARS).unwrap();
        assert!(profile.speaks_of(Some("plumes")));
        assert!(!profile.speaks_of(Some("scenes")) && !profile.speaks_of(None));
        let [rate, facility, quality] = profile.fields() else { panic!("{profile:?}") };
        assert_eq!((rate.minimum.as_deref(), rate.maximum.as_deref()), (Some("0"), Some("1000000.0")));
        assert_eq!(rate.column.as_deref(), Some("rate"));
        assert!(rate.required && rate.queryable && !quality.queryable);
        assert_eq!(facility.references.as_ref().unwrap().on_delete, OnDelete::Restrict);
        assert_eq!(quality.values, ["1", "2", "3"]);
        assert_eq!(profile, Profile::parse(&format!("# a comment\n{MARS}")).unwrap());
        assert!(Profile::parse("").unwrap().fields().is_empty());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let fault = |text: &str| Profile::parse(text).unwrap_err().to_string();
        let field = |rest: &str| fault(&format!("[fields.x]\n{rest}"));
        insta::assert_snapshot!(fault("fields = 5"), @r"
        line 1, column 10: invalid type: integer `5`, expected a map
        ");
        insta::assert_snapshot!(field("type = 'text'"), @r"
        line 2, column 8: unknown variant `text`, expected one of `string`, `integer`, `number`, `boolean`, `datetime`
        ");
        insta::assert_snapshot!(field("type = 'string'\nrequire = true"), @r"
        line 3, column 1: unknown field `require`, expected one of `type`, `description`, `unit`, `minimum`, `maximum`, `enum`, `required`, `queryable`, `column`, `references`
        ");
        insta::assert_snapshot!(field("type = 'string'\nminimum = 3"), @r#"
        the field "x": `minimum` goes with the types integer and number, not string
        "#);
        insta::assert_snapshot!(field("type = 'integer'\nminimum = 1.5"), @r#"
        the field "x": `minimum` must be an integer
        "#);
        insta::assert_snapshot!(field("type = 'number'\nmaximum = inf"), @r#"
        the field "x": `maximum` must be a number
        "#);
        insta::assert_snapshot!(field("type = 'number'\nminimum = 2\nmaximum = 1.5"), @r#"
        the field "x": `minimum` 2 is greater than `maximum` 1.5
        "#);
        insta::assert_snapshot!(field("type = 'string'\nenum = ['a', 5]"), @r#"
        the field "x": `enum` must be strings, as the type is string
        "#);
        insta::assert_snapshot!(field("type = 'string'\nenum = []"), @r#"
        the field "x": `enum` is empty: nothing could be valid
        "#);
        insta::assert_snapshot!(field("type = 'string'\nreferences = { table = 'a.b.c', column = 'id' }"), @r#"
        the field "x": `references` needs a table (schema.table or table) and a column, not "a.b.c"
        "#);
        insta::assert_snapshot!(field("type = 'string'\nreferences = { table = 'a', column = 'id', on_delete = 'set null' }"), @r"
        line 3, column 56: unknown variant `set null`, expected one of `no action`, `restrict`, `cascade`
        ");
        insta::assert_snapshot!(fault("[fields.datetime]\ntype = 'datetime'"), @r#"
        the field "datetime": Items have this themselves, and stores a column for it
        "#);
        let below = |text: &str| Profile::parse(text).unwrap_err().details().join("\n");
        insta::assert_snapshot!(below("[fields.x]\ntype = 'te\u{202e}t' # why"), @r"
        type = 'te t' # why
               ^^^^^^
        ");
        insta::assert_snapshot!(fault("collections = []"), @"`collections` is empty: leave it out to mean all");
    }
}
