//! What a store holds: collections, extents, and which properties with values of which types.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::Serialize;
use stacyard_model::ObjectKind;
use stacyard_model::json::{Kind, Tape, Value};
use stacyard_search::{Aggregate, Aggregation, Aggregator};

use crate::lines::BLOCK;
use crate::pipeline::ordered;
use crate::report::Progress;
use crate::run::Run;
use crate::{Batch, Error, Source};

/// What a store holds. An Item that is not valid is counted as such, and its properties are not looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Info {
    /// How many Items.
    pub items: u64,
    /// How many records are not JSON objects with an `id`: `validate` says why.
    pub unreadable: u64,
    /// Items by collection; those without one under the empty name.
    pub collections: BTreeMap<String, u64>,
    /// West, south, east, north of the Items' boxes; a west beyond the east crosses the antimeridian.
    pub bbox: Option<[f64; 4]>,
    /// The first and the last instant, RFC 3339.
    pub datetime: Option<[String; 2]>,
    /// How many Items have no geometry.
    pub null_geometries: u64,
    /// How many Collections stand among the Items. Those that a store keeps beside them are not counted here.
    pub collections_among: u64,
    /// Items by STAC version.
    pub stac_versions: BTreeMap<String, u64>,
    /// The properties, by name.
    pub properties: BTreeMap<String, PropertyInfo>,
    /// The names of assets, with the number of Items that have them.
    pub assets: BTreeMap<String, u64>,
}

/// One property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PropertyInfo {
    /// How many Items have it.
    pub items: u64,
    /// How many of its values are of which type.
    pub types: BTreeMap<&'static str, u64>,
}

/// Names of properties and assets that are told apart; what comes beyond is not listed.
const MAX_NAMES: usize = 10_000;

/// Reads all of `source`, and says what it holds.
///
/// # Errors
/// When it cannot be read, or the work has to end.
pub fn info(source: &mut dyn Source, run: Run<'_>) -> Result<Info, Error> {
    let Run { threads, stop, observer, .. } = run;
    observer.begin(source.name(), source.size());
    let extent = Aggregator::new(&[Aggregation::Extent])?;
    let mut whole = Partial { info: Info::default(), extent: extent.clone() };
    ordered(
        source,
        threads,
        Tape::new,
        |tape, batch| {
            let mut part = Partial { info: Info::default(), extent: extent.clone() };
            part.look(tape, &batch);
            if batch.text.len() > 2 * BLOCK {
                *tape = Tape::new();
            }
            Ok(part)
        },
        |part, position| {
            stop.check()?;
            whole.append(part)?;
            observer.advance(Progress { read: whole.info.items, rejected: whole.info.unreadable, position });
            Ok(ControlFlow::Continue(()))
        },
    )?;
    let mut info = whole.info;
    if let [Aggregate::Extent(Some(extent))] = whole.extent.finish()[..] {
        info.bbox = extent.bbox;
        info.datetime = extent.interval.map(|interval| interval.map(|at| at.to_string()));
    }
    Ok(info)
}

/// What is known of some of the Items.
struct Partial {
    info: Info,
    extent: Aggregator,
}

impl Partial {
    fn look(&mut self, tape: &mut Tape, batch: &Batch) {
        for record in &batch.records {
            let text = &batch.text[record.start as usize..record.end as usize];
            match tape.parse(text) {
                Ok(item) if record.fault.is_none() && item.get("id").is_some() => {
                    if ObjectKind::of(item) == Some(ObjectKind::Collection) {
                        self.info.collections_among += 1;
                    } else {
                        self.add(item);
                    }
                }
                _ => self.info.unreadable += 1,
            }
        }
    }

    fn add(&mut self, item: Value<'_>) {
        let info = &mut self.info;
        info.items += 1;
        let string = |name| item.get(name).and_then(Value::as_str).unwrap_or_default();
        count(&mut info.collections, &string("collection"), 1);
        count(&mut info.stac_versions, &string("stac_version"), 1);
        info.null_geometries += u64::from(item.get("geometry").is_none_or(Value::is_null));
        // Times that say nothing are told by `validate`.
        let _ = self.extent.add(item);
        for (key, value) in item.get("properties").and_then(Value::members).into_iter().flatten() {
            let name = key.text();
            if !info.properties.contains_key(&*name) {
                if info.properties.len() >= MAX_NAMES {
                    continue;
                }
                info.properties.insert(name.clone().into_owned(), PropertyInfo::default());
            }
            if let Some(property) = info.properties.get_mut(&*name) {
                property.items += 1;
                *property.types.entry(type_of(value)).or_default() += 1;
            }
        }
        for (key, _) in item.get("assets").and_then(Value::members).into_iter().flatten() {
            count(&mut info.assets, &key.text(), 1);
        }
    }

    fn append(&mut self, later: Self) -> Result<(), Error> {
        self.extent.merge(later.extent)?;
        let info = &mut self.info;
        info.items += later.info.items;
        info.unreadable += later.info.unreadable;
        info.collections_among += later.info.collections_among;
        info.null_geometries += later.info.null_geometries;
        let counts = [
            (&mut info.collections, later.info.collections),
            (&mut info.stac_versions, later.info.stac_versions),
            (&mut info.assets, later.info.assets),
        ];
        for (all, later) in counts {
            for (name, number) in &later {
                count(all, name, *number);
            }
        }
        for (name, property) in later.info.properties {
            if !info.properties.contains_key(&name) && info.properties.len() >= MAX_NAMES {
                continue;
            }
            let all = info.properties.entry(name).or_default();
            all.items += property.items;
            for (kind, number) in property.types {
                *all.types.entry(kind).or_default() += number;
            }
        }
        Ok(())
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str, number: u64) {
    if let Some(known) = counts.get_mut(name) {
        *known += number;
    } else if counts.len() < MAX_NAMES {
        counts.insert(name.to_owned(), number);
    }
}

fn type_of(value: Value<'_>) -> &'static str {
    match value.kind() {
        Kind::Null => "null",
        Kind::True | Kind::False => "boolean",
        Kind::Number if value.as_number().is_some_and(stacyard_model::json::Number::is_integer) => "integer",
        Kind::Number => "number",
        Kind::String => "string",
        Kind::Array => "array",
        Kind::Object => "object",
    }
}
