//! The check of an object against the JSON Schemas of its extensions.

use std::fmt;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;

use super::check::Check;
use super::finding::{Finding, shorten_text};
use super::path::Path;
use super::rule::Rule;
use crate::json::Value;
use crate::schemas::Schemas;
use crate::shown;

/// Checks `value` against the schema of each of its `stac_extensions`.
pub(super) fn check(check: &mut Check, value: Value<'_>, schemas: &Schemas, required: bool) {
    let Some(extensions) = value.get("stac_extensions").and_then(Value::elements) else { return };
    let parent = Path::ROOT.member("stac_extensions");
    // The tree that `jsonschema` reads is built once, and only for objects that have extensions.
    let mut tree = None;
    for (i, extension) in extensions.enumerate() {
        let Some(url) = extension.as_str() else { continue };
        let path = parent.index(i);
        let mut missing = |message: fmt::Arguments<'_>| {
            check.report_as(required, Rule::ExtensionMissing, &path, Some(extension), message);
        };
        match schemas.validator(&url) {
            None => missing(format_args!("the schema of this extension is not among those given")),
            Some(Err(unusable)) if !unusable.missing.is_empty() => {
                let others = unusable.missing.join(", ");
                missing(format_args!(
                    "the schema of this extension refers to others that are not among those given: {others}"
                ));
            }
            Some(Err(unusable)) => {
                check.report(Rule::ExtensionUnusable, &path, Some(extension), format_args!("{unusable}"));
            }
            Some(Ok(validator)) => {
                let tree: &Result<serde_json::Value, _> =
                    tree.get_or_insert_with(|| serde_json::from_str(value.raw()));
                match tree {
                    Ok(tree) if validator.is_valid(tree) => {}
                    Ok(tree) => {
                        for error in validator.iter_errors(tree) {
                            explain(&error, &mut |error| {
                                let is_error = check.is_error(Rule::ExtensionSchema);
                                check.add(is_error, Rule::ExtensionSchema, || finding(error, &url));
                            });
                        }
                    }
                    // serde_json takes one level less of nesting.
                    Err(error) => check.report(
                        Rule::ExtensionUnusable,
                        &path,
                        Some(extension),
                        format_args!("cannot be checked: {error}"),
                    ),
                }
            }
        }
    }
}

/// Of a choice between schemas that all fail, the errors of the alternative that was most likely meant say more than
/// "none fits".
fn explain(error: &ValidationError<'_>, report: &mut impl FnMut(&ValidationError<'_>)) {
    let (Kind::AnyOf { context } | Kind::OneOfNotValid { context }) = error.kind() else {
        return report(error);
    };
    // An alternative for another kind of object (Collection, say) fails at `type`.
    let about_type = |errors: &Vec<ValidationError<'_>>| {
        errors.iter().any(|error| {
            error.instance_path().to_string() == "/type" || matches!(error.kind(), Kind::Type { .. })
        })
    };
    match context
        .iter()
        .filter(|errors| !errors.is_empty())
        .min_by_key(|errors| (about_type(errors), errors.len()))
    {
        Some(errors) if !about_type(errors) => errors.iter().for_each(|error| explain(error, report)),
        _ => report(error),
    }
}

fn finding(error: &ValidationError<'_>, url: &str) -> Finding {
    let value = shorten_text(&error.instance().to_string());
    Finding {
        pointer: error.instance_path().to_string(),
        rule: Rule::ExtensionSchema,
        message: shown(&error.masked_with("the value").to_string()).into_owned(),
        value: if matches!(error.kind(), Kind::Required { .. }) { String::new() } else { value },
        extension: Some(url.to_owned()),
    }
}
