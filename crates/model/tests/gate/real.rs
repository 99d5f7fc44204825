//! Every real object of the shared data, in both grades.

use std::collections::BTreeMap;

use stacyard_model::{Finding, Gate, Grade};

use crate::data;

#[test]
fn what_is_refused_and_why_is_known() {
    let Some(folder) = data::shared() else { return };
    for source in ["items", "collections.ndjson", "catalogs.ndjson"] {
        for grade in [Grade::Default, Grade::Strict] {
            let gate = Gate::new(grade);
            let mut counts: BTreeMap<(&str, &str), (u32, String)> = BTreeMap::new();
            let (mut objects, mut refused) = (0, 0);
            for (place, document) in data::lines(&folder.join(source)) {
                if !matches!(&*data::version(&document), "1.0.0" | "1.1.0") {
                    continue;
                }
                objects += 1;
                let (_, verdict) = gate.object(document.root());
                refused += u32::from(!verdict.is_accepted());
                let mut note = |class: &'static str, findings: &[Finding]| {
                    let mut rules: Vec<_> = findings.iter().map(|f| f.rule).collect();
                    rules.sort();
                    rules.dedup();
                    for rule in rules {
                        let entry = counts.entry((class, rule.id())).or_default();
                        entry.0 += 1;
                        let finding = findings.iter().find(|f| f.rule == rule).unwrap();
                        entry.1 = format!("{place} {finding}");
                    }
                };
                note("error", &verdict.errors);
                note("warning", &verdict.warnings);
            }
            println!("{source} {grade:?}: {objects} objects, {refused} refused");
            // By default only what is wrong by the words of the specification is refused. In strict these rules too.
            let mut known = vec!["bbox-order", "datetime-order", "ring-closed", "datetime-format"];
            if grade == Grade::Strict {
                known.extend([
                    "bbox-missing",
                    "collection-link",
                    "datetime-utc",
                    "href-iri",
                    "provider-url",
                    "self-href",
                    "stac-extension-iri",
                ]);
            }
            let new: Vec<_> = counts
                .iter()
                .filter(|((class, rule), _)| *class == "error" && !known.contains(rule))
                .collect();
            assert!(new.is_empty(), "{new:#?}");
            assert!(objects > 20 && refused * 8 < objects || source == "collections.ndjson" && refused < 26);
            for ((class, rule), (count, example)) in counts {
                println!("  {class:8}{count:4} {rule:24} {example}");
            }
        }
    }
}
