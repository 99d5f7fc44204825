//! What a store can be asked about, as JSON Schema (OGC API - Features - Part 3, "Queryables").

use serde_json::{Map, Value, json};
use stacyard_model::{Field, FieldType, Profile};

use crate::{Collections, Info};

/// The queryables of a store: the Item's own, and each property that an Item has, with the types of its values. Where
/// every Collection with Items sums the property up (`summaries`), also its values or its range.
/// Of what a profile declares it says what the profile does.
pub fn queryables(info: &Info, collections: &Collections, profile: Option<&Profile>) -> Value {
    let mut properties = Map::new();
    for (name, found) in &info.properties {
        let mut types: Vec<&str> = found.types.keys().copied().collect();
        // Integers are numbers.
        types.retain(|name| *name != "integer" || !found.types.contains_key("number"));
        let mut schema = match types.as_slice() {
            [one] => json!({"type": one}),
            types => json!({"type": types}),
        };
        let summary = Some(name).filter(|_| !types.contains(&"array"));
        let mut summary = summary.and_then(|name| summary_of(name, info, collections)).unwrap_or_default();
        if let Some(values) = summary.get_mut("enum").and_then(Value::as_array_mut)
            && types.contains(&"null")
        {
            values.push(Value::Null);
        }
        if let (Some(schema), Value::Object(summary)) = (schema.as_object_mut(), summary) {
            schema.extend(summary);
        }
        properties.insert(name.clone(), schema);
    }
    for field in profile.into_iter().flat_map(Profile::fields) {
        if field.queryable {
            properties.insert(field.name.clone(), queryable(field));
        } else {
            properties.remove(&field.name);
        }
    }
    // These are the Item's, whatever its properties say.
    properties.insert("id".to_owned(), json!({"type": "string"}));
    properties.insert("collection".to_owned(), json!({"type": "string"}));
    properties.insert("geometry".to_owned(), json!({"$ref": "https://geojson.org/schema/Geometry.json"}));
    properties.insert("datetime".to_owned(), json!({"type": ["string", "null"], "format": "date-time"}));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        // Names within these, with dots between, can be asked for too; others are an error.
        "additionalProperties": false,
    })
}

/// A field of a profile as a queryable. The unit stands where OGC API - Features - Part 5 has it.
pub fn queryable(field: &Field) -> Value {
    let mut schema = Map::new();
    let datetime = field.kind == FieldType::Datetime;
    schema.insert("type".to_owned(), json!(if datetime { "string" } else { field.kind.name() }));
    if datetime {
        schema.insert("format".to_owned(), json!("date-time"));
    }
    let number = |text: &String| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            schema.insert(key.to_owned(), value);
        }
    };
    put("description", field.description.as_ref().map(|text| json!(text)));
    put("x-ogc-unit", field.unit.as_ref().map(|unit| json!(unit)));
    put("minimum", field.minimum.as_ref().map(number));
    put("maximum", field.maximum.as_ref().map(number));
    let numeric = field.kind.is_numeric();
    let values: Vec<Value> =
        field.values.iter().map(|value| if numeric { number(value) } else { json!(value) }).collect();
    put("enum", (!values.is_empty()).then(|| json!(values)));
    Value::Object(schema)
}

/// What all Collections with Items say of a property: `enum`, or `minimum` and `maximum`. Of arrays they sum up the
/// elements.
fn summary_of(name: &str, info: &Info, collections: &Collections) -> Option<Value> {
    let summaries = info.collections.keys().map(|id| collections.get(id)?.get("summaries")?.get(name));
    let summaries: Vec<&Value> = summaries.collect::<Option<_>>()?;
    if let Some(lists) = summaries.iter().map(|summary| summary.as_array()).collect::<Option<Vec<_>>>() {
        let mut values: Vec<&Value> = Vec::new();
        for value in lists.into_iter().flatten() {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        return (!values.is_empty()).then(|| json!({"enum": values}));
    }
    let end = |end: &str, is_further: fn(f64, f64) -> bool| {
        let ends: Option<Vec<&Value>> = summaries.iter().map(|summary| summary.get(end)).collect();
        ends?.into_iter().reduce(|a, b| match (a.as_f64(), b.as_f64()) {
            (Some(x), Some(y)) if is_further(y, x) => b,
            _ => a,
        })
    };
    let minimum = end("minimum", |new, old| new < old).filter(|end| end.is_number())?;
    let maximum = end("maximum", |new, old| new > old).filter(|end| end.is_number())?;
    Some(json!({"minimum": minimum, "maximum": maximum}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PropertyInfo;

    #[test]
    fn names_types_and_summaries() {
        let property = |types: &[&'static str]| PropertyInfo {
            items: 3,
            types: types.iter().map(|name| (*name, 1)).collect(),
        };
        let info = Info {
            collections: [("a".to_owned(), 2), ("b".to_owned(), 1)].into(),
            properties: [
                ("gsd".to_owned(), property(&["number"])),
                ("platform".to_owned(), property(&["string"])),
                ("count".to_owned(), property(&["integer", "null", "number"])),
                ("mixed".to_owned(), property(&["null", "string"])),
                ("maybe".to_owned(), property(&["null", "string"])),
                ("bands".to_owned(), property(&["array"])),
                ("id".to_owned(), property(&["number"])),
            ]
            .into(),
            ..Info::default()
        };
        let collections: Collections = [
            ("a".to_owned(), json!({"summaries": {"gsd": {"minimum": 10, "maximum": 30}, "platform": ["x"], "mixed": ["m"], "maybe": ["m"], "bands": ["x"]}})),
            ("b".to_owned(), json!({"summaries": {"gsd": {"minimum": 5.5, "maximum": 20}, "platform": ["x", "y"], "maybe": ["m"], "bands": ["x"]}})),
        ]
        .into();
        let found = queryables(&info, &collections, None);
        let properties = &found["properties"];
        assert_eq!(properties["gsd"], json!({"type": "number", "minimum": 5.5, "maximum": 30}));
        assert_eq!(properties["platform"], json!({"type": "string", "enum": ["x", "y"]}));
        assert_eq!(
            properties["mixed"],
            json!({"type": ["null", "string"]}),
            "one Collection says nothing of it"
        );
        assert_eq!(properties["maybe"], json!({"type": ["null", "string"], "enum": ["m", null]}));
        assert_eq!(properties["bands"], json!({"type": "array"}), "its elements are summed up");
        assert_eq!(properties["count"], json!({"type": ["null", "number"]}));
        assert_eq!(properties["id"], json!({"type": "string"}), "the Item's own");
        assert_eq!(found["additionalProperties"], false);
    }
}
