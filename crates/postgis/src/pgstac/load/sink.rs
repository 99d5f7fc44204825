//! Items into pgstac, a batch at a time, over a few connections.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError};

use stacyard_store::{
    Before, CollectionChanges, Collections, Counts, Error, ErrorKind, Finished, Landed, Mode, Note, Refused,
    Remedy, Sink,
};
use tokio::task::JoinHandle;

use crate::connect::address::Address;
use crate::connect::pool::{Database, OwnClient};
use crate::pgstac::collections;
use crate::pgstac::encode::{PgStacEncoder, PgStacRows};
use crate::pgstac::homes::Homes;
use crate::pgstac::load::replacement;
use crate::pgstac::load::target::Target;
use crate::pgstac::version;

/// Batches that go in side by side, each over a connection of its own.
const LOADERS: usize = 3;

/// Whether pgstac has a queue, and whether PostgreSQL knows lz4 and nobody has chosen how it compresses.
const SETTINGS: &str = "SELECT pgstac.get_setting_bool('use_queue'), EXISTS (SELECT FROM pg_settings \
     WHERE name = 'default_toast_compression' AND source = 'default' AND setting <> 'lz4' AND 'lz4' = ANY(enumvals))";

/// A database of pgstac being loaded.
pub struct PgStacSink {
    database: Database,
    target: Target,
    /// What came of the Collections that are known from the start: Items cannot be there without theirs.
    changed: CollectionChanges,
    /// Their ids.
    early: BTreeSet<String>,
    /// All that are to be kept: those too that stood among the Items.
    late: Collections,
    idle: Vec<OwnClient>,
    /// Batches under way, oldest first.
    loading: VecDeque<JoinHandle<Settled>>,
    done: VecDeque<Vec<Refused>>,
    bytes: u64,
}

/// A connection after its batch, and what was refused.
type Settled = (OwnClient, Result<Vec<Refused>, Error>);

impl PgStacSink {
    /// Connects, checks that the tables are there, and puts the Collections. `makes` those that Items name and nobody brings. With
    /// [`Mode::Replace`] all goes in as one transaction.
    ///
    /// # Errors
    /// A database that cannot be reached or has no tables of pgstac.
    pub fn create(address: &Address, mode: Mode, kept: &Collections, makes: bool) -> Result<Self, Error> {
        let database = Database::of(address)?;
        let mut first = database.own_client()?;
        let (version, postgis) = database.wait(version::found(&first, address))?;
        // Of a replacement nobody else sees anything before its end.
        let makes = makes && mode != Mode::Replace;
        let homes = Homes::new(makes.then(|| (database.clone(), version.clone())));
        let mut target = Target::new(mode, address.shown(), (version, postgis), Arc::new(homes));
        let changed = database.wait(async {
            let changed = match mode {
                Mode::Replace => replacement::begin(&mut first, &target, kept).await?,
                _ => collections::put_as_one(&mut first, &target.version, kept, mode).await?,
            };
            let settings =
                first.query_typed_one(SETTINGS, &[]).await.map_err(|cause| target.failed(cause))?;
            target.is_queueing = settings.get::<_, Option<bool>>(0).unwrap_or_default();
            target.has_lz4 = settings.get(1);
            let read = target.homes.read(&first, &target.version, None).await;
            read.map_err(|cause| target.failed(cause))?;
            Ok::<_, Error>(changed)
        })?;
        let mut idle = vec![first];
        if mode != Mode::Replace {
            for _ in 1..LOADERS {
                idle.push(database.own_client()?);
            }
        }
        let (loading, done, late) = (VecDeque::new(), VecDeque::new(), Collections::new());
        let early = kept.keys().cloned().collect();
        Ok(Self { database, target, changed, early, late, idle, loading, done, bytes: 0 })
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

impl Sink for PgStacSink {
    type Encoder = PgStacEncoder;

    fn encoder(&self) -> Arc<PgStacEncoder> {
        Arc::new(PgStacEncoder { homes: Arc::clone(&self.target.homes) })
    }

    fn landed(&self) -> Option<Arc<dyn Landed>> {
        Some(self.target.loaded.clone())
    }

    fn write(&mut self, chunk: PgStacRows) -> Result<(), Error> {
        if self.idle.is_empty() {
            self.wait_for_one()?;
        }
        let Some(client) = self.idle.pop() else {
            return Err(Error::new(ErrorKind::Unavailable, "all connections to the database are lost"));
        };
        self.bytes += chunk.bytes.len() as u64;
        let target = self.target.clone();
        self.loading.push_back(self.database.runtime().spawn(async move {
            let refused = match target.mode {
                Mode::Replace => target.stage(&client, &chunk).await,
                _ => target.load(&client, &chunk).await,
            };
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
        self.late = collections;
        true
    }

    fn finish(mut self) -> Result<Finished, Error> {
        while !self.loading.is_empty() {
            self.wait_for_one()?;
        }
        let Some(mut client) = self.idle.pop() else {
            return Err(Error::new(ErrorKind::Unavailable, "all connections to the database are lost"));
        };
        let kept = std::mem::take(&mut self.late);
        let late: Collections = kept
            .iter()
            .filter(|(id, _)| !self.early.contains(*id))
            .map(|(id, one)| (id.clone(), one.clone()))
            .collect();
        let (mut changed, before, left) = self.database.wait(async {
            let (target, failed) = (&self.target, |cause| self.target.failed(cause));
            if target.mode == Mode::Replace {
                let changed = collections::put(&client, &target.version, &late, Mode::Replace).await?;
                return Ok((changed, target.replace(&client, &kept).await.map_err(failed)?, Vec::new()));
            }
            let changed = collections::put_as_one(&mut client, &target.version, &late, target.mode).await?;
            let left = target.settle(&client).await.map_err(failed)?;
            target.homes.say_extents(&client).await.map_err(failed)?;
            let updated = target.updated.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let before = Before { replaced: updated, went: Counts::default(), has_others: true };
            Ok::<_, Error>((changed, before, left))
        })?;
        let CollectionChanges { new, changed: other, same, ignored, went, .. } = &mut self.changed;
        changed.new.append(new);
        changed.new.extend(self.target.homes.made());
        changed.changed.append(other);
        changed.same.append(same);
        changed.ignored.append(ignored);
        // Those that came late did not go.
        changed.went = went.drain(..).filter(|id| !kept.contains_key(id)).collect();
        let notes = left.iter().map(|partition| Note {
            message: format!(
                "others were at work in the partition {partition}: pgstac does not know its extent exactly"
            ),
            help: Remedy::from(format!(
                "SELECT pgstac.update_partition_stats_q('{partition}') when they are done"
            )),
        });
        Ok(Finished {
            before: Some(before),
            collections: Some(changed),
            notes: notes.collect(),
            ..Finished::file(self.bytes)
        })
    }
}

impl Drop for PgStacSink {
    /// What is under way ends with the sink: nothing goes in after it.
    fn drop(&mut self) {
        self.loading.iter().for_each(JoinHandle::abort);
        for loading in self.loading.drain(..) {
            let _ = self.database.wait(loading);
        }
    }
}
