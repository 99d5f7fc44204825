//! Schemas of extensions: found, missing, broken, referring to one another; and what is said of each.

use std::sync::Arc;

use serde_json::{Value, json};
use stacyard_model::json::Document;
use stacyard_model::{Gate, Grade, Schemas};

use crate::{bases, data};

fn schemas() -> Schemas {
    Schemas::new([
        (
            "a.json".to_owned(),
            json!({
                "$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://example.org/a.json#",
                "oneOf": [
                    {"required": ["type"], "properties": {"type": {"const": "Feature"}, "properties": {"$ref": "fields.json#/definitions/fields"}}},
                    {"required": ["type", "summaries"], "properties": {"type": {"const": "Collection"}}},
                ],
            }),
        ),
        (
            "somewhere/example.org/fields.json".to_owned(),
            json!({"definitions": {"fields": {"required": ["a:count"], "properties": {
                "a:count": {"type": "integer", "minimum": 9_007_199_254_740_993_u64}, "a:step": {"multipleOf": 0.1}, "a:kind": {"enum": [1, "x"]},
            }}}}),
        ),
        (
            "b.json".to_owned(),
            json!({"$id": "https://example.org/b.json", "$ref": "https://elsewhere.example/c.json"}),
        ),
        ("broken.json".to_owned(), json!({"$id": "https://example.org/broken.json", "type": 5})),
    ])
}

/// All errors and warnings of an Item with these extensions and properties.
fn findings(require: bool, extensions: &[&str], properties: &Value) -> String {
    let mut item: Value = serde_json::from_str(bases::ITEMS[3]).unwrap();
    item["stac_extensions"] =
        extensions.iter().map(|name| json!(format!("https://example.org/{name}"))).collect();
    item["properties"].as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    let gate = Gate::new(Grade::Default).with_schemas(Arc::new(schemas())).require_schemas(require);
    let document = Document::parse(item.to_string()).unwrap();
    let verdict = gate.item(document.root());
    let errors = verdict.errors.iter().map(|finding| format!("error   {finding}\n"));
    errors.chain(verdict.warnings.iter().map(|finding| format!("warning {finding}\n"))).collect()
}

#[test]
fn extensions_are_checked() {
    let fine = json!({"a:count": 9_007_199_254_740_993_u64, "a:step": 0.3, "a:kind": 1});
    assert_eq!(findings(false, &["a.json"], &fine), "");
    let report = [
        findings(
            false,
            &["a.json"],
            &json!({"a:count": 9_007_199_254_740_992_u64, "a:step": 0.35, "a:kind": "y"}),
        ),
        findings(false, &["a.json"], &json!({})),
        findings(false, &["b.json", "broken.json", "none.json"], &json!({})),
        findings(true, &["none.json"], &json!({})),
    ];
    insta::assert_snapshot!(report.join("\n"));
}

/// A schema that refers to one that is there, which refers to two that are not.
fn with_missing() -> Gate {
    let schemas = Schemas::new([
        (
            "one.json".to_owned(),
            json!({"$id": "https://example.org/one.json", "allOf": [{"$ref": "two.json#/definitions/x"}, {"$ref": "https://elsewhere.example/b.json"}]}),
        ),
        (
            "two.json".to_owned(),
            json!({"$id": "https://example.org/two.json", "definitions": {"x": {"$ref": "https://elsewhere.example/c.json#/definitions/y"}, "z": {"$ref": "a.json"}}}),
        ),
    ]);
    Gate::default().with_schemas(Arc::new(schemas))
}

#[test]
fn a_schema_that_refers_to_missing_ones_is_a_missing_schema() {
    let mut item: Value = serde_json::from_str(bases::ITEMS[3]).unwrap();
    item["stac_extensions"] = json!(["https://example.org/one.json"]);
    let document = Document::parse(item.to_string()).unwrap();
    let wanted = "/stac_extensions/0: the schema of this extension refers to others that are not among those given: \
                  https://elsewhere.example/b.json, https://elsewhere.example/c.json, https://example.org/a.json; found \
                  \"https://example.org/one.json\" [extension-missing: STAC Item, Collection and Catalog: Fields, stac_extensions]";
    // Which one is met first differs from run to run.
    for _ in 0..8 {
        let verdict = with_missing().item(document.root());
        assert!(verdict.errors.is_empty(), "{:?}", verdict.errors);
        assert_eq!(verdict.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), [wanted]);
        let verdict = with_missing().require_schemas(true).item(document.root());
        assert!(verdict.warnings.is_empty(), "{:?}", verdict.warnings);
        assert_eq!(verdict.errors.iter().map(ToString::to_string).collect::<Vec<_>>(), [wanted]);
    }
}

#[test]
fn every_schema_in_the_folder_that_real_objects_name_can_be_used() {
    let Some(folder) = data::shared() else { return };
    let schemas = data::schemas(&folder);
    let (mut used, mut missing) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for (_, item) in data::lines(&folder.join("items")) {
        for extension in item
            .root()
            .get("stac_extensions")
            .and_then(stacyard_model::json::Value::elements)
            .into_iter()
            .flatten()
        {
            let url = extension.as_str().unwrap().into_owned();
            match schemas.validator(&url) {
                Some(Ok(_)) => used.insert(url),
                Some(Err(unusable)) => panic!("{unusable}"),
                None => missing.insert(url),
            };
        }
    }
    println!("{} used, missing: {missing:#?}", used.len());
    assert!(used.len() > 20);
}
