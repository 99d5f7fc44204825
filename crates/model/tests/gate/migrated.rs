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
            let counts = counts.entry((data::version(&document), if kind.is_some() { source } else { "?" })).or_default();
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
}
