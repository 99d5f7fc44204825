//! What the connections of one load share: where it goes, and what it has met so far.

use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};

use stacyard_store::{Counts, Error, Mode, Remedy};
use tokio::sync::OnceCell;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::connect::address::Address;
use crate::connect::fault;
use crate::connect::loaded::Loaded;
use crate::own::columns;
use crate::own::load::explain::Explainer;
use crate::own::session::loading;
use crate::sql::ident::Ident;

/// Where a batch stands before it goes in.
pub(crate) const STAGING: &str = "pg_temp.stacyard_batch";

/// Where rows stand to be looked for, with the columns that are looked at: those that are generated have their values, and nothing is
/// checked.
pub(crate) const SIEVE: &str = "pg_temp.stacyard_sieve";

/// What is loaded, and how.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) schema: Ident,
    pub(crate) mode: Mode,
    pub(crate) shown: Arc<str>,
    /// Whether triggers of the user may change rows on their way in.
    pub(crate) has_triggers: bool,
    /// Whether an Item was met that is there already: then batches go through the temporary table.
    pub(crate) has_met_old: Arc<AtomicBool>,
    /// Whether rows of the last batch were refused that can be found in sets: then those of the next are looked for first.
    pub(super) has_met_wrong: Arc<AtomicBool>,
    /// What is known of the table, once something was refused.
    pub(super) explainer: Arc<OnceCell<Explainer>>,
    /// What has gone in.
    pub(crate) loaded: Arc<Loaded>,
    /// How many rows a replacement has written so far: it is one transaction, and notifies once.
    pub(crate) replaced: Arc<AtomicUsize>,
    /// The Items that an upsert has put others in the place of.
    pub(crate) updated: Arc<Mutex<Counts>>,
}

impl Target {
    pub(crate) fn new(address: &Address, mode: Mode) -> Self {
        Self {
            schema: address.schema().clone(),
            mode,
            shown: address.shown().into(),
            has_triggers: true,
            has_met_old: Arc::default(),
            has_met_wrong: Arc::default(),
            explainer: Arc::default(),
            loaded: Arc::default(),
            replaced: Arc::default(),
            updated: Arc::default(),
        }
    }

    /// The error of a load. How much of it is in, [`Loaded`] knows.
    pub(crate) fn failed(&self, cause: tokio_postgres::Error) -> Error {
        let is_unsure = fault::is_lost(&cause) && self.loaded.is_unsure();
        let error = fault::failed(&format!("load into {}", self.shown), cause);
        if is_unsure {
            let what = if self.mode == Mode::Replace { "all was replaced" } else { "the last batch is in" };
            let remedy = Remedy::from(format!(
                "it is not known whether {what}, since the connection was lost while this was committed: "
            ));
            return error.unsure().remedy(match self.mode {
                Mode::Replace => remedy
                    .command("info", &[])
                    .text(" says what is there, and to replace it again does no harm"),
                Mode::Insert | Mode::Resume => {
                    remedy.text("with ").option("resume").text(", what is in is not loaded again")
                }
                Mode::Upsert | Mode::Ignore => remedy.text("run it again, what is in is not written again"),
            });
        }
        if self.mode != Mode::Replace {
            return error;
        }
        error.also("nothing was replaced")
    }

    /// What makes the temporary table, for one transaction.
    pub(crate) fn staging(&self) -> String {
        // Not LIKE: columns that users have added, and what these demand, are none of ours. Values that are compressed
        // there are taken over as they are, so it has to be done as in the table.
        format!(
            "SET LOCAL default_toast_compression = lz4; CREATE TEMPORARY TABLE stacyard_batch ON COMMIT DROP AS \
             SELECT {} FROM {}.items WITH NO DATA",
            columns::all(),
            self.schema
        )
    }

    /// What begins a transaction.
    pub(crate) fn begin(&self) -> String {
        format!("BEGIN; {}", loading(self.has_triggers))
    }

    /// What is known of the table; where it cannot be asked, nothing.
    pub(super) async fn explainer(&self, client: &Client) -> &Explainer {
        let ask = async {
            let is_within = self.mode == Mode::Replace;
            if is_within && client.batch_execute("SAVEPOINT explain").await.is_err() {
                return Explainer::default();
            }
            let found = Explainer::of(client, &self.schema).await;
            if is_within {
                let back = if found.is_ok() { "" } else { "ROLLBACK TO SAVEPOINT explain; " };
                let _ = client.batch_execute(&format!("{back}RELEASE SAVEPOINT explain")).await;
            }
            found.unwrap_or_default()
        };
        self.explainer.get_or_init(|| ask).await
    }

    /// Whether Items that are there stay, so that new ones with their keys are not looked at.
    pub(crate) const fn keeps_old(&self) -> bool {
        matches!(self.mode, Mode::Insert | Mode::Resume | Mode::Ignore)
    }

    /// SQL that is true of rows whose Item the table has.
    pub(crate) fn is_there(&self, name: &str) -> String {
        format!(
            "EXISTS (SELECT FROM {}.items AS old WHERE old.collection = {name}.collection AND old.id = {name}.id)",
            self.schema
        )
    }

    /// Whether what failed may go well the next time: another session was in the way. A replacement, which is one transaction,
    /// has the same snapshot each time.
    pub(super) fn may_try_again(&self, cause: &tokio_postgres::Error) -> bool {
        match self.mode {
            Mode::Replace => cause.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED),
            _ => fault::is_conflict(cause),
        }
    }
}
