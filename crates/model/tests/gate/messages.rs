//! What a user reads: the findings of broken objects, and of a program's own properties.

use serde::Deserialize;
use serde_json::{Value, json};
use stacyard_model::json::Document;
use stacyard_model::{Gate, Item};

use crate::bases;

/// A name, the text of a valid object, and the members to set.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, Value)]);

/// All findings of the default grade after setting members, a line each.
fn findings(base: &str, changes: &[(&str, Value)]) -> String {
    let mut tree: Value = serde_json::from_str(base).unwrap();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = tree.pointer_mut(parent).unwrap();
        match (value, parent) {
            (Value::String(text), Value::Object(members)) if text == "DELETE" => {
                members.remove(name);
            }
            (value, Value::Object(members)) => {
                members.insert(name.to_owned(), value.clone());
            }
            (value, Value::Array(elements)) => elements[name.parse::<usize>().unwrap()] = value.clone(),
            (_, other) => panic!("{other}"),
        }
    }
    let document = Document::parse(tree.to_string()).unwrap();
    let (_, verdict) = Gate::default().object(document.root());
    let errors = verdict.errors.iter().map(|finding| format!("error   {finding}\n"));
    errors.chain(verdict.warnings.iter().map(|finding| format!("warning {finding}\n"))).collect()
}

/// Common Metadata, "Date and Time Range": using one of the fields requires the other as well. A member that is null says
/// what leaving it out says, so both have the same verdict.
#[test]
fn an_end_that_is_null_is_an_end_that_is_missing() {
    let [item, ..] = bases::ITEMS;
    let rules = |start: Value, end: Value| {
        let base = [("/properties/datetime", json!("2024-01-01T00:00:00Z"))];
        let range = [("/properties/start_datetime", start), ("/properties/end_datetime", end)];
        let findings = findings(item, &[base.as_slice(), &range].concat());
        let errors = findings.lines().filter_map(|line| line.strip_prefix("error   "));
        errors.map(ToOwned::to_owned).collect::<Vec<_>>().join("; ")
    };
    let (time, null, absent) = (json!("2024-01-01T00:00:00Z"), json!(null), json!("DELETE"));
    let half = |name: &str, is: &str| {
        format!(
            "/properties: \"{name}\" is {is}: start_datetime and end_datetime must both be there, or neither \
             [datetime-range: Common Metadata: Date and Time Range]"
        )
    };
    assert_eq!(rules(time.clone(), absent.clone()), half("end_datetime", "missing"));
    assert_eq!(rules(time.clone(), null.clone()), half("end_datetime", "null"));
    assert_eq!(rules(absent.clone(), time.clone()), half("start_datetime", "missing"));
    assert_eq!(rules(null.clone(), time.clone()), half("start_datetime", "null"));
    for (start, end) in
        [(&time, &time), (&null, &null), (&null, &absent), (&absent, &null), (&absent, &absent)]
    {
        assert_eq!(rules(start.clone(), end.clone()), "", "{start} {end}");
    }
}

#[test]
fn broken_objects() {
    let [item, item_110, ..] = bases::ITEMS;
    let [collection, collection_110, ..] = bases::OTHERS;
    let delete = || json!("DELETE");
    let cases: [Case<'_>; 14] = [
        ("no id, no links", item, &[("/id", delete()), ("/links", delete())]),
        ("an older version", item, &[("/stac_version", json!("1.0.0-rc.2"))]),
        ("no version of STAC", item, &[("/stac_version", json!(1.0))]),
        ("a wrong type", item, &[("/type", json!("Item"))]),
        ("an open ring", item, &[("/geometry/coordinates/0/3", json!([0.5, 0]))]),
        ("a position of one number", item, &[("/geometry/coordinates/0/1", json!([1]))]),
        ("boxes", item, &[("/bbox", json!([0, 5, 1, 1])), ("/geometry/bbox", json!([1]))]),
        ("a small box", item, &[("/bbox", json!([0, 0, 0.5, 0.5]))]),
        (
            "times",
            item,
            &[
                ("/properties/start_datetime", json!("2024-02-30T00:00:00Z")),
                ("/properties/created", json!("2024-01-01T00:00:00+02:00")),
                ("/properties/updated", json!(5)),
            ],
        ),
        ("a start after the end", item, &[("/properties/start_datetime", json!("2025-01-01T00:00:00Z"))]),
        ("no collection", item, &[("/collection", delete())]),
        (
            "links and assets",
            item_110,
            &[
                ("/links/0/href", json!("../two items.json")),
                ("/links/1/rel", json!("")),
                ("/assets/a", json!({"title": 5, "roles": "data"})),
                ("/assets/b~1c", json!(null)),
            ],
        ),
        (
            "bands and values",
            item_110,
            &[
                ("/properties/gsd", json!(0)),
                ("/properties/data_type", json!("float")),
                ("/properties/bands/0/statistics/count", json!(1.5)),
                ("/properties/license", json!("CC BY 4.0")),
                ("/properties/title", json!(null)),
            ],
        ),
        (
            "a Collection",
            collection_110,
            &[
                ("/extent/spatial/bbox", json!([[0, 0, 1, 1], [0, 0, 1, 1]])),
                ("/extent/temporal/interval/0/0", json!("2024")),
                ("/summaries/a", json!("x")),
                ("/license", delete()),
                ("/item_assets/a", json!({"href": "x"})),
            ],
        ),
    ];
    let mut report = String::new();
    for (name, base, changes) in cases {
        report.push_str(&format!("# {name}\n{}\n", findings(base, changes)));
    }
    report.push_str(&format!(
        "# a Collection without anything\n{}",
        findings(collection, &[("/extent", json!({})), ("/description", json!(""))])
    ));
    insta::assert_snapshot!(report);
}

/// A rate of emission in kg/h: greater than 0.
#[derive(Debug, Deserialize)]
#[serde(try_from = "f64")]
struct EmissionRate(f64);

impl TryFrom<f64> for EmissionRate {
    type Error = String;

    fn try_from(rate: f64) -> Result<Self, String> {
        if rate > 0.0 {
            Ok(Self(rate))
        } else {
            Err(format!("an emission rate must be greater than 0 kg/h, not {rate}"))
        }
    }
}

#[derive(Debug, Deserialize)]
struct MarsProperties {
    #[serde(rename = "mars:emission_rate")]
    emission_rate: EmissionRate,
    #[serde(rename = "mars:facility_id")]
    facility_id: String,
    #[serde(rename = "mars:wind", default)]
    wind: Vec<f64>,
}

fn plume(properties: &Value) -> Result<Item<MarsProperties>, String> {
    let mut item: Value = serde_json::from_str(bases::ITEMS[3]).unwrap();
    item["properties"] = properties.clone();
    Item::parse_as(item.to_string().as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn properties_of_ones_own() {
    let fine = json!({"datetime": "2024-06-01T00:00:00Z", "mars:emission_rate": 250.5, "mars:facility_id": "f", "mars:wind": [1, 2.5]});
    let item = plume(&fine).unwrap();
    assert!((item.typed().emission_rate.0 - 250.5).abs() < 1e-9);
    assert_eq!((&*item.typed().facility_id, &*item.typed().wind), ("f", &[1.0, 2.5][..]));

    let mut report = String::new();
    for (name, pointer, value) in [
        ("a wrong type", "mars:facility_id", Some(json!(7))),
        ("out of range", "mars:emission_rate", Some(json!(-3))),
        ("missing", "mars:facility_id", None),
        ("deeper", "mars:wind", Some(json!([1, "strong"]))),
        ("with one of the gate's", "datetime", None),
    ] {
        let mut broken = fine.clone();
        broken.as_object_mut().unwrap().remove(pointer);
        if let Some(value) = value {
            broken[pointer] = value;
        }
        if pointer == "datetime" {
            broken["mars:facility_id"] = json!(null);
        }
        report.push_str(&format!("# {name}\n{}\n\n", plume(&broken).unwrap_err()));
    }
    insta::assert_snapshot!(report);
}

#[test]
fn items_are_written_in_a_stable_order() {
    let text = r#"{ "assets":{"z":{"href":"z"},"a":{"href":"a"}}, "foreign": 1.10, "links":[], "id":"x\u0041", "properties":{"b":1e2,"datetime":"2024-01-01T00:00:00Z"},
        "geometry":null, "stac_version":"1.0.0", "type":"Feature" }"#;
    let item = Item::parse(text.as_bytes()).unwrap();
    let mut out = Vec::new();
    item.write(&mut out);
    let expected = r#"{"type":"Feature","stac_version":"1.0.0","id":"x\u0041","geometry":null,"properties":{"b":1e2,"datetime":"2024-01-01T00:00:00Z"},"links":[],"assets":{"z":{"href":"z"},"a":{"href":"a"}},"foreign":1.10}"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    assert_eq!(item.id(), "xA");
    assert_eq!(
        item.assets()
            .map(|(key, asset)| format!("{}={}", key.text(), asset.href().unwrap()))
            .collect::<Vec<_>>(),
        ["z=z", "a=a"]
    );
}
