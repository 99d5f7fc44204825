//! Values of an Item in SQL, and the parameters that a statement compares them with.

use std::fmt::Write as _;

use jiff::Timestamp;
use stacyard_model::FieldType;
use stacyard_search::cql2::Literal;
use stacyard_search::{Place, Property};

use crate::sql::jsonb;
use crate::sql::param::Param;
use crate::sql::table::{Instants, Table};

/// Makes SQL of a search, and collects its parameters.
pub(crate) struct Maker<'a> {
    params: Vec<Param>,
    table: &'a Table,
}

/// How deep a name with dots is followed: each dot doubles the places where it can lead.
const MAX_DOTS: usize = 4;

/// The column of a property that is a time.
pub(crate) struct InstantColumn {
    pub(crate) column: String,
    /// SQL that is true of rows in which it says something else.
    pub(crate) unless: Option<&'static str>,
}

impl InstantColumn {
    /// What may be true of the property, where this is true of its column.
    pub(crate) fn may_be(&self, sql: &str) -> String {
        match self.unless {
            Some(unless) => format!("({sql} OR {unless})"),
            None => format!("({sql})"),
        }
    }
}

/// What a value must be, to be compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    Bool,
}

impl<'a> Maker<'a> {
    /// One whose parameters come after these.
    pub(crate) const fn new(params: Vec<Param>, table: &'a Table) -> Self {
        Self { params, table }
    }

    /// The table that is asked.
    pub(crate) const fn table(&self) -> &'a Table {
        self.table
    }
}

impl Maker<'_> {
    /// All that was bound, in order.
    pub(crate) fn into_params(self) -> Vec<Param> {
        self.params
    }

    /// How much was bound so far.
    pub(crate) const fn bound(&self) -> usize {
        self.params.len()
    }

    /// Forgets what was bound since: it is in no SQL.
    pub(crate) fn forget(&mut self, bound: usize) {
        self.params.truncate(bound);
    }

    /// Binds a value; gives the parameter.
    pub(crate) fn bind(&mut self, param: Param) -> String {
        let cast = param.cast();
        self.params.push(param);
        format!("${}::{cast}", self.params.len())
    }

    pub(crate) fn text(&mut self, text: &str) -> String {
        self.bind(Param::Text(text.to_owned()))
    }

    /// The value of a property as `jsonb`: NULL where the Item has no such name.
    pub(crate) fn property(&mut self, property: &Property) -> Option<String> {
        let key = property.key();
        if property.place() != Place::Properties || key.contains('\0') || key.matches('.').count() > MAX_DOTS
        {
            return None;
        }
        let mut places = Vec::new();
        self.places(self.table.columns.properties, key, &mut places);
        Some(match places.as_slice() {
            [one] => one.clone(),
            _ => format!("coalesce({})", places.join(", ")),
        })
    }

    /// Where a name with dots can lead, the longest literal name first.
    fn places(&mut self, object: &str, name: &str, places: &mut Vec<String>) {
        let literal = self.text(name);
        places.push(format!("({object} -> {literal})"));
        for (dot, _) in name.rmatch_indices('.') {
            let head = self.text(&name[..dot]);
            self.places(&format!("({object} -> {head})"), &name[dot + 1..], places);
        }
    }

    /// The same of a column that has all there is to say: no Item has a value of another type.
    pub(crate) fn whole(&self, property: &Property, kind: FieldType) -> Option<String> {
        self.promoted(property, kind).filter(|_| self.table.promoted.is_whole)
    }

    /// The column of a property that the profile declares to be of a type.
    pub(crate) fn promoted(&self, property: &Property, kind: FieldType) -> Option<String> {
        let name = Some(property.key()).filter(|_| property.place() == Place::Properties)?;
        self.table.promoted.column(name, kind).map(ToString::to_string)
    }

    /// The collection: NULL where the Item has none.
    pub(crate) fn collection(&self) -> String {
        format!("nullif({}, '')", self.table.columns.collection)
    }

    /// A property as a value of a kind: NULL where it is of another.
    pub(crate) fn typed(&mut self, property: &Property, kind: Kind) -> Option<String> {
        match (property.place(), kind) {
            (Place::Id, Kind::Text) => {
                return Some(format!("{}{}", self.table.columns.id, self.table.columns.by_code_point));
            }
            (Place::Collection, Kind::Text) => {
                return Some(format!("{}{}", self.collection(), self.table.columns.by_code_point));
            }
            _ => {}
        }
        let column = match kind {
            Kind::Number => self.promoted(property, FieldType::Number),
            Kind::Text => self.promoted(property, FieldType::String),
            Kind::Bool => self.promoted(property, FieldType::Boolean),
        };
        if column.is_some() {
            return column;
        }
        let value = self.property(property)?;
        Some(match kind {
            Kind::Number => jsonb::number(&value),
            Kind::Bool => jsonb::boolean(&value),
            Kind::Text => jsonb::text(&value),
        })
    }

    /// A constant that means the same to PostgreSQL, and its kind.
    pub(crate) fn constant(&mut self, literal: &Literal) -> Option<(String, Kind)> {
        Some(match literal {
            Literal::Number(number) if is_moderate(number.text()) => {
                (format!("{}::numeric", self.text(number.text())), Kind::Number)
            }
            Literal::Text(text) if !text.contains('\0') => (self.text(text), Kind::Text),
            Literal::Bool(known) => (known.to_string(), Kind::Bool),
            _ => return None,
        })
    }

    /// The column of a property that is a time by the model or the profile.
    pub(crate) fn instant_column(&self, property: &Property) -> Option<InstantColumn> {
        let columns = &self.table.columns;
        let own = columns.instant(property.key());
        match own.filter(|_| property.place() == Place::Properties) {
            Some(own) => Some(InstantColumn { column: own.to_owned(), unless: columns.instants_unless }),
            None => {
                let column = self.promoted(property, FieldType::Datetime)?;
                Some(InstantColumn { column, unless: None })
            }
        }
    }

    /// An instant for comparisons with such a column, as it was made of the texts of Items.
    pub(crate) fn stamp(&mut self, at: Timestamp) -> Option<String> {
        match self.table.instants {
            Instants::Cut(_) => micros(at),
            Instants::Rounded => read(at),
        }
    }
}

/// An instant as seconds since 1970, every digit.
pub(crate) fn seconds(at: Timestamp) -> String {
    let nanos = at.as_nanosecond();
    let mut text = String::new();
    let sign = if nanos < 0 { "-" } else { "" };
    let (whole, rest) = (nanos.unsigned_abs() / 1_000_000_000, nanos.unsigned_abs() % 1_000_000_000);
    let _ = write!(text, "{sign}{whole}.{rest:09}");
    text
}

/// An instant as PostgreSQL reads it: it rounds it to microseconds.
pub(crate) fn read(at: Timestamp) -> Option<String> {
    let at = at.to_string();
    // Years before the first one are written in another way; PostgreSQL has no year 0.
    (!at.starts_with('-') && !at.starts_with("0000")).then_some(at)
}

/// An instant cut to microseconds, as PostgreSQL reads it.
pub(crate) fn micros(at: Timestamp) -> Option<String> {
    read(Timestamp::from_nanosecond(at.as_nanosecond().div_euclid(1_000) * 1_000).ok()?)
}

/// A number that `numeric` can hold, and that is no burden: no power of ten beyond 1,000.
pub(crate) fn is_moderate(number: &str) -> bool {
    number.len() <= 1_000
        && number
            .split_once(['e', 'E'])
            .is_none_or(|(_, exponent)| exponent.parse::<i32>().is_ok_and(|exponent| exponent.abs() <= 1_000))
}
