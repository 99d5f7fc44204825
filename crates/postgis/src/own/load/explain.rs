//! Which part of an Item the database refuses: what it names is a column or a constraint, what a user knows is the field.

use stacyard_model::Profile;
use stacyard_model::json::{Kind, Tape, Value, push_pointer_token};
use stacyard_store::Problem;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::{Client, Error};

use crate::copy::field::next_field;
use crate::own::columns::{self, COLUMNS};
use crate::own::load::demands::Demands;
use crate::own::schema::profile;
use crate::sql::ident::Ident;
use crate::sql::value::is_moderate;

/// What is known of the table's columns, and of what it demands.
#[derive(Default)]
pub(crate) struct Explainer {
    pub(crate) demands: Demands,
    /// Columns of the profile, each with the pointer of its field.
    fields: Vec<(String, String)>,
}

impl Explainer {
    /// Asks the database.
    pub(crate) async fn of(client: &Client, schema: &Ident) -> Result<Self, Error> {
        let mut fields = Vec::new();
        // A profile that cannot be read is no reason to say less of the rest.
        for field in profile::read(client, schema).await.ok().flatten().iter().flat_map(Profile::fields) {
            if let Ok(column) = profile::column(field) {
                let mut pointer = "/properties".to_owned();
                push_pointer_token(&mut pointer, &field.name);
                fields.push((column.name().to_owned(), pointer));
            }
        }
        Ok(Self { demands: Demands::of(client, schema).await?, fields })
    }

    /// Where the value of a column stands in an Item; empty where that is not one place.
    fn pointer(&self, column: &str) -> String {
        let field = self.fields.iter().find(|(name, _)| name == column).map(|(_, pointer)| pointer.as_str());
        field.or_else(|| Some(columns::named(column)?.pointer)).unwrap_or_default().to_owned()
    }

    /// The one place that all these columns are of: a check of a profile looks at the column, at the properties that it comes
    /// from, and at the collection that it is for.
    pub(crate) fn pointer_of(&self, columns: &[String]) -> String {
        let mut places: Vec<String> = columns.iter().map(|column| self.pointer(column)).collect();
        places.dedup();
        if places.len() > 1 {
            places.retain(|place| place != "/properties" && place != "/collection");
        }
        if let [one] = places.as_slice() { one.clone() } else { String::new() }
    }

    /// Of which of these columns an Item has the longest value.
    fn longest<'a>(&self, columns: impl Iterator<Item = &'a String>, row: &[u8]) -> String {
        let pointers = columns.map(|column| self.pointer(column));
        pointers.max_by_key(|pointer| length_of(row, pointer)).unwrap_or_default()
    }

    /// The constraint or index that the database names.
    fn named(&self, db: &DbError) -> Option<&[String]> {
        let name = db.constraint()?;
        let constraint = self.demands.constraints.iter().find(|known| known.name == name);
        let index = || self.demands.indexes.iter().find(|known| known.name == name);
        constraint.map(|known| &*known.columns).or_else(|| index().map(|known| &*known.columns))
    }

    /// Whether a row was refused because it refers to an Item that is not there.
    pub(crate) fn is_of_items(&self, db: &DbError) -> bool {
        let mut constraints = self.demands.constraints.iter();
        constraints.any(|known| known.is_of_items && Some(known.name.as_str()) == db.constraint())
    }

    /// What the database says of one row, with the place in its Item.
    pub(crate) fn problem(&self, db: &DbError, row: &[u8]) -> Problem {
        // Of what fails such constraints the detail is the whole row.
        let is_of_values = [SqlState::CHECK_VIOLATION, SqlState::NOT_NULL_VIOLATION].contains(db.code());
        let is_too_long =
            *db.code() == SqlState::PROGRAM_LIMIT_EXCEEDED && db.message().starts_with("index row");
        // Of what is too long for an index it is where the row would stand.
        let detail =
            db.detail().filter(|_| !is_of_values && !is_too_long).map(|detail| format!(" ({detail})"));
        let copied = || db.where_()?.rsplit_once("column ")?.1.split([':', ',', '\n']).next();
        let pointer = match self.named(db) {
            Some(columns) if is_too_long => self.longest(columns.iter(), row),
            // It is not always said which index that is.
            None if is_too_long => {
                self.longest(self.demands.indexes.iter().flat_map(|index| &index.columns), row)
            }
            Some(columns) => self.pointer_of(columns),
            None if db.code().code().starts_with("22") && odd(row).is_some() => odd(row).unwrap_or_default(),
            None => db.column().or_else(copied).map(|column| self.pointer(column)).unwrap_or_default(),
        };
        refused(pointer, &format!("{}{}", db.message(), detail.unwrap_or_default()))
    }
}

/// How long a text of an Item is, given as a row in COPY's binary format; 0 where it is none that an index may hold.
fn length_of(row: &[u8], pointer: &str) -> usize {
    let mut row = row.get(2..).unwrap_or_default();
    for column in COLUMNS.iter().map(|column| column.name) {
        let field = next_field(&mut row).unwrap_or_default();
        let Some(rest) = pointer.strip_prefix('/').and_then(|pointer| pointer.strip_prefix(column)) else {
            continue;
        };
        match column {
            "collection" | "id" if rest.is_empty() => return field.len(),
            "properties" if !rest.is_empty() => {
                let mut tape = Tape::new();
                let value = tape.parse(field.get(1..).unwrap_or_default()).ok();
                return value.and_then(|value| value.pointer(rest)).map_or(0, |value| value.raw().len());
            }
            _ => {}
        }
    }
    0
}

/// The problem of an Item that the database refuses.
pub(crate) fn refused(pointer: String, said: &str) -> Problem {
    Problem { pointer, ..Problem::new("database", format!("the database refuses it: {said}")) }
}

/// Where an Item, as a row in COPY's binary format, has what PostgreSQL's types may not hold: the character NUL, or a number
/// with a great many digits. `None`: nowhere.
pub(crate) fn odd(row: &[u8]) -> Option<String> {
    // The number of columns.
    let mut row = row.get(2..)?;
    let mut tape = Tape::new();
    COLUMNS.iter().find_map(|column| {
        let field = next_field(&mut row)?;
        match column.name {
            "collection" | "id" | "stac_version" => field.contains(&0).then(|| column.pointer.to_owned()),
            "bbox" | "stac_extensions" | "properties" | "others" => {
                let mut pointer = column.pointer.to_owned();
                // After the version of jsonb.
                let value = tape.parse(field.get(1..)?).ok()?;
                find_odd(value, &mut pointer).then_some(pointer)
            }
            _ => None,
        }
    })
}

fn find_odd(value: Value<'_>, pointer: &mut String) -> bool {
    let length = pointer.len();
    let found = match value.kind() {
        Kind::Number => !is_moderate(value.raw()),
        Kind::String => value.as_str().is_some_and(|text| text.contains('\0')),
        Kind::Array => value.elements().into_iter().flatten().enumerate().any(|(index, element)| {
            pointer.truncate(length);
            push_pointer_token(pointer, &index.to_string());
            find_odd(element, pointer)
        }),
        Kind::Object => value.members().into_iter().flatten().any(|(key, member)| {
            pointer.truncate(length);
            push_pointer_token(pointer, &key.text());
            key.text().contains('\0') || find_odd(member, pointer)
        }),
        _ => false,
    };
    if !found {
        pointer.truncate(length);
    }
    found
}
