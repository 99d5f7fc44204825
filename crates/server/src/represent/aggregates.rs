//! Aggregates as JSON (STAC API - Aggregation).

use serde_json::{Value, json};
use stacyard_search::{Aggregate, Aggregation, Bucket, Datum};

/// An aggregate under its name; steps of time are of this type.
pub(crate) fn aggregated(name: &str, of: &Aggregation, found: Aggregate, interval: &str) -> Value {
    match found {
        Aggregate::Total(items) => json!({"name": name, "data_type": "integer", "value": items}),
        Aggregate::Value(value) => {
            let value = value.unwrap_or(Datum::Null);
            json!({"name": name, "data_type": kind(&value), "value": value.json()})
        }
        Aggregate::Frequencies(found) => {
            let first = found.buckets.first().map_or("string", |bucket| kind(&bucket.value));
            let kind_of_all = match of {
                Aggregation::Times(..) => interval,
                Aggregation::Histogram(..) => "numeric",
                _ => first,
            };
            let buckets = found.buckets.iter().map(|bucket| {
                let key = match bucket.value.json() {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                let mut told =
                    json!({"key": key, "data_type": kind(&bucket.value), "frequency": bucket.items});
                if let Aggregation::Histogram(_, bins) = of
                    && let Some([from, to]) = range(bucket, bins.width())
                {
                    (told["from"], told["to"]) = (from, to);
                }
                told
            });
            let buckets: Vec<Value> = buckets.collect();
            let overflow = found.missing + found.other;
            json!({"name": name, "data_type": kind_of_all, "buckets": buckets, "overflow": overflow})
        }
        // No name of an aggregation means an extent.
        Aggregate::Extent(_) => Value::Null,
    }
}

/// From where to where a range goes; where it ends it has no number.
fn range(bucket: &Bucket, width: f64) -> Option<[Value; 2]> {
    let Datum::Number(start) = &bucket.value else { return None };
    // The next one begins where this one ends, to the last digit.
    let next = (start.parse::<f64>().ok()? / width).round() + 1.0;
    Some([bucket.value.json(), Datum::Number((next * width).to_string()).json()])
}

const fn kind(value: &Datum) -> &'static str {
    match value {
        Datum::Number(_) => "numeric",
        Datum::Instant(_) => "datetime",
        Datum::Null | Datum::Bool(_) | Datum::Text(_) => "string",
    }
}
