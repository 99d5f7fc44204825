//! A JSON value that is being changed. What nobody has touched is still the text that was read, and is written as such.

use std::borrow::Cow;

use stacyard_model::json::{Key, Value, push_string};

/// A value: a place in a text, or one level of an array or object that was opened.
#[derive(Debug, Clone)]
pub(super) enum Node<'a> {
    Read(Value<'a>),
    /// JSON that was made here.
    Made(String),
    Array(Vec<Node<'a>>),
    Object(Vec<(Name<'a>, Node<'a>)>),
}

/// The name of a member.
#[derive(Debug, Clone)]
pub(super) enum Name<'a> {
    Read(Key<'a>),
    Made(String),
}

impl Name<'_> {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Read(key) => key.text(),
            Self::Made(name) => name.as_str().into(),
        }
    }
}

impl<'a> Node<'a> {
    /// A string.
    pub(super) fn string(text: &str) -> Self {
        let mut json = Vec::new();
        push_string(&mut json, text);
        Self::Made(String::from_utf8(json).unwrap_or_default())
    }

    /// Its members, if it is an object.
    pub(super) fn members(&mut self) -> Option<&mut Vec<(Name<'a>, Self)>> {
        if let Self::Read(value) = self {
            let members = value.members()?;
            *self = Self::Object(members.map(|(key, value)| (Name::Read(key), Self::Read(value))).collect());
        }
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// Its elements, if it is an array.
    pub(super) fn elements(&mut self) -> Option<&mut Vec<Self>> {
        if let Self::Read(value) = self {
            *self = Self::Array(value.elements()?.map(Self::Read).collect());
        }
        if let Self::Array(elements) = self { Some(elements) } else { None }
    }

    /// The member of this name, if it is an object that has one.
    pub(super) fn member(&mut self, name: &str) -> Option<&mut Self> {
        self.members()?.iter_mut().find(|(known, _)| known.text() == name).map(|(_, node)| node)
    }

    /// Puts a member in the place of the one of this name, or behind all others. Of what is no object nothing happens.
    pub(super) fn set(&mut self, name: &str, value: Self) {
        if let Some(there) = self.member(name) {
            *there = value;
        } else if let Some(members) = self.members() {
            members.push((Name::Made(name.to_owned()), value));
        }
    }

    /// Takes the member of this name out, if there is one.
    pub(super) fn remove(&mut self, name: &str) -> Option<Self> {
        let members = self.members()?;
        let at = members.iter().position(|(known, _)| known.text() == name)?;
        Some(members.remove(at).1)
    }

    /// About how many bytes it has, and how many arrays and objects stand inside one another.
    pub(super) fn measure(&self) -> (usize, usize) {
        let inner = |(bytes, depth): (usize, usize), (more, deep): (usize, usize)| {
            (bytes + more, depth.max(deep + 1))
        };
        match self {
            Self::Read(value) => (value.raw().len(), depth(*value)),
            Self::Made(json) => (json.len(), 0),
            Self::Array(elements) => elements.iter().map(Self::measure).fold((2, 1), inner),
            Self::Object(members) => {
                let sizes = members.iter().map(|(name, node)| {
                    let (bytes, depth) = node.measure();
                    (bytes + name.text().len() + 4, depth)
                });
                sizes.fold((2, 1), inner)
            }
        }
    }

    /// Appends it as JSON.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Read(value) => value.write_compact(out),
            Self::Made(json) => out.extend_from_slice(json.as_bytes()),
            Self::Array(elements) => {
                out.push(b'[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    element.write(out);
                }
                out.push(b']');
            }
            Self::Object(members) => {
                out.push(b'{');
                for (index, (name, node)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    match name {
                        Name::Read(key) => key.write(out),
                        Name::Made(name) => push_string(out, name),
                    }
                    out.push(b':');
                    node.write(out);
                }
                out.push(b'}');
            }
        }
    }

    /// As JSON.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }
}

fn depth(value: Value<'_>) -> usize {
    if let Some(elements) = value.elements() {
        return 1 + elements.map(depth).max().unwrap_or_default();
    }
    value.members().map_or(0, |members| 1 + members.map(|(_, value)| depth(value)).max().unwrap_or_default())
}
