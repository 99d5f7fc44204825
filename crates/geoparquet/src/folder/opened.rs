//! The files of a folder, open: their footers are read by several threads, and each is one of Items.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stacyard_store::{Directory, Error, ErrorKind, FileEntry, in_order};

use crate::folder::hive;
use crate::read::cache::Cache;
use crate::read::opened::Opened;

/// What the files of a folder have in common.
pub(super) struct Shelf {
    pub(super) folder: Box<dyn Directory>,
    cache: Cache,
    /// The number of the next file in the cache.
    next: AtomicU64,
}

impl Shelf {
    /// Keeps so many bytes of what is read.
    pub(super) fn new(folder: Box<dyn Directory>, memory: usize) -> Self {
        Self { folder, cache: Cache::new(memory), next: AtomicU64::new(1) }
    }

    /// Opens what is listed, but for files that are open already.
    ///
    /// # Errors
    /// The first file that is none of Items.
    pub(super) fn open(
        &self,
        listed: &[FileEntry],
        known: &HashMap<&FileEntry, &Arc<Opened>>,
    ) -> Result<Vec<Arc<Opened>>, Error> {
        let mut files = Vec::with_capacity(listed.len());
        let mut next = listed.iter();
        in_order(
            || Ok(next.next()),
            (self.folder.at_once(), 2),
            || (),
            |(), entry| {
                let open = || self.open_one(entry, listed.len());
                known.get(entry).map_or_else(open, |&known| Ok(Arc::clone(known)))
            },
            |file| {
                files.push(file);
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(files)
    }

    fn open_one(&self, entry: &FileEntry, many: usize) -> Result<Arc<Opened>, Error> {
        let cache = self.cache.of_file(self.next.fetch_add(1, Ordering::Relaxed));
        let bytes = self.folder.open(entry, many)?;
        let file = Opened::over(self.folder.name_of(entry).into(), bytes, 0)?;
        Ok(Arc::new(among_others(file, &entry.path, cache)?))
    }
}

/// A file, as one of a folder: with what its path from there on says, and a part of the memory of all.
fn among_others(mut file: Opened, relative: &Path, cache: Cache) -> Result<Opened, Error> {
    file.table.cache = cache;
    let has = |name: &str| file.table.fields.iter().any(|field| field.name() == name);
    // Where it cannot answer nothing else would tell. One of ours without rows has no columns.
    if file.rows() > 0 && !has("id") {
        let message = format!("{} has no column `id`: its rows are no STAC Items", file.name);
        return Err(Error::new(ErrorKind::Damaged, &message).remedy(
            "move what is no file of Items out of the folder, or let its name begin with an underscore",
        ));
    }
    file.footer.names.given = hive::given(relative, has);
    Ok(file)
}
