//! Items that several files have: new files in one another's place, or in that of files that are there. The keys of some new files at a time are in
//! memory, and those of each other file are read once for these.

use std::collections::HashSet;
use std::ops::Range;

use stacyard_store::{Error, default_threads};

use crate::dataset::file::{DataFile, Shelf};
use crate::dataset::keys::{ItemHash, common};
use crate::search::picked::each;

/// Keys that are in memory at a time (256 MiB of them), unless one file has more.
const KEYS: usize = 16 << 20;

/// Of each new file the keys that an old one has, in ascending order.
///
/// # Errors
/// Keys that cannot be read.
pub(crate) fn with_old(
    shelf: &Shelf,
    old: &[DataFile],
    new: &[DataFile],
) -> Result<Vec<Vec<ItemHash>>, Error> {
    let mut found = Vec::with_capacity(new.len());
    let mut next = 0;
    while next < new.len() {
        let (range, keys) = some(shelf, new, next)?;
        let mut both = Vec::new();
        each_common(shelf, old, &keys, |_, some| both.extend(some))?;
        both.sort_unstable();
        both.dedup();
        for file in &new[range.clone()] {
            let of_file = if both.is_empty() { Vec::new() } else { shelf.keys_of(file)? };
            found.push(common(&both, &of_file).collect());
        }
        next = range.end;
    }
    Ok(found)
}

/// Of each file the keys that an earlier one has, in ascending order.
///
/// # Errors
/// Keys that cannot be read.
pub(crate) fn with_earlier(shelf: &Shelf, files: &[DataFile]) -> Result<Vec<Vec<ItemHash>>, Error> {
    let mut found = vec![Vec::new(); files.len()];
    let mut next = 0;
    while next < files.len() {
        let (range, keys) = some(shelf, files, next)?;
        let mut twice: Vec<ItemHash> =
            keys.array_windows().filter(|[one, other]| one == other).map(|[one, _]| *one).collect();
        twice.dedup();
        let mut seen = HashSet::new();
        for at in if twice.is_empty() { 0..0 } else { range.clone() } {
            found[at].extend(common(&twice, &shelf.keys_of(&files[at])?).filter(|key| !seen.insert(*key)));
        }
        each_common(shelf, &files[range.end..], &keys, |at, some| found[range.end + at].extend(some))?;
        next = range.end;
    }
    for keys in &mut found {
        keys.sort_unstable();
        keys.dedup();
    }
    Ok(found)
}

/// The next files whose keys are in memory together, and these, sorted.
fn some(shelf: &Shelf, files: &[DataFile], first: usize) -> Result<(Range<usize>, Vec<ItemHash>), Error> {
    let (mut keys, mut end) = (shelf.keys_of(&files[first])?, first + 1);
    while let Some(file) = files.get(end) {
        let count = file.keys.map_or(0, |list| usize::try_from(list.count).unwrap_or(usize::MAX));
        if keys.len().saturating_add(count) > KEYS {
            break;
        }
        keys.append(&mut shelf.keys_of(file)?);
        end += 1;
    }
    keys.sort_unstable();
    Ok((first..end, keys))
}

/// Hands over the keys of each file that are among these, some files side by side.
fn each_common(
    shelf: &Shelf,
    files: &[DataFile],
    keys: &[ItemHash],
    mut take: impl FnMut(usize, Vec<ItemHash>),
) -> Result<(), Error> {
    each(
        files.iter().enumerate(),
        shelf.storage.at_once().max(default_threads()),
        || (),
        |(), (at, file), _| {
            let there = shelf.keys_of(file)?;
            Ok((at, common(keys, &there).collect()))
        },
        |(at, both)| {
            take(at, both);
            Ok(())
        },
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use stacyard_store::Storage;

    use super::*;
    use crate::dataset::file::KEYS as LIST;
    use crate::dataset::keys::Listed;
    use crate::dataset::local::LocalStorage;
    use crate::dataset::log::action::{Add, Texts};

    fn file(storage: &Arc<dyn Storage>, name: &str, keys: &[ItemHash]) -> DataFile {
        let mut output = storage.begin(name).unwrap();
        std::io::Write::write_all(&mut output.as_file(), &Listed::of(keys.to_vec()).to_bytes()).unwrap();
        let size = output.commit().unwrap();
        let tags: Texts = [(LIST.to_owned(), Some(format!("0:{}", keys.len())))].into();
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
        let many: Vec<ItemHash> = (0..3_000).map(|n| n * 2).collect();
        let lists: [&[ItemHash]; 5] = [&many, &[1, 4, 7, 4096, 5_001], &[], &[4, 7, 9], &[7, 9, 11]];
        let file = |(at, keys): (usize, &&[ItemHash])| file(&storage, &format!("{at}.parquet"), keys);
        let files: Vec<DataFile> = lists.iter().enumerate().map(file).collect();
        let shelf = Shelf::new(Arc::clone(&storage), 0);
        assert_eq!(
            with_earlier(&shelf, &files).unwrap(),
            [vec![], vec![4, 4096], vec![], vec![4, 7], vec![7, 9]]
        );
        assert_eq!(
            with_old(&shelf, &files[..2], &files[2..]).unwrap(),
            [vec![], vec![4, 7], vec![7]],
            "new ones may have the same"
        );
        assert_eq!(with_old(&shelf, &[], &files[2..]).unwrap(), [vec![], vec![], vec![]]);
    }
}
