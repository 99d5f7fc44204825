//! Which names of a search occur in the data at all: a name that nothing has is a mistake, not an empty answer.

use std::collections::BTreeSet;

use stacyard_model::json::Value;

use crate::property::Property;
use crate::types::Types;

/// How many names [`KnownNames`] keeps.
const MAX_NAMES: usize = 4096;

/// What has been seen of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The types of values of which the search says anything; none: any will do.
    pub(crate) wanted: Types,
    /// The types of its values.
    pub(crate) types: Types,
    /// It is known though no Item may have it.
    pub(crate) declared: bool,
}

impl Seen {
    /// Whether the search makes sense with what has been seen.
    pub(crate) const fn is_met(self) -> bool {
        !self.types.is_empty() && (self.wanted.is_empty() || self.types.meets(self.wanted))
    }
}

/// Which properties, collections and ids of a search have been seen in the Items so far, and with which types of values.
/// Made by [`Compiled::names`](crate::Compiled::names), one for each worker, and merged at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub(crate) properties: Vec<Seen>,
    /// How many of them are not as the search wants them.
    pub(crate) missing: usize,
    pub(crate) collections: Vec<bool>,
    pub(crate) missing_collections: usize,
    /// Whether there are ids in the search, and none has been seen.
    pub(crate) missing_ids: bool,
    pub(crate) any_item: bool,
}

impl Names {
    /// Whether nothing is left to look for.
    pub const fn all_seen(&self) -> bool {
        self.missing == 0 && self.missing_collections == 0 && !self.missing_ids
    }

    /// Whether a property has not been seen at all.
    pub fn lacks_property(&self) -> bool {
        self.missing > 0 && self.properties.iter().any(|seen| seen.types.is_empty())
    }

    /// Whether a property has not been seen as the search wants it.
    pub const fn lacks_types(&self) -> bool {
        self.missing > 0
    }

    /// Whether a collection or all ids have not been seen.
    pub const fn lacks_list(&self) -> bool {
        self.missing_collections > 0 || self.missing_ids
    }

    /// Whether a collection has not been seen.
    pub const fn lacks_collection(&self) -> bool {
        self.missing_collections > 0
    }

    /// Of the properties that are not as the search wants them, what has been seen of their values themselves counts.
    pub fn correct(&mut self, seen: &Self) {
        for (mine, seen) in self.properties.iter_mut().zip(&seen.properties) {
            if !mine.is_met() && !mine.types.is_empty() {
                mine.types = seen.types.and(Types::NULL);
            }
        }
    }

    /// Adds what another worker has seen in the same search.
    pub fn merge(&mut self, other: &Self) {
        self.any_item |= other.any_item;
        self.missing_ids &= other.missing_ids;
        for (mine, theirs) in self.collections.iter_mut().zip(&other.collections) {
            *mine |= theirs;
        }
        self.missing_collections = self.collections.iter().filter(|seen| !**seen).count();
        for (mine, theirs) in self.properties.iter_mut().zip(&other.properties) {
            mine.types = mine.types.and(theirs.types);
            mine.declared |= theirs.declared;
        }
        self.missing = self.properties.iter().filter(|seen| !seen.is_met()).count();
    }
}

/// A property that a filter compares with values of another type than any Item has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatch<'a> {
    /// The property.
    pub property: &'a Property,
    /// What it is compared with.
    pub wanted: Types,
    /// What Items have.
    pub found: Types,
}

/// Names that properties have, for a "did you mean": collected from some Items once a name was found unknown, or from
/// queryables. At most 4096 are kept.
#[derive(Debug, Clone, Default)]
pub struct KnownNames(BTreeSet<String>);

impl KnownNames {
    /// Adds the names of an Item's properties.
    pub fn add_item(&mut self, item: Value<'_>) {
        for (key, _) in item.get("properties").and_then(Value::members).into_iter().flatten() {
            self.add(&key.text());
        }
    }

    /// Adds those of another.
    pub fn append(&mut self, other: &Self) {
        other.0.iter().for_each(|name| self.add(name));
    }

    /// Adds one name.
    pub fn add(&mut self, name: &str) {
        if self.0.len() < MAX_NAMES && !self.0.contains(name) {
            self.0.insert(name.to_owned());
        }
    }

    /// The known name that looks most like that of a property, be it one of those that every Item has.
    pub fn nearest_property(&self, name: &str) -> Option<&str> {
        let key = name.strip_prefix("properties.").unwrap_or(name);
        let core = ["id", "collection", "datetime", "geometry"];
        nearest(key, self.0.iter().map(String::as_str).chain(core))
    }

    /// The known name that looks most like this one.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.0.iter().map(String::as_str))
    }
}

fn nearest<'a>(key: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|known| (distance(key, known), known))
        // Beyond a third of its letters it is another word.
        .filter(|(distance, known)| {
            let length = key.chars().count().max(known.chars().count());
            *distance <= (length / 3).max(1) && *distance < length
        })
        .min_by_key(|(distance, known)| (*distance, *known))
        .map(|(_, known)| known)
}

/// How many characters must be put in, left out or changed; a prefix such as `eo:` that only one has counts one.
fn distance(a: &str, b: &str) -> usize {
    fn local(name: &str) -> &str {
        name.rsplit(':').next().unwrap_or(name)
    }
    let prefixed = a.contains(':') != b.contains(':');
    let by_local = if prefixed { 1 + levenshtein(local(a), local(b)) } else { usize::MAX };
    levenshtein(a, b).min(by_local)
}

fn levenshtein(a: &str, b: &str) -> usize {
    // Longer names are compared by their start, so that the work is bounded.
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(!from.eq_ignore_ascii_case(to));
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered() {
        let mut known = KnownNames::default();
        for name in ["eo:cloud_cover", "gsd", "platform", "view:off_nadir", "a"] {
            known.add(name);
        }
        let nearest = |name: &str| known.nearest_property(name);
        assert_eq!(nearest("eo:cloud_covr"), Some("eo:cloud_cover"));
        assert_eq!(nearest("cloud_cover"), Some("eo:cloud_cover"));
        assert_eq!(nearest("properties.Platform"), Some("platform"));
        assert_eq!(nearest("datetme"), Some("datetime"));
        assert_eq!(nearest("xyzzy"), None);
        assert_eq!(nearest("x"), None, "another letter is another name");
    }
}
