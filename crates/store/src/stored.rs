//! One Item or Collection of a store: its name, its text, and the tag of its state.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::Error;

/// What names an Item: its `id` within its `collection`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemKey {
    /// `None`: it has no collection.
    pub collection: Option<String>,
    /// The id.
    pub id: String,
}

impl ItemKey {
    /// The Item of a collection.
    pub fn new(collection: impl Into<String>, id: impl Into<String>) -> Self {
        Self { collection: Some(collection.into()), id: id.into() }
    }

    /// An Item without a collection.
    pub fn loose(id: impl Into<String>) -> Self {
        Self { collection: None, id: id.into() }
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.collection {
            Some(collection) => write!(f, "the Item {:?} of the collection {collection:?}", self.id),
            None => write!(f, "the Item {:?} without a collection", self.id),
        }
    }
}

/// The tag of a state: that of the same store changes when, and only when, what it gives changes (RFC 9110 section 8.8.3, a strong one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ETag([u8; 16]);

impl ETag {
    /// Of the JSON text that the store gives.
    pub fn of(text: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(text).into();
        let mut tag = [0; 16];
        tag.copy_from_slice(&digest[..16]);
        Self(tag)
    }

    /// Of its text, with or without the quotes of HTTP.
    ///
    /// # Errors
    /// A text that is no tag of ours: nothing can match it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let digits = inner.len() == 32 && inner.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = digits.then(|| u128::from_str_radix(inner, 16).ok()).flatten();
        number.map(|number| Self(number.to_be_bytes())).ok_or_else(|| {
            Error::usage(
                format!("{text:?} is not an ETag of a store"),
                "take the one that the Item was read with",
            )
        })
    }
}

/// The text, without quotes.
impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// What a store has under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its JSON text.
    pub text: Vec<u8>,
    /// The tag of its state.
    pub etag: ETag,
}

impl Stored {
    /// Of its JSON text.
    pub fn new(text: Vec<u8>) -> Self {
        Self { etag: ETag::of(&text), text }
    }
}

/// How many Items answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exact(u64),
    /// About so many.
    Estimate(u64),
    /// Nobody knows without looking at them.
    Unknown,
}

impl Count {
    /// How many Items answer in two stores.
    pub(crate) const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Exact(one), Self::Exact(other)) => Self::Exact(one + other),
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Exact(one) | Self::Estimate(one), Self::Exact(other) | Self::Estimate(other)) => {
                Self::Estimate(one + other)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_tell_states_apart() {
        let (one, other) = (ETag::of(b"{}"), ETag::of(b"{ }"));
        assert_ne!(one, other);
        // sha256sum of the two bytes.
        assert_eq!(one.to_string(), "44136fa355b3678a1146ad16f7e8649e");
        assert_eq!(ETag::parse(&format!("\"{one}\"")).unwrap(), one);
        for text in ["", "*", "W/\"x\"", "+4136fa355b3678a1146ad16f7e8649e"] {
            assert!(ETag::parse(text).is_err(), "{text}");
        }
    }
}
