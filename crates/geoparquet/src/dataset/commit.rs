//! A change made the next version of a dataset: on top of the newest one, whichever that is by then. Who loses against another writer looks at what that
//! one has done, and plans again.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use stacyard_store::{Collections, Error, ErrorKind, Remedy};

use crate::dataset::begun;
use crate::dataset::log::action::{Add, CommitInfo, Format, Line, Metadata, Protocol, Said, Texts};
use crate::dataset::log::snapshot::Snapshot;
use crate::dataset::log::{Log, now};
use crate::dataset::options::{Author, Making};
use crate::dataset::schema;
use crate::dataset::version::{COLLECTIONS, PARTITION_BY, PROFILE, Version};
use crate::dataset::write::uuid;

/// How often another writer may be faster: each time one has gone on.
const TRIES: u32 = 1_000;

/// How often it is looked for a commit that a server may still be about to take.
const LOOKS: u32 = 10;

/// How long is waited at most before the next try, in milliseconds.
const LONGEST: u64 = 200;

/// Other programs clean up logs and files after some days, and would take away what tags and old versions need, unless the table says otherwise.
const KEPT: &str = "interval 3650 days";

/// What the next version is to be.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// What Delta calls it, and by which settings.
    pub(crate) operation: &'static str,
    pub(crate) parameters: Value,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) removes: Vec<Arc<Add>>,
    pub(crate) adds: Vec<Add>,
    /// The Items are the same as before, in other files.
    pub(crate) only_rearranges: bool,
    pub(crate) said: Said,
}

/// Makes the next version; `None`: there is nothing to be done. `plan` is asked for each version that it may come after, an empty one where there is no dataset.
///
/// # Errors
/// What the plan says; a log that cannot be written.
pub(crate) fn commit(
    log: &Log,
    author: &Author,
    mut plan: impl FnMut(&Version) -> Result<Option<Plan>, Error>,
) -> Result<Option<Snapshot>, Error> {
    let mut snapshot = log.latest()?.unwrap_or_default();
    // One for all tries: whichever of them is in the log, it is ours.
    let id = uuid()?;
    for tries in 0..TRIES {
        let version = Version::of(log.clone(), snapshot.clone())?;
        // Whatever of it is not sure, there is no version yet.
        let Some(mut plan) = plan(&version).map_err(Error::surely_not)? else { return Ok(None) };
        plan.said.id.clone_from(&id);
        plan.said.command.clone_from(&author.command);
        let is_new = snapshot.protocol.is_none();
        let number = if is_new { 0 } else { snapshot.version + 1 };
        if !plan.only_rearranges && !plan.removes.is_empty() {
            snapshot.check_replaceable(log.name())?;
        }
        let info = plan.info(author, &snapshot);
        let put = match log.put(&mut snapshot, info, plan.lines(is_new)) {
            Ok(true) => true,
            Err(error) if !error.is_unsure() => return Err(error),
            // Another writer was faster; or a server has taken it, and was asked again as its answer was lost.
            Ok(false) | Err(_) if is_there_as(log, number, &id)? => {
                snapshot = log.latest().map_err(Error::unsure)?.unwrap_or_default();
                true
            }
            Ok(false) | Err(_) => false,
        };
        if put {
            if is_new {
                begun::unmark(&*log.storage);
            }
            log.checkpoint(&mut snapshot);
            return Ok(Some(snapshot));
        }
        if tries > 0 {
            pause(tries);
        }
        let next = if is_new { None } else { log.next(&snapshot)? };
        snapshot = match next {
            Some(next) => next,
            None => log.latest()?.unwrap_or_default(),
        };
    }
    let message = format!("{}: other writers were faster {TRIES} times", log.name());
    Err(Error::new(ErrorKind::Conflict, &message).remedy("nothing was changed: try again when fewer write"))
}

/// Whether the commit that is there is that of this writer. Where none is there yet, what was asked for may still come: nobody knows.
fn is_there_as(log: &Log, number: u64, id: &str) -> Result<bool, Error> {
    for _ in 0..LOOKS {
        if let Some(info) = log.info(number).map_err(Error::unsure)? {
            return Ok(info.stacyard.is_some_and(|said| said.id == id));
        }
        thread::sleep(Duration::from_millis(LONGEST));
    }
    let message = format!("{}: whether version {number} was made is not known", log.name());
    Err(Error::new(ErrorKind::Unavailable, &message)
        .remedy(Remedy::from("look: ").command("history", &[log.name()]))
        .unsure())
}

/// Waits, each writer for another time.
fn pause(tries: u32) {
    let mut random = [0; 8];
    // Without it all wait for the same time, which is no worse than to wait for none.
    let _ = getrandom::fill(&mut random);
    let most = (1_u64 << tries.min(8)).min(LONGEST);
    thread::sleep(Duration::from_millis(u64::from_le_bytes(random) % most));
}

impl Plan {
    fn info(&self, author: &Author, base: &Snapshot) -> CommitInfo {
        CommitInfo {
            timestamp: now(),
            operation: self.operation.to_owned(),
            operation_parameters: if self.parameters.is_null() { json!({}) } else { self.parameters.clone() },
            read_version: base.protocol.as_ref().map(|_| base.version),
            // It has been looked which Items are there.
            is_blind_append: Some(false),
            engine_info: Some(format!("stacyard/{}", env!("CARGO_PKG_VERSION"))),
            user_name: author.who.clone(),
            stacyard: Some(self.said.clone()),
        }
    }

    fn lines(self, is_new: bool) -> Vec<Line> {
        let (now, data_change) = (now(), !self.only_rearranges);
        let protocol = is_new.then_some(Protocol {
            min_reader_version: 1,
            min_writer_version: 2,
            reader_features: None,
            writer_features: None,
        });
        let first = [
            protocol.map(|protocol| Line { protocol: Some(protocol), ..Line::default() }),
            self.metadata.map(|metadata| Line { meta_data: Some(metadata), ..Line::default() }),
        ];
        let removes = self
            .removes
            .iter()
            .map(|add| Line { remove: Some(add.removed(now, data_change)), ..Line::default() });
        let adds = self
            .adds
            .into_iter()
            .map(|add| Line { add: Some(Add { data_change, ..add }), ..Line::default() });
        first.into_iter().flatten().chain(removes).chain(adds).collect()
    }
}

/// The metadata of a dataset that is made.
pub(crate) fn made(making: &Making) -> Result<Metadata, Error> {
    let mut configuration: Texts = [
        ("delta.logRetentionDuration", KEPT.to_owned()),
        ("delta.deletedFileRetentionDuration", KEPT.to_owned()),
        ("delta.enableExpiredLogCleanup", "false".to_owned()),
        (PARTITION_BY, making.partition_by.unwrap_or_default().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), Some(value)))
    .into();
    if let Some(profile) = &making.profile {
        configuration.insert(PROFILE.to_owned(), Some(profile.text().to_owned()));
    }
    Ok(Metadata {
        id: uuid()?,
        name: None,
        description: None,
        format: Format { provider: "parquet".to_owned(), options: Texts::new() },
        schema_string: schema::to_delta(&[]),
        partition_columns: Vec::new(),
        configuration,
        created_time: Some(now()),
    })
}

/// The Collections of a version put beside its log; gives the metadata that name them, changed where they are others than before.
///
/// # Errors
/// A file that cannot be written.
pub(crate) fn with_collections(
    log: &Log,
    metadata: &mut Metadata,
    collections: &Collections,
) -> Result<(), Error> {
    let path = format!("_stacyard/collections/{}.json", uuid()?);
    let bytes = serde_json::to_vec(collections)
        .map_err(|cause| Error::failed("cannot write the Collections").caused_by(cause))?;
    log.storage.create(&path, &bytes)?;
    metadata.configuration.insert(COLLECTIONS.to_owned(), Some(path));
    Ok(())
}
