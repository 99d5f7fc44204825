//! How much of a load is in, for whoever ends it before its time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::RwLock;
use tokio_postgres::{Client, Error};

/// How long [`Loaded::stop`] waits for commits that are under way.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a load has committed. Others may ask at any time.
#[derive(Debug, Default)]
pub struct Loaded {
    items: AtomicU64,
    /// Held to read by each commit.
    commits: RwLock<()>,
}

impl Loaded {
    /// How many Items are in.
    pub fn items(&self) -> u64 {
        self.items.load(Ordering::Relaxed)
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
        client.batch_execute("COMMIT").await?;
        self.items.fetch_add(items as u64, Ordering::Relaxed);
        Ok(())
    }
}
