//! Which names of a search occur in the data at all: a name that nothing has is a mistake, not an empty answer.

use std::collections::BTreeSet;

use stacyard_model::json::Value;

use crate::error::UnknownProperty;

/// How many names [`KnownNames`] keeps.
const MAX_NAMES: usize = 4096;

/// Which properties of a search have been seen in the Items so far. Made by
/// [`Compiled::names`](crate::Compiled::names), one for each worker, and merged at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub(crate) seen: Vec<bool>,
    pub(crate) missing: usize,
    pub(crate) any_item: bool,
}

impl Names {
    pub(crate) fn new(count: usize) -> Self {
        Self { seen: vec![false; count], missing: count, any_item: false }
    }

    /// Whether nothing is left to look for.
    pub const fn all_seen(&self) -> bool {
        self.missing == 0
    }

    /// Adds what another worker has seen in the same search.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.seen.iter_mut().zip(&other.seen) {
            *mine |= theirs;
        }
        self.missing = self.seen.iter().filter(|seen| !**seen).count();
        self.any_item |= other.any_item;
    }
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

    /// Adds one name.
    pub fn add(&mut self, name: &str) {
        if self.0.len() < MAX_NAMES && !self.0.contains(name) {
            self.0.insert(name.to_owned());
        }
    }

    /// The error for a name that nothing has, with the known name that looks most like it.
    pub fn unknown(&self, name: &str) -> UnknownProperty {
        let key = name.strip_prefix("properties.").unwrap_or(name);
        let core = ["id", "collection", "datetime", "geometry"];
        let candidates = self.0.iter().map(String::as_str).chain(core);
        let nearest = candidates
            .map(|known| (distance(key, known), known))
            // Beyond a third of its letters it is another word.
            .filter(|(distance, known)| {
                let length = key.chars().count().max(known.chars().count());
                *distance <= (length / 3).max(1) && *distance < length
            })
            .min_by_key(|(distance, known)| (*distance, *known));
        UnknownProperty { name: name.to_owned(), nearest: nearest.map(|(_, known)| known.to_owned()) }
    }
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
        let nearest = |name: &str| known.unknown(name).nearest;
        assert_eq!(nearest("eo:cloud_covr").as_deref(), Some("eo:cloud_cover"));
        assert_eq!(nearest("cloud_cover").as_deref(), Some("eo:cloud_cover"));
        assert_eq!(nearest("properties.Platform").as_deref(), Some("platform"));
        assert_eq!(nearest("datetme").as_deref(), Some("datetime"));
        assert_eq!(nearest("xyzzy"), None);
        assert_eq!(nearest("x"), None, "another letter is another name");
        insta::assert_snapshot!(known.unknown("eo:cloudcover"), @r#"no Item has a property "eo:cloudcover"; did you mean "eo:cloud_cover"?"#);
        insta::assert_snapshot!(known.unknown("xyzzy"), @r#"no Item has a property "xyzzy"; check its spelling, or ask what the store holds"#);
    }
}
