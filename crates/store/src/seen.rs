//! Which Items have been seen: an exact set of their keys in bounded memory. What memory cannot hold lies as sorted runs
//! in temporary files without names.
//!
//! Of a run little more than a byte for each key stays in memory: a Bloom filter, by which new keys mostly are known to
//! be new, and the first key of each block, so that for all others one block is read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::iter;
use std::os::unix::fs::FileExt;

use rustc_hash::FxHashSet;

use crate::Error;
use crate::check::Key;
use crate::sort::{BUFFER, failed, rewound, unnamed};

/// Bytes of keys held in memory (32 MiB): for 900,000 Items, so that most copies write no run, and little beside the
/// batches that are under way.
pub const SEEN_MEMORY: usize = 32 << 20;

/// How many runs of a level become one of the next. A new key asks the filters of all runs, fewer than this for each
/// level; a key is written once for each level.
const FAN: usize = 8;

/// How much of a run is read to look for a key: a page, which is what the system reads at least.
const BLOCK: usize = 4096;
const KEYS_OF_BLOCK: usize = BLOCK / size_of::<Key>();

/// Bits of a filter for each key, and how many of them a key sets: one of 120 new keys is looked for in vain.
const FILTER_BITS: usize = 10;
const PROBES: u64 = 6;

/// The Items that have been seen.
pub struct Seen {
    held: FxHashSet<Key>,
    /// How many keys are held before they are written to a run.
    room: usize,
    /// Runs by level: each of a level has been merged from [`FAN`] of the level below. No key is in two of them.
    levels: Vec<Vec<Run>>,
}

impl Seen {
    /// None yet. Beyond `budget` bytes of keys there are only the filters and first keys of runs.
    pub fn new(budget: usize) -> Self {
        // The places of a hash table are a power of two, each of a key and a byte, and an eighth of them stays free.
        // When it is full, its keys are sorted in a list, which takes seven eighths of a key for each place.
        let place = size_of::<Key>() + 1 + size_of::<Key>() * 7 / 8;
        let places = 1 << (budget / place).max(4).ilog2();
        let room = places - usize::div_ceil(places, 8);
        Self { held: FxHashSet::default(), room, levels: Vec::new() }
    }

    /// Whether a key has been added.
    pub fn contains(&self, key: &Key) -> Result<bool, Error> {
        if self.held.contains(key) {
            return Ok(true);
        }
        for run in self.levels.iter().flatten() {
            if run.contains(key)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds a key; says whether it is new.
    pub fn insert(&mut self, key: Key) -> Result<bool, Error> {
        if self.contains(&key)? {
            return Ok(false);
        }
        if self.held.len() == self.room {
            let mut keys: Vec<Key> = self.held.drain().collect();
            keys.sort_unstable();
            let run = Run::write(keys.len(), keys.into_iter().map(Ok))?;
            self.add(run, 0)?;
        }
        Ok(self.held.insert(key))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.levels.is_empty()
    }

    /// All keys, in ascending order. Who looks up very many in another set goes through both in this order rather: each block of a run is read once.
    pub fn into_sorted(self) -> Result<impl Iterator<Item = Result<Key, Error>>, Error> {
        let mut held: Vec<Key> = self.held.into_iter().collect();
        held.sort_unstable();
        let runs = self.levels.into_iter().flatten().map(|run| Box::new(run.into_keys()) as Sorted);
        merge(runs.chain([Box::new(held.into_iter().map(Ok)) as Sorted]).collect())
    }

    fn add(&mut self, run: Run, level: usize) -> Result<(), Error> {
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        self.levels[level].push(run);
        if self.levels[level].len() < FAN {
            return Ok(());
        }
        let runs = std::mem::take(&mut self.levels[level]);
        let count = runs.iter().map(|run| run.count).sum();
        let keys = merge(runs.into_iter().map(|run| Box::new(run.into_keys()) as Sorted).collect())?;
        self.add(Run::write(count, keys)?, level + 1)
    }
}

/// Keys in ascending order in a file without a name.
struct Run {
    file: File,
    count: usize,
    filter: Filter,
    /// The first key of each block.
    firsts: Vec<Key>,
}

impl Run {
    /// Writes `count` keys, which come in ascending order.
    fn write(count: usize, keys: impl Iterator<Item = Result<Key, Error>>) -> Result<Self, Error> {
        let mut out = unnamed()?;
        let mut filter = Filter::new(count);
        let mut firsts = Vec::with_capacity(count.div_ceil(KEYS_OF_BLOCK));
        for (index, key) in keys.enumerate() {
            let key = key?;
            if index.is_multiple_of(KEYS_OF_BLOCK) {
                firsts.push(key);
            }
            filter.add(key);
            out.write_all(&key.to_le_bytes()).map_err(failed)?;
        }
        Ok(Self { file: rewound(out)?, count, filter, firsts })
    }

    fn contains(&self, key: &Key) -> Result<bool, Error> {
        if !self.filter.may_have(*key) {
            return Ok(false);
        }
        let Some(block) = self.firsts.partition_point(|first| first <= key).checked_sub(1) else {
            return Ok(false);
        };
        let count = KEYS_OF_BLOCK.min(self.count - block * KEYS_OF_BLOCK);
        let mut bytes = [0; BLOCK];
        let bytes = &mut bytes[..count * size_of::<Key>()];
        self.file.read_exact_at(bytes, (block * BLOCK) as u64).map_err(failed)?;
        Ok(bytes.as_chunks().0.binary_search_by_key(key, |&key| Key::from_le_bytes(key)).is_ok())
    }

    /// All keys; the filter goes, so that it does not lie in memory beside that of the merged run.
    fn into_keys(self) -> impl Iterator<Item = Result<Key, Error>> {
        let mut reader = BufReader::with_capacity(BUFFER, self.file);
        (0..self.count).map(move |_| {
            let mut key = [0; size_of::<Key>()];
            reader.read_exact(&mut key).map_err(failed)?;
            Ok(Key::from_le_bytes(key))
        })
    }
}

/// Keys in ascending order.
type Sorted = Box<dyn Iterator<Item = Result<Key, Error>>>;

/// The keys of many as those of one.
fn merge(mut parts: Vec<Sorted>) -> Result<impl Iterator<Item = Result<Key, Error>>, Error> {
    let mut heads = BinaryHeap::with_capacity(parts.len());
    for (index, part) in parts.iter_mut().enumerate() {
        heads.extend(part.next().transpose()?.map(|key| Reverse((key, index))));
    }
    Ok(iter::from_fn(move || {
        let Reverse((key, index)) = heads.pop()?;
        let next = parts[index].next().transpose();
        Some(next.map(|next| {
            heads.extend(next.map(|next| Reverse((next, index))));
            key
        }))
    }))
}

/// A Bloom filter: says of all keys that were added that it may have them, and of few others.
struct Filter(Vec<u64>);

impl Filter {
    fn new(count: usize) -> Self {
        Self(vec![0; (count * FILTER_BITS).div_ceil(64)])
    }

    fn add(&mut self, key: Key) {
        for (word, bit) in bits_of(key, self.0.len()) {
            self.0[word] |= bit;
        }
    }

    fn may_have(&self, key: Key) -> bool {
        bits_of(key, self.0.len()).all(|(word, bit)| self.0[word] & bit != 0)
    }
}

/// In which of `words`, and where in it, the bits of a key are. Keys are hashes: their halves are two numbers that have
/// nothing to do with each other, and any sum of them is as good as one more hash.
#[expect(clippy::cast_possible_truncation, reason = "halves of a key, and less than `words`")]
fn bits_of(key: Key, words: usize) -> impl Iterator<Item = (usize, u64)> {
    let (high, low) = ((key >> 64) as u64, key as u64);
    (0..PROBES).map(move |probe| {
        let hash = high.wrapping_add(low.wrapping_mul(probe));
        // The upper bits choose the word, without a division, and the lower ones the bit.
        let word = (u128::from(hash) * words as u128) >> 64;
        (word as usize, 1 << (hash % 64))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// Keys as they are in earnest: all bits look like chance.
    fn spread(number: u64) -> Key {
        let mixed = |seed: u64| {
            let mut hash = (number ^ seed).wrapping_add(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            for shift in [30, 27, 31] {
                hash = (hash ^ (hash >> shift)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            }
            hash ^ (hash >> 32)
        };
        Key::from(mixed(0x1234_5678_9ABC_DEF0)) << 64 | Key::from(mixed(0x0FED_CBA9_8765_4321))
    }

    impl Seen {
        /// Bytes that the held keys take, with the list in which a full table is sorted.
        fn of_held(&self) -> usize {
            let places = (self.held.capacity() * 8).div_ceil(7);
            places * (size_of::<Key>() + 1) + self.room * size_of::<Key>()
        }

        /// Bytes that runs take.
        fn of_runs(&self) -> usize {
            let size = |run: &Run| {
                run.filter.0.capacity() * size_of::<u64>() + run.firsts.capacity() * size_of::<Key>()
            };
            self.levels.iter().flatten().map(size).sum()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn it_is_a_set(
            numbers in prop::collection::vec(0..3000_u64, 0..4000),
            budget in prop::sample::select(vec![0_usize, 1000, 1 << 20]),
            // The order of the keys is then that of the numbers, and their bits are anything but chance.
            plain in any::<bool>(),
        ) {
            let key = |number| if plain { Key::from(number) } else { spread(number) };
            let (mut seen, mut expected) = (Seen::new(budget), HashSet::new());
            for &number in &numbers {
                prop_assert_eq!(seen.insert(key(number)).unwrap(), expected.insert(number), "{}", number);
            }
            for number in 0..3000 {
                prop_assert_eq!(seen.contains(&key(number)).unwrap(), expected.contains(&number), "{}", number);
            }
            prop_assert!(seen.levels.iter().all(|level| level.len() < FAN));
            prop_assert_eq!(seen.is_empty(), expected.is_empty());
            let mut expected: Vec<Key> = expected.into_iter().map(key).collect();
            expected.sort_unstable();
            prop_assert_eq!(seen.into_sorted().unwrap().collect::<Result<Vec<_>, _>>().unwrap(), expected);
        }
    }

    #[test]
    fn memory_is_bounded_but_for_little_more_than_a_byte_a_key() {
        const BUDGET: usize = 1 << 20;
        const COUNT: u64 = 2_000_000;
        let mut seen = Seen::new(BUDGET);
        for number in 0..COUNT {
            assert!(seen.insert(spread(number)).unwrap());
            if number % 1024 == 0 {
                assert!(seen.of_held() <= BUDGET, "{}", seen.of_held());
                // 10 bits of a filter, and a key for each block of 256.
                let bound = usize::try_from(number).unwrap() * 132 / 100;
                assert!(seen.of_runs() <= bound, "{} bytes for {number} keys", seen.of_runs());
            }
        }
        // Of 69 runs 64 have been merged twice, into one.
        assert_eq!(seen.levels.iter().map(Vec::len).collect::<Vec<_>>(), [5, 0, 1]);

        // Of new keys few are looked for in the files.
        let asked = |number| {
            let runs = seen.levels.iter().flatten();
            runs.filter(|run| run.filter.may_have(spread(number))).count()
        };
        let asked: usize = (COUNT..COUNT + 100_000).map(asked).sum();
        assert!(asked < 6 * 100_000 / 100, "{asked}");
    }
}
