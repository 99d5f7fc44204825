//! The total order of a search's Items, as bytes: comparing two keys byte by byte compares the Items.
//!
//! Shape of a key: one component for each sort key, then `collection`, then `id`. A component is a tag for the type
//! and a payload that no other payload is a prefix of; of a descending one every byte is inverted. So the keys of the same order backwards
//! are these with every byte inverted. Tags order values
//! of different types: false, true, numbers, instants, strings, arrays (element by element), objects (member by member, in
//! the order of their names), null.
//! So null is last in ascending and first in descending order.

use jiff::Timestamp;
use stacyard_model::Rfc3339;
use stacyard_model::json::{Kind, Number, Value};

use crate::datum::Datum;
use crate::error::{ItemError, SearchError};
use crate::property::{ItemView, Place, Property};
use crate::time::extent_of;

/// One key of `sortby` (STAC API sort extension).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// What to sort by.
    pub property: Property,
    /// From the highest to the lowest.
    pub descending: bool,
}

impl SortKey {
    /// Of a name and a direction. A geometry has no order.
    pub fn new(name: &str, descending: bool) -> Result<Self, SearchError> {
        let wrong = |reason| SearchError::Sortby { text: name.to_owned(), reason };
        let property = Property::parse(name).map_err(wrong)?;
        if property.place() == Place::Geometry {
            return Err(wrong("a geometry has no order".to_owned()));
        }
        Ok(Self { property, descending })
    }

    /// Parses `sortby`: names with commas between, `-` before one for descending, `+` or nothing for ascending order.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, SearchError> {
        let key = |part: &str| {
            let part = part.trim();
            let (descending, name) = match part.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, part.strip_prefix('+').unwrap_or(part)),
            };
            Self::new(name, descending).map_err(|error| match error {
                SearchError::Sortby { reason, .. } => SearchError::Sortby { text: text.to_owned(), reason },
                other => other,
            })
        };
        Self::list(text.split(',').map(key).collect::<Result<_, _>>()?, text)
    }

    /// The keys without those whose property stands before already, which decide nothing.
    ///
    /// # Errors
    /// More keys than an order may have.
    pub fn list(keys: Vec<Self>, text: &str) -> Result<Vec<Self>, SearchError> {
        let mut list: Vec<Self> = Vec::new();
        for key in keys {
            if list.iter().all(|before| before.property != key.property) {
                list.push(key);
            }
            if list.len() > MOST_KEYS {
                let reason = format!("more than {MOST_KEYS} names to sort by");
                let text = text.chars().take(100).collect();
                return Err(SearchError::Sortby { text, reason });
            }
        }
        Ok(list)
    }
}

/// An order has so many keys at most: a database sorts by no more than some hundred, and nobody looks at more than a few.
const MOST_KEYS: usize = 20;

/// A component of the total order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderKey {
    /// What it is by; `None`: the start of the temporal extent.
    pub property: Option<Property>,
    /// From the highest to the lowest.
    pub descending: bool,
}

/// All components of the order that `sortby` asks for.
pub(crate) fn total(sortby: &[SortKey], is_backwards: bool) -> Vec<OrderKey> {
    let asked = sortby.iter().map(|key| (Some(key.property.clone()), key.descending));
    let newest = sortby.is_empty().then_some((None, true));
    let ties = [Property::collection(), Property::id()].map(|property| (Some(property), false));
    let keys = asked.chain(newest).chain(ties);
    keys.map(|(property, descending)| OrderKey { property, descending: descending != is_backwards }).collect()
}

/// Appends the key of an Item.
pub(crate) fn push_key(order: &[OrderKey], item: &ItemView<'_>, out: &mut Vec<u8>) -> Result<(), ItemError> {
    for OrderKey { property, descending } in order {
        let start = match property {
            Some(_) => None,
            None => extent_of(item)?.and_then(stacyard_model::Interval::start),
        };
        push(out, *descending, |out| match (property, start) {
            (Some(property), _) => push_value(out, property.find(item), property.is_instant()),
            (None, Some(start)) => push_instant(out, start),
            (None, None) => out.push(TAG_NULL),
        });
    }
    Ok(())
}

const TAG_FALSE: u8 = 1;
const TAG_TRUE: u8 = 2;
const TAG_NUMBER: u8 = 3;
const TAG_INSTANT: u8 = 4;
const TAG_TEXT: u8 = 5;
const TAG_OTHER: u8 = 6;
const TAG_NULL: u8 = 0xF0;

fn push(out: &mut Vec<u8>, descending: bool, component: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    component(out);
    if descending {
        for byte in &mut out[start..] {
            *byte = !*byte;
        }
    }
}

pub(crate) fn push_value(out: &mut Vec<u8>, value: Option<Value<'_>>, instant: bool) {
    let Some(value) = value else { return out.push(TAG_NULL) };
    match value.kind() {
        Kind::Null => out.push(TAG_NULL),
        Kind::False => out.push(TAG_FALSE),
        Kind::True => out.push(TAG_TRUE),
        Kind::Number => {
            out.push(TAG_NUMBER);
            if let Some(key) = value.as_number().map(Number::sortable) {
                out.extend_from_slice(key.as_bytes());
            }
        }
        Kind::String => {
            let text = value.as_str().unwrap_or_default();
            match Rfc3339::parse(&text).filter(|_| instant) {
                Some(time) => push_instant(out, time.instant),
                None => push_bytes(out, TAG_TEXT, text.as_bytes()),
            }
        }
        Kind::Array => {
            out.extend_from_slice(&[TAG_OTHER, 1]);
            for element in value.elements().into_iter().flatten() {
                out.push(1);
                push_value(out, Some(element), false);
            }
            out.push(0);
        }
        Kind::Object => {
            out.extend_from_slice(&[TAG_OTHER, 2]);
            let members = value.members().into_iter().flatten();
            let mut members: Vec<_> = members.map(|(key, value)| (key.text(), value)).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (name, value) in members {
                push_bytes(out, 1, name.as_bytes());
                push_value(out, Some(value), false);
            }
            out.push(0);
        }
    }
}

/// Nanoseconds since 1970, the sign bit turned so that the bytes order as the instants do.
pub(crate) fn push_instant(out: &mut Vec<u8>, at: Timestamp) {
    out.push(TAG_INSTANT);
    out.extend_from_slice(&(at.as_nanosecond().cast_unsigned() ^ (1 << 127)).to_be_bytes());
}

/// Appends the place of a value that is told apart from an Item.
pub(crate) fn push_datum(out: &mut Vec<u8>, value: &Datum) {
    match value {
        Datum::Null => out.push(TAG_NULL),
        Datum::Bool(false) => out.push(TAG_FALSE),
        Datum::Bool(true) => out.push(TAG_TRUE),
        Datum::Number(text) => {
            out.push(TAG_NUMBER);
            if let Some(number) = Number::parse(text) {
                out.extend_from_slice(number.sortable().as_bytes());
            }
        }
        Datum::Instant(at) => push_instant(out, *at),
        Datum::Text(text) => push_bytes(out, TAG_TEXT, text.as_bytes()),
    }
}

/// The values that a key is made of, up to the first array or object.
pub(crate) fn values(mut key: &[u8], order: &[OrderKey]) -> Vec<Datum> {
    let mut values = Vec::new();
    for OrderKey { descending, .. } in order {
        let Some((value, length)) = first(key, *descending) else { break };
        values.push(value);
        key = &key[length..];
    }
    values
}

/// The value that a key of one ascending component is made of.
pub(crate) fn value(key: &[u8]) -> Option<Datum> {
    first(key, false).map(|(value, _)| value)
}

/// The value that a key begins with, and how many of its bytes say it.
fn first(key: &[u8], descending: bool) -> Option<(Datum, usize)> {
    let mask = if descending { 0xFF } else { 0 };
    let (tag, rest) = key.split_first()?;
    let mut length = 1;
    let mut bytes = rest.iter().map(|byte| byte ^ mask).inspect(|_| length += 1);
    let value = match tag ^ mask {
        TAG_NULL => Datum::Null,
        TAG_FALSE => Datum::Bool(false),
        TAG_TRUE => Datum::Bool(true),
        TAG_INSTANT => {
            let mut nanos = 0_u128;
            for _ in 0..size_of::<u128>() {
                nanos = nanos << 8 | u128::from(bytes.next()?);
            }
            Datum::Instant(Timestamp::from_nanosecond((nanos ^ (1 << 127)).cast_signed()).ok()?)
        }
        TAG_NUMBER => Datum::Number(Number::from_sortable(&mut bytes)?),
        TAG_TEXT => {
            let mut text = Vec::new();
            loop {
                match bytes.next()? {
                    // The end, or a zero inside.
                    0 if bytes.next()? == 0 => break,
                    byte => text.push(byte),
                }
            }
            Datum::Text(String::from_utf8(text).ok()?)
        }
        _ => return None,
    };
    drop(bytes);
    Some((value, length))
}

/// Bytes with an end that sorts before all that could follow: a zero inside is 0 255, the end is 0 0.
fn push_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    for &byte in bytes {
        out.push(byte);
        if byte == 0 {
            out.push(0xFF);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;
    use stacyard_model::json::Document;

    use super::*;

    fn order(sortby: &str) -> Vec<OrderKey> {
        let sortby = if sortby.is_empty() { Vec::new() } else { SortKey::parse_list(sortby).unwrap() };
        total(&sortby, false)
    }

    fn key(sortby: &str, item: &str) -> Vec<u8> {
        let mut out = Vec::new();
        push_key(&order(sortby), &ItemView::of(Document::parse(item).unwrap().root()), &mut out).unwrap();
        out
    }

    #[test]
    fn a_key_tells_its_values() {
        let place = |sortby: &str, value: &str| {
            let item = format!(
                r#"{{"id":"a\u0000","collection":"c","properties":{{"datetime":"1969-06-01T00:00:00.5Z","n":{value}}}}}"#
            );
            values(&key(sortby, &item), &order(sortby))
        };
        let (c, a) = (Datum::Text("c".to_owned()), Datum::Text("a\0".to_owned()));
        let instant = Datum::Instant("1969-06-01T00:00:00.5Z".parse().unwrap());
        let with = |first: &Datum| vec![first.clone(), c.clone(), a.clone()];
        assert_eq!(place("", "1"), with(&instant));
        assert_eq!(place("datetime", "1"), with(&instant));
        for sortby in ["n", "-n"] {
            for text in ["", "a", "é😀", "a\\u0000\\u0000b", "\\u0000"] {
                let plain = serde_json::from_str(&format!("\"{text}\"")).unwrap();
                assert_eq!(place(sortby, &format!("\"{text}\"")), with(&Datum::Text(plain)), "{text}");
            }
            for (number, spelled) in [
                ("0", "0"),
                ("-0.0", "0"),
                ("1", "1"),
                ("-100", "-100"),
                ("9007199254740993", "9007199254740993"),
                ("1.50", "1.5"),
                ("-2.5e-6", "-0.0000025"),
                ("1e400", "0.1e401"),
                ("-1e400", "-0.1e401"),
            ] {
                assert_eq!(place(sortby, number), with(&Datum::Number(spelled.to_owned())));
                assert_eq!(Number::parse(spelled), Number::parse(number));
            }
            assert_eq!(place(sortby, "null"), with(&Datum::Null));
            assert_eq!(place(sortby, "true"), with(&Datum::Bool(true)));
            assert_eq!(place(sortby, "[1]"), [], "an array cannot be told");
        }
        let two = [Datum::Null, Datum::Number("7".to_owned()), c, a.clone()];
        assert_eq!(place("-updated,n", "7"), two);
        assert_eq!(place("id,n", "[7]"), [a]);
    }

    /// The ids of Items (`id`, properties) in the order of `sortby`.
    fn sorted(sortby: &str, items: &[(&str, &str)]) -> String {
        let mut keys: Vec<_> = items
            .iter()
            .map(|(id, properties)| {
                (key(sortby, &format!(r#"{{"id":"{id}","collection":"c","properties":{properties}}}"#)), *id)
            })
            .collect();
        keys.sort();
        keys.iter().map(|(_, id)| *id).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn nulls_are_last_ascending_and_first_descending() {
        let items = [
            ("n", r#"{"x":null}"#),
            ("a", "{}"),
            ("2", r#"{"x":2}"#),
            ("10", r#"{"x":10}"#),
            ("s", r#"{"x":"1"}"#),
            ("t", r#"{"x":true}"#),
            ("f", r#"{"x":false}"#),
            ("o", r#"{"x":[1]}"#),
        ];
        assert_eq!(sorted("x", &items), "f t 2 10 s o a n");
        assert_eq!(sorted("-x", &items), "a n o s 10 2 t f", "ties by id, ascending in both");
    }

    #[test]
    fn without_sortby_the_newest_comes_first() {
        let items = [
            ("old", r#"{"datetime":"2024-01-01T00:00:00Z"}"#),
            ("new", r#"{"datetime":"2024-06-01T02:00:00+02:00"}"#),
            ("newer", r#"{"datetime":"2024-06-01T00:00:00.000000001Z"}"#),
            ("none", r#"{"datetime":null}"#),
            (
                "range",
                r#"{"datetime":null,"start_datetime":"2024-03-01T00:00:00Z","end_datetime":"2025-01-01T00:00:00Z"}"#,
            ),
            ("before", r#"{"datetime":"1960-01-01T00:00:00Z"}"#),
        ];
        assert_eq!(sorted("", &items), "none newer new range old before");
        assert_eq!(
            sorted("datetime", &items),
            "before old new newer none range",
            "the property itself, range and none being null"
        );
    }

    #[test]
    fn numbers_are_exact_and_strings_go_by_code_point() {
        assert_eq!(
            sorted(
                "x",
                &[
                    ("b", r#"{"x":9007199254740993}"#),
                    ("a", r#"{"x":9007199254740992.0}"#),
                    ("c", r#"{"x":-1e400}"#)
                ]
            ),
            "c a b"
        );
        assert_eq!(
            sorted(
                "x",
                &[
                    ("1", r#"{"x":"ab"}"#),
                    ("2", r#"{"x":"a"}"#),
                    ("3", r#"{"x":"a\u0000"}"#),
                    ("4", r#"{"x":"B"}"#),
                    ("5", r#"{"x":"\uffff"}"#),
                    ("6", r#"{"x":"\ud83d\ude00"}"#)
                ]
            ),
            "4 2 3 1 5 6"
        );
    }

    #[test]
    fn collection_and_id_break_ties_and_no_collection_is_last() {
        let a = key("x", r#"{"id":"z","collection":"a","properties":{}}"#);
        let b = key("x", r#"{"id":"a","collection":"b","properties":{}}"#);
        let none = key("x", r#"{"id":"a","properties":{}}"#);
        assert!(a < b && b < none);
    }

    #[test]
    fn what_is_no_order_is_said() {
        insta::assert_snapshot!(SortKey::parse_list("-datetime,,id").unwrap_err(), @r#"sortby "-datetime,,id": a property without a name; write names with commas between, each with - before it for descending order, such as -datetime,id"#);
        assert!(SortKey::parse_list("geometry").unwrap_err().to_string().contains("no order"));
        assert_eq!(
            SortKey::parse_list("+x, -y").unwrap().iter().map(|key| key.descending).collect::<Vec<_>>(),
            [false, true]
        );
    }

    #[derive(Debug, Clone, PartialEq)]
    enum Plain {
        Bool(bool),
        Int(i64),
        Text(String),
        Null,
    }

    fn plain_order(a: &Plain, b: &Plain) -> Ordering {
        let rank = |v: &Plain| match v {
            Plain::Bool(false) => 0,
            Plain::Bool(true) => 1,
            Plain::Int(_) => 2,
            Plain::Text(_) => 3,
            Plain::Null => 4,
        };
        match (a, b) {
            (Plain::Int(a), Plain::Int(b)) => a.cmp(b),
            (Plain::Text(a), Plain::Text(b)) => a.chars().cmp(b.chars()),
            _ => rank(a).cmp(&rank(b)),
        }
    }

    fn any_plain() -> impl Strategy<Value = Plain> {
        prop_oneof![
            any::<bool>().prop_map(Plain::Bool),
            any::<i64>().prop_map(Plain::Int),
            (-3_i64..3).prop_map(Plain::Int),
            "[a-c\\x00\\x01é😀]{0,4}".prop_map(Plain::Text),
            Just(Plain::Null),
        ]
    }

    proptest! {
        #[test]
        fn keys_order_as_values_do(a in any_plain(), b in any_plain(), x in any_plain(), y in any_plain(), descending: bool) {
            let item = |v: &Plain, w: &Plain| {
                let json = |v: &Plain| match v {
                    Plain::Bool(v) => serde_json::json!(v),
                    Plain::Int(v) => serde_json::json!(v),
                    Plain::Text(v) => serde_json::json!(v),
                    Plain::Null => serde_json::Value::Null,
                };
                serde_json::json!({"id": "i", "properties": {"v": json(v), "w": json(w)}}).to_string()
            };
            let sortby = if descending { "-v,w" } else { "v,w" };
            let first = plain_order(&a, &b);
            let wanted = if descending { first.reverse() } else { first }.then(plain_order(&x, &y));
            prop_assert_eq!(key(sortby, &item(&a, &x)).cmp(&key(sortby, &item(&b, &y))), wanted);
        }
    }
}
