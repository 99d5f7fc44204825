//! The state of one check, how findings are reported, and the checks of single values that all objects share.

use std::fmt;

use jiff::Timestamp;

use super::finding::{Finding, Verdict, shorten};
use super::path::Path;
use super::rule::{Rule, Weight};
use super::{Grade, iri};
use crate::json::{Kind, Value};
use crate::shown;
use crate::time::Rfc3339;

/// The versions of STAC that the gate knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V100,
    V110,
}

/// One object under check.
pub(super) struct Check {
    pub(super) grade: Grade,
    pub(super) version: Version,
    pub(super) verdict: Verdict,
}

impl Check {
    pub(super) fn new(grade: Grade) -> Self {
        Self { grade, version: Version::V100, verdict: Verdict::default() }
    }

    pub(super) fn is_110(&self) -> bool {
        self.version == Version::V110
    }

    /// Adds a finding, as an error or a warning by the rule's weight and the grade.
    #[cold]
    #[inline(never)]
    pub(super) fn report(
        &mut self,
        rule: Rule,
        path: &Path<'_>,
        value: Option<Value<'_>>,
        message: fmt::Arguments<'_>,
    ) {
        self.report_as(self.is_error(rule), rule, path, value, message);
    }

    /// The same, as an error or a warning as the caller says.
    pub(super) fn report_as(
        &mut self,
        is_error: bool,
        rule: Rule,
        path: &Path<'_>,
        value: Option<Value<'_>>,
        message: fmt::Arguments<'_>,
    ) {
        self.add(is_error, rule, || Finding {
            pointer: path.pointer(),
            rule,
            message: shown(&message.to_string()).into_owned(),
            value: value.map(shorten).unwrap_or_default(),
            extension: None,
        });
    }

    /// Adds a finding, which is only made if it is kept.
    pub(super) fn add(&mut self, is_error: bool, rule: Rule, finding: impl FnOnce() -> Finding) {
        if self.verdict.keeps(is_error, rule) {
            let list = if is_error { &mut self.verdict.errors } else { &mut self.verdict.warnings };
            list.push(finding());
        }
    }

    /// Whether a rule makes an error or a warning.
    pub(super) fn is_error(&self, rule: Rule) -> bool {
        match (rule.weight(), self.grade) {
            (Weight::Refused, _) | (Weight::Tolerated, Grade::Strict) => true,
            (Weight::Tolerated, Grade::Default) | (Weight::Lint, _) => false,
        }
    }

    /// Reports a value of the wrong kind. A null where the member could be left out is a case of its own.
    #[cold]
    #[inline(never)]
    pub(super) fn wrong_kind(&mut self, rule: Rule, path: &Path<'_>, value: Value<'_>, expected: &str) {
        if value.is_null() {
            self.report(
                Rule::NullMember,
                path,
                None,
                format_args!("must be {expected}, or left out: it is null"),
            );
        } else {
            self.report(rule, path, Some(value), format_args!("must be {expected}, not {}", value.kind()));
        }
    }

    /// The same for a member that must be there: null is as wrong as anything else.
    #[cold]
    #[inline(never)]
    pub(super) fn wrong(&mut self, rule: Rule, path: &Path<'_>, value: Value<'_>, expected: &str) {
        self.report(rule, path, Some(value), format_args!("must be {expected}, not {}", value.kind()));
    }

    #[cold]
    #[inline(never)]
    pub(super) fn missing(&mut self, rule: Rule, path: &Path<'_>, name: &str) {
        self.report(rule, path, None, format_args!("{name:?} is missing"));
    }

    /// An optional string.
    pub(super) fn string(&mut self, rule: Rule, parent: &Path<'_>, name: &str, value: Value<'_>) {
        if value.kind() != Kind::String {
            self.wrong_kind(rule, &parent.member(name), value, "a string");
        }
    }

    /// A string of one character or more that must be there.
    pub(super) fn filled_string(&mut self, rule: Rule, path: &Path<'_>, value: Value<'_>) {
        if value.kind() != Kind::String {
            self.wrong(rule, path, value, "a string");
        } else if is_empty(value) {
            self.report(rule, path, Some(value), format_args!("must not be empty"));
        }
    }

    /// An optional array of strings.
    pub(super) fn strings(&mut self, rule: Rule, parent: &Path<'_>, name: &str, value: Value<'_>) {
        let path = parent.member(name);
        let Some(elements) = value.elements() else {
            return self.wrong_kind(rule, &path, value, "an array of strings");
        };
        for (i, element) in elements.enumerate() {
            if element.kind() != Kind::String {
                self.wrong(rule, &path.index(i), element, "a string");
            }
        }
    }

    /// An optional array.
    pub(super) fn array<'a>(
        &mut self,
        rule: Rule,
        path: &Path<'_>,
        value: Value<'a>,
    ) -> Option<crate::json::Elements<'a>> {
        let elements = value.elements();
        if elements.is_none() {
            self.wrong_kind(rule, path, value, "an array");
        }
        elements
    }

    /// An optional object.
    pub(super) fn object<'a>(
        &mut self,
        rule: Rule,
        path: &Path<'_>,
        value: Value<'a>,
    ) -> Option<crate::json::Members<'a>> {
        let members = value.members();
        if members.is_none() {
            self.wrong_kind(rule, path, value, "an object");
        }
        members
    }

    /// The `href` of a Link or an Asset.
    pub(super) fn href(&mut self, rule: Rule, parent: &Path<'_>, value: Value<'_>) {
        self.filled_string(rule, &parent.member("href"), value);
        if let Some(text) = value.as_str()
            && !iri::is_iri_reference(&text)
        {
            let message = format_args!("must be an IRI reference; spaces and the like are written as %20");
            self.report(Rule::HrefIri, &parent.member("href"), Some(value), message);
        }
    }

    /// A time of RFC 3339 in UTC. Returns the instant where it is one, in UTC or not.
    pub(super) fn time(&mut self, path: &Path<'_>, value: Value<'_>) -> Option<Timestamp> {
        let Some(text) = value.as_str() else {
            self.wrong_kind(Rule::DatetimeFormat, path, value, "a string with a date and time");
            return None;
        };
        let Some(time) = Rfc3339::parse(&text) else {
            let message = format_args!("must be a date and time of RFC 3339, such as 2024-06-01T12:00:00Z");
            self.report(Rule::DatetimeFormat, path, Some(value), message);
            return None;
        };
        if !time.style.is_utc() || time.style.separator == b' ' {
            let message = format_args!("must be written in UTC, with a T and ending in Z or +00:00");
            self.report(Rule::DatetimeUtc, path, Some(value), message);
        }
        Some(time.instant)
    }

    /// `stac_version` decides by which version the rest is read. `false`: one that is not read, which is reported.
    /// Without any the rest is read as 1.0.0.
    pub(super) fn stac_version(&mut self, version: Option<Value<'_>>) -> bool {
        let path = Path::ROOT.member("stac_version");
        let Some(value) = version else {
            self.missing(Rule::StacVersion, &Path::ROOT, "stac_version");
            return true;
        };
        let Some(text) = value.as_str() else {
            self.wrong(Rule::StacVersion, &path, value, "a string");
            return true;
        };
        match &*text {
            "1.0.0" => self.version = Version::V100,
            "1.1.0" => self.version = Version::V110,
            text if crate::migrate::is_migratable(text) => {
                let message = format_args!(
                    "is not 1.0.0 or 1.1.0: 0.9, 1.0.0-beta.*, 1.0.0-rc.* and 1.1.0-beta.* can be migrated"
                );
                self.report(Rule::StacVersion, &path, Some(value), message);
                return false;
            }
            _ => {
                let message = format_args!(
                    "must be 1.0.0 or 1.1.0 (0.9, 1.0.0-beta.*, 1.0.0-rc.* and 1.1.0-beta.* can be migrated)"
                );
                self.report(Rule::StacVersion, &path, Some(value), message);
                return false;
            }
        }
        true
    }

    /// `stac_extensions`: an array of different IRIs.
    pub(super) fn stac_extensions(&mut self, value: Value<'_>) {
        let path = Path::ROOT.member("stac_extensions");
        let Some(elements) = self.array(Rule::Extensions, &path, value) else { return };
        let mut seen = std::collections::HashSet::new();
        // A set costs an allocation; few objects have more extensions than a glance can compare.
        let few = elements.clone().take(17).count() <= 16;
        for (i, element) in elements.clone().enumerate() {
            let Some(text) = element.as_str() else {
                self.wrong(Rule::Extensions, &path.index(i), element, "a string");
                continue;
            };
            if !iri::is_iri(&text) {
                let message = format_args!("must be an IRI: the address of the extension's JSON Schema");
                self.report(Rule::ExtensionIri, &path.index(i), Some(element), message);
            }
            let twice = if few {
                elements
                    .clone()
                    .take(i)
                    .any(|earlier| earlier.as_str().is_some_and(|earlier| earlier == text))
            } else {
                !seen.insert(text)
            };
            if twice {
                self.report(
                    Rule::ExtensionTwice,
                    &path.index(i),
                    Some(element),
                    format_args!("occurs twice"),
                );
            }
        }
    }
}

/// Whether a string has no characters.
pub(super) fn is_empty(value: Value<'_>) -> bool {
    value.raw() == "\"\""
}
