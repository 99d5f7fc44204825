//! The table of mutations of the shared data: each judged as the specification says.

use std::sync::Arc;

use stacyard_model::json::Document;
use stacyard_model::{Gate, Grade};

use crate::data;

#[test]
fn the_table_is_judged_right() {
    let Some(folder) = data::shared() else { return };
    let gate = Gate::new(Grade::Strict).with_schemas(Arc::new(data::schemas(&folder)));
    for file in ["cases-1.0.0.ndjson", "cases-1.1.0.ndjson"] {
        for (_, row) in data::lines(&folder.join("mutations").join(file)) {
            let text = |name: &str| {
                row.root().get(name).and_then(stacyard_model::json::Value::as_str).unwrap().into_owned()
            };
            let (case, spec) = (text("case"), text("spec"));
            let item = Document::parse(row.root().get("item").unwrap().raw()).unwrap();
            let verdict = gate.item(item.root());
            // The matters of judgement, as docs/validation.md has them.
            let accepted = match &*spec {
                "V" => true,
                "I" => false,
                _ => match &*case {
                    "bbox south > north" => false,
                    "bbox west > east (antimeridian form)"
                    | "bbox does not hold the geometry"
                    | "geometry lon 200"
                    | "empty coordinates []" => true,
                    other => panic!("no judgement for {other}"),
                },
            };
            assert_eq!(verdict.is_accepted(), accepted, "{file}, {case}: {verdict:#?}");
            if spec == "?" && accepted && case != "bbox west > east (antimeridian form)" {
                assert!(!verdict.warnings.is_empty(), "{case}");
            }
        }
    }
}
