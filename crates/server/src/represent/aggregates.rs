//! Aggregates as JSON (STAC API - Aggregation).

use serde_json::{Value, json};
use stacyard_search::{Aggregate, Datum};

/// An aggregate under its name; steps of time are of this type.
pub(crate) fn aggregated(name: &str, found: Aggregate, interval: &str) -> Value {
    match found {
        Aggregate::Total(items) => json!({"name": name, "data_type": "integer", "value": items}),
        Aggregate::Value(value) => {
            let value = value.unwrap_or(Datum::Null);
            json!({"name": name, "data_type": kind(&value), "value": as_json(&value)})
        }
        Aggregate::Frequencies(found) => {
            let first = found.buckets.first().map_or("string", |bucket| kind(&bucket.value));
            let kind_of_all = if name == "datetime_frequency" { interval } else { first };
            let buckets = found.buckets.iter().map(|bucket| {
                let key = match as_json(&bucket.value) {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                json!({"key": key, "data_type": kind(&bucket.value), "frequency": bucket.items})
            });
            let buckets: Vec<Value> = buckets.collect();
            let overflow = found.missing + found.other;
            json!({"name": name, "data_type": kind_of_all, "buckets": buckets, "overflow": overflow})
        }
        // No name of an aggregation means an extent.
        Aggregate::Extent(_) => Value::Null,
    }
}

const fn kind(value: &Datum) -> &'static str {
    match value {
        Datum::Number(_) => "numeric",
        Datum::Instant(_) => "datetime",
        Datum::Null | Datum::Bool(_) | Datum::Text(_) => "string",
    }
}

fn as_json(value: &Datum) -> Value {
    match value {
        Datum::Null => Value::Null,
        Datum::Bool(value) => json!(value),
        // Its spelling is JSON's, and is kept.
        Datum::Number(text) => serde_json::from_str(text).unwrap_or_default(),
        Datum::Instant(at) => json!(at.to_string()),
        Datum::Text(text) => json!(text),
    }
}
