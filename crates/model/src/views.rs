//! Typed looks at the parts of Items, Collections and Catalogs: Links, Assets, Providers. They copy nothing, and keep
//! the members they do not know.

use std::borrow::Cow;

use crate::json::{Elements, Key, Value};

macro_rules! view {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<'a>(Value<'a>);

        impl<'a> $name<'a> {
            /// The whole object as JSON.
            pub const fn json(self) -> Value<'a> {
                self.0
            }

            /// Any member, those of extensions included.
            pub fn member(self, name: &str) -> Option<Value<'a>> {
                self.0.get(name)
            }

            /// `title`: for people.
            pub fn title(self) -> Option<Cow<'a, str>> {
                text(self.0, "title")
            }

            /// `description`: CommonMark.
            pub fn description(self) -> Option<Cow<'a, str>> {
                text(self.0, "description")
            }

            /// `type`: the media type.
            pub fn media_type(self) -> Option<Cow<'a, str>> {
                text(self.0, "type")
            }

            /// `roles`, empty where there are none.
            pub fn roles(self) -> impl Iterator<Item = Cow<'a, str>> {
                strings(self.0.get("roles"))
            }
        }
    };
}

view!(
    /// A Link Object.
    Link
);
view!(
    /// An Asset Object, or an Item Asset Definition Object of a Collection.
    Asset
);

impl<'a> Link<'a> {
    /// `href`: where it leads, an IRI reference as it is written.
    pub fn href(self) -> Cow<'a, str> {
        text(self.0, "href").unwrap_or_default()
    }

    /// `rel`: the relation type.
    pub fn rel(self) -> Cow<'a, str> {
        text(self.0, "rel").unwrap_or_default()
    }
}

impl<'a> Asset<'a> {
    /// `href`: where it is, an IRI reference as it is written. Definitions in `item_assets` have none.
    pub fn href(self) -> Option<Cow<'a, str>> {
        text(self.0, "href")
    }
}

/// A Provider Object.
#[derive(Debug, Clone, Copy)]
pub struct Provider<'a>(Value<'a>);

impl<'a> Provider<'a> {
    /// `name`.
    pub fn name(self) -> Cow<'a, str> {
        text(self.0, "name").unwrap_or_default()
    }

    /// `description`: CommonMark.
    pub fn description(self) -> Option<Cow<'a, str>> {
        text(self.0, "description")
    }

    /// `roles`: `licensor`, `producer`, `processor` or `host`.
    pub fn roles(self) -> impl Iterator<Item = Cow<'a, str>> {
        strings(self.0.get("roles"))
    }

    /// `url`: the homepage.
    pub fn url(self) -> Option<Cow<'a, str>> {
        text(self.0, "url")
    }

    /// The whole object as JSON.
    pub const fn json(self) -> Value<'a> {
        self.0
    }
}

/// The string of a member.
pub(crate) fn text<'a>(object: Value<'a>, name: &str) -> Option<Cow<'a, str>> {
    object.get(name)?.as_str()
}

/// The strings of an array.
pub(crate) fn strings(array: Option<Value<'_>>) -> impl Iterator<Item = Cow<'_, str>> {
    elements(array).filter_map(Value::as_str)
}

fn elements(array: Option<Value<'_>>) -> impl Iterator<Item = Value<'_>> {
    array.and_then(Value::elements).into_iter().flat_map(|elements: Elements<'_>| elements)
}

pub(crate) fn links(object: Value<'_>) -> impl Iterator<Item = Link<'_>> {
    elements(object.get("links")).map(Link)
}

pub(crate) fn providers(object: Value<'_>) -> impl Iterator<Item = Provider<'_>> {
    elements(object.get("providers")).map(Provider)
}

pub(crate) fn assets<'a>(object: Value<'a>, name: &str) -> impl Iterator<Item = (Key<'a>, Asset<'a>)> {
    object.get(name).and_then(Value::members).into_iter().flatten().map(|(key, value)| (key, Asset(value)))
}
