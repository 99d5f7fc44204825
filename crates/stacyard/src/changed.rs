//! What a store says of Items that have changed elsewhere: some of them may say the same after all.

use std::collections::BTreeMap;

use stacyard_model::json::Tape;
use stacyard_search::{Query, Search};
use stacyard_store::{Comparison, Error, ErrorKind, ItemKey, Run, Store};

/// Of more Items than these the whole store is read rather than each of them looked for.
const FEW: usize = 20_000;

/// Has a comparison know what the store says of some Items.
pub(crate) fn look_at(
    comparison: &mut Comparison,
    store: &Store,
    changed: &[ItemKey],
    run: &mut Run<'_>,
) -> Result<(), Error> {
    if changed.len() > FEW {
        return comparison.look_at(store.items()?.as_mut(), run).map(drop);
    }
    let mut ids: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for key in changed {
        // One without a collection cannot be asked for, and is taken for changed.
        if let Some(collection) = &key.collection {
            ids.entry(collection).or_default().push(key.id.clone());
        }
    }
    let mut tape = Tape::new();
    for (collection, ids) in ids {
        let search = Search { collections: vec![collection.to_owned()], ids, ..Search::default() };
        let (mut found, _) = store.find(&Query::from(search).lenient(true), run.part())?;
        while let Some(entry) = found.entry()? {
            let item = tape.parse(&entry.text).map_err(|cause| {
                Error::new(ErrorKind::Damaged, "the store has given an Item that is not JSON")
                    .caused_by(cause)
            })?;
            comparison.look_at_one(item)?;
        }
    }
    Ok(())
}
