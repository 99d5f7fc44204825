//! Whether an Item is in a version already: a Bloom filter of the keys of all files says of most that are new that they are; of the others a filter of
//! each file says which of them to ask.

use stacyard_store::Error;

use crate::dataset::file::{DataFile, Shelf};
use crate::dataset::keys::ItemHash;

/// Bits of a filter for each key, and how many of them a key sets at most: of 400 new keys one is looked for in vain.
const BITS: u64 = 16;
const PROBES: u64 = 4;

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

/// A Bloom filter.
struct Filter {
    words: Vec<u64>,
    probes: u64,
}

impl Filter {
    fn new(words: u64, keys: u64) -> Self {
        // Where there are few bits for each key, fewer of them are set: 0.7 of them is the best.
        let probes = (words * 64 * 7 / 10 / keys.max(1)).clamp(1, PROBES);
        Self { words: vec![0; usize::try_from(words).unwrap_or(usize::MAX)], probes }
    }

    fn add(&mut self, key: ItemHash) {
        for probe in 0..self.probes {
            let (word, bit) = self.bit(key, probe);
            self.words[word] |= bit;
        }
    }

    fn may_have(&self, key: ItemHash) -> bool {
        (0..self.probes).all(|probe| {
            let (word, bit) = self.bit(key, probe);
            self.words[word] & bit != 0
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "halves of a key, and less than there are words")]
    fn bit(&self, key: ItemHash, probe: u64) -> (usize, u64) {
        let (high, low) = ((key >> 64) as u64, key as u64);
        let hash = high.wrapping_add(low.wrapping_mul(probe + 1));
        let word = (u128::from(hash) * self.words.len() as u128) >> 64;
        (word as usize, 1 << (hash % 64))
    }
}
