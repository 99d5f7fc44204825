//! The check of an Item against a profile: the fields that its user has declared.

use super::check::Check;
use super::path::Path;
use super::rule::Rule;
use crate::json::{Kind, Number, Value};
use crate::profile::{Field, FieldType, Profile};
use crate::time::Rfc3339;

/// Checks the properties of an Item. What is wrong with the Item itself is said elsewhere.
pub(super) fn check(check: &mut Check, item: Value<'_>, profile: &Profile) {
    let collection = item.get("collection").and_then(Value::as_str);
    let Some(properties) = item.get("properties").filter(|value| value.kind() == Kind::Object) else {
        return;
    };
    if !profile.speaks_of(collection.as_deref()) {
        return;
    }
    let parent = Path::ROOT.member("properties");
    for field in profile.fields() {
        match properties.get(&field.name) {
            Some(value) if !value.is_null() => check.field(&parent.member(&field.name), value, field),
            None if field.required => check.missing(Rule::ProfileRequired, &parent, &field.name),
            Some(_) if field.required => {
                let message = format_args!("must be {}, and is null", expected(field.kind));
                check.report(Rule::ProfileRequired, &parent.member(&field.name), None, message);
            }
            _ => {}
        }
    }
}

const fn expected(kind: FieldType) -> &'static str {
    match kind {
        FieldType::String => "a string",
        FieldType::Integer => "a whole number of 64 bits",
        FieldType::Number => "a number",
        FieldType::Boolean => "true or false",
        FieldType::Datetime => "a date and time of RFC 3339, such as 2024-06-01T12:00:00Z",
    }
}

fn is_of(value: Value<'_>, kind: FieldType) -> bool {
    match kind {
        FieldType::String => value.kind() == Kind::String,
        FieldType::Integer => value.as_number().is_some_and(is_bigint),
        FieldType::Number => value.as_number().is_some(),
        FieldType::Boolean => value.as_bool().is_some(),
        FieldType::Datetime => value.as_str().is_some_and(|text| Rfc3339::parse(&text).is_some()),
    }
}

/// Whether it is a whole number of 64 bits, spelled as an integer or not.
fn is_bigint(number: Number<'_>) -> bool {
    if number.as_i64().is_some() {
        return true;
    }
    let bounds = (Number::parse("-9223372036854775808"), Number::parse("9223372036854775807"));
    matches!(bounds, (Some(least), Some(greatest)) if number.is_whole() && number >= least && number <= greatest)
}

impl Check {
    fn field(&mut self, path: &Path<'_>, value: Value<'_>, field: &Field) {
        if !is_of(value, field.kind) {
            return self.report(
                Rule::ProfileType,
                path,
                Some(value),
                format_args!("must be {}", expected(field.kind)),
            );
        }
        if let Some(number) = value.as_number() {
            if !field.admits(number) {
                let least = field.minimum.as_deref().map(|least| format!(" at least {least}"));
                let greatest = field.maximum.as_deref().map(|greatest| format!(" at most {greatest}"));
                let range: Vec<String> = least.into_iter().chain(greatest).collect();
                let unit = field.unit.as_deref().map(|unit| format!(" ({unit})")).unwrap_or_default();
                let message = format_args!("must be{}{unit}", range.join(" and"));
                self.report(Rule::ProfileRange, path, Some(value), message);
            }
            let is_known = |known: &String| Number::parse(known).is_some_and(|known| known == number);
            if !field.values.is_empty() && !field.values.iter().any(is_known) {
                self.report(
                    Rule::ProfileEnum,
                    path,
                    Some(value),
                    format_args!("must be one of {}", field.values.join(", ")),
                );
            }
        } else if let Some(text) = value.as_str()
            && !field.values.is_empty()
            && !field.values.iter().any(|known| *known == text)
        {
            let known: Vec<String> = field.values.iter().map(|known| format!("{known:?}")).collect();
            self.report(
                Rule::ProfileEnum,
                path,
                Some(value),
                format_args!("must be one of {}", known.join(", ")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::json::Document;
    use crate::{Gate, Profile};

    const PROFILE: &str = r#"
        collections = ["plumes"]
        [fields."mars:facility_id"]
        type = "string"
        required = true
        [fields."mars:rate"]
        type = "number"
        unit = "kg/h"
        minimum = 0
        maximum = 9007199254740992
        [fields."mars:count"]
        type = "integer"
        enum = [1, 2]
        [fields."mars:kind"]
        type = "string"
        enum = ["point", "area"]
        [fields."mars:seen"]
        type = "datetime"
        [fields."mars:sure"]
        type = "boolean"
    "#;

    fn findings(collection: &str, properties: &str) -> String {
        let item = format!(
            r#"{{"type": "Feature", "stac_version": "1.1.0", "id": "a", "collection": "{collection}", "geometry": null,
            "properties": {{"datetime": "2024-01-01T00:00:00Z"{properties}}}, "links": [], "assets": {{}}}}"#
        );
        let gate = Gate::default().with_profile(Some(Arc::new(Profile::parse(PROFILE).unwrap())));
        let verdict = gate.item(Document::parse(item).unwrap().root());
        verdict.into_result().map_or_else(|refusal| refusal.to_string(), |()| String::new())
    }

    #[test]
    fn fields_are_what_is_declared() {
        let fine = r#", "mars:facility_id": "f", "mars:rate": 0.0, "mars:count": 2.0, "mars:kind": "area",
            "mars:seen": "2024-01-01T00:00:00+02:00", "mars:sure": false"#;
        assert_eq!(findings("plumes", fine), "");
        assert_eq!(findings("plumes", r#", "mars:facility_id": "", "mars:rate": null"#), "");
        assert_eq!(findings("scenes", ""), "", "the profile does not speak of them");
        insta::assert_snapshot!(findings("plumes", r#", "mars:rate": "5", "mars:count": 1.5, "mars:kind": 5, "mars:seen": "yesterday", "mars:sure": "yes""#), @r#"
        /properties/mars:count: must be a whole number of 64 bits; found 1.5 [profile-type: the profile]
        /properties: "mars:facility_id" is missing [profile-required: the profile]
        /properties/mars:kind: must be a string; found 5 [profile-type: the profile]
        /properties/mars:rate: must be a number; found "5" [profile-type: the profile]
        /properties/mars:seen: must be a date and time of RFC 3339, such as 2024-06-01T12:00:00Z; found "yesterday" [profile-type: the profile]
        /properties/mars:sure: must be true or false; found "yes" [profile-type: the profile]
        "#);
        insta::assert_snapshot!(findings("plumes", r#", "mars:facility_id": null, "mars:rate": 9007199254740993, "mars:count": 3, "mars:kind": "line""#), @r#"
        /properties/mars:count: must be one of 1, 2; found 3 [profile-enum: the profile]
        /properties/mars:facility_id: must be a string, and is null [profile-required: the profile]
        /properties/mars:kind: must be one of "point", "area"; found "line" [profile-enum: the profile]
        /properties/mars:rate: must be at least 0 and at most 9007199254740992 (kg/h); found 9007199254740993 [profile-range: the profile]
        "#);
        insta::assert_snapshot!(findings("plumes", r#", "mars:facility_id": "f", "mars:rate": -1e-9, "mars:count": 9223372036854775808"#), @r"
        /properties/mars:count: must be a whole number of 64 bits; found 9223372036854775808 [profile-type: the profile]
        /properties/mars:rate: must be at least 0 and at most 9007199254740992 (kg/h); found -1e-9 [profile-range: the profile]
        ");
    }
}
