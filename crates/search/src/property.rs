//! The names of properties in filters and sort orders, and where they lead in an Item.

use std::fmt;

use stacyard_model::json::Value;

/// How many names may stand after one another in a nested property.
const MAX_SEGMENTS: usize = 16;

/// The properties that STAC defines as instants: the common metadata, and the timestamps extension.
const INSTANTS: [&str; 8] = [
    "datetime",
    "start_datetime",
    "end_datetime",
    "created",
    "updated",
    "published",
    "expires",
    "unpublished",
];

/// A property of an Item, by its name in a filter or a sort order.
///
/// `id`, `collection`, `datetime` and `geometry` are the Item's own; every other name is looked up in `properties`,
/// with or without the prefix `properties.`, nested by dots. Where a name with dots stands in `properties` as it is,
/// it wins over the nested one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Property {
    name: String,
    place: Place,
    /// STAC or a queryable says that its values are RFC 3339 instants.
    instant: bool,
}

/// Where a [`Property`] stands in an Item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// `/id`
    Id,
    /// `/collection`
    Collection,
    /// `/geometry`
    Geometry,
    /// In `/properties`, by [`Property::key`].
    Properties,
}

impl Property {
    /// Resolves a name; the error is the reason.
    pub fn parse(name: &str) -> Result<Self, String> {
        let key = name.strip_prefix("properties.").unwrap_or(name);
        if key.is_empty() {
            return Err("a property without a name".to_owned());
        }
        if key.split('.').count() > MAX_SEGMENTS {
            return Err(format!(
                "the property {name:?} has more than {MAX_SEGMENTS} names with dots between"
            ));
        }
        let place = match name {
            "id" => Place::Id,
            "collection" => Place::Collection,
            "geometry" => Place::Geometry,
            _ => Place::Properties,
        };
        let instant = place == Place::Properties && INSTANTS.contains(&key);
        Ok(Self { name: name.to_owned(), place, instant })
    }

    /// The Item's own geometry.
    pub fn geometry() -> Self {
        Self { name: "geometry".to_owned(), place: Place::Geometry, instant: false }
    }

    /// The Item's collection.
    pub fn collection() -> Self {
        Self { name: "collection".to_owned(), place: Place::Collection, instant: false }
    }

    /// The Item's id.
    pub(crate) fn id() -> Self {
        Self { name: "id".to_owned(), place: Place::Id, instant: false }
    }

    /// The name as it was written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it stands.
    pub const fn place(&self) -> Place {
        self.place
    }

    /// The name below `/properties`: without the prefix.
    pub fn key(&self) -> &str {
        self.name.strip_prefix("properties.").unwrap_or(&self.name)
    }

    /// Whether its values are RFC 3339 instants, because STAC or a queryable says so: then they compare and order as such.
    pub const fn is_instant(&self) -> bool {
        self.instant
    }

    /// Notes whether a queryable says that its values are instants.
    pub(crate) fn declare(&mut self, is_instant: &dyn Fn(&str) -> bool) {
        self.instant |= self.place == Place::Properties && is_instant(self.key());
    }

    /// Whether every Item has it by the STAC specification, so that it can never be an unknown name.
    pub fn is_core(&self) -> bool {
        self.place != Place::Properties || self.key() == "datetime"
    }

    /// The value, which may be JSON's null; `None` where the Item has no such name.
    pub fn find<'a>(&self, item: &ItemView<'a>) -> Option<Value<'a>> {
        match self.place {
            Place::Id => item.id,
            Place::Collection => item.collection,
            Place::Geometry => item.geometry,
            Place::Properties => descend(item.properties?, self.key()),
        }
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The value of a name with dots, the longest literal name first.
fn descend<'a>(object: Value<'a>, name: &str) -> Option<Value<'a>> {
    if let Some(value) = object.get(name) {
        return Some(value);
    }
    let mut end = name.len();
    while let Some(dot) = name[..end].rfind('.') {
        if let Some(found) = object.get(&name[..dot]).and_then(|inner| descend(inner, &name[dot + 1..])) {
            return Some(found);
        }
        end = dot;
    }
    None
}

/// The members of an Item that a search looks at, found in one pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct ItemView<'a> {
    /// `/id`
    pub id: Option<Value<'a>>,
    /// `/collection`
    pub collection: Option<Value<'a>>,
    /// `/geometry`
    pub geometry: Option<Value<'a>>,
    /// `/properties`
    pub properties: Option<Value<'a>>,
}

impl<'a> ItemView<'a> {
    /// Of an Item's root value.
    pub fn of(item: Value<'a>) -> Self {
        let mut view = Self::default();
        for (key, value) in item.members().into_iter().flatten() {
            let slot = if key == "id" {
                &mut view.id
            } else if key == "collection" {
                &mut view.collection
            } else if key == "geometry" {
                &mut view.geometry
            } else if key == "properties" {
                &mut view.properties
            } else {
                continue;
            };
            *slot = Some(value);
        }
        view
    }

    /// The Item's id as a text for messages.
    pub(crate) fn id_text(&self) -> String {
        self.id.and_then(Value::as_str).map_or_else(|| "(no id)".to_owned(), std::borrow::Cow::into_owned)
    }
}

#[cfg(test)]
mod tests {
    use stacyard_model::json::Document;

    use super::*;

    #[test]
    fn names_lead_to_their_places() {
        let document = Document::parse(
            r#"{"id":"x","collection":"c","geometry":null,"title":"top",
            "properties":{"id":"inner","a":{"b":{"c":1},"b.c":2},"a.b":{"d":3},"x.y":4,"x":{"y":5},"eo:cloud_cover":6,"n":null}}"#,
        )
        .unwrap();
        let view = ItemView::of(document.root());
        let find = |name| Property::parse(name).unwrap().find(&view).map(|value: Value<'_>| value.raw());
        assert_eq!(find("id"), Some("\"x\""));
        assert_eq!(find("properties.id"), Some("\"inner\""));
        assert_eq!(find("geometry"), Some("null"));
        assert_eq!(find("a.b.c"), Some("2"), "the literal a / b.c wins over a / b / c");
        assert_eq!(find("a.b.d"), Some("3"));
        assert_eq!(find("properties.x.y"), Some("4"), "the literal x.y wins over x / y");
        assert_eq!(find("eo:cloud_cover"), Some("6"));
        assert_eq!(find("n"), Some("null"));
        assert_eq!(find("title"), None, "foreign members of the Item are no properties");
        assert!(Property::parse("").is_err());
        assert!(Property::parse(&"a.".repeat(20)).is_err());
    }
}
