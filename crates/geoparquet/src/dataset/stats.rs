//! What the log says of the values of a file (PROTOCOL.md, "Per-file Statistics"): written for all readers, read to leave out files that cannot answer.

use std::collections::HashMap;

use arrow_schema::{DataType, Fields};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use stacyard_model::json::{Kind, Number, Tape, Value as Read};

use crate::write::written::{ColumnStatistics, Ends, Written};

/// Of so many leaf columns at most, the first of the table: as other programs do by default.
const LEAVES: usize = 32;

/// Texts in the statistics of our files are cut there; one that is shorter is whole.
const WHOLE: usize = 64;

/// The statistics of a file that was written, as the log has them. `table` are the columns of the table; `is_partial` says of a column
/// whether some values of its place are in the residual: then nothing is said of them.
pub(crate) fn to_json(
    written: &Written,
    table: &Fields,
    is_partial: impl Fn(&[String]) -> bool,
    is_nowhere: impl Fn(&str) -> bool,
) -> String {
    let known: HashMap<&[String], &ColumnStatistics> =
        written.statistics.iter().map(|column| (column.path.as_slice(), column)).collect();
    let (mut least, mut most, mut nulls) = (Map::new(), Map::new(), Map::new());
    for path in leaves(table) {
        match known.get(path.as_slice()) {
            Some(_) if is_partial(&path) => {}
            Some(column) => {
                if let Some(count) = column.nulls {
                    put(&mut nulls, &path, json!(count));
                }
                if let Some([low, high]) = column.ends.as_ref().and_then(ends) {
                    put(&mut least, &path, low);
                    put(&mut most, &path, high);
                }
            }
            None if path.len() == 1 && is_nowhere(&path[0]) => put(&mut nulls, &path, json!(written.rows)),
            None => {}
        }
    }
    json!({ "numRecords": written.rows, "minValues": least, "maxValues": most, "nullCount": nulls })
        .to_string()
}

/// The paths of the first leaf columns that are no parts of lists, and hold what can be compared.
fn leaves(table: &Fields) -> Vec<Vec<String>> {
    let mut leaves = Vec::new();
    for field in table {
        match field.data_type() {
            DataType::Struct(parts) if field.name() == "bbox" => {
                leaves.extend(parts.iter().map(|part| vec![field.name().clone(), part.name().clone()]));
            }
            DataType::Boolean
            | DataType::Int64
            | DataType::Float64
            | DataType::Utf8
            | DataType::Timestamp(..)
                if field.name() != crate::format::layout::RESIDUAL =>
            {
                leaves.push(vec![field.name().clone()]);
            }
            _ => {}
        }
        if leaves.len() >= LEAVES {
            break;
        }
    }
    leaves
}

fn put(into: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [name] => {
            into.insert(name.clone(), value);
        }
        [name, rest @ ..] => {
            if let Some(inner) = into.entry(name.clone()).or_insert_with(|| json!({})).as_object_mut() {
                put(inner, rest, value);
            }
        }
        [] => {}
    }
}

/// The ends as the log has them. Instants have milliseconds there: the last of them is the next one, so that none is later.
fn ends(ends: &Ends) -> Option<[Value; 2]> {
    Some(match ends {
        Ends::Booleans(_) => return None,
        Ends::Integers(ends) => ends.map(|end| json!(end)),
        Ends::Numbers(ends) => ends.map(|end| json!(end)),
        Ends::Texts(ends) => ends.clone().map(Value::String),
        Ends::Instants([least, most]) => {
            let text =
                |millis: i64| Timestamp::from_millisecond(millis).ok().map(|at| json!(format!("{at:.3}")));
            let (least, most) = (least.as_microsecond(), most.as_microsecond());
            [text(least.div_euclid(1_000))?, text(-(-most).div_euclid(1_000))?]
        }
    })
}

/// What is known of the values of a column.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Column {
    least: Option<End>,
    most: Option<End>,
    pub(crate) nulls: Option<u64>,
}

impl Column {
    /// The least and the greatest value, where both are known.
    pub(crate) fn ends(&self) -> Option<(&End, &End)> {
        self.least.as_ref().zip(self.most.as_ref())
    }
}

/// One of the ends of a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    Number(f64),
    Integer(i64),
    Text(String),
}

/// What is known of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Stats {
    pub(crate) rows: Option<u64>,
    /// By the names of their paths.
    columns: HashMap<String, Column>,
}

/// Between the names of a path: no column of ours has it in its name.
const WITHIN: &str = "\0";

impl Stats {
    /// Of what the log says; nothing where that cannot be read.
    pub(crate) fn parse(text: &str, tape: &mut Tape) -> Self {
        let Ok(root) = tape.parse(text.as_bytes()) else { return Self::default() };
        let mut stats = Self { rows: whole(root.get("numRecords")), ..Self::default() };
        let mut note = |member: &str, take: &dyn Fn(&mut Column, Read<'_>)| {
            each(root.get(member), String::new(), &mut |path, value| {
                take(stats.columns.entry(path).or_default(), value);
            });
        };
        note("minValues", &|column, value| column.least = end(value));
        note("maxValues", &|column, value| column.most = end(value));
        note("nullCount", &|column, value| column.nulls = whole(Some(value)));
        stats
    }

    /// Of a column, by the names of its path.
    pub(crate) fn column(&self, path: &[String]) -> Option<&Column> {
        match path {
            [name] => self.columns.get(name.as_str()),
            path => self.columns.get(path.join(WITHIN).as_str()),
        }
    }

    /// The one collection that all Items have, where it says so.
    pub(crate) fn collection(&self) -> Option<&str> {
        let column = self.columns.get("collection").filter(|column| column.nulls == Some(0))?;
        match column.ends()? {
            (End::Text(least), End::Text(most)) if least == most && least.len() < WHOLE => Some(least),
            _ => None,
        }
    }
}

/// Hands over the values of an object and of those in it, each with its path.
fn each(of: Option<Read<'_>>, path: String, take: &mut impl FnMut(String, Read<'_>)) {
    match of {
        Some(object) if object.kind() == Kind::Object => {
            for (key, value) in object.members().into_iter().flatten() {
                let path = if path.is_empty() {
                    key.text().into_owned()
                } else {
                    format!("{path}{WITHIN}{}", key.text())
                };
                each(Some(value), path, take);
            }
        }
        Some(value) => take(path, value),
        None => {}
    }
}

fn whole(value: Option<Read<'_>>) -> Option<u64> {
    value.and_then(Read::as_number).and_then(Number::as_i64).map(i64::unsigned_abs)
}

fn end(value: Read<'_>) -> Option<End> {
    match value.kind() {
        Kind::Number => {
            let integer = value.as_number().and_then(Number::as_i64).map(End::Integer);
            integer.or_else(|| value.raw().parse().ok().map(End::Number))
        }
        Kind::String => value.as_str().map(|text| End::Text(text.into_owned())),
        _ => None,
    }
}
