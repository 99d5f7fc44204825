//! The files of a folder, open: their footers are read by several threads, and each is one of Items.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stacyard_store::{Error, ErrorKind, default_threads, in_order};

use crate::folder::handles::{Handles, Shelved};
use crate::folder::hive;
use crate::folder::listing::Listed;
use crate::read::cache::Cache;
use crate::read::opened::Opened;

/// What the files of a folder have in common.
pub(super) struct Shelf {
    pub(super) folder: PathBuf,
    handles: Arc<Handles>,
    cache: Cache,
    next: AtomicU64,
}

impl Shelf {
    /// Keeps so many bytes of what is read.
    pub(super) fn new(folder: &Path, memory: usize) -> Self {
        let next = AtomicU64::new(1);
        Self { folder: folder.to_owned(), handles: Arc::default(), cache: Cache::new(memory), next }
    }

    /// Opens what is listed, but for files that are open already.
    ///
    /// # Errors
    /// The first file that is none of Items.
    pub(super) fn open(
        &self,
        listed: &[Listed],
        known: &HashMap<&Listed, &Arc<Opened>>,
    ) -> Result<Vec<Arc<Opened>>, Error> {
        let mut files = Vec::with_capacity(listed.len());
        let mut next = listed.iter();
        in_order(
            || Ok(next.next()),
            (default_threads(), 2),
            || (),
            |(), listed| {
                known.get(listed).map_or_else(|| self.open_one(listed), |&known| Ok(Arc::clone(known)))
            },
            |file| {
                files.push(file);
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(files)
    }

    fn open_one(&self, listed: &Listed) -> Result<Arc<Opened>, Error> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(&listed.relative);
        let (state, handles) = (listed.state, Arc::clone(&self.handles));
        let bytes = Shelved { path: path.clone(), state, number, handles };
        let file = Opened::over(path.display().to_string().into(), Box::new(bytes), 0)?;
        Ok(Arc::new(among_others(file, &listed.relative, self.cache.of_file(number))?))
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
