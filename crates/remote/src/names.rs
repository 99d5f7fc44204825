//! Whether there is what a search names: an API that does not know a name may answer with nothing.

use serde_json::Value;
use stacyard_search::{Compiled, KnownNames, Types};
use stacyard_store::{Backend, Error, Note, Remedy, check_lists};

use crate::api::Api;

/// So many collections are asked for, one by one.
const MOST: usize = 100;

impl Api {
    /// Looks for the collections of a search: fails if there is none of them, unless it is lenient. Gives those that there are, and what is to be
    /// said of the others.
    pub(crate) fn known_collections(&self, search: &Compiled) -> Result<(Vec<String>, Vec<Note>), Error> {
        let collections = &search.request().collections;
        if collections.is_empty() || collections.len() > MOST || !self.has_collections() {
            return Ok((collections.clone(), Vec::new()));
        }
        let mut found = Vec::new();
        let mut names = search.names();
        // Ids are told of once Items are read.
        search.observe_id(&mut names);
        for id in collections {
            if self.collection(id)?.is_some() {
                search.observe_collection(id, &mut names);
                found.push(id.clone());
            }
        }
        // Where there is no Item at all, no name is wrong.
        if found.len() < collections.len() && self.has_items(search.stop())? {
            search.declare_all(&mut names, |_| Types::NONE);
        }
        let notes = check_lists(search, &names, || {
            let mut known = KnownNames::default();
            self.collections()?.keys().for_each(|id| known.add(id));
            Ok(known)
        });
        Ok((found, notes?))
    }

    /// Names in the filter of a search without an answer that the API does not list.
    pub(crate) fn doubtful(&self, search: &Compiled) -> Result<Vec<Note>, Error> {
        let Some(listed) = self.queryables(search.stop())? else { return Ok(Vec::new()) };
        let mut notes = Vec::new();
        if let Some(filter) = &search.request().filter {
            filter.each_property(&mut |property| {
                let is_listed =
                    [property.name(), property.key()].iter().any(|name| listed.get(*name).is_some());
                if !is_listed && !property.is_core() {
                    notes.push(Note {
                        message: format!(
                            "{:?} is none of the queryables of {}, and no Item answers",
                            property.name(),
                            self.shown()
                        ),
                        help: Remedy::from("check how it is spelled"),
                    });
                }
            });
        }
        Ok(notes)
    }

    /// The members of `properties` of what filters may name; `None`: the API does not say.
    fn queryables(&self, stop: &stacyard_search::Stop) -> Result<Option<Value>, Error> {
        let Some(schema) = self.queryables_text(stop)? else { return Ok(None) };
        let schema: Value = serde_json::from_slice(&schema).unwrap_or_default();
        Ok(schema.get("properties").cloned())
    }
}
