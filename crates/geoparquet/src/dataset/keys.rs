//! Which Items a file of a dataset has: the keys of all of them, sorted, and the row of each, between the last row group and the footer of the file. By
//! them a writer finds out whether an Item is there already, and in which row, without a look at all of any column.
//!
//! A key is the first 128 bits of the SHA-256 of collection and id: two Items of one key would have to be looked for through longer than anyone lives.

use std::io;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, StringArray};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use stacyard_model::json::{Tape, Value};
use stacyard_store::{Error, Ranges, Source};

use crate::format::scope::Scope;
use crate::read::opened::Opened;
use crate::read::runs;
use crate::read::source::GeoParquetSource;
use crate::write::rows::MAX_BATCH_ROWS;

/// Of which Item it is.
pub(crate) type ItemHash = u128;

const SIZE: u64 = size_of::<ItemHash>() as u64;

/// Of the number of a row.
const ROW: u64 = size_of::<u32>() as u64;

/// Keys around the place where one is expected: of so many keys, which are spread evenly, it is nearly never further away.
const AROUND: u64 = 512;

/// The key of an Item.
pub(crate) fn key(collection: Option<&str>, id: &str) -> ItemHash {
    let mut hash = Sha256::new();
    // So that no two names run into one another; no collection is none of an empty name.
    let length = collection.map_or(u64::MAX, |collection| collection.len() as u64);
    hash.update(length.to_le_bytes());
    hash.update(collection.unwrap_or_default());
    hash.update(id);
    let digest: [u8; 32] = hash.finalize().into();
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    ItemHash::from_be_bytes(first)
}

/// The key of an Item's text.
pub(crate) fn key_of(item: Value<'_>) -> ItemHash {
    let collection = item.get("collection").and_then(Value::as_str);
    let id = item.get("id").and_then(Value::as_str);
    key(collection.as_deref(), id.as_deref().unwrap_or_default())
}

/// The keys of all Items of a file, sorted, each with its row.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Listed(pub(crate) Vec<(ItemHash, u32)>);

impl Listed {
    /// Of the keys of all rows, in their order.
    pub(crate) fn of(keys: Vec<ItemHash>) -> Self {
        let mut all: Vec<_> = keys.into_iter().zip(0..).collect();
        all.sort_unstable();
        Self(all)
    }

    /// Whether it is a list of a file with so many rows: in order, and with each row once.
    pub(crate) fn is_whole(&self, rows: u64) -> bool {
        let mut is_there = vec![false; self.0.len()];
        self.0.len() as u64 == rows
            && self.0.is_sorted_by_key(|(key, _)| *key)
            && self.0.iter().all(|(_, row)| {
                is_there.get_mut(*row as usize).is_some_and(|is_there| !std::mem::replace(is_there, true))
            })
    }

    /// As they stand in a file: all keys, then all rows.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * (size_of::<ItemHash>() + size_of::<u32>()));
        self.0.iter().for_each(|(key, _)| bytes.extend_from_slice(&key.to_be_bytes()));
        self.0.iter().for_each(|(_, row)| bytes.extend_from_slice(&row.to_be_bytes()));
        bytes
    }
}

/// Where the keys of a file are, and after them their rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyList {
    pub(crate) start: u64,
    pub(crate) count: u64,
}

impl KeyList {
    /// As the log has it, `START:COUNT`, of a file of so many bytes.
    pub(crate) fn parse(text: &str, size: u64) -> Option<Self> {
        let (start, count) = text.split_once(':')?;
        let (start, count): (u64, u64) = (start.parse().ok()?, count.parse().ok()?);
        let end = count.checked_mul(SIZE + ROW)?.checked_add(start)?;
        (end <= size).then_some(Self { start, count })
    }

    fn read(self, file: &dyn Ranges, keys: Range<u64>) -> io::Result<Vec<ItemHash>> {
        let bytes = exactly(file, self.start + keys.start * SIZE..self.start + keys.end * SIZE)?;
        Ok(bytes.as_chunks().0.iter().map(|key| ItemHash::from_be_bytes(*key)).collect())
    }

    /// All of them.
    pub(crate) fn all(self, file: &dyn Ranges) -> io::Result<Vec<ItemHash>> {
        self.read(file, 0..self.count)
    }

    /// All of them with their rows.
    pub(crate) fn listed(self, file: &dyn Ranges) -> io::Result<Listed> {
        let bytes = exactly(file, self.start..self.start + self.count * (SIZE + ROW))?;
        let (keys, rows) = bytes.split_at(usize::try_from(self.count * SIZE).unwrap_or(bytes.len()));
        let keys = keys.as_chunks().0.iter().map(|key| ItemHash::from_be_bytes(*key));
        let rows = rows.as_chunks().0.iter().map(|row| u32::from_be_bytes(*row));
        Ok(Listed(keys.zip(rows).collect()))
    }

    /// Whether one is among them: mostly by one look at where it must be.
    pub(crate) fn has(self, file: &dyn Ranges, key: ItemHash) -> io::Result<bool> {
        let (mut low, mut high) = (0, self.count);
        let expected = ((key >> 64) * u128::from(self.count)) >> 64;
        let mut at = u64::try_from(expected).unwrap_or_default();
        while low < high {
            let window = at.saturating_sub(AROUND).max(low)..at.saturating_add(AROUND).min(high);
            let keys = self.read(file, window.clone())?;
            match (keys.first(), keys.last()) {
                (Some(first), _) if key < *first => high = window.start,
                (_, Some(last)) if key > *last => low = window.end,
                _ => return Ok(keys.binary_search(&key).is_ok()),
            }
            at = low.midpoint(high);
        }
        Ok(false)
    }
}

/// All bytes of a range.
fn exactly(file: &dyn Ranges, range: Range<u64>) -> io::Result<Bytes> {
    let wanted = range.end - range.start;
    let bytes = file.read(&[range])?.pop().unwrap_or_default();
    if bytes.len() as u64 != wanted {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

/// The keys that are in both of two sorted lists, in ascending order.
pub(crate) fn common<'k>(one: &'k [ItemHash], other: &'k [ItemHash]) -> impl Iterator<Item = ItemHash> + 'k {
    // The shorter one is looked up in the longer one, each from where the last was found.
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let mut from = 0;
    short.iter().copied().filter(move |key| {
        let mut step = 1;
        while from + step < long.len() && long[from + step] < *key {
            step *= 2;
        }
        let end = long.len().min(from + step + 1);
        from += long[from..end].partition_point(|known| known < key);
        long.get(from) == Some(key)
    })
}

/// The names of the Items in some rows of a file of ours, which are in ascending order.
pub(crate) fn each_name(
    file: &Opened,
    rows: &[u32],
    mut take: impl FnMut(Option<&str>, &str),
) -> Result<(), Error> {
    let table = &file.table;
    let columns = table.columns(|path| matches!(path, [name] if name == "id" || name == "collection"));
    let mut runs = Vec::new();
    for row in rows.iter().map(|&row| row as usize) {
        runs::push(&mut runs, row..row + 1);
    }
    let mut first = 0;
    for group in 0..table.metadata.num_row_groups() {
        let end = first + table.rows(group);
        let some = runs::within(&runs, first..end);
        first = end;
        if some.is_empty() {
            continue;
        }
        let batches =
            table.read(group, &columns, &some, (MAX_BATCH_ROWS, 1)).map_err(|cause| file.damaged(&cause))?;
        for batch in batches {
            names_of(&batch.map_err(|cause| file.damaged(&cause))?, &mut take);
        }
    }
    Ok(())
}

/// The names of the Items in the rows of a batch of ours: collection and id.
pub(crate) fn names_of(batch: &RecordBatch, mut take: impl FnMut(Option<&str>, &str)) {
    let text = |name| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    let (ids, collections) = (text("id"), text("collection"));
    for row in 0..batch.num_rows() {
        take(value(collections, row), value(ids, row).unwrap_or_default());
    }
}

fn value(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|column| !column.is_null(row)).map(|column| column.value(row))
}

/// The keys of all rows of a file that another program has written, in their order, with their collections: its Items say them.
pub(crate) fn each_item(file: &Opened, mut look: impl FnMut(ItemHash, Option<&str>)) -> Result<(), Error> {
    let mut source = GeoParquetSource::of(file, Scope::Some)?;
    let mut tape = Tape::new();
    while let Some(work) = source.next()? {
        let batch = work()?;
        for record in &batch.records {
            let text = &batch.text[record.start as usize..record.end as usize];
            let item = tape.parse(text).map_err(|cause| file.unreadable(cause))?;
            let collection = item.get("collection").and_then(Value::as_str);
            look(key_of(item), collection.as_deref());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Memory(Bytes);

    impl Ranges for Memory {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
            let at = |at: u64| usize::try_from(at).unwrap().min(self.0.len());
            Ok(ranges.iter().map(|range| self.0.slice(at(range.start)..at(range.end))).collect())
        }

        fn gap(&self) -> u64 {
            0
        }

        fn renewed(&self) -> Result<Option<Box<dyn Ranges>>, Error> {
            Ok(None)
        }
    }

    #[test]
    fn names_do_not_run_into_one_another() {
        let keys = [key(Some("ab"), "c"), key(Some("a"), "bc"), key(None, "abc"), key(Some(""), "abc")];
        for (index, one) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(one));
        }
    }

    #[test]
    fn a_list_that_is_not_whole() {
        assert!(Listed::of(vec![9, 3, 3, 7]).is_whole(4));
        for (list, rows) in [
            (vec![(3, 0), (7, 1)], 3),
            (vec![(7, 0), (3, 1)], 2),
            (vec![(3, 1), (7, 1)], 2),
            (vec![(3, 0), (7, 2)], 2),
        ] {
            assert!(!Listed(list).is_whole(rows));
        }
    }

    #[test]
    fn keys_that_both_have() {
        let of = |one: &[u128], other: &[u128]| common(one, other).collect::<Vec<_>>();
        assert_eq!(of(&[1, 5, 9], &[0, 1, 2, 3, 4, 5, 6, 7]), [1, 5]);
        assert_eq!(of(&(0..100).collect::<Vec<_>>(), &[0, 50, 99, 100]), [0, 50, 99]);
        assert!(of(&[], &[1]).is_empty() && of(&[2], &[1]).is_empty());
    }

    #[test]
    fn a_key_is_found_where_it_must_be() {
        for count in [0_u64, 1, 2, 1_000, 20_000] {
            let spread: Vec<ItemHash> = (0..count).map(|n| key(Some("c"), &n.to_string())).collect();
            // Of a kind that no hash is: all in one place.
            let dense: Vec<ItemHash> = (0..u128::from(count)).map(|n| n * 2).collect();
            for mut keys in [spread, dense] {
                keys.sort_unstable();
                let listed = Listed::of(keys.iter().rev().copied().collect());
                let file = Memory([vec![7; 5], listed.to_bytes(), vec![7; 5]].concat().into());
                let list = KeyList { start: 5, count };
                assert_eq!(list.all(&file).unwrap(), keys);
                let rows: Vec<u32> = (0..u32::try_from(count).unwrap()).rev().collect();
                assert_eq!(list.listed(&file).unwrap().0, keys.iter().copied().zip(rows).collect::<Vec<_>>());
                for key in keys.iter().step_by(7) {
                    assert!(list.has(&file, *key).unwrap());
                    assert!(!list.has(&file, key + 1).unwrap());
                }
                assert!(!list.has(&file, 0).unwrap() || keys.first() == Some(&0));
                assert!(!list.has(&file, u128::MAX).unwrap());
            }
        }
    }
}
