//! A value on a tape: what it is, what is inside it, how to write it.

use std::borrow::Cow;
use std::fmt;

use super::number::Number;
use super::string::unescape;
use super::tape::Node;

/// What a value is. The two Booleans are kinds of their own, as on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Null,
    True,
    False,
    Number,
    String,
    Array,
    Object,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::True | Self::False => "a Boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

/// A value of a parsed text. Copying it copies a place, not the value.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    text: &'a str,
    nodes: &'a [Node],
    at: u32,
}

impl<'a> Value<'a> {
    pub(super) const fn new(text: &'a str, nodes: &'a [Node], at: u32) -> Self {
        Self { text, nodes, at }
    }

    #[inline]
    fn node(self) -> Node {
        self.nodes[self.at as usize]
    }

    #[inline]
    fn sibling(self, at: u32) -> Self {
        Self { at, ..self }
    }

    /// What it is.
    #[inline]
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The Boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// The number.
    #[inline]
    pub fn as_number(self) -> Option<Number<'a>> {
        (self.kind() == Kind::Number).then(|| Number::new(self.raw()))
    }

    /// The string, escapes resolved.
    #[inline]
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let node = self.node();
        (node.kind == Kind::String).then(|| {
            let raw = &self.text[node.start as usize..node.end as usize];
            if node.flag { unescape(raw) } else { Cow::Borrowed(raw) }
        })
    }

    /// The string where it is written without escapes, as nearly all are: the text itself, nothing allocated.
    #[inline]
    pub fn as_plain_str(self) -> Option<&'a str> {
        let node = self.node();
        (node.kind == Kind::String && !node.flag).then(|| &self.text[node.start as usize..node.end as usize])
    }

    /// The elements of an array.
    pub fn elements(self) -> Option<Elements<'a>> {
        (self.kind() == Kind::Array)
            .then(|| Elements { value: self.sibling(self.at + 1), end: self.node().next })
    }

    /// The members of an object, in the order of the text.
    pub fn members(self) -> Option<Members<'a>> {
        (self.kind() == Kind::Object)
            .then(|| Members { value: self.sibling(self.at + 1), end: self.node().next })
    }

    /// The member of an object with this name.
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        self.members()?.find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The value at a JSON pointer (RFC 6901); the empty pointer is the value itself.
    pub fn pointer(self, pointer: &str) -> Option<Value<'a>> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |value, token| {
            let token = token.replace("~1", "/").replace("~0", "~");
            match value.kind() {
                Kind::Array => value.elements()?.nth(token.parse().ok()?),
                _ => value.get(&token),
            }
        })
    }

    /// The value as it is written; of a string with its quotes.
    pub fn raw(self) -> &'a str {
        let node = self.node();
        if node.kind == Kind::String {
            return &self.text[node.start as usize - 1..=node.end as usize];
        }
        &self.text[node.start as usize..node.end as usize]
    }

    /// The byte of the text at which it starts.
    pub fn offset(self) -> usize {
        let node = self.node();
        node.start as usize - usize::from(node.kind == Kind::String)
    }

    /// How many values it holds, itself and all names included: a measure of the work it takes.
    pub fn node_count(self) -> usize {
        (self.node().next - self.at) as usize
    }

    /// Appends the value without white space; numbers and strings as they are written.
    pub fn write_compact(self, out: &mut Vec<u8>) {
        let node = self.node();
        if !node.flag || node.kind == Kind::String {
            out.extend_from_slice(self.raw().as_bytes());
            return;
        }
        let mut separator = b"".as_slice();
        if let Some(elements) = self.elements() {
            out.push(b'[');
            for element in elements {
                out.extend_from_slice(separator);
                element.write_compact(out);
                separator = b",";
            }
            out.push(b']');
        } else if let Some(members) = self.members() {
            out.push(b'{');
            for (key, value) in members {
                out.extend_from_slice(separator);
                key.write(out);
                out.push(b':');
                value.write_compact(out);
                separator = b",";
            }
            out.push(b'}');
        }
    }
}

/// The same JSON value: members in any order, numbers by [`Number::same`], strings by their text.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        if self.kind() != other.kind() {
            return false;
        }
        match self.kind() {
            Kind::Null | Kind::True | Kind::False => true,
            Kind::Number => self.as_number().zip(other.as_number()).is_some_and(|(a, b)| a.same(b)),
            Kind::String => self.as_str() == other.as_str(),
            Kind::Array => self.elements().zip(other.elements()).is_some_and(|(a, b)| a.eq(b)),
            Kind::Object => self.members().zip(other.members()).is_some_and(|(a, b)| {
                let (count, other_count) = (a.clone().count(), b.count());
                count == other_count
                    && a.into_iter().all(|(key, value)| other.get(&key.text()) == Some(value))
            }),
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.raw())
    }
}

/// A name in an object.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Key<'a> {
    /// The name, escapes resolved.
    pub fn text(self) -> Cow<'a, str> {
        if self.escaped { unescape(self.raw) } else { Cow::Borrowed(self.raw) }
    }

    /// The name where it is written without escapes, as nearly all are.
    #[inline]
    pub fn plain(self) -> Option<&'a str> {
        (!self.escaped).then_some(self.raw)
    }

    /// Appends the name as a JSON string, as it is written.
    pub fn write(self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.raw.as_bytes());
        out.push(b'"');
    }
}

impl PartialEq<str> for Key<'_> {
    #[inline]
    fn eq(&self, other: &str) -> bool {
        if self.escaped { unescape(self.raw) == other } else { self.raw == other }
    }
}
impl PartialEq<&str> for Key<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text())
    }
}

/// The elements of an array.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    value: Value<'a>,
    end: u32,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        if self.value.at == self.end {
            return None;
        }
        let element = self.value;
        self.value = element.sibling(element.node().next);
        Some(element)
    }
}

/// The members of an object.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    value: Value<'a>,
    end: u32,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Key<'a>, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.value.at == self.end {
            return None;
        }
        let name = self.value.node();
        let key = Key { raw: &self.value.text[name.start as usize..name.end as usize], escaped: name.flag };
        let value = self.value.sibling(self.value.at + 1);
        self.value = value.sibling(value.node().next);
        Some((key, value))
    }
}

/// Appends a JSON pointer's token (RFC 6901 section 3).
pub fn push_pointer_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for c in token.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}
