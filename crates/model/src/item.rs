//! Items: a document that has passed the gate, and looks at its parts.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use crate::bbox::Bbox;
use crate::extent::temporal_extent;
use crate::gate::{Gate, Refusal, Verdict};
use crate::json::{Document, Key, Value};
use crate::parse::{self, ParseError};
use crate::time::Interval;
use crate::typed;
use crate::views::{self, Asset, Link};

/// The properties of an [`Item`] that has no type of its own for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Untyped;

/// A STAC Item. One that exists has passed the gate.
///
/// With a type `P` the Item's `properties` are also read into a struct of the program's own:
///
/// ```
/// use serde::Deserialize;
/// use stacyard_model::Item;
///
/// /// A rate of emission in kg/h: greater than 0.
/// #[derive(Debug, Deserialize)]
/// #[serde(try_from = "f64")]
/// struct EmissionRate(f64);
///
/// impl TryFrom<f64> for EmissionRate {
///     type Error = String;
///     fn try_from(rate: f64) -> Result<Self, String> {
///         if rate > 0.0 { Ok(Self(rate)) } else { Err(format!("an emission rate must be greater than 0 kg/h, not {rate}")) }
///     }
/// }
///
/// /// Detections of methane plumes.
/// #[derive(Debug, Deserialize)]
/// struct MarsProperties {
///     #[serde(rename = "mars:emission_rate")]
///     emission_rate: EmissionRate,
///     #[serde(rename = "mars:facility_id")]
///     facility_id: Option<String>,
/// }
///
/// let text = br#"{"type": "Feature", "stac_version": "1.1.0", "id": "plume-1", "geometry": null,
///     "properties": {"datetime": "2024-06-01T00:00:00Z", "mars:emission_rate": 250.5},
///     "links": [], "assets": {}}"#;
/// let plume = Item::<MarsProperties>::parse_as(text)?;
/// assert_eq!(plume.typed().emission_rate.0, 250.5);
/// assert_eq!(plume.typed().facility_id, None);
/// assert_eq!(plume.id(), "plume-1");
///
/// let wrong = String::from_utf8_lossy(text).replace("250.5", "-1");
/// let error = Item::<MarsProperties>::parse_as(wrong.as_bytes()).unwrap_err();
/// assert!(error.to_string().starts_with("/properties/mars:emission_rate: an emission rate must be greater than 0"));
/// # Ok::<(), stacyard_model::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Item<P = Untyped> {
    document: Document,
    properties: P,
}

impl Item {
    /// Parses bytes, by the default grade.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse_with(&Gate::default(), bytes)
    }

    /// Parses bytes with a gate of one's own.
    pub fn parse_with(gate: &Gate, bytes: &[u8]) -> Result<Self, ParseError> {
        Ok(Self { document: parse::document(bytes, |value| gate.item(value))?, properties: Untyped })
    }

    /// Takes an Item that a program has put together, by the default grade.
    pub fn from_value(value: &serde_json::Value) -> Result<Self, ParseError> {
        Self::parse(value.to_string().as_bytes())
    }

    /// Reads the properties into a type.
    pub fn into_typed<P: DeserializeOwned>(self) -> Result<Item<P>, Refusal> {
        let properties = typed::properties(self.properties())?;
        Ok(Item { document: self.document, properties })
    }
}

impl TryFrom<serde_json::Value> for Item {
    type Error = ParseError;

    fn try_from(value: serde_json::Value) -> Result<Self, ParseError> {
        Self::from_value(&value)
    }
}

impl<P: DeserializeOwned> Item<P> {
    /// Parses bytes, by the default grade, and reads the properties into `P`.
    pub fn parse_as(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse_as_with(&Gate::default(), bytes)
    }

    /// Parses bytes with a gate of one's own, and reads the properties into `P`. What the gate and the type find is
    /// reported together.
    pub fn parse_as_with(gate: &Gate, bytes: &[u8]) -> Result<Self, ParseError> {
        let document = Document::parse_bytes(bytes)?;
        let Verdict { mut errors, more_errors, .. } = gate.item(document.root());
        let properties = document.root().get("properties").map(typed::properties);
        match properties {
            Some(Ok(properties)) if errors.is_empty() => return Ok(Self { document, properties }),
            Some(Err(refusal)) => errors.extend(refusal.errors),
            // Without properties the gate has refused already.
            _ => {}
        }
        Err(Refusal { errors, more: more_errors }.into())
    }

    /// The properties in the program's own type.
    pub const fn typed(&self) -> &P {
        &self.properties
    }
}

impl<P> Item<P> {
    /// The whole Item as JSON.
    pub fn json(&self) -> Value<'_> {
        self.document.root()
    }

    /// Any top-level member, foreign ones included.
    pub fn member(&self, name: &str) -> Option<Value<'_>> {
        self.json().get(name)
    }

    /// `id`.
    pub fn id(&self) -> Cow<'_, str> {
        views::text(self.json(), "id").unwrap_or_default()
    }

    /// `collection`: the id of its Collection.
    pub fn collection(&self) -> Option<Cow<'_, str>> {
        views::text(self.json(), "collection")
    }

    /// `geometry`: GeoJSON, or null.
    pub fn geometry(&self) -> Option<Value<'_>> {
        self.member("geometry").filter(|geometry| !geometry.is_null())
    }

    /// `bbox`. None where the geometry is null, or, by the default grade, where it is left out.
    pub fn bbox(&self) -> Option<Bbox> {
        Bbox::of(self.member("bbox")?).ok()
    }

    /// The temporal extent; see [`temporal_extent`].
    pub fn interval(&self) -> Option<Interval> {
        temporal_extent(self.member("properties")).ok().flatten()
    }

    /// `properties`, as JSON.
    pub fn properties(&self) -> Value<'_> {
        // The gate has seen them.
        self.member("properties").unwrap_or(self.json())
    }

    /// `assets`, with their keys.
    pub fn assets(&self) -> impl Iterator<Item = (Key<'_>, Asset<'_>)> {
        views::assets(self.json(), "assets")
    }

    /// `links`.
    pub fn links(&self) -> impl Iterator<Item = Link<'_>> {
        views::links(self.json())
    }

    /// Appends the Item as JSON; see [`write_item`].
    pub fn write(&self, out: &mut Vec<u8>) {
        write_item(self.json(), out);
    }
}

/// The top-level members in the order in which they are written; the others follow.
const ORDER: [&str; 10] = [
    "type",
    "stac_version",
    "stac_extensions",
    "id",
    "collection",
    "geometry",
    "bbox",
    "properties",
    "links",
    "assets",
];

/// Appends an Item as JSON on one line, with its top-level members in a stable order: type, stac_version,
/// stac_extensions, id, collection, geometry, bbox, properties, links, assets, then the others as they stand. Numbers,
/// strings and all that is deeper stay as they are written.
pub fn write_item(item: Value<'_>, out: &mut Vec<u8>) {
    let Some(members) = item.members() else { return item.write_compact(out) };
    let mut known: [Option<(Key<'_>, Value<'_>)>; ORDER.len()] = [None; ORDER.len()];
    for (key, value) in members.clone() {
        if let Some(place) = place(key) {
            known[place] = Some((key, value));
        }
    }
    out.push(b'{');
    let mut separator = b"".as_slice();
    for (key, value) in known.into_iter().flatten().chain(members.filter(|&(key, _)| place(key).is_none())) {
        out.extend_from_slice(separator);
        key.write(out);
        out.push(b':');
        value.write_compact(out);
        separator = b",";
    }
    out.push(b'}');
}

fn place(key: Key<'_>) -> Option<usize> {
    let name = key.text();
    ORDER.iter().position(|known| *known == name)
}
