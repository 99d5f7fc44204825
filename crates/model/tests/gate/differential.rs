//! The strict grade against the official JSON Schemas, over seeded mutations of real and hand-written objects.
//!
//! What the schemas refuse the gate must refuse. What it refuses beyond them must be by rules that are marked so.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stacyard_model::json::Document;
use stacyard_model::{Gate, Grade, Schemas};

use crate::{bases, data};

/// A small generator of numbers (SplitMix64): the same mutations on every run.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// All places in a value, as JSON pointers. Long arrays count a few times only, so that coordinates don't drown the rest.
fn places(value: &Value, at: &mut String, out: &mut Vec<String>) {
    out.push(at.clone());
    let length = at.len();
    match value {
        Value::Array(all) => {
            for (i, element) in all.iter().enumerate().take(4) {
                at.push_str(&format!("/{i}"));
                places(element, at, out);
                at.truncate(length);
            }
        }
        Value::Object(all) => {
            for (key, element) in all {
                stacyard_model::json::push_pointer_token(at, key);
                places(element, at, out);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

const NAMES: [&str; 52] = [
    "type",
    "id",
    "stac_version",
    "stac_extensions",
    "geometry",
    "bbox",
    "properties",
    "links",
    "assets",
    "collection",
    "href",
    "rel",
    "title",
    "description",
    "keywords",
    "roles",
    "datetime",
    "start_datetime",
    "end_datetime",
    "created",
    "updated",
    "platform",
    "instruments",
    "constellation",
    "mission",
    "gsd",
    "license",
    "providers",
    "bands",
    "data_type",
    "nodata",
    "statistics",
    "unit",
    "method",
    "headers",
    "body",
    "name",
    "url",
    "extent",
    "spatial",
    "temporal",
    "interval",
    "summaries",
    "item_assets",
    "minimum",
    "maximum",
    "count",
    "valid_percent",
    "coordinates",
    "geometries",
    "foreign",
    "$ref",
];

fn replacement(seeded: &mut Seeded) -> Value {
    let all = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(1.0),
        json!(-1),
        json!(0.5),
        json!(101),
        json!(-0.0),
        json!(1e3),
        json!(""),
        json!("x"),
        json!(" "),
        json!("a b"),
        json!("é"),
        json!("https://example.org/x"),
        json!("https://ex ample.org"),
        json!("./x"),
        json!("http://[::1]:80/x?y#z"),
        json!("a:b"),
        json!("%zz"),
        json!("%20"),
        json!("//h/p"),
        json!("1:x"),
        json!("2024-01-01T00:00:00Z"),
        json!("2024-01-01T00:00:00.5+00:00"),
        json!("2024-01-01"),
        json!("2024-02-30T00:00:00Z"),
        json!("2024-01-01T00:00:00+01:00"),
        json!("2024-01-01 00:00:00Z"),
        json!("2024-01-01t00:00:00z"),
        json!("2024-01-01T23:59:60Z"),
        json!("2024-01-01T23:59:60.5Z"),
        json!("9999-12-31T23:59:59Z"),
        json!("0000-01-01T00:00:00Z"),
        json!("2024-01-01T00:00:00-00:00"),
        json!("nan"),
        json!("-inf"),
        json!("inf "),
        json!("uint8"),
        json!("GET"),
        json!("get"),
        json!("Feature"),
        json!("Collection"),
        json!("Catalog"),
        json!("Point"),
        json!("Polygon"),
        json!("LineString"),
        json!("MultiPoint"),
        json!("GeometryCollection"),
        json!("collection"),
        json!("self"),
        json!("1.0.0"),
        json!("1.1.0"),
        json!("host"),
        json!("CC BY"),
        json!("other"),
        json!([]),
        json!({}),
        json!([""]),
        json!(["x"]),
        json!(["x", "x"]),
        json!([1, 2]),
        json!([1, 2, 3, 4]),
        json!([1, 2, 3, 4, 5]),
        json!([1, 2, 3, 4, 5, 6]),
        json!([[1, 2], [3, 4]]),
        json!([[0, 0], [1, 0], [1, 1], [0, 0]]),
        json!([[[0, 0], [1, 0], [1, 1], [0, 0]]]),
        json!([["2024-01-01T00:00:00Z", null]]),
        json!([["2024-01-01T00:00:00Z"]]),
        json!([null, null]),
        json!({"href": "x"}),
        json!({"href": "x", "bands": []}),
        json!({"name": "x"}),
        json!([{"name": "x"}]),
        json!([{"name": ""}]),
        json!([{"rel": "collection", "href": "x"}]),
        json!([{"rel": "self", "href": "x"}]),
        json!({"minimum": 1, "maximum": 2}),
        json!({"type": "nonsense"}),
        json!({"type": "array", "items": {"type": "number"}}),
        json!({"type": "Point", "coordinates": [1, 2]}),
        json!({"type": "Point", "coordinates": [1]}),
        json!({"count": 1.5}),
        json!({"count": 2.0}),
        json!({"a": {"href": "x", "title": "t"}}),
        json!({"a": {"type": "t", "title": "t"}}),
        json!({"a": ["x", 1]}),
        json!({"a": ["x"]}),
        json!([{}]),
        json!([null]),
        json!([[]]),
        json!({"": ""}),
    ];
    seeded.pick(&all).clone()
}

/// Changes one thing.
fn mutate(value: &mut Value, seeded: &mut Seeded) -> String {
    let mut all = Vec::new();
    places(value, &mut String::new(), &mut all);
    let place = seeded.pick(&all).clone();
    let (parent, token) = place.rsplit_once('/').unwrap_or(("", ""));
    let token = token.replace("~1", "/").replace("~0", "~");
    let what = seeded.below(8);
    let target = value.pointer_mut(&place).unwrap();
    match what {
        0..3 => *target = replacement(seeded),
        3 => {
            let name = *seeded.pick(&NAMES);
            match target {
                Value::Object(members) => {
                    members.insert(name.to_owned(), replacement(seeded));
                }
                Value::Array(elements) => elements.push(replacement(seeded)),
                other => *other = replacement(seeded),
            }
        }
        4 => {
            if let Value::Array(elements) = target
                && let Some(first) = elements.first().cloned()
            {
                elements.push(first);
            } else {
                *target = json!([target.take()]);
            }
        }
        _ => match value.pointer_mut(parent) {
            Some(Value::Object(members)) if members.contains_key(&token) => {
                let old = members.remove(&token);
                if what == 5 {
                    members.insert((*seeded.pick(&NAMES)).to_owned(), old.unwrap());
                }
            }
            Some(Value::Array(elements)) if !elements.is_empty() => {
                elements.remove(token.parse::<usize>().unwrap());
            }
            _ => {}
        },
    }
    format!("{what} at {place}")
}

struct Oracle(Schemas);

impl Oracle {
    /// Whether the official schema accepts the object.
    fn accepts(&self, tree: &Value, kind: &str, version: &str) -> bool {
        let path = match kind {
            "Feature" => "item-spec/json-schema/item.json",
            "Collection" => "collection-spec/json-schema/collection.json",
            _ => "catalog-spec/json-schema/catalog.json",
        };
        let url = format!("https://schemas.stacspec.org/v{version}/{path}");
        self.0.validator(&url).expect("in the folder").unwrap().is_valid(tree)
    }
}

/// Judges one object by both. `kind` and `version` are those before the mutation: the same schema judges both.
fn compare(
    oracle: &Oracle,
    tree: &Value,
    kind: &str,
    version: &str,
    tally: &mut BTreeMap<String, u32>,
) -> Result<(), String> {
    let text = serde_json::to_string(tree).unwrap();
    let document = Document::parse(&*text).unwrap();
    let gate = Gate::new(Grade::Strict);
    let verdict = match kind {
        "Feature" => gate.item(document.root()),
        "Collection" => gate.collection(document.root()),
        _ => gate.catalog(document.root()),
    };
    // A mutation can turn an object into one of the other version: that is judged by the other schema.
    let version = tree
        .get("stac_version")
        .and_then(Value::as_str)
        .filter(|v| ["1.0.0", "1.1.0"].contains(v))
        .unwrap_or(version);
    let expected = oracle.accepts(tree, kind, version);
    let beyond = verdict.errors.iter().all(|finding| finding.rule.beyond_schemas());
    let outcome = match (expected, verdict.is_accepted()) {
        (true, true) => "both accept".to_owned(),
        (false, false) if !beyond => "both refuse".to_owned(),
        (true, false) if beyond => format!("refused beyond the schemas: {}", verdict.errors[0].rule),
        (true, false) => return Err(format!("only the gate refuses: {:?}\n{text}", verdict.errors)),
        (false, accepted) => {
            return Err(format!("only the schema refuses ({accepted}): {:?}\n{text}", verdict.errors));
        }
    };
    *tally.entry(outcome).or_default() += 1;
    Ok(())
}

#[test]
fn strict_agrees_with_the_official_schemas() {
    let Some(folder) = data::shared() else { return };
    let oracle = Oracle(data::schemas(&folder));
    let mut seeded = Seeded(20_240_601);
    let mut tally = BTreeMap::new();
    let mut failures = Vec::new();
    let mut run = |text: &str, place: &str, mutations: usize| {
        let original: Value = serde_json::from_str(text).unwrap();
        let kind = original["type"].as_str().unwrap().to_owned();
        let version = original["stac_version"].as_str().unwrap().to_owned();
        for round in 0..=mutations {
            let mut tree = original.clone();
            let mut done = String::new();
            for _ in 0..round.min(1 + usize::from(round % 8 == 0)) {
                done = mutate(&mut tree, &mut seeded);
            }
            if let Err(failure) = compare(&oracle, &tree, &kind, &version, &mut tally) {
                failures.push(format!("{place}, mutation {round} ({done}): {failure}"));
            }
        }
    };
    for text in bases::ITEMS.iter().chain(&bases::OTHERS) {
        run(text, "hand-written", 2500);
    }
    for source in ["items", "collections.ndjson", "catalogs.ndjson"] {
        for (place, document) in data::lines(&folder.join(source)) {
            let kind = document
                .root()
                .get("type")
                .and_then(stacyard_model::json::Value::as_str)
                .unwrap_or_default()
                .into_owned();
            if matches!(&*data::version(&document), "1.0.0" | "1.1.0")
                && ["Feature", "Collection", "Catalog"].contains(&&*kind)
            {
                run(document.text(), &place, 12);
            }
        }
    }
    println!("{tally:#?}");
    for failure in failures.iter().take(12) {
        println!("{}", failure.chars().take(1500).collect::<String>());
    }
    assert!(failures.is_empty(), "{} disagreements", failures.len());
}

/// Without the schemas' folder: the bases pass, and deleting any required member of one is refused.
#[test]
fn the_hand_written_objects_pass() {
    let gate = Gate::new(Grade::Strict);
    for text in bases::ITEMS.iter().chain(&bases::OTHERS) {
        let document = Document::parse(*text).unwrap();
        let (_, verdict) = gate.object(document.root());
        assert_eq!(verdict.errors, [], "{text}");
    }
}
