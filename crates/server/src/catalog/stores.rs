//! The stores themselves. Files that are replaced while the server runs are opened anew, without a request being lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stacyard_model::Profile;
use stacyard_store::{Error, Store};

/// So often it is looked at whether a file has been replaced.
const LOOK: Duration = Duration::from_secs(1);

/// The stores behind the server. Clones are one and the same.
#[derive(Clone)]
pub(super) struct Stores(Arc<Mutex<Opened>>);

/// The stores, as they were opened.
struct Opened {
    all: Vec<Store>,
    /// All of them, as one.
    one: Store,
    /// How often one of them has been replaced.
    generation: u64,
    looked_at: Instant,
}

impl Stores {
    /// # Errors
    /// A Collection that two of the stores have.
    pub(super) fn new(all: Vec<Store>) -> Result<Self, Error> {
        let opened = Opened { one: as_one(&all)?, all, generation: 0, looked_at: Instant::now() };
        Ok(Self(Arc::new(Mutex::new(opened))))
    }

    /// The store that is asked. Where a file that is there now cannot be opened, the one before answers on.
    pub(super) fn one(&self) -> Store {
        let mut opened = self.lock();
        if opened.looked_at.elapsed() > LOOK {
            opened.looked_at = Instant::now();
            opened.renew();
        }
        opened.one.clone()
    }

    /// It is another one where what was found before may not be true any more.
    pub(super) fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// The profiles that the stores keep.
    pub(super) fn profiles(&self) -> Vec<Arc<Profile>> {
        self.lock().all.iter().filter_map(Store::profile).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Opened> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opened {
    fn renew(&mut self) {
        let mut all = self.all.clone();
        let mut is_new = false;
        for store in &mut all {
            if let Ok(Some(renewed)) = store.renewed() {
                *store = renewed;
                is_new = true;
            }
        }
        if is_new && let Ok(one) = as_one(&all) {
            (self.one, self.all) = (one, all);
            self.generation += 1;
        }
    }
}

/// # Errors
/// A Collection that two of them have, or no store at all.
fn as_one(stores: &[Store]) -> Result<Store, Error> {
    match stores {
        [] => Err(Error::usage("there is no store to serve", "name one or more")),
        [store] => Ok(store.clone()),
        stores => Store::union(stores.to_vec()),
    }
}
