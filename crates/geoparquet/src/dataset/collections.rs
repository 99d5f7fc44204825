//! The Collections of a dataset, changed apart from its Items.

use std::collections::HashSet;
use std::sync::Arc;

use stacyard_store::{
    CollectionChanges, Collections, Deletion, Error, ErrorKind, Mode, Storage, items_of, merged,
};

use crate::dataset::commit::{Plan, commit, with_collections};
use crate::dataset::log::Log;
use crate::dataset::options::Author;
use crate::dataset::store::Dataset;
use crate::dataset::version::Version;

/// Puts Collections into a dataset; those with the same ids are replaced.
///
/// # Errors
/// A dataset that cannot be written.
pub fn put_dataset_collections(
    storage: &Arc<dyn Storage>,
    new: &Collections,
    author: &Author,
) -> Result<CollectionChanges, Error> {
    let log = Log::new(Arc::clone(storage));
    let mut changes = CollectionChanges::default();
    commit(&log, author, |version| {
        let old = version.collections()?.clone();
        changes = CollectionChanges::of(&old, new, Mode::Upsert);
        if changes.new.is_empty() && changes.changed.is_empty() {
            return Ok(None);
        }
        changed(&log, version, &merged(old, new.clone(), Mode::Upsert))
    })?;
    Ok(changes)
}

/// Takes a Collection to which no Item belongs out of a dataset.
///
/// # Errors
/// A dataset that cannot be written.
pub fn delete_dataset_collection(
    dataset: &Dataset,
    id: &str,
    threads: usize,
    author: &Author,
) -> Result<Deletion, Error> {
    let items = items_of(dataset, id, threads)?;
    if items > 0 {
        return Ok(Deletion::HasItems(items));
    }
    let log = dataset.view().version().log.clone();
    let mut deletion = Deletion::NotThere;
    commit(&log, author, |version| {
        // Somebody else may have put Items meanwhile.
        if let Some(newer) = dataset.view().newer()?.filter(|_| version.snapshot.version != dataset.version())
            && newer.has_others(id, &HashSet::new())?
        {
            return Err(Error::new(ErrorKind::Conflict, &format!("the Collection {id:?} has Items by now"))
                .remedy("delete its Items first"));
        }
        let mut collections = version.collections()?.clone();
        if collections.remove(id).is_none() {
            deletion = Deletion::NotThere;
            return Ok(None);
        }
        deletion = Deletion::Done;
        changed(&log, version, &collections)
    })?;
    Ok(deletion)
}

fn changed(log: &Log, version: &Version, collections: &Collections) -> Result<Option<Plan>, Error> {
    version.check_writable()?;
    let Some(mut metadata) = version.snapshot.metadata.as_deref().cloned() else { return Ok(None) };
    with_collections(log, &mut metadata, collections)?;
    Ok(Some(Plan { operation: "SET TBLPROPERTIES", metadata: Some(metadata), ..Plan::default() }))
}
