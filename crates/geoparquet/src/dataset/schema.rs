//! The columns of a table: Delta's schema (PROTOCOL.md, "Schema Serialization Format") and Arrow's, and how a table gets more of them.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, TimeUnit};
use serde_json::{Value, json};

/// What is wrong with a schema, in words.
pub(crate) type Wrong = String;

/// Columns that come first, so that readers that keep statistics of the first 32 have those that searches ask for.
const FIRST: [&str; 6] = ["bbox", "id", "collection", "datetime", "start_datetime", "end_datetime"];

/// As the log has it.
pub(crate) fn to_delta(fields: &[FieldRef]) -> String {
    struct_of(fields).to_string()
}

fn struct_of(fields: &[FieldRef]) -> Value {
    let field = |field: &FieldRef| {
        // Of others' rows too: who says that there is never a null may be wrong.
        json!({ "name": field.name(), "type": delta_type(field.data_type()), "nullable": true, "metadata": {} })
    };
    json!({ "type": "struct", "fields": fields.iter().map(field).collect::<Vec<_>>() })
}

/// Columns of other types are none of ours, and only read.
fn delta_type(of: &DataType) -> Value {
    match of {
        DataType::Boolean => json!("boolean"),
        DataType::Int64 => json!("long"),
        DataType::Int32 => json!("integer"),
        DataType::Int16 => json!("short"),
        DataType::Int8 => json!("byte"),
        DataType::Float64 => json!("double"),
        DataType::Float32 => json!("float"),
        DataType::Binary => json!("binary"),
        DataType::Date32 => json!("date"),
        DataType::Timestamp(_, Some(_)) => json!("timestamp"),
        DataType::Timestamp(_, None) => json!("timestamp_ntz"),
        DataType::Decimal128(precision, scale) => json!(format!("decimal({precision},{scale})")),
        DataType::Struct(fields) => struct_of(fields),
        DataType::List(element) => {
            json!({ "type": "array", "elementType": delta_type(element.data_type()), "containsNull": true })
        }
        DataType::Map(entries, _) => {
            let [key, value] = entry_types(entries).unwrap_or([&DataType::Utf8; 2]).map(delta_type);
            json!({ "type": "map", "keyType": key, "valueType": value, "valueContainsNull": true })
        }
        _ => json!("string"),
    }
}

fn entry_types(entries: &FieldRef) -> Option<[&DataType; 2]> {
    match entries.data_type() {
        DataType::Struct(fields) if fields.len() == 2 => Some([fields[0].data_type(), fields[1].data_type()]),
        _ => None,
    }
}

/// The columns that the log has.
///
/// # Errors
/// What is no schema, or has a type that is not known.
pub(crate) fn of_delta(text: &str) -> Result<Fields, Wrong> {
    let schema: Value = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
    fields_of(&schema)
}

fn fields_of(schema: &Value) -> Result<Fields, Wrong> {
    let fields = schema["fields"].as_array().ok_or("a struct without fields")?;
    let field = |field: &Value| {
        let name = field["name"].as_str().ok_or("a column without a name")?;
        Ok(Field::new(name, arrow_type(&field["type"])?, true))
    };
    fields.iter().map(field).collect()
}

fn arrow_type(of: &Value) -> Result<DataType, Wrong> {
    if let Some(name) = of.as_str() {
        return Ok(match name {
            "boolean" => DataType::Boolean,
            "long" => DataType::Int64,
            "integer" => DataType::Int32,
            "short" => DataType::Int16,
            "byte" => DataType::Int8,
            "double" => DataType::Float64,
            "float" => DataType::Float32,
            "binary" => DataType::Binary,
            "date" => DataType::Date32,
            "string" => DataType::Utf8,
            "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            "timestamp_ntz" => DataType::Timestamp(TimeUnit::Microsecond, None),
            other => {
                let numbers = other.strip_prefix("decimal(").and_then(|rest| rest.strip_suffix(')'));
                let numbers = numbers.and_then(|numbers| numbers.split_once(','));
                let numbers =
                    numbers.and_then(|(p, s)| Some((p.trim().parse().ok()?, s.trim().parse().ok()?)));
                let (precision, scale) = numbers.ok_or_else(|| format!("the type {other:?} is not known"))?;
                DataType::Decimal128(precision, scale)
            }
        });
    }
    match of["type"].as_str() {
        Some("struct") => Ok(DataType::Struct(fields_of(of)?)),
        Some("array") => {
            let element = Field::new("element", arrow_type(&of["elementType"])?, true);
            Ok(DataType::List(Arc::new(element)))
        }
        Some("map") => {
            let entries = Fields::from(vec![
                Field::new("key", arrow_type(&of["keyType"])?, false),
                Field::new("value", arrow_type(&of["valueType"])?, true),
            ]);
            Ok(DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entries), false)), false))
        }
        other => Err(format!("the type {:?} is not known", other.unwrap_or_default())),
    }
}

/// The columns of a table with those of a file; `None`: it has all of them.
///
/// # Errors
/// The path of a column that has another type in the table.
pub(crate) fn with(table: &Fields, file: &Fields) -> Result<Option<Fields>, Wrong> {
    let mut fields: Vec<FieldRef> = table.iter().cloned().collect();
    let is_changed = add_all(&mut fields, file, "", Clash::Fails)?;
    // What comes first for other programs' statistics; a profile may have declared its columns before.
    if !table.iter().any(|field| FIRST.contains(&field.name().as_str())) {
        let place = |field: &FieldRef| FIRST.iter().position(|name| *name == field.name());
        fields.sort_by_key(|field| place(field).unwrap_or(FIRST.len()));
    }
    Ok(is_changed.then(|| fields.into()))
}

/// The columns of a table with those of files that were written without knowing of each other: a column of the table keeps its type; of one that is new the first
/// file says the type, but that a number may have a fraction in any of them.
pub(crate) fn with_each<'f>(
    table: &Fields,
    files: impl Iterator<Item = &'f Fields>,
) -> Result<Fields, Wrong> {
    let mut new = Vec::new();
    for file in files {
        add_all(&mut new, file, "", Clash::Widens)?;
    }
    let mut known: Vec<FieldRef> = table.iter().cloned().collect();
    add_all(&mut known, &new.into(), "", Clash::KeepsFirst)?;
    // In the order of a table that gets them.
    Ok(with(table, &known.into())?.unwrap_or_else(|| table.clone()))
}

/// What becomes of a column that has two types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clash {
    Fails,
    KeepsFirst,
    /// The same, but that the wider one of two kinds of numbers is taken.
    Widens,
}

/// Adds fields that are not there; says whether there were any.
fn add_all(fields: &mut Vec<FieldRef>, more: &Fields, path: &str, clash: Clash) -> Result<bool, Wrong> {
    let mut is_changed = false;
    for field in more {
        let path = format!("{path}{}", field.name());
        match fields.iter_mut().find(|known| known.name().eq_ignore_ascii_case(field.name())) {
            // Many programs do not tell them apart. Whoever writes has seen a table without the other one.
            Some(known) if known.name() != field.name() && clash != Clash::Fails => {}
            Some(known) if known.name() != field.name() => {
                return Err(format!("the column {path} is {} in the table", known.name()));
            }
            None => {
                fields.push(Arc::new(Field::new(field.name(), field.data_type().clone(), true)));
                is_changed = true;
            }
            Some(known) => {
                if let Some(both) = both(known.data_type(), field.data_type(), &path, clash)? {
                    *known = Arc::new(Field::new(known.name(), both, true));
                    is_changed = true;
                }
            }
        }
    }
    Ok(is_changed)
}

/// A type that holds both; `None`: the first does.
fn both(table: &DataType, file: &DataType, path: &str, clash: Clash) -> Result<Option<DataType>, Wrong> {
    match (table, file) {
        (DataType::Struct(known), DataType::Struct(more)) => {
            let mut fields: Vec<FieldRef> = known.iter().cloned().collect();
            let is_changed = add_all(&mut fields, more, &format!("{path}."), clash)?;
            Ok(is_changed.then(|| DataType::Struct(fields.into())))
        }
        (DataType::List(known), DataType::List(more)) => {
            let element = both(known.data_type(), more.data_type(), &format!("{path}.element"), clash)?;
            Ok(element.map(|element| DataType::List(Arc::new(Field::new("element", element, true)))))
        }
        _ if table == file => Ok(None),
        (DataType::Int64, DataType::Float64) if clash == Clash::Widens => Ok(Some(DataType::Float64)),
        _ if clash != Clash::Fails => Ok(None),
        _ => Err(format!(
            "the column {path} is {} in the table and {} in a file",
            delta_type(table),
            delta_type(file)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields {
        let field = |part: &str| {
            let (name, of) = part.split_once(':').unwrap();
            format!(r#"{{"name":"{name}","type":{of},"nullable":true,"metadata":{{}}}}"#)
        };
        let list: Vec<String> = text.split(' ').filter(|part| !part.is_empty()).map(field).collect();
        of_delta(&format!(r#"{{"type":"struct","fields":[{}]}}"#, list.join(","))).unwrap()
    }

    #[test]
    fn types_come_back_as_they_were() {
        for of in [
            r#""string""#,
            r#""long""#,
            r#""double""#,
            r#""boolean""#,
            r#""binary""#,
            r#""timestamp""#,
            r#""decimal(10,2)""#,
            r#"{"type":"array","elementType":"string","containsNull":true}"#,
            r#"{"type":"map","keyType":"string","valueType":"long","valueContainsNull":true}"#,
        ] {
            let one = fields(&format!("a:{of}"));
            let again = of_delta(&to_delta(&one)).unwrap();
            assert_eq!(one, again, "{of}");
        }
        assert_eq!(
            of_delta(r#"{"type":"struct","fields":[{"name":"a","type":"variant"}]}"#).unwrap_err(),
            "the type \"variant\" is not known"
        );
    }

    #[test]
    fn a_table_gets_what_it_lacks() {
        let table = fields(r#"a:"long" s:{"type":"struct","fields":[]}"#);
        let file = fields(r#"b:"string" s:{"type":"struct","fields":[{"name":"x","type":"long"}]}"#);
        let more = with(&table, &file).unwrap().unwrap();
        assert_eq!(more.iter().map(|field| field.name().as_str()).collect::<Vec<_>>(), ["a", "s", "b"]);
        assert_eq!(with(&more, &file).unwrap(), None);
        assert_eq!(
            with(&table, &fields(r#"a:"string""#)).unwrap_err(),
            r#"the column a is "long" in the table and "string" in a file"#
        );
    }

    #[test]
    fn files_that_do_not_know_of_each_other() {
        let table = fields(r#"t:"long""#);
        let files = [
            r#"t:"double" n:"long" x:"string" s:{"type":"struct","fields":[]}"#,
            r#"n:"double" x:"long" s:{"type":"struct","fields":[{"name":"n","type":"long"}]} X:"long""#,
            r#"n:"long" s:{"type":"struct","fields":[{"name":"n","type":"double"}]}"#,
        ];
        let files = files.map(fields);
        let wanted =
            r#"t:"long" n:"double" x:"string" s:{"type":"struct","fields":[{"name":"n","type":"double"}]}"#;
        assert_eq!(
            to_delta(&with_each(&table, files.iter()).unwrap()).replace(r#""metadata":{},"#, ""),
            to_delta(&fields(wanted)).replace(r#""metadata":{},"#, "")
        );
    }
}
