//! Which part of an Item the database refuses: what it names is a column or a constraint, what a user knows is the field.

use stacyard_model::Profile;
use stacyard_model::json::{Kind, Tape, Value, push_pointer_token};
use stacyard_store::Problem;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use crate::encode::COLUMNS;
use crate::filter::is_moderate;
use crate::ident::Ident;
use crate::profile;
use crate::rows::next_field;

/// A check or a foreign key of the table.
pub(crate) struct Constraint {
    pub(crate) name: String,
    /// Its columns, quoted.
    pub(crate) columns: Vec<String>,
    /// The condition of a check.
    pub(crate) check: Option<String>,
    /// The table that a foreign key refers to, its bare name, and the columns there, quoted.
    pub(crate) refers_to: Option<(String, String, Vec<String>)>,
    /// A foreign key to the table itself: rows of one load may refer to each other.
    pub(crate) is_of_items: bool,
    /// Whether a query tells which rows break it, whatever else is in the table or comes with them.
    pub(crate) is_sieved: bool,
    /// Where in an Item it looks.
    pub(crate) pointer: String,
}

/// What is known of the table's columns and constraints.
#[derive(Default)]
pub(crate) struct Explainer {
    pub(crate) constraints: Vec<Constraint>,
    /// Columns of the profile, each with the pointer of its field.
    fields: Vec<(String, String)>,
}

impl Explainer {
    /// Asks the database.
    pub(crate) async fn of(client: &Client, schema: &Ident) -> Result<Self, Error> {
        let mut known = Self::default();
        // A profile that cannot be read is no reason to say less of the rest.
        for field in profile::read(client, schema).await.ok().flatten().iter().flat_map(Profile::fields) {
            if let Ok(column) = profile::column(field) {
                let mut pointer = "/properties".to_owned();
                push_pointer_token(&mut pointer, &field.name);
                known.fields.push((column.name().to_owned(), pointer));
            }
        }
        let columns = |keys: &str, table: &str, name: &str| {
            format!(
                "ARRAY(SELECT {name} FROM unnest({keys}) WITH ORDINALITY AS key(number, place) JOIN pg_attribute \
                 ON attrelid = {table} AND attnum = number ORDER BY place)"
            )
        };
        // In the order in which PostgreSQL looks at them: checks first, each by name. A key that is not valid does not hold for
        // old rows whose columns stay the same; what is not enforced (PostgreSQL 18) holds for none.
        let query = format!(
            "SELECT conname::text, {}, {}, CASE contype WHEN 'c' THEN pg_get_expr(conbin, conrelid) END, \
             confrelid::regclass::text, (SELECT relname::text FROM pg_class WHERE oid = confrelid), {}, \
             confrelid = conrelid, coalesce((to_jsonb(known) ->> 'conenforced')::bool, true) \
             AND (contype = 'c' OR (convalidated AND confrelid <> conrelid)) \
             FROM pg_constraint AS known WHERE conrelid = $1::text::regclass AND conparentid = 0 AND contype IN ('c', 'f') \
             ORDER BY contype, conname",
            columns("conkey", "conrelid", "attname::text"),
            columns("conkey", "conrelid", "quote_ident(attname)"),
            columns("confkey", "confrelid", "quote_ident(attname)"),
        );
        for row in client.query_typed(&query, &[(&format!("{schema}.items"), Type::TEXT)]).await? {
            let names: Vec<String> = row.get(1);
            let check: Option<String> = row.get(3);
            let refers_to = row.get::<_, Option<String>>(5).map(|name| (row.get(4), name, row.get(6)));
            let pointer = known.pointer_of(&names);
            known.constraints.push(Constraint {
                name: row.get(0),
                columns: row.get(2),
                refers_to: refers_to.filter(|_| check.is_none()),
                is_of_items: row.get(7),
                is_sieved: row.get(8),
                check,
                pointer,
            });
        }
        Ok(known)
    }

    /// Where a column stands in an Item; empty where it is no one place.
    fn pointer(&self, column: &str) -> String {
        let own = match column {
            "geometry" | "geometry_text" => "/geometry".to_owned(),
            "extent_start" | "extent_end" => "/properties".to_owned(),
            "datetime" | "start_datetime" | "end_datetime" => format!("/properties/{column}"),
            "others" | "verbatim" => String::new(),
            column if is_own(column) => format!("/{column}"),
            _ => String::new(),
        };
        let field = self.fields.iter().find(|(name, _)| name == column);
        field.map_or(own, |(_, pointer)| pointer.clone())
    }

    /// The one place that all these columns are of: a check of a profile looks at the column, at the properties that it comes
    /// from, and at the collection that it is for.
    fn pointer_of(&self, columns: &[String]) -> String {
        let mut places: Vec<String> = columns.iter().map(|column| self.pointer(column)).collect();
        places.dedup();
        if places.len() > 1 {
            places.retain(|place| place != "/properties" && place != "/collection");
        }
        if let [one] = places.as_slice() { one.clone() } else { String::new() }
    }

    /// Whether a row was refused because it refers to an Item that is not there.
    pub(crate) fn is_of_items(&self, db: &DbError) -> bool {
        self.constraints.iter().any(|known| known.is_of_items && Some(known.name.as_str()) == db.constraint())
    }

    /// What the database says of one row, with the place in its Item.
    pub(crate) fn problem(&self, db: &DbError, row: &[u8]) -> Problem {
        // Of what fails such constraints the detail is the whole row.
        let is_of_values = [SqlState::CHECK_VIOLATION, SqlState::NOT_NULL_VIOLATION].contains(db.code());
        let detail = db.detail().filter(|_| !is_of_values).map(|detail| format!(" ({detail})"));
        let constraint = self.constraints.iter().find(|known| Some(known.name.as_str()) == db.constraint());
        let copied = || db.where_()?.rsplit_once("column ")?.1.split([':', ',', '\n']).next();
        let pointer = match constraint {
            Some(constraint) => constraint.pointer.clone(),
            None if db.code().code().starts_with("22") && odd(row).is_some() => odd(row).unwrap_or_default(),
            None => db.column().or_else(copied).map(|column| self.pointer(column)).unwrap_or_default(),
        };
        refused(pointer, &format!("{}{}", db.message(), detail.unwrap_or_default()))
    }
}

/// The problem of an Item that the database refuses.
pub(crate) fn refused(pointer: String, said: &str) -> Problem {
    Problem { pointer, ..Problem::new("database", format!("the database refuses it: {said}")) }
}

fn is_own(column: &str) -> bool {
    COLUMNS.split(", ").any(|own| own == column)
}

/// Where an Item, as a row in COPY's binary format, has what PostgreSQL's types may not hold: the character NUL, or a number
/// with a great many digits. `None`: nowhere.
pub(crate) fn odd(row: &[u8]) -> Option<String> {
    // The number of columns.
    let mut row = row.get(2..)?;
    let mut tape = Tape::new();
    COLUMNS.split(", ").find_map(|column| {
        let field = next_field(&mut row)?;
        match column {
            "collection" | "id" | "stac_version" => field.contains(&0).then(|| format!("/{column}")),
            "bbox" | "stac_extensions" | "properties" | "others" => {
                let mut pointer = if column == "others" { String::new() } else { format!("/{column}") };
                // Behind the version of jsonb.
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
