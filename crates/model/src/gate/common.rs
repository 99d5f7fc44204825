//! Common Metadata: the members that `properties`, Assets, Bands and, in 1.1.0, Links, Collections and Catalogs share.

use jiff::Timestamp;

use super::check::{Check, is_empty};
use super::iri;
use super::path::Path;
use super::rule::Rule;
use crate::json::{Kind, Number, Value};

/// The times among the members of one object.
#[derive(Default)]
pub(super) struct Times<'a> {
    pub(super) datetime: Option<Value<'a>>,
    pub(super) start: Option<(Value<'a>, Option<Timestamp>)>,
    pub(super) end: Option<(Value<'a>, Option<Timestamp>)>,
}

/// The names of Common Metadata.
const NAMES: [&str; 21] = [
    "title",
    "description",
    "datetime",
    "start_datetime",
    "end_datetime",
    "created",
    "updated",
    "platform",
    "constellation",
    "mission",
    "instruments",
    "gsd",
    "license",
    "providers",
    "keywords",
    "roles",
    "bands",
    "data_type",
    "nodata",
    "statistics",
    "unit",
];

/// By first letter, the lengths of those names, a bit each. Most members of an Item are those of extensions: they are
/// told apart by this one look.
const LENGTHS: [u16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < NAMES.len() {
        table[NAMES[i].as_bytes()[0] as usize] |= 1 << NAMES[i].len();
        i += 1;
    }
    table
};

fn may_be_common(name: &str) -> bool {
    let first = name.as_bytes().first().map_or(0, |&first| LENGTHS[usize::from(first)]);
    name.len() < 16 && first >> name.len() & 1 == 1
}

impl Check {
    /// Checks a member if it is one of Common Metadata.
    #[inline]
    pub(super) fn common_member<'a>(
        &mut self,
        times: &mut Times<'a>,
        parent: &Path<'_>,
        name: &str,
        value: Value<'a>,
    ) {
        if may_be_common(name) {
            self.known_member(times, parent, name, value);
        }
    }

    fn known_member<'a>(&mut self, times: &mut Times<'a>, parent: &Path<'_>, name: &str, value: Value<'a>) {
        match name {
            "title" => self.string(Rule::Basics, parent, name, value),
            "description" => {
                self.string(Rule::Basics, parent, name, value);
                if self.is_110() && is_empty(value) {
                    self.report(
                        Rule::Description,
                        &parent.member(name),
                        Some(value),
                        format_args!("must not be empty"),
                    );
                }
            }
            "datetime" => {
                times.datetime = Some(value);
                if !value.is_null() {
                    self.time(&parent.member(name), value);
                }
            }
            "start_datetime" => times.start = Some((value, self.time(&parent.member(name), value))),
            "end_datetime" => times.end = Some((value, self.time(&parent.member(name), value))),
            "created" | "updated" => {
                self.time(&parent.member(name), value);
            }
            "platform" | "constellation" | "mission" => self.string(Rule::Instrument, parent, name, value),
            "instruments" => self.strings(Rule::Instrument, parent, name, value),
            "gsd" => self.gsd(&parent.member(name), value),
            "license" => self.license(&parent.member(name), value),
            "providers" => self.providers(&parent.member(name), value, true),
            _ if self.is_110() => self.common_member_110(parent, name, value),
            _ => {}
        }
    }

    /// What 1.1.0 has added.
    fn common_member_110(&mut self, parent: &Path<'_>, name: &str, value: Value<'_>) {
        match name {
            "keywords" | "roles" => self.strings(Rule::Basics, parent, name, value),
            "bands" => self.bands(&parent.member(name), value),
            "data_type" => self.data_type(&parent.member(name), value),
            "nodata" => self.nodata(&parent.member(name), value),
            "statistics" => self.statistics(&parent.member(name), value),
            "unit" => self.string(Rule::DataValues, parent, name, value),
            _ => {}
        }
    }

    /// `start_datetime` and `end_datetime` occur together and in order. One that is null is none, as one that is left out.
    pub(super) fn times(&mut self, path: &Path<'_>, times: &Times<'_>) {
        let is_there = |(value, _): &(Value<'_>, _)| !value.is_null();
        match (times.start.filter(is_there), times.end.filter(is_there)) {
            (Some((start, Some(first))), Some((_, Some(last)))) if first > last => {
                let message = format_args!("is later than end_datetime");
                self.report(Rule::DatetimeOrder, &path.member("start_datetime"), Some(start), message);
            }
            (Some(_), None) => self.half_range(path, "end_datetime", times.end.is_some()),
            (None, Some(_)) => self.half_range(path, "start_datetime", times.start.is_some()),
            _ => {}
        }
    }

    fn half_range(&mut self, path: &Path<'_>, name: &str, is_null: bool) {
        let is = if is_null { "null" } else { "missing" };
        let message =
            format_args!("{name:?} is {is}: start_datetime and end_datetime must both be there, or neither");
        self.report(Rule::DatetimeRange, path, None, message);
    }

    fn gsd(&mut self, path: &Path<'_>, value: Value<'_>) {
        let Some(number) = self.number(Rule::Gsd, path, value) else { return };
        if !is_positive(number) {
            self.report(Rule::Gsd, path, Some(value), format_args!("must be greater than 0 (metres)"));
        }
    }

    /// An optional number.
    fn number<'a>(&mut self, rule: Rule, path: &Path<'_>, value: Value<'a>) -> Option<Number<'a>> {
        let number = value.as_number();
        if number.is_none() {
            self.wrong_kind(rule, path, value, "a number");
        }
        number
    }

    pub(super) fn license(&mut self, path: &Path<'_>, value: Value<'_>) {
        let Some(text) = value.as_str() else {
            return self.wrong_kind(Rule::License, path, value, "a string");
        };
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.+".contains(&b)) {
            let message =
                format_args!("must be an SPDX identifier or \"other\" (letters, digits, _ - . + only)");
            self.report(Rule::License, path, Some(value), message);
        }
    }

    /// The Provider Objects. `filled`: a `name` may not be empty, as everywhere but in Collections of 1.0.0.
    pub(super) fn providers(&mut self, path: &Path<'_>, value: Value<'_>, filled: bool) {
        let Some(elements) = self.array(Rule::Provider, path, value) else { return };
        for (i, provider) in elements.enumerate() {
            let path = path.index(i);
            let Some(members) = provider.members() else {
                self.wrong(Rule::Provider, &path, provider, "an object");
                continue;
            };
            let mut named = false;
            for (key, value) in members {
                match &*key.text() {
                    "name" => {
                        named = true;
                        if filled {
                            self.filled_string(Rule::Provider, &path.member("name"), value);
                        } else if value.kind() != Kind::String {
                            self.wrong(Rule::Provider, &path.member("name"), value, "a string");
                        }
                    }
                    "description" => self.string(Rule::Provider, &path, "description", value),
                    "roles" => self.provider_roles(&path, value),
                    "url" => {
                        self.string(Rule::Provider, &path, "url", value);
                        if value.as_str().is_some_and(|text| !iri::is_iri(&text)) {
                            let message = format_args!("must be an IRI such as https://example.org");
                            self.report(Rule::ProviderUrl, &path.member("url"), Some(value), message);
                        }
                    }
                    _ => {}
                }
            }
            if !named {
                self.missing(Rule::Provider, &path, "name");
            }
        }
    }

    fn provider_roles(&mut self, parent: &Path<'_>, value: Value<'_>) {
        self.strings(Rule::Provider, parent, "roles", value);
        for (i, role) in value.elements().into_iter().flatten().enumerate() {
            if let Some(text) = role.as_str()
                && !matches!(&*text, "producer" | "licensor" | "processor" | "host")
            {
                let message =
                    format_args!("must be one of \"producer\", \"licensor\", \"processor\", \"host\"");
                self.report(Rule::Provider, &parent.member("roles").index(i), Some(role), message);
            }
        }
    }

    fn bands(&mut self, path: &Path<'_>, value: Value<'_>) {
        let Some(elements) = self.array(Rule::Bands, path, value) else { return };
        for (i, band) in elements.enumerate() {
            let path = path.index(i);
            let Some(members) = band.members() else {
                self.wrong(Rule::Bands, &path, band, "an object");
                continue;
            };
            let mut times = Times::default();
            for (key, value) in members {
                match &*key.text() {
                    "name" => self.string(Rule::Bands, &path, "name", value),
                    name => self.common_member(&mut times, &path, name, value),
                }
            }
            self.times(&path, &times);
        }
    }

    fn data_type(&mut self, path: &Path<'_>, value: Value<'_>) {
        let Some(text) = value.as_str() else {
            return self.wrong_kind(Rule::DataValues, path, value, "a string");
        };
        let known = [
            "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
            "float64", "cint16", "cint32", "cfloat32", "cfloat64", "other",
        ];
        if !known.contains(&&*text) {
            let message = format_args!("must be one of {}", known.join(", "));
            self.report(Rule::DataValues, path, Some(value), message);
        }
    }

    fn nodata(&mut self, path: &Path<'_>, value: Value<'_>) {
        match value.as_str() {
            Some(text) if matches!(&*text, "nan" | "inf" | "-inf") => {}
            Some(_) => {
                let message = format_args!("must be a number, \"nan\", \"inf\" or \"-inf\"");
                self.report(Rule::DataValues, path, Some(value), message);
            }
            None => {
                self.number(Rule::DataValues, path, value);
            }
        }
    }

    fn statistics(&mut self, path: &Path<'_>, value: Value<'_>) {
        let Some(members) = self.object(Rule::DataValues, path, value) else { return };
        let mut empty = true;
        for (key, value) in members {
            empty = false;
            match &*key.text() {
                name @ ("minimum" | "maximum" | "mean" | "stddev") => {
                    self.number(Rule::DataValues, &path.member(name), value);
                }
                "count" => {
                    let path = path.member("count");
                    let number = self.number(Rule::DataValues, &path, value);
                    if number.is_some_and(|n| !n.is_whole() || is_negative(n)) {
                        self.report(
                            Rule::DataValues,
                            &path,
                            Some(value),
                            format_args!("must be a whole number, 0 or more"),
                        );
                    }
                }
                "valid_percent" => {
                    let path = path.member("valid_percent");
                    let number = self.number(Rule::DataValues, &path, value);
                    if number.is_some_and(|n| !(0.0..=100.0).contains(&n.to_f64())) {
                        self.report(
                            Rule::DataValues,
                            &path,
                            Some(value),
                            format_args!("must be within 0 and 100"),
                        );
                    }
                }
                _ => {}
            }
        }
        if empty {
            self.report(
                Rule::DataValues,
                path,
                Some(value),
                format_args!("must hold at least one statistic"),
            );
        }
    }
}

fn is_zero(number: Number<'_>) -> bool {
    let mantissa = number.text().bytes().take_while(|b| !matches!(b, b'e' | b'E'));
    mantissa.filter(u8::is_ascii_digit).all(|digit| digit == b'0')
}

fn is_positive(number: Number<'_>) -> bool {
    !number.text().starts_with('-') && !is_zero(number)
}

fn is_negative(number: Number<'_>) -> bool {
    number.text().starts_with('-') && !is_zero(number)
}
