//! Whether an Item is in a version already: a Bloom filter of the keys of all files says of most that are new that they are; of the others the keys
//! of the files are asked.

use stacyard_store::Error;

use crate::dataset::file::{DataFile, Shelf};
use crate::dataset::keys::ItemHash;

/// Bits of the filter for each key, and how many of them a key sets: of 400 new keys one is looked for in vain.
const BITS: u64 = 16;
const PROBES: u32 = 4;

/// Bytes of the filter at most (256 MiB): of more than 128 million Items it says less.
const MOST: u64 = 256 << 20;

/// The Items of a version.
pub(crate) struct Present {
    filter: Vec<u64>,
    files: Vec<DataFile>,
    /// The keys of files that have no list of them, sorted.
    of_others: Vec<ItemHash>,
}

impl Present {
    /// Reads the keys of all files.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn of(shelf: &Shelf, files: Vec<DataFile>) -> Result<Self, Error> {
        let rows: u64 = files.iter().map(|file| file.stats().rows.unwrap_or(100_000)).sum();
        let words = (rows * BITS / 64).clamp(1, MOST / 8);
        let mut filter = vec![0; usize::try_from(words).unwrap_or(usize::MAX)];
        let mut of_others = Vec::new();
        for file in &files {
            let keys = shelf.keys_of(file)?;
            for key in &keys {
                for (word, bit) in bits(*key, filter.len()) {
                    filter[word] |= bit;
                }
            }
            if file.keys.is_none() {
                of_others.extend(keys);
            }
        }
        of_others.sort_unstable();
        Ok(Self { filter, files, of_others })
    }

    /// Whether one of the files has an Item.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn has(&self, shelf: &Shelf, key: ItemHash) -> Result<bool, Error> {
        if bits(key, self.filter.len()).any(|(word, bit)| self.filter[word] & bit == 0) {
            return Ok(false);
        }
        if self.of_others.binary_search(&key).is_ok() {
            return Ok(true);
        }
        for file in &self.files {
            let Some(list) = file.keys else { continue };
            if list.has(&*shelf.keys(file)?, key).map_err(|cause| shelf.unread(file, cause))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "halves of a key, and less than `words`")]
fn bits(key: ItemHash, words: usize) -> impl Iterator<Item = (usize, u64)> {
    let (high, low) = ((key >> 64) as u64, key as u64);
    (0..u64::from(PROBES)).map(move |probe| {
        let hash = high.wrapping_add(low.wrapping_mul(probe + 1));
        let word = (u128::from(hash) * words as u128) >> 64;
        (word as usize, 1 << (hash % 64))
    })
}
