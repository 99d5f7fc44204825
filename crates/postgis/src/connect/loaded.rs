//! How much of a load is in, for whoever ends it before its time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use stacyard_store::Landed;
use tokio::sync::RwLock;
use tokio_postgres::{Client, Error};

use crate::connect::fault;

/// How long [`Landed::stop`] waits for commits that are under way.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a load has committed. Others may ask at any time.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    items: AtomicU64,
    /// Whether a connection was lost before the answer to a commit came.
    is_unsure: AtomicBool,
    /// Held to read by each commit.
    commits: RwLock<()>,
}

impl Landed for Loaded {
    fn items(&self) -> u64 {
        self.items.load(Ordering::Relaxed)
    }

    fn stop(&self) -> Option<u64> {
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
}

impl Loaded {
    /// Whether more may be in: a commit that nobody has heard the answer to.
    pub(crate) fn is_unsure(&self) -> bool {
        self.is_unsure.load(Ordering::Relaxed)
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
