//! The stores themselves. Files that are replaced while the server runs are opened anew, without a request being lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use stacyard_model::Profile;
use stacyard_store::{Error, Pool, Store};

/// So often it is looked at whether a file has been replaced.
const LOOK: Duration = Duration::from_secs(1);

/// The stores behind the server. Clones are one and the same.
#[derive(Clone)]
pub(super) struct Stores(Arc<Shared>);

struct Shared {
    now: RwLock<Opened>,
    /// How often one of them has been replaced.
    generation: AtomicU64,
    /// When it was looked last; held by whoever looks, while others go on with what is open.
    looked_at: Mutex<Instant>,
}

/// The stores, as they were opened.
struct Opened {
    all: Vec<Store>,
    /// All of them, as one.
    one: Store,
}

impl Stores {
    /// # Errors
    /// A Collection that two of the stores have.
    pub(super) fn new(all: Vec<Store>) -> Result<Self, Error> {
        let now = RwLock::new(Opened { one: as_one(&all)?, all });
        Ok(Self(Arc::new(Shared { now, generation: AtomicU64::new(0), looked_at: Instant::now().into() })))
    }

    /// The store that is asked.
    pub(super) fn one(&self) -> Store {
        self.look();
        self.now().one.clone()
    }

    /// Opens anew what has been replaced, where nobody has looked for a while. Where what is there now cannot be opened, the one before
    /// answers on.
    pub(super) fn look(&self) {
        let Ok(mut looked_at) = self.0.looked_at.try_lock() else { return };
        if looked_at.elapsed() <= LOOK {
            return;
        }
        *looked_at = Instant::now();
        let mut all = self.now().all.clone();
        let mut is_new = false;
        for store in &mut all {
            if let Ok(Some(renewed)) = store.renewed() {
                *store = renewed;
                is_new = true;
            }
        }
        if is_new && let Ok(one) = as_one(&all) {
            *self.0.now.write().unwrap_or_else(PoisonError::into_inner) = Opened { all, one };
            self.0.generation.fetch_add(1, Ordering::Release);
        }
    }

    /// Whether nobody has looked for a while.
    pub(super) fn is_due(&self) -> bool {
        self.0.looked_at.try_lock().is_ok_and(|at| at.elapsed() > LOOK)
    }

    /// It is another one where what was found before may not be true any more.
    pub(super) fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// The connections of each.
    pub(super) fn pools(&self) -> Vec<Vec<Pool>> {
        self.now().all.iter().map(Store::pools).collect()
    }

    /// The profiles that the stores keep.
    pub(super) fn profiles(&self) -> Vec<Arc<Profile>> {
        self.now().all.iter().filter_map(Store::profile).cloned().collect()
    }

    /// Whether single changes can be made.
    pub(super) fn is_editable(&self) -> bool {
        self.now().one.is_editable()
    }

    fn now(&self) -> RwLockReadGuard<'_, Opened> {
        self.0.now.read().unwrap_or_else(PoisonError::into_inner)
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
