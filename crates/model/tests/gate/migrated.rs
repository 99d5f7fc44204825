//! Older versions of the shared data: after the migration they pass the gate, or have a good reason not to.

use std::collections::BTreeMap;

use stacyard_model::json::Document;
use stacyard_model::migrate::migrate;
use stacyard_model::{Gate, Grade};

use crate::data;

#[test]
fn real_objects_of_older_versions() {
    let Some(folder) = data::shared() else { return };
    let mut refused: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut counts: BTreeMap<(String, &str), (u32, u32, u32)> = BTreeMap::new();
    for source in ["items", "items_legacy", "collections.ndjson", "catalogs.ndjson"] {
        for (place, document) in data::lines(&folder.join(source)) {
            let Some(new) = migrate(document.root()).unwrap() else { continue };
            let new = Document::parse_bytes(&new).unwrap();
            let (kind, verdict) = Gate::default().object(new.root());
            let (_, strict) = Gate::new(Grade::Strict).object(new.root());
            let counts = counts
                .entry((data::version(&document), if kind.is_some() { source } else { "?" }))
                .or_default();
            counts.0 += 1;
            counts.1 += u32::from(verdict.is_accepted());
            counts.2 += u32::from(strict.is_accepted());
            for finding in verdict.errors {
                refused.entry(finding.rule.id().to_owned()).or_default().push(format!("{place} {finding}"));
            }
            assert!(migrate(new.root()).unwrap().is_none(), "a second migration has nothing to do");
        }
    }
    println!("(version, source): (objects, accepted, accepted by strict)\n{counts:#?}\n{refused:#?}");
    let total = counts.values().fold((0, 0), |total, count| (total.0 + count.0, total.1 + count.1));
    assert!(total.0 >= 180, "{} objects of older versions", total.0);
    assert!(total.0 - total.1 <= 12, "{} of {} refused after the migration", total.0 - total.1, total.0);
    // What no migration can mend: it is wrong by any version, or the old version left it open.
    let reasons = ["asset-href", "bbox-order", "collection-field", "ring-closed"];
    let other: Vec<_> = refused.iter().filter(|(rule, _)| !reasons.contains(&&***rule)).collect();
    assert!(other.is_empty(), "{other:#?}");
}

#[test]
fn nothing_is_dropped_and_every_change_is_made() {
    let old = Document::parse(
        r#"{"type":"Feature","stac_version":"0.9.0","stac_extensions":["eo","proj","projection","checksum","mine"],"id":"x","geometry":null,
        "properties":{"datetime":"2020-01-01T00:00:00Z","eo:gsd":10.0,"eo:bands":[{"name":"a"},{"name":"b"}],"label:task":["t"],"huge":123456789012345678901234567890},
        "links":[],"assets":{"m":{"href":"m.tif","eo:bands":[1],"checksum:multihash":"12"},"n":{"href":"n.tif","eo:bands":[7]}},"foreign":{"z":1.10}}"#,
    )
    .unwrap();
    let new = Document::parse_bytes(&migrate(old.root()).unwrap().unwrap()).unwrap();
    let expected = Document::parse(
        r#"{"type":"Feature","stac_version":"1.0.0","stac_extensions":["https://stac-extensions.github.io/eo/v1.0.0/schema.json",
        "https://stac-extensions.github.io/projection/v1.0.0/schema.json","https://stac-extensions.github.io/file/v1.0.0/schema.json","mine"],"id":"x","geometry":null,
        "properties":{"datetime":"2020-01-01T00:00:00Z","gsd":10.0,"eo:bands":[{"name":"a"},{"name":"b"}],"label:tasks":["t"],"huge":123456789012345678901234567890},
        "links":[],"assets":{"m":{"href":"m.tif","eo:bands":[{"name":"b"}],"file:checksum":"12"},"n":{"href":"n.tif","eo:bands":[7]}},"foreign":{"z":1.10}}"#,
    )
    .unwrap();
    assert_eq!(new, expected, "{}", new.text());
}

#[test]
fn a_datetime_of_null_comes_back() {
    let item = |properties: &str| {
        format!(
            r#"{{"type":"Feature","stac_version":"1.1.0","id":"x","geometry":null,"properties":{{{properties}}},"links":[],"assets":{{}},"n":1.10}}"#
        )
    };
    let times = r#""start_datetime":"2020-01-01T00:00:00Z","end_datetime":"2020-01-02T00:00:00Z""#;
    let migrated = |properties: &str| {
        let old = Document::parse(item(properties)).unwrap();
        migrate(old.root()).unwrap().map(|new| Document::parse_bytes(&new).unwrap())
    };
    let with_null = Document::parse(item(&format!(r#"{times},"datetime":null"#))).unwrap();
    assert!(Gate::new(Grade::Strict).object(with_null.root()).1.is_accepted());
    assert_eq!(migrated(times).unwrap(), with_null);
    for as_it_is in [
        r#""datetime":"2020-01-01T00:00:00Z""#.to_owned(),
        format!(r#"{times},"datetime":null"#),
        format!(r#"{times},"datetime":"2020-01-01T00:00:00Z""#),
        r#""start_datetime":"2020-01-01T00:00:00Z""#.to_owned(),
        r#""start_datetime":"2020-01-01T00:00:00Z","end_datetime":null"#.to_owned(),
    ] {
        assert!(migrated(&as_it_is).is_none(), "{as_it_is}");
    }
}
