//! Whole answers in parts: what a search finds, each Item once, and in order where there is one.

use std::collections::BTreeSet;

use stacyard_model::json::Document;
use stacyard_search::{Search, SortKey, parse_filter};

use super::{Suite, found, name, run};
use crate::Store;

pub(super) fn check(suite: &mut Suite<'_>) {
    let all = suite.catalog(5, 300);
    let collection = |item: &Document| Some(item.root().get("collection")?.as_str()?.into_owned());
    let collections: BTreeSet<String> = all.iter().filter_map(collection).collect();
    let of = |ids: &[&str]| Search {
        collections: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..Search::default()
    };
    let mut searches = vec![Search::default(), of(&["no such collection"])];
    searches.extend(collections.iter().map(|id| of(&[id])));
    searches.push(of(&collections.iter().map(String::as_str).collect::<Vec<_>>()));
    searches.extend(collections.first().map(|id| of(&[id, "no such collection"])));
    searches.push(Search { max_items: Some(7), ..Search::default() });
    searches.push(Search { filter: parse_filter("id IS NULL").ok(), ..Search::default() });
    searches.push(Search { sortby: SortKey::parse_list("id").unwrap_or_default(), ..Search::default() });
    for store in [suite.make(&all), suite.make(&[])] {
        for search in &searches {
            let (wanted, answered) = (found(&store, search), answered(&store, search));
            let is_in_order = !search.sortby.is_empty() || search.max_items.is_some();
            let names = |found: Result<Vec<Document>, String>| {
                let mut names: Vec<String> = found.ok()?.iter().map(name).collect();
                if !is_in_order {
                    names.sort();
                }
                Some(names)
            };
            assert_eq!(names(answered), names(wanted), "{search:?}");
        }
    }
}

/// The whole answer.
fn answered(store: &Store, search: &Search) -> Result<Vec<Document>, String> {
    let mut answer = store.answer(&search.clone().into(), run()).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    while let Some(chunks) = answer.lines(2).map_err(|error| error.to_string())? {
        for line in chunks.concat().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            found.push(Document::parse_bytes(line).map_err(|error| error.to_string())?);
        }
    }
    Ok(found)
}
