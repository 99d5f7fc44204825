//! Items that several files have. The sorted keys of all files are read side by side, a piece of each at a time: each list is read once, however many
//! files there are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use stacyard_store::Error;

use crate::dataset::file::{DataFile, Shelf};
use crate::dataset::keys::{ItemHash, KeyList};

/// Keys that are in memory, of all files together (64 MiB of them), and of a file at least.
const KEYS: u64 = 4 << 20;
const LEAST: u64 = 1 << 10;

/// Hands over each key that is in several of the files, in ascending order, with the numbers of these files, in ascending order too.
///
/// # Errors
/// Keys that cannot be read; what `take` says.
pub(crate) fn each_shared(
    shelf: &Shelf,
    files: &[DataFile],
    mut take: impl FnMut(ItemHash, &[usize]) -> Result<(), Error>,
) -> Result<(), Error> {
    let piece = (KEYS / (files.len() as u64).max(1)).max(LEAST);
    let mut lists = files.iter().map(|file| Keys::of(shelf, file, piece)).collect::<Result<Vec<_>, _>>()?;
    let mut next = BinaryHeap::new();
    for (number, keys) in lists.iter_mut().enumerate() {
        next.extend(keys.next(shelf)?.map(|key| Reverse((key, number))));
    }
    let mut have: Vec<usize> = Vec::new();
    while let Some(Reverse((key, number))) = next.pop() {
        have.push(number);
        next.extend(lists[number].next(shelf)?.map(|key| Reverse((key, number))));
        let goes_on = next.peek().is_some_and(|Reverse((other, _))| *other == key);
        if goes_on {
            continue;
        }
        // What another program has written can have a key twice.
        have.dedup();
        if have.len() > 1 {
            take(key, &have)?;
        }
        have.clear();
    }
    Ok(())
}

/// The keys of a file, in order.
struct Keys<'f> {
    file: &'f DataFile,
    /// Those that are not read yet; `None`: all are.
    left: Option<KeyList>,
    piece: u64,
    read: std::vec::IntoIter<ItemHash>,
}

impl<'f> Keys<'f> {
    fn of(shelf: &Shelf, file: &'f DataFile, piece: u64) -> Result<Self, Error> {
        let read = if file.keys.is_some() { Vec::new() } else { shelf.keys_of(file)? };
        Ok(Self { file, left: file.keys, piece, read: read.into_iter() })
    }

    fn next(&mut self, shelf: &Shelf) -> Result<Option<ItemHash>, Error> {
        if let Some(key) = self.read.next() {
            return Ok(Some(key));
        }
        let Some(left) = &mut self.left else { return Ok(None) };
        // Not all files can be open at once.
        let keys = left.take(&*shelf.keys(self.file)?, self.piece);
        self.read = keys.map_err(|cause| shelf.unread(self.file, cause))?.into_iter();
        if left.count == 0 {
            self.left = None;
        }
        Ok(self.read.next())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use stacyard_store::Storage;

    use super::*;
    use crate::dataset::keys::to_bytes;
    use crate::dataset::local::LocalStorage;
    use crate::dataset::log::action::{Add, Texts};

    fn file(storage: &Arc<dyn Storage>, name: &str, keys: &[ItemHash]) -> DataFile {
        let mut output = storage.begin(name).unwrap();
        std::io::Write::write_all(&mut output.as_file(), &to_bytes(keys)).unwrap();
        let size = output.commit().unwrap();
        let tags: Texts = [(crate::dataset::file::KEYS.to_owned(), Some(format!("0:{}", keys.len())))].into();
        let add = Add {
            path: name.to_owned(),
            partition_values: Texts::new(),
            size,
            modification_time: 0,
            data_change: true,
            stats: None,
            tags: Some(tags),
            deletion_vector: None,
        };
        DataFile::of(&Arc::new(add), "test").unwrap()
    }

    #[test]
    fn keys_of_several_files() {
        let folder = tempfile::tempdir().unwrap();
        let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(Path::new(folder.path())));
        // More than are read at once.
        let many: Vec<ItemHash> = (0..3 * u128::from(LEAST)).map(|n| n * 2).collect();
        let lists: [&[ItemHash]; 4] = [&many, &[1, 4, 7, 4096, 5_001], &[], &[4, 7, 6_000]];
        let files: Vec<DataFile> = lists
            .iter()
            .enumerate()
            .map(|(at, keys)| file(&storage, &format!("{at}.parquet"), keys))
            .collect();
        let shelf = Shelf::new(storage, 0);
        let mut found = Vec::new();
        each_shared(&shelf, &files, |key, have| {
            found.push((key, have.to_vec()));
            Ok(())
        })
        .unwrap();
        let wanted = [(4, vec![0, 1, 3]), (7, vec![1, 3]), (4096, vec![0, 1]), (6_000, vec![0, 3])];
        assert_eq!(found, wanted);
    }
}
