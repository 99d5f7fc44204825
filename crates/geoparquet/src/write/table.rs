//! A file that is going to be one of many of a table: which names its columns can have, and which types.
//!
//! Delta tables have no columns with some characters in their names (PROTOCOL.md, "Column Mapping" lifts that, and locks other readers out), and
//! readers that tell no case apart would take two for one. Such members live in the residual.

use std::collections::HashSet;

use arrow_schema::{DataType, FieldRef};

use crate::format::layout::{Column, Field, Null, RESERVED};
use crate::format::schema::data_type;
use crate::format::time::{DATETIME, END, START, TimeFormats};

/// What no name of a column has in it.
const UNFIT: [char; 11] = [' ', ',', ';', '{', '}', '(', ')', '\n', '\r', '\t', '='];

/// The names at one place of a table.
pub(crate) struct Taken {
    exact: HashSet<String>,
    /// In small letters.
    folded: HashSet<String>,
}

impl Taken {
    /// Those that are there; `is_root`: beside the members of an Item, and the times that searches rely on.
    pub(crate) fn of(known: &[FieldRef], is_root: bool) -> Self {
        let mut taken = Self { exact: HashSet::new(), folded: HashSet::new() };
        for field in known {
            taken.add(field.name());
        }
        if is_root {
            for name in RESERVED.iter().chain(&[DATETIME, START, END]) {
                taken.add(name);
            }
        }
        taken
    }

    /// Whether a column can have this name.
    pub(crate) fn may_have(&self, name: &str) -> bool {
        !name.contains(UNFIT) && (self.exact.contains(name) || !self.folded.contains(&name.to_lowercase()))
    }

    pub(crate) fn add(&mut self, name: &str) {
        self.exact.insert(name.to_owned());
        self.folded.insert(name.to_lowercase());
    }
}

/// How many leaf columns there are.
pub(crate) fn leaves(fields: &[FieldRef]) -> usize {
    fields.iter().map(|field| leaves_of(field.data_type())).sum()
}

fn leaves_of(of: &DataType) -> usize {
    match of {
        DataType::Struct(fields) => leaves(fields),
        DataType::List(element) => leaves_of(element.data_type()),
        _ => 1,
    }
}

/// A column of this type, of which no value is known; `None`: one that is not written.
pub(crate) fn column_of(of: &DataType) -> Option<Column> {
    Some(match of {
        DataType::Boolean => Column::Boolean,
        DataType::Int64 => Column::Integer,
        DataType::Float64 => Column::Float(crate::format::number::Whole::Float),
        DataType::Utf8 => Column::Text,
        DataType::Timestamp(_, Some(_)) => Column::Time(TimeFormats::default()),
        DataType::List(element) => Column::List(Box::new(column_of(element.data_type())?)),
        DataType::Struct(fields) => {
            let field = |field: &FieldRef| {
                let column = column_of(field.data_type())?;
                Some(Field { name: field.name().as_str().into(), column, null: Null::Absent, partial: false })
            };
            let fields: Vec<Field> = fields.iter().filter_map(field).collect();
            (!fields.is_empty()).then_some(Column::Struct(fields))?
        }
        _ => return None,
    })
}

/// A column of this type with the first of its fields alone.
pub(crate) fn first_of(of: &DataType) -> Option<Column> {
    match column_of(of)? {
        Column::Struct(fields) => Some(Column::Struct(fields.into_iter().take(1).collect())),
        column => Some(column),
    }
}

/// The parts of a column that go with the type that a table has for it.
pub(crate) fn conform(column: Column, of: &DataType) -> Option<Column> {
    match (column, of) {
        (Column::Struct(fields), DataType::Struct(known)) => {
            let taken = Taken::of(known, false);
            let fields = fields.into_iter().filter_map(|field| {
                let Some(known) = known.iter().find(|known| **known.name() == *field.name) else {
                    return taken.may_have(&field.name).then_some(field);
                };
                let column = conform(field.column, known.data_type())?;
                Some(Field { column, ..field })
            });
            let fields: Vec<Field> = fields.collect();
            (!fields.is_empty()).then_some(Column::Struct(fields))
        }
        (Column::List(element), DataType::List(known)) => {
            Some(Column::List(Box::new(conform(*element, known.data_type())?)))
        }
        (column, of) => (data_type(&column) == *of).then_some(column),
    }
}
