//! Items that another writer has put into a dataset while these were on their way.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::Fields;
use stacyard_model::json::Tape;
use stacyard_store::{Batch, Error, Place, Record, Source};

use crate::dataset::file::{DataFile, Shelf};
use crate::dataset::keys::{ItemHash, key_of};
use crate::dataset::rewrite::without;
use crate::dataset::write::{NewFile, discard};
use crate::format::scope::Scope;
use crate::read::source::GeoParquetSource;

impl NewFile {
    /// The same as a file of a version, which it may become.
    pub(crate) fn file(&self, shelf: &Shelf) -> Result<DataFile, Error> {
        DataFile::of(&Arc::new(self.add.clone()), shelf.storage.name())
    }

    /// The keys of its Items, sorted.
    pub(crate) fn keys(&self, shelf: &Shelf) -> Result<Vec<ItemHash>, Error> {
        shelf.keys_of(&self.file(shelf)?)
    }
}

/// Writes a new file again without the Items of these keys, which it has and are in ascending order, and adds their texts to `late`. Files that are `staged` stay, as a part that may be committed again.
pub(crate) fn leave_out(
    shelf: &Shelf,
    new: &mut NewFile,
    gone: &[ItemHash],
    fields: &Fields,
    (staged, late): (&HashSet<String>, &mut Batch),
) -> Result<(), Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let file = new.file(shelf)?;
    let opened = shelf.open(&file)?;
    let mut source = GeoParquetSource::of(&opened, Scope::All)?;
    let mut tape = Tape::new();
    let offset = |at: usize| {
        u32::try_from(at).map_err(|_| Error::failed("Items of more than 4 GiB that others were faster with"))
    };
    while let Some(work) = source.next()? {
        let batch = work()?;
        for record in &batch.records {
            let text = &batch.text[record.start as usize..record.end as usize];
            let item = tape.parse(text).map_err(|cause| opened.unreadable(cause))?;
            if gone.binary_search(&key_of(item)).is_err() {
                continue;
            }
            let start = offset(late.text.len())?;
            late.text.extend_from_slice(text);
            let end = offset(late.text.len())?;
            late.records.push(Record { start, end, place: Place::Whole, fault: None, has_passed: true });
        }
    }
    let again = without(shelf, &file, gone, fields)?;
    if !staged.contains(&new.path) {
        discard(&*shelf.storage, std::slice::from_ref(new));
    }
    match again.and_then(|again| again.new) {
        Some(again) => *new = again,
        None => new.rows = 0,
    }
    Ok(())
}
