//! Which keys are not in a file, in little memory.

use crate::dataset::keys::ItemHash;

/// Bits of a filter for each key, and how many of them a key sets at most: of 400 new keys one is looked for in vain.
pub(crate) const BITS: u64 = 16;
const PROBES: u64 = 4;

/// A Bloom filter.
pub(crate) struct Filter {
    words: Vec<u64>,
    probes: u64,
}

impl Filter {
    /// Of so many keys in so many words of 64 bits.
    pub(crate) fn new(words: u64, keys: u64) -> Self {
        // Where there are few bits for each key, fewer of them are set: 0.7 of them is the best.
        let probes = (words * 64 * 7 / 10 / keys.max(1)).clamp(1, PROBES);
        Self { words: vec![0; usize::try_from(words).unwrap_or(usize::MAX)], probes }
    }

    /// Of all of these keys.
    pub(crate) fn of(keys: &[ItemHash]) -> Self {
        let count = keys.len() as u64;
        let mut filter = Self::new((count * BITS / 64).max(1), count);
        for key in keys {
            filter.add(*key);
        }
        filter
    }

    /// How many bytes it takes.
    pub(crate) fn bytes(&self) -> u64 {
        size_of_val(&*self.words) as u64
    }

    pub(crate) fn add(&mut self, key: ItemHash) {
        for probe in 0..self.probes {
            let (word, bit) = self.bit(key, probe);
            self.words[word] |= bit;
        }
    }

    pub(crate) fn may_have(&self, key: ItemHash) -> bool {
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
