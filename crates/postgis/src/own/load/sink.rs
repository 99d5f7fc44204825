//! Items into the table, a batch at a time, over a few connections; a replacement over one.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use stacyard_store::{Before, Collections, Counts, Error, ErrorKind, Finished, Landed, Mode, Refused, Sink};
use tokio::task::JoinHandle;

use crate::connect::address::Address;
use crate::connect::fault::{self, Attempts};
use crate::connect::pool::{Database, OwnClient};
use crate::own::collections;
use crate::own::encode::{RowEncoder, Rows};
use crate::own::load::replacement::Replacement;
use crate::own::load::target::Target;
use crate::own::schema::found;

/// Batches that go in side by side, each over a connection of its own: the server is what takes the time.
const LOADERS: usize = 2;

/// A table being loaded.
pub struct PostGisSink {
    database: Database,
    target: Target,
    /// With [`Mode::Replace`].
    replacement: Option<Replacement>,
    /// They go in last: an input that cannot be read changes none.
    collections: Collections,
    idle: Vec<OwnClient>,
    /// Batches under way, oldest first.
    loading: VecDeque<JoinHandle<Settled>>,
    /// What came of those that are done, oldest first.
    done: VecDeque<Vec<Refused>>,
    bytes: u64,
}

/// A connection after its batch, and what was refused.
type Settled = (OwnClient, Result<Vec<Refused>, Error>);

impl PostGisSink {
    /// Connects, and checks that the tables are there. With [`Mode::Replace`] all goes in as one transaction.
    pub fn create(address: &Address, mode: Mode) -> Result<Self, Error> {
        let database = Database::of(address)?;
        let mut target = Target::new(address, mode);
        let first = database.own_client()?;
        let replacement = database.wait(async {
            found::check(&first, address).await?;
            target.has_triggers = found::has_triggers(&first, address.schema()).await?;
            if mode != Mode::Replace {
                return Ok(None);
            }
            Replacement::begin(&first, &target).await.map(Some)
        })?;
        let mut idle = vec![first];
        if replacement.is_none() {
            for _ in 1..LOADERS {
                idle.push(database.own_client()?);
            }
        }
        let (loading, done, collections) = (VecDeque::new(), VecDeque::new(), Collections::new());
        Ok(Self { database, target, replacement, collections, idle, loading, done, bytes: 0 })
    }

    /// Waits for the oldest batch.
    fn wait_for_one(&mut self) -> Result<(), Error> {
        let Some(loading) = self.loading.pop_front() else { return Ok(()) };
        let (client, refused) = self
            .database
            .wait(loading)
            .map_err(|cause| Error::failed("the loader of a batch has died").caused_by(cause))?;
        self.idle.push(client);
        self.done.push_back(refused?);
        Ok(())
    }
}

impl Sink for PostGisSink {
    fn landed(&self) -> Option<Arc<dyn Landed>> {
        Some(self.target.loaded.clone())
    }

    type Encoder = RowEncoder;

    fn encoder(&self) -> Arc<RowEncoder> {
        RowEncoder::shared()
    }

    fn write(&mut self, chunk: Rows) -> Result<(), Error> {
        if self.idle.is_empty() {
            self.wait_for_one()?;
        }
        let Some(client) = self.idle.pop() else {
            return Err(Error::new(ErrorKind::Unavailable, "all connections to the database are lost"));
        };
        self.bytes += chunk.bytes.len() as u64;
        let target = self.target.clone();
        self.loading.push_back(self.database.runtime().spawn(async move {
            let refused =
                if chunk.ends.is_empty() { Ok(Vec::new()) } else { target.load(&client, &chunk).await };
            (client, refused)
        }));
        Ok(())
    }

    fn is_gradual(&self) -> bool {
        self.target.mode != Mode::Replace
    }

    fn settled(&mut self, wait: bool) -> Result<Option<Vec<Refused>>, Error> {
        if self.done.is_empty() && (wait || self.loading.front().is_some_and(JoinHandle::is_finished)) {
            self.wait_for_one()?;
        }
        Ok(self.done.pop_front())
    }

    fn keep(&mut self, collections: Collections) -> bool {
        self.collections = collections;
        true
    }

    fn finish(mut self) -> Result<Finished, Error> {
        while !self.loading.is_empty() {
            self.wait_for_one()?;
        }
        let Some(mut client) = self.idle.pop() else {
            return Err(Error::new(ErrorKind::Unavailable, "all connections to the database are lost"));
        };
        let (before, collections) = self.database.wait(async {
            if let Some(replacement) = self.replacement.take() {
                return replacement.finish(&client, &self.target, &self.collections).await;
            }
            let mut attempts = Attempts::default();
            let collections = loop {
                let put = async {
                    let transaction = client.transaction().await?;
                    let (client, target) = (transaction.client(), &self.target);
                    let put =
                        collections::put(client, &target.schema, &self.collections, target.mode).await?;
                    transaction.commit().await?;
                    Ok(put)
                };
                match put.await {
                    Err(cause) if fault::is_conflict(&cause) && attempts.wait().await => {}
                    done => break done.map_err(|cause| self.target.failed(cause))?,
                }
            };
            let updated = self.target.updated.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Ok((Before { replaced: updated, went: Counts::default(), has_others: true }, collections))
        })?;
        Ok(Finished { before: Some(before), collections: Some(collections), ..Finished::file(self.bytes) })
    }
}

impl Drop for PostGisSink {
    /// What is under way ends with the sink: nothing goes in after it.
    fn drop(&mut self) {
        self.loading.iter().for_each(JoinHandle::abort);
        for loading in self.loading.drain(..) {
            let _ = self.database.wait(loading);
        }
    }
}
