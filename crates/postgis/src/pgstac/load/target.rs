//! What the connections of one load share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use stacyard_store::{Counts, Error, Mode, Remedy};

use crate::connect::fault;
use crate::connect::loaded::Loaded;
use crate::pgstac::homes::Homes;
use crate::pgstac::load::partition::{Bucket, Partition};
use crate::pgstac::version::Version;
use crate::sql::ident::Ident;

/// What is loaded, and how.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) mode: Mode,
    pub(crate) shown: Arc<str>,
    pub(crate) postgis: Ident,
    pub(crate) version: Version,
    pub(crate) homes: Arc<Homes>,
    /// Whether pgstac puts off what it does beside the rows (its setting `use_queue`).
    pub(super) is_queueing: bool,
    /// Whether values may be compressed by lz4, which takes half of a load less than what PostgreSQL has as its default.
    pub(super) has_lz4: bool,
    /// What is ready to take rows. A connection that finds one taken waits, so that none is made twice.
    pub(super) partitions: Arc<tokio::sync::Mutex<BTreeMap<Bucket, Partition>>>,
    /// Partitions that have Items that were there before, so that batches go through a temporary table.
    pub(super) mixed: Arc<Mutex<BTreeSet<Bucket>>>,
    /// What has gone in.
    pub(crate) loaded: Arc<Loaded>,
    /// The Items that an upsert has put others in the place of.
    pub(crate) updated: Arc<Mutex<Counts>>,
}

impl Target {
    /// One into which nothing has gone yet.
    pub(crate) fn new(
        mode: Mode,
        shown: &str,
        (version, postgis): (Version, Ident),
        homes: Arc<Homes>,
    ) -> Self {
        Self {
            mode,
            shown: shown.into(),
            postgis,
            version,
            homes,
            is_queueing: false,
            has_lz4: false,
            partitions: Arc::default(),
            mixed: Arc::default(),
            loaded: Arc::default(),
            updated: Arc::default(),
        }
    }

    /// What begins a transaction: pgstac's functions want to be found (its documentation, "search_path").
    pub(super) fn begin(&self) -> String {
        let lz4 = if self.has_lz4 { "; SET LOCAL default_toast_compression TO lz4" } else { "" };
        format!("BEGIN; SET LOCAL search_path TO pgstac, {}, public{lz4}", self.postgis)
    }

    /// The error of a load. How much of it is in, [`Loaded`] knows.
    pub(crate) fn failed(&self, cause: tokio_postgres::Error) -> Error {
        let is_unsure = fault::is_lost(&cause) && self.loaded.is_unsure();
        let error = fault::failed(&format!("load into {}", self.shown), cause);
        if !is_unsure {
            return error;
        }
        error.unsure().remedy(self.again(
            "it is not known whether the last batch is in, since the connection was lost while it was committed: ",
        ))
    }

    /// How to go on with a load that has ended before its time.
    pub(super) fn again(&self, why: &str) -> Remedy {
        let remedy = Remedy::from(why);
        match self.mode {
            Mode::Insert | Mode::Resume => {
                remedy.text("with ").option("resume").text(", what is in is not loaded again")
            }
            _ => remedy.text("run it again, what is in is not written again"),
        }
    }

    /// Whether rows of a partition may meet others with their ids.
    pub(super) fn is_mixed(&self, bucket: &Bucket) -> bool {
        self.mixed.lock().unwrap_or_else(PoisonError::into_inner).contains(bucket)
    }

    pub(super) fn is_mixed_from_now_on(&self, bucket: &Bucket) {
        self.mixed.lock().unwrap_or_else(PoisonError::into_inner).insert(bucket.clone());
    }
}
