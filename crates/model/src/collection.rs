//! Collections, Catalogs and ItemCollections: documents that have passed the gate, and looks at their parts.

use std::borrow::Cow;

use crate::bbox::Bbox;
use crate::gate::{Finding, Gate, Rule, Verdict};
use crate::json::{Document, Key, Kind, Value};
use crate::parse::{self, ParseError};
use crate::time::{Interval, Rfc3339};
use crate::views::{self, Asset, Link, Provider};

macro_rules! document {
    ($(#[$doc:meta])* $name:ident $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(Document);

        impl $name {
            /// Parses bytes, by the default grade.
            pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
                Self::parse_with(&Gate::default(), bytes)
            }

            /// Parses bytes with a gate of one's own.
            pub fn parse_with(gate: &Gate, bytes: &[u8]) -> Result<Self, ParseError> {
                parse::document(bytes, |value| $check(gate, value)).map(Self)
            }

            /// Takes an object that a program has put together, by the default grade.
            pub fn from_value(value: &serde_json::Value) -> Result<Self, ParseError> {
                Self::parse(value.to_string().as_bytes())
            }

            /// The whole object as JSON.
            pub fn json(&self) -> Value<'_> {
                self.0.root()
            }

            /// Any top-level member, foreign ones included.
            pub fn member(&self, name: &str) -> Option<Value<'_>> {
                self.json().get(name)
            }

            /// `links`.
            pub fn links(&self) -> impl Iterator<Item = Link<'_>> {
                views::links(self.json())
            }
        }

        impl TryFrom<serde_json::Value> for $name {
            type Error = ParseError;

            fn try_from(value: serde_json::Value) -> Result<Self, ParseError> {
                Self::from_value(&value)
            }
        }
    };
}

document!(
    /// A STAC Catalog. One that exists has passed the gate.
    Catalog Gate::catalog
);
document!(
    /// A STAC Collection. One that exists has passed the gate.
    Collection Gate::collection
);
document!(
    /// A GeoJSON FeatureCollection of STAC Items, as a STAC API answers with. All Items in it have passed the gate.
    ///
    /// It is held in memory as a whole; great files are read one Item at a time by the stores.
    ItemCollection check_items
);

macro_rules! described {
    ($name:ident) => {
        impl $name {
            /// `id`.
            pub fn id(&self) -> Cow<'_, str> {
                views::text(self.json(), "id").unwrap_or_default()
            }

            /// `title`.
            pub fn title(&self) -> Option<Cow<'_, str>> {
                views::text(self.json(), "title")
            }

            /// `description`: CommonMark.
            pub fn description(&self) -> Cow<'_, str> {
                views::text(self.json(), "description").unwrap_or_default()
            }
        }
    };
}
described!(Catalog);
described!(Collection);

/// The Extent Object of a Collection. The first of each is the whole, the others are its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Extent {
    /// `spatial.bbox`.
    pub spatial: Vec<Bbox>,
    /// `temporal.interval`; an end that is null is open.
    pub temporal: Vec<Interval>,
}

/// What a Collection says of a property of its Items.
#[derive(Debug, Clone, Copy)]
pub enum Summary<'a> {
    /// `{"minimum": .., "maximum": ..}`, numbers or strings.
    Range {
        /// The least value.
        minimum: Value<'a>,
        /// The greatest value.
        maximum: Value<'a>,
    },
    /// A set of values: an array.
    Values(Value<'a>),
    /// A JSON Schema.
    Schema(Value<'a>),
}

impl<'a> Summary<'a> {
    fn of(value: Value<'a>) -> Self {
        match (value.kind(), value.get("minimum"), value.get("maximum")) {
            (Kind::Array, _, _) => Self::Values(value),
            (_, Some(minimum), Some(maximum)) => Self::Range { minimum, maximum },
            _ => Self::Schema(value),
        }
    }
}

impl Collection {
    /// `license`: an SPDX identifier or `other`; in 1.0.0 also `proprietary` or `various`.
    pub fn license(&self) -> Cow<'_, str> {
        views::text(self.json(), "license").unwrap_or_default()
    }

    /// `keywords`.
    pub fn keywords(&self) -> impl Iterator<Item = Cow<'_, str>> {
        views::strings(self.member("keywords"))
    }

    /// `providers`.
    pub fn providers(&self) -> impl Iterator<Item = Provider<'_>> {
        views::providers(self.json())
    }

    /// `extent`.
    pub fn extent(&self) -> Extent {
        let array = |pointer| self.json().pointer(pointer).and_then(Value::elements).into_iter().flatten();
        Extent {
            spatial: array("/extent/spatial/bbox").filter_map(|value| Bbox::of(value).ok()).collect(),
            temporal: array("/extent/temporal/interval").filter_map(interval).collect(),
        }
    }

    /// `summaries`, by property.
    pub fn summaries(&self) -> impl Iterator<Item = (Key<'_>, Summary<'_>)> {
        let members = self.member("summaries").and_then(Value::members);
        members.into_iter().flatten().map(|(key, value)| (key, Summary::of(value)))
    }

    /// `assets`, with their keys.
    pub fn assets(&self) -> impl Iterator<Item = (Key<'_>, Asset<'_>)> {
        views::assets(self.json(), "assets")
    }

    /// `item_assets`: what the assets of its Items have in common.
    pub fn item_assets(&self) -> impl Iterator<Item = (Key<'_>, Asset<'_>)> {
        views::assets(self.json(), "item_assets")
    }
}

fn interval(value: Value<'_>) -> Option<Interval> {
    let mut ends = value
        .elements()?
        .map(|end| end.as_str().and_then(|text| Rfc3339::parse(&text)).map(|time| time.instant));
    Interval::new(ends.next()?, ends.next()?).ok()
}

impl ItemCollection {
    /// `features`: the Items, as JSON.
    pub fn items(&self) -> impl Iterator<Item = Value<'_>> {
        self.member("features").and_then(Value::elements).into_iter().flatten()
    }
}

/// RFC 7946 section 3.3, and each feature an Item: its findings stand below `/features/N`.
fn check_items(gate: &Gate, value: Value<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let mut refuse = |pointer: &str, rule, message: &str| {
        let (pointer, message) = (pointer.to_owned(), message.to_owned());
        verdict.errors.push(Finding { pointer, rule, message, value: String::new(), extension: None });
    };
    if views::text(value, "type").as_deref() != Some("FeatureCollection") {
        refuse("", Rule::Type, "\"type\" must be \"FeatureCollection\"");
    }
    let Some(features) = value.get("features").and_then(Value::elements) else {
        refuse("", Rule::Object, "\"features\" must be an array of Items");
        return verdict;
    };
    for (i, feature) in features.enumerate() {
        verdict.append(gate.item(feature), &format!("/features/{i}"));
    }
    verdict
}
