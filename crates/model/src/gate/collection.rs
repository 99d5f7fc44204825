//! The rules of Collections and Catalogs.

use std::sync::LazyLock;

use super::check::{Check, is_empty};
use super::common::Times;
use super::path::Path;
use super::rule::Rule;
use crate::json::{Kind, Value};

impl Check {
    /// Catalog Fields of the STAC Catalog specification.
    pub(super) fn catalog(&mut self, value: Value<'_>) {
        self.catalog_or_collection(value, false);
    }

    /// Collection Fields of the STAC Collection specification.
    pub(super) fn collection(&mut self, value: Value<'_>) {
        self.catalog_or_collection(value, true);
    }

    fn catalog_or_collection(&mut self, value: Value<'_>, is_collection: bool) {
        let root = &Path::ROOT;
        let Some(members) = value.members() else {
            return self.wrong(Rule::Object, root, value, "an object");
        };
        if !self.stac_version(value.get("stac_version")) {
            return;
        }
        let (wanted, what) =
            if is_collection { ("Collection", "a Collection") } else { ("Catalog", "a Catalog") };
        self.object_type(value.get("type"), wanted, what);
        let mut times = Times::default();
        for (key, value) in members {
            match &*key.text() {
                "stac_version" | "type" => {}
                "stac_extensions" => self.stac_extensions(value),
                "id" => self.filled_string(Rule::Id, &root.member("id"), value),
                "links" => {
                    self.links(&root.member("links"), value);
                }
                "description" if is_empty(value) || value.kind() != Kind::String => {
                    self.filled_string(Rule::Basics, &root.member("description"), value);
                }
                "extent" if is_collection => self.extent(&root.member("extent"), value),
                "summaries" if is_collection => self.summaries(&root.member("summaries"), value),
                "assets" if is_collection => self.collection_assets(&root.member("assets"), value),
                "item_assets" if is_collection && self.is_110() => {
                    self.item_assets(&root.member("item_assets"), value);
                }
                name if self.is_110() => self.common_member(&mut times, root, name, value),
                "title" => self.string(Rule::Basics, root, "title", value),
                "keywords" if is_collection => self.strings(Rule::Basics, root, "keywords", value),
                "license" if is_collection => self.license(&root.member("license"), value),
                "providers" if is_collection => self.providers(&root.member("providers"), value, false),
                _ => {}
            }
        }
        self.times(root, &times);
        let required: &[(Rule, &str)] = &[
            (Rule::Id, "id"),
            (Rule::Basics, "description"),
            (Rule::Links, "links"),
            (Rule::License, "license"),
            (Rule::Extent, "extent"),
        ];
        for &(rule, name) in &required[..if is_collection { 5 } else { 3 }] {
            match value.get(name) {
                None => self.missing(rule, root, name),
                // Null is tolerated only where the member could be left out.
                Some(value) if value.is_null() && name == "license" => {
                    self.wrong(rule, &root.member(name), value, "a string");
                }
                Some(_) => {}
            }
        }
    }

    fn collection_assets(&mut self, path: &Path<'_>, value: Value<'_>) {
        if value.is_null() {
            self.object(Rule::Assets, path, value);
        } else {
            self.assets(path, value);
        }
    }

    fn extent(&mut self, path: &Path<'_>, value: Value<'_>) {
        if value.kind() != Kind::Object {
            return self.wrong(Rule::Extent, path, value, "an object");
        }
        match value.get("spatial") {
            Some(spatial) => self.spatial_extent(&path.member("spatial"), spatial),
            None => self.missing(Rule::Extent, path, "spatial"),
        }
        match value.get("temporal") {
            Some(temporal) => self.temporal_extent(&path.member("temporal"), temporal),
            None => self.missing(Rule::Extent, path, "temporal"),
        }
    }

    fn spatial_extent(&mut self, path: &Path<'_>, value: Value<'_>) {
        if value.kind() != Kind::Object {
            return self.wrong(Rule::SpatialExtent, path, value, "an object");
        }
        let Some(boxes) = value.get("bbox") else { return self.missing(Rule::SpatialExtent, path, "bbox") };
        let path = path.member("bbox");
        let Some(elements) = boxes.elements() else {
            return self.wrong(Rule::SpatialExtent, &path, boxes, "an array of boxes");
        };
        let mut count = 0;
        for (i, element) in elements.enumerate() {
            count += 1;
            self.bbox(Rule::SpatialExtent, &path.index(i), element);
        }
        match count {
            0 => self.report(
                Rule::SpatialExtent,
                &path,
                Some(boxes),
                format_args!("must hold at least one box"),
            ),
            2 if self.is_110() => {
                let message =
                    format_args!("must hold one box, or the whole extent followed by two or more parts");
                self.report(Rule::SpatialExtentCount, &path, Some(boxes), message);
            }
            _ => {}
        }
    }

    fn temporal_extent(&mut self, path: &Path<'_>, value: Value<'_>) {
        if value.kind() != Kind::Object {
            return self.wrong(Rule::TemporalExtent, path, value, "an object");
        }
        let Some(intervals) = value.get("interval") else {
            return self.missing(Rule::TemporalExtent, path, "interval");
        };
        let path = path.member("interval");
        let Some(elements) = intervals.elements() else {
            return self.wrong(Rule::TemporalExtent, &path, intervals, "an array of intervals");
        };
        if elements.clone().next().is_none() {
            self.report(
                Rule::TemporalExtent,
                &path,
                Some(intervals),
                format_args!("must hold at least one interval"),
            );
        }
        for (i, interval) in elements.enumerate() {
            let path = path.index(i);
            let Some(ends) = interval.elements().filter(|ends| ends.clone().count() == 2) else {
                let message =
                    format_args!("must be an array of two: a start and an end, each a time or null");
                self.report(Rule::TemporalExtent, &path, Some(interval), message);
                continue;
            };
            let mut instants = [None; 2];
            for ((j, end), instant) in ends.enumerate().zip(&mut instants) {
                if !end.is_null() {
                    *instant = self.time(&path.index(j), end);
                }
            }
            if let [Some(start), Some(end)] = instants
                && start > end
            {
                self.report(Rule::IntervalOrder, &path, Some(interval), format_args!("starts after its end"));
            }
        }
    }

    fn summaries(&mut self, path: &Path<'_>, value: Value<'_>) {
        let Some(members) = self.object(Rule::Summaries, path, value) else { return };
        for (key, summary) in members {
            let fine = match summary.kind() {
                Kind::Array => summary.elements().is_some_and(|mut elements| elements.next().is_some()),
                Kind::Object => is_range(summary) || is_json_schema(summary),
                _ => false,
            };
            if !fine {
                let message = format_args!(
                    "must be a range with minimum and maximum, a non-empty array of values, or a JSON Schema"
                );
                self.report(Rule::Summaries, &path.key(key), Some(summary), message);
            }
        }
    }
}

fn is_range(summary: Value<'_>) -> bool {
    let is_end =
        |name| summary.get(name).is_some_and(|end| matches!(end.kind(), Kind::Number | Kind::String));
    is_end("minimum") && is_end("maximum")
}

/// The metaschema of JSON Schema draft-07, which the JSON Schema of a Collection names for summaries.
static METASCHEMA: LazyLock<Option<jsonschema::Validator>> = LazyLock::new(|| {
    let schema = serde_json::json!({ "$ref": "http://json-schema.org/draft-07/schema#" });
    jsonschema::draft7::options().should_validate_formats(true).build(&schema).ok()
});

/// Whether an object of one member or more is a JSON Schema. Such summaries are rare: they alone become a tree.
fn is_json_schema(summary: Value<'_>) -> bool {
    let Ok(tree) = serde_json::from_str::<serde_json::Value>(summary.raw()) else { return false };
    let filled = tree.as_object().is_some_and(|object| !object.is_empty());
    filled && METASCHEMA.as_ref().is_some_and(|metaschema| metaschema.is_valid(&tree))
}
