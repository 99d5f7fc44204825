//! How much of a load is in, for whoever ends it before its time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::RwLock;
use tokio_postgres::{Client, Error};

use crate::fault;

/// How long [`Loaded::stop`] waits for commits that are under way.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a load has committed. Others may ask at any time.
#[derive(Debug, Default)]
pub struct Loaded {
    items: AtomicU64,
    /// Whether a connection was lost before the answer to a commit came.
    is_unsure: AtomicBool,
    /// Held to read by each commit.
    commits: RwLock<()>,
}

impl Loaded {
    /// How many Items are in.
    pub fn items(&self) -> u64 {
        self.items.load(Ordering::Relaxed)
    }

    /// Whether more may be in: a commit that nobody has heard the answer to.
    pub(crate) fn is_unsure(&self) -> bool {
        self.is_unsure.load(Ordering::Relaxed)
    }

    /// Lets no transaction be committed any more. Gives how many Items are in; `None` where that is not known, since a commit
    /// was under way and has not ended.
    pub fn stop(&self) -> Option<u64> {
        let started = Instant::now();
        loop {
            if let Ok(guard) = self.commits.try_write() {
                // For good.
                std::mem::forget(guard);
                return Some(self.items());
            }
            if started.elapsed() > PATIENCE {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Commits a transaction that brings so many Items.
    pub(crate) async fn commit(&self, client: &Client, items: usize) -> Result<(), Error> {
        let _under_way = self.commits.read().await;
        if let Err(cause) = client.batch_execute("COMMIT").await {
            self.is_unsure.fetch_or(fault::is_lost(&cause), Ordering::Relaxed);
            return Err(cause);
        }
        self.items.fetch_add(items as u64, Ordering::Relaxed);
        Ok(())
    }
}
