//! Collections: found among the records of an input, merged with those that a store keeps, and what became of each.

use std::collections::btree_map::Entry;
use std::sync::Arc;

use serde::Serialize;
use stacyard_model::ObjectKind;
use stacyard_search::{Compiled, Query, Search, Stop};

use crate::report::{Findings, Problem, Reject};
use crate::{
    Backend, Batch, Check, Collections, Error, ErrorKind, Find, Mode, Place, Record, Run, Source, Work,
};

/// How many bytes the Collections of one input may have: they are held until its end (128 MiB).
const MAX_BYTES: usize = 128 << 20;

/// What became of Collections, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CollectionChanges {
    /// The store has them now, and did not before.
    pub new: Vec<String>,
    /// The input's are in the place of the store's.
    pub changed: Vec<String>,
    /// The store has them, and had them so before.
    pub same: Vec<String>,
    /// The input has others, and the store's stay.
    pub ignored: Vec<String>,
    /// A replaced store had them, and the input does not.
    pub went: Vec<String>,
    /// The store has no place for them.
    pub left_out: Vec<String>,
}

impl CollectionChanges {
    /// What becomes of those of a store when these come in.
    pub fn of(old: &Collections, new: &Collections, mode: Mode) -> Self {
        let mut changes = Self::default();
        for (id, collection) in new {
            let list = match old.get(id) {
                None => &mut changes.new,
                Some(old) if old == collection => &mut changes.same,
                Some(_) if replaces(mode) => &mut changes.changed,
                Some(_) => &mut changes.ignored,
            };
            list.push(id.clone());
        }
        if mode == Mode::Replace && !new.is_empty() {
            changes.went = old.keys().filter(|id| !new.contains_key(*id)).cloned().collect();
        }
        changes
    }
}

/// Whether a Collection of the input takes the place of another one of the store: as with Items.
const fn replaces(mode: Mode) -> bool {
    matches!(mode, Mode::Upsert | Mode::Replace)
}

/// Those of a store after others have come in. Nothing replaces nothing: an input without Collections, such as one of lines that other
/// tools made, leaves those of the store.
pub fn merged(mut old: Collections, new: Collections, mode: Mode) -> Collections {
    if mode == Mode::Replace && !new.is_empty() {
        return new;
    }
    for (id, collection) in new {
        if replaces(mode) {
            old.insert(id, collection);
        } else {
            old.entry(id).or_insert(collection);
        }
    }
    old
}

/// What came of a Collection that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Done,
    /// The store does not have it.
    NotThere,
    /// So many Items belong to it, which would be no catalog any more: nothing was changed.
    HasItems(u64),
}

/// How many Items of a store, valid or not, belong to a Collection.
///
/// # Errors
/// When the store cannot be read.
pub fn items_of(store: &dyn Backend, id: &str, threads: usize) -> Result<u64, Error> {
    let search = Search { collections: vec![id.to_owned()], ..Search::default() };
    let search = Compiled::until(&Query::from(search).lenient(true), &Stop::default())?;
    let run = Run { threads, ..Run::default() };
    let find = Find { check: Check::default(), ..Find::new(Arc::new(search), run) };
    Ok(store.count(find)?.answered)
}

/// Collections that were found among the records of an input, in order.
#[derive(Debug, Default)]
pub(crate) struct Found {
    texts: Vec<(Place, String)>,
    bytes: usize,
}

impl Found {
    pub(crate) fn push(&mut self, place: Place, text: &str) {
        self.bytes += text.len();
        self.texts.push((place, text.to_owned()));
    }

    /// Adds those of what comes after.
    pub(crate) fn append(&mut self, later: Self) -> Result<(), Error> {
        self.bytes += later.bytes;
        self.texts.extend(later.texts);
        if self.bytes > MAX_BYTES {
            let message = format!(
                "the input has more than {} MiB of Collections ({} so far)",
                MAX_BYTES >> 20,
                self.texts.len()
            );
            return Err(Error::new(ErrorKind::Limit, &message).remedy("copy them in several parts"));
        }
        Ok(())
    }

    /// By their ids; the first of two with the same one counts, as of Items, and the later one is rejected; so is one that is nested too deep.
    pub(crate) fn by_id(self) -> (Collections, Vec<Unkept>) {
        let (mut collections, mut rejected) = (Collections::new(), Vec::new());
        for (place, text) in self.texts {
            let kind = Some(ObjectKind::Collection);
            let value: serde_json::Value = match serde_json::from_str(&text) {
                Ok(value) => value,
                // Nested as deep as a record may be, which is one level more than is kept.
                Err(cause) => {
                    let problem = Problem::new("json", format!("a Collection that cannot be kept: {cause}"));
                    let findings = Findings { kind, id: None, problems: vec![problem], more: 0 };
                    rejected.push(Unkept { place, text, findings });
                    continue;
                }
            };
            let id = value.get("id").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            let id = match collections.entry(id) {
                Entry::Vacant(place) => {
                    place.insert(value);
                    continue;
                }
                Entry::Occupied(taken) => taken.key().clone(),
            };
            let mut problem =
                Problem::new("duplicate-id", format!("a Collection has the id {id:?} before this one"));
            "/id".clone_into(&mut problem.pointer);
            let findings = Findings { kind, id: Some(id), problems: vec![problem], more: 0 };
            rejected.push(Unkept { place, text, findings });
        }
        (collections, rejected)
    }
}

/// A Collection that is set aside: with the id of another one before it, or nested too deep.
pub(crate) struct Unkept {
    place: Place,
    text: String,
    findings: Findings,
}

impl Unkept {
    pub(crate) fn reject<'a>(&'a self, source: &'a str) -> Reject<'a> {
        let Self { place, text, findings } = self;
        Reject { source, origin: None, place: *place, findings, text: text.as_bytes(), is_whole: true }
    }
}

/// Collections as records, to be checked like those of a file.
pub struct Listed {
    name: String,
    batch: Option<Batch>,
}

impl Listed {
    /// Those that the store `name` keeps.
    pub fn new(name: &str, collections: &Collections) -> Result<Self, Error> {
        let mut batch = Batch::default();
        for collection in collections.values() {
            let start = batch.text.len();
            batch.text.extend_from_slice(collection.to_string().as_bytes());
            let place = |at: usize| u32::try_from(at).ok();
            let (Some(start), Some(end)) = (place(start), place(batch.text.len())) else {
                let message = format!("{name}: its Collections have more than 4 GiB");
                return Err(Error::new(ErrorKind::Limit, &message));
            };
            batch.records.push(Record { start, end, place: Place::Whole, fault: None, has_passed: false });
        }
        Ok(Self { name: name.to_owned(), batch: Some(batch) })
    }
}

impl Source for Listed {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        0
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        Ok(self.batch.take().map(|batch| Box::new(move || Ok(batch)) as Work))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn collections_are_merged_as_items_are() {
        let of = |pairs: &[(&str, i32)]| -> Collections {
            pairs.iter().map(|(id, n)| ((*id).to_owned(), json!({"n": n}))).collect()
        };
        let (old, new) = (of(&[("a", 1), ("b", 1), ("c", 1)]), of(&[("b", 1), ("c", 2), ("d", 1)]));
        for (mode, changed, ignored, went, after) in [
            (Mode::Insert, "", "c", "", of(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)])),
            (Mode::Ignore, "", "c", "", of(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)])),
            (Mode::Upsert, "c", "", "", of(&[("a", 1), ("b", 1), ("c", 2), ("d", 1)])),
            (Mode::Replace, "c", "", "a", new.clone()),
        ] {
            let changes = CollectionChanges::of(&old, &new, mode);
            let lists = [&changes.new, &changes.same, &changes.changed, &changes.ignored, &changes.went];
            assert_eq!(lists.map(|list| list.concat()), ["d", "b", changed, ignored, went], "{mode:?}");
            assert_eq!(merged(old.clone(), new.clone(), mode), after, "{mode:?}");
            let none = Collections::new();
            assert_eq!(CollectionChanges::of(&old, &none, mode), CollectionChanges::default(), "{mode:?}");
            assert_eq!(merged(old.clone(), none, mode), old, "{mode:?}");
        }
    }

    /// The deepest record that the tape reads has 128 levels; serde_json reads 127.
    #[test]
    fn a_collection_that_is_nested_too_deep_is_rejected_alone() {
        let deep = |levels: usize| {
            format!(r#"{{"id":"c{levels}","a":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1))
        };
        let mut found = Found::default();
        for levels in [126, 128, 127] {
            found.push(Place::Whole, &deep(levels));
        }
        let (kept, rejected) = found.by_id();
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["c126", "c127"]);
        assert_eq!(rejected.len(), 1);
        assert_eq!(rejected[0].text, deep(128));
    }
}
