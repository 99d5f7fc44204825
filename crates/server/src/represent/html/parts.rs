//! What many pages show: values, links, times and boxes.

use maud::{Markup, html};
use serde_json::Value;

use super::outline::Degrees;
use super::words;
use crate::links::Base;

/// The links of a relation.
pub(super) fn links_of<'a>(document: &'a Value, rel: &str) -> impl Iterator<Item = &'a Value> {
    document["links"].as_array().into_iter().flatten().filter(move |link| link["rel"] == rel)
}

/// The address of the first link of a relation.
pub(super) fn href_of<'a>(document: &'a Value, rel: &str) -> Option<&'a str> {
    links_of(document, rel).next().and_then(|link| link["href"].as_str())
}

/// A text of a document as it is written.
pub(super) fn text_of<'a>(document: &'a Value, name: &str) -> Option<&'a str> {
    document[name].as_str().filter(|text| !text.is_empty())
}

/// Its title, or its id.
pub(super) fn title_of(document: &Value) -> &str {
    text_of(document, "title").or_else(|| text_of(document, "id")).unwrap_or("without a name")
}

/// A description, as plain text.
pub(super) fn description_of(document: &Value) -> Markup {
    html! {
        @if let Some(text) = text_of(document, "description") { p .plain { (text) } }
    }
}

/// An address: a link where it is one of HTTP or of mail, else what it is, to copy. Nothing else is ever one, whatever a store holds.
pub(super) fn address(href: &str, text: &str) -> Markup {
    let begins =
        |scheme: &str| href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    html! {
        @if begins("https://") || begins("http://") || begins("mailto:") {
            a href=(href) rel="nofollow noreferrer" { (text) }
        } @else if text == href {
            code { (href) }
        } @else {
            (text) " " code { (href) }
        }
    }
}

/// Any value.
pub(super) fn value(value: &Value) -> Markup {
    let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
    html! {
        @match value {
            Value::Null => span { "–" },
            Value::String(text) => (address_or_text(text)),
            Value::Array(values) if values.iter().all(is_scalar) => {
                @for (index, one) in values.iter().enumerate() {
                    @if index > 0 { ", " }
                    (self::value(one))
                }
            },
            Value::Array(_) | Value::Object(_) => code { (value.to_string()) },
            Value::Bool(_) | Value::Number(_) => (value.to_string()),
        }
    }
}

fn address_or_text(text: &str) -> Markup {
    html! {
        @if text.starts_with("https://") || text.starts_with("http://") { (address(text, text)) }
        @else { (text) }
    }
}

/// The members of an object, a row each.
pub(super) fn table_of(object: &Value) -> Markup {
    html! {
        @if let Some(members) = object.as_object().filter(|members| !members.is_empty()) {
            div .wide { table { tbody {
                @for (name, one) in members { tr { th scope="row" { (name) } td { (value(one)) } } }
            } } }
        }
    }
}

/// A box.
pub(super) fn bbox(bbox: &Value) -> Markup {
    let numbers: Vec<String> = bbox.as_array().into_iter().flatten().map(ToString::to_string).collect();
    html! {
        @if numbers.is_empty() { "–" } @else { (numbers.join(", ")) }
    }
}

/// An interval, with open ends.
pub(super) fn interval(ends: &Value) -> Markup {
    let end = |at: usize| ends[at].as_str().unwrap_or("..").to_owned();
    html! { (end(0)) " – " (end(1)) }
}

/// The time of an Item.
pub(super) fn time_of(properties: &Value) -> Markup {
    html! {
        @if let Some(at) = text_of(properties, "datetime") { (at) }
        @else {
            (text_of(properties, "start_datetime").unwrap_or("..")) " – "
            (text_of(properties, "end_datetime").unwrap_or(".."))
        }
    }
}

/// The same to the minute, for lists.
pub(super) fn short_time_of(properties: &Value) -> Markup {
    let at = |name: &str| text_of(properties, name);
    let (start, end) = match at("datetime") {
        Some(at) => (Some(at), None),
        None => (at("start_datetime"), at("end_datetime")),
    };
    let both = start.into_iter().chain(end).collect::<Vec<&str>>().join(" – ");
    html! {
        span title=(both) {
            (start.map_or_else(|| "..".to_owned(), minute))
            @if let Some(end) = end { " – " (minute(end)) }
        }
    }
}

/// A time without seconds, with its zone where that is not UTC: `2024-06-01 12:00`. What is none stays.
fn minute(text: &str) -> String {
    let (Some(day), Some(clock)) = (text.get(..10), text.get(11..16)) else { return text.to_owned() };
    let zone =
        text.get(16..).and_then(|rest| rest.find(['+', '-']).map(|at| &rest[at..])).unwrap_or_default();
    let zone = if zone.is_empty() { String::new() } else { format!(" {zone}") };
    format!("{day} {clock}{zone}")
}

/// A box to a hundredth of a degree.
pub(super) fn short_bbox([west, south, east, north]: Degrees) -> Markup {
    html! { span .number { (format!("{west:.2}, {south:.2}, {east:.2}, {north:.2}")) } }
}

/// From which day to which.
pub(super) fn days(ends: &Value) -> Markup {
    let day = |at: usize| ends[at].as_str().map_or("..", |text| text.get(..10).unwrap_or(text)).to_owned();
    html! { (day(0)) " – " (day(1)) }
}

/// A longer address is a file that stands in the page, or nothing that anybody reads.
const LONGEST: usize = 2_000;

/// The beginning of a long text.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        text.chars().take(most).chain(['…']).collect()
    }
}

/// Assets, each with what it is and where.
pub(super) fn assets(assets: &Value) -> Markup {
    html! {
        @if let Some(assets) = assets.as_object().filter(|assets| !assets.is_empty()) {
            section .card aria-labelledby="assets" {
                h2 #assets { (words::ASSETS) }
                ul .items { @for (key, asset) in assets { (self::asset(key, asset)) } }
            }
        }
    }
}

fn asset(key: &str, asset: &Value) -> Markup {
    html! {
        li {
            strong { (text_of(asset, "title").unwrap_or(key)) }
            @if let Some(text) = text_of(asset, "description") { div .dim { (text) } }
            p {
                @if let Some(kind) = text_of(asset, "type") { span { (kind) } }
                @if asset["roles"].is_array() { span { (value(&asset["roles"])) } }
                @if let Some(bytes) = asset["file:size"].as_u64() { span .number { (size(bytes)) } }
            }
            @if let Some(href) = asset["href"].as_str() {
                div .address { @if href.len() > LONGEST { code { (short(href, LONGEST)) } } @else { (address(href, href)) } }
            }
        }
    }
}

/// Whether a browser may show what is there: a picture that stands in the page, or one of this server. Nothing is loaded from elsewhere, as whoever
/// runs the other server would see who looks at what.
pub(super) fn is_picture(base: &Base, href: &str) -> bool {
    let begins = |start: &str| href.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    begins("data:image/") || base.has(href)
}

/// So many bytes, readable.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "it is shown with two digits")]
    let mut shown = bytes as f64 / 1e3;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if shown < 999.5 {
            break;
        }
        (shown, unit) = (shown / 1e3, next);
    }
    if shown < 9.95 { format!("{shown:.1} {unit}") } else { format!("{shown:.0} {unit}") }
}

/// The relations that pages show in other places.
const SHOWN: [&str; 10] =
    ["self", "root", "parent", "collection", "alternate", "child", "item", "items", "next", "prev"];

/// A resource that says nothing unless it is asked for something.
const ASKED: &str = "aggregate";

/// The other links, a row each.
pub(super) fn links(document: &Value) -> Markup {
    let is_other =
        |link: &&Value| !link["rel"].as_str().is_some_and(|rel| SHOWN.contains(&rel) || rel == ASKED);
    let all: Vec<&Value> = document["links"].as_array().into_iter().flatten().filter(is_other).collect();
    html! {
        @if !all.is_empty() {
            section .card { h2 { (words::LINKS) }
            div .wide { table { tbody {
                @for link in all {
                    tr {
                        th scope="row" { (end_of(text_of(link, "rel").unwrap_or("–"))) }
                        td {
                            @if let Some(href) = link["href"].as_str() {
                                (address(href, text_of(link, "title").unwrap_or(href)))
                            }
                        }
                    }
                }
            } } } }
        }
    }
}

/// A relation that is a URL is shown by its end.
fn end_of(rel: &str) -> &str {
    if rel.contains("://") { rel.rsplit('/').next().unwrap_or(rel) } else { rel }
}

/// The ways to the page before and to the next.
pub(super) fn ways(document: &Value) -> Markup {
    let (prev, next) = (href_of(document, "prev"), href_of(document, "next"));
    html! {
        @if prev.is_some() || next.is_some() {
            nav aria-label=(words::PAGES) { p .ways {
                @if let Some(prev) = prev { a href=(prev) rel="prev" { (words::BEFORE) } }
                @if let Some(next) = next { a href=(next) rel="next" { (words::NEXT) } }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_and_times_are_short() {
        for (bytes, text) in [
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (123_456, "123 kB"),
            (999_900, "1.0 MB"),
            (u64::MAX, "18447 PB"),
        ] {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(minute("2024-03-01T12:00:59.5+02:00"), "2024-03-01 12:00 +02:00");
        assert_eq!(minute("2024-03-01T12:00:59Z"), "2024-03-01 12:00");
        assert_eq!(minute("later"), "later");
    }

    #[test]
    fn only_addresses_of_http_are_links() {
        assert_eq!(
            address("HTTPS://a.org/<x>", "t").into_string(),
            r#"<a href="HTTPS://a.org/&lt;x&gt;" rel="nofollow noreferrer">t</a>"#
        );
        for href in [
            "javascript:alert(1)",
            "JAVASCRIPT:x",
            "data:text/html,<b>",
            "s3://b/k",
            "../x",
            "//a.org",
            "vbscript:x",
            " https://a",
        ] {
            assert!(!address(href, href).into_string().contains("href="), "{href}");
        }
        assert!(!value(&json!(["javascript:x", {"a": "<script>"}])).into_string().contains("<script>"));
    }
}
