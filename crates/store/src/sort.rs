//! Putting Items in order in bounded memory: sorted runs in temporary files, merged at the end.
//!
//! Where only the first few are wanted, the others are dropped each time the memory is full, and mostly no file is
//! written at all. The files have no names: whatever ends the process, nothing is left of them.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use stacyard_search::Stop;

use crate::lines::{BLOCK, narrow};
use crate::{Batch, Error, ErrorKind, Place, Record, Source, Work};

/// How many runs are merged at once: each needs a buffer and a file.
const FAN: usize = 32;

/// Bytes held at first where only the first Items are wanted.
const SOME_ROOM: usize = 16 << 20;

/// After so many merged texts the clock is looked at.
const CHECKED: u64 = 1 << 12;

/// How much of a run is read or written at once.
pub(crate) const BUFFER: usize = 256 << 10;

/// Some texts with their places in the order.
#[derive(Default)]
pub struct Hits {
    bytes: Vec<u8>,
    /// Of each: where its key ends, and where its text ends, which is where the next key starts.
    ends: Vec<(u32, u32)>,
}

impl Hits {
    /// Adds one; both write to the end of what they are given.
    pub fn push(
        &mut self,
        key: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
        text: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Error> {
        key(&mut self.bytes)?;
        let key_end = self.bytes.len();
        text(&mut self.bytes);
        self.ends.push((narrow(key_end), narrow(self.bytes.len())));
        Ok(())
    }

    /// Adds one whose text may fail to be written; then nothing of it is added.
    pub fn try_push(
        &mut self,
        key: &[u8],
        text: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        let ends = text(&mut self.bytes).and_then(|()| {
            let narrow = |end: usize| {
                u32::try_from(end).map_err(|_| Error::new(ErrorKind::Limit, "Items of more than 4 GiB"))
            };
            Ok((narrow(key_end)?, narrow(self.bytes.len())?))
        });
        if ends.is_err() {
            self.bytes.truncate(start);
        }
        self.ends.push(ends?);
        Ok(())
    }

    /// Makes room for as many more as are said, if they are as long as those that are there.
    pub fn reserve(&mut self, more: usize) {
        if let Some(average) = self.bytes.len().checked_div(self.ends.len()) {
            self.bytes.reserve(average * more + average);
            self.ends.reserve(more);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn get(&self, index: usize) -> (&[u8], &[u8]) {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].1 as usize);
        let (key_end, end) = self.ends[index];
        (&self.bytes[start..key_end as usize], &self.bytes[key_end as usize..end as usize])
    }

    fn size(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<(u32, u32)>()
    }
}

/// Takes texts in any order, mostly Items.
pub struct Sorter {
    /// Bytes held before they are sorted and written out.
    budget: usize,
    /// Bytes held before all but the first are dropped: grows up to the budget as far as those need it.
    room: usize,
    /// How many of the first are wanted.
    wanted: u64,
    held: Vec<Hits>,
    held_size: usize,
    /// Runs by level: each of a level has been merged from [`FAN`] of the level below. Earlier Items are on higher
    /// levels, so that Items with equal keys stay in the order of the source.
    levels: Vec<Vec<Run>>,
    stop: Stop,
}

impl Sorter {
    /// A sorter that holds about `budget` bytes, and gives the first `wanted`.
    pub fn new(budget: usize, wanted: Option<u64>) -> Self {
        let room = if wanted.is_some() { budget.min(SOME_ROOM) } else { budget };
        let wanted = wanted.unwrap_or(u64::MAX);
        Self {
            budget,
            room,
            wanted,
            held: Vec::new(),
            held_size: 0,
            levels: Vec::new(),
            stop: Stop::default(),
        }
    }

    /// The same, which has to end when it is told.
    #[must_use]
    pub fn until(self, stop: &Stop) -> Self {
        Self { stop: stop.clone(), ..self }
    }

    /// Takes some texts.
    pub fn push(&mut self, hits: Hits) -> Result<(), Error> {
        if hits.ends.is_empty() {
            return Ok(());
        }
        self.held_size += hits.size();
        self.held.push(hits);
        if self.held_size <= self.room {
            return Ok(());
        }
        self.keep_the_first()?;
        // Sorting the same again soon would be for nothing.
        if self.held_size > self.room / 2 {
            if self.room == self.budget {
                return self.spill();
            }
            self.room = self.budget.min(self.room * 2);
        }
        Ok(())
    }

    /// Takes an answer, with its keys; each of them is shown to `seen`.
    ///
    /// # Errors
    /// An answer that cannot be read, temporary files that cannot be written.
    pub fn take(&mut self, mut answer: Sorted, mut seen: impl FnMut(&[u8])) -> Result<(), Error> {
        while let Some(entry) = answer.entry()? {
            let mut hits = Hits::default();
            hits.try_push(&entry.key, |out| {
                out.extend_from_slice(&entry.text);
                Ok(())
            })?;
            self.push(hits)?;
            seen(&entry.key);
        }
        Ok(())
    }

    /// The places of what is held, in order, and no more of them than are wanted.
    fn order(&self) -> Vec<(usize, usize)> {
        let all = self.held.iter().enumerate();
        let mut order: Vec<(usize, usize)> =
            all.flat_map(|(chunk, hits)| (0..hits.ends.len()).map(move |index| (chunk, index))).collect();
        let key = |&(chunk, index): &(usize, usize)| self.held[chunk].get(index).0;
        order.sort_unstable_by(|a, b| key(a).cmp(key(b)).then(a.cmp(b)));
        order.truncate(usize::try_from(self.wanted).unwrap_or(usize::MAX));
        order
    }

    /// Drops what is not among the first, and sorts the rest.
    fn keep_the_first(&mut self) -> Result<(), Error> {
        if self.wanted == u64::MAX {
            return Ok(());
        }
        let order = self.order();
        // Chunks are as small as batches, so that their offsets fit.
        let mut chunks = Vec::new();
        let mut chunk = Hits::default();
        for (from, index) in order {
            let (key, text) = self.held[from].get(index);
            chunk.push(
                |out| {
                    out.extend_from_slice(key);
                    Ok(())
                },
                |out| out.extend_from_slice(text),
            )?;
            if chunk.bytes.len() > BLOCK {
                chunks.push(std::mem::take(&mut chunk));
            }
        }
        chunks.push(chunk);
        self.held_size = chunks.iter().map(Hits::size).sum();
        self.held = chunks;
        Ok(())
    }

    /// Writes what is held to a run.
    fn spill(&mut self) -> Result<(), Error> {
        let mut writer = RunWriter::create()?;
        for (chunk, index) in self.order() {
            let (key, text) = self.held[chunk].get(index);
            writer.write(key, text)?;
        }
        self.held = Vec::new();
        self.held_size = 0;
        self.add(writer.finish()?, 0)
    }

    fn add(&mut self, run: Run, level: usize) -> Result<(), Error> {
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        self.levels[level].push(run);
        if self.levels[level].len() < FAN {
            return Ok(());
        }
        let mut merged = Merge::new(std::mem::take(&mut self.levels[level]))?;
        let mut writer = RunWriter::create()?;
        let mut left = self.wanted;
        while left > 0
            && let Some(entry) = merged.next()?
        {
            writer.write(&entry.key, &entry.text)?;
            left -= 1;
            if left.is_multiple_of(CHECKED) {
                self.stop.check()?;
            }
        }
        self.add(writer.finish()?, level + 1)
    }

    /// The texts in order, as a source of the name `name`.
    pub fn finish(mut self, name: &str) -> Result<Sorted, Error> {
        let order = if self.levels.is_empty() {
            self.order()
        } else {
            self.spill()?;
            Vec::new()
        };
        let merge = Merge::new(self.levels.into_iter().rev().flatten().collect())?;
        Ok(Sorted { name: name.to_owned(), held: self.held, order, given: 0, wanted: self.wanted, merge })
    }
}

/// A sorted answer, as a source of Items. Their places are rows of the answer.
pub struct Sorted {
    name: String,
    held: Vec<Hits>,
    order: Vec<(usize, usize)>,
    given: u64,
    wanted: u64,
    merge: Merge,
}

/// A text of an answer, with its place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The place ([`Compiled::sort_key`](stacyard_search::Compiled::sort_key)).
    pub key: Vec<u8>,
    /// The text.
    pub text: Vec<u8>,
}

impl Sorted {
    /// The next one alone, with its key. Whoever reads the answer as a source must not mix the two.
    pub fn entry(&mut self) -> Result<Option<Entry>, Error> {
        if self.given == self.wanted {
            return Ok(None);
        }
        let held = usize::try_from(self.given).ok().and_then(|index| self.order.get(index));
        let entry = match held {
            Some(&(chunk, index)) => {
                let (key, text) = self.held[chunk].get(index);
                Some(Entry { key: key.to_vec(), text: text.to_vec() })
            }
            None => self.merge.next()?.map(|Head { key, text, .. }| Entry { key, text }),
        };
        self.given += u64::from(entry.is_some());
        Ok(entry)
    }
}

impl Source for Sorted {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn position(&self) -> u64 {
        0
    }

    fn next(&mut self) -> Result<Option<Work>, Error> {
        let mut batch = Batch::default();
        if !self.order.is_empty() {
            batch.text.reserve(BLOCK + BLOCK / 8);
        }
        while batch.text.len() < BLOCK && self.given < self.wanted {
            let start = batch.text.len();
            if let Some(&(chunk, index)) = usize::try_from(self.given).ok().and_then(|i| self.order.get(i)) {
                batch.text.extend_from_slice(self.held[chunk].get(index).1);
            } else if let Some(entry) = self.merge.next()? {
                batch.text.extend_from_slice(&entry.text);
            } else {
                break;
            }
            let (start, end) = (narrow(start), narrow(batch.text.len()));
            self.given += 1;
            batch.records.push(Record {
                start,
                end,
                place: Place::Row(self.given),
                fault: None,
                has_passed: false,
            });
        }
        Ok((!batch.records.is_empty()).then(|| Box::new(move || Ok(batch)) as Work))
    }
}

pub(crate) fn failed(cause: io::Error) -> Error {
    let folder = std::env::temp_dir();
    Error::io("sort in a temporary file in", &folder, cause)
        .remedy("free some space there, or set TMPDIR to a folder with more of it")
}

/// A file without a name, to be written.
pub(crate) fn unnamed() -> Result<BufWriter<File>, Error> {
    let file = tempfile::tempfile().map_err(failed)?;
    Ok(BufWriter::with_capacity(BUFFER, file))
}

/// What has been written, to be read from its start.
pub(crate) fn rewound(written: BufWriter<File>) -> Result<File, Error> {
    let mut file = written.into_inner().map_err(|e| failed(e.into_error()))?;
    file.rewind().map_err(failed)?;
    Ok(file)
}

/// A sorted run in a file without a name.
struct Run(File);

struct RunWriter(BufWriter<File>);

impl RunWriter {
    fn create() -> Result<Self, Error> {
        Ok(Self(unnamed()?))
    }

    fn write(&mut self, key: &[u8], text: &[u8]) -> Result<(), Error> {
        let mut all = |part: &[u8]| self.0.write_all(part).map_err(failed);
        all(&narrow(key.len()).to_le_bytes())?;
        all(&narrow(text.len()).to_le_bytes())?;
        all(key)?;
        all(text)
    }

    fn finish(self) -> Result<Run, Error> {
        Ok(Run(rewound(self.0)?))
    }
}

/// An Item at the head of a run. Equal keys go by run: the order of the source.
#[derive(PartialEq, Eq)]
struct Head {
    key: Vec<u8>,
    run: usize,
    text: Vec<u8>,
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key).then(self.run.cmp(&other.run))
    }
}

/// Many runs as one.
struct Merge {
    readers: Vec<BufReader<File>>,
    heads: BinaryHeap<Reverse<Head>>,
}

impl Merge {
    fn new(runs: Vec<Run>) -> Result<Self, Error> {
        let readers = runs.into_iter().map(|run| BufReader::with_capacity(BUFFER, run.0)).collect();
        let mut merge = Self { readers, heads: BinaryHeap::new() };
        for run in 0..merge.readers.len() {
            merge.advance(run)?;
        }
        Ok(merge)
    }

    fn next(&mut self) -> Result<Option<Head>, Error> {
        let Some(Reverse(entry)) = self.heads.pop() else { return Ok(None) };
        self.advance(entry.run)?;
        Ok(Some(entry))
    }

    /// Puts the next Item of a run among the heads.
    fn advance(&mut self, run: usize) -> Result<(), Error> {
        let reader = &mut self.readers[run];
        let mut lengths = [0; 8];
        match reader.read_exact(&mut lengths) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other.map_err(failed)?,
        }
        let lengths = u64::from_le_bytes(lengths);
        let mut part = |length: u64| {
            let mut part = Vec::new();
            let read = reader.by_ref().take(length).read_to_end(&mut part).map_err(failed)?;
            if read as u64 == length { Ok(part) } else { Err(failed(io::ErrorKind::UnexpectedEof.into())) }
        };
        let key = part(lengths & u64::from(u32::MAX))?;
        let text = part(lengths >> 32)?;
        self.heads.push(Reverse(Head { key, run, text }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sort(keys: &[u16], budget: usize, wanted: Option<u64>) -> Vec<String> {
        let mut sorter = Sorter::new(budget, wanted);
        for (batch, keys) in keys.chunks(3).enumerate() {
            let mut hits = Hits::default();
            for (index, key) in keys.iter().enumerate() {
                let text = format!("{key}/{}", batch * 3 + index);
                let key = |out: &mut Vec<u8>| {
                    out.extend_from_slice(&key.to_be_bytes());
                    Ok(())
                };
                hits.push(key, |out| out.extend_from_slice(text.as_bytes())).unwrap();
            }
            sorter.push(hits).unwrap();
        }
        let mut answer = sorter.finish("sorted").unwrap();
        let mut texts = Vec::new();
        while let Some(work) = answer.next().unwrap() {
            let batch = work().unwrap();
            for record in &batch.records {
                let text = &batch.text[record.start as usize..record.end as usize];
                texts.push(String::from_utf8(text.to_vec()).unwrap());
            }
        }
        texts
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_order_is_that_of_the_keys_and_then_of_the_source(
            keys in prop::collection::vec(0..50_u16, 0..400),
            budget in prop::sample::select(vec![0_usize, 100, 1000, 1 << 20]),
            wanted in prop::option::of(0..40_u64),
        ) {
            let mut expected: Vec<(u16, usize)> = keys.iter().copied().enumerate().map(|(i, key)| (key, i)).collect();
            expected.sort_unstable();
            expected.truncate(wanted.map_or(usize::MAX, |n| usize::try_from(n).unwrap()));
            let expected: Vec<String> = expected.into_iter().map(|(key, i)| format!("{key}/{i}")).collect();
            prop_assert_eq!(sort(&keys, budget, wanted), expected);
        }
    }
}
