//! What a token is good for: `read` or `write`, of all collections, or with `:ID` behind it of one.

use std::collections::BTreeSet;
use std::sync::Arc;

use percent_encoding::percent_decode_str;

/// What can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    Read,
    Write,
}

/// A right in all collections, or in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) right: Right,
    pub(super) collection: Option<String>,
}

impl Scope {
    /// Of `read`, `write`, `read:ID` or `write:ID`; of an ID the characters that cannot stand in a line are percent-encoded.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (right, id) = text.split_once(':').map_or((text, None), |(right, id)| (right, Some(id)));
        let right = match right {
            "read" => Right::Read,
            "write" => Right::Write,
            _ => return None,
        };
        let collection = match id {
            None => None,
            Some("") => return None,
            Some(id) => Some(percent_decode_str(id).decode_utf8().ok()?.into_owned()),
        };
        Some(Self { right, collection })
    }
}

/// How far a right goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    Nothing,
    /// One collection or more.
    Some(Arc<BTreeSet<String>>),
    All,
}

impl Reach {
    /// Of scopes.
    pub(super) fn of<'a>(scopes: impl Iterator<Item = &'a Scope>) -> Self {
        let mut some = BTreeSet::new();
        for scope in scopes {
            match &scope.collection {
                None => return Self::All,
                Some(id) => some.insert(id.clone()),
            };
        }
        if some.is_empty() { Self::Nothing } else { Self::Some(Arc::new(some)) }
    }

    /// Whether a collection is within it.
    pub(crate) fn covers(&self, collection: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Some(some) => some.contains(collection),
            Self::All => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_rights_of_all_or_of_one() {
        let of = |texts: &[&str]| {
            let scopes: Vec<Scope> = texts.iter().map(|text| Scope::parse(text).unwrap()).collect();
            Reach::of(scopes.iter())
        };
        assert_eq!(of(&[]), Reach::Nothing);
        assert_eq!(of(&["read:a", "read"]), Reach::All);
        let some = of(&["write:a%20b", "write:c:d"]);
        assert!(some.covers("a b") && some.covers("c:d") && !some.covers("c") && !some.covers(""));
        for wrong in ["", "all", "read:", "READ", "read :a", "write:%FF"] {
            assert_eq!(Scope::parse(wrong), None, "{wrong}");
        }
    }
}
