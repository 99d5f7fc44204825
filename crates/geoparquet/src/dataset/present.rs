//! Whether an Item is in a version already: a Bloom filter of the keys of all files says of most that are new that they are; of the others a filter of
//! each file says which of them to ask.

use stacyard_store::Error;

use crate::dataset::file::{DataFile, Shelf};
use crate::dataset::filter::{BITS, Filter};
use crate::dataset::keys::ItemHash;

/// Bytes of the filter of all files, and of those of each together, at most (128 MiB): of more than 64 million Items they say less.
const MOST: u64 = 128 << 20;

/// The Items of a version.
pub(crate) struct Present {
    all: Filter,
    files: Vec<(DataFile, Filter)>,
    /// The keys of files that have no list of them, sorted.
    of_others: Vec<ItemHash>,
}

impl Present {
    /// Reads the keys of all files.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn of(shelf: &Shelf, files: Vec<DataFile>) -> Result<Self, Error> {
        let rows = |file: &DataFile| file.keys.map_or(0, |list| list.count);
        let total: u64 = files.iter().map(rows).sum();
        // Each has its share.
        let words = |rows: u64| (rows * BITS / 64).min(MOST / 8 * rows / total.max(1)).max(1);
        let filter = |rows: u64| Filter::new(words(rows), rows);
        let mut present =
            Self { all: filter(total), files: Vec::with_capacity(files.len()), of_others: Vec::new() };
        for file in files {
            let keys = shelf.keys_of(&file)?;
            if file.keys.is_none() {
                present.of_others.extend(keys);
                continue;
            }
            let mut of_file = filter(rows(&file));
            for key in keys {
                present.all.add(key);
                of_file.add(key);
            }
            present.files.push((file, of_file));
        }
        present.of_others.sort_unstable();
        Ok(present)
    }

    /// Whether one of the files has an Item.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn has(&self, shelf: &Shelf, key: ItemHash) -> Result<bool, Error> {
        if self.of_others.binary_search(&key).is_ok() {
            return Ok(true);
        }
        if !self.all.may_have(key) {
            return Ok(false);
        }
        for (file, filter) in &self.files {
            let Some(list) = file.keys.filter(|_| filter.may_have(key)) else { continue };
            if list.has(&*shelf.keys(file)?, key).map_err(|cause| shelf.unread(file, cause))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
