//! What a copy does to its store: how many Items came, were replaced, stayed and went, in all and by collection.

use std::collections::BTreeMap;

use serde::Serialize;

/// Of more collections than this none is counted by itself: so many names are read by nobody.
pub const MAX_COLLECTIONS: usize = 100;

/// A number of Items, in all and by collection. Those without a collection are under the empty name, which no collection
/// has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    total: u64,
    by_collection: BTreeMap<String, u64>,
    has_too_many: bool,
}

impl Counts {
    /// Adds Items of a collection.
    pub fn add(&mut self, collection: &str, items: u64) {
        self.total += items;
        if items == 0 || self.has_too_many {
            return;
        }
        if let Some(count) = self.by_collection.get_mut(collection) {
            *count += items;
        } else if self.by_collection.len() < MAX_COLLECTIONS {
            self.by_collection.insert(collection.to_owned(), items);
        } else {
            self.add_unnamed(0);
        }
    }

    /// Adds Items of which the collections are not known: then none is counted by itself any more.
    pub fn add_unnamed(&mut self, items: u64) {
        self.total += items;
        self.has_too_many = true;
        self.by_collection.clear();
    }

    /// Adds others.
    pub fn append(&mut self, others: &Self) {
        let named: u64 = others.by_collection.values().sum();
        for (collection, &items) in &others.by_collection {
            self.add(collection, items);
        }
        if others.has_too_many {
            self.add_unnamed(others.total - named);
        }
    }

    /// Those that are left when others are taken away.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        let left = |(name, &items): (&String, &u64)| (name.clone(), items.saturating_sub(others.of(name)));
        Self {
            total: self.total.saturating_sub(others.total),
            by_collection: self.by_collection.iter().map(left).collect(),
            has_too_many: self.has_too_many || others.has_too_many,
        }
    }

    /// All of them.
    pub const fn total(&self) -> u64 {
        self.total
    }

    fn of(&self, collection: &str) -> u64 {
        self.by_collection.get(collection).copied().unwrap_or_default()
    }
}

/// What became of the Items of a store. Whether a replacement says something else than what it replaces is not asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Items that are new in it.
    pub came: u64,
    /// Items that were there, and that the input has put others with the same `collection` and `id` in the place of.
    pub replaced: u64,
    /// Items that were there and have not been touched; not counted in a database, which may have any number of them.
    pub stayed: Option<u64>,
    /// Items that were there and are no longer.
    pub went: u64,
}

/// What is counted while a copy runs.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Items of the input that the store has taken.
    pub(crate) taken: Counts,
    pub(crate) replaced: Counts,
    pub(crate) stayed: Counts,
    pub(crate) went: Counts,
    /// Items of the input that are set aside because the store has them already.
    pub(crate) repeated: u64,
}

impl Tally {
    /// In all, and by collection (none if there are too many); `counts_rest`: whether it is known which stayed.
    pub(crate) fn changes(&self, counts_rest: bool) -> (Changes, BTreeMap<String, Changes>) {
        let came = self.taken.without(&self.replaced);
        let changes = |of: &dyn Fn(&Counts) -> u64| Changes {
            came: of(&came),
            replaced: of(&self.replaced),
            stayed: counts_rest.then(|| of(&self.stayed)),
            went: of(&self.went),
        };
        let all = [&came, &self.replaced, &self.stayed, &self.went];
        let mut by_collection = BTreeMap::new();
        if !all.iter().any(|counts| counts.has_too_many) {
            for name in all.iter().flat_map(|counts| counts.by_collection.keys()) {
                by_collection.insert(name.clone(), changes(&|counts| counts.of(name)));
            }
        }
        if by_collection.len() > MAX_COLLECTIONS {
            by_collection.clear();
        }
        (changes(&Counts::total), by_collection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_what_was_taken_and_had_no_place() {
        let mut tally = Tally::default();
        tally.taken.add("a", 3);
        tally.taken.add("b", 2);
        tally.replaced.add("a", 1);
        tally.went.add("c", 4);
        let (all, by) = tally.changes(true);
        assert_eq!(all, Changes { came: 4, replaced: 1, stayed: Some(0), went: 4 });
        assert_eq!(by["a"], Changes { came: 2, replaced: 1, stayed: Some(0), went: 0 });
        assert_eq!(by["c"], Changes { came: 0, replaced: 0, stayed: Some(0), went: 4 });
    }

    #[test]
    fn of_too_many_collections_none_is_counted_by_itself() {
        let mut counts = Counts::default();
        (0..=MAX_COLLECTIONS).for_each(|n| counts.add(&n.to_string(), 2));
        assert_eq!(counts.total(), 2 * (MAX_COLLECTIONS as u64 + 1));
        let mut all = Counts::default();
        all.add("x", 1);
        all.append(&counts);
        assert_eq!(all.total(), 3 + 2 * MAX_COLLECTIONS as u64);
        let tally = Tally { taken: all, ..Tally::default() };
        assert!(tally.changes(true).1.is_empty());
    }
}
