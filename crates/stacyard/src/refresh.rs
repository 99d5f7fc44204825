//! Collections that say of their Items what is so: their extents, and what their summaries are of.

use serde_json::{Map, Value, json};
use stacyard_model::json::Number;
use stacyard_search::{Aggregate, Aggregation, Frequencies, Property, Query, Search, Stop};
use stacyard_store::{Collections, Error, ErrorKind, Remedy, Run, Store};

/// The Collections of a store with the extents and summaries that their Items have, of those that have Items; `ids` are the ones that are
/// wanted, all if there are none.
///
/// Of `summaries` (STAC Collection: Summaries) the ranges and the lists of values are made anew. A JSON Schema stays, and so does what
/// is of no property with values that can be listed: of bands, assets, arrays and objects.
///
/// # Errors
/// A store that cannot be read; an id that it does not have.
pub fn refreshed(store: &Store, ids: &[String], stop: &Stop) -> Result<Collections, Error> {
    let mut kept = store.collections()?;
    if let Some(id) = ids.iter().find(|id| !kept.contains_key(*id)) {
        return Err(Error::new(ErrorKind::NotFound, &format!("there is no Collection {id:?}"))
            .remedy(Remedy::call("collections", &[]).text(" lists those that there are")));
    }
    kept.retain(|id, _| ids.is_empty() || ids.contains(id));
    let mut found = Collections::new();
    for (id, mut collection) in kept {
        let query = Query::from(Search { collections: vec![id.clone()], ..Search::default() }).lenient(true);
        let mut wanted = vec![Aggregation::Extent];
        let mut summaries = collection.get("summaries").and_then(Value::as_object).cloned();
        let plans: Vec<Plan> =
            summaries.iter().flatten().filter_map(|(name, old)| Plan::of(name, old)).collect();
        wanted.extend(plans.iter().flat_map(|plan| plan.aggregations.clone()));
        let run = Run { stop: stop.clone(), ..Run::default() };
        let mut aggregates = store.aggregate(&query, &wanted, run)?.0.into_iter();
        let Some(Aggregate::Extent(Some(extent))) = aggregates.next() else { continue };
        if let Some(bbox) = extent.bbox {
            collection["extent"]["spatial"]["bbox"] = json!([bbox]);
        }
        if let Some(interval) = extent.interval {
            collection["extent"]["temporal"]["interval"] = json!([interval.map(|end| end.to_string())]);
        }
        if let Some(summaries) = &mut summaries {
            for plan in plans {
                let found: Vec<Aggregate> = aggregates.by_ref().take(plan.aggregations.len()).collect();
                plan.write(&found, summaries);
            }
            collection["summaries"] = Value::Object(std::mem::take(summaries));
        }
        found.insert(id, collection);
    }
    Ok(found)
}

/// How one summary is made anew.
struct Plan {
    name: String,
    aggregations: Vec<Aggregation>,
}

impl Plan {
    /// `None`: it stays as it is.
    fn of(name: &str, summary: &Value) -> Option<Self> {
        let property = Property::parse(&format!("properties.{name}")).ok()?;
        let aggregations = match summary {
            Value::Array(values) if !values.iter().any(|value| value.is_array() || value.is_object()) => {
                vec![Aggregation::Frequencies(property)]
            }
            Value::Object(range)
                if range.len() == 2 && ["minimum", "maximum"].iter().all(|end| range.contains_key(*end)) =>
            {
                vec![Aggregation::Least(property.clone()), Aggregation::Greatest(property)]
            }
            _ => return None,
        };
        Some(Self { name: name.to_owned(), aggregations })
    }

    /// Puts what was found in the place of what was there.
    fn write(&self, found: &[Aggregate], summaries: &mut Map<String, Value>) {
        let Some(old) = summaries.get_mut(&self.name) else { return };
        match found {
            [Aggregate::Frequencies(found)] => {
                if let Some(values) = values(found, old) {
                    *old = Value::Array(values);
                }
            }
            [Aggregate::Value(Some(least)), Aggregate::Value(Some(greatest))] => {
                old["minimum"] = least.json();
                old["maximum"] = greatest.json();
            }
            _ => {}
        }
    }
}

/// All values: first those that were there before, in their order. `None`: some cannot be listed, or there are none.
fn values(found: &Frequencies, old: &Value) -> Option<Vec<Value>> {
    if found.other > 0 || found.buckets.is_empty() {
        return None;
    }
    let mut new: Vec<Value> = found.buckets.iter().map(|bucket| bucket.value.json()).collect();
    let mut all = Vec::new();
    for value in old.as_array().into_iter().flatten() {
        if let Some(at) = new.iter().position(|new| is_same(new, value)) {
            new.remove(at);
            all.push(value.clone());
        }
    }
    new.sort_by_cached_key(Value::to_string);
    all.extend(new);
    Some(all)
}

fn is_same(one: &Value, other: &Value) -> bool {
    // Numbers are spelled in many ways.
    let (texts, are_numbers) = ([one.to_string(), other.to_string()], one.is_number() && other.is_number());
    let numbers = texts.each_ref().map(|text| Number::parse(text).filter(|_| are_numbers));
    one == other || matches!(numbers, [Some(one), Some(other)] if one.same(other))
}
